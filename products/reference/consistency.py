"""What must be true between the fields of a record, and between records."""

from collections.abc import Iterator
from typing import Any

from django.utils.text import slugify

from isecg.partial_dates import PartialDate
from products.reference import specs

Row = dict[str, Any]

# One finding: the collection, the place in it, the record, the field, the sentence.
Found = tuple[str, int, Row, str, str]


def findings(data: Row) -> Iterator[Found]:
    """Yield what is wrong between fields and between records."""
    yield from _repeated(data)
    yield from _unknown(data)
    yield from _dates(data)
    yield from _agencies(data["agencies"])
    yield from _meetings(data["meetings"])
    yield from _relations(data["products"])
    yield from _predecessors(data["working_groups"])


def _repeated(data: Row) -> Iterator[Found]:
    for name, identity in specs.IDENTITY.items():
        seen: dict[str, int] = {}
        for index, row in enumerate(data[name]):
            if identity is None:
                continue
            # "ESA" and "esa" would have one address here.
            key = slugify(row[identity])
            if key in seen:
                first = f"{name}[{seen[key]}]"
                yield name, index, row, identity, f"{first} has the same one."
            seen[key] = index


def _unknown(data: Row) -> Iterator[Found]:
    for name, field, target in specs.REFERENCES:
        identity = specs.IDENTITY[target]
        known = {row[identity] for row in data[target]}
        what = target.replace("_", " ")
        for index, row in enumerate(data[name]):
            value = row[field]
            for code in value if isinstance(value, list) else [value]:
                if code is not None and code not in known:
                    yield name, index, row, field, f"“{code}” is not among the {what}."


def _dates(data: Row) -> Iterator[Found]:
    for name, field in specs.PRECISIONS:
        for index, row in enumerate(data[name]):
            said, date = row[f"{field}_precision"], row[field]
            found = PartialDate.parse(date).precision if date else None
            if said != found:
                sentence = f"It says {said or 'null'}; `{field}` is {found or 'null'}."
                yield name, index, row, f"{field}_precision", sentence
    for name, first, last, same_day in specs.ORDERS:
        for index, row in enumerate(data[name]):
            start, end = row[first], row[last]
            if start and end and (end < start or (end == start and not same_day)):
                yield name, index, row, last, f"“{end}” does not lie after `{first}`, “{start}”."


def _agencies(rows: list[Row]) -> Iterator[Found]:
    for index, row in enumerate(rows):
        seen = set()
        for place, name in enumerate(row["name_history"]):
            field = f"name_history[{place}]"
            start, end = name["from"], name["to"]
            if start and end and end < start:
                yield "agencies", index, row, f"{field}.to", f"“{end}” lies before “{start}”."
            if (name["code"], name["name"]) in seen:
                yield (
                    "agencies",
                    index,
                    row,
                    f"{field}.name",
                    "This code and name stand here twice.",
                )
            seen.add((name["code"], name["name"]))
        for alias in row["aliases"]:
            if alias not in {name["code"] for name in row["name_history"]}:
                sentence = f"“{alias}” is in no entry of `name_history`."
                yield "agencies", index, row, "aliases", sentence


def _meetings(rows: list[Row]) -> Iterator[Found]:
    numbers: dict[tuple[str, int], int] = {}
    for index, row in enumerate(rows):
        both = set(row["attending_agencies"] or []) & set(row["absent_agencies"] or [])
        if both:
            sentence = f"{', '.join(sorted(both))} attended as well."
            yield "meetings", index, row, "absent_agencies", sentence
        if row["number"] is None:
            continue
        number = (row["kind"], row["number"])
        if number in numbers:
            sentence = f"meetings[{numbers[number]}] of this kind has the same one."
            yield "meetings", index, row, "number", sentence
        numbers[number] = index


def _relations(rows: list[Row]) -> Iterator[Found]:
    known = {row["code"] for row in rows}
    successors: dict[str, str] = {}
    leads: dict[str, list[str]] = {}
    for index, row in enumerate(rows):
        for place, relation in enumerate(row["relations"]):
            target = relation["target"]
            field = f"relations[{place}].target"
            if target not in known:
                yield "products", index, row, field, f"“{target}” is not among the products."
            if relation["type"] == "supersedes":
                if target in successors:
                    sentence = f"“{target}” is superseded by {successors[target]} already."
                    yield "products", index, row, field, sentence
                successors[target] = row["code"]
            # Rule 12: no cycles, whatever the relations on the way are.
            if row["code"] == target or _reaches(leads, target, row["code"]):
                sentence = f"“{target}” leads back to {row['code']}."
                yield "products", index, row, field, sentence
            leads.setdefault(row["code"], []).append(target)


def _predecessors(rows: list[Row]) -> Iterator[Found]:
    leads: dict[str, list[str]] = {}
    for index, row in enumerate(rows):
        before = row["predecessor"]
        if before is None:
            continue
        if before == row["code"] or _reaches(leads, before, row["code"]):
            sentence = f"“{before}” leads back to {row['code']}."
            yield "working_groups", index, row, "predecessor", sentence
        leads[row["code"]] = [before]


def _reaches(leads: dict[str, list[str]], start: str, goal: str) -> bool:
    """Whether following ``leads`` from ``start`` comes to ``goal``."""
    waiting, seen = [start], set()
    while waiting:
        here = waiting.pop()
        if here == goal:
            return True
        if here not in seen:
            seen.add(here)
            waiting.extend(leads.get(here, []))
    return False
