"""Reading calls from the database: who was asked, who said what, what it comes to."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from fractions import Fraction
from functools import cached_property
from typing import Any

from django.db.models import Count, OuterRef, QuerySet, Subquery

from products import consensus
from products.call_notices import DELIVERED, notice
from products.consensus import Act, Course, Entry, Mode, NewVersion, Outcome, Stand, Tally
from products.facts import CallFacts, InheritedFacts
from products.models import Call, Elector, Intervention, PositionEntry, Product
from products.models.calls import CallState
from products.models.interventions import InterventionKind
from products.outcome_words import sentence
from workgroups.models import Agency

_BREAKING = (InterventionKind.MORE_TIME, InterventionKind.AMENDMENT)


@dataclass(frozen=True, kw_only=True)
class Inheritance:
    """The place that an elector took in a call, and the position that it may confirm.

    ``former`` is the elector whose place it is; ``entry``, which counts for nobody, was
    given by ``held``: the former, or whose place that one had taken before it.
    """

    former: Elector
    held: Elector
    entry: PositionEntry | None

    @property
    def facts(self) -> InheritedFacts:
        return InheritedFacts(
            former=self.former.code,
            held=self.held.code,
            stand=Stand(self.entry.stand) if self.entry else None,
            since=self.former.left_at,
        )


@dataclass(frozen=True, kw_only=True)
class CallReading:
    """One call as it stands at ``at``, with the rows that its page shows.

    ``outcome`` is what the positions given come to, whether or not the call has ended:
    ask :attr:`ended_at`, or the tally by what.
    """

    call: Call
    at: datetime
    electors: tuple[Elector, ...]
    entries: tuple[PositionEntry, ...]
    course: Course
    tally: Tally
    outcome: Outcome
    counting: dict[str, PositionEntry]

    @property
    def _rows(self) -> tuple[Any, ...]:
        """The electors with what :func:`_electors` says of them beside."""
        return self.electors

    @property
    def ended_at(self) -> datetime | None:
        """When the call ended, if it has: at its deadline, or before by what rule 23 or 29 says."""
        return self.tally.ended_at

    @property
    def end(self) -> datetime:
        """The last instant at which an entry counts, as far as it is known."""
        return self.tally.ended_at or self.call.deadline

    @property
    def takes_positions(self) -> bool:
        """Whether a position given at ``at`` counts."""
        return self.call.state == CallState.OPEN and self.ended_at is None

    @property
    def sentence(self) -> str:
        """What the call comes to, and why, in one sentence."""
        return sentence(self.course, self.tally)

    def with_entry(self, entry: PositionEntry) -> "CallReading":
        """Return the reading once an agency has said ``entry`` as well; it costs no query."""
        return _reading(self.call, self.electors, [*self.entries, entry], at=self.at)

    @property
    def is_held(self) -> bool:
        """Whether the letters of the opening have not gone yet, so that no notice can have."""
        return self.call.state == CallState.OPEN and self.call.is_held_at(self.at)

    @property
    def unheard(self) -> list[str]:
        """The silent seats that the notice of a silence procedure did not reach (rule 23)."""
        return [code for code in self.tally.silent if code in self.tally.unreached]

    @property
    def asks_time(self) -> dict[str, datetime]:
        """Since when which electors wait for an answer to their request for more time."""
        if not self.takes_positions:
            return {}
        rows = (row for row in self._rows if row.asked_at and not row.left_at)
        return {row.code: row.asked_at for row in rows}

    @property
    def agencies(self) -> list[Agency]:
        """The electorate as it was asked, and who took over a seat of it since."""
        found = {row.agency_id: row.agency for row in self.electors}
        for row in self.electors:
            succession = getattr(row.agency, "succession", None)
            if succession:
                found[succession.successor_id] = succession.successor
        return list(found.values())

    @cached_property
    def inherited(self) -> dict[str, "Inheritance"]:
        """What electors found in whose place they came, while they have not spoken themselves."""
        rows = {row.pk: row for row in self.electors}
        last = {entry.agency_id: entry for entry in self.entries if entry.given_at <= self.end}
        spoken = {entry.agency_id for entry in self.entries}
        found = {}
        for row in self.electors:
            if row.succeeds_id is None or row.left_at or row.agency_id in spoken:
                continue
            former = rows[row.succeeds_id]
            held = former
            # Succeeded itself without a word, it has nothing of its own to pass on.
            while held.agency_id not in spoken and held.succeeds_id is not None:
                held = rows[held.succeeds_id]
            entry = last.get(held.agency_id)
            found[row.code] = Inheritance(
                former=former, held=held, entry=entry if entry and entry.stand else None
            )
        return found

    @property
    def facts(self) -> CallFacts:
        carried = getattr(self.call.version, "carry_over", None)
        return CallFacts(
            version=self.call.version.number,
            opened_at=self.call.opened_at,
            deadline=self.call.deadline,
            tally=self.tally,
            outcome=self.outcome,
            texts={code: entry.text for code, entry in self.counting.items()},
            inherited={code: part.facts for code, part in self.inherited.items()},
            quorum=Fraction(self.call.quorum),
            minimum_support=Fraction(self.call.minimum_support),
            contest_until=(
                carried.contest_until if carried and carried.contested_at is None else None
            ),
            concerns=max((row.concerns or 0 for row in self._rows), default=0),
        )


def read_call(call: Call, *, at: datetime) -> CallReading:
    """Compute how ``call`` stands at ``at``, in two queries (rule 26)."""
    electors = tuple(_electors(at=at).filter(call=call))
    return _reading(call, electors, _entries(call=call), at=at)


def read_open_call(product: Product, *, at: datetime) -> CallReading | None:
    """Compute how the open call of ``product`` stands, if there is one, in two queries."""
    electors = tuple(_open_electors(at=at).filter(call__product=product))
    if not electors:
        return None
    call = electors[0].call
    return _reading(call, electors, _entries(call=call), at=at)


def read_open_calls(*, at: datetime) -> list[CallReading]:
    """Compute how every open call stands, in two queries however many there are."""
    electors: dict[int, list[Elector]] = {}
    for elector in _open_electors(at=at):
        electors.setdefault(elector.call_id, []).append(elector)
    entries: dict[int, list[PositionEntry]] = {}
    for entry in _entries(call__in=electors):
        entries.setdefault(entry.call_id, []).append(entry)
    return [
        _reading(rows[0].call, tuple(rows), entries.get(call_id, ()), at=at)
        for call_id, rows in electors.items()
    ]


def _open_electors(*, at: datetime) -> QuerySet[Elector]:
    rows = _electors(at=at).filter(call__state=CallState.OPEN).order_by("call", "code")
    # The text would come once with every elector.
    return rows.select_related("call__version__carry_over", "call__product").defer(
        "call__version__text"
    )


def _electors(*, at: datetime) -> QuerySet[Elector]:
    """Return electors: each with its ``notice``, and when it ``broke_at`` a silence, if it did.

    ``asked_at`` is since when its request for more time waits for an answer. The open
    ``concerns`` of the call stand beside each, so that they cost no query.
    """
    broke = Intervention.objects.filter(
        call=OuterRef("call"), agency=OuterRef("agency"), kind__in=_BREAKING
    ).order_by("given_at")
    asked = broke.filter(kind=InterventionKind.MORE_TIME, answered_at=None)
    concerns = Intervention.objects.filter(
        call=OuterRef("call"), kind=InterventionKind.CONCERN, answered_at=None
    ).order_by()
    return Elector.objects.select_related("agency__succession__successor").annotate(
        notice=notice(at=at),
        broke_at=Subquery(broke.values("given_at")[:1]),
        asked_at=Subquery(asked.values("given_at")[:1]),
        concerns=Subquery(concerns.values("call").annotate(of=Count("pk")).values("of")),
    )


def _entries(**of: object) -> QuerySet[PositionEntry]:
    rows = PositionEntry.objects.filter(**of).select_related("agency", "given_by", "version")
    return rows.defer("version__text").order_by("given_at", "id")


def _reading(
    call: Call, electors: tuple[Elector, ...], given: Iterable[PositionEntry], *, at: datetime
) -> CallReading:
    codes = {elector.agency_id: elector.code for elector in electors}
    entries = tuple(entry for entry in given if entry.agency_id in codes)
    course = _course(call, electors, entries, codes)
    count = consensus.tally(course, at=min(at, call.ended_at) if call.ended_at else at)
    found = consensus.outcome(course, count)
    return CallReading(
        call=call,
        at=at,
        electors=electors,
        entries=entries,
        course=course,
        tally=count,
        outcome=consensus.prospect(course, count) if found == Outcome.OPEN else found,
        counting=_counting(entries, codes, count, count.ended_at or call.deadline),
    )


def _course(
    call: Call,
    electors: Iterable[Any],
    entries: Iterable[PositionEntry],
    codes: dict[int, str],
) -> Course:
    acts = [
        Entry(
            agency=codes[entry.agency_id],
            at=entry.given_at,
            act=Act(entry.stand) if entry.stand else Act.WITHDRAW,
        )
        for entry in entries
    ]
    for row in electors:
        if row.broke_at:
            acts.append(Entry(agency=row.code, at=row.broke_at, act=Act.MORE_TIME))
        if row.left_at:
            acts.append(Entry(agency=row.code, at=row.left_at, act=Act.LEAVE))
    overtaken = call.state == CallState.OVERTAKEN and call.ended_at
    return Course(
        mode=Mode(call.mode),
        deadline=call.deadline,
        quorum=Fraction(call.quorum),
        minimum_support=Fraction(call.minimum_support),
        electorate=codes.values(),
        entries=acts,
        # What the positions outlasted did not end the call: it is told by its carry-overs.
        versions=[NewVersion(at=overtaken, substantive=True)] if overtaken else (),
        unreached=frozenset(
            row.code for row in electors if row.notice != DELIVERED and not row.waiver
        ),
    )


def _counting(
    entries: Iterable[PositionEntry],
    codes: dict[int, str],
    count: Tally,
    end: datetime,
) -> dict[str, PositionEntry]:
    last = {codes[entry.agency_id]: entry for entry in entries if entry.given_at <= end}
    return {code: entry for code, entry in last.items() if code in count.stands}
