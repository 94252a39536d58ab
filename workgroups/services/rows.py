"""Taking a row for a change, and saying what the change was."""

from collections.abc import Collection
from datetime import datetime
from typing import Any, TypeVar

from django.db.models import Q

from isecg.history import Tracked

Row = TypeVar("Row", bound=Tracked)


def lock(row: Tracked) -> None:
    """Refresh ``row`` and keep others off it until we commit."""
    rows = type(row)._default_manager.select_for_update(of=("self",), no_key=True)
    row.refresh_from_db(from_queryset=rows)


def overlapping(rows: Any, starts_at: datetime, ends_at: datetime | None) -> Any:
    """Return those of ``rows`` that are in force at some time of the window."""
    held = rows.filter(Q(ends_at=None) | Q(ends_at__gt=starts_at))
    return held.filter(starts_at__lt=ends_at) if ends_at else held


def amend(row: Tracked, fields: dict[str, Any]) -> tuple[dict[str, Any], dict[str, Any]]:
    """Set ``fields`` on ``row``; return what differs, before and after, for the event log."""
    before, after = {}, {}
    for name, value in fields.items():
        former = getattr(row, name)
        if former != value:
            before[name], after[name] = former, value
            setattr(row, name, value)
    return before, after


def check(row: Row, *, exclude: Collection[str] = ()) -> Row:
    """Return ``row`` once its fields, less ``exclude``, and constraints hold.

    :raises ValidationError: otherwise, with their own words, by field.
    """
    row.full_clean(exclude=exclude)
    return row
