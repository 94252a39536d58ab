"""Who somebody is at an instant, and what they may therefore do (rules 4-9 and 14)."""

from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import datetime
from typing import TYPE_CHECKING

from django.core.exceptions import PermissionDenied

from isecg import clock
from workgroups.models import Agency, ChairTerm, GroupRole, Mandate, User
from workgroups.roles import GRANTS, SPEAKING, Ability, GroupDuty, Role

if TYPE_CHECKING:
    from django.contrib.auth.models import AnonymousUser

_PLURAL_ROLES = {
    Role.SECRETARIAT: "the secretariat",
    Role.CHAIR: "the chair",
    Role.GROUP_CHAIR: "the group's co-chairs",
    Role.EDITOR: "the product's editors",
    Role.SPEAKER: "an agency's head of delegation or alternate",
    Role.MEMBER: "people of member agencies",
}


def who_may(ability: Ability) -> str:
    """Return in words whose act this is: "the chair or the secretariat"."""
    names = [words for role, words in _PLURAL_ROLES.items() if role in GRANTS[ability]]
    return " or ".join([", ".join(names[:-1]), names[-1]] if names[1:] else names)


@dataclass(frozen=True, kw_only=True)
class Standing:
    """Who a person is at ``at``, read once and asked often.

    ``edits`` holds the ids of the products whose editor the person is: who knows
    products fills it in.
    """

    user: "User | AnonymousUser"
    at: datetime
    mandates: tuple[Mandate, ...] = ()
    duties: tuple[GroupRole, ...] = ()
    chair: ChairTerm | None = None
    edits: frozenset[int] = field(default_factory=frozenset)

    @classmethod
    def of(cls, user: "User | AnonymousUser", *, at: datetime | None = None) -> "Standing":
        """Read who ``user`` is, in three queries; nobody for a signed-out visitor."""
        at = at or clock.now()
        if not isinstance(user, User) or not user.is_active:
            return cls(user=user, at=at)
        return cls(
            user=user,
            at=at,
            mandates=tuple(
                user.mandates.valid_at(at)
                .filter(
                    agency__in=Agency.objects.members_on(at.date()),
                )
                .select_related("agency")
            ),
            duties=tuple(user.group_roles.valid_at(at)),
            chair=ChairTerm.objects.in_office_at(at).select_related("agency").first(),
        )

    @property
    def is_secretariat(self) -> bool:
        return isinstance(self.user, User) and self.user.is_active and self.user.is_secretariat

    @property
    def is_chair(self) -> bool:
        """Whether the person speaks for the chair in office (rule 7).

        The term's person does; where none is named, the heads and alternates of the
        chair's agency do.
        """
        if self.chair is None or not isinstance(self.user, User) or not self.user.is_active:
            return False
        if self.chair.person_id is not None:
            return self.chair.person_id == self.user.pk
        return self.chair.agency_id in {agency.pk for agency in self.voices}

    @property
    def agencies(self) -> list[Agency]:
        """The agencies whose people this person belongs to, in order of their codes."""
        return sorted({mandate.agency for mandate in self.mandates}, key=lambda agency: agency.code)

    @property
    def voices(self) -> list[Agency]:
        """The agencies whose position this person may record (rule 4)."""
        speaking = {mandate.agency for mandate in self.mandates if mandate.capacity in SPEAKING}
        return sorted(speaking, key=lambda agency: agency.code)

    def roles(self, *, group_id: int | None = None, product_id: int | None = None) -> set[Role]:
        """Return the roles held, those of a group or a product only for the one named."""
        found = {
            Role.SECRETARIAT: self.is_secretariat,
            Role.CHAIR: self.is_chair,
            Role.GROUP_CHAIR: self._has_duty(group_id, GroupDuty.CO_CHAIR),
            Role.EDITOR: self._has_duty(group_id, GroupDuty.EDITOR) or product_id in self.edits,
            Role.SPEAKER: bool(self.voices),
            Role.MEMBER: bool(self.mandates),
        }
        return {role for role, held in found.items() if held}

    def _has_duty(self, group_id: int | None, duty: GroupDuty) -> bool:
        return any(held.group_id == group_id and held.duty == duty for held in self.duties)

    def granted(
        self, *, group_id: int | None = None, product_id: int | None = None
    ) -> set[Ability]:
        """Return everything that the roles held allow."""
        roles = self.roles(group_id=group_id, product_id=product_id)
        return {ability for ability, grants in GRANTS.items() if roles & grants}

    def may(
        self, ability: Ability, *, group_id: int | None = None, product_id: int | None = None
    ) -> bool:
        """Whether the roles held allow ``ability``."""
        return bool(self.roles(group_id=group_id, product_id=product_id) & GRANTS[ability])

    def require(
        self, ability: Ability, *, group_id: int | None = None, product_id: int | None = None
    ) -> None:
        """Refuse, naming whose act it is.

        :raises PermissionDenied: if no role held allows ``ability``.
        """
        if not self.may(ability, group_id=group_id, product_id=product_id):
            raise PermissionDenied(f"Only {who_may(ability)} may {ability}.")

    def require_voice(self, agency: Agency) -> None:
        """Refuse whoever holds no mandate to speak for ``agency``, naming what is missing.

        :raises PermissionDenied: without a valid mandate as head or alternate (rule 4).
        """
        if agency not in self.voices:
            held = [mandate for mandate in self.mandates if mandate.agency == agency]
            lacks = (
                f"your mandate there is that of {held[0].get_capacity_display().lower()}"
                if held
                else f"you hold no mandate of {agency} that is valid today"
            )
            raise PermissionDenied(
                f"Only the head of delegation or an alternate takes {agency}'s position: {lacks}."
            )


def require(user: User, ability: Ability, **about: int | None) -> Standing:
    """Read who ``user`` is and refuse what they may not do.

    :raises PermissionDenied: if no role held allows ``ability``.
    """
    standing = Standing.of(user)
    standing.require(ability, **about)
    return standing


def labels(keys: Iterable[str]) -> list[str]:
    """Return in words who the keys of a finding's ``who`` mean: "JAXA", "the chair"."""
    words = {f"role:{role.value}": text for role, text in _PLURAL_ROLES.items()}
    return [words.get(key, key.removeprefix("agency:")) for key in keys]
