"""Pages that are one form about a product: proposing, editing, editors, agencies."""

from functools import partial

from django.http import HttpResponse
from django.shortcuts import get_object_or_404
from django.urls import reverse

from isecg import clock
from products.forms.products import (
    EditorForm,
    JoinForm,
    LeaveForm,
    ProductEditForm,
    ProductForm,
)
from products.models import Product
from products.services import participation
from products.services import products as services
from products.views.product_page import get_editable, get_product, way_to
from workgroups.forms.base import ReasonForm
from workgroups.models import Agency, User
from workgroups.permissions import require as require_standing
from workgroups.roles import Ability
from workgroups.views.form_pages import AuthedRequest, answer, form_page, typed


@form_page
def product_new(request: AuthedRequest) -> HttpResponse:
    require_standing(request.user, Ability.PROPOSE_PRODUCT)
    return answer(
        request,
        ProductForm(typed(request)),
        act=partial(services.propose, by=request.user),
        done="The product is proposed.",
        title="Propose a product",
        button="Propose the product",
        trail=[("Products", reverse("products"))],
        lede="Drafting starts once a working group is responsible and it stands on the Workplan. "
        "Products of ISECG are non-binding.",
    )


@form_page
def product_edit(request: AuthedRequest, code: str) -> HttpResponse:
    standing, product = get_editable(request, code)
    return answer(
        request,
        # A form writes what is typed into its row: the service must see what is stored.
        ProductEditForm(
            typed(request), row=Product.objects.visible_to(standing).get(pk=product.pk)
        ),
        act=partial(services.edit, product, by=request.user),
        done="The product was changed.",
        to=product,
        title=f"Edit {product.code}",
        button="Save the changes",
        trail=way_to(product),
        lede="What the product says of itself; it is and stays non-binding.",
    )


@form_page
def editor_new(request: AuthedRequest, code: str) -> HttpResponse:
    standing, product = get_editable(request, code)
    return answer(
        request,
        EditorForm(typed(request), people=User.objects.visible_to(standing)),
        act=partial(services.add_editor, product, by=request.user),
        done="The editor was added.",
        to=product,
        title=f"Add an editor of {product.code}",
        button="Add the editor",
        trail=way_to(product),
        lede="Editors write the versions and circulate them.",
    )


@form_page
def editor_end(request: AuthedRequest, code: str, pk: int) -> HttpResponse:
    standing, product = get_editable(request, code)
    seen = product.editors.visible_to(standing).select_related("person")
    editor = get_object_or_404(seen, pk=pk)
    return answer(
        request,
        ReasonForm(typed(request)),
        act=partial(services.end_editor, product, editor=editor, by=request.user),
        done="The editor was taken off.",
        to=product,
        title=f"Take {editor.person} off the editors of {product.code}",
        button="Take off",
        trail=way_to(product),
        lede="The versions already written keep their author.",
    )


@form_page
def participant_new(request: AuthedRequest, code: str) -> HttpResponse:
    standing = require_standing(request.user, Ability.KEEP_ROSTER)
    product = get_product(standing, code)
    members = Agency.objects.visible_to(standing).members_on(clock.now().date())
    return answer(
        request,
        JoinForm(typed(request), agencies=members),
        act=partial(participation.join, product, by=request.user),
        done="The agency takes part; it counts from the next call.",
        to=product,
        title=f"Enter a participating agency of {product.code}",
        button="Enter the agency",
        trail=way_to(product),
        lede="Say in the reason where you have it from: it stands in the history.",
    )


@form_page
def participant_end(request: AuthedRequest, code: str) -> HttpResponse:
    standing = require_standing(request.user, Ability.KEEP_ROSTER)
    product = get_product(standing, code)
    # Those that left are listed too: sent twice, the service says that it is done.
    part = Agency.objects.visible_to(standing).filter(participations__product=product).distinct()
    return answer(
        request,
        LeaveForm(typed(request), agencies=part),
        act=partial(participation.leave, product, by=request.user),
        done="The agency takes part no longer.",
        to=product,
        title=f"Enter a departure from {product.code}",
        button="Enter the departure",
        trail=way_to(product),
        lede="Its position in an open call stays in the history and is not counted.",
    )
