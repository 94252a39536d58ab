"""Erasing a person who left: the record of what was done stays, the person goes."""

from typing import TYPE_CHECKING

from django.db import transaction

from isecg import clock
from isecg.events import log
from isecg.redaction import Redactor
from workgroups import permissions, personal_data
from workgroups.models import User
from workgroups.personal_data import Erasure
from workgroups.roles import Ability
from workgroups.services.errors import RefusedError
from workgroups.services.rows import check, lock

if TYPE_CHECKING:
    from datetime import datetime

_DIGEST = ("password",)
_LONGEST_NAME = 200


def name_after(person: User) -> str:
    """Return what an erased person is called: "Former head of delegation of ESA".

    It says the capacity of the last mandate of each agency that the person held a seat of.
    """
    last = {}
    for mandate in person.mandates.select_related("agency").order_by("starts_at", "pk"):
        last[mandate.agency.code] = mandate.get_capacity_display().lower()
    if not last:
        return f"Former user {person.pk}"
    name = "Former " + " and ".join(f"{last[code]} of {code}" for code in sorted(last))
    return name if len(name) <= _LONGEST_NAME else f"Former delegate of {len(last)} agencies"


def obstacles(person: User, *, by: User, at: "datetime") -> list[str]:
    """Return why a person cannot be erased, a sentence each, naming whose act ends it."""
    if person.erased_at:
        return ["This person's data was erased already."]
    found = []
    if person == by:
        found.append("This is your own account: somebody else of the secretariat erases it.")
    if person.is_secretariat and not _others_at_the_desk(person):
        found.append("Nobody else works for the secretariat: give somebody an account first.")
    return found + personal_data.held(person, at)


def _others_at_the_desk(person: User) -> bool:
    desk = User.objects.filter(is_secretariat=True, is_active=True)
    return desk.exclude(pk=person.pk).exists()


@transaction.atomic(durable=True)
def erase_person(person: User, *, reason: str, by: User) -> None:
    """Remove what is personal about somebody who left, for good.

    Positions, versions, decisions and events stay, as those of "the former head of
    delegation of ESA"; the account is closed and cannot be opened again.

    :raises PermissionDenied: if ``by`` may not keep the roster.
    :raises RefusedError: if the person may act now or later, is the one who asks or the
        last of the secretariat, or was erased; or if the reason names the person.
    """
    # Two of the secretariat who erase each other: the second one finds the account closed.
    list(User.objects.select_for_update(no_key=True).filter(is_secretariat=True).order_by("pk"))
    permissions.require(User.objects.get(pk=by.pk), Ability.KEEP_ROSTER)
    lock(person)
    at = clock.now()
    if found := obstacles(person, by=by, at=at):
        raise RefusedError(" ".join(found))
    states = list(person.history.values_list("name", "email"))
    words = Redactor(
        names={person.name, *(name for name, _ in states)},
        addresses={person.email, *(address for _, address in states)},
    )
    if words.finds(reason):
        raise RefusedError("The reason is kept for ever: do not name the person in it.")

    person.name = name_after(person)
    person.email = f"erased-{person.pk}@erased.invalid"
    person.time_zone = "UTC"
    person.set_unusable_password()
    person.is_active = person.is_staff = person.is_superuser = person.is_secretariat = False
    person.erased_at = at
    check(person, exclude=_DIGEST).save_as(by, reason)
    person.groups.clear()
    person.user_permissions.clear()
    person.history.update(name=person.name, email=person.email, time_zone=person.time_zone)
    erasure = Erasure(person=person, name=person.name, words=words, by=by, reason=reason, at=at)
    for part in personal_data.parts():
        if part.erase:
            part.erase(erasure)
    log.record("person.erased", by=by, subject=person, reason=reason)
