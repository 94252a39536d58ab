"""What a cell of the comment table says, and how it is written (rules 37 and 38)."""

import re
from dataclasses import dataclass
from datetime import date

from products.remarks import CommentKind, Disposition

# What neither a web page nor a workbook can carry: control characters and what is no character.
_UNCARRIED = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\x7f\ud800-\udfff\ufffe\uffff]")
_NUMBER = re.compile(r"C-([1-9][0-9]{0,8})", re.IGNORECASE)
_VERSION = re.compile(r"(?:version|v)?\s*\.?\s*([1-9][0-9]{0,8})(?:\.0)?", re.IGNORECASE)
_PARAGRAPH = re.compile(r"(?:paragraph|para|par\.?|¶)?\s*([1-9][0-9]{0,8})", re.IGNORECASE)
_DUPLICATE = re.compile(r"duplicate\s+of\s+(.+)", re.IGNORECASE | re.DOTALL)
_PENDING = re.compile(
    r"action\s+pending\s*:\s*(.+?)\s+by\s+([0-9]{4}-[0-9]{2}-[0-9]{2})",
    re.IGNORECASE | re.DOTALL,
)

_KINDS = {
    **{kind.value: kind for kind in CommentKind},
    "ge": CommentKind.GENERAL,
    "te": CommentKind.TECHNICAL,
    "ed": CommentKind.EDITORIAL,
}
# Those that need nothing beside their word. A withdrawal is its author's alone.
_PLAIN = {
    "accepted": Disposition.ACCEPTED,
    "accepted with modification": Disposition.MODIFIED,
    "accepted with modifications": Disposition.MODIFIED,
    "rejected": Disposition.REJECTED,
    "not accepted": Disposition.REJECTED,
    "noted": Disposition.NOTED,
    "withdrawn": Disposition.WITHDRAWN,
    "withdrawn by its author": Disposition.WITHDRAWN,
}
DISPOSITION_FORMS = (
    "“Accepted”, “Accepted with modification”, “Rejected”, “Noted”, “Duplicate of C-3” or "
    "“Action pending: CNES by 2026-03-03”"
)


class CellError(ValueError):
    """A cell that cannot be read; the message is meant for who wrote it."""


@dataclass(frozen=True, kw_only=True)
class Disposal:
    """A disposition with what belongs to it; ``owner`` is the name of an agency."""

    disposition: Disposition
    duplicate_of: int | None = None
    owner: str = ""
    due: date | None = None

    def __str__(self) -> str:
        if self.disposition == Disposition.DUPLICATE:
            return f"Duplicate of C-{self.duplicate_of}"
        if self.disposition == Disposition.PENDING and self.due:
            return f"Action pending: {self.owner} by {self.due.isoformat()}"
        return str(self.disposition.label)


def tidy(text: str) -> str:
    """Return a text as every format carries it: lines end alike, no control characters."""
    return _UNCARRIED.sub("", text.replace("\r\n", "\n").replace("\r", "\n")).strip()


def number_of(text: str) -> int:
    """Return the number of a comment.

    :raises CellError: if it is not written as the table writes it.
    """
    if not (found := _NUMBER.fullmatch(text)):
        raise CellError("A comment's number is written like C-12; a new one has none.")
    return int(found[1])


def version_of(text: str) -> int:
    """Return the number of a version: "3", "v3" or "Version 3".

    :raises CellError: if it is no such number.
    """
    if not (found := _VERSION.fullmatch(text)):
        raise CellError("A version is a number, like 3.")
    return int(found[1])


def kind_of(text: str) -> CommentKind:
    """Return the type of a comment, in our words or by ISO's two letters.

    :raises CellError: if it is none of the three.
    """
    try:
        return _KINDS[text.casefold()]
    except KeyError:
        raise CellError("The type is general, technical or editorial (ge, te, ed).") from None


def paragraph_of(text: str) -> int | None:
    """Return the paragraph that a place names, as in "12" or "Paragraph 12"."""
    found = _PARAGRAPH.fullmatch(text)
    return int(found[1]) if found else None


def disposal_of(text: str) -> Disposal | None:
    """Return the disposition in a cell, ``None`` where there is none.

    :raises CellError: if it is not written in one of its forms.
    """
    if not text:
        return None
    if plain := _PLAIN.get(" ".join(text.casefold().split())):
        return Disposal(disposition=plain)
    if found := _DUPLICATE.fullmatch(text):
        return Disposal(disposition=Disposition.DUPLICATE, duplicate_of=number_of(found[1]))
    if found := _PENDING.fullmatch(text):
        return Disposal(disposition=Disposition.PENDING, owner=found[1], due=_day(found[2]))
    raise CellError(f"A disposition is {DISPOSITION_FORMS}.")


def _day(text: str) -> date:
    try:
        return date.fromisoformat(text)
    except ValueError:
        raise CellError(f"{text} is no day of the calendar.") from None
