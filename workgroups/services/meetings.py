"""Meetings: setting one up, correcting, moving and cancelling it (rules 39-41 and 43)."""

from collections.abc import Callable, Sequence
from datetime import date, datetime, timedelta
from typing import Any

from django.db import IntegrityError, transaction
from django.utils.text import slugify

from isecg import clock, instants, stale
from isecg.events import log
from isecg.mail import outbox
from isecg.mail.notices import Notice
from isecg.partial_dates import PartialDate
from workgroups import agenda, notifications, permissions
from workgroups.invitees import Invited
from workgroups.models import Meeting, MeetingDay, User
from workgroups.models.meetings import MeetingKind, MeetingStatus, Phase
from workgroups.roles import Ability
from workgroups.services.errors import RefusedError
from workgroups.services.rows import amend, check, lock

# A calendar entry is another one when one of these changes (rule 41).
_TIME_AND_PLACE = frozenset({"start", "end", "days", "duration_minutes", "place", "mode"})
_PREFIXES = {
    MeetingKind.PLENARY: "isecg",
    MeetingKind.TELECONFERENCE: "tc",
    MeetingKind.GROUP_TELECONFERENCE: "wg-tc",
    MeetingKind.WORKSHOP: "ws",
    MeetingKind.VIRTUAL_WORKSHOP: "vw",
    MeetingKind.COMMUNITY_WORKSHOP: "cw",
    MeetingKind.OTHER: "meeting",
}


def refusal_of_time(
    *, starts_at: datetime | None, start: str, end: str = "", held: bool = False
) -> str | None:
    """Return why a new meeting cannot be at that time, or ``None``.

    A meeting that is to be held lies ahead. One that took place is put on record as
    such, so that a mistyped year does not become a meeting nobody was invited to.
    """
    now = clock.now()
    if starts_at is None and not start:
        return None
    if starts_at is not None:
        begun = past = starts_at <= now
    else:
        begun = PartialDate.parse(start).earliest <= now.date()
        past = PartialDate.parse(end or start).latest < now.date()
    if held and not begun:
        return "That is still to come: a meeting that took place lies in the past."
    if past and not held:
        return "That is in the past. Choose a later time, or say that the meeting took place."
    return None


@transaction.atomic(durable=True)
def add_meeting(
    title: str,
    *,
    kind: str,
    reason: str,
    by: User,
    starts_at: datetime | None = None,
    start: str = "",
    end: str = "",
    days: Sequence[date] = (),
    held: bool = False,
    **fields: Any,
) -> Meeting:
    """Set up a meeting, or with ``held`` put one on record that took place.

    ``starts_at`` is the instant, set in ``time_zone``; ``start`` stands for it where only
    a day, month or year is known. ``days`` lists the days of one whose days are not
    adjacent.

    :raises PermissionDenied: if ``by`` may not keep the meetings.
    :raises RefusedError: if the time is on the wrong side of now, or the meeting is there.
    :raises ValidationError: if a field or constraint does not hold.
    """
    permissions.require(by, Ability.KEEP_MEETINGS)
    if problem := refusal_of_time(starts_at=starts_at, start=start, end=end, held=held):
        raise RefusedError(problem)
    meeting = Meeting(title=title, kind=kind, starts_at=starts_at, start=start, end=end, **fields)
    if starts_at is not None:
        meeting.start = _local_day(meeting)
        meeting.time_set_at = clock.now()
    _span(meeting, days)
    same = Meeting.objects.filter(kind=kind, title=title, start=meeting.start, starts_at=starts_at)
    # A form that is sent twice must not make two meetings.
    if same.exists():
        raise RefusedError("There is a meeting of this kind and title at this time already.")
    meeting.key = _free_key(meeting)
    try:
        check(meeting).save_as(by, reason)
    except IntegrityError as error:
        # Two forms at the same instant found the same address free.
        raise RefusedError(
            "Somebody added a meeting at this moment: look, and try again."
        ) from error
    _write_days(meeting, days)
    log.record("meeting.added", by=by, subject=meeting, reason=reason, after=_state(meeting, days))
    return meeting


