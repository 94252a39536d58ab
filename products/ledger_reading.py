"""Reading the ledger from the database: rows for its own pages, plain items beside other rows."""

from collections.abc import Iterable
from datetime import UTC, datetime
from typing import Any

from django.db.models import (
    Aggregate,
    Exists,
    F,
    JSONField,
    OuterRef,
    Subquery,
)
from django.db.models.functions import JSONObject

from products import ledger
from products.call_reading import read_open_call
from products.consensus import Stand
from products.ledger import Item, LedgerKind, LedgerState
from products.models import Elector, LedgerItem, Product
from products.workflow import PUBLIC, State
from workgroups.models import Membership


def label(kind: str, number: int) -> str:
    """Return how the ledger calls an item: ``C-2`` a condition, ``O-1`` an objection."""
    return f"{'C' if kind == LedgerKind.CONDITION else 'O'}-{number}"


def rows(*, at: datetime) -> Any:
    """Return items that know whether their agency ``is_member``, and what implements them."""
    return LedgerItem.objects.annotate(
        is_member=_is_member(at), implementing=F("implemented_in__number")
    ).select_related("agency")


def _is_member(at: datetime) -> Exists:
    return Exists(Membership.objects.current_on(at.date()).filter(agency=OuterRef("agency")))


def item_of(row: Any, *, is_held: bool = False) -> Item:
    """Return a row of :func:`rows` as plain values; its ``product`` was read along."""
    return Item(
        label=row.label,
        kind=LedgerKind(row.kind),
        agency=row.code,
        speaker=row.agency.code,
        state=LedgerState(row.state),
        registered_at=row.registered_at,
        disposed_at=row.disposed_at,
        answer_due_at=row.answer_due_at,
        answered_at=row.answered_at,
        implemented_in=row.implementing,
        ended_because=row.ended_because,
        is_member=row.is_member,
        is_settled=row.product.state in PUBLIC,
        is_held=is_held,
        pk=row.pk,
        owner=row.agency_id,
        call=row.call_id,
    )


def moment(product: Product, *, at: datetime) -> datetime:
    """Return the instant at which the ledger of ``product`` is read.

    What is released or withdrawn keeps the ledger that it had then.
    """
    if product.state not in PUBLIC:
        return at
    settled = product.history.filter(state__in=PUBLIC).order_by("history_date").first()
    return settled.history_date if settled else at


def is_held(row: LedgerItem, *, at: datetime) -> bool:
    """Whether an objection or a condition of the item's agency counts in a call that is open."""
    if row.product.state != State.IN_CONSENSUS:
        return False
    reading = read_open_call(row.product, at=at)
    if reading is None or not reading.takes_positions:
        return False
    return any(
        entry.agency_id == row.agency_id and entry.stand in (Stand.OBJECT, Stand.CONDITION)
        for entry in reading.counting.values()
    )


class _Listed(Aggregate):
    """All values of a group as one JSON list."""

    function = "JSONB_AGG"
    output_field = JSONField()

    def as_sqlite(self, compiler: Any, connection: Any, **context: Any) -> Any:
        return self.as_sql(compiler, connection, function="JSON_GROUP_ARRAY", **context)


def beside(product: str, *, at: datetime) -> Subquery:
    """Return the ledger of the product at the path ``product`` of an outer query.

    A page that reads that row anyway learns of the ledger without another query; give what
    it finds to :func:`items`. The texts of the items are left out.
    """
    found = LedgerItem.objects.filter(product=OuterRef(product)).order_by().values("product")
    return Subquery(
        found.annotate(
            items=_Listed(
                JSONObject(
                    pk="pk",
                    kind="kind",
                    number="number",
                    agency="code",
                    speaker="agency__code",
                    owner="agency",
                    call="call",
                    state="state",
                    registered_at="registered_at",
                    disposed_at="disposed_at",
                    answer_due_at="answer_due_at",
                    answered_at="answered_at",
                    implemented_in="implemented_in__number",
                    is_member=_is_member(at),
                )
            )
        ).values("items"),
        output_field=JSONField(),
    )


def items(found: Iterable[dict[str, Any]] | None) -> tuple[Item, ...]:
    """Return what :func:`beside` found beside a row, in order of their labels.

    It is asked of products on their way alone.
    """
    read = sorted(found or (), key=lambda one: (one["kind"], one["number"]))
    return tuple(
        Item(
            label=label(one["kind"], one["number"]),
            kind=LedgerKind(one["kind"]),
            agency=one["agency"],
            speaker=one["speaker"],
            state=LedgerState(one["state"]),
            registered_at=_instant(one["registered_at"]) or datetime.min.replace(tzinfo=UTC),
            disposed_at=_instant(one["disposed_at"]),
            answer_due_at=_instant(one["answer_due_at"]),
            answered_at=_instant(one["answered_at"]),
            implemented_in=one["implemented_in"],
            is_member=bool(one["is_member"]),
            pk=one["pk"],
            owner=one["owner"],
            call=one["call"],
        )
        for one in read
    )


def _instant(text: str | None) -> datetime | None:
    """Read an instant as the databases write it in JSON; what has no zone is in UTC."""
    if not text:
        return None
    found = datetime.fromisoformat(text)
    return found if found.tzinfo else found.replace(tzinfo=UTC)


def open_items(found: Iterable[dict[str, Any]] | None, *, at: datetime) -> list[Item]:
    """Return those of :func:`items` that are open."""
    return [item for item in items(found) if ledger.is_open(item, at)]


def count(row: Any, product: Product, *, at: datetime) -> dict[str, int] | None:
    """Count what :func:`beside` put on ``row`` as ``on_ledger``: all, and what is open."""
    if not row.on_ledger:
        return None
    open_now = [] if product.state in PUBLIC else open_items(row.on_ledger, at=at)
    return {"all": len(row.on_ledger), "open": len(open_now)}


def held_by(elector: Elector, call: Any, *, at: datetime) -> list[Item]:
    """Return what an elector has open, from what :func:`beside` put on the call."""
    found = open_items(call.on_ledger, at=at)
    return [item for item in found if item.owner == elector.agency_id]
