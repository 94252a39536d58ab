"""Who is told that positions were carried to a version, or that it was contested (rule 29)."""

from collections.abc import Iterable
from typing import Any

from django.conf import settings
from django.template.loader import render_to_string
from django.urls import reverse

from isecg import clock
from isecg.events.log import reference
from isecg.mail.outbox import Notice, enqueue
from products.call_reading import CallReading
from products.models import CarryOver
from workgroups.models import User
from workgroups.recipients import people_of, secretariat


def carried(row: CarryOver, *, reading: CallReading, by: User) -> None:
    """Tell the people of the electorate, with what changed and how to contest it."""
    _tell(
        people_of(reading.agencies, at=row.at, on=row.call.product.code),
        row,
        kind="call.carried",
        subject=f"Version {row.version.number} takes over in the call",
        why="Your agency is in the electorate of this call.",
        context={"by": by},
    )


def contested(row: CarryOver, *, reading: CallReading, by: User) -> None:
    """Tell the electorate, who wrote and edits the text, and the secretariat."""
    product = row.call.product
    people = {
        person.pk: person
        for person in [
            *people_of(reading.agencies, at=reading.at, on=product.code),
            *secretariat(),
            *(editor.person for editor in product.current_editors),
            row.version.author,
        ]
    }
    _tell(
        people.values(),
        row,
        kind="call.contested",
        subject=f"Version {row.version.number} is not editorial: the call has ended",
        why="Your agency was in the electorate of this call, or you wrote the text, edit it, or "
        "work for the secretariat.",
        context={"by": by},
    )


def _tell(
    people: Iterable[User],
    row: CarryOver,
    *,
    kind: str,
    subject: str,
    why: str,
    context: dict[str, Any],
) -> None:
    product = row.call.product
    # The numbers stand in the address: who reads the letter has both texts beside each other.
    changes = reverse(
        "compare",
        args=[product.code],
        query={"from": row.before.number, "to": row.version.number},
    )
    at = clock.now()
    enqueue(
        Notice(
            kind=kind,
            occurrence=reference(row),
            recipient=person,
            about=reference(product),
            subject=f"[{product}] {subject}",
            text=render_to_string(
                f"emails/products/{kind.replace('.', '_')}.txt",
                {
                    "product": product,
                    "person": person,
                    "row": row,
                    "call": row.call,
                    "changes": changes,
                    "site": settings.SITE_URL,
                    **context,
                },
            ),
            why=why,
            thread=reference(product),
            due_at=at,
        )
        for person in people
    )
