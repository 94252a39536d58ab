"""Whom the notices of a call went to, seat by seat: the delivery matrix (rules 23 and 44)."""

from collections import defaultdict
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.db.models import Q

from isecg.events.log import reference
from isecg.mail.models import Letter
from isecg.mail.models import State as LetterState
from products import call_sheet
from products.call_notices import DELIVERED, OPENED, SERVED_AGAIN, SUCCEEDED, VACANT
from products.call_reading import CallReading
from products.models import Elector
from workgroups.models import Mandate, User
from workgroups.roles import SPEAKING

_EXTENDED = "call.extended"
# The kinds of letters that stand in the matrix, in words; the last one serves nobody.
_KINDS = {
    OPENED: "Opening",
    SERVED_AGAIN: "Once more",
    SUCCEEDED: "Taking a place",
    _EXTENDED: "New deadline",
}


@dataclass(frozen=True, kw_only=True)
class Copy:
    """The letter to one person: what it was, and what came of it, with its error."""

    person: User
    speaks: bool
    words: str
    state: LetterState
    note: str
    sent_at: datetime | None


@dataclass(frozen=True, kw_only=True)
class Seat:
    """One row of the matrix: what came of the notice to a seat, by which letters."""

    elector: Elector
    notice: str
    is_reached: bool
    is_vacant: bool
    is_silent: bool
    copies: tuple[Copy, ...]

    @property
    def is_open(self) -> bool:
        """Whether its silence would not count."""
        return not self.is_reached and not self.elector.waiver

    @property
    def is_servable(self) -> bool:
        """Whether somebody is there to be served once more."""
        return self.is_open and not self.is_vacant


def read(reading: CallReading) -> list[Seat]:
    """Return the seats of a call that are still in it, in two queries however many."""
    electors: list[Any] = [row for row in reading.electors if not row.left_at]
    held = _held(reading)
    letters = _letters(reading)
    return [
        Seat(
            elector=row,
            notice=call_sheet.notice_words(row, reading),
            is_reached=row.notice == DELIVERED,
            is_vacant=row.notice == VACANT,
            is_silent=row.code in reading.tally.silent,
            copies=tuple(_copies(held.get(row.agency_id, ()), letters)),
        )
        for row in electors
    ]


def _copies(mandates: Any, letters: list[Letter]) -> list[Copy]:
    """Return the letters that went to people of one agency while they were its people."""
    found = []
    for letter in letters:
        own = [row for row in mandates if _covers(row, letter)]
        if own and letter.recipient:
            state = LetterState(letter.state)
            found.append(
                Copy(
                    person=letter.recipient,
                    speaks=any(row.capacity in SPEAKING for row in own),
                    words=_KINDS[letter.kind],
                    state=state,
                    note=letter.note if state == LetterState.DROPPED else letter.last_error,
                    sent_at=letter.sent_at,
                )
            )
    return found


def _covers(mandate: Mandate, letter: Letter) -> bool:
    return (
        mandate.person_id == letter.recipient_id
        and mandate.starts_at <= letter.created_at
        and (mandate.ends_at is None or letter.created_at < mandate.ends_at)
    )


def _held(reading: CallReading) -> dict[int, list[Mandate]]:
    """Read who has held the seats, now or before, by agency."""
    agencies = [row.agency_id for row in reading.electors]
    rows = Mandate.objects.filter(agency__in=agencies).covering(reading.call.product.code)
    found: dict[int, list[Mandate]] = defaultdict(list)
    for row in rows.order_by("pk"):
        found[row.agency_id].append(row)
    return found


def _letters(reading: CallReading) -> list[Letter]:
    call = reference(reading.call)
    of_call = Q()
    for kind, mark in ((OPENED, "|"), (SERVED_AGAIN, "@"), (SUCCEEDED, ":"), (_EXTENDED, "@")):
        of_call |= Q(kind=kind, key__startswith=f"{kind}|{call}{mark}")
    rows = Letter.objects.filter(of_call, about=reference(reading.call.product))
    return list(
        rows.select_related("recipient")
        .defer("text", "html", "attachments")
        .order_by("created_at", "recipient__name", "pk")
    )
