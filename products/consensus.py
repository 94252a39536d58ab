"""The consensus rule as pure functions of plain values (rules 20-27).

Agencies are their keys; instants are aware. Nothing here reads a clock or a database.
"""

import math
from collections.abc import Collection, Iterable
from dataclasses import dataclass
from datetime import datetime
from fractions import Fraction

from django.db.models import TextChoices


class Mode(TextChoices):
    """How a call is decided (rule 23)."""

    EXPLICIT = "explicit", "Explicit"


class Stand(TextChoices):
    """What an agency can say in a call (rule 20)."""

    CONCUR = "concur", "Concur"
    RESERVATION = "reservation", "Concur with reservation"
    CONDITION = "condition", "Concur subject to conditions"
    ABSTAIN = "abstain", "Abstain"
    OBJECT = "object", "Object"


SUPPORT = (Stand.CONCUR, Stand.RESERVATION, Stand.CONDITION)
NEEDS_TEXT = (Stand.RESERVATION, Stand.CONDITION, Stand.OBJECT)


class Outcome(TextChoices):
    """What a call came to (rule 25)."""

    CONSENSUS = "consensus", "Consensus"
    WITH_RESERVATIONS = "consensus_with_reservations", "Consensus with reservations"
    PROVISIONAL = "provisional", "Provisional consensus"
    INSUFFICIENT_SUPPORT = "insufficient_support", "Insufficient support"
    NO_QUORUM = "no_quorum", "No quorum"
    DISSENT = "dissent", "Dissent"
    OVERTAKEN = "overtaken", "Overtaken by a new version"
    RETURNED = "returned", "Returned"
    OPEN = "open", "Open"


# From the strongest to the weakest: a declaration may go down this list, never up (rule 26).
DECLARABLE = (
    Outcome.CONSENSUS,
    Outcome.WITH_RESERVATIONS,
    Outcome.PROVISIONAL,
    Outcome.INSUFFICIENT_SUPPORT,
    Outcome.NO_QUORUM,
    Outcome.DISSENT,
)
AGREEING = DECLARABLE[:3]


def missing_text(stand: Stand | None, text: str) -> str:
    """Return what a position lacks in its text, as a sentence, or nothing (rule 21)."""
    if stand is None or stand not in NEEDS_TEXT or text.strip():
        return ""
    if stand == Stand.RESERVATION:
        return "A reservation needs its statement: it is printed with the decision."
    return f"“{stand.label}” needs its text: what, where, why, and what change would resolve it."


def needed(share: Fraction, of: int) -> int:
    """Return how many of ``of`` agencies make up ``share`` of them, met when equal (rule 24)."""
    return math.ceil(share * of)


@dataclass(frozen=True, kw_only=True)
class Entry:
    """One act of an agency in a call; ``stand`` is ``None`` for a withdrawal."""

    agency: str
    at: datetime
    stand: Stand | None


@dataclass(frozen=True, kw_only=True)
class Tally:
    """How a call stood at an instant: who said what, of whom (rules 22 and 24).

    ``stands`` maps every agency of the electorate that holds a position to it;
    ``late`` names who has an entry after the deadline, which does not count.
    """

    electorate: tuple[str, ...]
    stands: dict[str, Stand]
    late: tuple[str, ...]

    def of(self, *stands: Stand) -> list[str]:
        """Return the agencies that hold one of these positions, sorted."""
        return sorted(agency for agency, stand in self.stands.items() if stand in stands)

    @property
    def no_response(self) -> list[str]:
        """The agencies that hold no position: never shown as agreement (rule 20)."""
        return sorted(set(self.electorate) - set(self.stands))

    @property
    def responded(self) -> int:
        return len(self.stands)

    @property
    def share(self) -> Fraction:
        """Responded / electorate, exact; nothing of nobody is 0."""
        return Fraction(self.responded, len(self.electorate) or 1)

    @property
    def percent(self) -> str:
        """The share in per cent with one decimal, half up: ``"81.8"``."""
        tenths = int(self.share * 1000 + Fraction(1, 2))
        return f"{tenths // 10}.{tenths % 10}"


def tally(
    electorate: Collection[str],
    entries: Iterable[Entry],
    *,
    deadline: datetime,
    at: datetime,
    left: Collection[str] = (),
) -> Tally:
    """Count the positions of a call as they stood at ``at`` (rules 22, 24 and 32).

    ``entries`` come in the order given; an agency's last one at or before the deadline
    counts, inclusive. Entries after ``at`` do not exist yet. Who left the product is out
    of the electorate, and its position is not counted.
    """
    voters = tuple(sorted(set(electorate) - set(left)))
    stands: dict[str, Stand] = {}
    late: set[str] = set()
    for entry in sorted(entries, key=lambda entry: entry.at):
        if entry.at > at or entry.agency not in voters:
            continue
        if entry.at > deadline:
            late.add(entry.agency)
        elif entry.stand is None:
            stands.pop(entry.agency, None)
        else:
            stands[entry.agency] = entry.stand
    return Tally(electorate=voters, stands=stands, late=tuple(sorted(late)))


def outcome(
    count: Tally,
    *,
    quorum: Fraction,
    minimum_support: Fraction,
) -> Outcome:
    """Compute what a closed call in explicit mode came to (rules 23-25).

    Thresholds are shares of the electorate and are met when equal.
    """
    of = len(count.electorate)
    if not of or count.share < quorum:
        return Outcome.NO_QUORUM
    if count.of(Stand.OBJECT):
        return Outcome.DISSENT
    if Fraction(len(count.of(*SUPPORT)), of) < minimum_support:
        return Outcome.INSUFFICIENT_SUPPORT
    if count.of(Stand.CONDITION):
        return Outcome.PROVISIONAL
    if count.of(Stand.RESERVATION):
        return Outcome.WITH_RESERVATIONS
    return Outcome.CONSENSUS


def may_declare(computed: Outcome) -> tuple[Outcome, ...]:
    """Return the outcomes that a chair may declare: the computed one, or a weaker (rule 26)."""
    return DECLARABLE[DECLARABLE.index(computed) :]
