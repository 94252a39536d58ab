"""Who sees people, and what they hold (rules 4, 5, 8 and 9): the rules of their rows."""

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any, Protocol

from django.db.models import Q

from isecg.visibility import Reader, Rule
from workgroups.roles import Role

if TYPE_CHECKING:
    # The rows of this room are declared with these rules.
    from workgroups.models import Agency


class MemberReader(Reader, Protocol):
    """Who reads, as far as these rules have to know: a ``Standing``."""

    @property
    def own_agencies(self) -> "Sequence[Agency]": ...

    @property
    def headed(self) -> "Sequence[Agency]": ...

    def holds(self, role: Role) -> bool: ...


def sees_people(reader: MemberReader) -> bool:
    """Whether the reader is shown who people are: those of members, and the secretariat."""
    return reader.holds(Role.SECRETARIAT) or reader.holds(Role.MEMBER)


def keeps_accounts(reader: MemberReader) -> bool:
    """Whether the reader keeps accounts, and so is shown whose they are."""
    return reader.holds(Role.SECRETARIAT) or reader.holds(Role.SUPERUSER)


def people(path: str = "") -> Rule:
    """Return the rule of people, or of rows about the person at ``path``.

    Everybody sees themselves; people of member agencies and the secretariat see everybody,
    and a superuser the accounts alone. An address is shown by the pages of the secretariat alone.
    """

    def seen(rows: Any, reader: MemberReader) -> Any:
        if sees_people(reader) or (not path and keeps_accounts(reader)):
            return rows
        return rows.filter(**{path or "pk": reader.user.pk})

    return seen


def of_own_seats(rows: Any, reader: MemberReader) -> Any:
    """The people of an agency see what is about its seat; the secretariat sees all."""
    return rows if reader.is_secretariat else rows.filter(agency__in=reader.own_agencies)


def invitations(rows: Any, reader: MemberReader) -> Any:
    """The secretariat sees every invitation, a head of delegation those to the own seat."""
    return rows if reader.is_secretariat else rows.filter(agency__in=reader.headed)


def mandates(rows: Any, reader: MemberReader) -> Any:
    """People of members see who holds seats now; of their own seat the former ones too (rule 5).

    Who holds a mandate for one product alone sees those of that seat.
    """
    if reader.holds(Role.SECRETARIAT):
        return rows
    seen = Q(person=reader.user.pk) | Q(agency__in=reader.own_agencies)
    if reader.holds(Role.MEMBER):
        in_force = rows.model._default_manager.valid_at(reader.at)
        seen |= Q(pk__in=in_force.values("pk"))
    return rows.filter(seen)
