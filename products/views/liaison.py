"""Sending a version to a liaison organisation, and what such an organisation says (rule 9)."""

from functools import partial

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, redirect
from django.urls import reverse
from django.views.decorators.http import require_POST

from products.forms.liaison import SendForm, StatementForm
from products.models import Version
from products.services import liaison as services
from products.services.errors import ProductError
from products.views.product_page import get_version
from products.views.versions import show_version
from workgroups.models import LiaisonOrganisation
from workgroups.permissions import Standing
from workgroups.roles import Ability
from workgroups.views.form_pages import AuthedRequest, answer, form_page, typed


@require_POST
def version_send(request: AuthedRequest, code: str, number: int) -> HttpResponse:
    """Send a version to an organisation, or show on its page why not."""
    standing = Standing.of(request.user)
    found = get_version(standing, code, number)
    standing.require(Ability.SEND_TO_LIAISON)
    form = SendForm(request.POST)
    if form.is_valid():
        try:
            sending = services.send_version(found, **form.cleaned_data, by=request.user)
        except ProductError as error:
            form.add_error(None, str(error))
        else:
            messages.success(
                request, f"Version {number} was sent to {sending.organisation}; it is told."
            )
            return redirect(found)
    return show_version(request, standing, found, refused=form)


@form_page
def statement_new(request: AuthedRequest, code: str) -> HttpResponse:
    """Take a statement of a contact, or of the secretariat on an organisation's behalf."""
    standing = Standing.of(request.user)
    seen = LiaisonOrganisation.objects.visible_to(standing)
    organisation = get_object_or_404(seen, code=code)
    standing.require_contact(organisation)
    sent = Version.objects.visible_to(standing).filter(sendings__organisation=organisation)
    form = StatementForm(
        typed(request),
        versions=sent.select_related("product").order_by("product__code", "-number"),
        on_behalf=standing.is_secretariat,
        initial={"version": _named(request)},
    )
    return answer(
        request,
        form,
        act=partial(services.make_statement, organisation, by=request.user),
        done="The statement is kept, and the secretariat is told.",
        to="liaison",
        title=f"Send a statement of {organisation}",
        button="Send the statement",
        trail=[("Liaison organisations", reverse("liaison"))],
        lede="People of the member agencies read it. It is no position and is not counted.",
    )


def _named(request: AuthedRequest) -> int | None:
    """Return the version that the link named; the form offers those that were sent alone."""
    named = request.GET.get("version", "")
    return int(named) if named.isascii() and named.isdecimal() and len(named) < 19 else None
