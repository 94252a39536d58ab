"""What every request passes: an id, the headers of the hard shell, a limit, the sign-in."""

import secrets
from collections.abc import Callable
from typing import Any
from urllib.parse import urlsplit, urlunsplit

import structlog
from django.conf import settings
from django.contrib import messages
from django.contrib.auth.middleware import LoginRequiredMiddleware
from django.contrib.auth.views import redirect_to_login
from django.core.exceptions import RequestDataTooBig
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.http.response import HttpResponseBase
from django.urls import reverse
from django.utils.http import url_has_allowed_host_and_scheme

Handler = Callable[[HttpRequest], HttpResponse]
View = Callable[..., HttpResponseBase]

# What a page may use of the browser: nothing but passkeys, on our own pages.
_FORBIDDEN = (
    "accelerometer",
    "autoplay",
    "bluetooth",
    "browsing-topics",
    "camera",
    "display-capture",
    "encrypted-media",
    "fullscreen",
    "gamepad",
    "geolocation",
    "gyroscope",
    "hid",
    "idle-detection",
    "local-fonts",
    "magnetometer",
    "microphone",
    "midi",
    "payment",
    "picture-in-picture",
    "screen-wake-lock",
    "serial",
    "usb",
    "xr-spatial-tracking",
)
_PASSKEYS = ("publickey-credentials-create", "publickey-credentials-get")
SHELL_HEADERS = {
    "Permissions-Policy": ", ".join(
        [*(f"{name}=()" for name in _FORBIDDEN), *(f"{name}=(self)" for name in _PASSKEYS)]
    ),
    "Cross-Origin-Resource-Policy": "same-origin",
    # Django sets the next four as well, but not on what it refuses before its own turn.
    "Cross-Origin-Opener-Policy": "same-origin",
    "Referrer-Policy": "same-origin",
    "X-Content-Type-Options": "nosniff",
    "X-Frame-Options": "DENY",
    # What may be kept says so itself, as static files do.
    "Cache-Control": "no-store, private",
}


class RequestIdMiddleware:
    """Give each request an id that stands in its answer and in its log lines."""

    def __init__(self, get_response: Handler) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        request_id = secrets.token_hex(8)
        structlog.contextvars.clear_contextvars()
        structlog.contextvars.bind_contextvars(request_id=request_id)
        response = self.get_response(request)
        response["X-Request-ID"] = request_id
        return response


class ShellMiddleware:
    """Put the headers of the hard shell on every answer: pages, refusals, files, redirects.

    It stands outside of all that may refuse a request, so that refusals have them too.
    """

    def __init__(self, get_response: Handler) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        response = self.get_response(request)
        for name, value in SHELL_HEADERS.items():
            response.headers.setdefault(name, value)
        return response


class RequestLimitMiddleware:
    """Refuse a request that says it is too large, before a byte of it is read."""

    def __init__(self, get_response: Handler) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        limit = settings.ISECG_REQUEST_LIMIT_MB * 1024 * 1024
        try:
            length = int(request.META.get("CONTENT_LENGTH") or 0)
        except ValueError:
            # Django takes it for an empty body.
            length = 0
        if length > limit:
            raise RequestDataTooBig("The request is larger than ISECG_REQUEST_LIMIT_MB.")
        return self.get_response(request)


class SignInMiddleware(LoginRequiredMiddleware):
    """Ask who somebody is only where a page needs to know.

    Django's own asks first, so that a probe with a cookie fails with the database.
    """

    def process_view(
        self,
        request: HttpRequest,
        view_func: View,
        view_args: tuple[Any, ...],
        view_kwargs: dict[str, Any],
    ) -> HttpResponseBase | None:
        if not getattr(view_func, "login_required", True):
            return None
        answer: HttpResponseBase | None = super().process_view(
            request, view_func, view_args, view_kwargs
        )
        if answer is None:
            structlog.contextvars.bind_contextvars(person=request.user.pk)
        return answer

    def handle_no_permission(self, request: HttpRequest, view_func: View) -> HttpResponseRedirect:
        """Lead to the sign-in and back; say so where a sign-in has run out."""
        asked = request.method in {"GET", "HEAD"}
        if getattr(request.session, "ended", False):
            lost = "" if asked else " What you sent was not taken."
            messages.info(request, f"Your sign-in has ended.{lost} Please sign in again.")
        # What was posted cannot be sent again; the page that it came from can be shown.
        back = request.get_full_path() if asked else _page_before(request)
        return redirect_to_login(
            back, self.get_login_url(view_func), self.get_redirect_field_name(view_func)
        )


def _page_before(request: HttpRequest) -> str:
    page: str = request.META.get("HTTP_REFERER", "")
    ours = url_has_allowed_host_and_scheme(
        page, allowed_hosts={request.get_host()}, require_https=request.is_secure()
    )
    if not ours:
        return reverse(settings.LOGIN_REDIRECT_URL)
    parts = urlsplit(page)
    # With two slashes the path would name a host.
    return urlunsplit(("", "", f"/{parts.path.lstrip('/')}", parts.query, ""))
