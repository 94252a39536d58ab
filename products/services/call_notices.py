"""Serving the notice of a silence procedure again, and waiving it (rule 23)."""

from datetime import timedelta

from django.db import transaction

from isecg import instants
from isecg.events import log
from products import intervention_notices, permissions
from products.call_notices import DELIVERED, VACANT
from products.call_reading import CallReading, read_call
from products.consensus import Mode
from products.models import Call, Elector
from products.models.calls import CallState
from products.services import moves
from products.services.errors import ProductError
from workgroups.models import Agency, User
from workgroups.permissions import Standing
from workgroups.recipients import people_of
from workgroups.roles import Ability


@transaction.atomic(durable=True)
def serve_again(call: Call, *, agency: Agency, by: User) -> None:
    """Send the notice to a seat that it has not reached, while there is time for silence.

    :raises PermissionDenied: if ``by`` is neither the chair nor the secretariat.
    :raises ProductError: if the notice reached the seat, nobody holds it, or too little
        time is left for its silence to be consent.
    """
    reading, elector, standing = _enter(call, agency, by)
    if not reading.takes_positions:
        raise ProductError("The silence procedure is over: a notice comes too late for it.")
    _check_undelivered(elector)
    least = timedelta(hours=call.silence_hours)
    if call.deadline - standing.at < least:
        raise ProductError(
            f"Fewer than {call.silence_hours} hours are left until "
            f"{instants.words(call.deadline)}: extend the deadline first, or waive the notice."
        )
    people = people_of([agency], at=standing.at, on=call.product.code)
    if elector.notice == VACANT or not people:  # type: ignore[attr-defined]
        raise ProductError(
            f"Nobody speaks for {agency}: enter who holds its seat first, or waive the notice."
        )
    log.record(
        "call.served_again",
        by=by,
        subject=call,
        on_behalf_of=elector.code,
        version=f"v{call.version.number}",
        also=[call.product],
    )
    intervention_notices.served_again(call, agency=agency, people=people, by=by)


@transaction.atomic(durable=True)
def waive_notice(call: Call, *, agency: Agency, reason: str, by: User) -> None:
    """Let the silence of a seat count that the notice has not reached, with a reason.

    :raises PermissionDenied: if ``by`` is neither the chair nor the secretariat.
    :raises ProductError: if the notice reached the seat or is waived, the silence is
        broken, or there is no reason.
    """
    reading, elector, standing = _enter(call, agency, by)
    if reading.tally.broken_by:
        raise ProductError("The silence is broken: no notice matters any more.")
    _check_undelivered(elector)
    if elector.waiver:
        raise ProductError(f"The notice to {agency} is waived already: {elector.waiver}")
    if not reason.strip():
        raise ProductError("A notice is waived with a reason.")
    elector.waiver, elector.waived_at, elector.waived_by = reason, standing.at, by
    elector.save_as(by, f"Notice waived: {reason}")
    log.record(
        "call.notice_waived",
        by=by,
        subject=call,
        reason=reason,
        on_behalf_of=elector.code,
        version=f"v{call.version.number}",
        also=[call.product],
    )
    intervention_notices.notice_waived(elector, reading=reading, by=by)


def _enter(call: Call, agency: Agency, by: User) -> tuple[CallReading, Elector, Standing]:
    """Lock the product and return the call as it stands, with the seat that is meant."""
    moves.lock(call.product)
    call.refresh_from_db()
    standing = Standing.of(by)
    permissions.require(standing, Ability.WAIVE_NOTICE, call.product)
    if call.mode != Mode.SILENCE:
        raise ProductError("Only in a silence procedure does anything depend on the notice.")
    if call.state != CallState.OPEN:
        raise ProductError(f"The call has ended: it was {call.get_state_display().lower()}.")
    reading = read_call(call, at=standing.at)
    for elector in reading.electors:
        if elector.agency_id == agency.pk and elector.left_at is None:
            return reading, elector, standing
    raise ProductError(f"{agency} is not in the electorate of this call.")


def _check_undelivered(elector: Elector) -> None:
    if elector.notice == DELIVERED:  # type: ignore[attr-defined]
        raise ProductError(f"The notice has reached {elector.code}.")
