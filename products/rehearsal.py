"""One call as JSON, so that anyone can replay it: read, checked, and answered.

The fields are those of the rules; a call of the past is written as one by its page.
"""

import json
import re
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal, InvalidOperation
from fractions import Fraction
from typing import Any

from products import consensus
from products.consensus import Act, Course, Entry, Mode, NewVersion, Stand
from products.outcome_words import sentence

# A position that has no meaning without its text (rule 21).
TEXT_COMPULSORY = (Act.CONDITION, Act.OBJECT)
NOTICES = ("delivered", "failed", "vacant")
CHANGES = ("editorial", "substantive")
# Of any electorate it takes one agency to make up this share, as it does for a smaller one:
# 1e-999999999 has more digits than there is time to compute with.
SMALLEST = Decimal("1e-50")
# What an instant cannot hold: other digits than 0 after the microseconds.
FINER = re.compile(r"[.,][0-9]{6}[0-9]*[1-9]")


class RehearsalError(ValueError):
    """What is wrong, and the path of the field: ``"entries[3].act: …"``."""

    def __init__(self, path: str, what: str) -> None:
        super().__init__(f"{path or 'the call'}: {what}")


@dataclass(frozen=True, kw_only=True)
class Rehearsal:
    """A call to be replayed, and the instant that is asked about."""

    course: Course
    at: datetime


def read(text: str) -> Rehearsal:
    """Read one call from JSON.

    :raises RehearsalError: naming the path of the first field that is wrong.
    """
    try:
        # An object comes as its pairs, so that a name given twice is told by its path.
        data = json.loads(text, parse_int=_number, parse_float=_number, object_pairs_hook=tuple)
    except (ValueError, RecursionError) as error:
        raise RehearsalError("", f"is no JSON ({error})") from None
    return _rehearsal(data)


def answer(rehearsal: Rehearsal) -> dict[str, Any]:
    """Return what a call came to, as plain values that JSON can hold."""
    course = rehearsal.course
    count = consensus.tally(course, at=rehearsal.at)
    return {
        "outcome": consensus.outcome(course, count).value,
        "counts": {
            **{stand.value: count.of(stand) for stand in Stand},
            "tacit": count.tacit,
            "no_response": count.no_response,
        },
        "responded": count.responded,
        "of": len(count.electorate),
        "response_percent": float(count.percent),
        "late": list(count.late),
        "lapsed": list(count.lapsed),
        "sentence": sentence(course, count),
    }


def _number(text: str) -> Decimal | float:
    try:
        return Decimal(text)
    except InvalidOperation:
        # With an exponent of twenty digits it is none that could be computed with.
        return float(text)


def _rehearsal(data: Any) -> Rehearsal:
    fields = _object(
        data,
        "",
        needed=("mode", "opened_at", "deadline", "at", "settings", "electorate", "entries"),
        optional=("notices", "version_events"),
    )
    mode = Mode(_word(fields["mode"], "mode", Mode.values))
    opened_at, deadline, at = (
        _instant(fields[name], name) for name in ("opened_at", "deadline", "at")
    )
    if deadline <= opened_at:
        raise RehearsalError("deadline", "is not after the opening")
    shares = _object(fields["settings"], "settings", needed=("quorum", "minimum_support"))
    electorate = frozenset(_list(fields["electorate"], "electorate", _text))
    versions = fields.get("version_events")
    course = Course(
        mode=mode,
        deadline=deadline,
        quorum=_share(shares["quorum"], "settings.quorum"),
        minimum_support=_share(shares["minimum_support"], "settings.minimum_support"),
        electorate=electorate,
        entries=_list(
            fields["entries"],
            "entries",
            lambda value, path: _entry(value, path, electorate, opened_at),
        ),
        versions=_list(
            [] if versions is None else versions,
            "version_events",
            lambda value, path: _version(value, path, opened_at),
        ),
        unreached=_unreached(fields.get("notices"), electorate),
    )
    return Rehearsal(course=course, at=at)


