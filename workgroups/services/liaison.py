"""The outside organisations that ISECG relates to (rule 9)."""

from typing import Any

from django.db import transaction

from isecg import stale
from isecg.events import log
from workgroups import permissions
from workgroups.models import LiaisonOrganisation, User
from workgroups.roles import Ability
from workgroups.services.errors import RefusedError
from workgroups.services.rows import amend, check, lock

# The address of the form that adds one stands where its code would.
RESERVED_CODES = frozenset({"new"})


@transaction.atomic(durable=True)
def add_organisation(code: str, *, reason: str, by: User, **fields: Any) -> LiaisonOrganisation:
    """Record an organisation that ISECG relates to; it holds no position.

    :raises PermissionDenied: if ``by`` may not keep the roster.
    :raises RefusedError: if the code is taken, in whatever case.
    """
    permissions.require(by, Ability.KEEP_ROSTER)
    taken = LiaisonOrganisation.objects.filter(code__iexact=code).exists()
    if taken or code.lower() in RESERVED_CODES:
        raise RefusedError(f"There is an organisation “{code}” already.")
    organisation = check(LiaisonOrganisation(code=code, **fields))
    organisation.save_as(by, reason)
    log.record(
        "liaison.added",
        by=by,
        subject=organisation,
        reason=reason,
        after={"code": code, "name": organisation.name},
    )
    return organisation


@transaction.atomic(durable=True)
def edit_organisation(
    organisation: LiaisonOrganisation, *, revision: int, reason: str, by: User, **fields: Any
) -> None:
    """Correct what is said of an organisation; its code never changes.

    :raises PermissionDenied: if ``by`` may not keep the roster.
    :raises StaleError: if somebody changed it since ``revision``.
    """
    permissions.require(by, Ability.KEEP_ROSTER)
    lock(organisation)
    stale.require_current(organisation, revision)
    before, after = amend(organisation, fields)
    check(organisation).save_as(by, reason)
    log.record(
        "liaison.edited", by=by, subject=organisation, reason=reason, before=before, after=after
    )
