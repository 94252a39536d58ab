"""The members' pages of what the public said: the list, one comment, and the acts on them."""

from functools import partial
from typing import Any

from django.contrib import messages
from django.core.paginator import Paginator
from django.db.models import QuerySet
from django.forms import Form
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.views.decorators.http import require_POST, require_safe

from products import defaults, permissions, residue
from products.forms import public_comments as forms
from products.models import CommentWindow, Product, PublicComment, Version
from products.relations import RelationKind
from products.services import comment_windows
from products.services import public_comments as services
from products.services.errors import ProductError
from products.views.product_page import way_to
from workgroups.models import Agency
from workgroups.permissions import Standing
from workgroups.recipients import people_of
from workgroups.roles import Ability
from workgroups.sign_in.recency import binding
from workgroups.views.form_pages import AuthedRequest, answer, form_page, typed

PER_PAGE = 50


def _product(standing: Standing, code: str) -> Product:
    """Return a product whose drafts this person reads; to others the page does not exist."""
    rows = Product.objects.drafts_read_by(standing).select_related("group", "release")
    return get_object_or_404(rows, code=code)


def _comments(standing: Standing, product: Product) -> Any:
    return PublicComment.objects.visible_to(standing).filter(product=product).order_by("number")


def _home(product: Product) -> str:
    return reverse("public_comments", args=[product.code])


@require_safe
def public_comments(request: AuthedRequest, code: str) -> HttpResponse:
    """List what the public said of a product, by where it stands."""
    standing = Standing.of(request.user)
    return _show(request, standing, _product(standing, code))


def _show(
    request: AuthedRequest,
    standing: Standing,
    product: Product,
    *,
    bulk: Form | None = None,
    close: Form | None = None,
) -> HttpResponse:
    moderates = standing.may(Ability.MODERATE_PUBLIC_COMMENT)
    form = forms.FilterForm(request.GET, moderates=moderates)
    seen: QuerySet[PublicComment] = _comments(standing, product)
    # What cannot be sought is said beside its field, and nothing pretends to answer it.
    where = form.cleaned_data["where"] if form.is_valid() else None
    rows = seen.none() if where is None else seen.filter(**forms.CONDITIONS.get(where, {}))
    page = Paginator(rows.select_related("window__version"), PER_PAGE).get_page(
        request.GET.get("page")
    )
    windows = list(
        CommentWindow.objects.visible_to(standing)
        .filter(product=product)
        .select_related("version")
        .defer("version__text")
    )
    running = next((row for row in windows if row.is_open_at(standing.at)), None)
    invites = standing.may(Ability.INVITE_PUBLIC_COMMENT)
    context = {
        "product": product,
        "form": form,
        "page": page,
        "windows": windows,
        "running": running,
        "may_open": invites and not running,
        "close_form": close or (forms.CloseWindowForm() if invites and running else None),
        "close_open": close is not None,
        "moderates": moderates,
        "bulk": (bulk or forms.BulkForm(None, numbers=[])) if moderates else None,
        "chosen": bulk.data.getlist("numbers") if bulk else [],  # type: ignore[attr-defined]
        "queued_before": _queued_before(standing, product),
        "trail": way_to(product, ("Public comments", "")),
    }
    status = 422 if bulk or close else 200
    return render(request, "products/public_comments/list.html", context, status=status)


def _queued_before(standing: Standing, product: Product) -> list[PublicComment]:
    """Return what waits for this edition: queued on those that it supersedes (rule 36)."""
    return list(
        PublicComment.objects.visible_to(standing)
        .queued()
        .filter(
            product__related_from__product=product,
            product__related_from__kind=RelationKind.SUPERSEDES,
        )
        .select_related("product")
    )


