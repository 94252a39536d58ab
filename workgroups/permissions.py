"""Who somebody is at an instant, and what they may therefore do (rules 4-9 and 14)."""

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from datetime import datetime
from functools import cached_property
from typing import TYPE_CHECKING

from django.core.exceptions import PermissionDenied

from isecg import clock
from workgroups.models import Agency, ChairTerm, GroupRole, LiaisonOrganisation, Mandate, User
from workgroups.roles import GRANTS, NAMED_BY_HEAD, SPEAKING, Ability, Capacity, GroupDuty, Role

if TYPE_CHECKING:
    from django.contrib.auth.models import AnonymousUser

_PLURAL_ROLES = {
    Role.SECRETARIAT: "the secretariat",
    Role.CHAIR: "the chair",
    Role.GROUP_CHAIR: "the group's co-chairs",
    Role.EDITOR: "the product's editors",
    Role.HEAD: "an agency's head of delegation",
    Role.SPEAKER: "an agency's head of delegation or alternate",
    Role.MEMBER: "people of member agencies",
    Role.SUPERUSER: "a superuser",
    Role.LIAISON: "contacts of liaison organisations",
}


def who_may(ability: Ability) -> str:
    """Return in words whose act this is: "the chair or the secretariat"."""
    names = [words for role, words in _PLURAL_ROLES.items() if role in GRANTS[ability]]
    return " or ".join([", ".join(names[:-1]), names[-1]] if names[1:] else names)


def _sorted(agencies: Iterable[Agency]) -> list[Agency]:
    """Return each agency once, in order of their codes."""
    return sorted(set(agencies), key=lambda agency: agency.code)


