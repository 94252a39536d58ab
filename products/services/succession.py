"""What an agency's successor takes over of products and their calls (rules 3, 18, 32 and 34)."""

from collections.abc import Iterator
from datetime import datetime

from django.db.models import QuerySet

from isecg import clock
from isecg.events import log
from products import notifications
from products.call_reading import CallReading, read_call
from products.models import Call, Elector, Participation, Product
from products.models.calls import CallState
from products.services import ledger_entries
from products.services.errors import ProductError
from workgroups.estate import Part, Passing
from workgroups.models import Agency

IN_PRODUCTS, IN_CALLS = "Products on their way", "Open calls"
IN_LEDGERS = "Objections and conditions"


def foresee(former: Agency, successor: Agency, at: datetime) -> Iterator[Part]:
    """Yield what a succession would pass on, and the positions that it would set aside."""
    parts = list(_parts(former).select_related("product"))
    taken = _products_of(successor)
    for part in parts:
        both = part.product_id in taken
        yield Part(
            heading=IN_PRODUCTS,
            label=str(part.product),
            href=part.product.get_absolute_url(),
            detail=f"{successor} takes part already" if both else part.get_degree_display(),
        )
    for call in _open_calls(former, at):
        reading = read_call(call, at=at)
        yield Part(
            heading=IN_CALLS,
            label=str(call),
            href=call.get_absolute_url(),
            detail=_outlook(reading, former, successor),
        )
    for item in ledger_entries.inherited(former, at=at):
        yield Part(
            heading=IN_LEDGERS,
            label=f"{item.label} on {item.product}",
            href=item.get_absolute_url(),
            detail=f"{successor} answers for it",
        )


def _outlook(reading: CallReading, former: Agency, successor: Agency) -> str:
    held = _stand(reading, former)
    said = f"{former}'s position, “{held}”, does not count any more" if held else "No position"
    there = _elector(reading, successor)
    if there is None:
        return f"{said}; {successor} is asked {'to confirm it' if held else 'for one'}."
    if there.left_at:
        return f"{said}; {successor} left the product and counts from the next call."
    return f"{said}; {successor} is an elector already and keeps its one voice."


def pass_on(passing: Passing) -> None:
    """Pass on what the former agency has in products that are not released.

    Its participations end and its successor takes part in the same degree. In open calls
    its position stays in the record and does not count; the successor is asked in its
    place, unless it is an elector already, and answers for its objections and conditions.
    Calls whose deadline has passed keep their
    electorate: what was given in time counts.

    :raises ProductError: if a call knows another agency under the successor's code.
    """
    row = passing.succession
    # All of them: nobody joins one, or opens a call on one, for an agency that goes.
    list(Product.objects.moving().select_for_update(of=("self",)).order_by("pk"))
    taken = _products_of(row.successor)
    for part in list(_parts(row.former).select_related("product")):
        _pass_part(part, passing, is_new=part.product_id not in taken)
    for call in _open_calls(row.former, row.entered_at):
        _pass_seat(call, passing)
    ledger_entries.pass_on(
        row.former,
        to=row.successor,
        at=row.entered_at,
        reason=f"{row}: {passing.reason}",
        by=passing.by,
    )


def _parts(agency: Agency) -> QuerySet[Participation]:
    moving = Product.objects.moving()
    return Participation.objects.filter(agency=agency, left_at=None, product__in=moving)


def _products_of(agency: Agency) -> set[int]:
    return set(_parts(agency).values_list("product", flat=True))


def _open_calls(agency: Agency, at: datetime) -> list[Call]:
    electors = Elector.objects.filter(agency=agency, left_at=None)
    calls = Call.objects.filter(state=CallState.OPEN, deadline__gte=at, electors__in=electors)
    rows = calls.select_related("product", "version").defer("version__text").order_by("pk")
    # A silence that was broken has ended before its deadline.
    return [call for call in rows if not read_call(call, at=at).ended_at]


def _elector(reading: CallReading, agency: Agency) -> Elector | None:
    return next((row for row in reading.electors if row.agency_id == agency.pk), None)


def _stand(reading: CallReading, agency: Agency) -> str:
    """Return in words where an agency stands in a call, or nothing."""
    elector = _elector(reading, agency)
    stand = reading.tally.stands.get(elector.code) if elector else None
    return stand.label if stand else ""


def _pass_part(part: Participation, passing: Passing, *, is_new: bool) -> None:
    row, words = passing.succession, f"{passing.succession}: {passing.reason}"
    part.left_at = row.entered_at
    part.save_as(passing.by, words)
    if is_new:
        Participation(
            product=part.product,
            agency=row.successor,
            degree=part.degree,
            joined_at=row.entered_at,
        ).save_as(passing.by, words)
    log.record(
        "product.succeeded",
        by=passing.by,
        subject=part.product,
        reason=passing.reason,
        on_behalf_of=row.successor.code,
        before={"agency": row.former.code},
        after={"agency": row.successor.code, "degree": part.degree if is_new else "as before"},
        also=[row.former, row.successor],
    )


def _pass_seat(call: Call, passing: Passing) -> None:
    row, words = passing.succession, f"{passing.succession}: {passing.reason}"
    # What was said while we waited for the product was said in time.
    before = read_call(call, at=clock.now())
    position = _stand(before, row.former)
    former = _elector(before, row.former)
    assert former is not None  # the call was found by it
    former.left_at = row.entered_at
    former.save_as(passing.by, words)
    enters = _elector(before, row.successor) is None
    if enters:
        _refuse_same_code(before, row.successor)
        heir = Elector(call=call, agency=row.successor, code=row.successor.code, succeeds=former)
        heir.save_as(passing.by, words)
    log.record(
        "call.succeeded",
        by=passing.by,
        subject=call,
        reason=f"{row.successor} takes the place of {row.former}. {passing.reason}",
        on_behalf_of=row.successor.code,
        version=f"v{call.version.number}",
        before={"agency": former.code, "position": position},
        after={"agency": row.successor.code, "position": "not confirmed" if enters else "its own"},
        also=[call.product, row.former, row.successor],
    )
    reading = read_call(call, at=clock.now())
    notifications.call_succeeded(reading, passing=passing, position=position)


def _refuse_same_code(reading: CallReading, successor: Agency) -> None:
    # A call counts by the codes that were frozen with it.
    if any(elector.code == successor.code for elector in reading.electors):
        raise ProductError(
            f"{reading.call} knows another agency as {successor.code}: "
            "enter the succession when the call has ended."
        )
