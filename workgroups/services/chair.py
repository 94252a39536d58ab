"""The chair: who takes it over, from which instant (rule 7)."""

from collections.abc import Mapping
from datetime import datetime

from django.db import transaction
from django.db.models import Max

from isecg import clock, instants
from isecg.events import log
from workgroups import permissions
from workgroups.models import Agency, ChairTerm, Meeting, User
from workgroups.models.meetings import MeetingStatus
from workgroups.roles import Ability
from workgroups.services.errors import RefusedError
from workgroups.services.rows import check, lock


def suggested_agency(at: datetime) -> Agency | None:
    """Return the suggested next chair: the host of the next meeting that has one (rule 7)."""
    hosted = Meeting.objects.upcoming_at(at).filter(host__isnull=False)
    meeting = hosted.select_related("host").first()
    return meeting.host if meeting else None


@transaction.atomic(durable=True)
def hand_over(
    agency: Agency,
    *,
    person: User | None,
    at: datetime,
    zone: str,
    meeting: Meeting,
    planned_end: str = "",
    reason: str,
    by: User,
) -> ChairTerm:
    """Give the chair to ``agency`` from the instant ``at``, and end the former term there.

    Powers move at that instant, past or to come. One handover at most lies ahead:
    entering another one replaces it. ``zone`` is where the instant was set, for the days
    that the terms print.

    :raises PermissionDenied: if ``by`` may not hand over the chair.
    :raises RefusedError: if the agency is no member then, the person holds no mandate
        of it then, the meeting is cancelled, or a term started then or later.
    """
    permissions.require(by, Ability.HAND_OVER_CHAIR)
    dated = _lock_dated_terms()
    _require_able(agency, person=person, at=at, meeting=meeting)
    ahead = dated.pop() if dated and _lies_ahead(dated[-1]) else None
    former = dated[-1] if dated else None
    if former and former.starts_at and former.starts_at >= at:
        raise RefusedError(
            f"{former.agency} has the chair from {instants.words(former.starts_at, zone)}: "
            "the handover comes later than that."
        )
    day = instants.to_zone(at, zone).date().isoformat()
    if ahead is None:
        last = ChairTerm.objects.aggregate(last=Max("position"))["last"] or 0
        term = ChairTerm(position=last + 1)
    else:
        term = ahead
    before = {"agency": term.agency, "starts_at": term.starts_at} if ahead else {}
    if _same(term, agency=agency, person=person, at=at):
        raise RefusedError(f"This handover to {agency} is entered already.")
    term.agency, term.person, term.handover = agency, person, meeting
    term.person_name = person.name if person else ""
    term.starts_at, term.start, term.planned_end = at, day, planned_end
    if former and (former.ends_at is None or former.ends_at > at or _ended_by(former, before)):
        former.ends_at, former.end = at, day
        check(former).save_as(by, reason)
    check(term).save_as(by, reason)
    log.record(
        "chair.handed_over" if at <= clock.now() else "chair.handover_scheduled",
        by=by,
        subject=term,
        reason=reason,
        before=before | ({"chair": former.agency} if former else {}),
        after={"agency": agency, "person": person, "starts_at": at, "meeting": meeting},
        also=[agency, meeting],
    )
    return term


def _require_able(agency: Agency, *, person: User | None, at: datetime, meeting: Meeting) -> None:
    if not Agency.objects.members_on(at.date()).filter(pk=agency.pk).exists():
        raise RefusedError(f"{agency} is not a member at that instant.")
    if person and not agency.mandates.valid_at(at).general().filter(person=person).exists():
        raise RefusedError(f"{person} holds no mandate of {agency} that is valid at that instant.")
    if meeting.status == MeetingStatus.CANCELLED:
        raise RefusedError(f"{meeting} was cancelled: name another meeting.")


def _lock_dated_terms() -> list[ChairTerm]:
    """Return the terms whose instants are known, in order, and keep others off them."""
    list(ChairTerm.objects.select_for_update(no_key=True).order_by("pk"))
    # Read anew: what another transaction inserted while we waited is in no locked row.
    terms = ChairTerm.objects.filter(starts_at__isnull=False).order_by("starts_at")
    return list(terms.select_related("agency"))


def _lies_ahead(term: ChairTerm) -> bool:
    return term.starts_at is not None and term.starts_at > clock.now()


def _same(term: ChairTerm, *, agency: Agency, person: User | None, at: datetime) -> bool:
    return (term.agency_id, term.person_id, term.starts_at) == (
        agency.pk,
        person.pk if person else None,
        at,
    )


def _ended_by(former: ChairTerm, replaced: Mapping[str, object]) -> bool:
    """Whether the handover that is being replaced is what ended ``former``."""
    return bool(replaced) and former.ends_at == replaced["starts_at"]


@transaction.atomic(durable=True)
def end_term(term: ChairTerm, *, at: datetime | None, zone: str, reason: str, by: User) -> None:
    """End a term without a successor, now or at an instant to come: the chair is vacant.

    :raises PermissionDenied: if ``by`` may not hand over the chair.
    :raises RefusedError: if the term is not in office, or the instant is past.
    """
    permissions.require(by, Ability.HAND_OVER_CHAIR)
    lock(term)
    now = clock.now()
    at = at or now
    if term.starts_at is None or term.starts_at > now or (term.ends_at and term.ends_at <= now):
        raise RefusedError("Only the term in office can be ended.")
    if at < now:
        raise RefusedError("A term ends now or later: what was done in it stays valid.")
    if term.ends_at:
        raise RefusedError(
            f"This term ends on {instants.words(term.ends_at, zone)}, by a handover or a plan."
        )
    term.ends_at, term.end = at, instants.to_zone(at, zone).date().isoformat()
    check(term).save_as(by, reason)
    log.record("chair.ended", by=by, subject=term, reason=reason, after={"ends_at": at})
