"""How a comparison is laid on pages: unchanged paragraphs folded, and parts of bounded size."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from html import escape
from itertools import groupby
from typing import Literal

from products.compare import CHANGES, Comparison, Kind, Row

View = Literal["inline", "side"]

# What a part may hold, in bytes of HTML: with the frame around it a page stays below 100 kB.
PART = 72_000
# So many unchanged paragraphs are no more than the reader needs to find the way.
_CONTEXT = 2
# What the templates write around a paragraph, and around words that were added or removed.
_ROW, _MARKED = 1_000, 170


@dataclass(frozen=True)
class Item:
    """A change, the old place of something moved, or a run of unchanged paragraphs.

    A run is ``folded`` if it is long; ``left_out``, its words are not on the page at all.
    """

    rows: tuple[Row, ...]
    folded: bool = False
    left_out: bool = False

    @property
    def row(self) -> Row:
        return self.rows[0]

    @property
    def last(self) -> Row:
        return self.rows[-1]


@dataclass(frozen=True)
class Part:
    """What one page shows: some items, and the first and last change among them."""

    number: int
    items: tuple[Item, ...]

    @property
    def changes(self) -> list[int]:
        return [item.row.change for item in self.items if item.row.change]

    @property
    def last_change(self) -> int:
        return self.changes[-1]


@dataclass(frozen=True)
class Sheet:
    """A comparison in parts, and the first change of each kind."""

    parts: tuple[Part, ...]
    first: dict[Kind, int]

    def part_of(self, change: int) -> int:
        """Return the number of the part in which a change stands."""
        return next(part.number for part in self.parts if change in part.changes)

    def part(self, number: object) -> Part:
        """Return a part by its number as it was typed; where there is none such, the first."""
        return next((part for part in self.parts if str(part.number) == number), self.parts[0])


def lay_out(comparison: Comparison, *, view: View) -> Sheet:
    """Lay a comparison out in parts.

    One that fits into a part holds its unchanged paragraphs too, folded; in a larger one
    they are only told, and read on the page of the version.
    """
    is_light = sum(_weight([row], view) for row in comparison.rows) <= PART
    first: dict[Kind, int] = {}
    for row in comparison.rows:
        if row.kind in CHANGES and row.change:
            first.setdefault(row.kind, row.change)
    items = _items(comparison.rows, is_light=is_light)
    return Sheet(
        parts=tuple(
            Part(number, tuple(held)) for number, held in enumerate(_parted(items, view), start=1)
        ),
        first=first,
    )


def _items(rows: Iterable[Row], *, is_light: bool) -> Iterator[Item]:
    for is_same, run in groupby(rows, key=lambda row: row.kind == "same"):
        found = tuple(run)
        if is_same:
            is_long = len(found) > _CONTEXT
            yield Item(found, folded=is_long, left_out=is_long and not is_light)
        else:
            yield from (Item((row,)) for row in found)


def _parted(items: Iterable[Item], view: View) -> Iterator[list[Item]]:
    held: list[Item] = []
    weight = 0
    for item in items:
        own = _ROW if item.left_out else _weight(item.rows, view)
        if held and weight + own > PART:
            yield held
            held, weight = [], 0
        held.append(item)
        weight += own
    yield held


def _weight(rows: Iterable[Row], view: View) -> int:
    """Return about how many bytes of HTML paragraphs take, rather too many than too few."""
    total = 0
    for row in rows:
        total += _ROW
        for piece in row.pieces:
            written = len(escape(piece.text).encode())
            on_both = view == "side" and piece.kind == "same" and row.kind in {"same", "changed"}
            total += written * (2 if on_both else 1) + (0 if piece.kind == "same" else _MARKED)
    return total
