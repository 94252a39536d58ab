"""Pages of the agencies, their names, memberships and seats."""

from datetime import date
from functools import partial
from typing import Any

from django.db.models import Q, QuerySet
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, render
from django.urls import reverse
from django.views.decorators.http import require_safe

from isecg import clock, row_history
from workgroups import confirmations, permissions, seats
from workgroups.forms.agencies import (
    AgencyEditForm,
    AgencyFilterForm,
    AgencyForm,
    MembershipForm,
    RenameForm,
)
from workgroups.forms.base import EndDateForm
from workgroups.forms.seats import ConfirmForm
from workgroups.models import (
    Agency,
    AgencyName,
    Meeting,
    Membership,
    MembershipCount,
    Succession,
)
from workgroups.permissions import Standing
from workgroups.roles import Ability, Capacity
from workgroups.sections import sections
from workgroups.services import agencies as services
from workgroups.sign_in.recency import binding
from workgroups.views.form_pages import AuthedRequest, Trail, answer, form_page, typed


def trail_to(agency: Agency | None = None) -> Trail:
    trail = [("Agencies", reverse("agencies"))]
    return [*trail, (agency.code, agency.get_absolute_url())] if agency else trail


@require_safe
def agencies(request: AuthedRequest) -> HttpResponse:
    """List agencies by what they are or were called, or the members on a day."""
    form = AgencyFilterForm(request.GET)
    sought: dict[str, Any] = form.cleaned_data if form.is_valid() else {"q": "", "on": None}
    standing = Standing.of(request.user)
    found = Agency.objects.visible_to(standing).select_related("succession__successor")
    found = found.prefetch_related("names", "memberships")
    if sought["q"]:
        found = found.matching(sought["q"])
    if sought["on"]:
        found = found.members_on(sought["on"])
    today = clock.now().date()
    context = {
        "form": form,
        "on": sought["on"],
        "rows": _rows(found, day=sought["on"] or today),
        "counts": MembershipCount.objects.visible_to(standing),
        "actions": _list_actions(standing),
        "trail": [("Agencies", "")],
    }
    return render(request, "workgroups/agencies/agencies.html", context)


def _rows(found: QuerySet[Agency], *, day: date) -> list[dict[str, Any]]:
    rows = []
    for agency in found:
        code, name = agency.name_on(day)
        memberships = list(agency.memberships.all())
        others = {former.code for former in agency.names.all() if former.code} | {agency.code}
        rows.append(
            {
                "agency": agency,
                "code": code,
                "name": name,
                "also": sorted(others - {code}),
                "membership": memberships[-1] if memberships else None,
                "succession": getattr(agency, "succession", None),
                "certain": any(held.is_certain_on(day) for held in memberships),
            }
        )
    return sorted(rows, key=lambda row: str(row["code"]))


def _list_actions(standing: Standing) -> list[tuple[str, str]]:
    if not standing.may(Ability.KEEP_ROSTER):
        return []
    return [("Add an agency", reverse("agency_new")), ("Seats", reverse("seats"))]


@require_safe
def agency(request: AuthedRequest, key: str) -> HttpResponse:
    """Show an agency: names through time, membership, seat, chair terms, groups, meetings."""
    standing = Standing.of(request.user)
    return show_agency(request, get_object_or_404(Agency.objects.visible_to(standing), key=key))


def show_agency(
    request: AuthedRequest, found: Agency, *, refused: ConfirmForm | None = None
) -> HttpResponse:
    """Show an agency, and what stood in the way of confirming its seat."""
    standing = Standing.of(request.user)
    keeps = standing.may(Ability.KEEP_ROSTER)
    seat = None
    if seats.sees_seats(standing, found):
        mandates = found.mandates.visible_to(standing).select_related("person", "agency")
        seat = seats.read_seat(mandates, standing)
    memberships = list(found.memberships.all())
    is_member = found.memberships.current_on(standing.at.date()).exists()
    rows = Succession.objects.visible_to(standing)
    either = rows.filter(Q(former=found) | Q(successor=found))
    successions = list(either.select_related("former", "successor"))
    may_be_succeeded = is_member and all(row.former_id != found.pk for row in successions)
    context = {
        "agency": found,
        "successions": successions,
        "names": sorted(found.names.all(), key=lambda name: (name.start, name.end or "9999")),
        "memberships": memberships,
        "is_member": is_member,
        "seat": seat,
        "confirmation": _confirmation(standing, found, seat, refused=refused)
        if is_member and seats.sees_vacancy(standing, found)
        else None,
        "sees_vacancy": seats.sees_vacancy(standing, found),
        "terms": found.chair_terms.select_related("handover"),
        "group_members": found.group_memberships.select_related("group"),
        "led": found.led_groups.all(),
        "meetings": _meetings(found, standing),
        "sections": sections("agency", found, standing),
        "keeps": keeps,
        "may_name": standing.may_name(found, Capacity.STAFF),
        "actions": _actions(standing, found, memberships, may_be_succeeded=may_be_succeeded),
        "changes": _changes(found) if keeps else [],
        "trail": [*trail_to(), (found.code, "")],
    }
    status = 422 if refused else 200
    return render(request, "workgroups/agencies/agency.html", context, status=status)


