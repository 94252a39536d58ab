"""The pages of products: the list, a product with its acts, and its history."""

from typing import Any

from django.contrib import messages
from django.core.paginator import Paginator
from django.db.models import Case, Count, F, OuterRef, Q, QuerySet, Subquery, Value, When
from django.db.models.functions import Coalesce
from django.forms import Form
from django.http import Http404, HttpResponse
from django.shortcuts import redirect, render
from django.views.decorators.http import require_POST, require_safe

from isecg.stale import StaleError
from products import permissions
from products.forms.products import ProductFilterForm
from products.models import Participation, Product, Relation, ReleaseParticipant
from products.relations import RelationKind
from products.services.errors import ProductError
from products.views import product_acts
from products.views.product_page import ProductPage
from products.workflow import PUBLIC
from workgroups.permissions import Standing
from workgroups.roles import Ability
from workgroups.sign_in.recency import binding
from workgroups.views.form_pages import AuthedRequest, show_refusal

PER_PAGE = 50


@require_safe
def products(request: AuthedRequest) -> HttpResponse:
    """List products, those on their way first, by what they are and who takes part."""
    standing = Standing.of(request.user)
    form = ProductFilterForm(request.GET)
    found: QuerySet[Product] = Product.objects.visible_to(standing)
    # What cannot be sought is said beside its field, and nothing pretends to answer it.
    found = _sought(found, form.cleaned_data) if form.is_valid() else found.none()
    page = Paginator(_listed(found, standing), PER_PAGE).get_page(request.GET.get("page"))
    rows = list(page)
    context = {
        "form": form,
        "page": page,
        "moving": [row for row in rows if row.state not in PUBLIC],
        "done": [row for row in rows if row.state in PUBLIC],
        "may_propose": standing.may(Ability.PROPOSE_PRODUCT),
        "trail": [("Products", "")],
    }
    return render(request, "products/products/products.html", context)


def _sought(found: QuerySet[Product], by: dict[str, Any]) -> QuerySet[Product]:
    if by["q"]:
        found = found.filter(Q(title__icontains=by["q"]) | Q(code__icontains=by["q"]))
    for name in ("state", "kind", "group"):
        if by[name]:
            found = found.filter(**{name: by[name]})
    if by["series"]:
        found = found.filter(series__iexact=by["series"].strip())
    if by["agency"]:
        present = Participation.objects.filter(agency=by["agency"], left_at=None)
        frozen = ReleaseParticipant.objects.filter(agency=by["agency"])
        found = found.filter(
            Q(release=None, pk__in=present.values("product"))
            | Q(pk__in=frozen.values("release__product"))
        )
    return found


def _counted(rows: QuerySet[Any], key: str) -> Subquery:
    """Count the rows that belong to the product of the outer query, or give NULL for none."""
    rows = rows.filter(**{key: OuterRef("pk")}).order_by().values(key)
    return Subquery(rows.annotate(of=Count("pk")).values("of"))


def _listed(found: QuerySet[Product], standing: Standing) -> QuerySet[Product]:
    successors = Relation.objects.visible_to(standing).filter(
        target=OuterRef("pk"), kind=RelationKind.SUPERSEDES
    )
    return (
        found.select_related("group", "release")
        .defer("purpose", "mutual_interest", "note", "source", "other_sources")
        .annotate(
            participants=Coalesce(
                _counted(ReleaseParticipant.objects.all(), "release__product"),
                _counted(Participation.objects.filter(left_at=None), "product"),
            ),
            successor=Subquery(
                successors.filter(product__state__in=PUBLIC).values("product__code")[:1]
            ),
            is_done=Case(When(state__in=PUBLIC, then=Value(1)), default=Value(0)),
        )
        .order_by("is_done", F("release__day").desc(nulls_last=True), "code")
    )


@require_safe
def product(request: AuthedRequest, code: str) -> HttpResponse:
    """Show a product: where it stands, what it needs, who takes part, what was written."""
    return _show(request, ProductPage.of(request, code))


@require_POST
@binding
def product_act(request: AuthedRequest, code: str, act: str) -> HttpResponse:
    """Carry out one act of the table, or show on the page why it is impossible now."""
    page = ProductPage.of(request, code)
    if act not in product_acts.ACTS:
        raise Http404
    chosen = product_acts.ACTS[act]
    # Whose act it is comes first: a stranger learns nothing of what the form lacks.
    permissions.require(page.standing, chosen.ability, page.product)
    form = chosen.form(request.POST, page)
    if form.is_valid():
        try:
            chosen.service(page.product, **form.cleaned_data, by=request.user)
        except (ProductError, StaleError) as error:
            show_refusal(form, error, zone=request.user.time_zone)
        else:
            messages.success(request, chosen.done)
            return redirect(page.product)
    # The service looked at the product under its lock; so does the page that explains.
    return _show(request, ProductPage.of(request, code), refused=(act, form))


def _show(
    request: AuthedRequest, page: ProductPage, *, refused: tuple[str, Form] | None = None
) -> HttpResponse:
    context = page.context() | {
        "acts": product_acts.drawn(page, refused=refused),
        "links": product_acts.links(page),
        "records": product_acts.records(page),
    }
    status = 422 if refused else 200
    return render(request, "products/products/product.html", context, status=status)
