"""Who holds an agency's seat, and who is shown it (rules 4 and 5)."""

from collections.abc import Iterable
from dataclasses import dataclass

from workgroups import limits
from workgroups.models import Agency, Mandate
from workgroups.permissions import Standing
from workgroups.roles import SPEAKING, Role


@dataclass(frozen=True, kw_only=True)
class Seat:
    """The mandates of an agency at an instant, in force, to come and ended."""

    in_force: tuple[Mandate, ...]
    to_come: tuple[Mandate, ...]
    ended: tuple[Mandate, ...]

    @property
    def is_vacant(self) -> bool:
        """Whether nobody speaks for the agency on everything (rule 5)."""
        return not any(
            mandate.capacity in SPEAKING and not mandate.limited_to for mandate in self.in_force
        )


def read_seat(mandates: Iterable[Mandate], standing: Standing) -> Seat:
    """Sort an agency's mandates by the instant of ``standing``.

    Each knows its ``limit``, and whether the reader ``may_end`` it.
    """
    at, mandates = standing.at, list(mandates)
    limits.name(mandates, standing)
    in_force, to_come, ended = [], [], []
    for mandate in mandates:
        mandate.may_end = standing.may_name(  # type: ignore[attr-defined]
            mandate.agency, mandate.capacity
        )
        if mandate.ends_at is not None and mandate.ends_at <= at:
            ended.append(mandate)
        elif mandate.starts_at > at:
            to_come.append(mandate)
        elif mandate.person.is_active and not mandate.person.is_superuser:
            in_force.append(mandate)
        else:
            # Suspended, or a superuser: the mandate stands, and gives no power.
            ended.append(mandate)
    return Seat(in_force=tuple(in_force), to_come=tuple(to_come), ended=tuple(ended))


def sees_seats(standing: Standing, agency: Agency | None = None) -> bool:
    """Whether the reader is shown who holds seats: people of members and the secretariat.

    Who holds a limited mandate alone is shown the seat of that ``agency``.
    """
    return (
        standing.holds(Role.SECRETARIAT)
        or standing.holds(Role.MEMBER)
        or agency in standing.own_agencies
    )


def sees_vacancy(standing: Standing, agency: Agency) -> bool:
    """Whether the reader is shown that a seat is vacant, and who held it (rule 5)."""
    return standing.holds(Role.SECRETARIAT) or agency in standing.own_agencies
