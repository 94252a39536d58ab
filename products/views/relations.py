"""Entering how a product relates to another, and striking what was an error (rule 12)."""

from functools import partial

from django.http import HttpResponse
from django.shortcuts import get_object_or_404, render

from products.forms.products import RelationForm
from products.models import Product
from products.services import relations as services
from products.views.product_page import get_editable, way_to
from workgroups.forms.base import ReasonForm
from workgroups.views.form_pages import AuthedRequest, answer, form_page, typed


@form_page
def relation_new(request: AuthedRequest, code: str) -> HttpResponse:
    """Record a relation; where something is to be known of it, show that first."""
    standing, product = get_editable(request, code)
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
                "trail": way_to(product, (title, "")),
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
        trail=way_to(product),
        lede="The release of an edition supersedes the one that it names. A supplement does not "
        "supersede its base.",
    )


@form_page
def relation_end(request: AuthedRequest, code: str, pk: int) -> HttpResponse:
    """Strike a relation that was entered in error."""
    standing, product = get_editable(request, code)
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
        trail=way_to(product),
        lede="For a relation that was entered in error. It stays in the history, with the reason.",
    )
