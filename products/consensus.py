"""The consensus rule as pure functions of plain values (rules 20-27, 29 and 32).

Agencies are their keys; instants are aware. Nothing here reads a clock or a database.
The terms, and where the code has them:

**Electorate** (rule 18): the agencies whose position counts, frozen at the opening. Who
leaves is out (rule 32), and has *lapsed* if it held a position.
**Position** (rule 20): an agency's last stand: concur, reservation, condition, abstain or
object. A withdrawal leaves it with none; no response is none. ``_Room`` keeps them.
**End** (rules 22, 23 and 29): the deadline; or before it a substantive version, an editorial
one while an agency objects, and in a silence procedure the first act that breaks it. What
comes at the end still counts, what comes after it is *late*. Where a version and an
act that breaks a silence fall together, the version decides. ``tally`` looks for it.
**Responded** (rule 24): who holds a position, abstentions included. **Quorum**: responded /
electorate, at least. **Support**: who concurs, as the text stands, with a reservation, or
subject to conditions. **Minimum support**: support / electorate, at least; where a call is
unanimous, all of it. Shares are exact, and met when equal.
**Tacit consent** (rule 23): the silence, at the deadline of a silence procedure, of a seat
that its notice reached. A seat that it did not reach makes the procedure invalid.
**Outcome** (rule 25): what the positions at the end come to: ``outcome`` reads as the rules
do, first what ended the call, then, in ``prospect``, what is in the way of agreement.
"""

import math
from collections.abc import Collection, Iterable
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from fractions import Fraction
from itertools import groupby

from django.db.models import TextChoices


class Mode(TextChoices):
    """How a call is decided (rule 23)."""

    EXPLICIT = "explicit", "Explicit"
    UNANIMOUS = "unanimous", "Unanimous"
    SILENCE = "silence", "Silence procedure"


class Stand(TextChoices):
    """What an agency can say in a call (rule 20)."""

    CONCUR = "concur", "Concur"
    RESERVATION = "reservation", "Concur with reservation"
    CONDITION = "condition", "Concur subject to conditions"
    ABSTAIN = "abstain", "Abstain"
    OBJECT = "object", "Object"


class Act(StrEnum):
    """What an agency can do in a call: take one of the positions, or one of these.

    A request for more time and a proposed amendment are no positions (rule 20).
    """

    CONCUR = "concur"
    RESERVATION = "reservation"
    CONDITION = "condition"
    ABSTAIN = "abstain"
    OBJECT = "object"
    WITHDRAW = "withdraw"
    MORE_TIME = "more_time"
    PROPOSE_AMENDMENT = "propose_amendment"
    LEAVE = "leave"


SUPPORT = (Stand.CONCUR, Stand.RESERVATION, Stand.CONDITION)
NEEDS_TEXT = (Stand.RESERVATION, Stand.CONDITION, Stand.OBJECT)
SHORTEST_SILENCE_HOURS = 72
_POSITIONS = frozenset(Stand.values)
BREAKS_SILENCE = (Act.OBJECT, Act.CONDITION, Act.PROPOSE_AMENDMENT, Act.MORE_TIME)


class Outcome(TextChoices):
    """What a call came to (rule 25)."""

    CONSENSUS = "consensus", "Consensus"
    WITH_RESERVATIONS = "consensus_with_reservations", "Consensus with reservations"
    PROVISIONAL = "provisional", "Provisional consensus"
    INSUFFICIENT_SUPPORT = "insufficient_support", "Insufficient support"
    NO_QUORUM = "no_quorum", "No quorum"
    DISSENT = "dissent", "Dissent"
    SILENCE_NOT_VALID = "silence_not_valid", "Silence not valid"
    SILENCE_BROKEN = "silence_broken", "Silence broken"
    OVERTAKEN = "overtaken", "Overtaken by a new version"
    RETURNED = "returned", "Returned"
    RECALLED = "recalled", "Opened in error"
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
# What became of a silence procedure is declared as it is: nothing on the list is like it.
SILENCE_FAILED = (Outcome.SILENCE_NOT_VALID, Outcome.SILENCE_BROKEN)


