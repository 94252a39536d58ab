"""Declaring what a call came to (rules 25, 26 and 33)."""

from django.db import transaction
from django.db.models import Max

from isecg.events import log
from products import consensus, notifications
from products.call_reading import CallReading
from products.consensus import AGREEING, SILENCE_FAILED, Outcome
from products.decision_record import action_after, record_of
from products.models import Call, Decision, Product
from products.models.calls import CallState
from products.services import calls, declaring, moves
from products.services.errors import ProductError
from products.workflow import Action, State
from workgroups.models import User


@transaction.atomic(durable=True)
def declare(
    product: Product,
    *,
    outcome: Outcome,
    statement: str,
    interpretation: str = "",
    action: str = "",
    reason: str = "",
    by: User,
    call: Call | None = None,
) -> Decision:
    """Declare the outcome of the open call, and number the decision (rules 26 and 33).

    The counts are computed, not given. ``outcome`` may be weaker than the computed one,
    with a written ``reason``. ``interpretation`` is how it is to be understood, ``action``
    what results; without one, what follows from the outcome. An agreeing outcome makes the
    product *agreed*; any other takes it back to drafting. ``call`` is the one that is
    meant, where a reader named it.

    :raises PermissionDenied: if it is not this person's act, saying whose it is.
    :raises ProductError: if the call is open, or the outcome is stronger than computed.
    """
    standing, dossier = moves.enter(product, Action.DECLARE, by=by)
    reading = dossier.reading
    assert reading is not None  # the guard has seen to it
    calls.check_is_open(call, reading)
    role = declaring.declaring_role(standing, reading)
    _check_outcome(reading, outcome, reason)

    calls.end_call(
        reading.call, state=CallState.DECLARED, by=by, at=standing.at, reason="Outcome declared"
    )
    # Declarations on two products meet here: the second waits, and takes the next number.
    log.hold()
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
        interpretation=interpretation,
        action=action.strip()
        or action_after(outcome, version=reading.call.version.number, product=product),
        declared_at=standing.at,
        declared_by=by,
        declared_as=role,
        record=record_of(reading, because=declaring.secretariat_because(standing.chair, reading)),
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
    if outcome not in possible and reading.outcome in SILENCE_FAILED:
        raise ProductError(
            f"It comes to “{reading.outcome.label}”: a silence procedure that failed is declared "
            "as it is."
        )
    if outcome not in possible:
        raise ProductError(
            f"The positions come to “{reading.outcome.label}”: a declaration may be weaker, "
            "never stronger."
        )
    if outcome != reading.outcome and not reason.strip():
        raise ProductError(
            f"The positions come to “{reading.outcome.label}”: a weaker outcome needs a reason."
        )
