"""Letters of the acts around a call: asked for, recalled, due to be declared (16, 26, 28, 43)."""

from collections.abc import Collection, Iterable
from datetime import datetime
from typing import Any

from django.conf import settings
from django.template.loader import render_to_string

from isecg import clock
from isecg.events.log import reference
from isecg.mail.outbox import Notice, enqueue
from products import call_letters
from products.call_reading import CallReading
from products.models import Call, CallRequest, Product
from workgroups.models import User
from workgroups.recipients import chair_people, secretariat

# Not of the call's own kinds: who got it was told of no call.
REQUESTED, DECLINED = "call_request.asked", "call_request.declined"
ASKED_FOR, RECALLED, DUE = "call.asked_for", "call.recalled", "call.due"


def _notice(
    person: User,
    *,
    kind: str,
    occurrence: str,
    product: Product,
    subject: str,
    template: str,
    why: str,
    context: dict[str, Any],
    due_at: datetime | None = None,
) -> Notice:
    return Notice(
        kind=kind,
        occurrence=occurrence,
        recipient=person,
        about=reference(product),
        subject=f"[{product}] {subject}",
        text=render_to_string(
            f"emails/products/{template}.txt",
            {"product": product, "person": person, "site": settings.SITE_URL, **context},
        ),
        why=why,
        thread=reference(product),
        due_at=due_at or clock.now(),
    )


def call_requested(request: CallRequest, *, by: User) -> None:
    """Tell who opens calls that a group asks for one (rule 16)."""
    people = _once([*chair_people(at=request.requested_at), *secretariat()])
    enqueue(
        _notice(
            person,
            kind=REQUESTED,
            occurrence=reference(request),
            product=request.product,
            subject="A call is requested",
            template="call_requested",
            why="You speak for the chair or work for the secretariat, which open calls.",
            context={"request": request, "by": by},
        )
        for person in people
        if person.pk != by.pk
    )


def request_declined(request: CallRequest, *, by: User) -> None:
    """Tell who asked for a call why there is none."""
    assert request.answered_at is not None  # a constraint has seen to it
    enqueue(
        [
            _notice(
                request.requested_by,
                kind=DECLINED,
                occurrence=f"{reference(request)}@{request.answered_at.isoformat()}",
                product=request.product,
                subject="The requested call is not opened",
                template="call_request_declined",
                why="You asked for this call.",
                context={"request": request, "by": by},
            )
        ]
    )


def request_opened(request: CallRequest, *, call: Call, by: User) -> None:
    """Tell who asked for a call that it is open, with the letters of the opening."""
    enqueue(
        [
            _notice(
                request.requested_by,
                kind=ASKED_FOR,
                occurrence=reference(call),
                product=request.product,
                subject="The requested call is open",
                template="call_asked_for",
                why="You asked for this call.",
                context={"request": request, "call": call, "by": by},
                due_at=call.letters_at,
            )
        ]
    )


def recalled(call: Call, *, by: User, reason: str) -> None:
    """Tell everybody who was told of a call that it was opened in error (rule 28).

    What has not told anybody yet does not go any more.
    """
    call_letters.drop_waiting(call, note=f"The call was opened in error: {reason}")
    givers = set(call.entries.values_list("given_by", flat=True))
    enqueue(
        _notice(
            person,
            kind=RECALLED,
            occurrence=reference(call),
            product=call.product,
            subject="The call was opened in error",
            template="call_recalled",
            why="You were told of this call, or took part in it.",
            context={"call": call, "by": by, "reason": reason, "gave": person.pk in givers},
        )
        for person in call_letters.told(call)
    )


def due_key(reading: CallReading) -> str:
    """Return what a letter says is due: the declaration of a call that ended, or may close."""
    return f"{reference(reading.call)}:{'ended' if reading.ended_at else 'answered'}"


def due(
    reading: CallReading, *, to: User, declarer: str, held: Collection[str], at: datetime
) -> Notice:
    """Return the letter that says that a call is due to be declared (rules 26, 27 and 43).

    ``declarer`` names whose act it is, ``held`` says what must be done before.
    """
    return _notice(
        to,
        kind=DUE,
        occurrence=due_key(reading),
        product=reading.call.product,
        subject="A call is due to be declared",
        template="call_due",
        why="You speak for the chair or work for the secretariat.",
        context={
            "call": reading.call,
            "reading": reading,
            "declarer": declarer,
            "held": held,
        },
        due_at=reading.ended_at or at,
    )


def _once(people: Iterable[User]) -> list[User]:
    return list({person.pk: person for person in people}.values())
