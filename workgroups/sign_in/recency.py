"""Binding acts ask who somebody is, if they were asked too long ago."""

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from functools import wraps
from typing import Any, TypeVar, cast

from allauth.account.authentication import get_authentication_records
from allauth.core.exceptions import ReauthenticationRequired
from django.conf import settings
from django.http import HttpRequest
from django.http.response import HttpResponseBase

from isecg import clock

View = TypeVar("View", bound=Callable[..., HttpResponseBase])


def is_recent(request: HttpRequest) -> bool:
    """Whether the person showed who they are within ``ISECG_REAUTHENTICATE_MINUTES``.

    Signing in counts, and so does each later confirmation. Nought minutes ask nobody.
    """
    minutes: int = settings.ISECG_REAUTHENTICATE_MINUTES
    if not minutes:
        return True
    records = get_authentication_records(request, request.user)
    latest = datetime.fromtimestamp(max((record["at"] for record in records), default=0), UTC)
    return clock.of_the_machine() - latest < timedelta(minutes=minutes)


def binding(view: View) -> View:
    """Let ``view`` take a form only from somebody who showed lately who they are.

    Others are asked first. What they typed waits for them, and is taken then.
    """

    @wraps(view)
    def wrapper(request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponseBase:
        if request.method == "POST" and not is_recent(request):
            raise ReauthenticationRequired
        return view(request, *args, **kwargs)

    wrapper.is_binding = True  # type: ignore[attr-defined]
    return cast(View, wrapper)
