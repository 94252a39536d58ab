"""What positions, departures and successions leave on the ledger (rules 29, 31 and 32).

Each is called inside the act that causes it, with the product locked.
"""

from collections.abc import Iterable
from datetime import datetime
from typing import Any

from isecg import instants
from isecg.events import log
from products import ledger, ledger_reading
from products.consensus import Stand
from products.dossier import Dossier
from products.ledger import ENDED, LedgerState
from products.models import LedgerItem, PositionEntry, Product
from workgroups.models import Agency, User

_ENTERED = (Stand.OBJECT, Stand.CONDITION)


def follow(entry: PositionEntry, *, code: str, by: User) -> dict[str, object]:
    """Put on the ledger what a position says that counts; return it for the event.

    An objection or a condition is registered, unless the agency has said the same before.
    In other words it replaces what stood there. Any other position settles all that its agency
    had open; a withdrawal what it had registered in this call. ``code`` is that of the elector.
    """
    rows = _of(entry.call.product, at=entry.given_at)
    own = _open(rows, entry.agency, at=entry.given_at)
    if not entry.stand:
        mine = [row for row in own if row.call_id == entry.call_id]
        _end(mine, f"{code} withdrew its position", at=entry.given_at, by=by)
        return _told(ended=mine)
    if entry.stand not in _ENTERED:
        because = _in_call(entry)
        _end(own, because, at=entry.given_at, by=by, converted_to=Stand(entry.stand))
        return _told(ended=own)
    if any((row.kind, row.text) == (entry.stand, entry.text) for row in own):
        return {}
    item = _register(entry, rows, code=code, by=by)
    _end(own, f"replaced by {item.label}", at=entry.given_at, by=by)
    return _told(registered=item, ended=own)


def _of(product: Product, *, at: datetime) -> list[Any]:
    rows = ledger_reading.rows(at=at).filter(product=product).order_by("pk")
    found = list(rows)
    for row in found:
        row.product = product
    return found


def _open(rows: Iterable[Any], agency: Agency, *, at: datetime) -> list[Any]:
    return [
        row
        for row in rows
        if row.agency_id == agency.pk and ledger.is_open(ledger_reading.item_of(row), at)
    ]


def _in_call(entry: PositionEntry) -> str:
    stand = Stand(entry.stand).label
    opened = instants.words(entry.call.opened_at)
    return f"“{stand}” on version {entry.version.number}, in the call opened on {opened}"


def _register(entry: PositionEntry, rows: Iterable[Any], *, code: str, by: User) -> LedgerItem:
    last = max((row.number for row in rows if row.kind == entry.stand), default=0)
    item = LedgerItem(
        product=entry.call.product,
        call=entry.call,
        version=entry.version,
        entry=entry,
        kind=entry.stand,
        number=last + 1,
        agency=entry.agency,
        code=code,
        text=entry.text,
        registered_at=entry.given_at,
    )
    item.save_as(by, f"Registered: {_in_call(entry)}")
    return item


def _end(
    rows: Iterable[LedgerItem],
    because: str,
    *,
    at: datetime,
    by: User,
    state: LedgerState = LedgerState.WITHDRAWN,
    converted_to: str = "",
) -> None:
    for row in rows:
        row.state, row.ended_at, row.ended_because = state, at, because
        row.converted_to = converted_to
        row.save_as(by, f"{state.label}: {because}")


def _told(
    *, ended: Iterable[LedgerItem], registered: LedgerItem | None = None
) -> dict[str, object]:
    told: dict[str, object] = {}
    if registered:
        told["registered"] = registered.label
    if labels := [row.label for row in ended]:
        told["ended"] = labels
    return told


def lapse(product: Product, *, agency: Agency, reason: str, at: datetime, by: User) -> None:
    """Let what an agency has open lapse, because it left the product by its own act (rule 31)."""
    rows = _open(_of(product, at=at), agency, at=at)
    _end(rows, f"{agency} left the product", at=at, by=by, state=LedgerState.LAPSED)
    _record("ledger.lapsed", product, rows, reason=reason, on_behalf_of=agency.code, by=by)


def _record(
    event: str,
    product: Product,
    rows: list[Any],
    *,
    reason: str,
    by: User,
    on_behalf_of: str = "",
) -> None:
    if rows:
        log.record(
            event,
            by=by,
            subject=product,
            reason=reason,
            on_behalf_of=on_behalf_of,
            after={"items": [row.label for row in rows]},
            also=rows,
        )


def undo(dossier: Dossier, *, reason: str, by: User) -> None:
    """Take back what a call that was opened in error left on the ledger (rule 28).

    What was registered in it lapses, for nothing of it is recorded; what its positions had
    settled of earlier calls stands as before.
    """
    if dossier.reading is None:
        return
    call, at = dossier.reading.call, dossier.at
    rows = _of(call.product, at=at)
    mine = [row for row in rows if row.call_id == call.pk and row.state not in ENDED]
    _end(mine, "the call was opened in error", at=at, by=by, state=LedgerState.LAPSED)
    # Only what a position here ended: what an agency withdrew beside the call stays so.
    said = set(call.entries.values_list("agency", "given_at"))
    again = [
        row for row in rows if row.call_id != call.pk and (row.agency_id, row.ended_at) in said
    ]
    for row in again:
        before = row.history.exclude(state__in=ENDED).order_by("-history_id").first()
        row.state, row.ended_at, row.ended_because, row.converted_to = before.state, None, "", ""
        row.save_as(by, "Open again: the call was opened in error")
    _record("ledger.lapsed", call.product, mine, reason=reason, by=by)
    _record("ledger.restored", call.product, again, reason=reason, by=by)


def inherited(former: Agency, *, at: datetime) -> list[Any]:
    """Return what a successor will answer for: what ``former`` has on ledgers that move."""
    rows = ledger_reading.rows(at=at).filter(agency=former, product__in=Product.objects.moving())
    found = rows.exclude(state__in=ENDED).select_related("agency", "product")
    return list(found.order_by("product__code", "kind", "number"))


def pass_on(former: Agency, *, to: Agency, at: datetime, reason: str, by: User) -> None:
    """Let a successor answer for what its predecessor has on the ledger (rules 3 and 30)."""
    for row in inherited(former, at=at):
        row.agency = to
        row.save_as(by, reason)
        log.record(
            "ledger.passed",
            by=by,
            subject=row.product,
            reason=reason,
            on_behalf_of=to.code,
            before={"agency": former.code},
            after={"item": row.label, "agency": to.code},
            also=[row],
        )
