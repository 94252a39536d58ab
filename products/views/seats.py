"""The seats on a confirmation sheet: who is told, and whether it arrives (rule 19)."""

from collections import defaultdict
from collections.abc import Collection, Iterable
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.db.models import OuterRef, Subquery

from isecg.mail.models import Letter
from isecg.mail.models import State as LetterState
from products.warnings import SeatFacts
from workgroups.models import Agency, Mandate, User
from workgroups.roles import SPEAKING


@dataclass(frozen=True, kw_only=True)
class Seat:
    """One agency on a sheet: who gets the letter, and whether it arrives."""

    agency: Agency
    people: tuple[User, ...]
    facts: SeatFacts


def read_seats(agencies: Collection[Agency], *, on: str, at: datetime) -> list[Seat]:
    """Read who holds each seat at ``at``, and how their last letters fared, in one query.

    ``on`` is the code of the product that they are told of.
    """
    last = Letter.objects.filter(recipient=OuterRef("person")).exclude(state=LetterState.QUEUED)
    mandates = (
        Mandate.objects.valid_at(at)
        .covering(on)
        .filter(agency__in=agencies)
        .select_related("person")
        .annotate(last_letter=Subquery(last.order_by("-due_at", "-pk").values("state")[:1]))
        .order_by("person__name")
    )
    held: dict[int, list[Any]] = defaultdict(list)
    for mandate in mandates:
        held[mandate.agency_id].append(mandate)
    return [
        Seat(
            agency=agency,
            people=tuple({row.person_id: row.person for row in held[agency.pk]}.values()),
            facts=SeatFacts(
                agency=agency.code,
                zone=agency.time_zone,
                speakers=sum(row.capacity in SPEAKING for row in held[agency.pk]),
                reachable=any(row.last_letter != LetterState.FAILED for row in held[agency.pk]),
            ),
        )
        for agency in agencies
    ]


def letters(seats: Iterable[Seat]) -> int:
    """Return how many people get a letter: who holds two seats gets one."""
    return len({person.pk for seat in seats for person in seat.people})
