"""A call as its pages show it: positions, thresholds, and its record, newest first."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from fractions import Fraction

from isecg.events.models import Event
from products import consensus
from products.call_reading import CallReading, Inheritance
from products.consensus import SUPPORT, Tally
from products.models import Elector, PositionEntry

_WORDS = {
    "call.opened": "opened the call",
    "call.extended": "moved the deadline",
    "call.carried": "carried the positions to an editorial version",
    "call.contested": "contested the editorial version",
    "call.succeeded": "entered a successor",
    "call.left": "entered a departure",
    "call.declared": "declared the outcome",
    "call.returned": "returned the product to drafting",
    "call.recalled": "recalled the call: it was opened in error",
    "call.overtaken": "overtook the call with a new version",
}


@dataclass(frozen=True, kw_only=True)
class Row:
    """One agency of the electorate: what counts, and what came too late to count.

    ``in_place_of`` names whose place it took; ``place`` is what it found there, until it
    says something itself.
    """

    elector: Elector
    kind: str
    label: str
    entry: PositionEntry | None
    late: PositionEntry | None
    in_place_of: str
    place: Inheritance | None


@dataclass(frozen=True, kw_only=True)
class Mark:
    """One thing that happened in a call: a position, or an act on the call itself.

    An entry that ``counts`` stands among the positions, with its statement.
    """

    at: datetime
    entry: PositionEntry | None = None
    counts: bool = False
    late: bool = False
    by: str = ""
    words: str = ""
    reason: str = ""
    deadline: datetime | None = None


@dataclass(frozen=True, kw_only=True)
class Threshold:
    """A share that a call needs, as it was frozen: "at least 50 % of 11 (6)"."""

    percent: str
    of: int
    needed: int
    reached: int

    @property
    def met(self) -> bool:
        return self.reached >= self.needed


def rows(reading: CallReading) -> list[Row]:
    """Return the electorate in order; no response is never shown as agreement (rule 20)."""
    late = {entry.agency_id: entry for entry in reading.entries if entry.given_at > reading.end}
    codes = {elector.pk: elector.code for elector in reading.electors}
    return [
        Row(
            elector=elector,
            kind=_kind(elector, reading.tally),
            label=_label(elector, reading.tally),
            entry=reading.counting.get(elector.code),
            late=late.get(elector.agency_id),
            in_place_of=codes[elector.succeeds_id] if elector.succeeds_id else "",
            place=reading.inherited.get(elector.code),
        )
        for elector in reading.electors
    ]


def _kind(elector: Elector, count: Tally) -> str:
    if elector.left_at:
        return "neutral"
    stand = count.stands.get(elector.code)
    return stand.value if stand else "none"


def _label(elector: Elector, count: Tally) -> str:
    if elector.left_at:
        return left_words(elector)
    stand = count.stands.get(elector.code)
    return stand.label if stand else "No response"


def left_words(elector: Elector) -> str:
    """Return why an elector's position does not count any more."""
    return f"Succeeded by {elector.successor}" if elector.successor else "Left the product"


def quorum(reading: CallReading) -> Threshold:
    """Return how many must answer, and how many did (rule 24)."""
    return _threshold(Fraction(reading.call.quorum), reading.tally, reached=reading.tally.responded)


def support(reading: CallReading) -> Threshold:
    """Return how many must concur, in any of the three ways, and how many do (rule 24)."""
    return _threshold(
        Fraction(reading.call.minimum_support),
        reading.tally,
        reached=len(reading.tally.of(*SUPPORT)),
    )


def _threshold(share: Fraction, count: Tally, *, reached: int) -> Threshold:
    of = len(count.electorate)
    return Threshold(
        percent=percent(share), of=of, needed=consensus.needed(share, of), reached=reached
    )


def percent(share: Fraction) -> str:
    """Return a share in per cent, with no more digits than it has: ``"50"``, ``"66.67"``."""
    return f"{float(share * 100):.2f}".rstrip("0").rstrip(".")


def record(reading: CallReading, events: Iterable[Event]) -> list[Mark]:
    """Return every position and every act on the call, newest first (rules 22 and 49)."""
    counting = set(reading.counting.values())
    marks = [
        Mark(
            at=entry.given_at,
            entry=entry,
            counts=entry in counting,
            late=entry.given_at > reading.end,
        )
        for entry in reading.entries
    ]
    marks += [_mark(event) for event in events if event.event in _WORDS]
    return sorted(marks, key=lambda mark: mark.at, reverse=True)


def _mark(event: Event) -> Mark:
    moved = event.payload["after"].get("deadline")
    return Mark(
        at=event.at,
        by=event.by,
        words=_WORDS[event.event],
        reason=event.payload["reason"],
        deadline=datetime.fromisoformat(moved) if moved else None,
    )


def share_in_words(share: str, of: int) -> str:
    """Return a frozen share as a record prints it: ``"at least 50 % of 11 (6)"``."""
    exact = Fraction(share)
    return f"at least {percent(exact)} % of {of} ({consensus.needed(exact, of)})"
