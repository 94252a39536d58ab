"""The liaison organisations: the page, and the forms that keep it (rule 9)."""

from functools import partial

from django.db.models import Prefetch
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, render
from django.urls import reverse
from django.views.decorators.http import require_safe

from isecg import clock
from workgroups import permissions
from workgroups.forms.base import EndingForm
from workgroups.forms.liaison import ContactForm, OrganisationEditForm, OrganisationForm
from workgroups.models import LiaisonContact, LiaisonOrganisation
from workgroups.permissions import Standing
from workgroups.roles import Ability
from workgroups.sections import sections
from workgroups.services import liaison as services
from workgroups.views.form_pages import AuthedRequest, Trail, answer, form_page, typed
from workgroups.visibility import sees_people


def _trail() -> Trail:
    return [("Liaison organisations", reverse("liaison"))]


@require_safe
def liaison(request: AuthedRequest) -> HttpResponse:
    """List the outside organisations that ISECG relates to."""
    standing = Standing.of(request.user)
    contacts = LiaisonContact.objects.visible_to(standing).select_related("person")
    organisations = LiaisonOrganisation.objects.visible_to(standing).prefetch_related(
        Prefetch("contacts", contacts.valid_at(standing.at), to_attr="present_contacts")
    )
    context = {
        "organisations": organisations,
        "own": standing.liaisons,
        "sees_people": sees_people(standing),
        "keeps": standing.may(Ability.KEEP_ROSTER),
        "sections": sections("liaison", None, standing),
        "trail": [("Liaison organisations", "")],
    }
    return render(request, "workgroups/liaison/liaison.html", context)


@form_page
def liaison_new(request: AuthedRequest) -> HttpResponse:
    permissions.require(request.user, Ability.KEEP_ROSTER)
    return answer(
        request,
        OrganisationForm(typed(request)),
        act=partial(services.add_organisation, by=request.user),
        done="The organisation was entered.",
        to="liaison",
        title="Enter a liaison organisation",
        button="Enter the organisation",
        trail=_trail(),
        lede="It can be sent a version, and holds no position.",
    )


@form_page
def liaison_edit(request: AuthedRequest, code: str) -> HttpResponse:
    standing = permissions.require(request.user, Ability.KEEP_ROSTER)
    found = get_object_or_404(LiaisonOrganisation.objects.visible_to(standing), code=code)
    return answer(
        request,
        OrganisationEditForm(typed(request), row=found),
        act=partial(services.edit_organisation, found, by=request.user),
        done="The organisation was changed.",
        to="liaison",
        title=f"Edit {found.code}",
        button="Save the changes",
        trail=_trail(),
    )


@form_page
def liaison_contact_new(request: AuthedRequest, code: str) -> HttpResponse:
    standing = permissions.require(request.user, Ability.KEEP_ROSTER)
    found = get_object_or_404(LiaisonOrganisation.objects.visible_to(standing), code=code)
    form = ContactForm(
        typed(request),
        zone=request.user.time_zone,
        initial={"first_day": clock.now().date()},
    )
    return answer(
        request,
        form,
        act=partial(services.add_contact, found, by=request.user),
        done="The contact was entered.",
        to="liaison",
        title=f"Enter a contact of {found.code}",
        button="Enter the contact",
        trail=_trail(),
        lede="A contact reads what is public and what was sent to the organisation, and never "
        "holds a position.",
    )


@form_page
def liaison_contact_end(request: AuthedRequest, code: str, pk: int) -> HttpResponse:
    standing = permissions.require(request.user, Ability.KEEP_ROSTER)
    contacts = LiaisonContact.objects.visible_to(standing)
    contact = get_object_or_404(
        contacts.select_related("organisation", "person"), pk=pk, organisation__code=code
    )
    return answer(
        request,
        EndingForm(typed(request), zone=request.user.time_zone),
        act=partial(services.end_contact, contact, by=request.user),
        done="The end of the contact was entered.",
        to="liaison",
        title=f"End the contact of {contact.person}",
        button="End the contact",
        trail=_trail(),
        lede=f"{contact}. From then on they read only what is public.",
    )
