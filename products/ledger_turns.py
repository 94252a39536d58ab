"""What the ledger wants of one reader, from the items beside a product (rules 30 and 43)."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from products import ledger, ledger_reading
from products.ledger import Item
from products.workflow import PUBLIC
from workgroups.permissions import Standing


@dataclass(frozen=True, kw_only=True)
class Owed:
    """An item that waits for the reader, or for the reader's agency where it is not ``own``."""

    item: Item
    sentence: str
    since: datetime
    due: datetime | None = None
    own: bool = True


def owed(product: Any, standing: Standing, ends: Mapping[int, datetime | None]) -> Iterator[Owed]:
    """Yield what the ledger of a row of ``moving_or_waiting`` wants of the reader.

    An answer is due from the item's agency while its clock runs. A disposition, or the version
    that implements one, is due from who writes the product, once the call has ended in which
    the item was registered. ``ends`` says of each open call when it ended, or that it has not.
    """
    if product.state in PUBLIC:
        return
    at = standing.at
    mine = {agency.pk for agency in standing.agencies_on(product.code)}
    voices = {agency.pk for agency in standing.voices_on(product.code)}
    for item in ledger_reading.items(product.on_ledger):
        since, sentence = ledger.waiting_since(item, at), ledger.sentence(item, at)
        if ledger.waits_for_agency(item, at) and item.owner in mine:
            own = item.owner in voices
            yield Owed(item=item, sentence=sentence, since=since, due=item.answer_due_at, own=own)
        elif product.writes and ledger.waits_for_writers(item, at):
            ended = ends.get(item.call, since)
            if ended is not None:
                yield Owed(item=item, sentence=sentence, since=max(since, ended))
