"""Pages on which the mandates of an agency are granted and ended (rules 4 and 5)."""

from functools import partial
from typing import Any

from django.http import HttpResponse
from django.shortcuts import get_object_or_404
from django.urls import reverse

from isecg import clock
from workgroups import handover, limits
from workgroups.forms.base import EndingForm
from workgroups.forms.people import MandateForm
from workgroups.forms.seats import HandOverForm, HolderForm
from workgroups.handover import Leaving
from workgroups.models import Agency, Mandate
from workgroups.permissions import Standing
from workgroups.services import people
from workgroups.services.handover import hand_over
from workgroups.sign_in.recency import binding
from workgroups.views.agencies import trail_to
from workgroups.views.form_pages import AuthedRequest, answer, form_page, typed


@form_page
@binding
def mandate_grant(request: AuthedRequest, key: str) -> HttpResponse:
    """Grant a mandate: any for the secretariat, an alternate's or staff's for the head."""
    standing = Standing.of(request.user)
    found = get_object_or_404(Agency.objects.visible_to(standing), key=key)
    standing.require_naming(found)
    return answer(
        request,
        _grant_form(request, found, standing),
        act=partial(people.grant_mandate, found, by=request.user),
        done="The mandate was granted.",
        to=found,
        title=f"Grant a mandate of {found.code}",
        button="Grant the mandate",
        trail=trail_to(found),
        lede="Heads of delegation and alternates record the agency's position; staff read, "
        "draft and comment.",
    )


def _grant_form(request: AuthedRequest, found: Agency, standing: Standing) -> MandateForm:
    given: dict[str, Any] = {
        "zone": found.time_zone,
        "limits": limits.open_to(standing),
        "initial": {"first_day": clock.now().date()},
    }
    if standing.is_secretariat:
        return MandateForm(typed(request), **given)
    return HolderForm(typed(request), agency=found, **given)


def get_mandate(standing: Standing, key: str, pk: int) -> Mandate:
    """Return a mandate that this person may end.

    :raises PermissionDenied: if that is not their act, saying whose it is.
    """
    agency = get_object_or_404(Agency.objects.visible_to(standing), key=key)
    standing.require_naming(agency)
    mandates = agency.mandates.visible_to(standing).select_related("agency", "person")
    held: Mandate = get_object_or_404(mandates, pk=pk)
    standing.require_naming(agency, held.capacity)
    return held


@form_page
@binding
def mandate_end(request: AuthedRequest, key: str, pk: int) -> HttpResponse:
    held = get_mandate(Standing.of(request.user), key, pk)
    return answer(
        request,
        EndingForm(typed(request), zone=held.agency.time_zone),
        act=partial(people.end_mandate, held, by=request.user),
        done="The end of the mandate was entered.",
        to=held.agency,
        title=f"End the mandate of {held.person}",
        button="End the mandate",
        trail=trail_to(held.agency),
        lede=f"{held}. What was done under it stays the agency's.",
        actions=[("Handover sheet", reverse("mandate_handover", args=[key, pk]))],
    )


@form_page
@binding
def mandate_handover(request: AuthedRequest, key: str, pk: int) -> HttpResponse:
    """Show what is open in the hands of somebody who leaves, end the mandate and pass it on."""
    standing = Standing.of(request.user)
    held = get_mandate(standing, key, pk)
    return answer(
        request,
        HandOverForm(
            typed(request),
            zone=held.agency.time_zone,
            successors=handover.successors(held, ends_at=standing.at),
        ),
        act=partial(hand_over, held, by=request.user),
        done="The mandate's end is entered, and what is open has passed on.",
        to=held.agency,
        title=f"Hand over what {held.person} has in hand",
        button="End the mandate and hand over",
        trail=trail_to(held.agency),
        lede=f"{held}. Positions stay with the seat. The successor gets a letter with this list.",
        template="workgroups/agencies/handover.html",
        also={"matters": handover.sheet(Leaving.of(held, ends_at=standing.at))},
    )
