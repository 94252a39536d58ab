"""What a new version does to an open call, and the contest of an editorial one (rule 29)."""

from datetime import datetime

from django.db import transaction

from isecg import instants
from isecg.events import log
from products import carry_over_notices, carrying, defaults
from products.call_reading import CallReading, read_call, read_open_call
from products.carrying import Effects
from products.dossier import Dossier
from products.facts import Facts
from products.models import Call, CarryOver, Product, Version
from products.models.calls import CallState
from products.models.versions import ChangeClass
from products.services import calls, moves
from products.services.errors import ProductError
from products.workflow import TRANSITIONS, Action, State
from workgroups.models import Agency, User
from workgroups.permissions import Standing


def foresee(product: Product, *, version: int, at: datetime) -> Effects | None:
    """Return what each class of version would do to ``product``, whose latest is ``version``."""
    is_called = product.state == State.IN_CONSENSUS
    reading = read_open_call(product, at=at) if is_called else None
    return carrying.effects(
        _facts(product, version, reading, at),
        until=_contest_until(reading.call, at) if reading else None,
        letters_at=_letters_at(reading, at),
    )


def check_editorial(dossier: Dossier) -> None:
    """Refuse an editorial version where a call or an agreement rests on the text.

    :raises ProductError: saying what it rests on.
    """
    version = dossier.latest.number if dossier.latest else 0
    facts = _facts(dossier.product, version, dossier.reading, dossier.at)
    if lack := carrying.editorial_lack(facts, letters_at=_letters_at(dossier.reading, dossier.at)):
        raise ProductError(lack)


def follow(dossier: Dossier, version: Version, *, by: User) -> None:
    """Let follow what a new version brings with it, inside the act that submits it.

    A substantive one takes the text back to drafting, wherever it was fixed. With an
    editorial one an open call goes on, unless an agency objects: then it ends as well.
    """
    product, reading = dossier.product, dossier.reading
    if version.change_class == ChangeClass.SUBSTANTIVE:
        if product.state in TRANSITIONS[Action.REVISE].sources:
            _reopen(dossier, version, by=by, reason=f"version {version.number} is substantive")
    elif reading and (against := carrying.objecting(reading.facts)):
        reason = (
            f"version {version.number} is editorial, and no position is carried over while "
            f"{' and '.join(against)} {'objects' if len(against) == 1 else 'object'}"
        )
        _reopen(dossier, version, by=by, reason=reason)
    elif reading:
        _carry(reading, version, by=by)


def _reopen(dossier: Dossier, version: Version, *, by: User, reason: str) -> None:
    calls.end_undecided(dossier, state=CallState.OVERTAKEN, by=by, reason=f"Overtaken: {reason}")
    moves.move(dossier.product, Action.REVISE, by=by, reason=reason, version=f"v{version.number}")


def _carry(reading: CallReading, version: Version, *, by: User) -> None:
    call, before = reading.call, reading.call.version
    row = CarryOver(
        call=call,
        before=before,
        version=version,
        at=reading.at,
        contest_until=_contest_until(call, reading.at),
    )
    words = f"Version {version.number} is editorial: {version.note}"
    row.save_as(by, words)
    call.version = version
    call.save_as(by, words)
    log.record(
        "call.carried",
        by=by,
        subject=call,
        reason=version.note,
        version=f"v{version.number}",
        before={"version": before.number},
        after={
            "version": version.number,
            "contest_until": row.contest_until,
            "positions": sorted(reading.counting),
        },
        also=[call.product],
    )
    carry_over_notices.carried(row, reading=reading, by=by)


@transaction.atomic(durable=True)
def contest(call: Call, *, agency: Agency, reason: str, by: User, source: str = "") -> None:
    """Say for an elector that the version under call is not editorial (rule 29).

    From this instant it counts as substantive: the call ends as overtaken, and the product
    is drafted again. It is possible until the carry-over says, also after the deadline of
    a call that is not declared. With ``source`` the secretariat enters it on behalf.

    :raises PermissionDenied: without the mandate, naming what is missing.
    :raises ProductError: if the call has ended, its version was not carried over or can
        be contested no more, or ``agency`` is not in its electorate.
    """
    moves.lock(call.product)
    call.refresh_from_db()
    standing = Standing.of(by)
    calls.require_may_speak(standing, agency, call, source=source)
    row = _contestable(call, agency, standing.at)

    reading = read_call(call, at=standing.at)
    row.contested_at, row.contested_for, row.contested_by = standing.at, agency, by
    row.contest, row.contest_source = reason, source
    row.save_as(by, f"Contested for {agency}: {reason}")
    label = f"v{row.version.number}"
    log.record(
        "call.contested",
        by=by,
        subject=call,
        reason=f"{agency} says that version {row.version.number} is not editorial. {reason}"
        + (f" Source: {source}" if source else ""),
        on_behalf_of=agency.code,
        version=label,
        before={"change_class": ChangeClass.EDITORIAL.value},
        after={"change_class": ChangeClass.SUBSTANTIVE.value, "source": source},
        also=[call.product],
    )
    words = f"{agency} says that version {row.version.number} is not editorial"
    calls.end_call(
        call,
        state=CallState.OVERTAKEN,
        by=by,
        at=standing.at,
        reason=f"Overtaken: {words}",
    )
    moves.move(
        call.product,
        Action.REVISE,
        by=by,
        reason=words,
        version=label,
        on_behalf_of=agency.code,
    )
    carry_over_notices.contested(row, reading=reading, by=by)


def _contestable(call: Call, agency: Agency, at: datetime) -> CarryOver:
    row: CarryOver | None = getattr(call.version, "carry_over", None)
    if call.state != CallState.OPEN:
        raise ProductError(f"The call has ended: it was {call.get_state_display().lower()}.")
    if row is None:
        raise ProductError("The call is on the version that it was opened on: nothing was carried.")
    if not row.is_contestable_at(at):
        raise ProductError(
            f"Until {instants.words(row.contest_until)} an elector could say that version "
            f"{row.version.number} is not editorial: that has passed."
        )
    if not call.electors.filter(agency=agency, left_at=None).exists():
        raise ProductError(f"{agency} is not in the electorate of this call.")
    return row


def _facts(product: Product, version: int, reading: CallReading | None, at: datetime) -> Facts:
    return Facts(
        at=at,
        state=State(product.state),
        version=version,
        call=reading.facts if reading else None,
    )


def _letters_at(reading: CallReading | None, at: datetime) -> datetime | None:
    """Return when the letters of the opening go, where they have not gone yet."""
    return reading.call.letters_at if reading and reading.call.is_held_at(at) else None


def _contest_until(call: Call, at: datetime) -> datetime:
    carried: CarryOver | None = getattr(call.version, "carry_over", None)
    return carrying.contest_until(
        at,
        days=defaults.contest_days(),
        zone=call.time_zone,
        no_sooner_than=carried.contest_until if carried else None,
    )
