"""How often somebody may try: counted where every process sees it."""

from collections.abc import Callable
from functools import wraps
from typing import Any, TypeVar, cast

from allauth.core import ratelimit
from django.http import HttpRequest
from django.http.response import HttpResponseBase

View = TypeVar("View", bound=Callable[..., HttpResponseBase])


def limited(action: str) -> Callable[[View], View]:
    """Answer whoever sends ``view`` too many forms with 429, by ``ACCOUNT_RATE_LIMITS``."""

    def decorate(view: View) -> View:
        @wraps(view)
        def wrapper(request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponseBase:
            refusal: HttpResponseBase | None = ratelimit.consume_or_429(request, action=action)
            return refusal or view(request, *args, **kwargs)

        return cast(View, wrapper)

    return decorate


def within(request: HttpRequest, action: str, *, key: str) -> bool:
    """Count one try of ``action`` with ``key``, and say whether it is within its limit.

    For pages that show what was typed again, and so answer themselves.
    """
    return bool(ratelimit.consume(request, action=action, key=key))
