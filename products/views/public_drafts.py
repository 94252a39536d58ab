"""What anybody reads without a sign-in while comments are asked for, and the form of a comment.

Drafts posted for public comment have pages of their own (rules 14 and 36): what is said of a
draft elsewhere stays among the members.
"""

from typing import Any

from django.contrib.auth.decorators import login_not_required
from django.http import FileResponse, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.views.decorators.http import require_safe

from products import defaults, rendering
from products.forms.public_comments import PublicCommentForm
from products.models import CommentWindow, VersionFile
from products.services import public_comments as services
from products.services.errors import ProductError
from products.views.files import answer_with
from workgroups.permissions import Standing
from workgroups.sign_in.limits import within
from workgroups.views.form_pages import form_page, typed

TITLE = "Drafts for public comment"


def _open(request: HttpRequest) -> Any:
    standing = Standing.of(request.user)
    rows = CommentWindow.objects.visible_to(standing).open_at(standing.at)
    return rows.select_related("product", "product__release", "version")


def _draft(request: HttpRequest, code: str, number: int) -> CommentWindow:
    """Return the open window of a posted draft; without one the draft does not exist here."""
    rows = _open(request).filter(product__code=code, version__number=number)
    window: CommentWindow = get_object_or_404(rows)
    return window


@login_not_required
@require_safe
def public_drafts(request: HttpRequest) -> HttpResponse:
    """List on what the public is asked for comments now: drafts, and released products."""
    windows = list(_open(request).defer("version__text").order_by("closes_at", "pk"))
    context = {
        "drafts": [row for row in windows if not _is_released(row)],
        "released": [row for row in windows if _is_released(row)],
        "trail": [(TITLE, "")],
    }
    return render(request, "public/drafts.html", context)


def _is_released(window: CommentWindow) -> bool:
    """Whether a window is about what its product was released as."""
    release = getattr(window.product, "release", None)
    return release is not None and release.version_id == window.version_id


@login_not_required
@require_safe
def public_draft(request: HttpRequest, code: str, number: int) -> HttpResponse:
    """Show a posted draft: what it is and is not, its text, its files, how to comment."""
    window = _draft(request, code, number)
    version = window.version
    assert version is not None  # it was found by its number
    if _is_released(window):
        return redirect("publication", code=code)
    too_long = len(version.text) > rendering.LONGEST
    context = {
        "window": window,
        "product": window.product,
        "version": version,
        "paragraphs": () if too_long else rendering.paragraphs(version.text, version.text_format),
        "too_long": too_long,
        "files": [
            {"file": file, "href": reverse("public_draft_file", args=[code, number, file.name])}
            for file in version.files.all()
        ],
        "comment_href": reverse("public_draft_comment", args=[code, number]),
        "trail": [(TITLE, reverse("public_drafts")), (window.product.code, "")],
    }
    return render(request, "public/draft.html", context)


@login_not_required
@require_safe
def public_draft_file(request: HttpRequest, code: str, number: int, name: str) -> FileResponse:
    """Hand out a file of a posted draft, to be kept and never to be run."""
    window = _draft(request, code, number)
    files = VersionFile.objects.visible_to(Standing.of(request.user))
    return answer_with(get_object_or_404(files, version=window.version, name=name))


@login_not_required
@form_page
def public_draft_comment(request: HttpRequest, code: str, number: int) -> HttpResponse:
    """Take a comment on a posted draft."""
    window = _draft(request, code, number)
    return _comment(request, window, back=reverse("public_draft", args=[code, number]))


@login_not_required
@form_page
def publication_comment(request: HttpRequest, code: str) -> HttpResponse:
    """Take a comment on a released product."""
    rows = _open(request).filter(product__code=code, product__release__isnull=False)
    window = get_object_or_404(rows)
    return _comment(request, window, back=reverse("publication", args=[code]))


def _comment(request: HttpRequest, window: CommentWindow, *, back: str) -> HttpResponse:
    form = PublicCommentForm(typed(request), window=window, now=Standing.of(request.user).at)
    status = 200
    if request.method == "POST":
        status = 422
        if form.is_valid():
            address = form.cleaned_data["address"].casefold()
            # Only what would be taken is counted: who corrects a field loses no try.
            if not within(request, "public_comment", key=address):
                status = 429
                form.add_error(
                    None,
                    "Too many comments came from your network or with this address. "
                    "Nothing is lost: wait an hour, then send this one again.",
                )
            else:
                try:
                    services.receive(window, **form.cleaned_data)
                except ProductError as error:
                    form.add_error(None, str(error))
                else:
                    return redirect("public_comment_thanks")
        form.shown_again()
    released = _is_released(window)
    context = {
        "form": form,
        "window": window,
        "product": window.product,
        "released": released,
        "back": back,
        "longest": defaults.public_comment_length(),
        "trail": [
            *([] if released else [(TITLE, reverse("public_drafts"))]),
            (window.product.code, back),
            ("Comment", ""),
        ],
    }
    return render(request, "public/comment.html", context, status=status)


@login_not_required
@require_safe
def thanks(request: HttpRequest) -> HttpResponse:
    """Thank for a comment; whose and on what, the address does not say."""
    return render(request, "public/thanks.html", {"trail": [("Thank you", "")]})


@login_not_required
@require_safe
def privacy(request: HttpRequest) -> HttpResponse:
    """Say what is kept of who comments, why, and how long."""
    return render(request, "public/privacy.html", {"trail": [("What is kept about you", "")]})
