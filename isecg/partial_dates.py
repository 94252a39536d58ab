"""Dates that a source gives only in part: a year, a month, or a day.

They are kept as their ISO text ("2007", "2007-11", "2007-11-06"), whose order as
text is the order of their earliest days, so that they sort and filter in SQL.
"""

import re
from calendar import monthrange
from dataclasses import dataclass
from datetime import date
from typing import TYPE_CHECKING, Any

from django.core.exceptions import ValidationError
from django.db import models

# Digits of other scripts would be kept as typed, and break the order as text.
_FORM = re.compile(r"(\d{4})(?:-(\d{2})(?:-(\d{2}))?)?", re.ASCII)

# Near the ends of the calendar a day has no next one, nor a local time in every zone:
# a page that shows it would fail.
_YEARS = range(1900, 2200)


@dataclass(frozen=True, order=True)
class PartialDate:
    """A day, a month or a year; ``iso`` is its text and its order."""

    iso: str

    @classmethod
    def parse(cls, text: str) -> "PartialDate":
        """Read ``YYYY``, ``YYYY-MM`` or ``YYYY-MM-DD``.

        :raises ValueError: if it is none of these, or no such day exists.
        """
        match = _FORM.fullmatch(text.strip())
        if match is None:
            raise ValueError(f"“{text}” is not a date: write 2007, 2007-11 or 2007-11-06.")
        year, month, day = (int(part) if part else 1 for part in match.groups())
        try:
            date(year, month, day)
        except ValueError as error:
            raise ValueError(f"“{text}” is not a day of the calendar.") from error
        return cls(text.strip())

    @property
    def precision(self) -> str:
        return {4: "year", 7: "month", 10: "day"}[len(self.iso)]

    @property
    def earliest(self) -> date:
        """The first day that this can mean."""
        return date.fromisoformat(self.iso + "-01-01"[len(self.iso) - 4 :])

    @property
    def latest(self) -> date:
        """The last day that this can mean."""
        first = self.earliest
        if self.precision == "day":
            return first
        month = 12 if self.precision == "year" else first.month
        return date(first.year, month, monthrange(first.year, month)[1])

    @property
    def words(self) -> str:
        """As a reader writes it: ``2007``, ``November 2007``, ``6 November 2007``."""
        if self.precision == "year":
            return self.iso
        month = f"{self.earliest:%B %Y}"
        return month if self.precision == "month" else f"{self.earliest.day} {month}"

    def __str__(self) -> str:
        return self.words


def validate_day(day: date) -> None:
    """Refuse a day that no record can be about."""
    if day.year not in _YEARS:
        raise ValidationError("This day is out of range.", code="out_of_range")


def validate_partial_date(text: str) -> None:
    """Refuse what :meth:`PartialDate.parse` refuses, as a form's error, and a far year."""
    try:
        day = PartialDate.parse(text).earliest
    except ValueError as error:
        raise ValidationError(str(error), code="partial_date") from error
    validate_day(day)


if TYPE_CHECKING:
    # Generic for the type checker alone; Django's class takes no parameter.
    TextColumn = models.CharField[str, str]
else:
    TextColumn = models.CharField


class PartialDateField(TextColumn):
    """A date known to the day, the month or the year; empty text means unknown."""

    default_validators = [validate_partial_date]

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(
            *args,
            **{
                "max_length": 10,
                "blank": True,
                "default": "",
                "help_text": "2007, 2007-11 or 2007-11-06. Leave empty if it is not known.",
                **kwargs,
            },
        )
