"""Who is told what of the ledger, and in what words (rules 30, 31 and 44)."""

from collections.abc import Iterable, Iterator
from datetime import datetime, timedelta
from typing import Any

from django.conf import settings
from django.db.models import Q
from django.template.loader import render_to_string

from isecg import clock
from isecg.events.log import reference
from isecg.mail import registry
from isecg.mail.models import Letter, State
from isecg.mail.notices import Notice
from isecg.mail.outbox import enqueue
from products import comment_notices, ledger, ledger_reading
from products.ledger import LedgerStanding, LedgerState
from products.models import LedgerItem, Product
from workgroups.models import Agency, Mandate, User
from workgroups.recipients import people_of
from workgroups.roles import Capacity

DISPOSED = "ledger.disposed"
REMINDER = "ledger.reminder"
DEEMED = "ledger.deemed"
# How long before the clock of an agency runs out it is told so, the longest first.
_LEFT = (timedelta(days=7), timedelta(days=1))


def register() -> None:
    """Have the clockwork ask for reminders, and ask again before each letter goes."""
    registry.register_planner("ledger", plan)
    registry.register(REMINDER, still_due=still_due)
    registry.register(DEEMED, still_due=still_due)


def _notice(
    item: Any,
    to: User,
    *,
    kind: str,
    occurrence: str,
    subject: str,
    why: str,
    at: datetime,
    **words: Any,
) -> Notice:
    return Notice(
        kind=kind,
        occurrence=f"{reference(item)}{occurrence}",
        recipient=to,
        about=reference(item),
        subject=f"[{item.product}] {item.label} of {item.code}: {subject}",
        text=render_to_string(
            f"emails/products/{kind.replace('.', '_')}.txt",
            {
                "item": item,
                "product": item.product,
                "person": to,
                "site": settings.SITE_URL,
                **words,
            },
        ),
        why=why,
        thread=reference(item.product),
        due_at=at,
    )


def _own(item: LedgerItem) -> list[User]:
    return people_of([item.agency], at=clock.now(), on=item.product.code)


def _belongs(item: LedgerItem) -> str:
    return f"You hold a mandate of {item.agency}, which answers for it."


def _writers(item: LedgerItem) -> Iterator[User]:
    """Yield who disposed of an item, and who writes the product."""
    people = list(comment_notices.editors(item.product))
    if item.disposed_by and item.disposed_by.is_active:
        people.append(item.disposed_by)
    yield from dict.fromkeys(people)


_WRITES = "You write this product, or proposed what is to be done about it."


def disposed(item: LedgerItem, *, by: User) -> None:
    """Tell the people of an item's agency what is proposed, and until when they may answer."""
    assert item.disposed_at is not None  # it was just disposed of
    enqueue(
        _notice(
            item,
            person,
            kind=DISPOSED,
            occurrence=f"@{item.disposed_at.isoformat()}",
            subject="a disposition waits for your answer",
            why=_belongs(item),
            at=item.disposed_at,
            by=by,
        )
        for person in _own(item)
        if person.pk != by.pk
    )


def resolved(item: LedgerItem, *, words: str, text: str, by: User) -> None:
    """Tell whoever writes the product what an agency did about its item, and its own people."""
    at = clock.now()
    why = dict.fromkeys(_writers(item), _WRITES)
    why |= {person: _belongs(item) for person in _own(item)}
    why.pop(by, None)
    enqueue(
        _notice(
            item,
            person,
            kind="ledger.resolved",
            occurrence=f"@{at.isoformat()}",
            subject=words,
            why=reason,
            at=at,
            by=by,
            words=words,
            said=text,
        )
        for person, reason in why.items()
    )


def considered(item: LedgerItem, *, by: User) -> None:
    """Tell an item's agency that the chair says that it was duly considered."""
    at = clock.now()
    enqueue(
        _notice(
            item,
            person,
            kind="ledger.considered",
            occurrence=f"@{at.isoformat()}",
            subject="duly considered",
            why=_belongs(item),
            at=at,
            by=by,
        )
        for person in _own(item)
        if person.pk != by.pk
    )