@transaction.atomic(durable=True)
def edit_meeting(
    meeting: Meeting,
    *,
    revision: int,
    reason: str,
    by: User,
    days: Sequence[date] | None = None,
    **fields: Any,
) -> None:
    """Correct what is said of a meeting; its instant is changed by :func:`move_meeting`.

    Who was told of an upcoming meeting is told of a new place, length or mode.

    :raises PermissionDenied: if ``by`` may not keep the meetings.
    :raises RefusedError: if it would get another first day than that of its instant.
    :raises StaleError: if somebody changed it since ``revision``.
    """
    permissions.require(by, Ability.KEEP_MEETINGS)
    lock(meeting)
    stale.require_current(meeting, revision)
    former_place, former_days = _place(meeting), [row.day for row in meeting.days.all()]
    before, after = amend(meeting, fields)
    if days is not None and list(days) != former_days:
        before["days"], after["days"] = former_days, list(days)
        _span(meeting, days)
    if meeting.starts_at is not None and meeting.start != _local_day(meeting):
        raise RefusedError("The first day goes with the time of the start: move the meeting.")
    if not after:
        return
    if _TIME_AND_PLACE & after.keys():
        meeting.sequence += 1
    check(meeting).save_as(by, reason)
    if "days" in after:
        _write_days(meeting, days or ())
    log.record("meeting.edited", by=by, subject=meeting, reason=reason, before=before, after=after)
    if _TIME_AND_PLACE & after.keys() and meeting.phase(clock.now()) == Phase.SCHEDULED:
        _tell_change(meeting, former=lambda _: former_place, reason=reason)


@transaction.atomic(durable=True)
def move_meeting(
    meeting: Meeting, *, starts_at: datetime, time_zone: str, revision: int, reason: str, by: User
) -> None:
    """Give a meeting another start; its reminders move with it (rule 43).

    The time of a meeting that took place can be corrected, within the past.

    :raises PermissionDenied: if ``by`` may not keep the meetings.
    :raises RefusedError: if it is cancelled, has that time, or would cross the present.
    :raises StaleError: if somebody changed it since ``revision``.
    """
    permissions.require(by, Ability.KEEP_MEETINGS)
    lock(meeting)
    if (meeting.starts_at, meeting.time_zone) == (starts_at, time_zone):
        raise RefusedError("The meeting has this time already.")
    stale.require_current(meeting, revision)
    if problem := refusal_of_move(meeting, starts_at=starts_at):
        raise RefusedError(problem)
    former = meeting.starts_at
    former_day, former_days = meeting.first_day, [row.day for row in meeting.days.all()]
    before, after = amend(meeting, {"starts_at": starts_at, "time_zone": time_zone})
    meeting.start = _local_day(meeting)
    days = _shift_days(meeting, former_day, former_days)
    meeting.sequence += 1
    if "starts_at" in after:
        meeting.time_set_at = clock.now()
    check(meeting).save_as(by, reason)
    _write_days(meeting, days)
    log.record("meeting.moved", by=by, subject=meeting, reason=reason, before=before, after=after)
    if "starts_at" not in after or starts_at <= clock.now():
        return

    def words(to: Invited) -> str:
        if former is None:
            return "Its time was not set before."
        return f"It was to begin on {instants.words(former, to.person.time_zone)}."

    _tell_change(meeting, former=words, reason=reason)


def refusal_of_move(meeting: Meeting, *, starts_at: datetime) -> str | None:
    """Return why a meeting cannot be moved there, or ``None``."""
    now = clock.now()
    if meeting.status == MeetingStatus.CANCELLED:
        return "The meeting is cancelled: set up a new one."
    begun = meeting.phase(now) in {Phase.HELD, Phase.UNDER_WAY}
    if begun and starts_at > now:
        return "The meeting has begun: its time can be corrected, but not moved ahead."
    if not begun and starts_at <= now:
        return "That is in the past. Choose a later time."
    return None