@require_POST
def bulk_act(request: AuthedRequest, code: str) -> HttpResponse:
    """Pass, refuse or hand over the comments that were chosen."""
    standing = Standing.of(request.user)
    product = _product(standing, code)
    permissions.require(standing, Ability.MODERATE_PUBLIC_COMMENT, product)
    rows = _comments(standing, product)
    form = forms.BulkForm(request.POST, numbers=list(rows.values_list("number", flat=True)))
    if form.is_valid():
        chosen = list(rows.filter(number__in=form.cleaned_data["numbers"]))
        act, reason = form.cleaned_data["act"], form.cleaned_data["reason"]
        try:
            done = _carry_out(product, chosen, act=act, reason=reason, by=request.user)
        except ProductError as error:
            form.add_error(None, str(error))
        else:
            messages.success(request, done)
            return redirect("public_comments", code=code)
    return _show(request, standing, product, bulk=form)


def _carry_out(
    product: Product, chosen: list[PublicComment], *, act: str, reason: str, by: Any
) -> str:
    if act == "hand-over":
        count = services.hand_over(product, chosen, by=by)
        return f"Handed over to all member agencies, who are told: {count}."
    passed = act == "pass"
    count = services.moderate(product, chosen, passed=passed, reason=reason, by=by)
    return f"{'Passed; they can be handed over now' if passed else 'Refused'}: {count}."


@form_page
@binding
def window_open(request: AuthedRequest, code: str) -> HttpResponse:
    """Ask for version and deadline, show what would become public, then open the window."""
    standing = Standing.of(request.user)
    product = _product(standing, code)
    permissions.require(standing, Ability.INVITE_PUBLIC_COMMENT, product)
    release = getattr(product, "release", None)
    versions = None if release else Version.objects.visible_to(standing).filter(product=product)
    latest = versions.first() if versions is not None else release.version  # type: ignore[union-attr]
    form = forms.OpenWindowForm(
        typed(request),
        versions=versions,
        latest=latest.number if latest else None,
        now=standing.at,
        zone=request.user.time_zone,
    )
    sheet, status = None, 200
    if request.method == "POST":
        status = 422
        if form.is_valid():
            data = {"version": latest, **form.cleaned_data}
            lack = comment_windows.lack(product, data["version"], at=standing.at)
            if lack:
                form.add_error(None, lack)
            elif "confirm" not in request.POST:
                sheet, status = _sheet(standing, product, **data), 200
            elif _opened(request, form, product, data):
                return redirect("public_comments", code=code)
    context = {
        "product": product,
        "form": form,
        "sheet": sheet,
        "days": defaults.public_comment_days(),
        "released": release is not None,
        "trail": way_to(
            product,
            ("Public comments", _home(product)),
            ("Ask the public for comments", ""),
        ),
    }
    return render(request, "products/public_comments/open.html", context, status=status)


def _opened(request: AuthedRequest, form: Form, product: Product, data: dict[str, Any]) -> bool:
    """Open the window, or say in the form why not."""
    try:
        comment_windows.open_window(product, **data, by=request.user)
    except ProductError as error:
        form.add_error(None, str(error))
        return False
    messages.success(request, "The public may comment now; the members are told.")
    return True


def _sheet(
    standing: Standing, product: Product, *, version: Version | None, **data: Any
) -> dict[str, Any]:
    """Return what the confirmation sheet says becomes public, and what speaks against it."""
    members = Agency.objects.members_on(standing.at.date())
    released = getattr(product, "release", None) is not None
    warnings = []
    if version is not None and not released:
        if not version.circulations.visible_to(standing).exists():
            warnings.append("This version was not circulated to the member agencies.")
        if found := len(residue.scan(version.text)):
            warnings.append(f"Marks of drafting are in its text: {found}.")
    return {
        **data,
        "version": version,
        "files": list(version.files.all()) if version else [],
        "letters": len(people_of(members, at=standing.at, on=product.code)),
        "warnings": warnings,
        "address": reverse("public_draft", args=[product.code, version.number])
        if version and not released
        else "",
    }


