"""Who holds an agency's seat, and who is shown it (rules 4 and 5)."""

from collections.abc import Iterable
from dataclasses import dataclass

from workgroups.models import Agency, Mandate
from workgroups.permissions import Standing
from workgroups.roles import SPEAKING, Role
from workgroups.visibility import sees_people


@dataclass(frozen=True, kw_only=True)
class Seat:
    """The mandates of an agency at an instant, in force, to come and ended."""

    in_force: tuple[Mandate, ...]
    to_come: tuple[Mandate, ...]
    ended: tuple[Mandate, ...]

    @property
    def is_vacant(self) -> bool:
        """Whether nobody may record the agency's position (rule 5)."""
        return not any(mandate.capacity in SPEAKING for mandate in self.in_force)


def read_seat(mandates: Iterable[Mandate], standing: Standing) -> Seat:
    """Sort an agency's mandates by the instant of ``standing``."""
    at = standing.at
    in_force, to_come, ended = [], [], []
    for mandate in mandates:
        if mandate.ends_at is not None and mandate.ends_at <= at:
            ended.append(mandate)
        elif mandate.starts_at > at:
            to_come.append(mandate)
        elif mandate.person.is_active:
            in_force.append(mandate)
        else:
            # Suspended: the mandate stands, and gives no power.
            ended.append(mandate)
    return Seat(in_force=tuple(in_force), to_come=tuple(to_come), ended=tuple(ended))


def sees_seats(standing: Standing) -> bool:
    """Whether the reader is shown who holds seats: people of members and the secretariat."""
    return sees_people(standing)


def sees_vacancy(standing: Standing, agency: Agency) -> bool:
    """Whether the reader is shown that a seat is vacant, and who held it (rule 5)."""
    return standing.holds(Role.SECRETARIAT) or agency in standing.agencies
