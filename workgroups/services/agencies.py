"""Agencies, their names and their memberships: what the secretariat may do to them."""

from datetime import date, timedelta
from typing import Any

from django.db import transaction
from django.utils.text import slugify

from isecg import clock, stale
from isecg.events import log
from isecg.partial_dates import PartialDate
from workgroups import permissions
from workgroups.models import Agency, AgencyName, Membership, User
from workgroups.roles import Ability
from workgroups.services.errors import RefusedError
from workgroups.services.rows import amend, check, lock

# The address of the form that adds an agency stands where its key would.
RESERVED_KEYS = frozenset({"new"})


@transaction.atomic(durable=True)
def add_agency(code: str, *, name: str, reason: str, by: User, **fields: Any) -> Agency:
    """Add an agency; its key is made from its code and never changes (rule 1).

    :raises PermissionDenied: if ``by`` may not keep the roster.
    :raises RefusedError: if the key is taken or none can be made from the code.
    """
    permissions.require(by, Ability.KEEP_ROSTER)
    key = slugify(code)[:20]
    if not key or key in RESERVED_KEYS or Agency.objects.filter(key=key).exists():
        raise RefusedError(f"There is an agency at “{key}” already, or the code makes no address.")
    agency = check(Agency(key=key, code=code, name=name, **fields))
    agency.save_as(by, reason)
    log.record(
        "agency.added", by=by, subject=agency, reason=reason, after={"code": code, "name": name}
    )
    return agency


@transaction.atomic(durable=True)
def edit_agency(agency: Agency, *, revision: int, reason: str, by: User, **fields: Any) -> None:
    """Correct what is said of an agency; a new name is :func:`rename_agency`'s.

    :raises PermissionDenied: if ``by`` may not keep the roster.
    :raises StaleError: if somebody changed it since ``revision``.
    """
    permissions.require(by, Ability.KEEP_ROSTER)
    lock(agency)
    stale.require_current(agency, revision)
    before, after = amend(agency, fields)
    check(agency).save_as(by, reason)
    log.record("agency.edited", by=by, subject=agency, reason=reason, before=before, after=after)


@transaction.atomic(durable=True)
def rename_agency(
    agency: Agency, *, code: str, name: str, first_day: date, source: str, reason: str, by: User
) -> None:
    """Give an agency a new code and name from a day on; the former ones stay, dated (rule 1).

    :raises PermissionDenied: if ``by`` may not keep the roster.
    :raises RefusedError: if the day is still to come or lies in the time of a former
        name, or the agency bore this name before.
    """
    permissions.require(by, Ability.KEEP_ROSTER)
    lock(agency)
    _refuse_rename(agency, code=code, name=name, first_day=first_day)
    former = agency.names.filter(code=agency.code, name=agency.name).first() or AgencyName(
        agency=agency, code=agency.code, name=agency.name
    )
    former.end = (first_day - timedelta(days=1)).isoformat()
    check(former).save_as(by, reason)
    present = AgencyName(
        agency=agency, code=code, name=name, start=first_day.isoformat(), source=source
    )
    check(present).save_as(by, reason)
    before, after = amend(agency, {"code": code, "name": name})
    check(agency).save_as(by, reason)
    log.record(
        "agency.renamed",
        by=by,
        subject=agency,
        reason=reason,
        before=before,
        after=after | {"from": first_day},
    )


def _refuse_rename(agency: Agency, *, code: str, name: str, first_day: date) -> None:
    if (code, name) == (agency.code, agency.name):
        raise RefusedError(f"{agency} bears this code and this name already.")
    if first_day > clock.now().date():
        raise RefusedError("A new name is entered on its first day or later, not ahead of it.")
    names = list(agency.names.all())
    if any((former.code, former.name) == (code, name) for former in names):
        raise RefusedError(f"{agency} bore this code and this name before.")
    edges = [PartialDate.parse(former.start).latest for former in names if former.start]
    edges += [PartialDate.parse(former.end).latest for former in names if former.end]
    if edges and first_day <= max(edges):
        raise RefusedError(
            f"The names that are known reach to {PartialDate.parse(max(edges).isoformat())}: "
            "the new one starts later."
        )


@transaction.atomic(durable=True)
def start_membership(
    agency: Agency, *, start: str, attested_on: str, reason: str, by: User
) -> Membership:
    """Make an agency a member from a day, a month or a year on (rule 2).

    :raises PermissionDenied: if ``by`` may not keep the roster.
    :raises RefusedError: if neither date is given, or it was a member then.
    """
    permissions.require(by, Ability.KEEP_ROSTER)
    lock(agency)
    if not start and not attested_on:
        raise RefusedError("Say from when it is a member, or on what day it is known to be one.")
    for former in agency.memberships.all():
        if not former.end:
            raise RefusedError(f"{agency} is a member already.")
        if former.end > (start or attested_on):
            raise RefusedError(
                f"{agency} was a member until {PartialDate.parse(former.end)}: start later."
            )
    membership = check(Membership(agency=agency, start=start, attested_on=attested_on))
    membership.save_as(by, reason)
    log.record(
        "membership.started",
        by=by,
        subject=agency,
        reason=reason,
        after={"start": start, "attested_on": attested_on},
    )
    return membership


@transaction.atomic(durable=True)
def end_membership(membership: Membership, *, end: str, reason: str, by: User) -> None:
    """End a membership; the agency is no member from that day on (rule 2).

    :raises PermissionDenied: if ``by`` may not keep the roster.
    :raises RefusedError: if it has an end already.
    """
    permissions.require(by, Ability.KEEP_ROSTER)
    lock(membership)
    if membership.end:
        raise RefusedError(f"This membership ended on {PartialDate.parse(membership.end)}.")
    membership.end = end
    check(membership).save_as(by, reason)
    log.record(
        "membership.ended", by=by, subject=membership.agency, reason=reason, after={"end": end}
    )
