"""A call as its pages show it: positions, thresholds, and its record, newest first."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from fractions import Fraction
from typing import Any

from isecg.events.models import Event
from products import consensus
from products.call_notices import DELIVERED, FAILED, VACANT
from products.call_reading import CallReading, Inheritance
from products.consensus import SUPPORT, Mode, Stand, Tally
from products.models import Call, Elector, PositionEntry
from products.models.calls import CallState

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
    "call.more_time": "asked for more time",
    "call.propose_amendment": "proposed an amendment",
    "call.concern": "filed a concern",
    "call.answered": "answered what was said",
    "call.silence_broken": "broke the silence",
    "call.served_again": "sent the notice once more",
    "call.notice_waived": "waived the notice",
}
# Done for an agency, or as to one: it is named with them.
_NAMING = {
    "call.more_time": "for",
    "call.propose_amendment": "for",
    "call.concern": "for",
    "call.silence_broken": "for",
    "call.answered": "by",
    "call.served_again": "to",
    "call.notice_waived": "to",
}
NOTICES = {
    DELIVERED: "Notice delivered",
    FAILED: "Notice not delivered",
    VACANT: "Seat vacant",
}


@dataclass(frozen=True, kw_only=True)
class Row:
    """One agency of the electorate: what counts, and what came too late to count.

    ``in_place_of`` names whose place it took; ``place`` is what it found there, until it
    says something itself. ``notice`` says in a silence procedure what came of its notice.
    """

    elector: Elector
    kind: str
    label: str
    entry: PositionEntry | None
    late: PositionEntry | None
    in_place_of: str
    place: Inheritance | None
    notice: str = ""
    is_reached: bool = True


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
            kind=kind,
            label=label,
            entry=reading.counting.get(elector.code),
            late=late.get(elector.agency_id),
            in_place_of=codes[elector.succeeds_id] if elector.succeeds_id else "",
            place=reading.inherited.get(elector.code),
            notice=notice_words(elector, reading),
            is_reached=is_reached(elector),
        )
        for elector in reading.electors
        for kind, label in [where_it_stands(elector, reading)]
    ]


def where_it_stands(elector: Elector, reading: CallReading) -> tuple[str, str]:
    """Return the kind and the words of where an elector stands.

    Silence is shown as such while a silence procedure runs, as tacit consent once it has
    ended as one, and in every other case as no response: never as agreement (rule 20).
    """
    count = reading.tally
    stand = count.stands.get(elector.code)
    if elector.left_at:
        return "neutral", left_words(elector)
    if stand:
        return stand.value, stand.label
    if elector.code in count.tacit and reading.call.state in (CallState.OPEN, CallState.DECLARED):
        return "tacit", "Tacit consent"
    if count.mode == Mode.SILENCE and reading.takes_positions:
        return "silent", "Silent so far"
    return "none", "No response"


def is_reached(elector: Any) -> bool:
    """Whether its notice reached the seat of an elector that was read with it."""
    return bool(elector.notice == DELIVERED)


def notice_words(elector: Any, reading: CallReading) -> str:
    """Return what came of the notice to a seat; nothing outside a silence procedure."""
    if reading.tally.mode != Mode.SILENCE or elector.left_at:
        return ""
    if reading.is_held and elector.notice == FAILED:
        return "Notice not sent yet"
    return NOTICES[elector.notice]


def left_words(elector: Elector) -> str:
    """Return why an elector's position does not count any more."""
    return f"Succeeded by {elector.successor}" if elector.successor else "Left the product"


def quorum(reading: CallReading) -> Threshold:
    """Return how many must answer, and how many did (rule 24)."""
    return _threshold(Fraction(reading.call.quorum), reading.tally, reached=reading.tally.responded)


def support(reading: CallReading) -> Threshold:
    """Return how many must concur, in any of the three ways, and how many do (rule 24)."""
    everybody = reading.tally.mode == Mode.UNANIMOUS
    return _threshold(
        Fraction(1) if everybody else Fraction(reading.call.minimum_support),
        reading.tally,
        reached=len(reading.tally.of(*SUPPORT)),
    )


@dataclass(frozen=True, kw_only=True)
class Figure:
    """A count of the electorate: how many, and of what."""

    number: int
    of: int
    words: str


def figures(reading: CallReading) -> list[Figure]:
    """Return the counts that matter in the mode of a call; tacit consent apart (rule 23)."""
    count = reading.tally
    of = len(count.electorate)
    if count.mode != Mode.SILENCE:
        answered, concurring = quorum(reading), support(reading)
        least = (
            "everybody must concur"
            if count.mode == Mode.UNANIMOUS
            else f"{concurring.needed} needed"
        )
        found = [
            (answered.reached, f"answered ({count.percent} %); {answered.needed} needed"),
            (concurring.reached, f"concur in some way; {least}"),
        ]
    elif reading.takes_positions:
        found = [
            (count.responded, f"answered ({count.percent} %)"),
            (len(count.silent), "silent so far"),
        ]
    else:
        explicit = len(count.of(Stand.CONCUR, Stand.RESERVATION))
        found = [
            (count.responded, f"answered ({count.percent} %)"),
            (explicit, "consent explicitly"),
            (len(count.tacit), "consent tacitly, by silence"),
            (len(count.no_response), "no response"),
        ]
    return [Figure(number=number, of=of, words=words) for number, words in found]


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


@dataclass(frozen=True, kw_only=True)
class Recall:
    """That a call was opened in error: who says so and why, and whether its letters had gone."""

    by: str
    reason: str
    undone: bool


def recall(call: Call, events: Iterable[Event]) -> Recall | None:
    """Return how a call was recalled, if it was (rule 28)."""
    found = next((event for event in events if event.event == "call.recalled"), None)
    if found is None or call.state != CallState.RECALLED:
        return None
    undone = bool(call.ended_at and call.is_held_at(call.ended_at))
    return Recall(by=found.by, reason=found.payload["reason"], undone=undone)


def _mark(event: Event) -> Mark:
    moved = event.payload["after"].get("deadline")
    words, naming = _WORDS[event.event], _NAMING.get(event.event)
    if naming:
        words = f"{words} {naming} {event.payload['on_behalf_of']}"
    return Mark(
        at=event.at,
        by=event.by,
        words=words,
        reason=event.payload["reason"],
        deadline=datetime.fromisoformat(moved) if moved else None,
    )


def share_in_words(share: str, of: int) -> str:
    """Return a frozen share as a record prints it: ``"at least 50 % of 11 (6)"``."""
    exact = Fraction(share)
    return f"at least {percent(exact)} % of {of} ({consensus.needed(exact, of)})"