def _entry(value: Any, path: str, electorate: frozenset[str], opened_at: datetime) -> Entry:
    fields = _object(value, path, needed=("agency", "at", "act"), optional=("text",))
    agency = _text(fields["agency"], f"{path}.agency")
    if agency not in electorate:
        raise RehearsalError(f"{path}.agency", f"“{agency}” is not in the electorate")
    at = _after_opening(fields["at"], f"{path}.at", opened_at)
    act = Act(_word(fields["act"], f"{path}.act", [act.value for act in Act]))
    text = fields.get("text")
    if text is not None and not isinstance(text, str):
        raise RehearsalError(f"{path}.text", "is no text")
    if act in TEXT_COMPULSORY and not (text and text.strip()):
        raise RehearsalError(f"{path}.text", f"is missing: “{act}” needs it (rule 21)")
    return Entry(agency=agency, at=at, act=act)


def _version(value: Any, path: str, opened_at: datetime) -> NewVersion:
    fields = _object(value, path, needed=("at", "change"))
    return NewVersion(
        at=_after_opening(fields["at"], f"{path}.at", opened_at),
        substantive=_word(fields["change"], f"{path}.change", CHANGES) == "substantive",
    )


def _unreached(value: Any, electorate: frozenset[str]) -> frozenset[str]:
    """Return whose silence does not count: who is not named was not reached either."""
    if value is None:
        return frozenset()
    notices = _pairs(value, "notices")
    for agency, notice in notices.items():
        if agency not in electorate:
            raise RehearsalError(f"notices.{agency}", "is not in the electorate")
        _word(notice, f"notices.{agency}", NOTICES)
    return frozenset(agency for agency in electorate if notices.get(agency) != "delivered")


def _object(
    value: Any, path: str, *, needed: tuple[str, ...], optional: tuple[str, ...] = ()
) -> dict[str, Any]:
    fields = _pairs(value, path)
    for name in needed:
        if name not in fields:
            raise RehearsalError(_below(path, name), "is missing")
    for name in fields:
        if name not in needed + optional:
            raise RehearsalError(_below(path, name), "is not known")
    return fields


def _pairs(value: Any, path: str) -> dict[str, Any]:
    if not isinstance(value, tuple):
        raise RehearsalError(path, "is no object")
    found: dict[str, Any] = {}
    for name, field in value:
        if name in found:
            raise RehearsalError(_below(path, name), "is given twice")
        found[name] = field
    return found


def _below(path: str, name: str) -> str:
    return f"{path}.{name}" if path else name


def _list(value: Any, path: str, read_one: Callable[[Any, str], Any]) -> tuple[Any, ...]:
    if not isinstance(value, list):
        raise RehearsalError(path, "is no list")
    return tuple(read_one(one, f"{path}[{index}]") for index, one in enumerate(value))


def _text(value: Any, path: str) -> str:
    if not isinstance(value, str) or not value.strip():
        raise RehearsalError(path, "is no text")
    return value


def _word(value: Any, path: str, known: Any) -> str:
    if not isinstance(value, str) or value not in known:
        raise RehearsalError(path, f"is none of {', '.join(known)}")
    return value


def _instant(value: Any, path: str) -> datetime:
    try:
        found = datetime.fromisoformat(value)
    except (TypeError, ValueError):
        raise RehearsalError(path, "is no instant, as in 2026-03-01T09:00:00Z") from None
    if found.utcoffset() is None:
        raise RehearsalError(path, "names no instant without its offset from UTC")
    if FINER.search(value):
        raise RehearsalError(path, "is finer than a microsecond")
    return found


def _after_opening(value: Any, path: str, opened_at: datetime) -> datetime:
    found = _instant(value, path)
    if found < opened_at:
        raise RehearsalError(path, "is before the opening")
    return found


def _share(value: Any, path: str) -> Fraction:
    if not isinstance(value, Decimal):
        raise RehearsalError(path, "is no number")
    if not 0 <= value <= 1:
        raise RehearsalError(path, "is not a share from 0 to 1")
    return Fraction(max(value, SMALLEST) if value else value)