class End(StrEnum):
    """What ended a call."""

    DEADLINE = "deadline"
    VERSION = "version"
    BREAK = "break"


def missing_text(stand: Stand | None, text: str) -> str:
    """Return what a position lacks in its text, as a sentence, or nothing (rules 20 and 21)."""
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
    """One act of an agency in a call."""

    agency: str
    at: datetime
    act: Act


@dataclass(frozen=True, kw_only=True)
class NewVersion:
    """A version that came while the call was open (rule 29).

    An editorial one that is contested counts as substantive from the contest on.
    """

    at: datetime
    substantive: bool


@dataclass(frozen=True, kw_only=True)
class Course:
    """All that the outcome of a call depends on.

    ``quorum`` and ``minimum_support`` are the shares frozen with the call. ``unreached``
    are the agencies whose silence does not count, because their seat is vacant or the
    notice did not reach it (rule 23).
    """

    mode: Mode
    deadline: datetime
    quorum: Fraction
    minimum_support: Fraction
    electorate: Collection[str]
    entries: Collection[Entry] = ()
    versions: Collection[NewVersion] = ()
    unreached: frozenset[str] = frozenset()


@dataclass(frozen=True, kw_only=True)
class Tally:
    """How a call stood at an instant: who said what, of whom (rules 22, 24 and 32).

    ``stands`` maps every agency of the electorate that holds a position to it. ``late``
    names who has an entry after the end, ``lapsed`` who held a position and left.
    ``ended_at`` and ``ended_by`` are empty while the call is open.
    """

    electorate: tuple[str, ...]
    stands: dict[str, Stand]
    mode: Mode = Mode.EXPLICIT
    late: tuple[str, ...] = ()
    lapsed: tuple[str, ...] = ()
    ended_at: datetime | None = None
    ended_by: End | None = None
    broken_by: tuple[str, ...] = ()
    unreached: frozenset[str] = field(default_factory=frozenset)

    def of(self, *stands: Stand) -> list[str]:
        """Return the agencies that hold one of these positions, sorted."""
        return sorted(agency for agency, stand in self.stands.items() if stand in stands)

    @property
    def silent(self) -> list[str]:
        """The agencies that hold no position."""
        return sorted(set(self.electorate) - set(self.stands))

    @property
    def tacit(self) -> list[str]:
        """Whose silence is consent: nobody's before the end of a silence procedure."""
        if self.mode != Mode.SILENCE or self.ended_by != End.DEADLINE:
            return []
        return [agency for agency in self.silent if agency not in self.unreached]

    @property
    def no_response(self) -> list[str]:
        """The agencies that did not answer: never shown as agreement (rule 20)."""
        return sorted(set(self.silent) - set(self.tacit))

    @property
    def support(self) -> int:
        """How many concur, in one of the three ways."""
        return len(self.of(*SUPPORT))

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


class _Room:
    """The electorate, and who holds which position, while a call takes its course."""

    def __init__(self, electorate: Iterable[str]) -> None:
        self.present = set(electorate)
        self.stands: dict[str, Stand] = {}
        self.lapsed: set[str] = set()

    def take(self, entry: Entry) -> bool:
        """Let an agency do what it did; say whether that would break a silence."""
        if entry.agency not in self.present:
            return False
        if entry.act in _POSITIONS:
            self.stands[entry.agency] = Stand(entry.act)
        elif entry.act == Act.WITHDRAW:
            self.stands.pop(entry.agency, None)
        elif entry.act == Act.LEAVE:
            self.present.remove(entry.agency)
            if self.stands.pop(entry.agency, None):
                self.lapsed.add(entry.agency)
        return entry.act in BREAKS_SILENCE

    def is_overtaken_by(self, version: NewVersion) -> bool:
        """Whether a version ends the call; an editorial one does where an agency objects."""
        return version.substantive or Stand.OBJECT in self.stands.values()


