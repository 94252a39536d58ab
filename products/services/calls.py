"""Opening a call, taking positions, extending, returning (rules 16-24, 27 and 28)."""

from datetime import datetime, timedelta
from typing import cast

from django.db import transaction

from isecg import clock, instants
from isecg.events import log
from products import consensus, defaults, notifications, opening_notices, permissions
from products.call_reading import CallReading, read_call
from products.consensus import End, Mode, Stand
from products.dossier import Dossier
from products.models import Call, Elector, PositionEntry, Product
from products.models.calls import CallState
from products.models.interventions import RequestState
from products.services import aftermath, call_answers, ledger_entries, moves
from products.services.errors import ProductError
from products.workflow import Action
from workgroups.models import Agency, User
from workgroups.permissions import Standing
from workgroups.roles import Ability


@transaction.atomic(durable=True)
def open_call(
    product: Product,
    *,
    question: str,
    mode: Mode = Mode.EXPLICIT,
    deadline: datetime,
    time_zone: str,
    by: User,
) -> Call:
    """Ask the electorate for its positions on the latest version (rules 16-18 and 23).

    The electorate and the settings in force are frozen with the call. ``deadline`` is in
    UTC and was set in ``time_zone``. The letters are held back for a while, in which the
    opening can be undone.

    :raises PermissionDenied: if ``by`` is neither the chair nor the secretariat.
    :raises ProductError: if a guard stands in the way, the deadline has passed, or a
        silence procedure would be too short.
    """
    standing, dossier = moves.enter(product, Action.OPEN_CALL, by=by)
    letters_at = standing.at + defaults.hold()
    check_deadline(product, mode=mode, deadline=deadline, letters_at=letters_at)
    assert dossier.latest is not None  # the guards have seen to both
    assert dossier.circulation is not None
    call = Call(
        product=product,
        version=dossier.latest,
        circulation=dossier.circulation,
        question=question,
        mode=mode,
        opened_at=standing.at,
        deadline=deadline,
        time_zone=time_zone,
        quorum=defaults.quorum(),
        minimum_support=defaults.minimum_support(),
        silence_hours=defaults.silence_hours(product.kind) if mode == Mode.SILENCE else 0,
        letters_at=letters_at if letters_at > standing.at else None,
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
            "silence_hours": call.silence_hours,
            "electorate": [agency.code for agency in dossier.electors],
        },
        also=[product],
    )
    moves.move(product, Action.OPEN_CALL, by=by, reason=question, version=label)
    call_answers.answer_waiting(product, state=RequestState.OPENED, call=call, by=by)
    notifications.call_opened(call, electors=dossier.electors, by=by)
    return call


def check_deadline(
    product: Product, *, mode: Mode, deadline: datetime, letters_at: datetime
) -> None:
    """Refuse a deadline that has passed by the time the letters go, or comes too soon.

    :raises ProductError: saying from when on a deadline is possible.
    """
    if deadline <= clock.now():
        raise ProductError("The deadline lies in the past: choose a later one.")
    if deadline <= letters_at:
        raise ProductError(
            f"The deadline comes before the letters go out, at {instants.words(letters_at)}: "
            "choose a later one."
        )
    hours = defaults.silence_hours(product.kind)
    if mode == Mode.SILENCE and deadline < (least := letters_at + timedelta(hours=hours)):
        # Said to the minute, so that what it says is late enough.
        first = least.replace(second=0, microsecond=0)
        first += timedelta(minutes=1) if first < least else timedelta()
        raise ProductError(
            f"A silence procedure lasts at least {hours} hours from when its letters go out: "
            f"until {instants.words(first)} or later."
        )


