"""What an import is held against, and what it would do (rule 37)."""

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date
from enum import StrEnum
from functools import cached_property

from products.exchange.columns import Column
from products.exchange.reading import Fault, Row
from products.remarks import CommentKind, Disposition


@dataclass(frozen=True, kw_only=True)
class Stored:
    """A comment that there is, as an export writes it; a draft has no number.

    ``duplicate_of`` is the key of the comment that it repeats.
    """

    pk: int
    number: int | None
    agency: int
    cells: Mapping[Column, str]
    duplicate_of: int | None = None
    withdrawn: bool = False


@dataclass(frozen=True, kw_only=True)
class Known:
    """What the rows of a file are held against, and what who sends it may do.

    ``agencies`` has every code and name that an agency bears or bore (rule 1), in lower case;
    ``members`` are those that can own an action. ``speaks_for`` is ``None`` where it may be
    any agency; ``paragraphs`` says how many each version has. ``agency`` and ``version``
    stand in where a row names none.
    """

    comments: tuple[Stored, ...] = ()
    agencies: Mapping[str, frozenset[int]] = field(default_factory=dict)
    codes: Mapping[int, str] = field(default_factory=dict)
    paragraphs: Mapping[int, int] = field(default_factory=dict)
    speaks_for: frozenset[int] | None = frozenset()
    members: frozenset[int] = frozenset()
    may_dispose: bool = False
    as_drafts: bool = False
    today: date = date.min
    agency: int | None = None
    version: int | None = None


@dataclass(frozen=True, kw_only=True)
class Sent:
    """What was read from a file, and how it is to be taken.

    ``agency`` and ``version`` stand in where a row names none.
    """

    rows: tuple[Row, ...]
    name: str
    unknown: tuple[str, ...] = ()
    agency: int | None = None
    version: int | None = None
    as_drafts: bool = False


class Outcome(StrEnum):
    """What becomes of a row; its value is what the page says of it."""

    UNCHANGED = "As it is here"
    TWIN = "Stands twice in the file"
    NEW = "New comment"
    DISPOSED = "New disposition"
    FAULTY = "Not taken"


@dataclass(frozen=True, kw_only=True)
class NewComment:
    """A comment to be made; ``anchor`` is the paragraph that its place names."""

    agency: int
    person: str
    version: int
    clause: str
    place: str
    line: str
    kind: CommentKind
    text: str
    proposal: str
    anchor: int | None


@dataclass(frozen=True, kw_only=True)
class NewDisposal:
    """A disposition to be made; ``owner`` is an agency, ``duplicate_of`` a comment's key."""

    disposition: Disposition
    response: str
    duplicate_of: int | None = None
    owner: int | None = None
    due: date | None = None


@dataclass(frozen=True, kw_only=True)
class Planned:
    """What becomes of one row. ``comment`` is the one that it is about, where there is one."""

    row: int
    outcome: Outcome
    cells: Mapping[Column, str]
    comment: Stored | None = None
    new: NewComment | None = None
    disposal: NewDisposal | None = None
    same_as: int | None = None


@dataclass(frozen=True)
class Plan:
    """What an import would do, row by row, and what is wrong in the rows that it leaves out."""

    rows: tuple[Planned, ...]
    faults: tuple[Fault, ...]

    @cached_property
    def counts(self) -> dict[Outcome, int]:
        counts = dict.fromkeys(Outcome, 0)
        for row in self.rows:
            counts[row.outcome] += 1
        return counts

    @property
    def changes(self) -> list[Planned]:
        """The rows that something would be written for."""
        return [row for row in self.rows if row.new or row.disposal]

    @cached_property
    def fingerprint(self) -> str:
        """The same for as long as the same would be written."""
        told = [
            (row.row, row.outcome.value, row.comment and row.comment.pk, row.new, row.disposal)
            for row in self.rows
        ]
        return hashlib.sha256(repr((told, self.faults)).encode()).hexdigest()
