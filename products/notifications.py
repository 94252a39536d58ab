"""Who is told what of products and calls, and in what words (rules 14, 22, 23 and 44)."""

from collections.abc import Collection, Iterable
from datetime import datetime
from typing import Any

from django.conf import settings
from django.template.loader import render_to_string
from django.urls import reverse

from isecg import clock
from isecg.events.log import reference
from isecg.mail.outbox import Notice, enqueue
from products import call_letters, deliveries
from products.call_reading import CallReading
from products.models import (
    Call,
    Circulation,
    Decision,
    Elector,
    LiaisonSending,
    LiaisonStatement,
    Participation,
    PositionEntry,
    Product,
)
from workgroups.estate import Passing
from workgroups.models import Agency, User
from workgroups.recipients import people_of, secretariat


def _tell(
    people: Iterable[User],
    *,
    kind: str,
    occurrence: str,
    product: Product,
    subject: str,
    template: str,
    why: str,
    context: dict[str, Any],
    due_at: datetime | None = None,
) -> None:
    at = due_at or clock.now()
    enqueue(
        Notice(
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
            due_at=at,
        )
        for person in people
    )


def _participants(product: Product) -> list[User]:
    agencies = Agency.objects.filter(participations__product=product, participations__left_at=None)
    return people_of(agencies, at=clock.now(), on=product.code)


def circulated(circulation: Circulation, *, product: Product, by: User) -> None:
    """Tell the people of every member agency that a version is shared with them."""
    members = Agency.objects.filter(circulations__circulation=circulation)
    _tell(
        people_of(members, at=circulation.opened_at, on=product.code),
        kind=deliveries.KIND,
        occurrence=reference(circulation),
        product=product,
        subject=f"Version {circulation.version.number} is circulated",
        template="circulated",
        why="Your agency is a member of ISECG, and every draft is shared with all members.",
        context={"circulation": circulation, "by": by},
    )


def call_opened(call: Call, *, electors: Collection[Agency], by: User) -> None:
    """Ask the people of the electorate for their agency's position."""
    _tell(
        people_of(electors, at=call.opened_at, on=call.product.code),
        kind="call.opened",
        occurrence=reference(call),
        product=call.product,
        subject=f"Call for positions on version {call.version.number}",
        template="call_opened",
        why="Your agency is in the electorate of this call.",
        context={"call": call, "by": by},
        due_at=call.letters_at,
    )


def call_extended(call: Call, *, by: User, reason: str) -> None:
    """Tell the people of the electorate that the deadline moved."""
    electors = Agency.objects.filter(electorates__call=call, electorates__left_at=None)
    _tell(
        people_of(electors, at=clock.now(), on=call.product.code),
        kind="call.extended",
        occurrence=f"{reference(call)}@{call.deadline.isoformat()}",
        product=call.product,
        subject="The deadline of the call has moved",
        template="call_extended",
        why="Your agency is in the electorate of this call.",
        context={"call": call, "by": by, "reason": reason},
        # Not before the letter of the opening itself.
        due_at=call.letters_at if call.is_held_at(clock.now()) else None,
    )


def call_ended(reading: CallReading, *, by: User, reason: str) -> None:
    """Tell the people of the electorate that a call ended without a decision.

    While its letters are held back they know of none: then who has said something is told.
    """
    call = reading.call
    _tell(
        call_letters.told(call)
        if call.is_held_at(reading.at)
        else people_of(reading.agencies, at=reading.at, on=call.product.code),
        kind="call.ended",
        occurrence=f"{reference(call)}:ended",
        product=call.product,
        subject="The call has ended without a decision",
        template="call_ended",
        why="Your agency was in the electorate of this call.",
        context={"call": call, "by": by, "reason": reason},
    )


def call_succeeded(reading: CallReading, *, passing: Passing, position: str) -> None:
    """Tell the electorate, and the people of both agencies, whose place another one takes."""
    row = passing.succession
    electors = people_of(reading.agencies, at=reading.at)
    people = {person.pk: person for person in [*electors, *passing.told]}
    _tell(
        people.values(),
        kind="call.succeeded",
        occurrence=f"{reference(reading.call)}:{reference(row)}",
        product=reading.call.product,
        subject=f"{row.successor} takes the place of {row.former} in the call",
        template="call_succeeded",
        why="Your agency is in the electorate of this call, or was.",
        context={
            "call": reading.call,
            "succession": row,
            "place": reading.inherited.get(row.successor.code),
            "position": position,
            "by": passing.by,
            "reason": passing.reason,
        },
    )


