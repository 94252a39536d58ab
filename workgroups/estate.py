"""What passes with an agency's seat to its successor: read here, and asked of the rooms above."""

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from datetime import date, datetime

from django.db.models import Q

from workgroups.models import (
    Agency,
    GroupMember,
    Mandate,
    Membership,
    Succession,
    User,
    WorkingGroup,
)


@dataclass(frozen=True, kw_only=True)
class Estate:
    """What an agency holds at an instant, and what of it its successor takes over.

    ``joins`` says whether the successor becomes a member by it. Whoever holds a mandate of
    the successor keeps that one, and who may not sign in gets none: their mandates of the
    former agency, in ``kept``, only end. Mandates ``to_come`` have not begun. The successor
    enters the groups of ``members`` but those it is in already, which ``shared`` names.
    """

    membership: Membership
    joins: bool
    carried: tuple[Mandate, ...]
    kept: tuple[Mandate, ...]
    to_come: tuple[Mandate, ...]
    members: tuple[GroupMember, ...]
    shared: frozenset[int]
    led: tuple[WorkingGroup, ...]

    @property
    def mandates(self) -> tuple[Mandate, ...]:
        """All that the former agency has granted and that has not ended."""
        return (*self.carried, *self.kept, *self.to_come)


def read_estate(
    membership: Membership, successor: Agency, *, joins: bool, first_day: date, at: datetime
) -> Estate:
    """Read what passes with ``membership``, that of the former agency."""
    former = membership.agency
    unended = former.mandates.filter(Q(ends_at=None) | Q(ends_at__gt=at)).select_related("person")
    mandates = list(unended)
    there = set(successor.mandates.valid_at(at).values_list("person", flat=True))
    begun = [row for row in mandates if row.starts_at < at]
    passes = [row.person.is_active and row.person_id not in there for row in begun]
    in_force = Q(end="") | Q(end__gt=first_day.isoformat())
    # A group that was closed keeps the agencies that it had.
    members = former.group_memberships.filter(in_force, group__end="").select_related("group")
    shared = successor.group_memberships.filter(in_force).values_list("group", flat=True)
    return Estate(
        membership=membership,
        joins=joins,
        carried=tuple(row for row, passed in zip(begun, passes, strict=True) if passed),
        kept=tuple(row for row, passed in zip(begun, passes, strict=True) if not passed),
        to_come=tuple(
            row for row in mandates if row.starts_at >= at and row.person_id not in there
        ),
        members=tuple(members),
        shared=frozenset(shared),
        led=tuple(former.led_groups.filter(end="")),
    )


@dataclass(frozen=True, kw_only=True)
class Part:
    """One thing of another room that a succession touches, as the confirmation sheet says it."""

    heading: str
    label: str
    href: str
    detail: str


@dataclass(frozen=True, kw_only=True)
class Passing:
    """A succession that is being entered; ``told`` are the people of both agencies before it."""

    succession: Succession
    told: tuple[User, ...]
    reason: str
    by: User


Foresee = Callable[[Agency, Agency, datetime], Iterable[Part]]
PassOn = Callable[[Passing], None]

_keepers: list[tuple[Foresee, PassOn]] = []


def register(foresee: Foresee, pass_on: PassOn) -> None:
    """Have another room foresee, and pass on, what an agency has there.

    ``pass_on`` runs inside the transaction of the succession, before any event of it is
    recorded: it may lock rows, and refuses by raising ``RefusedError``.
    """
    if (foresee, pass_on) not in _keepers:
        _keepers.append((foresee, pass_on))


def parts(former: Agency, successor: Agency, *, at: datetime) -> list[Part]:
    """Return what a succession would touch in the rooms above."""
    return [part for foresee, _ in _keepers for part in foresee(former, successor, at)]


def pass_on(passing: Passing) -> None:
    """Have the rooms above pass on what the former agency has there."""
    for _, act in _keepers:
        act(passing)
