"""Opening a call, taking positions, extending, returning (rules 16-24, 27 and 28)."""

from datetime import datetime

from django.core.exceptions import PermissionDenied
from django.db import transaction

from isecg.events import log
from products import defaults, notifications, permissions
from products.consensus import NEEDS_TEXT, Mode, Stand
from products.dossier import Dossier
from products.models import Call, Elector, PositionEntry, Product
from products.models.calls import CallState
from products.services import moves
from products.services.errors import ProductError
from products.workflow import Action
from workgroups.models import Agency, User
from workgroups.permissions import Standing
from workgroups.roles import Ability


@transaction.atomic(durable=True)
def open_call(
    product: Product, *, question: str, deadline: datetime, time_zone: str, by: User
) -> Call:
    """Ask the electorate for its positions on the latest version (rules 16-18).

    The electorate and the thresholds in force are frozen with the call. ``deadline`` is
    in UTC and was set in ``time_zone``.

    :raises PermissionDenied: if ``by`` is neither the chair nor the secretariat.
    :raises ProductError: if a guard stands in the way, or the deadline has passed.
    """
    standing, dossier = moves.enter(product, Action.OPEN_CALL, by=by)
    if deadline <= standing.at:
        raise ProductError("The deadline lies in the past: choose a later one.")
    assert dossier.latest is not None  # the guards have seen to both
    assert dossier.circulation is not None
    call = Call(
        product=product,
        version=dossier.latest,
        circulation=dossier.circulation,
        question=question,
        mode=Mode.EXPLICIT,
        opened_at=standing.at,
        deadline=deadline,
        time_zone=time_zone,
        quorum=defaults.quorum(),
        minimum_support=defaults.minimum_support(),
    )
    call.save_as(by, "Opened the call")
    for agency in dossier.electors:
        Elector(call=call, agency=agency, code=agency.code).save_as(by, "Electorate at opening")
    label = f"v{dossier.latest.number}"
    log.record(
        "call.opened",
        by=by,
        subject=call,
        reason=question,
        version=label,
        after={
            "deadline": deadline,
            "mode": call.mode,
            "quorum": call.quorum,
            "minimum_support": call.minimum_support,
            "electorate": [agency.code for agency in dossier.electors],
        },
        also=[product],
    )
    moves.move(product, Action.OPEN_CALL, by=by, reason=question, version=label)
    notifications.call_opened(call, electors=dossier.electors, by=by)
    return call


@transaction.atomic(durable=True)
def record_position(
    call: Call,
    *,
    agency: Agency,
    stand: Stand | None,
    text: str,
    by: User,
    source: str = "",
) -> PositionEntry:
    """Record what an agency says in a call; ``stand`` is ``None`` to withdraw (rules 20-22).

    With ``source`` the secretariat records it on behalf of the agency, always shown as
    such (rule 6); without, ``by`` must hold the seat by a valid mandate (rule 4). After
    the deadline it is kept, marked late, and does not count.

    :raises PermissionDenied: without the mandate, naming what is missing.
    :raises ProductError: if the call has ended, the agency is not in its electorate, or
        the text that the position needs is missing.
    """
    moves.lock(call.product)
    call.refresh_from_db()
    standing = Standing.of(by)
    if source:
        standing.require(Ability.RECORD_POSITION)
    else:
        standing.require_voice(agency)
    elector = call.electors.filter(agency=agency).first()
    _check_position(call, agency, elector, stand, text)

    before = _standing_entry(call, agency)
    entry = PositionEntry.objects.create(
        call=call,
        agency=agency,
        stand=stand.value if stand else "",
        text=text,
        given_at=standing.at,
        given_by=by,
        on_behalf=bool(source),
        source=source,
    )
    late = standing.at > call.deadline
    log.record(
        "position.late" if late else "position.taken" if stand else "position.withdrawn",
        by=by,
        subject=call,
        reason=source,
        on_behalf_of=agency.code,
        version=f"v{call.version.number}",
        before={"stand": before.stand if before else "", "text": before.text if before else ""},
        after={"stand": entry.stand, "text": entry.text},
        also=[call.product],
    )
    notifications.position_recorded(entry, before=before, by=by)
    return entry


