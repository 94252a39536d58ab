"""A call as the rehearsal reads it, so that anyone can replay it: docs/rehearsing-a-call.md."""

from collections.abc import Iterable, Iterator
from datetime import UTC, datetime, timedelta
from typing import Any

from products.call_notices import DELIVERED
from products.call_reading import CallReading
from products.consensus import Act, Mode
from products.models import Call, CarryOver, Intervention
from products.models.calls import CallState
from products.models.interventions import InterventionKind


def rehearsal_of(
    reading: CallReading,
    *,
    interventions: Iterable[Intervention],
    carry_overs: Iterable[CarryOver],
) -> dict[str, Any]:
    """Return a call as plain values that JSON can hold, asked about when it was read.

    The rehearsal of it comes to what ``reading`` does. ``interventions`` and
    ``carry_overs`` are those of the call; a concern is no act of an elector, and left out.
    """
    call = reading.call
    found = {
        "mode": call.mode,
        "opened_at": _instant(call.opened_at),
        "deadline": _instant(call.deadline),
        "at": _instant(_asked_at(reading)),
        "settings": {
            "quorum": float(call.quorum),
            "minimum_support": float(call.minimum_support),
        },
        "electorate": [row.code for row in reading.electors],
        "entries": _in_order(_entries(reading, interventions)),
        "version_events": _in_order(_versions(call, carry_overs)),
    }
    if call.mode == Mode.SILENCE:
        # What was waived counts as delivered (rule 23).
        rows: tuple[Any, ...] = reading.electors
        found["notices"] = {row.code: DELIVERED if row.waiver else row.notice for row in rows}
    return found


def _asked_at(reading: CallReading) -> datetime:
    call = reading.call
    if call.ended_at is None:
        return reading.at
    if call.state == CallState.DECLARED and reading.ended_at is None:
        # Everybody had answered and it was declared early: nothing could come any more.
        return call.deadline + timedelta(microseconds=1)
    return min(reading.at, call.ended_at)


def _entries(
    reading: CallReading, interventions: Iterable[Intervention]
) -> Iterator[dict[str, Any]]:
    codes = {row.agency_id: row.code for row in reading.electors}
    for entry in reading.entries:
        yield {
            "agency": codes[entry.agency_id],
            "at": _instant(entry.given_at),
            "act": entry.stand or Act.WITHDRAW.value,
            "text": entry.text,
        }
    for said in interventions:
        if said.agency_id in codes and said.kind != InterventionKind.CONCERN:
            yield {
                "agency": codes[said.agency_id],
                "at": _instant(said.given_at),
                "act": said.kind,
                "text": said.text,
            }
    for row in reading.electors:
        if row.left_at:
            yield {"agency": row.code, "at": _instant(row.left_at), "act": Act.LEAVE.value}


def _versions(call: Call, carry_overs: Iterable[CarryOver]) -> Iterator[dict[str, Any]]:
    for carried in carry_overs:
        yield {"at": _instant(carried.at), "change": "editorial"}
    if call.state == CallState.OVERTAKEN and call.ended_at:
        # By a substantive version, or by the contest of an editorial one.
        yield {"at": _instant(call.ended_at), "change": "substantive"}


def _in_order(acts: Iterable[dict[str, Any]]) -> list[dict[str, Any]]:
    return sorted(acts, key=lambda act: datetime.fromisoformat(act["at"]))


def _instant(instant: datetime) -> str:
    return instant.astimezone(UTC).isoformat().replace("+00:00", "Z")
