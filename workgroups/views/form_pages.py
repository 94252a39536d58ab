"""A page that is one form and carries out one act: shown, refused, or done."""

from collections.abc import Callable
from typing import Any, cast

from django import forms
from django.contrib import messages
from django.core.exceptions import NON_FIELD_ERRORS, ValidationError
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.views.decorators.http import require_http_methods

from isecg.stale import StaleError, StaleGuard
from workgroups.models import User
from workgroups.services.errors import RefusedError

Trail = list[tuple[str, str]]


class AuthedRequest(HttpRequest):
    """A request of somebody who is signed in: the middleware lets no other through."""

    user: User


# A form page answers to GET with the form and to POST with the act.
form_page = require_http_methods(["GET", "HEAD", "POST"])


def typed(request: HttpRequest) -> Any:
    """Return what was typed, or nothing where the form is only asked for."""
    return request.POST if request.method == "POST" else None


def show_refusal(form: forms.Form, error: Exception, *, zone: str) -> None:
    """Put a refusal into ``form``, beside the field it is about where that is known."""
    if isinstance(error, StaleError):
        cast(StaleGuard, form).add_stale(error, zone)
    elif isinstance(error, ValidationError) and hasattr(error, "error_dict"):
        for name, errors in error.error_dict.items():
            beside = name if name in form.fields and name != NON_FIELD_ERRORS else None
            for one in errors:
                form.add_error(beside, one.messages[0])
    else:
        text = error.messages[0] if isinstance(error, ValidationError) else str(error)
        form.add_error(None, text)


def answer(
    request: AuthedRequest,
    form: forms.Form,
    *,
    act: Callable[..., Any],
    done: str,
    to: Any = None,
    title: str,
    button: str,
    trail: Trail,
    lede: str = "",
    actions: Trail | None = None,
    template: str = "workgroups/form_page.html",
    also: dict[str, Any] | None = None,
) -> HttpResponse:
    """Show ``form``, or carry out ``act`` with what was typed and say ``done``.

    ``act`` is a service, given its subject and who acts; it gets the cleaned data. An act
    that is impossible now comes back in the form (422), with all that was typed. After
    it the reader is led to ``to``, or to what the service returned. ``actions`` are labels
    and addresses of further pages about the subject; ``also`` is what a ``template`` of its
    own wants beside.
    """
    status = 200
    if request.method == "POST":
        if form.is_valid():
            try:
                result = act(**form.cleaned_data)
            except (RefusedError, StaleError, ValidationError) as error:
                show_refusal(form, error, zone=request.user.time_zone)
            else:
                messages.success(request, done)
                return redirect(to or result)
        status = 422
    context = {
        "form": form,
        "title": title,
        "button": button,
        "lede": lede,
        "actions": actions or [],
        "trail": [*trail, (title, "")],
        "back": trail[-1][1],
        **(also or {}),
    }
    return render(request, template, context, status=status)
