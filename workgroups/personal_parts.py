"""What this room and the ground floor keep about a person: exported, held, erased."""

from collections.abc import Iterable, Iterator, Mapping
from datetime import datetime
from typing import Any

from django.contrib.auth import SESSION_KEY
from django.contrib.sessions.models import Session
from django.db.models import Q

from isecg.events.models import Event
from isecg.mail import personal
from workgroups import personal_data
from workgroups.models import AgendaItem, ChairTerm, Mandate, User
from workgroups.permissions import who_may
from workgroups.personal_data import Erasure
from workgroups.roles import Ability

_BATCH = 500

Rows = list[Mapping[str, Any]]


def register() -> None:
    """Register the parts in the order in which an export prints them."""
    personal_data.register(
        "account",
        export=_account,
        removes="The name, the address, the time zone and the password of the account, and every "
        "former name, address and zone in its history.",
        stays="The account itself, closed and called by the capacity and the agency of its last "
        "mandate, so that the record still says who acted for whom.",
    )
    personal_data.register("account_history", export=_account_history)
    personal_data.register(
        "mandates",
        export=_mandates,
        holds=_mandates_held,
        erase=_rename_granter,
        stays="Mandates, duties and terms in the chair, with their dates and reasons.",
    )
    personal_data.register("duties", export=_duties, holds=_duties_held)
    personal_data.register(
        "chair_terms", export=_chair_terms, holds=_chair_held, erase=_rename_chair
    )
    personal_data.register("agenda_items", export=_agenda_items)
    personal_data.register(
        "letters",
        export=personal.letters_to,
        erase=_empty_letters,
        removes="What letters to this person said, and where they went; letters that have not gone "
        "are dropped. In letters to others the name and the address are blotted out.",
        stays="That a letter of a kind was queued, sent or dropped, and when.",
    )
    personal_data.register("sessions", erase=_end_sessions, removes="Every open sign-in.")
    personal_data.register(
        "events",
        export=_events,
        stays="The event log, which names people by the account and cannot be changed; reasons and "
        "other texts that people wrote, with whatever name they wrote in them.",
    )


def _account(person: User) -> dict[str, Any]:
    return {
        "number": person.pk,
        "name": person.name,
        "address": person.email,
        "time_zone": person.time_zone,
        "works_for_the_secretariat": person.is_secretariat,
        "may_sign_in": person.is_active,
        "may_open_the_admins_window": person.is_staff,
        "superuser": person.is_superuser,
    }


def _account_history(person: User) -> Rows:
    """Return every state of the account; others who changed it are not named here."""
    who = {None: "the program", person.pk: "yourself"}
    return [
        {
            "at": row.history_date,
            "by": who.get(row.history_user_id, "somebody else"),
            "reason": row.history_change_reason,
            "name": row.name,
            "address": row.email,
            "time_zone": row.time_zone,
            "works_for_the_secretariat": row.is_secretariat,
            "may_sign_in": row.is_active,
            "may_open_the_admins_window": row.is_staff,
        }
        for row in person.history.order_by("history_date", "history_id")
    ]


def _mandates(person: User) -> Rows:
    rows = person.mandates.order_by("starts_at", "pk")
    return list(
        rows.values(
            *["agency__code", "capacity", "starts_at", "ends_at", "granted_by", "reference"]
        )
    )


def _duties(person: User) -> Rows:
    rows = person.group_roles.order_by("starts_at", "pk")
    return list(rows.values("group__code", "duty", "starts_at", "ends_at"))


def _chair_terms(person: User) -> Rows:
    rows = person.chair_terms.order_by("position")
    return list(
        rows.values(*["agency__code", "person_name", "starts_at", "ends_at", "start", "end"])
    )


def _agenda_items(person: User) -> Rows:
    rows = AgendaItem.objects.filter(speaker=person).order_by("pk")
    return list(rows.values("meeting__key", "meeting__title", "position", "title", "minutes"))


def _events(person: User) -> Rows:
    rows = Event.objects.filter(user=person).order_by("seq")
    return list(rows.values("seq", "at", "event", "subject", "payload"))


# --- By what a person may act -----------------------------------------------------------


def _unended(at: datetime) -> Q:
    return Q(ends_at=None) | Q(ends_at__gt=at)


def _mandates_held(person: User, at: datetime) -> Iterator[str]:
    for mandate in person.mandates.filter(_unended(at)).select_related("agency"):
        yield (
            f"{mandate.get_capacity_display()} of {mandate.agency}: "
            f"{who_may(Ability.KEEP_ROSTER)} ends the mandate on the agency's page."
        )


def _duties_held(person: User, at: datetime) -> Iterator[str]:
    for role in person.group_roles.filter(_unended(at)).select_related("group"):
        yield (
            f"{role.get_duty_display()} of {role.group}: "
            f"{who_may(Ability.KEEP_ROSTER)} ends the duty on the group's page."
        )


def _chair_held(person: User, at: datetime) -> Iterator[str]:
    terms = person.chair_terms.filter(_unended(at), starts_at__isnull=False)
    for term in terms.select_related("agency"):
        yield (
            f"The person of {term.agency}'s term in the chair: "
            f"{who_may(Ability.HAND_OVER_CHAIR)} ends it, or hands the chair over."
        )


# --- What is erased ---------------------------------------------------------------------


def _rename_granter(erasure: Erasure) -> None:
    """Rename the person where they gave a mandate in their own name."""
    tables: tuple[Any, ...] = (Mandate.objects, Mandate.history)
    for mandates in tables:
        granted = mandates.order_by().values_list("granted_by", flat=True).distinct()
        for text in [text for text in granted if erasure.words.finds(text)]:
            # Not saved with a reason: no fact of the mandate changes, and the former
            # text must not stay in its history.
            renamed = erasure.words.redact(text, by=erasure.name)[:200]
            mandates.filter(granted_by=text).update(granted_by=renamed)


def _rename_chair(erasure: Erasure) -> None:
    tables: tuple[Any, ...] = (ChairTerm.objects, ChairTerm.history)
    for terms in tables:
        terms.filter(person=erasure.person.pk).exclude(person_name="").update(
            person_name=erasure.name
        )


def _empty_letters(erasure: Erasure) -> None:
    personal.empty_letters_to(erasure.person, note="The person's data was erased.")
    personal.redact_letters(erasure.words)


def _end_sessions(erasure: Erasure) -> None:
    mine = str(erasure.person.pk)
    keys = [
        session.session_key
        for session in Session.objects.order_by("pk").iterator(chunk_size=_BATCH)
        if session.get_decoded().get(SESSION_KEY) == mine
    ]
    for batch in _batches(keys):
        Session.objects.filter(pk__in=batch).delete()


def _batches(keys: list[str]) -> Iterable[list[str]]:
    return (keys[start : start + _BATCH] for start in range(0, len(keys), _BATCH))
