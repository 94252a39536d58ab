"""Who is invited to a meeting: people with a mandate, and the secretariat (rules 4 and 43)."""

from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, datetime

from django.db.models import Q

from workgroups.models import Agency, GroupMember, Mandate, Meeting, User


@dataclass(frozen=True, kw_only=True)
class Invited:
    """A person who is invited, and the sentence that says why."""

    person: User
    why: str


def group_agencies(group_ids: Iterable[int], *, on: date) -> dict[int, set[int]]:
    """Return for each group the ids of the agencies that belong to it on a day."""
    text = on.isoformat()
    found: dict[int, set[int]] = defaultdict(set)
    members = GroupMember.objects.filter(
        Q(end="") | Q(end__gt=text), Q(start="") | Q(start__lte=text), group__in=set(group_ids)
    )
    for group_id, agency_id in members.values_list("group", "agency"):
        found[group_id].add(agency_id)
    return found


def invited(meetings: Iterable[Meeting], *, at: datetime) -> dict[int, list[Invited]]:
    """Return for each meeting who is invited as of an instant, each person once.

    A group's meeting invites the people of the group's agencies, any other those of
    every member agency; a mandate limited to a product invites to none. The number of
    queries does not depend on how many they are.
    """
    meetings = list(meetings)
    groups = group_agencies({m.group_id for m in meetings if m.group_id}, on=at.date())
    mandates = list(
        Mandate.objects.valid_at(at)
        .general()
        .filter(agency__in=Agency.objects.members_on(at.date()))
        .select_related("agency", "person")
        .order_by("person__name", "person", "agency__code")
    )
    desk = list(User.objects.filter(is_secretariat=True, is_active=True))
    return {
        meeting.pk: _of(mandates, desk, groups[meeting.group_id] if meeting.group_id else None)
        for meeting in meetings
    }


def _of(mandates: list[Mandate], desk: list[User], agencies: set[int] | None) -> list[Invited]:
    codes: dict[User, list[str]] = {}
    for mandate in mandates:
        if agencies is None or mandate.agency_id in agencies:
            held = codes.setdefault(mandate.person, [])
            if mandate.agency.code not in held:
                held.append(mandate.agency.code)
    people = [
        Invited(
            person=person,
            why=f"You get this because {' and '.join(held)} is invited and you hold its mandate."
            if len(held) == 1
            else f"You get this because {' and '.join(held)} are invited and you hold "
            "their mandates.",
        )
        for person, held in codes.items()
    ]
    why = "You get this because you work for the secretariat."
    return people + [Invited(person=person, why=why) for person in desk if person not in codes]
