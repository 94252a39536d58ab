"""What a laid out decision record is made of."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from isecg import instants
from isecg.events import log
from products.models import Decision


@dataclass(frozen=True, kw_only=True)
class Item:
    """One thing that a record says: its value, and the lines that are printed, if any.

    Without a label the lines stand by themselves. ``at`` is the instant that the value is,
    where it is one, ``href`` the page of what is named, ``kind`` how it is shown.
    """

    key: str
    value: Any
    label: str = ""
    lines: tuple[str, ...] = ()
    at: datetime | None = None
    href: str = ""
    kind: str = ""


@dataclass(frozen=True, kw_only=True)
class Group:
    """The agencies that hold one position, with their share of the electorate."""

    key: str
    label: str
    agencies: tuple[str, ...]
    percent: str

    @property
    def count(self) -> int:
        return len(self.agencies)

    @property
    def badge(self) -> str:
        """How the position is marked; no response is never marked as agreement."""
        return "none" if self.key == "no_response" else self.key


@dataclass(frozen=True, kw_only=True)
class Statement:
    """What an agency wrote, word for word, and what it was answered."""

    agency: str
    text: str
    value: Mapping[str, Any]
    label: str = ""
    note: str = ""
    answer: str = ""

    @property
    def head(self) -> str:
        return f"{self.agency}: {self.label.lower()}" if self.label else self.agency


@dataclass(frozen=True, kw_only=True)
class Section:
    """One part of a record; printed where it has something to say."""

    key: str
    title: str
    items: tuple[Item, ...] = ()
    groups: tuple[Group, ...] = ()
    statements: tuple[Statement, ...] = ()

    @property
    def printed(self) -> list[Item]:
        return [item for item in self.items if item.lines]

    @property
    def labelled(self) -> list[Item]:
        return [item for item in self.printed if item.label]

    @property
    def plain(self) -> Any:
        """The values by their keys; of a section of statements, the list of them."""
        if not (self.items or self.groups):
            return [statement.value for statement in self.statements]
        return {
            **{item.key: item.value for item in self.items},
            **{
                group.key: {
                    "count": group.count,
                    "percent": group.percent,
                    "agencies": list(group.agencies),
                }
                for group in self.groups
            },
        }


@dataclass(frozen=True, kw_only=True)
class Sheet:
    """A whole record in one revision; ``made_at`` is when that revision was made."""

    number: str
    product: str
    made_at: datetime
    sections: tuple[Section, ...]

    @property
    def title(self) -> str:
        return f"Decision record {self.number}"

    @property
    def printed(self) -> list[Section]:
        """The sections that have something to say."""
        return [
            section
            for section in self.sections
            if section.printed or section.groups or section.statements
        ]


class Names:
    """The present names of the accounts that a record refers to, read once."""

    def __init__(self, decision: Decision) -> None:
        record = decision.record
        rows = [*record["on_behalf"], *record.get("waived", ()), *record.get("interventions", ())]
        if "corrected" in record:
            rows.append(record["corrected"])
        self._found = log.names_of(row["by"] for row in rows)

    def of(self, reference: str) -> str:
        """Return a name; a record that was made before references holds the name itself."""
        return self._found.get(reference, reference)


def words(key: str, label: str, text: str, *, href: str = "", kind: str = "") -> Item:
    """Return an item whose value is what is printed."""
    return Item(
        key=key, value=text, label=label, lines=(text,) if text else (), href=href, kind=kind
    )


def moment(key: str, label: str, at: datetime | None) -> Item:
    """Return an item that is an instant; printed in UTC, and shown in the reader's zone."""
    return Item(
        key=key,
        value=at.isoformat() if at else None,
        label=label,
        lines=(instants.words(at),) if at else (),
        at=at,
    )
