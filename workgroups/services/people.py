"""People, and the mandates by which they hold seats (rule 4)."""

from datetime import datetime
from typing import Any

from django.db import transaction
from django.db.models import Q, QuerySet

from isecg import clock, instants, stale
from isecg.events import log
from workgroups import limits, permissions
from workgroups.models import Agency, Mandate, User
from workgroups.permissions import Standing
from workgroups.roles import Ability
from workgroups.services.errors import RefusedError
from workgroups.services.rows import amend, check, lock

# The event log is kept for ever, so it names what changed of a person, not the values.
_PUBLIC_FIELDS = frozenset({"name", "is_secretariat", "is_active", "time_zone"})

# A digest is no input: an account that never had a password is whole without one.
_DIGEST = ("password",)


@transaction.atomic(durable=True)
def add_person(
    email: str, *, name: str, password: str, reason: str, by: User, **fields: Any
) -> User:
    """Open an account; without a password the person cannot sign in yet.

    :raises PermissionDenied: if ``by`` may not keep the roster.
    """
    permissions.require(by, Ability.KEEP_ROSTER)
    person = User(email=User.objects.normalize_email(email), name=name, **fields)
    # An empty password would be a password; this one opens nothing.
    person.set_password(password or None)
    check(person, exclude=_DIGEST).save_as(by, reason)
    log.record("person.added", by=by, subject=person, reason=reason, after={"name": name})
    return person


@transaction.atomic(durable=True)
def add_first_secretariat(email: str, *, name: str, password: str) -> User:
    """Open the account that opens all others, on a site where nobody can yet.

    :raises RefusedError: if somebody of the secretariat may sign in.
    :raises ValidationError: if the address is none, or has an account.
    """
    if User.objects.filter(is_secretariat=True, is_active=True).exists():
        raise RefusedError("The secretariat has an account already: it opens the others.")
    reason = "The first account of this site."
    person = User(email=User.objects.normalize_email(email), name=name, is_secretariat=True)
    person.set_password(password)
    check(person, exclude=_DIGEST).save_as(None, reason)
    log.record("person.added", by=None, subject=person, reason=reason, after={"name": name})
    return person


@transaction.atomic(durable=True)
def edit_person(
    person: User, *, revision: int, password: str, reason: str, by: User, **fields: Any
) -> None:
    """Change an account: its name, address, zone, role and whether it may sign in.

    A person who may no longer sign in leaves their seats without a holder (rule 5).

    :raises PermissionDenied: if ``by`` may not keep the roster.
    :raises RefusedError: if ``by`` would lock themselves out.
    :raises StaleError: if somebody changed it since ``revision``.
    """
    permissions.require(by, Ability.KEEP_ROSTER)
    lock(person)
    stale.require_current(person, revision)
    before, after = amend(person, fields)
    if person == by and not (person.is_active and person.is_secretariat):
        raise RefusedError("Somebody else of the secretariat has to take this from you.")
    if password:
        person.set_password(password)
        after["password"] = "changed"  # noqa: S105 (a word about it, not one)
    check(person, exclude=_DIGEST).save_as(by, reason)
    log.record(
        "person.edited",
        by=by,
        subject=person,
        reason=reason,
        before={key: value for key, value in before.items() if key in _PUBLIC_FIELDS},
        after={key: value if key in _PUBLIC_FIELDS else "changed" for key, value in after.items()},
    )


@transaction.atomic(durable=True)
def edit_profile(person: User, *, name: str, time_zone: str) -> None:
    """Change one's own name and zone."""
    lock(person)
    before, after = amend(person, {"name": name, "time_zone": time_zone})
    if not after:
        return
    check(person, exclude=_DIGEST).save_as(person, "Changed on their own profile.")
    log.record("person.edited", by=person, subject=person, before=before, after=after)


@transaction.atomic(durable=True)
def change_password(person: User, *, password: str) -> None:
    """Give oneself a new password."""
    lock(person)
    person.set_password(password)
    person.save_as(person, "Chose a new password.")
    log.record("person.edited", by=person, subject=person, after={"password": "changed"})


