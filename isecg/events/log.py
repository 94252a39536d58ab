"""Writing to the event log, and reading it back."""

import re
from collections.abc import Iterable
from datetime import date, datetime
from decimal import Decimal
from typing import TYPE_CHECKING, Any

from django.contrib.auth import get_user_model
from django.db import connection, models

from isecg import clock
from isecg.events import chain
from isecg.events.models import PROGRAM, Event, Head

if TYPE_CHECKING:
    from django.contrib.auth.models import AbstractBaseUser

_ACCOUNT = re.compile(r"user:(\d{1,18})")


class NotInTransactionError(RuntimeError):
    """An event was recorded apart from its fact."""


def reference(row: models.Model) -> str:
    """Return how an event names ``row``: ``"product:42"``."""
    return f"{row._meta.model_name}:{row.pk}"


def names_of(references: Iterable[object]) -> dict[str, str]:
    """Return the present names of the accounts among ``references``, in one query at most.

    What is no reference to an account, such as the name in an old record, is left out.
    """
    found = {text: _ACCOUNT.fullmatch(text) for text in references if isinstance(text, str)}
    keys = {text: int(match[1]) for text, match in found.items() if match}
    if not keys:
        return {}
    people = get_user_model()._default_manager.in_bulk(set(keys.values()))
    return {text: str(people[pk]) for text, pk in keys.items() if pk in people}


def _plain(value: Any) -> Any:
    """Return ``value`` as JSON holds it, the same before and after the database."""
    if isinstance(value, models.Model):
        return reference(value)
    if isinstance(value, datetime | date):
        return value.isoformat()
    if isinstance(value, Decimal):
        return str(value)
    if isinstance(value, dict):
        return {str(key): _plain(item) for key, item in value.items()}
    if isinstance(value, list | tuple):
        return [_plain(item) for item in value]
    return value


def record(
    event: str,
    *,
    by: "AbstractBaseUser | None",
    subject: models.Model,
    reason: str = "",
    on_behalf_of: str = "",
    version: str = "",
    before: dict[str, Any] | None = None,
    after: dict[str, Any] | None = None,
    also: Iterable[models.Model] = (),
) -> Event:
    """Append one event to the chain, in the transaction of its fact (rule 49).

    ``event`` is a name such as ``"call.opened"``; ``by`` is ``None`` for the program.
    ``also`` names further rows on whose pages the event is shown. Call it after the
    writes of a service: the head row is locked until the transaction ends.

    What is written here can never be taken out: ``before`` and ``after`` name a person by
    the row, never by name, address or zone.

    :raises NotInTransactionError: outside a transaction.
    """
    if not connection.in_atomic_block:
        raise NotInTransactionError("An event belongs in the transaction of its fact.")
    head, _ = Head.objects.select_for_update().get_or_create(pk=1)
    row = Event(
        seq=head.seq + 1,
        at=clock.now(),
        user_id=by.pk if by else None,
        actor=reference(by) if by else PROGRAM,
        event=event,
        subject=reference(subject),
        payload=_plain(
            {
                "on_behalf_of": on_behalf_of,
                "version": version,
                "before": before or {},
                "after": after or {},
                "reason": reason,
                "also": [reference(other) for other in also],
            }
        ),
        prev=head.hash,
    )
    row.hash = chain.digest(row.link)
    row.save(force_insert=True)
    head.seq, head.hash = row.seq, row.hash
    head.save()
    return row


def hold() -> None:
    """Keep others from recording until the transaction ends.

    For a check over rows of many subjects, which the lock of one does not cover. It is
    the last lock that an act takes.

    :raises NotInTransactionError: outside a transaction.
    """
    if not connection.in_atomic_block:
        raise NotInTransactionError("What is held outside a transaction is free at once.")
    Head.objects.select_for_update().get_or_create(pk=1)


def about(row: models.Model) -> models.QuerySet[Event]:
    """Return the events whose subject is ``row``, newest first."""
    return Event.objects.filter(subject=reference(row)).select_related("user").order_by("-seq")


def verify() -> tuple[int, Head, str | None]:
    """Check the whole log (rule 49).

    Returns the number of events read, the head, and a sentence naming the first
    broken event, or ``None``.
    """
    head = Head.objects.filter(pk=1).first() or Head(pk=1)
    links = ((row.link, row.hash) for row in Event.objects.order_by("seq").iterator())
    read, broken = chain.first_broken(links, head_seq=head.seq, head_hash=head.hash)
    return read, head, broken
