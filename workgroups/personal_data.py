"""What the rooms keep about a person: each part says how it is exported and erased.

An app registers its parts when it is ready; ``docs/privacy.md`` says what is kept, and why.
"""

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from isecg.redaction import Redactor
from workgroups.models import User


@dataclass(frozen=True, kw_only=True)
class Erasure:
    """One act of erasing, for the parts that carry it out, in its transaction.

    ``person`` has the new ``name`` already; ``words`` finds all former names and addresses.
    """

    person: User
    name: str
    words: Redactor
    by: User
    reason: str
    at: datetime


Export = Callable[[User], Any]
Erase = Callable[[Erasure], None]
Holds = Callable[[User, datetime], Iterable[str]]


@dataclass(frozen=True, kw_only=True)
class Part:
    """One kind of what is kept: ``removes`` and ``stays`` say in words what erasing does."""

    name: str
    export: Export | None = None
    erase: Erase | None = None
    holds: Holds | None = None
    removes: str = ""
    stays: str = ""


_parts: dict[str, Part] = {}


def register(
    name: str,
    *,
    export: Export | None = None,
    erase: Erase | None = None,
    holds: Holds | None = None,
    removes: str = "",
    stays: str = "",
) -> None:
    """Have a part asked for what is kept about a person, under ``name`` in their export.

    ``export(person)`` returns plain data, at the cost of a fixed number of queries.
    ``erase(erasure)`` removes what need not stay. ``holds(person, at)`` gives a sentence
    for each thing by which the person may act at ``at`` or later: while there is one,
    nobody is erased.
    """
    _parts[name] = Part(
        name=name, export=export, erase=erase, holds=holds, removes=removes, stays=stays
    )


def parts() -> list[Part]:
    """Return the parts in the order in which they were registered."""
    return list(_parts.values())


def export(person: User) -> dict[str, Any]:
    """Return all that is kept about a person, by part."""
    return {part.name: part.export(person) for part in parts() if part.export}


def held(person: User, at: datetime) -> list[str]:
    """Return a sentence for each thing by which a person may act at ``at`` or later."""
    return [text for part in parts() if part.holds for text in part.holds(person, at)]
