"""Saying again in a new call what an agency said in an earlier one (rule 29)."""

from django.db import transaction

from products.consensus import Stand
from products.earlier_positions import earlier_positions
from products.models import Call, PositionEntry
from products.services import calls, moves
from products.services.errors import ProductError
from workgroups.models import Agency, User
from workgroups.permissions import Standing


@transaction.atomic(durable=True)
def reaffirm(call: Call, *, agency: Agency, by: User, on: int | None = None) -> PositionEntry:
    """Take for ``agency`` the position that it held at the end of the last earlier call.

    Stand and text are the same, on the version under call; ``on`` is the number of the
    one that was read. Who succeeds an agency may reaffirm what that one said.

    :raises PermissionDenied: without the mandate, naming what is missing.
    :raises ProductError: if the agency has spoken in this call, or held no position before;
        else as :func:`products.services.calls.record_position` does.
    """
    moves.lock(call.product)
    call.refresh_from_db()
    standing = Standing.of(by)
    calls.require_may_speak(standing, agency, call, source="")
    calls.check_was_read(call, on)
    if call.entries.filter(agency=agency).exists():
        raise ProductError(
            f"{agency} has spoken in this call already: its position is changed there."
        )
    before = earlier_positions(call, [agency]).get(agency.pk)
    if before is None:
        raise ProductError(
            f"{agency} held no position when an earlier call on this product ended: there is "
            "nothing to reaffirm."
        )
    return calls.take_position(
        call,
        standing,
        agency=agency,
        stand=Stand(before.stand),
        text=before.text,
        reason=f"Reaffirmed what was given on version {before.version.number}.",
    )