@transaction.atomic(durable=True)
def record_position(
    call: Call,
    *,
    agency: Agency,
    stand: Stand | None,
    text: str,
    by: User,
    source: str = "",
    on: int | None = None,
) -> PositionEntry:
    """Record what an agency says in a call; ``stand`` is ``None`` to withdraw (rules 20-22).

    With ``source`` the secretariat records it on behalf of the agency, always shown as
    such (rule 6); without, ``by`` must hold the seat by a valid mandate (rule 4). After
    the end it is kept, marked late, and does not count. One that breaks a silence ends the
    call, and everybody is told (rule 23). ``on`` is the number of the version that was
    read, where that is known.

    :raises PermissionDenied: without the mandate, naming what is missing.
    :raises ProductError: if the call has ended, or is on another version than was read,
        the agency is not in its electorate, or the text that the position needs is missing.
    """
    product = call.product
    moves.lock(product)
    call.refresh_from_db()
    call.product = product
    standing = Standing.of(by)
    require_may_speak(standing, agency, call, source=source)
    check_was_read(call, on)
    return take_position(call, standing, agency=agency, stand=stand, text=text, source=source)


def check_was_read(call: Call, on: int | None) -> None:
    """Refuse what is said of a version that another one took over from meanwhile.

    :raises ProductError: if ``on`` is given, and the call is on another version.
    """
    if on is not None and on != call.version.number:
        raise ProductError(
            f"Version {call.version.number} took over from version {on} while you were reading: "
            "look at what changed, then send this again."
        )


def take_position(
    call: Call,
    standing: Standing,
    *,
    agency: Agency,
    stand: Stand | None,
    text: str,
    source: str = "",
    reason: str = "",
) -> PositionEntry:
    """Enter a position, inside the act of somebody who may speak; ``reason`` is why now.

    :raises ProductError: as :func:`record_position` does.
    """
    by = cast(User, standing.user)
    reading = read_call(call, at=standing.at)
    elector = next((row for row in reading.electors if row.agency_id == agency.pk), None)
    _check_position(call, agency, elector, stand, text)
    assert elector is not None  # it was checked

    before = next((row for row in reversed(reading.entries) if row.agency_id == agency.pk), None)
    _check_news(call, agency, before, stand, text)
    entry = PositionEntry.objects.create(
        call=call,
        agency=agency,
        version=call.version,
        stand=stand.value if stand else "",
        text=text,
        given_at=standing.at,
        given_by=by,
        on_behalf=bool(source),
        source=source,
    )
    reading = reading.with_entry(entry)
    # What comes at the end still counts: the objection that breaks a silence does.
    late = entry.is_late = entry.given_at > reading.end
    noted = {} if late else ledger_entries.follow(entry, code=elector.code, by=by)
    log.record(
        "position.late" if late else "position.taken" if stand else "position.withdrawn",
        by=by,
        subject=call,
        reason=source or reason,
        on_behalf_of=agency.code,
        version=f"v{call.version.number}",
        before={"stand": before.stand if before else "", "text": before.text if before else ""},
        after={"stand": entry.stand, "text": entry.text, **noted},
        also=[call.product],
    )
    notifications.position_recorded(entry, before=before, by=by)
    aftermath.tell_of_break(reading, what=str(entry), text=entry.text, by=by, chair=standing.chair)
    return entry


def require_may_speak(standing: Standing, agency: Agency, call: Call, *, source: str) -> None:
    """Refuse who neither speaks for ``agency`` in a call nor enters it with a source (rule 6).

    :raises PermissionDenied: without the mandate, naming what is missing.
    """
    if source:
        standing.require(Ability.RECORD_POSITION)
    else:
        standing.require_voice(agency, on=call.product.code)


def _check_position(
    call: Call, agency: Agency, elector: Elector | None, stand: Stand | None, text: str
) -> None:
    if call.state != CallState.OPEN:
        raise ProductError(f"The call has ended: it was {call.get_state_display().lower()}.")
    if elector is None:
        raise ProductError(f"{agency} is not in the electorate of this call.")
    if elector.left_at and elector.successor:
        raise ProductError(f"{elector.successor} takes the place of {agency} in this call.")
    if elector.left_at:
        raise ProductError(f"{agency} left the product: its position is not counted.")
    if lack := consensus.missing_text(stand, text):
        raise ProductError(lack)


def _check_news(
    call: Call, agency: Agency, before: PositionEntry | None, stand: Stand | None, text: str
) -> None:
    """Refuse an entry that says what the one before it says: a form that was sent twice.

    What was carried to another version may be said again of that one.
    """
    held = Stand(before.stand) if before and before.stand else None
    if stand is None and held is None:
        raise ProductError(f"{agency} has no position that could be withdrawn.")
    is_same = before and stand == held and text == before.text
    if before and is_same and before.version_id == call.version_id:
        raise ProductError(
            f"This is {agency}'s position already: {before.given_by} gave it, in the same words."
        )


