"""The table of a product's comments, and what is decided about several at once."""

from collections.abc import Callable
from typing import Any

from django.contrib import messages
from django.core.paginator import Paginator
from django.db.models import Count, F, Q, Value
from django.db.models.functions import Coalesce
from django.http import Http404, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.views.decorators.http import require_POST, require_safe

from products import comment_reading, permissions
from products.comment_reading import EXCERPT, Reading
from products.forms.comments import CommentFilterForm, DisposeForm, Stage
from products.models import Comment, Product
from products.remarks import OPEN, Answer, Disposition
from products.services import comments as services
from products.services.errors import ProductError
from products.views.comment_page import dispose_form, trail
from products.views.product_page import get_product
from products.workflow import PUBLIC
from workgroups.permissions import Standing
from workgroups.roles import Ability
from workgroups.views.form_pages import AuthedRequest, show_refusal

PER_PAGE = 25
# What the table can be put in order by; duplicates stand under their head by number alone.
SORTS = {
    "number": (Coalesce("duplicate_of__number", "number"), F("duplicate_of").asc(nulls_first=True)),
    "agency": ("agency_code",),
    "place": (Coalesce("last_anchor", "anchor", Value(0)), "clause", "place", "line"),
    "kind": ("kind",),
    "disposition": ("disposition",),
}


@require_safe
def comments(request: AuthedRequest, code: str) -> HttpResponse:
    """Show the comments on a product in the columns of rule 37, filtered and sorted."""
    standing = Standing.of(request.user)
    return _show(request, standing, get_commented(standing, code))


def get_commented(standing: Standing, code: str) -> Product:
    """Return a product whose comments this person may read."""
    product = get_product(standing, code)
    if not permissions.reads_drafts(standing, product):
        raise Http404
    return product


def sought_by(
    request: AuthedRequest, standing: Standing, product: Product
) -> tuple[CommentFilterForm, Any]:
    """Return the filters of the address, and the submitted comments that they find."""
    seen: Any = Comment.objects.visible_to(standing).submitted().filter(product=product)
    codes = seen.order_by("agency_code").values_list("agency_code", flat=True).distinct()
    versions = list(product.versions.only("number", "product"))
    form = CommentFilterForm(request.GET, versions=versions, codes=codes)
    # What cannot be sought is said beside its field, and nothing pretends to answer it.
    if not form.is_valid():
        return form, seen.none()
    return form, _sought(seen, form.cleaned_data, standing, product)


def _show(
    request: AuthedRequest,
    standing: Standing,
    product: Product,
    *,
    refused: DisposeForm | None = None,
    chosen: frozenset[int] = frozenset(),
) -> HttpResponse:
    form, found = sought_by(request, standing, product)
    sort, is_back = _sort_of(request)
    rows = _sorted(
        comment_reading.with_places(comment_reading.with_rows(found)), sort, is_back=is_back
    )
    page = Paginator(rows, PER_PAGE).get_page(request.GET.get("page"))
    granted = permissions.granted(standing, product)
    may_dispose = Ability.DISPOSE_COMMENT in granted and product.state not in PUBLIC
    query = request.GET.urlencode()
    context = {
        "product": product,
        "form": form,
        "page": page,
        "readings": [Reading(row) for row in page],
        "counts": _counts(product, standing),
        "sort": sort,
        "is_back": is_back,
        "grouped": sort == "number",
        "excerpt": EXCERPT,
        "chosen": chosen,
        "dispose_form": (refused or dispose_form(None, standing, product, checks=True))
        if may_dispose
        else None,
        "refused": refused is not None,
        "dispose_to": reverse("comments_dispose", args=[product.code]) + (query and f"?{query}"),
        "drafts": Ability.COMMENT in granted
        and bool(standing.agencies_on(product.code))
        and product.state not in PUBLIC,
        "may_import": product.state not in PUBLIC
        and not granted.isdisjoint({Ability.COMMENT, Ability.DISPOSE_COMMENT}),
        "export_query": query and f"?{query}",
        "latest": product.versions.defer("text").first(),
        "trail": [*trail(product)[:-1], ("Comments", "")],
    }
    status = 422 if refused else 200
    return render(request, "products/comments/comments.html", context, status=status)


def _counts(product: Product, standing: Standing) -> dict[str, int]:
    """Return how many there are, how many open ones, and to be checked, in one query."""
    seen: Any = Comment.objects.visible_to(standing).submitted().filter(product=product)
    found: dict[str, int] = seen.aggregate(
        all=Count("pk"),
        open=Count("pk", filter=Q(disposition__in=OPEN)),
        check=Count("pk", filter=Q(pk__in=seen.to_be_checked().values("pk"))),
    )
    return found


