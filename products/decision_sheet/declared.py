"""What was declared, by whom, about what, and in what kind of call."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from django.conf import settings

from products import call_sheet
from products.consensus import Mode, Outcome
from products.decision_record import action_after
from products.decision_sheet.parts import Item, Names, Section, moment, words
from products.models import Decision

NON_BINDING = "A decision on a non-binding product of ISECG."
MODES = {
    Mode.EXPLICIT: "Explicit: the quorum, the minimum support, and no objection that is sustained.",
    Mode.UNANIMOUS: "Unanimous: the quorum, and every agency of the electorate concurs.",
    Mode.SILENCE: "Silence procedure: the silence, at the deadline, of a seat that the notice "
    "reached is tacit consent.",
}


def product_of(decision: Decision) -> str:
    """Return the code and the title of the product as they were at the declaration."""
    kept = _product(decision)
    return f"{kept['code']}, {kept['title']}"


def action_of(decision: Decision) -> str:
    """Return the resulting action; where none is kept, what follows from the outcome."""
    return decision.action or action_after(
        Outcome(decision.outcome),
        version=decision.record["version"],
        product=decision.call.product,
    )


def identity(decision: Decision, names: Names) -> Section:
    corrected = decision.record.get("corrected")
    by = {"by": names.of(corrected["by"]), "as": corrected["as"]} if corrected else None
    return Section(
        key="decision",
        title="Decision",
        items=(
            words("number", "Number", decision.number),
            Item(key="revision", value=decision.revision),
            Item(key="address", value=f"{settings.SITE_URL}{decision.get_revision_url()}"),
            words("correction", "What was corrected, and why", decision.correction),
            moment(
                "corrected_at",
                "Corrected",
                datetime.fromisoformat(corrected["at"]) if corrected else None,
            ),
            Item(
                key="corrected_by",
                value=by,
                lines=(
                    f"Corrected by {by['by']} as {by['as']}. Outcome and counts are those of the "
                    "declaration.",
                )
                if by
                else (),
            ),
            words("non_binding", "", NON_BINDING),
        ),
    )


def outcome(decision: Decision) -> Section:
    because = decision.record.get("because", "")
    by, role = str(decision.declared_by), decision.declared_as
    declared = f"Declared by {by} as {role}"
    return Section(
        key="outcome",
        title="Outcome",
        items=(
            Item(
                key="outcome",
                value=decision.outcome,
                label="Outcome",
                lines=(decision.get_outcome_display(),),
                kind="badge",
            ),
            Item(
                key="computed",
                value=decision.computed,
                lines=(
                    (
                        f"The positions come to “{decision.get_computed_display()}”. "
                        f"Declared weaker because: {decision.reason}"
                    ),
                )
                if decision.outcome != decision.computed
                else (),
                kind="warning",
            ),
            Item(key="reason", value=decision.reason),
            words("statement", "Statement", decision.statement),
            words("interpretation", "Interpretation", decision.interpretation),
            words("action", "Resulting action", action_of(decision)),
            Item(
                key="declared_by",
                value={"by": by, "as": role, "because": because},
                lines=(f"{declared}, {because}." if because else f"{declared}.",),
            ),
            moment("declared_at", "Declared", decision.declared_at),
        ),
    )


def subject(decision: Decision) -> Section:
    record, version = decision.record, decision.call.version
    number = record["version"]
    return Section(
        key="subject",
        title="What was decided on",
        items=(
            words("question", "Question", record["question"]),
            Item(
                key="product",
                value=_product(decision),
                label="Product",
                lines=(product_of(decision),),
                href=decision.call.product.get_absolute_url(),
            ),
            Item(
                key="version",
                value=number,
                label="Version",
                lines=(f"Version {number}",),
                href=version.get_absolute_url() if version.number == number else "",
            ),
            words("sha256", "SHA-256 of its main file", record["sha256"], kind="hash"),
        ),
    )


def call(decision: Decision) -> Section:
    record = decision.record
    mode, hours = Mode(record["mode"]), record.get("silence_hours")
    address = decision.call.get_absolute_url()
    return Section(
        key="call",
        title="The call",
        items=(
            *(
                moment(key, label, datetime.fromisoformat(record[key]) if key in record else None)
                for key, label in (
                    ("opened_at", "Opened"),
                    ("deadline", "Deadline"),
                    ("closed_at", "Closed"),
                )
            ),
            Item(key="mode", value=mode.value, label="Mode", lines=(MODES[mode],)),
            Item(
                key="quorum",
                value=record["quorum"],
                label="Must answer",
                lines=(_quorum(mode, record),),
            ),
            Item(
                key="minimum_support",
                value=record["minimum_support"],
                label="Must concur",
                lines=(_support(mode, record),),
            ),
            Item(
                key="silence_hours",
                value=hours,
                label="Had to last",
                lines=(f"at least {hours} hours",) if hours else (),
            ),
            Item(
                key="address",
                value=f"{settings.SITE_URL}{address}",
                label="Its page",
                lines=(f"{settings.SITE_URL}{address}",),
                href=address,
            ),
        ),
    )


def electorate(record: Mapping[str, Any]) -> Section:
    names = record.get("names", {})
    agencies = [{"agency": code, "name": names.get(code, "")} for code in record["electorate"]]
    return Section(
        key="electorate",
        title="Electorate",
        items=(
            Item(
                key="agencies",
                value=agencies,
                lines=tuple(
                    f"{row['agency']}, {row['name']}" if row["name"] else row["agency"]
                    for row in agencies
                ),
            ),
        ),
    )


def _product(decision: Decision) -> dict[str, str]:
    """Return the product as it was called then; a record that does not keep it: as now."""
    product = decision.call.product
    kept: dict[str, str] = decision.record.get(
        "product", {"code": product.code, "title": product.title}
    )
    return kept


def _quorum(mode: Mode, record: Mapping[str, Any]) -> str:
    if mode == Mode.SILENCE:
        return "not asked in a silence procedure"
    return call_sheet.share_in_words(record["quorum"], record["of"])


def _support(mode: Mode, record: Mapping[str, Any]) -> str:
    if mode == Mode.SILENCE:
        return "at least one, if only tacitly"
    if mode == Mode.UNANIMOUS:
        return f"all {record['of']}"
    return call_sheet.share_in_words(record["minimum_support"], record["of"])