def _confirmation(
    standing: Standing, found: Agency, seat: seats.Seat | None, *, refused: ConfirmForm | None
) -> dict[str, Any]:
    """Return what an agency said of its seat, when it is due again, and the button."""
    own = Agency.objects.visible_to(standing).filter(pk=found.pk)
    (row,) = confirmations.read(own, at=standing.at)
    in_force = seat.in_force if seat else ()
    form = ConfirmForm.showing(in_force) if standing.may_confirm(found) and in_force else None
    if refused:
        # With the holders of now: pressed again, it confirms what this page shows.
        refused.data = form.initial if form else {}
        form = refused
    return {
        "due": row,
        "is_due": row.is_due_at(standing.at),
        "days": confirmations.period().days,
        "given": confirmations.given(found),
        "form": form,
        "on_behalf": found not in standing.voices,
    }


def _meetings(found: Agency, standing: Standing) -> list[dict[str, Any]]:
    """Return the meetings hosted or recorded as attended, latest first, each once."""
    came = {row.meeting_id: row for row in found.attendance.all()}
    meetings = Meeting.objects.visible_to(standing).filter(Q(pk__in=list(came)) | Q(host=found))
    return [
        {
            "meeting": meeting,
            "attendance": came.get(meeting.pk),
            "hosts": meeting.host_id == found.pk,
        }
        for meeting in meetings
    ]


def _actions(
    standing: Standing, found: Agency, memberships: list[Membership], *, may_be_succeeded: bool
) -> list[tuple[str, str]]:
    invite = ("Invite somebody", f"{reverse('invitation_new')}?agency={found.pk}")
    if not standing.may(Ability.KEEP_ROSTER):
        if not standing.may_name(found, Capacity.STAFF):
            return []
        return [("Name an alternate or staff", reverse("mandate_grant", args=[found.key])), invite]
    actions = [
        ("Edit", reverse("agency_edit", args=[found.key])),
        ("Enter a new name", reverse("agency_rename", args=[found.key])),
        ("Grant a mandate", reverse("mandate_grant", args=[found.key])),
        invite,
    ]
    if may_be_succeeded:
        actions.append(("Enter a successor", reverse("agency_succession", args=[found.key])))
    if all(held.end for held in memberships):
        actions.append(("Start a membership", reverse("membership_start", args=[found.key])))
    return actions


def _changes(found: Agency) -> list[row_history.Change]:
    return row_history.of(
        found.history,
        AgencyName.history.filter(agency=found),
        Membership.history.filter(agency=found),
        Succession.history.filter(Q(former=found) | Q(successor=found)),
    )


@form_page
def agency_new(request: AuthedRequest) -> HttpResponse:
    permissions.require(request.user, Ability.KEEP_ROSTER)
    return answer(
        request,
        AgencyForm(typed(request)),
        act=partial(services.add_agency, by=request.user),
        done="The agency was added.",
        title="Add an agency",
        button="Add the agency",
        trail=trail_to(),
    )


@form_page
def agency_edit(request: AuthedRequest, key: str) -> HttpResponse:
    standing = permissions.require(request.user, Ability.KEEP_ROSTER)
    found = get_object_or_404(Agency.objects.visible_to(standing), key=key)
    return answer(
        request,
        AgencyEditForm(typed(request), row=found),
        act=partial(services.edit_agency, found, by=request.user),
        done="The agency was changed.",
        to=found,
        title=f"Edit {found.code}",
        button="Save the changes",
        trail=trail_to(found),
    )


@form_page
def agency_rename(request: AuthedRequest, key: str) -> HttpResponse:
    standing = permissions.require(request.user, Ability.KEEP_ROSTER)
    found = get_object_or_404(Agency.objects.visible_to(standing), key=key)
    return answer(
        request,
        RenameForm(typed(request), initial={"code": found.code}),
        act=partial(services.rename_agency, found, by=request.user),
        done="The new name was entered; the former one stays, dated.",
        to=found,
        title=f"Enter a new name of {found.code}",
        button="Enter the name",
        trail=trail_to(found),
        lede="Records of earlier days keep printing the name that was valid then.",
    )


@form_page
@binding
def membership_start(request: AuthedRequest, key: str) -> HttpResponse:
    standing = permissions.require(request.user, Ability.KEEP_ROSTER)
    found = get_object_or_404(Agency.objects.visible_to(standing), key=key)
    return answer(
        request,
        MembershipForm(typed(request)),
        act=partial(services.start_membership, found, by=request.user),
        done=f"{found.code} is a member.",
        to=found,
        title=f"Start a membership of {found.code}",
        button="Start the membership",
        trail=trail_to(found),
    )


@form_page
@binding
def membership_end(request: AuthedRequest, key: str, pk: int) -> HttpResponse:
    standing = permissions.require(request.user, Ability.KEEP_ROSTER)
    held = get_object_or_404(
        Membership.objects.visible_to(standing).select_related("agency"), pk=pk, agency__key=key
    )
    return answer(
        request,
        EndDateForm(typed(request), label="No longer a member from", today=clock.now().date()),
        act=partial(services.end_membership, held, by=request.user),
        done="The end of the membership was entered.",
        to=held.agency,
        title=f"End the membership of {held.agency.code}",
        button="End the membership",
        trail=trail_to(held.agency),
        lede="The agency's people lose their voice on that day.",
    )
