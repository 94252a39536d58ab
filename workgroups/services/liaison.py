"""The outside organisations that ISECG relates to (rule 9)."""

from datetime import datetime
from typing import Any

from django.db import transaction

from isecg import clock, instants, stale
from isecg.events import log
from workgroups import permissions
from workgroups.models import LiaisonContact, LiaisonOrganisation, User
from workgroups.roles import Ability
from workgroups.services.errors import RefusedError
from workgroups.services.rows import amend, check, lock, overlapping

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


@transaction.atomic(durable=True)
def add_contact(
    organisation: LiaisonOrganisation,
    *,
    person: User,
    starts_at: datetime,
    ends_at: datetime | None = None,
    reason: str,
    by: User,
) -> LiaisonContact:
    """Enter a person as a contact of an organisation; it gives no voice (rule 9).

    :raises PermissionDenied: if ``by`` may not keep the roster.
    :raises RefusedError: if the person may not sign in, works for the secretariat, or holds a
        mandate or is a contact of this organisation in that time.
    """
    permissions.require(by, Ability.KEEP_ROSTER)
    lock(organisation)
    # A mandate and a contact of one person must not cross.
    lock(person)
    if not person.is_active:
        raise RefusedError(f"{person} may not sign in, so could read nothing that is sent.")
    if person.is_secretariat:
        raise RefusedError(f"{person} works for the secretariat, and reads everything.")
    mandate = overlapping(person.mandates, starts_at, ends_at).first()
    if mandate:
        raise RefusedError(
            f"{person} is {mandate.get_capacity_display().lower()} of {mandate.agency} in that "
            "time, and a contact never has a voice: end that mandate first."
        )
    if overlapping(organisation.contacts.filter(person=person), starts_at, ends_at).exists():
        raise RefusedError(f"{person} is a contact of {organisation} in that time.")
    contact = check(
        LiaisonContact(
            organisation=organisation, person=person, starts_at=starts_at, ends_at=ends_at
        )
    )
    contact.save_as(by, reason)
    log.record(
        "liaison.contact_added",
        by=by,
        subject=organisation,
        reason=reason,
        after={"person": person, "starts_at": starts_at, "ends_at": ends_at},
        also=[person],
    )
    return contact


@transaction.atomic(durable=True)
def end_contact(
    contact: LiaisonContact, *, ends_at: datetime | None = None, reason: str, by: User
) -> None:
    """End a contact now, or at an instant to come; what was sent stays on record.

    :raises PermissionDenied: if ``by`` may not keep the roster.
    :raises RefusedError: if it has ended, or the instant is past.
    """
    permissions.require(by, Ability.KEEP_ROSTER)
    lock(contact)
    now = clock.now()
    if contact.ends_at and contact.ends_at <= now:
        raise RefusedError(f"This contact ended on {instants.words(contact.ends_at)}.")
    if ends_at and ends_at < now:
        raise RefusedError("A contact ends now or later: what was sent before stays read.")
    before = {"ends_at": contact.ends_at}
    contact.ends_at = ends_at or now
    check(contact).save_as(by, reason)
    log.record(
        "liaison.contact_ended",
        by=by,
        subject=contact.organisation,
        reason=reason,
        before=before,
        after={"person": contact.person, "ends_at": contact.ends_at},
        also=[contact.person],
    )
