"""What the sign-in keeps about a person: exported, and removed."""

from typing import Any

from allauth.account.models import EmailAddress
from allauth.mfa.models import Authenticator
from allauth.socialaccount.models import SocialAccount
from allauth.usersessions.models import UserSession
from django.db.models import Q

from isecg.events.log import reference
from isecg.mail.models import Letter
from workgroups import personal_data
from workgroups.models import AddressChange, Invitation, User
from workgroups.personal_data import Erasure


def register() -> None:
    """Register the parts in the order in which an export prints them."""
    personal_data.register(
        "sign_in",
        export=_sign_in,
        erase=_forget_sign_in,
        removes="Passkeys, apps, recovery codes, links to providers of identities, the list of "
        "sessions, and changes of the address.",
    )
    personal_data.register(
        "invitations",
        export=_invitations,
        erase=_forget_invitations,
        removes="The address and the name in the invitation by which the person came.",
        stays="That somebody was invited in a role, by whom and when.",
    )


def _sign_in(person: User) -> dict[str, Any]:
    """Return what opens the account and where it is open; secrets are not told to anybody."""
    factors = Authenticator.objects.filter(user=person).order_by("pk")
    sessions = UserSession.objects.filter(user=person).order_by("pk")
    linked = SocialAccount.objects.filter(user=person).order_by("pk")
    changes = person.address_changes.order_by("pk")
    return {
        "second_factors": list(factors.values("type", "created_at", "last_used_at")),
        "sessions": list(sessions.values("created_at", "ip", "user_agent")),
        "providers": list(linked.values("provider", "uid", "date_joined", "last_login")),
        "address_changes": list(
            changes.values(
                *["new_email", "asked_at", "old_confirmed_at", "new_confirmed_at", "ended_at"]
            )
        ),
    }


def _invitations(person: User) -> list[dict[str, Any]]:
    mine = Invitation.objects.filter(Q(accepted_by=person) | Q(invited_by=person)).order_by("pk")
    rows = mine.values(
        *["pk", "email", "name", "invited_as", "agency__code", "invited_by", "accepted_by"],
        *["sent_at", "accepted_at", "revoked_at"],
    )
    return [_without_others(row, person) for row in rows]


def _without_others(row: dict[str, Any], person: User) -> dict[str, Any]:
    """Return an invitation as its sender or its receiver may have it: the other is not named."""
    came_by_it, sent_it = row.pop("accepted_by") == person.pk, row.pop("invited_by") == person.pk
    if not came_by_it:
        row |= {"email": "somebody else's", "name": "somebody else"}
    return row | {"sent_by_you": sent_it, "accepted_by_you": came_by_it}


def _forget_sign_in(erasure: Erasure) -> None:
    person = erasure.person
    for kept in (Authenticator, SocialAccount, UserSession, EmailAddress):
        kept.objects.filter(user=person).delete()
    AddressChange.objects.filter(person=person).update(new_email=person.email)


def _forget_invitations(erasure: Erasure) -> None:
    """Take the person out of the invitation that they accepted, and out of its letters."""
    accepted = list(Invitation.objects.filter(accepted_by=erasure.person))
    keys = [row.pk for row in accepted]
    gone = {"email": erasure.person.email, "name": ""}
    Invitation.objects.filter(pk__in=keys).update(**gone)
    Invitation.history.filter(id__in=keys).update(**gone)
    letters = Letter.objects.filter(recipient=None, about__in=[reference(row) for row in accepted])
    letters.update(address="", subject="", text="", html="", why="", attachments=[])
