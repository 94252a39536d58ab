"""Letters about meetings: who is told, and in what words (rule 43)."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from django.conf import settings
from django.db.models import Q
from django.template.loader import render_to_string

from isecg import clock, instants
from isecg.events.log import reference
from isecg.mail.models import Letter, State
from isecg.mail.notices import Notice, key_of
from workgroups import calendar
from workgroups.agenda import Link
from workgroups.invitees import Invited
from workgroups.models import AgendaItem, Meeting, Succession, User
from workgroups.models.meetings import MeetingStatus

REMINDER = "meeting.reminder"
MOVED = "meeting.moved"
CANCELLED = "meeting.cancelled"
SUCCEEDED = "agency.succeeded"


@dataclass(frozen=True, kw_only=True)
class Agenda:
    """A meeting's agenda with what is to be read, gathered once for all its letters."""

    items: Sequence[AgendaItem]
    links: Mapping[int, Iterable[Link]]

    @property
    def points(self) -> list[dict[str, Any]]:
        """Each item with the full addresses of what is to be read for it."""
        site = settings.SITE_URL.rstrip("/")
        return [
            {
                "item": item,
                "reading": [
                    {**link, "address": f"{site}{link['href']}"} for link in self.links[item.pk]
                ],
            }
            for item in self.items
        ]


def start_of(meeting: Meeting) -> str:
    """Return what names a meeting's present time in the identity of its letters."""
    at = f"{meeting.starts_at:%Y-%m-%dT%H:%MZ}" if meeting.starts_at else meeting.start
    return f"{meeting.uid}@{at}"


def occurrence(meeting: Meeting, offset: timedelta) -> str:
    """Return the identity of one reminder: the meeting, its time and the offset (rule 44)."""
    return f"{start_of(meeting)}/PT{int(offset.total_seconds())}S"


def key(meeting: Meeting, offset: timedelta, to: Invited) -> str:
    """Return the key under which the outbox keeps one reminder to one person."""
    return key_of(REMINDER, occurrence(meeting, offset), to.person)


def reminder(
    meeting: Meeting, *, to: Invited, offset: timedelta, agenda: Agenda, at: datetime
) -> Notice:
    """Return the reminder that is due to one person."""
    return Notice(
        kind=REMINDER,
        occurrence=occurrence(meeting, offset),
        subject=_subject("Reminder", meeting, to),
        text=_text("emails/meeting_reminder.txt", meeting, to, agenda=agenda),
        due_at=at,
        **_address(meeting, to, method=calendar.REQUEST, agenda=agenda),
    )


def changed(
    meeting: Meeting, *, to: Invited, before: str, reason: str, agenda: Agenda, at: datetime
) -> Notice:
    """Return the letter to one who was told a time or a place that no longer holds.

    ``before`` says what held before, in one sentence for this reader.
    """
    return Notice(
        kind=MOVED,
        occurrence=f"{start_of(meeting)}/{meeting.sequence}",
        subject=_subject("Changed", meeting, to),
        text=_text(
            "emails/meeting_moved.txt", meeting, to, agenda=agenda, before=before, reason=reason
        ),
        due_at=at,
        **_address(meeting, to, method=calendar.REQUEST, agenda=agenda),
    )


def cancelled(meeting: Meeting, *, to: Invited, reason: str, at: datetime) -> Notice:
    """Return the letter to one who was told of a meeting that is cancelled."""
    return Notice(
        kind=CANCELLED,
        occurrence=f"{meeting.uid}#{meeting.sequence}",
        subject=_subject("Cancelled", meeting, to),
        text=_text("emails/meeting_cancelled.txt", meeting, to, reason=reason),
        due_at=at,
        **_address(meeting, to, method=calendar.CANCEL),
    )


def told(meeting: Meeting) -> list[Invited]:
    """Return the people who were told of a meeting, or may have been.

    A letter that a worker holds may be gone already, whatever its state says.
    """
    letters = (
        Letter.objects.filter(about=reference(meeting), recipient__is_active=True)
        .filter(Q(state=State.SENT) | ~Q(claimed_by=""))
        .exclude(kind=CANCELLED)
        .select_related("recipient")
        .order_by("pk")
    )
    why = "You get this because you were told of this meeting before."
    people = dict.fromkeys(letter.recipient for letter in letters)
    return [Invited(person=person, why=why) for person in people if person]


def still_due(letter: Letter) -> str | None:
    """Return why a reminder or a change is over, or ``None`` (rule 44)."""
    meeting = Meeting.objects.filter(pk=int(letter.about.partition(":")[2])).first()
    if meeting is None:
        return "The meeting is gone."
    if meeting.status == MeetingStatus.CANCELLED:
        return "The meeting was cancelled."
    if f"|{start_of(meeting)}/" not in letter.key:
        return "The meeting was moved."
    return "The meeting has begun." if meeting.has_begun(clock.now()) else None


def _subject(word: str, meeting: Meeting, to: Invited) -> str:
    # A title is typed in one line, yet a line break in it would stop every letter.
    title = " ".join(meeting.title.split())
    if meeting.starts_at is None:
        return f"{word}: {title}"
    return f"{word}: {title}, {instants.words(meeting.starts_at, to.person.time_zone)}"


def _address(
    meeting: Meeting, to: Invited, *, method: str, agenda: Agenda | None = None
) -> dict[str, Any]:
    about = reference(meeting)
    return {
        "recipient": to.person,
        "about": about,
        "thread": about,
        "why": to.why,
        "attachments": calendar.attach(
            meeting, method=method, recipient=to.person, agenda=agenda.items if agenda else ()
        ),
    }


def _text(
    template: str, meeting: Meeting, to: Invited, *, agenda: Agenda | None = None, **words: str
) -> str:
    return render_to_string(
        template,
        {
            "meeting": meeting,
            "times": times(meeting, to.person.time_zone),
            "own_zone": to.person.time_zone,
            "points": agenda.points if agenda else [],
            "page": calendar.page(meeting),
            **words,
        },
    )


def times(meeting: Meeting, zone: str) -> list[str]:
    """Return the start in a reader's zone, then in UTC and the meeting's where they differ."""
    if meeting.starts_at is None:
        return []
    first = instants.to_zone(meeting.starts_at, zone)
    lines = [f"{first:%A} {instants.words(meeting.starts_at, zone)}, your time ({zone})"]
    if zone != "UTC":
        lines.append(instants.words(meeting.starts_at))
    if meeting.time_zone not in {zone, "UTC"}:
        there = instants.words(meeting.starts_at, meeting.time_zone)
        lines.append(f"{there}, the meeting's zone ({meeting.time_zone})")
    return lines


def succeeded(
    succession: Succession, *, told: Iterable[User], by: User, reason: str
) -> list[Notice]:
    """Return the letters to the people of both agencies that one took over the other's seat."""
    words = {"succession": succession, "by": by, "reason": reason, "site": settings.SITE_URL}
    return [
        Notice(
            kind=SUCCEEDED,
            occurrence=reference(succession),
            recipient=person,
            about=reference(succession.former),
            subject=f"{succession.successor} takes the place of {succession.former}",
            text=render_to_string("emails/agency_succeeded.txt", words),
            why="You hold, or held, a mandate of one of the two agencies.",
            thread=reference(succession.former),
            due_at=succession.entered_at,
        )
        for person in told
    ]
