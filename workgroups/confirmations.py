"""When an agency's yearly confirmation of its seat is due, and who is reminded (rules 4, 43)."""

from collections import defaultdict
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from django.conf import settings
from django.db.models import Exists, Max, Min, OuterRef, QuerySet, Subquery

from isecg import clock
from isecg.events.log import reference
from isecg.mail import registry
from isecg.mail.models import Letter
from isecg.mail.notices import Notice
from workgroups import seat_notices
from workgroups.models import Agency, Mandate, SeatConfirmation, User
from workgroups.permissions import Standing
from workgroups.roles import Capacity


@dataclass(frozen=True, kw_only=True)
class Due:
    """When an agency's seat was last confirmed, and when it is to be confirmed again.

    ``is_vacant`` says that nobody who holds it speaks for everything (rule 5).
    """

    agency: Agency
    is_vacant: bool
    confirmed_at: datetime | None
    due_at: datetime | None

    def is_due_at(self, at: datetime) -> bool:
        """Whether it waits for a confirmation; an empty seat has nothing to confirm."""
        return self.due_at is not None and self.due_at <= at

    def urgency(self, at: datetime) -> tuple[bool, datetime]:
        """A key by which what is due stands first, the longest first."""
        waits = self.due_at is not None and self.due_at <= at
        return not waits, (self.due_at if waits else None) or at


def register() -> None:
    """Have the clockwork ask for reminders, and ask again before each letter goes."""
    registry.register_planner("seat confirmations", plan)
    registry.register(seat_notices.CONFIRM, still_due=still_due)


def period() -> timedelta:
    """How long a confirmation holds."""
    return timedelta(days=settings.ISECG_SEAT_CONFIRM_DAYS)


def read(agencies: QuerySet[Agency], *, at: datetime) -> list[Due]:
    """Return when each agency's seat is to be confirmed, in one query.

    That is so long after the last confirmation; where there was none, after the oldest
    mandate in force began.
    """
    confirmed = SeatConfirmation.objects.filter(agency=OuterRef("pk")).order_by()
    held = Mandate.objects.valid_at(at).of_outer_agency().order_by()
    rows: Any = agencies.annotate(
        is_vacant=~Exists(Mandate.objects.valid_at(at).speaking().general().of_outer_agency()),
        confirmed_at=Subquery(confirmed.values("agency").annotate(last=Max("at")).values("last")),
        held_since=Subquery(held.values("agency").annotate(first=Min("starts_at")).values("first")),
    )
    return [
        Due(
            agency=row,
            is_vacant=row.is_vacant,
            confirmed_at=row.confirmed_at,
            due_at=(row.confirmed_at or row.held_since) + period() if row.held_since else None,
        )
        for row in rows
    ]


@dataclass(frozen=True, kw_only=True)
class Given:
    """One confirmation as it is shown: with the names that its holders bear today."""

    row: SeatConfirmation
    holders: tuple[str, ...]


def given(agency: Agency) -> list[Given]:
    """Return what an agency has confirmed, the last one first, in two queries at most."""
    rows = list(agency.seat_confirmations.select_related("by"))
    people = User.objects.in_bulk({entry["person"] for row in rows for entry in row.holders})
    return [
        Given(row=row, holders=tuple(_words(entry, people) for entry in row.holders))
        for row in rows
    ]


def _words(entry: dict[str, Any], people: dict[int, User]) -> str:
    only = ", for one product alone" if entry["limited_to"] else ""
    return f"{people[entry['person']]}, {Capacity(entry['capacity']).label.lower()}{only}"


def shown_to(standing: Standing) -> list[Due]:
    """Return the seats that this reader is told about, in one query or none.

    The secretariat is told of those of all members, everybody else of their own agencies.
    """
    members = Agency.objects.members_on(standing.at.date())
    if not standing.is_secretariat:
        if not standing.mandates:
            return []
        members = members.filter(pk__in=[agency.pk for agency in standing.own_agencies])
    return read(members, at=standing.at)


def due_from(agencies: Iterable[Agency], *, at: datetime) -> list[Due]:
    """Return those of the agencies whose confirmation is due, in one query or none."""
    keys = [agency.pk for agency in agencies]
    if not keys:
        return []
    rows = read(Agency.objects.members_on(at.date()).filter(pk__in=keys), at=at)
    return [row for row in rows if row.is_due_at(at)]


def asked(agencies: Iterable[Agency], *, at: datetime) -> dict[int, list[User]]:
    """Return who is asked to confirm, by the key of the agency, in one query.

    The heads of delegation are; where there is none, the alternates.
    """
    rows = Mandate.objects.valid_at(at).speaking().general().filter(agency__in=list(agencies))
    speaking: dict[int, list[Mandate]] = defaultdict(list)
    for mandate in rows.select_related("person").order_by("pk"):
        speaking[mandate.agency_id].append(mandate)
    people = {}
    for key, mandates in speaking.items():
        heads = [mandate for mandate in mandates if mandate.capacity == Capacity.HEAD]
        people[key] = [mandate.person for mandate in heads or mandates]
    return people


def plan(now: datetime) -> Iterator[Notice]:
    """Yield one reminder for each seat whose confirmation became due and has no letter yet."""
    rows = [
        row for row in read(Agency.objects.members_on(now.date()), at=now) if row.is_due_at(now)
    ]
    if not rows:
        return
    told = seat_notices.told(seat_notices.CONFIRM, [row.agency for row in rows])
    owed = [row for row in rows if _occurrence(row) not in told]
    if not owed:
        return
    people = asked([row.agency for row in owed], at=now)
    for row in owed:
        for person in people.get(row.agency.pk, ()):
            assert row.due_at is not None
            yield seat_notices.confirm(
                row.agency,
                to=person,
                occurrence=_occurrence(row),
                confirmed_at=row.confirmed_at,
                at=row.due_at,
            )


def _occurrence(row: Due) -> str:
    assert row.due_at is not None
    return f"{reference(row.agency)}@{row.due_at:%Y-%m-%dT%H:%MZ}"


def still_due(letter: Letter) -> str | None:
    """Return why a reminder is over, or ``None`` (rule 44)."""
    now = clock.now()
    agency = seat_notices.agency_of(letter)
    if agency is None or not due_from([agency], at=now):
        return "The seat was confirmed, or nobody holds it."
    if letter.recipient not in asked([agency], at=now).get(agency.pk, []):
        return f"Another person is asked to confirm the seat of {agency}."
    return None
