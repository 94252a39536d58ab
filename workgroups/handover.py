"""What is open in the hands of somebody who leaves a seat: the rooms that know tell (rule 5)."""

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from django.db.models import Case, Exists, OuterRef, QuerySet, Value, When

from isecg import clock
from workgroups.models import Mandate, User
from workgroups.roles import Capacity


class Fate(StrEnum):
    """What becomes of an open matter when its holder leaves."""

    PASSES = "Passes to the successor"
    STAYS = "Stays with the seat"
    OTHERS = "Another's act"


@dataclass(frozen=True, kw_only=True)
class Matter:
    """One open matter: what it is, what it is about, and what becomes of it.

    ``whose`` says who sees to it where it cannot be passed on.
    """

    kind: str
    label: str
    fate: Fate
    href: str = ""
    whose: str = ""


@dataclass(frozen=True, kw_only=True)
class Leaving:
    """The end of a mandate: from ``ends_at`` its holder keeps the ``others`` alone."""

    mandate: Mandate
    ends_at: datetime
    others: tuple[Mandate, ...]

    @classmethod
    def of(cls, mandate: Mandate, *, ends_at: datetime) -> "Leaving":
        """Read what else the holder holds at ``ends_at``, of whatever agency."""
        others = Mandate.objects.valid_at(ends_at).filter(person=mandate.person_id)
        return cls(mandate=mandate, ends_at=ends_at, others=tuple(others.exclude(pk=mandate.pk)))

    def leaves(self, code: str = "") -> bool:
        """Whether the holder leaves the product of this code; without one, everything."""
        return self.mandate.covers(code) and not any(other.covers(code) for other in self.others)


@dataclass(frozen=True, kw_only=True)
class Passing:
    """To whom the open matters pass, by whom and why."""

    to: User
    by: User
    reason: str


Reader = Callable[[Leaving], Iterable[Matter]]
# Takes hold of the rows, so that nobody else changes them, and returns what passes them.
Passer = Callable[[Leaving, Passing], Callable[[], None]]

_readers: list[Reader] = []
_passers: list[Passer] = []


def register(reader: Reader, *, passer: Passer | None = None) -> None:
    """Have ``reader`` asked for open matters, and ``passer`` to pass those that pass.

    ``passer`` is called inside the transaction of the act, before anything is recorded.
    """
    if reader not in _readers:
        _readers.append(reader)
    if passer is not None and passer not in _passers:
        _passers.append(passer)


def successors(mandate: Mandate, *, ends_at: datetime) -> QuerySet[User]:
    """Return who may take over: holders of the agency now and at ``ends_at``, to the same extent.

    An alternate comes first, and is who is proposed; then the others.
    """
    reaching = mandate.agency.mandates.covering(mandate.limited_to)
    held = reaching.valid_at(clock.now()).valid_at(ends_at).exclude(person=mandate.person_id)
    alternates = held.filter(person=OuterRef("pk"), capacity=Capacity.ALTERNATE)
    return User.objects.filter(pk__in=held.values("person")).order_by(
        Case(When(Exists(alternates), then=Value(0)), default=Value(1)), "name"
    )


def sheet(leaving: Leaving) -> list[Matter]:
    """Return every open matter, those that pass first, then in the order of registration."""
    order = list(Fate)
    matters = [matter for reader in _readers for matter in reader(leaving)]
    return sorted(matters, key=lambda matter: order.index(matter.fate))


def take(leaving: Leaving, passing: Passing) -> list[Callable[[], None]]:
    """Take hold of what the sheet says that passes, and return the acts that pass it.

    All rows are locked before the first event: the log's head is the last lock of an act.
    """
    return [passer(leaving, passing) for passer in _passers]
