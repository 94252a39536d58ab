"""A decision record laid out: what its page, its PDF and its JSON all say, in this order.

Each thing is said once: the plain value beside the words in which it is printed. A record of
former days lacks keys that came later: what it does not know, it does not say.
"""

from datetime import UTC, datetime
from typing import Any

from products.decision_sheet.declared import (
    call,
    electorate,
    identity,
    outcome,
    product_of,
    subject,
)
from products.decision_sheet.parts import Names, Sheet
from products.decision_sheet.said import STATEMENTS, course, interventions, positions, statements
from products.models import Decision

FORMAT = "isecg-decision-record/1"


def lay_out(decision: Decision) -> Sheet:
    """Return everything that a decision record says, in one query at most.

    Select ``call__product``, ``call__version`` and ``declared_by`` along.
    """
    record = decision.record
    names = Names(decision)
    corrected = record.get("corrected")
    return Sheet(
        number=decision.number,
        product=product_of(decision),
        made_at=datetime.fromisoformat(corrected["at"]) if corrected else decision.declared_at,
        sections=(
            identity(decision, names),
            outcome(decision),
            subject(decision),
            positions(record),
            *(statements(record, key, title) for key, title in STATEMENTS),
            interventions(record, names),
            course(record, names),
            call(decision),
            electorate(record),
        ),
    )


def as_json(sheet: Sheet) -> dict[str, Any]:
    """Return a record as plain values, by the keys that docs/decision-record.md tells."""
    return {"format": FORMAT, **{section.key: section.plain for section in sheet.sections}}


def as_print(sheet: Sheet) -> dict[str, Any]:
    """Return a record as it is typeset: its words alone, and nothing that is empty."""
    return {
        "number": sheet.number,
        "title": sheet.title,
        "product": sheet.product,
        "made_at": int(sheet.made_at.timestamp()),
        "made_on": list(sheet.made_at.astimezone(UTC).timetuple()[:6]),
        "sections": [
            {
                "title": section.title,
                "items": [
                    {"label": item.label, "kind": item.kind, "lines": list(item.lines)}
                    for item in section.printed
                ],
                "groups": [
                    {
                        "label": group.label,
                        "count": str(group.count),
                        "percent": f"{group.percent} %",
                        "agencies": ", ".join(group.agencies) or "none",
                    }
                    for group in section.groups
                ],
                "statements": [
                    {
                        "head": statement.head,
                        "text": statement.text,
                        "note": statement.note,
                        "answer": statement.answer,
                    }
                    for statement in section.statements
                ],
            }
            for section in sheet.printed
        ],
    }
