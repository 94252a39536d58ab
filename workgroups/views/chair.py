"""The chair's page, and the handover (rule 7)."""

from functools import partial
from typing import Any

from django.http import Http404, HttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.views.decorators.http import require_safe

from isecg import clock, instants, row_history
from isecg.partial_dates import PartialDate
from workgroups import permissions
from workgroups.forms.base import EndingForm
from workgroups.forms.chair import HandOverForm
from workgroups.models import ChairTerm, Meeting
from workgroups.permissions import Standing
from workgroups.roles import Ability
from workgroups.services import chair as services
from workgroups.sign_in.recency import binding
from workgroups.views.form_pages import AuthedRequest, Trail, answer, form_page, typed


def _trail() -> Trail:
    return [("Chair", reverse("chair"))]


@require_safe
def chair(request: AuthedRequest) -> HttpResponse:
    """Show who has the chair, who comes next, and all terms with their gaps."""
    standing = Standing.of(request.user)
    terms = list(
        ChairTerm.objects.visible_to(standing).select_related("agency", "person", "handover")
    )
    ahead = [term for term in terms if term.starts_at and term.starts_at > standing.at]
    keeps = standing.may(Ability.HAND_OVER_CHAIR)
    context = {
        "in_office": standing.chair,
        "scheduled": ahead[0] if ahead else None,
        "suggested": None if ahead else services.suggested_agency(standing.at),
        "rows": _rows(terms, standing),
        "actions": _actions(standing) if keeps else [],
        "changes": row_history.of(ChairTerm.history) if keeps else [],
        "trail": [("Chair", "")],
    }
    return render(request, "workgroups/chair/chair.html", context)


def _actions(standing: Standing) -> list[tuple[str, str]]:
    actions = [("Hand over the chair", reverse("chair_hand_over"))]
    if standing.chair and standing.chair.ends_at is None:
        actions.append(("End the term without a successor", reverse("chair_end")))
    return actions


def _rows(terms: list[ChairTerm], standing: Standing) -> list[dict[str, Any]]:
    """Return the terms newest first, each with its standing and the gap before it."""
    rows = []
    former = None
    for term in terms:
        rows.append({"term": term, "status": _status(term, standing), "gap": _gap(former, term)})
        former = term
    return rows[::-1]


def _status(term: ChairTerm, standing: Standing) -> tuple[str, str]:
    """Return the badge of a term: kind and label."""
    if term.starts_at is None:
        return "neutral", "From sources"
    if term.starts_at > standing.at:
        return "info", "Scheduled"
    if term.ends_at and term.ends_at <= standing.at:
        return "neutral", "Ended"
    return "ok", "In office"


def _gap(former: ChairTerm | None, term: ChairTerm) -> bool:
    """Whether the chair was vacant, for certain, between two terms that follow each other."""
    if former is None:
        return False
    if former.ends_at and term.starts_at:
        return former.ends_at < term.starts_at
    if not former.end or not term.start:
        return False
    return PartialDate.parse(former.end).latest < PartialDate.parse(term.start).earliest


@form_page
@binding
def chair_hand_over(request: AuthedRequest) -> HttpResponse:
    standing = permissions.require(request.user, Ability.HAND_OVER_CHAIR)
    now = clock.now()
    ahead = (
        ChairTerm.objects.visible_to(standing)
        .filter(starts_at__gt=now)
        .select_related("agency")
        .first()
    )
    lede = (
        "Powers move at that instant; open calls pass to the new chair; past acts stay as they are."
    )
    if ahead and ahead.starts_at:
        at = instants.words(ahead.starts_at, request.user.time_zone)
        lede += f" This replaces the handover to {ahead.agency} on {at}."
    form = HandOverForm(
        typed(request),
        initial={
            "agency": services.suggested_agency(now),
            "meeting": Meeting.objects.visible_to(standing)
            .upcoming_at(now)
            .filter(host__isnull=False)
            .first(),
            "zone": request.user.time_zone,
        },
    )
    return answer(
        request,
        form,
        act=partial(services.hand_over, by=request.user),
        done="The handover was entered.",
        to=reverse("chair"),
        title="Hand over the chair",
        button="Enter the handover",
        trail=_trail(),
        lede=lede,
    )


@form_page
@binding
def chair_end(request: AuthedRequest) -> HttpResponse:
    permissions.require(request.user, Ability.HAND_OVER_CHAIR)
    term = Standing.of(request.user).chair
    if term is None:
        raise Http404("The chair is vacant.")
    zone = request.user.time_zone
    return answer(
        request,
        EndingForm(typed(request), zone=zone),
        act=lambda ends_at, reason: services.end_term(
            term, at=ends_at, zone=zone, reason=reason, by=request.user
        ),
        done="The end of the term was entered.",
        to=reverse("chair"),
        title="End the term without a successor",
        button="End the term",
        trail=_trail(),
        lede="The chair is vacant from then on: the secretariat declares outcomes meanwhile.",
    )