@transaction.atomic(durable=True)
def extend_call(call: Call, *, deadline: datetime, reason: str, by: User) -> None:
    """Give the electorate more time: before the deadline, never after (rule 22).

    Requests for more time that wait are answered by it.

    :raises PermissionDenied: if ``by`` is neither the chair nor the secretariat.
    :raises ProductError: if the call has ended, or the deadline is not a later one.
    """
    moves.lock(call.product)
    call.refresh_from_db()
    standing = Standing.of(by)
    permissions.require(standing, Ability.EXTEND_CALL, call.product)
    check_can_be_extended(call, at=standing.at)
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
    aftermath.answer_requests(call, by=by, at=standing.at)
    notifications.call_extended(call, by=by, reason=reason)


def check_can_be_extended(call: Call, *, at: datetime) -> None:
    """Refuse more time for a call that has ended, whatever ended it.

    :raises ProductError: saying what did.
    """
    if call.state != CallState.OPEN:
        raise ProductError(
            f"The call has ended: it was {call.get_state_display().lower()}. It is extended "
            "before its end, never after."
        )
    count = read_call(call, at=at).tally
    if count.ended_by == End.BREAK:
        raise ProductError(
            f"The silence was broken by {', '.join(count.broken_by)}: the call has ended, and is "
            "extended before its end, never after."
        )
    if count.ended_by:
        raise ProductError("The deadline has passed: a call is extended before it, never after.")


@transaction.atomic(durable=True)
def return_to_drafting(
    product: Product, *, reason: str, by: User, call: Call | None = None
) -> None:
    """End the open call without a decision and take the product back to drafting.

    ``call`` is the one that is meant, where a reader named it.

    :raises PermissionDenied: if ``by`` is neither the chair nor the secretariat.
    :raises ProductError: if the product is not in consensus, or ``call`` has ended.
    """
    _, dossier = moves.enter(product, Action.RETURN, by=by)
    check_is_open(call, dossier.reading)
    end_undecided(dossier, state=CallState.RETURNED, by=by, reason=f"Returned: {reason}")
    moves.move(product, Action.RETURN, by=by, reason=reason, version=dossier.version_label)


@transaction.atomic(durable=True)
def recall_call(product: Product, *, reason: str, by: User, call: Call | None = None) -> None:
    """Recall a call that was opened in error: the product is shared, as before (rule 28).

    Nothing is recorded as a decision, and everybody who was told is told: nobody, while
    the letters are held back, but who has said something in it. A request that the call
    answered waits again. ``call`` is the one that is meant, where a reader named it.

    :raises PermissionDenied: if ``by`` is neither the chair nor the secretariat.
    :raises ProductError: if the product is not in consensus, or ``call`` has ended.
    """
    _, dossier = moves.enter(product, Action.RECALL, by=by)
    check_is_open(call, dossier.reading)
    assert dossier.reading is not None  # none is in consensus without a call
    found = dossier.reading.call
    end_call(found, state=CallState.RECALLED, by=by, at=dossier.at, reason=reason)
    ledger_entries.undo(dossier, reason=reason, by=by)
    moves.move(product, Action.RECALL, by=by, reason=reason, version=dossier.version_label)
    call_answers.wait_again(found, by=by, reason=reason)
    opening_notices.recalled(found, by=by, reason=reason)


def check_is_open(call: Call | None, reading: CallReading | None) -> None:
    """Refuse an act that was meant for another call than the one that is open.

    :raises ProductError: if ``call`` is given and has ended.
    """
    if call is not None and (reading is None or reading.call.pk != call.pk):
        raise ProductError("This call has ended: another one is open on the product now.")


def end_undecided(dossier: Dossier, *, state: CallState, by: User, reason: str) -> None:
    """End the open call, if there is one, without a decision, and tell its electorate."""
    if dossier.reading:
        end_call(dossier.reading.call, state=state, by=by, at=dossier.at, reason=reason)
        notifications.call_ended(dossier.reading, by=by, reason=reason)


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
