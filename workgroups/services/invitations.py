"""Invitations: who may send one, and the account that it opens."""

from datetime import datetime, timedelta

from django.conf import settings
from django.core.exceptions import PermissionDenied
from django.db import transaction

from isecg import clock
from isecg.events import log
from isecg.mail import outbox
from workgroups import identity_providers
from workgroups.models import Agency, Invitation, User
from workgroups.permissions import Standing
from workgroups.roles import NAMED_BY_HEAD, Ability, Capacity, InvitedAs
from workgroups.services.errors import RefusedError
from workgroups.services.people import give_mandate
from workgroups.services.rows import check, lock
from workgroups.sign_in import letters, tokens

GONE = "This invitation is not open any more. Ask whoever invited you for another one."


def invitable(standing: Standing, agency: Agency | None = None) -> list[InvitedAs]:
    """Return the roles in which a person may invite others: for ``agency``, or at all.

    The secretariat invites anybody; a head of delegation the alternates and staff of the
    own agency (rule 4).
    """
    if standing.may(Ability.KEEP_ROSTER):
        return list(InvitedAs)
    if agency in standing.headed or (agency is None and standing.headed):
        return [role for role in InvitedAs if role.value in NAMED_BY_HEAD]
    return []


def _require_may_invite(by: User, invited_as: InvitedAs, agency: Agency | None) -> None:
    standing = Standing.of(by)
    if standing.may(Ability.KEEP_ROSTER):
        return
    if agency is None or invited_as not in invitable(standing, agency):
        raise PermissionDenied(
            "The secretariat invites anybody; a head of delegation the alternates and staff "
            "of the own agency."
        )


@transaction.atomic(durable=True)
def invite(
    email: str,
    *,
    invited_as: InvitedAs,
    reason: str,
    by: User,
    name: str = "",
    agency: Agency | None = None,
    limited_to: str = "",
    mandate_starts_at: datetime | None = None,
    mandate_ends_at: datetime | None = None,
) -> Invitation:
    """Ask somebody to open an account; whoever has one is asked to take the role on.

    The letter holds a link that is open for ``ISECG_INVITATION_DAYS`` and for one use.

    :raises PermissionDenied: if it is not for ``by`` to invite in that role.
    :raises RefusedError: if the mandate would end before the link does.
    :raises ValidationError: if an invitation to the address is open, or a field is wrong.
    """
    _require_may_invite(by, invited_as, agency)
    token, now = tokens.new_token(), clock.now()
    if mandate_ends_at and mandate_ends_at <= now:
        raise RefusedError("The mandate would be over before it begins.")
    invitation = Invitation(
        email=User.objects.normalize_email(email),
        name=name,
        invited_as=invited_as,
        agency=None if invited_as in InvitedAs.without_agency() else agency,
        limited_to=limited_to,
        mandate_starts_at=mandate_starts_at,
        mandate_ends_at=mandate_ends_at,
        invited_by=by,
    )
    _address(invitation, token, at=now)
    check(invitation).save_as(by, reason)
    _record(invitation, "invitation.sent", by=by, reason=reason)
    outbox.enqueue([letters.invitation(invitation, token=token)])
    return invitation


def _address(invitation: Invitation, token: str, *, at: datetime) -> None:
    invitation.token_digest = tokens.digest(token)
    invitation.sent_at = at
    invitation.expires_at = at + timedelta(days=settings.ISECG_INVITATION_DAYS)


def _record(invitation: Invitation, event: str, *, by: User, reason: str) -> None:
    log.record(
        event,
        by=by,
        subject=invitation,
        reason=reason,
        after={"as": invitation.invited_as, "agency": invitation.agency},
        also=[invitation.agency] if invitation.agency else [],
    )


def _lock_open(invitation: Invitation) -> None:
    lock(invitation)
    if invitation.accepted_at is not None:
        raise RefusedError("This invitation was accepted.")
    if invitation.revoked_at is not None:
        raise RefusedError("This invitation was withdrawn.")


@transaction.atomic(durable=True)
def resend(invitation: Invitation, *, reason: str, by: User) -> None:
    """Send an invitation again, with another link; the former one opens nothing any more.

    :raises PermissionDenied: if it is not for ``by`` to invite in that role.
    :raises RefusedError: if it was accepted or withdrawn.
    """
    _lock_open(invitation)
    _require_may_invite(by, InvitedAs(invitation.invited_as), invitation.agency)
    token = tokens.new_token()
    _drop_letters(invitation, note="The invitation was sent again.")
    _address(invitation, token, at=clock.now())
    check(invitation).save_as(by, reason)
    _record(invitation, "invitation.resent", by=by, reason=reason)
    outbox.enqueue([letters.invitation(invitation, token=token)])


