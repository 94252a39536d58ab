"""Letters about accounts: who is told, and in what words."""

import secrets

from django.conf import settings
from django.template.loader import render_to_string
from django.urls import reverse

from isecg import clock
from isecg.events.log import reference
from isecg.mail.notices import Notice
from workgroups.models import AddressChange, Invitation, User

WHY = "You get this because it is about your account here."


def about_an_account(
    person: User | None, *, to: str, kind: str, subject: str, text: str, is_secret: bool = False
) -> Notice:
    """Return a letter that tells somebody of a change of their account, or opens it again."""
    about = reference(person) if person else "account"
    return Notice(
        kind=f"account.{kind}",
        # Each time is another time: two resets in an hour are two letters.
        occurrence=f"{about}/{secrets.token_hex(8)}",
        recipient=person,
        to=to,
        about=about,
        thread=about,
        subject=subject,
        text=text,
        why=WHY,
        due_at=clock.now(),
        is_secret=is_secret,
    )


def invitation(asked: Invitation, *, token: str) -> Notice:
    """Return the letter that invites, with the link that opens the account."""
    zone = asked.agency.time_zone if asked.agency else "UTC"
    about = reference(asked)
    return Notice(
        kind="invitation.sent",
        occurrence=f"{about}@{asked.sent_at.isoformat()}",
        recipient=None,
        to=asked.email,
        about=about,
        thread=about,
        subject="Invitation to the ISECG tracker",
        text=render_to_string(
            "emails/accounts/invitation.txt",
            {"invitation": asked, "zone": zone, "link": _link("invitation_accept", token)},
        ),
        why=f"You get this because {asked.invited_by} invited this address.",
        due_at=asked.sent_at,
        is_secret=True,
    )


def invitation_accepted(asked: Invitation) -> Notice:
    """Return the letter that tells who invited that the account is open."""
    about = reference(asked)
    return Notice(
        kind="invitation.accepted",
        occurrence=about,
        recipient=asked.invited_by,
        about=about,
        thread=about,
        subject=f"{asked.accepted_by} accepted your invitation",
        text=render_to_string("emails/accounts/invitation_accepted.txt", {"invitation": asked}),
        why="You get this because you sent the invitation.",
        due_at=clock.now(),
    )


def address_change(change: AddressChange, *, token: str, to: str) -> Notice:
    """Return the letter to one of the two addresses, with the link that confirms for it."""
    about = reference(change)
    is_new = to != change.person.email
    return Notice(
        kind="address.change",
        occurrence=f"{about}/{'new' if is_new else 'old'}",
        recipient=change.person,
        to=to,
        about=about,
        thread=about,
        subject="Confirm the change of your address",
        text=render_to_string(
            "emails/accounts/address_change.txt",
            {"change": change, "is_new": is_new, "link": _link("address_confirm", token)},
        ),
        why=WHY,
        due_at=change.asked_at,
        is_secret=True,
    )


def address_changed(change: AddressChange, *, to: str) -> Notice:
    """Return the letter to the former and to the new address, once the change is made."""
    return about_an_account(
        change.person,
        to=to,
        kind="address_changed",
        subject="Your address was changed",
        text=render_to_string("emails/accounts/address_changed.txt", {"change": change}),
    )


def _link(name: str, token: str) -> str:
    return f"{settings.SITE_URL.rstrip('/')}{reverse(name, args=[token])}"


def second_factor_removed(person: User, *, by: User, reason: str) -> Notice:
    """Return the letter to somebody whose second factor was taken away for them."""
    return about_an_account(
        person,
        to=person.email,
        kind="second_factor_removed",
        subject="Your second factor was removed",
        text=render_to_string(
            "emails/accounts/second_factor_removed.txt",
            {"person": person, "by": by, "reason": reason},
        ),
    )
