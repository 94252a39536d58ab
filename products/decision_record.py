"""What a decision record holds for good, as plain values (rule 33).

It is written once, at the declaration. Codes and names are those of that day; people are
named by reference. What reads a record must do without the keys that came later.
"""

from typing import Any

from isecg.events import log
from products.call_reading import CallReading
from products.consensus import AGREEING, Mode, Outcome, Stand
from products.models import Intervention, Product

Record = dict[str, Any]


def record_of(reading: CallReading, *, because: str = "") -> Record:
    """Return all that a record keeps of a call that is declared at the instant of ``reading``.

    ``because`` is why the secretariat declares it, where it does not fall to the chair.
    """
    call, count = reading.call, reading.tally
    groups: dict[str, list[str]] = {stand.value: count.of(stand) for stand in Stand}
    return {
        "product": {"code": call.product.code, "title": call.product.title},
        "question": call.question,
        "version": call.version.number,
        "sha256": call.version.sha256,
        "mode": call.mode,
        "opened_at": call.opened_at.isoformat(),
        "deadline": call.deadline.isoformat(),
        "closed_at": (reading.ended_at or reading.at).isoformat(),
        "quorum": str(call.quorum),
        "minimum_support": str(call.minimum_support),
        "silence_hours": call.silence_hours,
        "electorate": list(count.electorate),
        "names": {row.code: row.agency.name for row in reading.electors},
        "left": sorted(row.code for row in reading.electors if row.left_at and not row.successor),
        "succeeded": _succeeded(reading),
        "positions": groups,
        "tacit": count.tacit,
        "no_response": count.no_response,
        "late": list(count.late),
        "lapsed": list(count.lapsed),
        "broken_by": list(count.broken_by),
        "responded": count.responded,
        "of": len(count.electorate),
        "percent": count.percent,
        "reservations": _texts(reading, Stand.RESERVATION),
        "conditions": _texts(reading, Stand.CONDITION),
        "objections": _texts(reading, Stand.OBJECT),
        "remarks": [
            {**entry, "stand": stand.value}
            for stand in (Stand.CONCUR, Stand.ABSTAIN)
            for entry in _texts(reading, stand)
        ],
        "interventions": [
            _intervention(row) for row in call.interventions.order_by("given_at", "pk")
        ],
        "unreached": sorted(count.unreached & set(count.silent)),
        "waived": [
            {"agency": row.code, "by": f"user:{row.waived_by_id}", "reason": row.waiver}
            for row in reading.electors
            if row.waiver and call.mode == Mode.SILENCE
        ],
        "carried": [
            {
                "agency": code,
                "given_on": entry.version.number,
                "carried_to": call.version.number,
            }
            for code, entry in sorted(reading.counting.items())
            if entry.version_id != call.version_id
        ],
        "on_behalf": [
            {"agency": code, "by": log.reference(entry.given_by), "source": entry.source}
            for code, entry in sorted(reading.counting.items())
            if entry.on_behalf
        ],
        "because": because,
    }


def action_after(outcome: Outcome, *, version: int, product: Product) -> str:
    """Return what follows from an outcome, in the words that a declaration begins with."""
    if outcome == Outcome.PROVISIONAL:
        return (
            f"Version {version} of {product} is agreed provisionally: while a condition is open "
            "it is not released, but with a written reason."
        )
    if outcome in AGREEING:
        return f"Version {version} of {product} is agreed and goes to the release gate."
    if outcome == Outcome.SILENCE_BROKEN:
        return f"Nothing is adopted: {product} goes back to drafting."
    return f"{product} goes back to drafting."


def _texts(reading: CallReading, stand: Stand) -> list[dict[str, str]]:
    """Return what the agencies with a position wrote with it, word for word."""
    entries = ((code, reading.counting[code]) for code in reading.tally.of(stand))
    return [{"agency": code, "text": entry.text} for code, entry in entries if entry.text]


def _intervention(row: Intervention) -> dict[str, Any]:
    return {
        "agency": row.code,
        "kind": row.kind,
        "text": row.text,
        "given_at": row.given_at.isoformat(),
        "by": f"user:{row.given_by_id}" if row.on_behalf else "",
        "source": row.source,
        "answer": row.answer,
        "answered_at": row.answered_at.isoformat() if row.answered_at else "",
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
