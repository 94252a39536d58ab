"""Who said what in the call, who did not, and what else happened in it."""

from collections.abc import Callable, Iterable, Mapping
from datetime import datetime
from fractions import Fraction
from typing import Any

from isecg import instants
from products.consensus import Mode, Stand
from products.decision_sheet.parts import Group, Item, Names, Section, Statement
from products.models.interventions import InterventionKind

STATEMENTS = (
    ("reservations", "Reservations"),
    ("conditions", "Conditions"),
    ("objections", "Objections"),
    ("remarks", "Remarks with a position"),
)
Record = Mapping[str, Any]


def positions(record: Record) -> Section:
    of, tacit = record["of"], record.get("tacit", ())

    def group(key: str, label: str, agencies: Iterable[str]) -> Group:
        codes = tuple(agencies)
        return Group(key=key, label=label, agencies=codes, percent=_percent(len(codes), of))

    groups = [group(stand.value, stand.label, record["positions"][stand]) for stand in Stand]
    if record["mode"] == Mode.SILENCE:
        groups.append(group("tacit", "Tacit consent", tacit))
    groups.append(group("no_response", "No response", record["no_response"]))
    return Section(
        key="positions",
        title="Positions",
        items=(
            Item(key="responded", value=record["responded"]),
            Item(key="of", value=of),
            Item(
                key="percent",
                value=record["percent"],
                lines=(
                    (
                        f"Based on responses from {record['responded']} of {of} "
                        f"({record['percent']} %)."
                    ),
                ),
            ),
        ),
        groups=tuple(groups),
    )


def statements(record: Record, key: str, title: str) -> Section:
    return Section(
        key=key,
        title=title,
        statements=tuple(
            Statement(
                agency=entry["agency"],
                label=Stand(entry["stand"]).label if "stand" in entry else "",
                text=entry["text"],
                value=entry,
            )
            for entry in record.get(key, ())
        ),
    )


def interventions(record: Record, names: Names) -> Section:
    return Section(
        key="interventions",
        title="Said beside the positions",
        statements=tuple(
            Statement(
                agency=entry["agency"],
                label=InterventionKind(entry["kind"]).label,
                text=entry["text"],
                note=_recorded(entry, names),
                answer=entry["answer"],
                value=_named(entry, names),
            )
            for entry in record.get("interventions", ())
        ),
    )


def course(record: Record, names: Names) -> Section:
    """Return what else happened in the call, each kind of it under its key."""
    return Section(
        key="course",
        title="In the course of the call",
        items=(
            _agencies(record, "late", "Came after the call had ended, and did not count"),
            _agencies(record, "left", "Left the product while the call was open, and not counted"),
            _agencies(record, "lapsed", "Their position lapsed when they left"),
            _agencies(record, "broken_by", "The silence was broken by"),
            _agencies(record, "unreached", "Silent, and not reached by the notice"),
            _each(record, "succeeded", _succeeded),
            _each(record, "waived", _waived, names),
            _each(record, "carried", _carried),
            _each(record, "on_behalf", _on_behalf, names),
        ),
    )


def _agencies(record: Record, key: str, words: str) -> Item:
    codes = record.get(key, [])
    return Item(key=key, value=codes, lines=(f"{words}: {', '.join(codes)}.",) if codes else ())


def _each(
    record: Record, key: str, words: Callable[[Record], str], names: Names | None = None
) -> Item:
    rows = [_named(row, names) if names else row for row in record.get(key, ())]
    return Item(key=key, value=rows, lines=tuple(words(row) for row in rows))


def _named(row: Record, names: Names) -> dict[str, Any]:
    """Return ``row`` with the present name of whoever it refers to."""
    return {**row, "by": names.of(row["by"])}


def _recorded(entry: Record, names: Names) -> str:
    said = instants.words(datetime.fromisoformat(entry["given_at"]))
    if not entry["source"]:
        return said
    by = names.of(entry["by"])
    return f"{said}, recorded by {by} for {entry['agency']}, source: {entry['source']}"


def _succeeded(row: Record) -> str:
    former = row["agency"]
    taken = f"{row['successor']} took the place of {former} while the call was open."
    if row["stand"]:
        return f"{taken} {former}’s position, “{row['stand']}”, is not counted."
    return f"{taken} {former} had no position."


def _waived(row: Record) -> str:
    return (
        f"{row['agency']}: its silence counts though the notice did not reach it, waived by "
        f"{row['by']}: {row['reason']}"
    )


def _carried(row: Record) -> str:
    return (
        f"{row['agency']}: given on version {row['given_on']}, carried to version "
        f"{row['carried_to']}."
    )


def _on_behalf(row: Record) -> str:
    return f"{row['agency']}: recorded by {row['by']} for {row['agency']}, source: {row['source']}."


def _percent(count: int, of: int) -> str:
    """Return a share of the electorate in per cent with one decimal, half up: ``"81.8"``."""
    tenths = int(Fraction(count * 1000, of or 1) + Fraction(1, 2))
    return f"{tenths // 10}.{tenths % 10}"
