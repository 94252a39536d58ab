"""Declaring what a call came to (rules 25, 26 and 33)."""

from typing import Any

from django.db import transaction
from django.db.models import Max

from isecg.events import log
from products import consensus, notifications
from products.call_reading import CallReading
from products.consensus import AGREEING, Outcome, Stand
from products.models import Call, Decision, Product
from products.models.calls import CallState
from products.services import calls, moves
from products.services.errors import ProductError
from products.workflow import Action, State
from workgroups.models import User


@transaction.atomic(durable=True)
def declare(
    product: Product,
    *,
    outcome: Outcome,
    statement: str,
    reason: str = "",
    by: User,
    call: Call | None = None,
) -> Decision:
    """Declare the outcome of the open call, and number the decision (rule 26).

    The counts are computed, not given. ``outcome`` may be weaker than the computed one,
    with a written ``reason``. An agreeing outcome makes the product *agreed*; any other
    takes it back to drafting. ``call`` is the one that is meant, where a reader named it.

    :raises PermissionDenied: if it is not this person's act, saying whose it is.
    :raises ProductError: if the call is open, or the outcome is stronger than computed.
    """
    standing, dossier = moves.enter(product, Action.DECLARE, by=by)
    reading = dossier.reading
    assert reading is not None  # the guard has seen to it
    calls.check_is_open(call, reading)
    role = calls.declaring_role(standing, reading)
    _check_outcome(reading, outcome, reason)

    calls.end_call(
        reading.call, state=CallState.DECLARED, by=by, at=standing.at, reason="Outcome declared"
    )
    year = standing.at.year
    last = Decision.objects.filter(year=year).aggregate(last=Max("serial"))["last"] or 0
    agrees = outcome in AGREEING
    decision = Decision.objects.create(
        call=reading.call,
        year=year,
        serial=last + 1,
        computed=reading.outcome,
        outcome=outcome,
        statement=statement,
        reason=reason,
        declared_at=standing.at,
        declared_by=by,
        declared_as=role,
        record=record_of(reading),
    )
    moves.move(
        product,
        Action.DECLARE,
        by=by,
        reason=f"{decision.number}: {outcome.label.lower()}",
        target=None if agrees else State.DRAFTING,
        version=f"v{reading.call.version.number}",
        on_behalf_of=role,
        after={"decision": decision.number, "outcome": outcome.value},
    )
    notifications.declared(decision, electors=reading.agencies, by=by)
    return decision


def _check_outcome(reading: CallReading, outcome: Outcome, reason: str) -> None:
    possible = consensus.may_declare(reading.outcome)
    if outcome not in possible:
        raise ProductError(
            f"The positions come to “{reading.outcome.label}”: a declaration may be weaker, "
            "never stronger."
        )
    if outcome != reading.outcome and not reason.strip():
        raise ProductError(
            f"The positions come to “{reading.outcome.label}”: a weaker outcome needs a reason."
        )


def record_of(reading: CallReading) -> dict[str, Any]:
    """Return what a decision record holds for good, as plain values (rule 33)."""
    call, count = reading.call, reading.tally
    groups: dict[str, list[str]] = {stand.value: count.of(stand) for stand in Stand}

    def texts(stand: Stand) -> list[dict[str, str]]:
        return [
            {"agency": code, "text": reading.counting[code].text} for code in groups[stand.value]
        ]

    return {
        "question": call.question,
        "version": call.version.number,
        "sha256": call.version.sha256,
        "mode": call.mode,
        "opened_at": call.opened_at.isoformat(),
        "deadline": call.deadline.isoformat(),
        "quorum": str(call.quorum),
        "minimum_support": str(call.minimum_support),
        "electorate": list(count.electorate),
        "left": sorted(row.code for row in reading.electors if row.left_at and not row.successor),
        "succeeded": _succeeded(reading),
        "positions": groups,
        "carried": [
            {"agency": code, "version": entry.version.number}
            for code, entry in sorted(reading.counting.items())
            if entry.version_id != call.version_id
        ],
        "no_response": count.no_response,
        "late": list(count.late),
        "responded": count.responded,
        "of": len(count.electorate),
        "percent": count.percent,
        "reservations": texts(Stand.RESERVATION),
        "conditions": texts(Stand.CONDITION),
        "objections": texts(Stand.OBJECT),
        "on_behalf": [
            {"agency": code, "by": log.reference(entry.given_by), "source": entry.source}
            for code, entry in sorted(reading.counting.items())
            if entry.on_behalf
        ],
    }


def _succeeded(reading: CallReading) -> list[dict[str, str]]:
    """Return whose place another agency took, and what it had said, which did not count."""
    last = {row.agency_id: row for row in reading.entries if row.given_at <= reading.end}
    # A successor that was an elector before goes by the code that was frozen then.
    codes = {row.agency_id: row.code for row in reading.electors}
    return [
        {
            "agency": row.code,
            "successor": codes.get(successor.pk, successor.code),
            "stand": last[row.agency_id].get_stand_display() if row.agency_id in last else "",
        }
        for row in reading.electors
        if (successor := row.successor)
    ]
