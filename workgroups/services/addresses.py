"""A change of the address with which somebody signs in, confirmed on both ends."""

from datetime import timedelta

from django.db import transaction

from isecg import clock
from isecg.events import log
from isecg.mail import outbox
from workgroups.models import AddressChange, User
from workgroups.services import sessions
from workgroups.services.errors import RefusedError
from workgroups.services.rows import check, lock
from workgroups.sign_in import letters, tokens

OPEN_FOR = timedelta(days=1)
GONE = "This change of address is not open any more. It can be asked for again on your profile."


@transaction.atomic(durable=True)
def ask_for_change(person: User, *, email: str) -> AddressChange:
    """Write to the old and the new address; once both have confirmed, the new one holds.

    A change that was asked for before is given up.

    :raises RefusedError: if it is the present address.
    """
    lock(person)
    email = User.objects.normalize_email(email)
    if email.lower() == person.email.lower():
        raise RefusedError("This is your address already.")
    give_up(person, reason="Another one was asked for.")
    old, new, now = tokens.new_token(), tokens.new_token(), clock.now()
    change = AddressChange(
        person=person,
        new_email=email,
        old_digest=tokens.digest(old),
        new_digest=tokens.digest(new),
        asked_at=now,
        expires_at=now + OPEN_FOR,
    )
    check(change).save_as(person, "Asked for on their own profile.")
    log.record("person.address_asked", by=person, subject=person)
    notices = [letters.address_change(change, token=old, to=person.email)]
    # An address that has an account gets none, and nothing shows that here.
    if not User.objects.filter(email__iexact=email).exists():
        notices.append(letters.address_change(change, token=new, to=email))
    outbox.enqueue(notices)
    return change


def find(token: str) -> AddressChange | None:
    """Return the change that a link confirms now, if there is one."""
    digest = tokens.digest(token)
    opened = AddressChange.objects.filter(ended_at=None, expires_at__gt=clock.now())
    rows = opened.select_related("person")
    return rows.filter(old_digest=digest).first() or rows.filter(new_digest=digest).first()


@transaction.atomic(durable=True)
def confirm(token: str) -> AddressChange:
    """Confirm a change for one end; the second confirmation carries it out.

    :raises RefusedError: if the link opens nothing, or somebody has that address by now.
    """
    change = find(token)
    if change is None or not change.person.is_active:
        raise RefusedError(GONE)
    lock(change)
    if change.ended_at is not None:
        raise RefusedError(GONE)
    now = clock.now()
    if change.old_digest == tokens.digest(token):
        change.old_confirmed_at = change.old_confirmed_at or now
    else:
        change.new_confirmed_at = change.new_confirmed_at or now
    if change.old_confirmed_at and change.new_confirmed_at:
        _carry_out(change)
    check(change).save_as(change.person, "Confirmed by a link in a letter.")
    return change


def _carry_out(change: AddressChange) -> None:
    person = change.person
    lock(person)
    if User.objects.filter(email__iexact=change.new_email).exclude(pk=person.pk).exists():
        raise RefusedError("Somebody else has this address by now: the change cannot be made.")
    former, person.email = person.email, change.new_email
    check(person, exclude=("password",)).save_as(person, "Both addresses confirmed the change.")
    change.ended_at = clock.now()
    sessions.end_all(person)
    log.record("person.edited", by=person, subject=person, after={"email": "changed"})
    outbox.enqueue(
        letters.address_changed(change, to=address) for address in (former, person.email)
    )


def give_up(person: User, *, reason: str) -> None:
    """End the change that is open, inside the act that overtakes it."""
    for change in person.address_changes.filter(ended_at=None):
        change.ended_at = clock.now()
        check(change).save_as(person, reason)
        outbox.drop(log.reference(change), note=reason)