@transaction.atomic(durable=True)
def cancel_meeting(meeting: Meeting, *, reason: str, by: User) -> None:
    """Call a meeting off: no reminder goes any more, and who was told is told (rule 43).

    :raises PermissionDenied: if ``by`` may not keep the meetings.
    :raises RefusedError: if it is cancelled or has begun.
    """
    permissions.require(by, Ability.KEEP_MEETINGS)
    lock(meeting)
    phase = meeting.phase(clock.now())
    if phase == Phase.CANCELLED:
        raise RefusedError("The meeting is cancelled already.")
    if phase in {Phase.HELD, Phase.UNDER_WAY}:
        raise RefusedError("The meeting has begun: it can no longer be cancelled.")
    meeting.status = MeetingStatus.CANCELLED
    meeting.sequence += 1
    meeting.save_as(by, reason)
    log.record(
        "meeting.cancelled",
        by=by,
        subject=meeting,
        reason=reason,
        before={"status": MeetingStatus.SCHEDULED.value},
        after={"status": MeetingStatus.CANCELLED.value},
    )
    people = notifications.told(meeting)
    outbox.drop(log.reference(meeting), note="The meeting was cancelled.")
    outbox.enqueue(
        notifications.cancelled(meeting, to=person, reason=reason, at=clock.now())
        for person in people
    )


def _tell_change(meeting: Meeting, *, former: Callable[[Invited], str], reason: str) -> None:
    """Tell who was told, and drop what has not gone: the planner writes it anew."""
    people = notifications.told(meeting)
    outbox.drop(log.reference(meeting), note="The meeting was changed.")
    items = list(meeting.agenda.select_related("speaker"))
    gathered = notifications.Agenda(items=items, links=agenda.links(items))
    notices: list[Notice] = [
        notifications.changed(
            meeting,
            to=person,
            before=former(person),
            reason=reason,
            agenda=gathered,
            at=clock.now(),
        )
        for person in people
    ]
    outbox.enqueue(notices)


def _local_day(meeting: Meeting) -> str:
    if meeting.starts_at is None:
        return meeting.start
    return instants.to_zone(meeting.starts_at, meeting.time_zone).date().isoformat()


def _place(meeting: Meeting) -> str:
    parts = [meeting.place or "place not set"]
    if meeting.mode:
        parts.append(meeting.get_mode_display().lower())
    if meeting.duration_minutes:
        parts.append(f"{meeting.duration_minutes} minutes")
    return f"Before, it read: {', '.join(parts)}."


def _span(meeting: Meeting, days: Sequence[date]) -> None:
    """Make the first and last of several days those of the meeting.

    :raises RefusedError: if they do not begin with its first day.
    """
    if not days:
        return
    if meeting.start and min(days).isoformat() != meeting.start:
        raise RefusedError("The first of several days is the day on which the meeting starts.")
    meeting.start, meeting.end = min(days).isoformat(), max(days).isoformat()


def _shift_days(meeting: Meeting, former: date | None, days: Sequence[date]) -> list[date]:
    """Move the last day and the further days along with the first one."""
    first = meeting.first_day
    by = first - former if first and former else timedelta()
    if meeting.end:
        end = PartialDate.parse(meeting.end)
        # A last day known only in part says nothing about the new time.
        exact = end.precision == "day" and former is not None
        meeting.end = (end.earliest + by).isoformat() if exact else ""
    return [day + by for day in days]


def _write_days(meeting: Meeting, days: Sequence[date]) -> None:
    meeting.days.all().delete()
    MeetingDay.objects.bulk_create(MeetingDay(meeting=meeting, day=day) for day in sorted(days))


def _free_key(meeting: Meeting) -> str:
    """Return an address that no other meeting has: its kind, then its day or its number."""
    prefix = _PREFIXES.get(MeetingKind(meeting.kind), meeting.kind)
    known = meeting.number if meeting.kind == MeetingKind.PLENARY else None
    base = slugify(f"{prefix}-{known or meeting.start or meeting.title}")[:50]
    taken = set(Meeting.objects.filter(key__startswith=base).values_list("key", flat=True))
    numbers = range(2, len(taken) + 3)
    return next(key for key in (base, *(f"{base}-{n}" for n in numbers)) if key not in taken)


def _state(meeting: Meeting, days: Sequence[date]) -> dict[str, Any]:
    names = ("kind", "title", "number", "start", "end", "starts_at", "time_zone", "place", "mode")
    return {name: getattr(meeting, name) for name in names} | {"days": sorted(days)}
