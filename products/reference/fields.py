"""What one field of the file may hold: small checks that are put together.

A check takes a value and returns nothing, or raises :class:`FieldError` with the
sentence that a reader of the file needs.
"""

import re
from collections.abc import Callable, Collection, Mapping
from datetime import UTC, datetime
from typing import Any

from django.core.exceptions import ValidationError

from isecg.partial_dates import PartialDate
from workgroups.zones import validate_zone

Check = Callable[[Any], None]
Spec = Mapping[str, Check]

_SLUG = re.compile(r"[-a-zA-Z0-9_]+")


class FieldError(Exception):
    """A field that cannot be taken: where it stands, and why."""

    def __init__(self, path: str, sentence: str) -> None:
        super().__init__(sentence)
        self.path = path
        self.sentence = sentence

    def under(self, prefix: str) -> "FieldError":
        """Return the same error, seen from one level further up."""
        joint = "." if self.path and not self.path.startswith("[") else ""
        return FieldError(f"{prefix}{joint}{self.path}", self.sentence)


def _refuse(sentence: str) -> None:
    raise FieldError("", sentence)


def _shown(value: Any) -> str:
    return f"“{value}”" if isinstance(value, str) else f"{value!r}"


def text(longest: int = 10_000) -> Check:
    """Words, not empty, of at most ``longest`` characters."""

    def check(value: Any) -> None:
        if not isinstance(value, str):
            _refuse(f"{_shown(value)} is not a text.")
        elif not value.strip():
            _refuse("It is empty; write null for what is not known.")
        elif len(value) > longest:
            _refuse(f"It has {len(value)} characters; {longest} is the most.")

    return check


def code(longest: int) -> Check:
    """A text of letters, digits, hyphens and underscores."""
    is_text = text(longest)

    def check(value: Any) -> None:
        is_text(value)
        if not _SLUG.fullmatch(value):
            _refuse(f"{_shown(value)} is not a code: write letters, digits and hyphens.")

    return check


def country_code(value: Any) -> None:
    """Two capital letters."""
    if not isinstance(value, str) or not re.fullmatch(r"[A-Z]{2}", value):
        _refuse(f"{_shown(value)} is not a country code: write two capital letters.")


def one_of(values: Collection[str]) -> Check:
    """One of the words that the tracker knows."""

    def check(value: Any) -> None:
        if not isinstance(value, str) or value not in values:
            _refuse(f"{_shown(value)} is none of: {', '.join(values)}.")

    return check


def count(value: Any) -> None:
    """A whole number that is not negative and fits the column."""
    if not isinstance(value, int) or isinstance(value, bool) or not 0 <= value <= 32_767:
        _refuse(f"{_shown(value)} is not a count: write a whole number from 0 to 32767.")


def yes_or_no(value: Any) -> None:
    if not isinstance(value, bool):
        _refuse(f"{_shown(value)} is neither true nor false.")


def partial_date(value: Any) -> None:
    """A year, a month or a day."""
    if not isinstance(value, str):
        _refuse(f"{_shown(value)} is not a date in quotes.")
    try:
        parsed = PartialDate.parse(value)
    except ValueError as error:
        raise FieldError("", str(error)) from error
    if parsed.iso != value:
        _refuse(f"{_shown(value)} has blanks around the date.")


def instant_utc(value: Any) -> None:
    """An instant in UTC, as in ``2016-09-14T13:00:00Z``."""
    try:
        parsed = datetime.fromisoformat(value)
    except (TypeError, ValueError) as error:
        raise FieldError("", f"{_shown(value)} is not an instant.") from error
    if parsed.tzinfo is None or parsed.utcoffset() != UTC.utcoffset(None):
        _refuse(f"{_shown(value)} is not in UTC: end it with Z.")


def time_zone(value: Any) -> None:
    """An IANA time zone."""
    text(60)(value)
    try:
        validate_zone(value)
    except ValidationError as error:
        raise FieldError("", error.messages[0]) from error


def optional(check: Check) -> Check:
    """Null, which means *unknown*, or what ``check`` takes."""

    def checked(value: Any) -> None:
        if value is not None:
            check(value)

    return checked


def many(check: Check, *, once: bool = True) -> Check:
    """A list of what ``check`` takes; with ``once``, nothing in it twice."""

    def checked(values: Any) -> None:
        if not isinstance(values, list):
            _refuse(f"{_shown(values)} is not a list.")
        for index, value in enumerate(values):
            try:
                check(value)
            except FieldError as error:
                raise error.under(f"[{index}]") from error
            if once and value in values[:index]:
                raise FieldError(f"[{index}]", f"{_shown(value)} stands here twice.")

    return checked


def record(spec: Spec) -> Check:
    """An object with exactly the fields of ``spec``."""

    def check(value: Any) -> None:
        if not isinstance(value, dict):
            _refuse(f"{_shown(value)} is not an object.")
        _require_names(value, spec)
        for name, field in spec.items():
            try:
                field(value[name])
            except FieldError as error:
                raise error.under(name) from error

    return check


def _require_names(value: dict[str, Any], spec: Spec) -> None:
    for name in spec:
        if name not in value:
            raise FieldError(name, "It is missing; write null for what is not known.")
    for name in value:
        if name not in spec:
            raise FieldError(name, "There is no such field.")