def tally(course: Course, *, at: datetime) -> Tally:
    """Read a call as it stood at ``at`` (rules 22, 24, 29 and 32).

    Entries and versions after ``at`` do not exist yet. Entries at one instant are read
    in the order given, and before a version of that instant.
    """
    room, broken_by = _Room(course.electorate), set[str]()
    ended_at = course.deadline if at > course.deadline else None
    ended_by = End.DEADLINE if ended_at else None
    # The sort keeps their order: of what happened at one instant the entries come first.
    all_that_happened: tuple[Entry | NewVersion, ...] = (*course.entries, *course.versions)
    past = [one for one in all_that_happened if one.at <= at]
    for moment, together in groupby(sorted(past, key=_instant), key=_instant):
        if moment > course.deadline:
            break
        overtaken, breaking = False, set[str]()
        for one in together:
            if isinstance(one, NewVersion):
                overtaken |= room.is_overtaken_by(one)
            elif room.take(one):
                breaking.add(one.agency)
        if overtaken:
            ended_at, ended_by = moment, End.VERSION
            break
        if breaking and course.mode == Mode.SILENCE:
            ended_at, ended_by, broken_by = moment, End.BREAK, breaking
            break
    late = {one.agency for one in past if isinstance(one, Entry) and ended_at and one.at > ended_at}
    return Tally(
        mode=course.mode,
        electorate=tuple(sorted(room.present)),
        stands=room.stands,
        late=tuple(sorted(late.intersection(course.electorate))),
        lapsed=tuple(sorted(room.lapsed)),
        ended_at=ended_at,
        ended_by=ended_by,
        broken_by=tuple(sorted(broken_by)),
        unreached=course.unreached & room.present,
    )


def _instant(one: Entry | NewVersion) -> datetime:
    return one.at


def outcome(course: Course, count: Tally) -> Outcome:
    """Compute what a call came to (rules 23-25); while nothing ended it, it is open."""
    if count.ended_by is None:
        return Outcome.OPEN
    if count.ended_by == End.VERSION:
        return Outcome.OVERTAKEN
    if count.ended_by == End.BREAK:
        return Outcome.SILENCE_BROKEN
    return prospect(course, count)


def prospect(course: Course, count: Tally) -> Outcome:
    """Return what these positions come to, or would at the deadline.

    Thresholds are shares of the electorate and are met when equal.
    """
    if course.mode == Mode.SILENCE:
        return _of_silence(count)
    of = len(count.electorate)
    if not of or count.share < course.quorum:
        return Outcome.NO_QUORUM
    if count.of(Stand.OBJECT):
        return Outcome.DISSENT
    everybody = course.mode == Mode.UNANIMOUS
    if Fraction(count.support, of) < (1 if everybody else course.minimum_support):
        return Outcome.INSUFFICIENT_SUPPORT
    if count.of(Stand.CONDITION):
        return Outcome.PROVISIONAL
    return _agreed(count)


def _of_silence(count: Tally) -> Outcome:
    consenting = [agency for agency in count.silent if agency not in count.unreached]
    if len(consenting) < len(count.silent):
        return Outcome.SILENCE_NOT_VALID
    if not consenting and not count.of(Stand.CONCUR, Stand.RESERVATION):
        return Outcome.INSUFFICIENT_SUPPORT
    return _agreed(count)


def _agreed(count: Tally) -> Outcome:
    return Outcome.WITH_RESERVATIONS if count.of(Stand.RESERVATION) else Outcome.CONSENSUS


def may_declare(computed: Outcome) -> tuple[Outcome, ...]:
    """Return the outcomes that a chair may declare: the computed one, or a weaker (rule 26)."""
    if computed in SILENCE_FAILED:
        return (computed,)
    return DECLARABLE[DECLARABLE.index(computed) :]