@dataclass(frozen=True, kw_only=True)
class Standing:
    """Who a person is at ``at``: read when first asked for, one query a part, and kept."""

    user: "User | AnonymousUser"
    at: datetime

    @classmethod
    def of(cls, user: "User | AnonymousUser", *, at: datetime | None = None) -> "Standing":
        """Return who ``user`` is now, or at another instant."""
        return cls(user=user, at=at or clock.now())

    @cached_property
    def mandates(self) -> tuple[Mandate, ...]:
        """The mandates in force, of agencies that are members, limited ones too (rules 2, 4).

        A superuser has none: whoever keeps the machine speaks for no agency (rule 6).
        """
        if not isinstance(self.user, User) or not self.user.is_active:
            return ()
        members = Agency.objects.members_on(self.at.date())
        held = self.user.mandates.valid_at(self.at).filter(agency__in=members)
        return tuple(held.select_related("agency"))

    @cached_property
    def duties(self) -> tuple[GroupRole, ...]:
        """The duties in working groups (rule 8)."""
        if not isinstance(self.user, User) or not self.user.is_active:
            return ()
        return tuple(self.user.group_roles.valid_at(self.at))

    @cached_property
    def liaisons(self) -> tuple[LiaisonOrganisation, ...]:
        """The outside organisations of which the person is a contact (rule 9).

        Whoever belongs to a member or the secretariat is none, whatever the rows say.
        """
        if not isinstance(self.user, User) or self.is_secretariat or self.mandates:
            return ()
        held = self.user.liaison_contacts.valid_at(self.at).select_related("organisation")
        return tuple(dict.fromkeys(row.organisation for row in held))

    @cached_property
    def chair(self) -> ChairTerm | None:
        """The term in office, whoever asks (rule 7)."""
        terms = ChairTerm.objects.in_office_at(self.at).select_related("agency", "person")
        return terms.first()

    @property
    def is_secretariat(self) -> bool:
        return isinstance(self.user, User) and self.user.is_active and self.user.is_secretariat

    @property
    def is_superuser(self) -> bool:
        return isinstance(self.user, User) and self.user.is_active and self.user.is_superuser

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
    def own_agencies(self) -> list[Agency]:
        """The agencies of which the person holds any mandate, one limited to a product too."""
        return _sorted(mandate.agency for mandate in self.mandates)

    @property
    def limits(self) -> frozenset[str]:
        """The codes of the products to which mandates of the person are limited."""
        return frozenset(mandate.limited_to for mandate in self.mandates if mandate.limited_to)

    @property
    def agencies(self) -> list[Agency]:
        """The agencies whose people this person belongs to, in order of their codes."""
        return self.agencies_on("")

    def agencies_on(self, code: str) -> list[Agency]:
        """The agencies whose people this person belongs to where one product is concerned."""
        return _sorted(mandate.agency for mandate in self.mandates if mandate.covers(code))

    @property
    def voices(self) -> list[Agency]:
        """The agencies whose position this person may record on everything (rule 4)."""
        return self.voices_on("")

    def voices_on(self, code: str) -> list[Agency]:
        """The agencies whose position on one product this person may record (rule 4)."""
        return _sorted(
            mandate.agency
            for mandate in self.mandates
            if mandate.capacity in SPEAKING and mandate.covers(code)
        )

    @property
    def headed(self) -> list[Agency]:
        """The agencies whose delegation this person heads: on everything, not on one product."""
        return _sorted(
            mandate.agency
            for mandate in self.mandates
            if mandate.capacity == Capacity.HEAD and mandate.covers("")
        )

    def holds(
        self, role: Role, *, group_id: int | None = None, edits: bool = False, limit: str = ""
    ) -> bool:
        """Whether the person has ``role``; those of a group only in the one named.

        ``edits`` says whether the person edits the product in question, ``limit`` is its
        code: without one, a mandate that is limited to a product counts for nothing.
        """
        # Each is asked only when its role is: some cost a query.
        asked: dict[Role, Callable[[], object]] = {
            Role.SECRETARIAT: lambda: self.is_secretariat,
            Role.CHAIR: lambda: self.is_chair,
            Role.GROUP_CHAIR: lambda: self._has_duty(group_id, GroupDuty.CO_CHAIR),
            Role.EDITOR: lambda: edits or self._has_duty(group_id, GroupDuty.EDITOR),
            Role.HEAD: lambda: self.headed,
            Role.SPEAKER: lambda: self.voices_on(limit),
            Role.MEMBER: lambda: self.agencies_on(limit),
            Role.SUPERUSER: lambda: self.is_superuser,
            Role.LIAISON: lambda: self.liaisons,
        }
        return bool(asked[role]())

    def _has_duty(self, group_id: int | None, duty: GroupDuty) -> bool:
        return group_id is not None and any(
            held.group_id == group_id and held.duty == duty for held in self.duties
        )

    def may(
        self, ability: Ability, *, group_id: int | None = None, edits: bool = False, limit: str = ""
    ) -> bool:
        """Whether a role held allows ``ability``."""
        # In the order of the enum, so that what costs no query is asked first.
        return any(
            self.holds(role, group_id=group_id, edits=edits, limit=limit)
            for role in Role
            if role in GRANTS[ability]
        )

    def granted(
        self, *, group_id: int | None = None, edits: bool = False, limit: str = ""
    ) -> set[Ability]:
        """Return everything that the roles held allow."""
        roles = {
            role for role in Role if self.holds(role, group_id=group_id, edits=edits, limit=limit)
        }
        return {ability for ability, grants in GRANTS.items() if roles & grants}

    def require(
        self, ability: Ability, *, group_id: int | None = None, edits: bool = False, limit: str = ""
    ) -> None:
        """Refuse, naming whose act it is.

        :raises PermissionDenied: if no role held allows ``ability``.
        """
        if not self.may(ability, group_id=group_id, edits=edits, limit=limit):
            raise PermissionDenied(f"Only {who_may(ability)} may {ability}.")

    def require_voice(self, agency: Agency, *, on: str = "") -> None:
        """Refuse whoever holds no mandate to speak for ``agency``, naming what is missing.

        ``on`` is the code of the product that it is about.

        :raises PermissionDenied: without a valid mandate as head or alternate (rule 4).
        """
        if agency not in self.voices_on(on):
            raise PermissionDenied(
                "Only the head of delegation or an alternate takes "
                f"{agency}'s position: {self._lack(agency, on)}."
            )

    def require_contact(self, organisation: LiaisonOrganisation) -> None:
        """Refuse whoever is neither a contact of ``organisation`` nor the secretariat (rule 9).

        :raises PermissionDenied: naming whose act it is.
        """
        if not self.is_secretariat and organisation not in self.liaisons:
            raise PermissionDenied(
                f"Only a contact of {organisation} or the secretariat sends its statements."
            )

    def may_name(self, agency: Agency, capacity: str) -> bool:
        """Whether the person grants and ends the mandates of ``agency`` in a capacity."""
        if self.is_secretariat:
            return True
        return capacity in NAMED_BY_HEAD and agency in self.headed

    def require_naming(self, agency: Agency, capacity: str = Capacity.STAFF) -> None:
        """Refuse whoever does not name those who hold ``agency``'s seat, saying who does.

        :raises PermissionDenied: without the secretariat's role, and without the mandate of
            its head of delegation; to a head, for another head's mandate.
        """
        self.require(Ability.NAME_HOLDERS)
        if self.may_name(agency, capacity):
            return
        if agency not in self.headed:
            raise PermissionDenied(
                f"Only the secretariat or {agency}'s own head of delegation may name its "
                "alternates and staff."
            )
        raise PermissionDenied(
            "Only the secretariat may enter or end a head of delegation: a head names "
            "alternates and staff."
        )

    def may_confirm(self, agency: Agency) -> bool:
        """Whether the person confirms who holds ``agency``'s seat, or does so on its behalf."""
        return self.is_secretariat or agency in self.voices

    def require_confirming(self, agency: Agency) -> None:
        """Refuse whoever does not confirm who holds ``agency``'s seat, saying who does.

        :raises PermissionDenied: without a mandate to speak for it on everything, and without
            the secretariat's role.
        """
        if not self.may_confirm(agency):
            raise PermissionDenied(
                f"Only {agency}'s head of delegation or an alternate, or the secretariat on its "
                "behalf, may confirm who holds its seat."
            )

    def _lack(self, agency: Agency, on: str) -> str:
        """Return in words what keeps the person from speaking for ``agency``."""
        held = [mandate for mandate in self.mandates if mandate.agency == agency]
        if not held:
            return f"you hold no mandate of {agency} that is valid today"
        covering = [mandate for mandate in held if mandate.covers(on)]
        if not covering:
            limits = ", ".join(sorted(mandate.limited_to for mandate in held))
            return f"your mandate there is limited to {limits}"
        return f"your mandate there is that of {covering[0].get_capacity_display().lower()}"


def require(user: User, ability: Ability, *, group_id: int | None = None) -> Standing:
    """Read who ``user`` is and refuse what they may not do.

    :raises PermissionDenied: if no role held allows ``ability``.
    """
    standing = Standing.of(user)
    standing.require(ability, group_id=group_id)
    return standing


def labels(keys: Iterable[str]) -> list[str]:
    """Return in words who the keys of a finding's ``who`` mean: "JAXA", "the chair"."""
    words = {f"role:{role.value}": text for role, text in _PLURAL_ROLES.items()}
    return [words.get(key, key.removeprefix("agency:")) for key in keys]
