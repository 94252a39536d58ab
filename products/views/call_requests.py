"""A group's request for a call, and declining it (rule 16)."""

from functools import partial

from django.http import HttpResponse
from django.shortcuts import get_object_or_404

from products import permissions
from products.forms.calls import DeclineForm, RequestCallForm
from products.models import CallRequest
from products.services import call_requests as services
from products.views.product_page import get_product, way_to
from workgroups.permissions import Standing
from workgroups.roles import Ability
from workgroups.views.form_pages import AuthedRequest, answer, form_page, typed


@form_page
def call_request_new(request: AuthedRequest, code: str) -> HttpResponse:
    """Ask the chair and the secretariat to open a call."""
    standing = Standing.of(request.user)
    product = get_product(standing, code)
    permissions.require(standing, Ability.REQUEST_CALL, product)
    return answer(
        request,
        RequestCallForm(typed(request)),
        act=partial(services.request_call, product, by=request.user),
        done="The call is requested: the chair and the secretariat are told.",
        to=product,
        title="Request a call",
        button="Request the call",
        trail=way_to(product),
        lede="The chair or the secretariat opens the call, or declines with a reason. Members "
        "read the request on the product’s page.",
    )


@form_page
def call_request_decline(request: AuthedRequest, pk: int) -> HttpResponse:
    """Decline to open the call that a group asked for."""
    standing = Standing.of(request.user)
    seen = CallRequest.objects.visible_to(standing).select_related("product__group")
    found = get_object_or_404(seen.select_related("requested_by"), pk=pk)
    permissions.require(standing, Ability.OPEN_CALL, found.product)
    return answer(
        request,
        DeclineForm(typed(request)),
        act=partial(services.decline_request, found, by=request.user),
        done=f"The request is declined, and {found.requested_by} is told.",
        to=found.product,
        title="Decline the request",
        button="Decline the request",
        trail=way_to(found.product),
        lede=f"{found.requested_by} asked: {found.question}",
    )