@transaction.atomic(durable=True)
def revoke(invitation: Invitation, *, reason: str, by: User) -> None:
    """Withdraw an invitation: its link opens nothing any more.

    :raises PermissionDenied: if it is not for ``by`` to invite in that role.
    :raises RefusedError: if it was accepted or withdrawn.
    """
    _lock_open(invitation)
    _require_may_invite(by, InvitedAs(invitation.invited_as), invitation.agency)
    withdraw(invitation, by=by, reason=reason)


def withdraw(invitation: Invitation, *, by: User, reason: str) -> None:
    """Withdraw an open invitation, inside the act that ends it."""
    _drop_letters(invitation, note="The invitation was withdrawn.")
    invitation.revoked_at = clock.now()
    check(invitation).save_as(by, reason)
    _record(invitation, "invitation.withdrawn", by=by, reason=reason)


def _drop_letters(invitation: Invitation, *, note: str) -> None:
    outbox.drop(log.reference(invitation), note=note)


def find(token: str) -> Invitation | None:
    """Return the invitation that a link opens now, if there is one.

    It opens something only for as long as whoever sent it may still invite so.
    """
    open_now = Invitation.objects.open().select_related("agency", "invited_by")
    found = open_now.filter(token_digest=tokens.digest(token)).first()
    if found is None or found.has_run_out(clock.now()):
        return None
    allowed = invitable(Standing.of(found.invited_by), found.agency)
    return found if found.invited_as in allowed else None


def account_of(invitation: Invitation) -> User | None:
    """Return the account that the invited address has already, if any."""
    return User.objects.filter(email__iexact=invitation.email).first()


@transaction.atomic(durable=True)
def accept(
    token: str, *, name: str = "", time_zone: str = "UTC", password: str = "", by: User | None
) -> User:
    """Open the account to which a link invites, and give it the role.

    Whoever has an account under that address takes the role on as ``by``. Without a
    password the person signs in through their agency's provider of identities.

    :raises PermissionDenied: if the address has another account than that of ``by``.
    :raises RefusedError: if the link opens nothing, or nothing would open the account.
    """
    invitation = find(token)
    if invitation is None:
        raise RefusedError(GONE)
    lock(invitation)
    # Who accepted it while we waited for the lock has used it up.
    if find(token) is None:
        raise RefusedError(GONE)
    person = account_of(invitation)
    if person is not None and person != by:
        raise PermissionDenied("Sign in with the invited address to accept this invitation.")
    if person is None:
        person = _open_account(invitation, name=name, time_zone=time_zone, password=password)
    _give_role(invitation, person)
    invitation.accepted_at, invitation.accepted_by = clock.now(), person
    check(invitation).save_as(person, "Accepted.")
    _record(invitation, "invitation.accepted", by=person, reason="Accepted.")
    outbox.enqueue([letters.invitation_accepted(invitation)])
    return person


def _open_account(invitation: Invitation, *, name: str, time_zone: str, password: str) -> User:
    if not password and identity_providers.of_address(invitation.email) is None:
        raise RefusedError("Choose a password: nothing else would open this account.")
    person = User(email=invitation.email, name=name, time_zone=time_zone)
    person.set_password(password or None)
    check(person, exclude=("password",)).save_as(None, "Opened by accepting an invitation.")
    log.record("person.added", by=person, subject=person, reason="Accepted an invitation.")
    return person


def _give_role(invitation: Invitation, person: User) -> None:
    inviter, role = invitation.invited_by, InvitedAs(invitation.invited_as)
    if role == InvitedAs.SECRETARIAT:
        person.is_secretariat = True
        check(person, exclude=("password",)).save_as(inviter, "Invited to the secretariat.")
        log.record("person.edited", by=inviter, subject=person, after={"is_secretariat": True})
    elif invitation.agency is not None:
        starts_at = max(invitation.mandate_starts_at or clock.now(), clock.now())
        give_mandate(
            invitation.agency,
            person=person,
            capacity=Capacity(role.value),
            starts_at=starts_at,
            ends_at=invitation.mandate_ends_at,
            limited_to=invitation.limited_to,
            granted_by=inviter.name,
            reference="",
            reason="By invitation.",
            by=inviter,
        )