def overlapping_mandates(
    agency: Agency,
    person: User,
    starts_at: datetime,
    ends_at: datetime | None,
    *,
    limited_to: str = "",
) -> QuerySet[Mandate]:
    """Return the person's mandates of ``agency`` in force at some time of the window.

    Those for everything, or for the one product given: one may hold both kinds at a time.
    """
    held = agency.mandates.filter(
        Q(ends_at=None) | Q(ends_at__gt=starts_at), person=person, limited_to=limited_to
    )
    return held.filter(starts_at__lt=ends_at) if ends_at else held


@transaction.atomic(durable=True)
def grant_mandate(
    agency: Agency,
    *,
    person: User,
    capacity: str,
    starts_at: datetime,
    ends_at: datetime | None = None,
    limited_to: str = "",
    granted_by: str = "",
    reference: str = "",
    reason: str,
    by: User,
) -> Mandate:
    """Let a person hold an agency's seat from an instant until before another (rule 4).

    ``limited_to`` is the code of the one product for which it holds; without one it holds
    for everything. What a head of delegation grants is granted by the head, in name too.

    :raises PermissionDenied: if ``by`` is neither of the secretariat nor the agency's head
        of delegation, or is a head and it is the mandate of a head.
    :raises RefusedError: if the person may not sign in, keeps accounts or holds such a
        mandate there then, or the product takes none.
    """
    lock(agency)
    standing = Standing.of(by)
    standing.require_naming(agency, capacity)
    if not standing.is_secretariat:
        granted_by = by.name
    _check_holder(person)
    if limited_to and limited_to not in {limit.code for limit in limits.open_to(standing)}:
        raise RefusedError("A mandate is limited to a product that is on its way: choose one.")
    held = overlapping_mandates(agency, person, starts_at, ends_at, limited_to=limited_to).first()
    if held:
        raise RefusedError(
            f"{person} holds such a mandate in that time ({held}): end that mandate first."
        )
    mandate = check(
        Mandate(
            agency=agency,
            person=person,
            capacity=capacity,
            starts_at=starts_at,
            ends_at=ends_at,
            limited_to=limited_to,
            granted_by=granted_by,
            reference=reference,
        )
    )
    mandate.save_as(by, reason)
    log.record(
        "mandate.granted",
        by=by,
        subject=agency,
        reason=reason,
        on_behalf_of=agency.code,
        after={
            "person": person,
            "capacity": capacity,
            "limited_to": limited_to,
            "starts_at": starts_at,
            "ends_at": ends_at,
            "granted_by": granted_by,
        },
        also=[person],
    )
    return mandate


def _check_holder(person: User) -> None:
    if not person.is_active:
        raise RefusedError(f"{person} may not sign in, so cannot hold a seat.")
    if person.is_superuser:
        raise RefusedError(f"{person} keeps accounts and has no voice, so cannot hold a seat.")


@transaction.atomic(durable=True)
def end_mandate(
    mandate: Mandate, *, ends_at: datetime | None = None, reason: str, by: User
) -> None:
    """End a mandate now, or at an instant to come; what was done under it stays (rule 5).

    :raises PermissionDenied: if ``by`` is neither of the secretariat nor the agency's head
        of delegation, or is a head and it is the mandate of a head.
    :raises RefusedError: if it has ended, or the instant is past.
    """
    lock(mandate)
    Standing.of(by).require_naming(mandate.agency, mandate.capacity)
    end_within(mandate, ends_at=ends_at, reason=reason, by=by)


def end_within(mandate: Mandate, *, ends_at: datetime | None, reason: str, by: User) -> None:
    """End a mandate that is locked, inside the act that ends it.

    :raises RefusedError: if it has ended, or the instant is past.
    """
    now = clock.now()
    if mandate.ends_at and mandate.ends_at <= now:
        raise RefusedError(f"This mandate ended on {instants.words(mandate.ends_at)}.")
    if ends_at and ends_at < now:
        raise RefusedError("A mandate ends now or later: what was done under it stays valid.")
    before = {"ends_at": mandate.ends_at}
    mandate.ends_at = ends_at or now
    check(mandate).save_as(by, reason)
    log.record(
        "mandate.ended",
        by=by,
        subject=mandate.agency,
        reason=reason,
        on_behalf_of=mandate.agency.code,
        before=before,
        after={"person": mandate.person, "ends_at": mandate.ends_at},
        also=[mandate.person],
    )
