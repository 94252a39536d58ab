"""Which reminders of meetings are due now (rule 43): asked at every tick."""

from collections.abc import Iterator
from datetime import datetime, timedelta

from django.conf import settings

from isecg.events.log import reference
from isecg.mail import registry
from isecg.mail.models import Letter
from isecg.mail.notices import Notice
from workgroups import agenda, invitees, notifications
from workgroups.invitees import Invited
from workgroups.models import Meeting


def register() -> None:
    """Have the clockwork ask for reminders, and ask again before each letter goes."""
    registry.register_planner("meetings", plan)
    registry.register(notifications.REMINDER, still_due=notifications.still_due)
    registry.register(notifications.MOVED, still_due=notifications.still_due)


def offsets_due(meeting: Meeting, *, at: datetime) -> list[tuple[datetime, timedelta]]:
    """Return the moments that have struck for a meeting that has not begun, first ones first.

    A moment from before the meeting's time was set is not owed: a meeting set up three
    days ahead gets no reminder seven days ahead.
    """
    if meeting.starts_at is None or meeting.starts_at <= at:
        return []
    moments = [(meeting.starts_at - offset, offset) for offset in settings.ISECG_REMINDER_OFFSETS]
    since = meeting.time_set_at
    return sorted(
        (moment, offset)
        for moment, offset in moments
        if moment <= at and (since is None or moment >= since)
    )


def plan(now: datetime) -> Iterator[Notice]:
    """Yield a notice for each reminder that is due and has no letter yet.

    The number of queries depends neither on the meetings nor on the people, and is
    small when there is nothing new. A reminder missed for as long as the meeting had
    not begun is still due; once it has begun, none is.
    """
    horizon = now + max(settings.ISECG_REMINDER_OFFSETS, default=timedelta())
    meetings = Meeting.objects.upcoming_at(now).filter(starts_at__lte=horizon)
    due = {meeting: moments for meeting in meetings if (moments := offsets_due(meeting, at=now))}
    if not due:
        return
    owed = _owed(due, now=now)
    if not owed:
        return
    full = {
        meeting.pk: meeting
        for meeting in Meeting.objects.filter(pk__in={meeting.pk for meeting, *_ in owed})
        .select_related("host")
        .prefetch_related("agenda__speaker", "days")
    }
    links = agenda.links(item for meeting in full.values() for item in meeting.agenda.all())
    for meeting, moment, offset, person in owed:
        row = full[meeting.pk]
        yield notifications.reminder(
            row,
            to=person,
            offset=offset,
            agenda=notifications.Agenda(items=list(row.agenda.all()), links=links),
            at=moment,
        )


def _owed(
    due: dict[Meeting, list[tuple[datetime, timedelta]]], *, now: datetime
) -> list[tuple[Meeting, datetime, timedelta, Invited]]:
    """Return what is due less what is in the outbox already, in whatever state."""
    known = set(
        Letter.objects.filter(
            kind=notifications.REMINDER, about__in=[reference(meeting) for meeting in due]
        ).values_list("key", flat=True)
    )
    invited = invitees.invited(due, at=now)
    return [
        (meeting, moment, offset, person)
        for meeting, moments in due.items()
        for moment, offset in moments
        for person in invited[meeting.pk]
        if notifications.key(meeting, offset, person) not in known
    ]
