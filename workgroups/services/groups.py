"""Working groups, their agencies and the people who run them (rule 8)."""

from datetime import datetime
from typing import Any

from django.db import transaction
from django.db.models import Q

from isecg import clock, instants, stale
from isecg.events import log
from isecg.partial_dates import PartialDate
from workgroups import openwork, permissions
from workgroups.models import Agency, GroupMember, GroupRole, User, WorkingGroup
from workgroups.roles import Ability, GroupDuty
from workgroups.services.errors import RefusedError
from workgroups.services.rows import amend, check, lock

# The address of the form that adds a group stands where its code would.
RESERVED_CODES = frozenset({"new"})


@transaction.atomic(durable=True)
def add_group(code: str, *, name: str, reason: str, by: User, **fields: Any) -> WorkingGroup:
    """Set up a group, sub-team or advisory group.

    :raises PermissionDenied: if ``by`` may not keep the roster.
    :raises RefusedError: if the code is taken, in whatever case.
    """
    permissions.require(by, Ability.KEEP_ROSTER)
    taken = WorkingGroup.objects.filter(code__iexact=code).exists()
    if taken or code.lower() in RESERVED_CODES:
        raise RefusedError(f"There is a group “{code}” already.")
    group = check(WorkingGroup(code=code, name=name, **fields))
    group.save_as(by, reason)
    log.record(
        "group.added", by=by, subject=group, reason=reason, after={"code": code, "name": name}
    )
    return group


@transaction.atomic(durable=True)
def edit_group(group: WorkingGroup, *, revision: int, reason: str, by: User, **fields: Any) -> None:
    """Correct what is said of a group.

    :raises PermissionDenied: if ``by`` may not keep the roster.
    :raises RefusedError: if it would come before itself, or be part of itself.
    :raises StaleError: if somebody changed it since ``revision``.
    """
    permissions.require(by, Ability.KEEP_ROSTER)
    lock(group)
    stale.require_current(group, revision)
    before, after = amend(group, fields)
    for link, words in (("predecessor", "its own predecessor"), ("parent", "part of itself")):
        if _leads_back(group, link):
            raise RefusedError(f"{group} would be {words}.")
    check(group).save_as(by, reason)
    log.record("group.edited", by=by, subject=group, reason=reason, before=before, after=after)


def _leads_back(group: WorkingGroup, link: str) -> bool:
    seen = {group.pk}
    other = getattr(group, link)
    while other is not None:
        if other.pk in seen:
            return True
        seen.add(other.pk)
        other = getattr(other, link)
    return False


@transaction.atomic(durable=True)
def close_group(group: WorkingGroup, *, end: str, reason: str, by: User) -> None:
    """Close a group, and with it the duties in it (rule 8).

    :raises PermissionDenied: if ``by`` may not keep the roster.
    :raises RefusedError: if it is closed, or has open products.
    """
    permissions.require(by, Ability.KEEP_ROSTER)
    lock(group)
    if group.end:
        raise RefusedError(f"{group} was closed on {PartialDate.parse(group.end)}.")
    if count := openwork.open_products(group):
        raise RefusedError(
            f"{group} has {count} open product{'' if count == 1 else 's'}: "
            "move them to another group first."
        )
    group.end = end
    check(group).save_as(by, reason)
    now = clock.now()
    for role in group.roles.valid_at(now):
        role.ends_at = now
        check(role).save_as(by, reason)
    log.record("group.closed", by=by, subject=group, reason=reason, after={"end": end})


@transaction.atomic(durable=True)
def add_group_member(
    group: WorkingGroup, *, agency: Agency, start: str, reason: str, by: User
) -> GroupMember:
    """Let an agency take part in a group.

    :raises PermissionDenied: if ``by`` may not keep the roster.
    :raises RefusedError: if the group is closed, or the agency is in it.
    """
    permissions.require(by, Ability.KEEP_ROSTER)
    lock(group)
    _require_open(group)
    if group.members.filter(agency=agency, end="").exists():
        raise RefusedError(f"{agency} is in {group} already.")
    member = check(GroupMember(group=group, agency=agency, start=start))
    member.save_as(by, reason)
    log.record(
        "group.member_added",
        by=by,
        subject=group,
        reason=reason,
        after={"agency": agency, "start": start},
        also=[agency],
    )
    return member


def _require_open(group: WorkingGroup) -> None:
    if group.end:
        raise RefusedError(f"{group} was closed on {PartialDate.parse(group.end)}.")


@transaction.atomic(durable=True)
def end_group_member(member: GroupMember, *, end: str, reason: str, by: User) -> None:
    """End an agency's part in a group.

    :raises PermissionDenied: if ``by`` may not keep the roster.
    :raises RefusedError: if it has ended, or would end before it starts.
    """
    permissions.require(by, Ability.KEEP_ROSTER)
    lock(member)
    if member.end:
        raise RefusedError(f"{member} ended on {PartialDate.parse(member.end)}.")
    if member.start and PartialDate.parse(end).latest < PartialDate.parse(member.start).earliest:
        raise RefusedError(f"{member} starts on {PartialDate.parse(member.start)}.")
    member.end = end
    check(member).save_as(by, reason)
    log.record(
        "group.member_ended",
        by=by,
        subject=member.group,
        reason=reason,
        after={"agency": member.agency, "end": end},
        also=[member.agency],
    )


@transaction.atomic(durable=True)
def add_group_role(
    group: WorkingGroup,
    *,
    person: User,
    duty: str,
    starts_at: datetime,
    ends_at: datetime | None = None,
    reason: str,
    by: User,
) -> GroupRole:
    """Make a person co-chair or editor of a group, from an instant on.

    :raises PermissionDenied: if ``by`` may not keep the roster.
    :raises RefusedError: if the group is closed, or the person has this duty then.
    """
    permissions.require(by, Ability.KEEP_ROSTER)
    lock(group)
    _require_open(group)
    held = group.roles.filter(Q(ends_at=None) | Q(ends_at__gt=starts_at), person=person, duty=duty)
    if ends_at:
        held = held.filter(starts_at__lt=ends_at)
    if held.exists():
        raise RefusedError(f"{person} is {GroupDuty(duty).label.lower()} of {group} in that time.")
    role = check(
        GroupRole(group=group, person=person, duty=duty, starts_at=starts_at, ends_at=ends_at)
    )
    role.save_as(by, reason)
    log.record(
        "group.role_added",
        by=by,
        subject=group,
        reason=reason,
        after={"person": person, "duty": duty, "starts_at": starts_at, "ends_at": ends_at},
        also=[person],
    )
    return role


@transaction.atomic(durable=True)
def end_group_role(
    role: GroupRole, *, ends_at: datetime | None = None, reason: str, by: User
) -> None:
    """End a duty in a group, now or at an instant to come.

    :raises PermissionDenied: if ``by`` may not keep the roster.
    :raises RefusedError: if it has ended, or the instant is past.
    """
    permissions.require(by, Ability.KEEP_ROSTER)
    lock(role)
    now = clock.now()
    if role.ends_at and role.ends_at <= now:
        raise RefusedError(f"This duty ended on {instants.words(role.ends_at)}.")
    if ends_at and ends_at < now:
        raise RefusedError("A duty ends now or later: what was done under it stays valid.")
    role.ends_at = ends_at or now
    check(role).save_as(by, reason)
    log.record(
        "group.role_ended",
        by=by,
        subject=role.group,
        reason=reason,
        after={"person": role.person, "duty": role.duty, "ends_at": role.ends_at},
        also=[role.person],
    )
