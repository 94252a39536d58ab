"""The history of rows in words: who changed what, when and why (rule 50)."""

from collections import defaultdict
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.db import models

from isecg.partial_dates import PartialDate, PartialDateField

_BOOKKEEPING = frozenset({"id", "password"})
_KINDS = {"+": "added", "~": "changed", "-": "removed"}


@dataclass(frozen=True, kw_only=True)
class FieldChange:
    """What one field held; an instant stays an instant, for the page to show in its zone."""

    label: str
    before: str | datetime
    after: str | datetime

    @property
    def is_instant(self) -> bool:
        return isinstance(self.before, datetime) or isinstance(self.after, datetime)


@dataclass(frozen=True, kw_only=True)
class Change:
    """One saving of one row: what sort of row, by whom, why, and what became different."""

    at: datetime
    by: str
    reason: str
    what: str
    kind: str
    fields: tuple[FieldChange, ...]


def changes(rows: Iterable[Any]) -> list[Change]:
    """Return the changes that ``rows`` of historical models record, newest first.

    The rows may be of several models and objects, in any order; each is compared with
    the one before it of the same object. Ask for them with
    ``select_related("history_user")``: then the only further queries are one for each
    model that the rows refer to, however many they are.
    """
    ordered = sorted(rows, key=lambda row: (row.history_date, row.history_id))
    pairs = list(_with_former(ordered))
    names = _names(ordered)
    return [_change(row, former, names) for row, former in reversed(pairs)]


def of(*histories: "models.QuerySet[Any] | models.Manager[Any]") -> list[Change]:
    """Return the changes of whole histories: ``of(agency.history)``."""
    return changes(
        row for history in histories for row in history.select_related("history_user").all()
    )


def _with_former(ordered: list[Any]) -> Iterator[tuple[Any, Any | None]]:
    last: dict[tuple[str, Any], Any] = {}
    for row in ordered:
        key = (row._meta.label, row.id)
        yield row, last.get(key)
        last[key] = row


def _fields(row: Any) -> "list[models.Field[Any, Any]]":
    return [
        field
        for field in row._meta.concrete_fields
        if field.name not in _BOOKKEEPING and not field.name.startswith("history_")
    ]


def _names(rows: list[Any]) -> dict[tuple[type[models.Model], Any], str]:
    """Return the words of every row referred to, by one query a model."""
    wanted: dict[type[models.Model], set[Any]] = defaultdict(set)
    for row in rows:
        for field in _fields(row):
            value = getattr(row, field.attname)
            if field.related_model is not None and value is not None:
                wanted[field.related_model].add(value)
    return {
        (model, pk): str(found)
        for model, keys in wanted.items()
        for pk, found in model._default_manager.in_bulk(keys).items()
    }


def _change(
    row: Any, former: Any | None, names: dict[tuple[type[models.Model], Any], str]
) -> Change:
    fields = []
    for field in _fields(row):
        after = _words(row, field, names)
        if former is None:
            # The first state: what was said of the new row, its defaults left out.
            if getattr(row, field.attname) != field.get_default() and after != "":
                fields.append(FieldChange(label=_label(field), before="", after=after))
        elif getattr(former, field.attname) != getattr(row, field.attname):
            before = _words(former, field, names)
            fields.append(FieldChange(label=_label(field), before=before, after=after))
    return Change(
        at=row.history_date,
        by=str(row.history_user) if row.history_user else "The program",
        reason=row.history_change_reason,
        what=str(row.instance_type._meta.verbose_name),
        kind=_KINDS[row.history_type],
        fields=() if row.history_type == "-" else tuple(fields),
    )


def _label(field: "models.Field[Any, Any]") -> str:
    label = str(field.verbose_name)
    return label[:1].upper() + label[1:]


def _words(
    row: Any, field: "models.Field[Any, Any]", names: dict[tuple[type[models.Model], Any], str]
) -> str | datetime:
    value = getattr(row, field.attname)
    if value is None or value == "" or isinstance(value, datetime):
        return "" if value is None else value
    if field.related_model is not None:
        return names.get((field.related_model, value), f"no. {value}")
    if field.choices:
        return str(dict(field.flatchoices).get(value, value))
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(field, PartialDateField):
        return PartialDate.parse(value).words
    if isinstance(value, list):
        return ", ".join(str(item) for item in value)
    return str(value)
