"""The page of one comment: what was said, where it stands, what was decided, and the acts on it."""

from collections.abc import Callable
from typing import Any

from django import forms
from django.contrib import messages
from django.core.exceptions import PermissionDenied
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.views.decorators.http import require_POST, require_safe

from isecg import row_history
from products import comment_reading, permissions
from products.comment_reading import Reading
from products.forms.comments import AnswerForm, DisposeForm, WithdrawForm, disposed_values
from products.models import Comment, Product
from products.remarks import Disposition
from products.services import comment_rows
from products.services import comments as services
from products.services.errors import ProductError
from products.views.product_page import way_to
from products.workflow import PUBLIC
from workgroups.models import Agency
from workgroups.permissions import Standing
from workgroups.roles import Ability
from workgroups.views.form_pages import AuthedRequest, Trail, show_refusal, typed

Refused = tuple[str, forms.Form]


def trail(product: Product, *last: tuple[str, str]) -> Trail:
    """Return the way to a page of a product's comments."""
    return way_to(product, ("Comments", reverse("comments", args=[product.code])), *last)


def get_comment(standing: Standing, code: str, pk: int) -> Comment:
    """Return a submitted comment that this person may read."""
    rows: Any = Comment.objects.visible_to(standing).submitted().filter(product__code=code)
    rows = comment_reading.with_places(comment_reading.with_rows(rows)).select_related(
        "product__group", "disposed_by", "answered_by", "checked_on"
    )
    found: Comment = get_object_or_404(rows.defer("version__text", "checked_on__text"), pk=pk)
    return found


@require_safe
def comment(request: AuthedRequest, code: str, pk: int) -> HttpResponse:
    """Show a comment with its places, its disposition, the answer and its history."""
    standing = Standing.of(request.user)
    return _show(request, standing, get_comment(standing, code, pk))


def _show(
    request: AuthedRequest, standing: Standing, row: Comment, *, refused: Refused | None = None
) -> HttpResponse:
    places = row.places.select_related("version").defer("version__text")
    # What its agency drafted before is not for the others.
    history = row.history.filter(submitted_at__isnull=False)
    context = {
        "comment": row,
        "reading": Reading(row),
        "product": row.product,
        "places": places.order_by("version__number"),
        "duplicates": row.duplicates.order_by("number").only("pk", "number", "product"),
        "changes": row_history.of(history),
        "trail": trail(row.product, (row.label, "")),
        **_acts(standing, row, refused),
    }
    status = 422 if refused else 200
    return render(request, "products/comments/comment.html", context, status=status)


def _acts(standing: Standing, row: Comment, refused: Refused | None) -> dict[str, Any]:
    """Return the acts that the page offers this person, the one just refused open."""
    found: dict[str, forms.Form] = {}
    settled = row.product.state in PUBLIC or row.disposition == Disposition.WITHDRAWN
    if not settled and row.disposition and _may(comment_rows.require_author, standing, row):
        found["answer"] = AnswerForm(initial={"answer": row.answer, "text": row.answer_text})
    if not settled and Ability.DISPOSE_COMMENT in permissions.granted(standing, row.product):
        found["dispose"] = dispose_form(None, standing, row.product, initial=disposed_values(row))
    if not settled and _may(comment_rows.require_own, standing, row):
        found["withdraw"] = WithdrawForm()
    may_check = "dispose" in found and Reading(row).is_to_be_checked
    if refused:
        found[refused[0]] = refused[1]
    return {"acts": [_drawn(name, form, row, refused) for name, form in found.items()]} | {
        "may_check": may_check
    }


# What stands on the button that opens each act, on the one that sends it, and its kind.
_WORDS = {
    "answer": ("Answer the disposition", "Keep the answer", "primary"),
    "dispose": ("Dispose of it", "Keep the disposition", "primary"),
    "withdraw": ("Withdraw the comment", "Withdraw", "danger"),
}


def _drawn(name: str, form: forms.Form, row: Comment, refused: Refused | None) -> dict[str, Any]:
    label, button, kind = _WORDS[name]
    return {
        "label": label,
        "button": button,
        "kind": kind,
        "form": form,
        "href": reverse(f"comment_{name}", args=[row.product.code, row.pk]),
        "open": refused is not None and refused[0] == name,
    }


def _may(rule: Callable[[Standing, Comment], None], standing: Standing, row: Comment) -> bool:
    try:
        rule(standing, row)
    except PermissionDenied:
        return False
    return True


def dispose_form(
    data: Any, standing: Standing, product: Product, *, checks: bool = False, **kwargs: Any
) -> DisposeForm:
    """Return the form of a disposition, with the members that may own an action."""
    members = Agency.objects.members_on(standing.at.date())
    return DisposeForm(data, product=product, members=members, checks=checks, **kwargs)


def _act(
    request: AuthedRequest,
    standing: Standing,
    row: Comment,
    *,
    name: str,
    form: forms.Form,
    act: Callable[[Any], Any],
    done: str,
) -> HttpResponse:
    """Carry out one act of the page, or show there why it is impossible now."""
    if form.is_valid():
        try:
            act(form)
        except ProductError as error:
            show_refusal(form, error, zone=request.user.time_zone)
        else:
            messages.success(request, done)
            return redirect(row)
    # The service looked at the comment under its lock; so does the page that explains.
    fresh = get_comment(standing, row.product.code, row.pk)
    return _show(request, standing, fresh, refused=(name, form))


@require_POST
def comment_dispose(request: AuthedRequest, code: str, pk: int) -> HttpResponse:
    """Decide about a comment."""
    standing = Standing.of(request.user)
    row = get_comment(standing, code, pk)
    permissions.require(standing, Ability.DISPOSE_COMMENT, row.product)
    return _act(
        request,
        standing,
        row,
        name="dispose",
        form=dispose_form(typed(request), standing, row.product),
        act=lambda form: services.dispose(
            row.product, comments=[row], **form.values, by=request.user
        ),
        done=f"{row.label} is disposed of; its author is asked to confirm.",
    )


@require_POST
def comment_check(request: AuthedRequest, code: str, pk: int) -> HttpResponse:
    """Note that a carried comment was looked at in the latest version."""
    standing = Standing.of(request.user)
    row = get_comment(standing, code, pk)
    permissions.require(standing, Ability.DISPOSE_COMMENT, row.product)
    latest = row.product.versions.defer("text").first()
    assert latest is not None  # the comment is on one
    try:
        services.check(row, version=latest, by=request.user)
    except ProductError as error:
        messages.error(request, str(error))
    else:
        messages.success(request, f"{row.label} was looked at, and is still open.")
    return redirect(row)


@require_POST
def comment_answer(request: AuthedRequest, code: str, pk: int) -> HttpResponse:
    """Say for the author whether the disposition is agreed with."""
    standing = Standing.of(request.user)
    row = get_comment(standing, code, pk)
    comment_rows.require_author(standing, row)
    return _act(
        request,
        standing,
        row,
        name="answer",
        form=AnswerForm(request.POST),
        act=lambda form: services.answer(row, **form.cleaned_data, by=request.user),
        done="The answer is kept.",
    )


@require_POST
def comment_withdraw(request: AuthedRequest, code: str, pk: int) -> HttpResponse:
    """Take a comment back for its agency."""
    standing = Standing.of(request.user)
    row = get_comment(standing, code, pk)
    comment_rows.require_own(standing, row)

    return _act(
        request,
        standing,
        row,
        name="withdraw",
        form=WithdrawForm(request.POST),
        act=lambda form: services.withdraw(row, **form.cleaned_data, by=request.user),
        done=f"{row.label} is withdrawn; it stays on record.",
    )