@require_POST
@binding
def window_close(request: AuthedRequest, code: str) -> HttpResponse:
    """Close the product's window before its time."""
    standing = Standing.of(request.user)
    product = _product(standing, code)
    permissions.require(standing, Ability.INVITE_PUBLIC_COMMENT, product)
    form = forms.CloseWindowForm(request.POST)
    if form.is_valid():
        # The last one, so that who comes too late is told that it is over.
        rows = CommentWindow.objects.visible_to(standing).select_related("product", "version")
        window = get_object_or_404(rows.filter(product=product)[:1])
        try:
            comment_windows.close_window(window, **form.cleaned_data, by=request.user)
        except ProductError as error:
            form.add_error(None, str(error))
        else:
            messages.success(request, "The window is closed.")
            return redirect("public_comments", code=code)
    return _show(request, standing, product, close=form)


@require_safe
def public_comment(request: AuthedRequest, code: str, number: int) -> HttpResponse:
    """Show one comment, where it stands, and the acts on it."""
    standing = Standing.of(request.user)
    return _show_one(request, standing, *_comment(standing, code, number))


def _comment(standing: Standing, code: str, number: int) -> tuple[Product, PublicComment]:
    product = _product(standing, code)
    rows = _comments(standing, product).select_related(
        "window__version", "moderated_by", "disposed_by"
    )
    comment: PublicComment = get_object_or_404(rows, number=number)
    # The same row, so that its editors are read once.
    comment.product = product
    return product, comment


def _show_one(
    request: AuthedRequest,
    standing: Standing,
    product: Product,
    comment: PublicComment,
    *,
    refused: Form | None = None,
) -> HttpResponse:
    granted = permissions.granted(standing, product)
    disposes = Ability.DISPOSE_COMMENT in granted and comment.handed_over_at is not None
    initial = {"disposition": comment.disposition, "response": comment.response}
    context = {
        "product": product,
        "comment": comment,
        "moderates": Ability.MODERATE_PUBLIC_COMMENT in granted,
        "dispose_form": refused or (forms.DisposeForm(initial=initial) if disposes else None),
        "bulk": forms.BulkForm(None, numbers=[]),
        "next_editions": _next_editions(standing, product) if comment.disposition else [],
        "trail": way_to(product, ("Public comments", _home(product)), (f"P-{comment.number}", "")),
    }
    status = 422 if refused else 200
    return render(request, "products/public_comments/one.html", context, status=status)


def _next_editions(standing: Standing, product: Product) -> list[Product]:
    rows = Product.objects.visible_to(standing)
    return list(rows.filter(relations__kind=RelationKind.SUPERSEDES, relations__target=product))


@require_POST
def dispose(request: AuthedRequest, code: str, number: int) -> HttpResponse:
    """Answer a comment, or show beside it what is missing."""
    standing = Standing.of(request.user)
    product, comment = _comment(standing, code, number)
    permissions.require(standing, Ability.DISPOSE_COMMENT, product)
    form = forms.DisposeForm(request.POST)
    if form.is_valid():
        try:
            services.dispose(comment, **form.cleaned_data, by=request.user)
        except ProductError as error:
            form.add_error(None, str(error))
        else:
            messages.success(request, "The answer is kept; who commented is told.")
            return redirect("public_comments", code=code)
    return _show_one(request, standing, product, comment, refused=form)


@form_page
@binding
def erase(request: AuthedRequest, code: str, number: int) -> HttpResponse:
    """Remove who commented, on request; the comment stays."""
    standing = Standing.of(request.user)
    product, comment = _comment(standing, code, number)
    permissions.require(standing, Ability.MODERATE_PUBLIC_COMMENT, product)
    return answer(
        request,
        forms.EraseCommenterForm(typed(request)),
        act=partial(services.erase_commenter, comment, by=request.user),
        done="Who commented was erased.",
        to=comment.get_absolute_url(),
        title=f"Erase who wrote P-{number}",
        button="Erase name and address",
        trail=way_to(
            product,
            ("Public comments", _home(product)),
            (f"P-{number}", comment.get_absolute_url()),
        ),
        lede="Removes name, affiliation and address from every comment with the same address, and "
        "empties the letters to it. What was written stays. It cannot be undone.",
    )