def escalated(item: LedgerItem, *, by: User) -> None:
    """Put an item before the heads of delegation of all whom the product concerns (rule 31)."""
    at = clock.now()
    concerned = Agency.objects.filter(
        Q(participations__product=item.product_id, participations__left_at=None)
        | Q(electorates__call=item.call_id, electorates__left_at=None)
        | Q(pk=item.agency_id)
    )
    heads = (
        Mandate.objects.valid_at(at)
        .covering(item.product.code)
        .filter(capacity=Capacity.HEAD, agency__in=concerned)
    )
    people = User.objects.filter(mandates__in=heads).distinct().order_by("pk")
    told = dict.fromkeys([*people, *_own(item)])
    enqueue(
        _notice(
            item,
            person,
            kind="ledger.escalated",
            occurrence=f"@{at.isoformat()}",
            subject="before the senior agency managers",
            why="You head the delegation of an agency that this product concerns, "
            f"or hold a mandate of {item.agency}.",
            at=at,
            by=by,
        )
        for person in told
        if person.pk != by.pk
    )


def _clocks(at: datetime) -> list[Any]:
    """Return the items whose clock runs out within a week, or ran out."""
    rows = ledger_reading.rows(at=at).filter(
        state=LedgerState.PROPOSED,
        product__in=Product.objects.moving(),
        answer_due_at__lte=at + _LEFT[0],
    )
    return list(rows.select_related("agency", "product__group", "version", "disposed_by"))


def plan(now: datetime) -> Iterable[Notice]:
    """Return what is to be said of the clocks of agencies by ``now``."""
    rows = _clocks(now)
    known = _told(rows)
    for row in rows:
        yield from _deemed(row, now, known) if row.answer_due_at < now else _left(row, now, known)


def _told(rows: Iterable[LedgerItem]) -> set[str]:
    """Return the occurrences of which somebody was told, or is about to be."""
    letters = Letter.objects.filter(
        kind__in=[REMINDER, DEEMED], about__in=[reference(row) for row in rows]
    ).exclude(state=State.DROPPED)
    return {key.split("|")[1] for key in letters.values_list("key", flat=True)}


def _left(row: Any, now: datetime, known: set[str]) -> Iterator[Notice]:
    # The shortest alone: after an outage one letter is enough.
    begun = [span for span in _LEFT if row.answer_due_at - span <= now]
    span = begun[-1]
    due = row.answer_due_at - span
    occurrence = f"@{row.answer_due_at.isoformat()}-{span.days}d"
    # A clock that is shorter than that began with its own letter.
    if due <= row.disposed_at or f"{reference(row)}{occurrence}" in known or not row.is_member:
        return
    days = f"{span.days} day{'' if span.days == 1 else 's'}"
    for person in _own(row):
        yield _notice(
            row,
            person,
            kind=REMINDER,
            occurrence=occurrence,
            subject=f"{days} left to answer",
            why=_belongs(row),
            at=due,
            days=days,
        )


def _deemed(row: Any, now: datetime, known: set[str]) -> Iterator[Notice]:
    occurrence = f"@{row.answer_due_at.isoformat()}:deemed"
    if f"{reference(row)}{occurrence}" in known or not row.is_member:
        return
    why = dict.fromkeys(_writers(row), _WRITES)
    why |= {person: _belongs(row) for person in _own(row)}
    for person, reason in why.items():
        yield _notice(
            row,
            person,
            kind=DEEMED,
            occurrence=occurrence,
            subject="deemed accepted",
            why=reason,
            at=row.answer_due_at,
        )


def still_due(letter: Letter) -> str | None:
    """Return why a reminder is over, or nothing."""
    at = clock.now()
    rows = ledger_reading.rows(at=at).select_related("agency", "product")
    row = rows.filter(pk=int(letter.about.partition(":")[2])).first()
    if row is None:
        return "The item is gone."
    found = ledger_reading.item_of(row)
    if found.is_settled:
        return "The ledger of the product does not change any more."
    if f"@{row.answer_due_at.isoformat()}" not in letter.key:
        return "Another disposition was proposed since."
    wanted = LedgerStanding.DEEMED if letter.kind == DEEMED else LedgerStanding.PROPOSED
    if ledger.standing(found, at) != wanted:
        return ledger.sentence(found, at)
    return None
