"""Meetings as calendar files (rule 41).

Times are written in UTC, without a VTIMEZONE. A meeting is one instant that is already
settled, and UTC says it exactly; every calendar shows it in its reader's zone. A zone
written out by a generator can be an hour wrong around a change of the clocks.
"""

from collections.abc import Iterable
from datetime import UTC, date, datetime, timedelta
from email.utils import parseaddr
from zoneinfo import ZoneInfo

from django.conf import settings
from icalendar import Calendar, Event, vCalAddress, vUri

from isecg import clock
from isecg.mail.notices import Attachment
from workgroups.models import AgendaItem, Meeting, User
from workgroups.models.meetings import MeetingStatus, Mode

PUBLISH, REQUEST, CANCEL = "PUBLISH", "REQUEST", "CANCEL"


def can_write(meeting: Meeting) -> bool:
    """Whether enough is known for a calendar: an instant, or the day."""
    return meeting.starts_at is not None or meeting.first_day is not None


def page(meeting: Meeting) -> str:
    """Return the full address of the meeting's page, for what is read elsewhere."""
    return f"{settings.SITE_URL.rstrip('/')}{meeting.get_absolute_url()}"


def days(meeting: Meeting) -> list[date]:
    """Return the days after the first one: those listed, else those up to the last.

    Reads ``meeting.days``: prefetch it for many.
    """
    first = meeting.first_day
    if first is None:
        return []
    listed = [row.day for row in meeting.days.all()]
    if not listed and meeting.end and meeting.last_day:
        length = (meeting.last_day - first).days
        listed = [first + timedelta(days=number) for number in range(length + 1)]
    return [day for day in listed if day > first]


def write(
    meeting: Meeting,
    *,
    method: str,
    agenda: Iterable[AgendaItem] = (),
    recipient: User | None = None,
) -> str:
    """Return the text of the calendar file: the same UID always, SEQUENCE as it stands.

    :raises ValueError: if neither its instant nor its day is known.
    """
    if not can_write(meeting):
        raise ValueError(f"No day of “{meeting}” is known.")
    calendar = Calendar()
    calendar.add("prodid", "-//ISECG tracker//Meetings//EN")
    calendar.add("version", "2.0")
    calendar.add("method", method)
    calendar.add_component(_event(meeting, agenda=agenda, recipient=recipient))
    text: str = calendar.to_ical().decode()
    return text


def attach(
    meeting: Meeting, *, method: str, recipient: User, agenda: Iterable[AgendaItem] = ()
) -> tuple[Attachment, ...]:
    """Return the calendar file as it goes with a letter, or nothing where no day is known."""
    if not can_write(meeting):
        return ()
    return (
        Attachment(
            name=f"{meeting.key}.ics",
            content=write(meeting, method=method, agenda=agenda, recipient=recipient),
            content_type=f"text/calendar; method={method}; charset=utf-8",
        ),
    )


def _event(meeting: Meeting, *, agenda: Iterable[AgendaItem], recipient: User | None) -> Event:
    event = Event()
    event.add("uid", meeting.uid)
    event.add("sequence", meeting.sequence)
    event.add("dtstamp", clock.now())
    event.add("summary", meeting.title)
    cancelled = meeting.status == MeetingStatus.CANCELLED
    event.add("status", "CANCELLED" if cancelled else "CONFIRMED")
    _add_times(event, meeting)
    if place := ", ".join(_place(meeting)):
        event.add("location", place)
    lines = [f"{number}. {item.title}" for number, item in enumerate(agenda, start=1)]
    event.add("description", "\n".join([*lines, page(meeting)]))
    event.add("url", vUri(page(meeting)))
    organizer = vCalAddress(f"mailto:{parseaddr(settings.DEFAULT_FROM_EMAIL)[1]}")
    organizer.params["CN"] = "ISECG tracker"
    event.add("organizer", organizer)
    if recipient is not None:
        attendee = vCalAddress(f"mailto:{recipient.email}")
        # Answers would go to an address that nobody reads.
        attendee.params["RSVP"] = "FALSE"
        event.add("attendee", attendee)
    return event


def _place(meeting: Meeting) -> list[str]:
    mode = [] if meeting.mode in {Mode.UNKNOWN, Mode.IN_PERSON} else [meeting.get_mode_display()]
    return [part for part in (meeting.place, *mode) if part]


def _add_times(event: Event, meeting: Meeting) -> None:
    later = days(meeting)
    first = meeting.first_day
    if meeting.starts_at is not None:
        event.add("dtstart", meeting.starts_at.astimezone(UTC))
        if meeting.ends_at is not None:
            event.add("dtend", meeting.ends_at.astimezone(UTC))
        if later:
            event.add("rdate", [_same_time(meeting, meeting.starts_at, day) for day in later])
    elif first is not None:
        adjacent = bool(later) and (later[-1] - first).days == len(later)
        last = later[-1] if adjacent else first
        event.add("dtstart", first)
        # The end of a whole-day entry is the first day after it.
        event.add("dtend", last + timedelta(days=1))
        if later and not adjacent:
            event.add("rdate", later, parameters={"VALUE": "DATE"})


def _same_time(meeting: Meeting, starts_at: datetime, day: date) -> datetime:
    """Return the wall-clock time of the first day on another one (rule 40)."""
    zone = ZoneInfo(meeting.time_zone)
    local = starts_at.astimezone(zone)
    return datetime.combine(day, local.time(), tzinfo=zone).astimezone(UTC)
