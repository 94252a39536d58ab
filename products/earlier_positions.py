"""What agencies said in earlier calls on a product, to be said again (rule 29)."""

from collections.abc import Collection
from datetime import datetime
from typing import Any

from django.db.models import Exists, OuterRef, Q, QuerySet, Subquery

from products.consensus import Mode, Stand
from products.models import Call, Elector, Intervention, PositionEntry
from products.models.interventions import InterventionKind
from workgroups.models import Agency

_BREAKING_STANDS = (Stand.OBJECT, Stand.CONDITION)
_BREAKING_KINDS = (InterventionKind.MORE_TIME, InterventionKind.AMENDMENT)


def earlier_positions(call: Call, agencies: Collection[Agency]) -> dict[int, PositionEntry]:
    """Return the position that each agency held at the end of an earlier call, by its key.

    That is the last call before on the product in which it said something in time, or the
    agency did that it succeeds. Whoever had left by the end, or had withdrawn its
    position, held none. One query.
    """
    wanted = {agency.pk for agency in agencies}
    found: dict[int, PositionEntry] = {}
    # In order: what was said later takes the place of what was said before.
    for entry in _entries(call, wanted):
        if entry.given_at > _end(entry):
            continue
        succession = getattr(entry.agency, "succession", None)
        heir = succession.successor_id if succession else None
        if entry.agency_id in wanted:
            found[entry.agency_id] = entry
        if heir in wanted and not _spoke(heir, entry, found):
            found[heir] = entry
    return {key: entry for key, entry in found.items() if entry.stand}


def _spoke(agency: int, entry: PositionEntry, found: dict[int, PositionEntry]) -> bool:
    """Whether an agency said something itself in the call of ``entry``."""
    held = found.get(agency)
    return held is not None and held.call_id == entry.call_id and held.agency_id == agency


def _entries(call: Call, wanted: Collection[int]) -> QuerySet[Any]:
    broken = PositionEntry.objects.filter(call=OuterRef("call"), stand__in=_BREAKING_STANDS)
    asked = Intervention.objects.filter(call=OuterRef("call"), kind__in=_BREAKING_KINDS)
    stayed = Elector.objects.filter(call=OuterRef("call"), agency=OuterRef("agency"), left_at=None)
    rows = PositionEntry.objects.filter(
        Q(agency__in=wanted) | Q(agency__succession__successor__in=wanted),
        Exists(stayed),
        call__product=call.product_id,
        call__lt=call.pk,
    ).annotate(
        broken_at=Subquery(broken.order_by("given_at").values("given_at")[:1]),
        asked_at=Subquery(asked.order_by("given_at").values("given_at")[:1]),
    )
    related = rows.select_related("call", "version", "agency__succession", "given_by")
    return related.defer("version__text").order_by("call", "given_at", "id")


def _end(entry: Any) -> datetime:
    """Return when the call of an entry ended, as :mod:`products.consensus` has it."""
    ends: list[datetime | None] = [entry.call.deadline, entry.call.ended_at]
    if entry.call.mode == Mode.SILENCE:
        ends += [entry.broken_at, entry.asked_at]
    return min(end for end in ends if end)