def position_recorded(entry: PositionEntry, *, before: PositionEntry | None, by: User) -> None:
    """Tell an agency's other delegates, and whoever it replaces, what was recorded.

    Two delegates who differ both learn of it (case 3 of the rules).
    """
    told = people_of([entry.agency], at=entry.given_at, on=entry.call.product.code)
    people = {person.pk: person for person in told}
    if before is not None:
        people[before.given_by_id] = before.given_by
    people.pop(by.pk, None)
    _tell(
        people.values(),
        kind="position.recorded",
        occurrence=reference(entry),
        product=entry.call.product,
        subject=f"{entry.agency}: {entry.get_stand_display() or 'position withdrawn'}",
        template="position_recorded",
        why=f"You hold a mandate of {entry.agency}, or gave its position before.",
        context={"entry": entry, "before": before, "by": by},
    )


def declared(decision: Decision, *, electors: Collection[Agency], by: User) -> None:
    """Tell the electorate's people and the secretariat what was decided."""
    told = people_of(electors, at=decision.declared_at, on=decision.call.product.code)
    people = {person.pk: person for person in told}
    people |= {person.pk: person for person in secretariat()}
    _tell(
        people.values(),
        kind="decision.declared",
        occurrence=reference(decision),
        product=decision.call.product,
        subject=f"{decision.number}: {decision.get_outcome_display()}",
        template="declared",
        why="Your agency was in the electorate of this call, or you work for the secretariat.",
        context={"decision": decision, "by": by},
    )


def state_changed(product: Product, *, by: User, reason: str) -> None:
    """Tell the people of the participating agencies where a product stands now."""
    _tell(
        _participants(product),
        kind="product.moved",
        occurrence=f"{reference(product)}:{product.state}@{clock.now().isoformat()}",
        product=product,
        subject=f"Now {product.get_state_display().lower()}",
        template="state_changed",
        why="Your agency takes part in this product.",
        context={"by": by, "reason": reason},
    )


def joined(part: Participation, *, by: User, reason: str) -> None:
    """Tell an agency's people and the product's editors that it takes part (rules 6 and 32).

    Nobody is made a participating agency without its people knowing.
    """
    product = part.product
    told = people_of([part.agency], at=clock.now(), on=product.code)
    people = {person.pk: person for person in told}
    people |= {editor.person_id: editor.person for editor in product.current_editors}
    people.pop(by.pk, None)
    _tell(
        people.values(),
        kind="product.joined",
        occurrence=reference(part),
        product=product,
        subject=f"{part.agency} takes part",
        template="joined",
        why=f"You hold a mandate of {part.agency}, or edit this product.",
        context={"part": part, "by": by, "reason": reason},
    )


def left(
    part: Participation,
    *,
    remaining: Collection[Agency],
    elector: Elector | None,
    by: User,
    reason: str,
) -> None:
    """Tell the agency's people, the remaining participants and the secretariat (rule 32).

    ``elector`` is the agency in the open call, where it was asked in one.
    """
    product = part.product
    told = people_of([part.agency, *remaining], at=clock.now(), on=product.code)
    people = {person.pk: person for person in [*told, *secretariat()]}
    people.pop(by.pk, None)
    _tell(
        people.values(),
        kind="product.left",
        occurrence=f"{reference(part)}:left",
        product=product,
        subject=f"{part.agency} takes part no longer",
        template="left",
        why="Your agency takes part in this product, or did, or you work for the secretariat.",
        context={
            "part": part,
            "remaining": remaining,
            "elector": elector,
            "by": by,
            "reason": reason,
        },
    )


def sent_to_liaison(sending: LiaisonSending, *, contacts: Collection[User], by: User) -> None:
    """Tell an organisation's contacts that they may read a version (rule 9)."""
    version = sending.version
    _tell(
        contacts,
        kind="liaison.sent",
        occurrence=reference(sending),
        product=version.product,
        subject=f"Version {version.number} was sent to {sending.organisation}",
        template="liaison_sent",
        why=f"You are a contact of {sending.organisation}.",
        context={"sending": sending, "by": by},
    )


def liaison_statement(statement: LiaisonStatement, *, by: User) -> None:
    """Tell the secretariat what a liaison organisation said, and about what."""
    version, at = statement.version, clock.now()
    about = reference(version.product if version else statement.organisation)
    page = version.get_absolute_url() if version else reverse("liaison")
    enqueue(
        Notice(
            kind="liaison.statement",
            occurrence=reference(statement),
            recipient=person,
            about=about,
            subject=f"[{version.product if version else 'Liaison'}] "
            f"Statement of {statement.organisation}",
            text=render_to_string(
                "emails/products/liaison_statement.txt",
                {
                    "statement": statement,
                    "product": version.product if version else None,
                    "page": page,
                    "by": by,
                    "site": settings.SITE_URL,
                },
            ),
            why="You work for the secretariat, which keeps the relations with such organisations.",
            thread=about,
            due_at=at,
        )
        for person in secretariat()
    )