def _standing_entry(call: Call, agency: Agency) -> PositionEntry | None:
    """Return the agency's last entry so far, if any."""
    rows = call.entries.filter(agency=agency).select_related("given_by")
    return rows.order_by("-given_at", "-id").first()


def _check_position(
    call: Call, agency: Agency, elector: Elector | None, stand: Stand | None, text: str
) -> None:
    if call.state != CallState.OPEN:
        raise ProductError(f"The call has ended: it was {call.get_state_display().lower()}.")
    if elector is None:
        raise ProductError(f"{agency} is not in the electorate of this call.")
    if elector.left_at:
        raise ProductError(f"{agency} left the product: its position is not counted.")
    if stand in NEEDS_TEXT and not text.strip():
        raise ProductError(
            f"“{stand.label}” needs its text: what, where, why, and what change would resolve it."
            if stand != Stand.RESERVATION
            else "A reservation needs its statement: it is printed with the decision."
        )


@transaction.atomic(durable=True)
def extend_call(call: Call, *, deadline: datetime, reason: str, by: User) -> None:
    """Give the electorate more time: before the deadline, never after (rule 22).

    :raises PermissionDenied: if ``by`` is neither the chair nor the secretariat.
    :raises ProductError: if the call has ended, or the deadline is not a later one.
    """
    moves.lock(call.product)
    call.refresh_from_db()
    standing = Standing.of(by)
    permissions.require(standing, Ability.EXTEND_CALL, call.product)
    if call.is_closed_at(standing.at):
        raise ProductError("The deadline has passed: a call is extended before it, never after.")
    if deadline <= call.deadline:
        raise ProductError("An extension moves the deadline to a later instant.")
    before, call.deadline = call.deadline, deadline
    call.save_as(by, f"Extended: {reason}")
    log.record(
        "call.extended",
        by=by,
        subject=call,
        reason=reason,
        before={"deadline": before},
        after={"deadline": deadline},
        also=[call.product],
    )
    notifications.call_extended(call, by=by, reason=reason)


@transaction.atomic(durable=True)
def return_to_drafting(product: Product, *, reason: str, by: User) -> None:
    """End the open call without a decision and take the product back to drafting.

    :raises PermissionDenied: if ``by`` is neither the chair nor the secretariat.
    :raises ProductError: if the product is not in consensus.
    """
    standing, dossier = moves.enter(product, Action.RETURN, by=by)
    if dossier.reading:
        end_call(
            dossier.reading.call,
            state=CallState.RETURNED,
            by=by,
            at=standing.at,
            reason=f"Returned: {reason}",
        )
        notifications.call_ended(dossier.reading, by=by, reason=f"Returned: {reason}")
    moves.move(product, Action.RETURN, by=by, reason=reason)


def end_call(call: Call, *, state: CallState, by: User, at: datetime, reason: str) -> None:
    """Mark ``call`` as ended, inside the act that ends it."""
    call.state, call.ended_at = state, at
    call.save_as(by, reason)
    log.record(
        f"call.{state.value}",
        by=by,
        subject=call,
        reason=reason,
        version=f"v{call.version.number}",
        after={"state": state.value},
        also=[call.product],
    )


def declaring_role(standing: Standing, dossier: Dossier) -> str:
    """Return as whom a person may declare the outcome of the open call (rule 26).

    The chair in office does; where its own agency objects, or there is no chair, the
    secretariat does.

    :raises PermissionDenied: if it is not this person's act, saying whose it is.
    """
    standing.require(Ability.DECLARE)
    chair = standing.chair
    objecting = {
        elector.agency_id
        for elector in (dossier.reading.electors if dossier.reading else ())
        if dossier.reading and dossier.reading.tally.stands.get(elector.code) == Stand.OBJECT
    }
    if chair is None or chair.agency_id in objecting:
        if standing.is_secretariat:
            return "the secretariat"
        raise PermissionDenied(
            "The chair's own agency objects: the secretariat declares this outcome."
        )
    if not standing.is_chair:
        raise PermissionDenied(f"The chair in office, {chair.agency}, declares this outcome.")
    return f"the chair ({chair.agency})"
