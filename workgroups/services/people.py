"""People, and the mandates by which they hold seats (rule 4)."""

from datetime import datetime
from typing import Any

from allauth.mfa.models import Authenticator
from django.core.exceptions import PermissionDenied
from django.db import transaction
from django.db.models import QuerySet

from isecg import clock, instants, stale
from isecg.events import log
from isecg.mail import outbox
from workgroups import limits, permissions
from workgroups.models import Agency, Mandate, User
from workgroups.permissions import Standing
from workgroups.roles import Ability
from workgroups.services import sessions
from workgroups.services.errors import RefusedError
from workgroups.services.rows import amend, check, lock, overlapping
from workgroups.sign_in import letters

# The event log is kept for ever, so it names what changed of a person, not the values.
_PUBLIC_FIELDS = frozenset({"is_secretariat", "is_active"})

# What those who keep accounts may change of one; the rest is its owner's.
_KEPT_BY_OTHERS = frozenset({"name", "time_zone", "is_secretariat", "is_active"})

# A digest is no input: an account that never had a password is whole without one.
_DIGEST = ("password",)


@transaction.atomic(durable=True)
def add_person(
    email: str, *, name: str, password: str, reason: str, by: User, **fields: Any
) -> User:
    """Open an account without an invitation, as the demo story does; no page does.

    Without a password the person cannot sign in.

    :raises PermissionDenied: if ``by`` may not keep the roster.
    """
    permissions.require(by, Ability.KEEP_ROSTER)
    person = User(email=User.objects.normalize_email(email), name=name, **fields)
    # An empty password would be a password; this one opens nothing.
    person.set_password(password or None)
    check(person, exclude=_DIGEST).save_as(by, reason)
    log.record("person.added", by=by, subject=person, reason=reason)
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
    log.record("person.added", by=None, subject=person, reason=reason)
    return person


@transaction.atomic(durable=True)
def edit_person(person: User, *, revision: int, reason: str, by: User, **fields: Any) -> None:
    """Change an account: its name, zone, role and whether it may sign in.

    A person who may no longer sign in leaves their seats without a holder (rule 5), and
    every session and every link that would open the account ends at once. An address is
    changed by its owner, and a password too: nobody else comes to know how to be them.

    :raises TypeError: if it is to change what only its owner may.
    :raises PermissionDenied: if ``by`` may not keep accounts, or makes somebody one of the
        secretariat without being of it.
    :raises RefusedError: if ``by`` would lock themselves out.
    :raises StaleError: if somebody changed it since ``revision``.
    """
    if others := fields.keys() - _KEPT_BY_OTHERS:
        raise TypeError(f"Not for others to change: {', '.join(sorted(others))}.")
    standing = permissions.require(by, Ability.KEEP_ACCOUNTS)
    if "is_secretariat" in fields:
        standing.require(Ability.KEEP_ROSTER)
    lock(person)
    stale.require_current(person, revision)
    if person.erased_at:
        raise RefusedError("This person's data was erased: the account stays as it is.")
    before, after = amend(person, fields)
    if person == by and (("is_active" in after) or ("is_secretariat" in after)):
        raise RefusedError("Somebody else has to take this from you.")
    check(person, exclude=_DIGEST).save_as(by, reason)
    if after.get("is_active") is False:
        _close_every_door(person, by=by)
    log.record(
        "person.edited",
        by=by,
        subject=person,
        reason=reason,
        before={key: value for key, value in before.items() if key in _PUBLIC_FIELDS},
        after=_without_values(after),
    )


def _close_every_door(person: User, *, by: User) -> None:
    """End what would still open a suspended account: sessions, links in letters."""
    sessions.end_all(person)
    for change in person.address_changes.filter(ended_at=None):
        change.ended_at = clock.now()
        check(change).save_as(by, "The account was suspended.")
    outbox.drop(log.reference(person), note="The account was suspended.")


@transaction.atomic(durable=True)
def end_sessions(person: User, *, reason: str, by: User) -> None:
    """End every session of an account: whoever uses it has to sign in again.

    :raises PermissionDenied: if ``by`` may not keep accounts.
    """
    permissions.require(by, Ability.KEEP_ACCOUNTS)
    sessions.end_all(person)
    log.record("person.sessions_ended", by=by, subject=person, reason=reason)


@transaction.atomic(durable=True)
def remove_second_factor(person: User, *, reason: str, by: User) -> None:
    """Take away every second factor of somebody who lost theirs, and tell them.

    Sessions end too: whoever has the lost factor may be in one.

    :raises PermissionDenied: if ``by`` may not keep accounts, or it is one's own.
    :raises RefusedError: if there is none.
    """
    permissions.require(by, Ability.KEEP_ACCOUNTS)
    if person == by:
        raise PermissionDenied("One's own second factor is changed on one's profile.")
    removed, _ = Authenticator.objects.filter(user=person).delete()
    if not removed:
        raise RefusedError(f"{person} has no second factor.")
    sessions.end_all(person)
    log.record("person.second_factor_removed", by=by, subject=person, reason=reason)
    outbox.enqueue([letters.second_factor_removed(person, by=by, reason=reason)])


def _without_values(after: dict[str, Any]) -> dict[str, Any]:
    """Return what changed of a person as the event log may keep it for ever."""
    return {key: value if key in _PUBLIC_FIELDS else "changed" for key, value in after.items()}


@transaction.atomic(durable=True)
def edit_profile(person: User, *, name: str, time_zone: str) -> None:
    """Change one's own name and zone."""
    lock(person)
    _, after = amend(person, {"name": name, "time_zone": time_zone})
    if not after:
        return
    check(person, exclude=_DIGEST).save_as(person, "Changed on their own profile.")
    log.record("person.edited", by=person, subject=person, after=_without_values(after))


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
    own = agency.mandates.filter(person=person, limited_to=limited_to)
    held: QuerySet[Mandate] = overlapping(own, starts_at, ends_at)
    return held


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
    :raises RefusedError: if the person may not sign in, keeps accounts, is a contact of a
        liaison organisation or holds such a mandate there then, or the product takes none.
    """
    standing = Standing.of(by)
    standing.require_naming(agency, capacity)
    if not standing.is_secretariat:
        granted_by = by.name
    return give_mandate(
        agency,
        person=person,
        capacity=capacity,
        starts_at=starts_at,
        ends_at=ends_at,
        limited_to=limited_to,
        granted_by=granted_by,
        reference=reference,
        reason=reason,
        by=by,
    )


def give_mandate(
    agency: Agency,
    *,
    person: User,
    capacity: str,
    starts_at: datetime,
    ends_at: datetime | None,
    limited_to: str,
    granted_by: str,
    reference: str,
    reason: str,
    by: User,
) -> Mandate:
    """Give a person a mandate, inside the act of ``by``, who may.

    :raises RefusedError: as :func:`grant_mandate` does.
    """
    lock(agency)
    # A mandate and a contact of one person must not cross (rule 9).
    lock(person)
    standing = Standing.of(by)
    _check_holder(person, starts_at, ends_at)
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
        },
        also=[person],
    )
    return mandate


def _check_holder(person: User, starts_at: datetime, ends_at: datetime | None) -> None:
    if not person.is_active:
        raise RefusedError(f"{person} may not sign in, so cannot hold a seat.")
    if person.is_superuser:
        raise RefusedError(f"{person} keeps accounts and has no voice, so cannot hold a seat.")
    contact = overlapping(person.liaison_contacts, starts_at, ends_at).first()
    if contact:
        raise RefusedError(
            f"{person} is a contact of {contact.organisation} in that time, and a contact never "
            "has a voice: end that first."
        )


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
