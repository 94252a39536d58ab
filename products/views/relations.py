"""Entering how a product relates to another, and striking what was an error (rule 12)."""

from functools import partial

from django.http import HttpResponse
from django.shortcuts import get_object_or_404, render
from django.urls import reverse

from products import permissions
from products.forms.products import RelationForm
from products.models import Product
from products.services import relations as services
from products.views.product_page import get_product
from workgroups.forms.base import ReasonForm
from workgroups.permissions import Standing
from workgroups.roles import Ability
from workgroups.views.form_pages import AuthedRequest, Trail, answer, form_page, typed


def _editable(request: AuthedRequest, code: str) -> tuple[Standing, Product]:
    """Return who asks, and a product that this person may edit.

    :raises PermissionDenied: if it is not theirs to edit.
    """
    standing = Standing.of(request.user)
    product = get_product(standing, code)
    permissions.require(standing, Ability.EDIT_PRODUCT, product)
    return standing, product


def _trail(product: Product) -> Trail:
    return [("Products", reverse("products")), (product.code, product.get_absolute_url())]


@form_page
def relation_new(request: AuthedRequest, code: str) -> HttpResponse:
    """Record a relation; where something is to be known of it, show that first."""
    standing, product = _editable(request, code)
    form = RelationForm(typed(request), products=Product.objects.visible_to(standing))
    title = f"Add a relation of {product.code}"
    if request.method == "POST" and "confirm" not in request.POST and form.is_valid():
        kind, target = form.cleaned_data["kind"], form.cleaned_data["target"]
        if caution := services.foresee(product, kind=kind, target=target):
            context = {
                "product": product,
                "target": target,
                "kind": kind,
                "form": form,
                "caution": caution,
                "trail": [*_trail(product), (title, "")],
            }
            return render(request, "products/relations/relation_sheet.html", context)
    return answer(
        request,
        form,
        act=partial(services.relate, product, by=request.user),
        done="The relation was added.",
        to=product,
        title=title,
        button="Add the relation",
        trail=_trail(product),
        lede="The release of an edition supersedes the one that it names. A supplement does not "
        "supersede its base.",
    )


@form_page
def relation_end(request: AuthedRequest, code: str, pk: int) -> HttpResponse:
    """Strike a relation that was entered in error."""
    standing, product = _editable(request, code)
    seen = product.relations.visible_to(standing).select_related("product", "target")
    relation = get_object_or_404(seen, pk=pk)
    return answer(
        request,
        ReasonForm(typed(request)),
        act=partial(services.strike, product, relation=relation, by=request.user),
        done="The relation was struck.",
        to=product,
        title=f"Strike: {relation}",
        button="Strike the relation",
        trail=_trail(product),
        lede="For a relation that was entered in error. It stays in the history, with the reason.",
    )
