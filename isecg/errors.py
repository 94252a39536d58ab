"""The pages of refusals: each says in a sentence what happened and what to do."""

from django.conf import settings
from django.core.exceptions import RequestDataTooBig, TooManyFieldsSent, TooManyFilesSent
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.template.loader import get_template


def bad_request(request: HttpRequest, exception: Exception) -> HttpResponse:
    """Answer a request that cannot be read, or is larger than this site reads."""
    if isinstance(exception, RequestDataTooBig | TooManyFieldsSent | TooManyFilesSent):
        limits = {
            "file_mb": settings.ISECG_UPLOAD_LIMIT_MB,
            "request_mb": settings.ISECG_REQUEST_LIMIT_MB,
            "text_mb": settings.DATA_UPLOAD_MAX_MEMORY_SIZE // 1024 // 1024,
            "fields": settings.DATA_UPLOAD_MAX_NUMBER_FIELDS,
            "files": settings.DATA_UPLOAD_MAX_NUMBER_FILES,
        }
        return render(request, "errors/413.html", limits, status=413)
    return render(request, "errors/400.html", status=400)


def forbidden(request: HttpRequest, exception: Exception) -> HttpResponse:
    """Answer an act that this person may not do, with the refusal's own sentence."""
    return render(request, "errors/403.html", {"reason": str(exception)}, status=403)


def not_found(request: HttpRequest, exception: Exception) -> HttpResponse:
    """Answer an address that names nothing this person may see."""
    return render(request, "errors/404.html", status=404)


def too_many(request: HttpRequest) -> HttpResponse:
    """Answer whoever asks too often, before anything else is done for them."""
    return render(request, "errors/429.html", status=429)


def server_error(request: HttpRequest) -> HttpResponse:
    """Answer our own failure by a page that needs neither context nor database."""
    return HttpResponse(get_template("errors/500.html").render(), status=500)


def stale_form(request: HttpRequest, reason: str = "") -> HttpResponse:
    """Answer a form without a valid token; ``reason`` is for developers and is not shown."""
    return render(request, "errors/stale_form.html", status=403)