def _sought(found: Any, by: dict[str, Any], standing: Standing, product: Product) -> Any:
    if by["q"]:
        words = by["q"]
        found = found.filter(
            Q(text__icontains=words)
            | Q(proposal__icontains=words)
            | Q(response__icontains=words)
            | Q(clause__icontains=words)
            | Q(author_name__icontains=words)
        )
    if by["version"] is not None:
        own, carried = Q(version__number=by["version"]), Q(places__version__number=by["version"])
        if by["paragraph"]:
            own &= Q(anchor=by["paragraph"])
            carried &= Q(places__anchor=by["paragraph"])
        # Each comment has one place in a version, so that none is found twice.
        found = found.filter(Q(own) | Q(pk__in=found.filter(carried).values("pk")))
    if by["agency"]:
        found = found.filter(agency_code=by["agency"])
    if by["kind"]:
        found = found.filter(kind=by["kind"])
    return _at_stage(found, by["state"], standing, product)


_STAGES: dict[str, Callable[[Any], Any]] = {
    Stage.OPEN: lambda rows: rows.open(),
    Stage.CHECK: lambda rows: rows.to_be_checked(),
    Stage.UNANSWERED: lambda rows: rows.filter(disposition=""),
    Stage.DISPOSED: lambda rows: rows.exclude(disposition__in=OPEN),
    Stage.UNCONFIRMED: lambda rows: rows.exclude(
        disposition__in=["", Disposition.WITHDRAWN]
    ).filter(answer=""),
    Stage.DISPUTED: lambda rows: rows.filter(answer=Answer.DISPUTED),
}


def _at_stage(found: Any, stage: str, standing: Standing, product: Product) -> Any:
    if stage == Stage.ACTIONS:
        own = standing.agencies_on(product.code)
        return found.filter(disposition=Disposition.PENDING, action_owner__in=own)
    if stage == Stage.MINE:
        return comment_reading.mine(found, standing, product.code)
    return _STAGES[stage](found) if stage else found


def _sort_of(request: AuthedRequest) -> tuple[str, bool]:
    """Return by what the table is in order, and whether backwards."""
    asked = request.GET.get("sort", "")
    name = asked.removeprefix("-")
    return (name, asked.startswith("-")) if name in SORTS else ("number", False)


def _sorted(rows: Any, sort: str, *, is_back: bool) -> Any:
    keys: list[Any] = [F(key) if isinstance(key, str) else key for key in SORTS[sort]]
    if is_back:
        keys = [keys[0].desc(), *keys[1:]]
    return rows.order_by(*keys, "number")


@require_POST
def comments_dispose(request: AuthedRequest, code: str) -> HttpResponse:
    """Decide about the comments that were chosen, all in one act, or about none."""
    standing = Standing.of(request.user)
    product = get_commented(standing, code)
    permissions.require(standing, Ability.DISPOSE_COMMENT, product)
    chosen = _chosen(request)
    seen = Comment.objects.visible_to(standing).submitted().filter(product=product)
    rows = list(seen.filter(pk__in=chosen))
    form = dispose_form(request.POST, standing, product, checks=True)
    if form.is_valid():
        try:
            done = _dispose(product, form, rows, by=request)
        except ProductError as error:
            show_refusal(form, error, zone=request.user.time_zone)
        else:
            messages.success(request, done)
            query = request.GET.urlencode()
            return redirect(reverse("comments", args=[code]) + (query and f"?{query}"))
    return _show(request, standing, get_commented(standing, code), refused=form, chosen=chosen)


def _chosen(request: AuthedRequest) -> frozenset[int]:
    """Return the keys of the rows that were ticked; what is no key is no row."""
    typed = request.POST.getlist("comments")
    return frozenset(
        int(one) for one in typed[:PER_PAGE] if one.isascii() and one.isdecimal() and len(one) < 19
    )


def _dispose(product: Product, form: DisposeForm, rows: list[Comment], *, by: AuthedRequest) -> str:
    if form.only_looks:
        latest = product.versions.defer("text").first()
        if latest is None:
            raise ProductError("There is no version yet.")
        made = services.check_all(product, comments=rows, version=latest, by=by.user)
        return f"Looked at, and still open: {_named(made)}."
    made = services.dispose(product, comments=rows, **form.values, by=by.user)
    return f"Disposed of: {_named(made)}. Their authors are asked to confirm."


def _named(rows: list[Comment]) -> str:
    return ", ".join(row.label for row in rows)
