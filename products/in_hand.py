"""What a person has in hand of products when they leave a seat (rules 5, 11 and 30)."""

from collections.abc import Callable, Iterator
from functools import partial

from isecg import clock
from products import ledger, ledger_reading
from products.consensus import Stand
from products.models import PositionEntry, Product, ProductEditor
from products.models.calls import CallState
from products.services import moves, products
from workgroups import handover
from workgroups.handover import Fate, Leaving, Matter, Passing

_OPEN = (Stand.OBJECT, Stand.CONDITION)


def register() -> None:
    """Have the handover sheet list these."""
    handover.register(editorships, passer=take_editorships)
    handover.register(positions)
    handover.register(ledger_items)


def _left(leaving: Leaving) -> list[ProductEditor]:
    rows = products.editorships(leaving.mandate.person)
    return [row for row in rows if leaving.leaves(row.product.code)]


def editorships(leaving: Leaving) -> Iterator[Matter]:
    """Yield the products on their way that the person edits and leaves."""
    for editor in _left(leaving):
        yield Matter(
            kind="Editor",
            label=f"{editor.product.code}, {editor.product.title}",
            fate=Fate.PASSES,
            href=editor.product.get_absolute_url(),
        )


def take_editorships(leaving: Leaving, passing: Passing) -> Callable[[], None]:
    """Lock the products that the person edits; the act makes the successor their editor."""
    editors = _left(leaving)
    for editor in editors:
        moves.lock(editor.product)
    return partial(_pass_editorships, editors, passing)


def _pass_editorships(editors: list[ProductEditor], passing: Passing) -> None:
    for editor in editors:
        products.pass_editorship(editor, to=passing.to, reason=passing.reason, by=passing.by)


def positions(leaving: Leaving) -> Iterator[Matter]:
    """Yield what the agency says in open calls: what this person gave, and what blocks."""
    mandate = leaving.mandate
    entries = (
        PositionEntry.objects.filter(call__state=CallState.OPEN, agency=mandate.agency_id)
        .select_related("call__product")
        .order_by("call", "given_at", "id")
    )
    last = {entry.call_id: entry for entry in entries}
    for entry in last.values():
        product = entry.call.product
        own = entry.given_by_id == mandate.person_id
        if not entry.stand or not mandate.covers(product.code):
            continue
        if own or entry.stand in _OPEN:
            yield Matter(
                kind="Position",
                label=f"{entry.get_stand_display()}, in the call on {product.code}",
                fate=Fate.STAYS,
                href=entry.call.get_absolute_url(),
            )


def ledger_items(leaving: Leaving) -> Iterator[Matter]:
    """Yield the agency's objections and conditions that are open, once their call has ended."""
    mandate, at = leaving.mandate, clock.now()
    rows = ledger_reading.rows(at=at).filter(
        agency=mandate.agency_id, product__in=Product.objects.moving()
    )
    for row in rows.exclude(call__state=CallState.OPEN).select_related("agency", "product"):
        if ledger.is_open(ledger_reading.item_of(row), at) and mandate.covers(row.product.code):
            yield Matter(
                kind=row.get_kind_display(),
                label=f"{row.product.code}, {row.label}: {row.text}",
                fate=Fate.STAYS,
                href=row.get_absolute_url(),
            )
