"""What the rules are asked about: a product's situation as plain values."""

from dataclasses import dataclass, field
from datetime import datetime, timedelta
from fractions import Fraction

from products.consensus import Mode, Outcome, Stand, Tally
from products.ledger import Item
from products.residue import Hit
from products.workflow import State


@dataclass(frozen=True, kw_only=True)
class CirculationFacts:
    """The latest circulation; instants in UTC."""

    version: int
    opened_at: datetime
    closes_at: datetime
    share_days: int
    missed: tuple[str, ...]

    @property
    def shared_long_enough_at(self) -> datetime:
        """When the minimum share period has run (rule 17)."""
        return self.opened_at + timedelta(days=self.share_days)


@dataclass(frozen=True, kw_only=True)
class InheritedFacts:
    """Whose place an elector took, and the stand given there, which counts for nobody."""

    former: str
    held: str
    stand: Stand | None
    since: datetime | None


@dataclass(frozen=True, kw_only=True)
class CallFacts:
    """A call as it stands at an instant; agencies are the codes frozen with it.

    ``contest_until`` is until when an elector may say that the version to which the
    positions were carried is not editorial (rule 29); ``concerns`` counts those of members
    outside the electorate that nobody answered (rule 18).
    """

    version: int
    opened_at: datetime
    deadline: datetime
    tally: Tally
    outcome: Outcome
    texts: dict[str, str] = field(default_factory=dict)
    inherited: dict[str, InheritedFacts] = field(default_factory=dict)
    quorum: Fraction
    minimum_support: Fraction
    contest_until: datetime | None = None
    concerns: int = 0

    @property
    def is_closed(self) -> bool:
        """Whether it has ended, or every elector has answered (rules 22, 23 and 27).

        A silence procedure is never closed early: somebody may yet break it.
        """
        return self.tally.ended_at is not None or (
            self.tally.mode != Mode.SILENCE and not self.tally.no_response
        )


@dataclass(frozen=True, kw_only=True)
class DecisionFacts:
    """The decision that a release would rest on."""

    number: str
    outcome: Outcome
    version: int
    sha256: str
    declared_at: datetime
    conditions: tuple[str, ...]
    objections: tuple[str, ...] = ()


@dataclass(frozen=True, kw_only=True)
class CommentFacts:
    """The comments that nobody has disposed of: how many, and the first of their numbers.

    ``public`` counts those of the public that were not refused (rule 36).
    """

    numbers: tuple[int, ...] = ()
    count: int = 0
    public: int = 0

    @property
    def any(self) -> bool:
        return bool(self.count or self.public)


@dataclass(frozen=True, kw_only=True)
class Facts:
    """A product's situation at ``at``: all that a guard may look at.

    ``share_days`` is the minimum share period in force; ``closes_at`` is the end of the
    window that somebody proposes for a circulation.
    """

    at: datetime
    state: State
    state_since: datetime | None = None
    group: str = ""
    on_workplan: bool = False
    electors: tuple[str, ...] = ()
    version: int | None = None
    sha256: str = ""
    circulation: CirculationFacts | None = None
    share_days: int = 0
    closes_at: datetime | None = None
    call: CallFacts | None = None
    decision: DecisionFacts | None = None
    comments: CommentFacts | None = None
    ledger: tuple[Item, ...] = ()
    residue: tuple[Hit, ...] = ()
    # Whether the version is kept as a file alone, so that nothing could be looked for in it.
    unread: bool = False
    successor: str = ""
    successor_released: bool = False


@dataclass(frozen=True, kw_only=True)
class ElectorFacts:
    """One agency of an electorate: what it said, and since when it is waited for."""

    agency: str
    stand: Stand | None
    text: str
    asked_at: datetime
    call_ended: bool
    in_silence: bool = False
    inherited: InheritedFacts | None = None
