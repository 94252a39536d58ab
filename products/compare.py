"""What became of the paragraphs of a text in another: by paragraphs, then by words (rule 15)."""

from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from functools import lru_cache
from itertools import pairwise
from typing import Literal

from products import alignment
from products.alignment import Pair
from products.remarks import Fate

Kind = Literal["same", "changed", "added", "removed", "moved", "left"]
# Of these a reader is told; what has left its place is told where it is now.
CHANGES: tuple[Kind, ...] = ("changed", "moved", "added", "removed")

# Less alike than this, two paragraphs are two, and not one that was changed.
_ALIKE = 0.45
# To be known again elsewhere in the text, a changed paragraph must be longer and more alike.
_ALIKE_ELSEWHERE, _KNOWN_BY = 0.75, 6
# A single word that two long passages share is chance: shown, it would only scatter them.
_LONG = 3
# Nobody reads more pieces than these in a paragraph, and each is written to the page.
_MOST_PIECES = 300


@dataclass(frozen=True)
class Place:
    """Where a paragraph of the old text stands in the new one, from 1, and what became of it."""

    number: int | None
    fate: Fate


@dataclass(frozen=True)
class Piece:
    """Some words, and whether they stand in both texts."""

    kind: Literal["same", "added", "removed"]
    text: str


@dataclass(frozen=True)
class Row:
    """A paragraph with its numbers on both sides, where it has them.

    What was moved has a row in each of its places: the old one is ``left``. ``change`` counts
    the changes from 1. One ``apart`` was changed and moved; one shown ``whole`` has too many
    pieces to be shown by words.
    """

    kind: Kind
    old: int | None
    new: int | None
    pieces: tuple[Piece, ...]
    change: int | None = None
    apart: bool = False
    whole: bool = False


@dataclass(frozen=True)
class Comparison:
    """All paragraphs in the order of reading, and how many there are of each kind."""

    rows: tuple[Row, ...]
    same: int
    changed: int
    moved: int
    added: int
    removed: int

    @property
    def changes(self) -> int:
        return self.changed + self.moved + self.added + self.removed


@dataclass(frozen=True)
class _Pairs:
    """Positions that belong together, where they rise on both sides, and where they do not."""

    together: list[Pair]
    apart: list[Pair]


def places(old: Sequence[str], new: Sequence[str]) -> list[Place]:
    """Return the place of each paragraph of ``old`` in ``new`` (rule 38).

    A paragraph with other numbers before it is the same; it has moved where it stands in
    another order. No two come to one place.
    """
    pairs = _pairs(old, new)
    found = [Place(None, Fate.DELETED)] * len(old)
    for chosen, fate in ((pairs.together, Fate.SAME), (pairs.apart, Fate.MOVED)):
        for place, other in chosen:
            equal = old[place] == new[other]
            found[place] = Place(other + 1, fate if equal else Fate.CHANGED)
    return found


@lru_cache(maxsize=16)
def compare(old: tuple[str, ...], new: tuple[str, ...]) -> Comparison:
    """Return what became of the paragraphs of ``old`` in ``new``.

    The work grows with the length of the texts alone, whatever stands in them.
    """
    rows = tuple(_numbered(_rows(old, new, _pairs(old, new))))
    count = Counter(row.kind for row in rows)
    return Comparison(rows=rows, same=count["same"], **{kind: count[kind] for kind in CHANGES})


def _pairs(old: Sequence[str], new: Sequence[str]) -> _Pairs:
    same = alignment.common(old, new)
    known, met = {place for place, _ in same}, {other for _, other in same}
    apart = alignment.equals(
        old,
        new,
        [place for place in range(len(old)) if place not in known],
        [other for other in range(len(new)) if other not in met],
    )
    known |= {place for place, _ in apart}
    met |= {other for _, other in apart}
    left = {place: alignment.bag(old[place]) for place in range(len(old)) if place not in known}
    right = {other: alignment.bag(new[other]) for other in range(len(new)) if other not in met}
    changed: list[Pair] = []
    ends = [(-1, -1), *same, (len(old), len(new))]
    for (i, k), (j, m) in pairwise(ends):
        changed += alignment.alike(
            {place: left[place] for place in range(i + 1, j) if place in left},
            {other: right[other] for other in range(k + 1, m) if other in right},
            least=_ALIKE,
            in_order=True,
        )
    for place, other in changed:
        del left[place], right[other]
    apart += alignment.alike(
        {place: words for place, words in left.items() if words.total() >= _KNOWN_BY},
        {other: words for other, words in right.items() if words.total() >= _KNOWN_BY},
        least=_ALIKE_ELSEWHERE,
        in_order=False,
    )
    return _Pairs(together=sorted([*same, *changed]), apart=apart)


def _rows(old: Sequence[str], new: Sequence[str], pairs: _Pairs) -> Iterator[Row]:
    now_at, was_at = dict(pairs.apart), {other: place for place, other in pairs.apart}
    ends = [(-1, -1), *pairs.together, (len(old), len(new))]
    for (i, k), (j, m) in pairwise(ends):
        for place in range(i + 1, j):
            other = now_at.get(place)
            if other is None:
                yield Row("removed", place + 1, None, (Piece("removed", old[place]),))
            else:
                yield Row("left", place + 1, other + 1, (Piece("same", old[place]),))
        for other in range(k + 1, m):
            if other not in was_at:
                yield Row("added", None, other + 1, (Piece("added", new[other]),))
            else:
                yield _pair(old, new, was_at[other], other, apart=True)
        if j < len(old):
            yield _pair(old, new, j, m, apart=False)


def _pair(old: Sequence[str], new: Sequence[str], place: int, other: int, *, apart: bool) -> Row:
    before, after = old[place], new[other]
    if before == after:
        kind: Kind = "moved" if apart else "same"
        return Row(kind, place + 1, other + 1, (Piece("same", after),))
    pieces = tuple(_pieces(before.split(), after.split()))
    whole = len(pieces) > _MOST_PIECES
    if whole:
        pieces = (Piece("removed", before), Piece("added", after))
    return Row("changed", place + 1, other + 1, pieces, apart=apart, whole=whole)


def _pieces(before: Sequence[str], after: Sequence[str]) -> Iterator[Piece]:
    i = k = 0
    for place, other, length in [*_runs(before, after), (len(before), len(after), 0)]:
        if i < place:
            yield Piece("removed", " ".join(before[i:place]))
        if k < other:
            yield Piece("added", " ".join(after[k:other]))
        i, k = place + length, other + length
        if length:
            yield Piece("same", " ".join(before[place:i]))


def _runs(before: Sequence[str], after: Sequence[str]) -> list[tuple[int, int, int]]:
    """Return the stretches of words that both have: where each begins, and how long it is."""
    runs: list[tuple[int, int, int]] = []
    for place, other in alignment.common(before, after):
        if runs and (place, other) == (runs[-1][0] + runs[-1][2], runs[-1][1] + runs[-1][2]):
            runs[-1] = (*runs[-1][:2], runs[-1][2] + 1)
        else:
            runs.append((place, other, 1))
    ends = [(0, 0, 0), *runs, (len(before), len(after), 0)]
    gaps = [
        max(right[0] - left[0] - left[2], right[1] - left[1] - left[2])
        for left, right in pairwise(ends)
    ]
    return [
        run
        for run, gap, next_gap in zip(runs, gaps, gaps[1:], strict=False)
        if run[2] > 1 or min(gap, next_gap) < _LONG
    ]


def _numbered(rows: Iterator[Row]) -> Iterator[Row]:
    change = 0
    for row in rows:
        if row.kind in CHANGES:
            change += 1
            yield replace(row, change=change)
        else:
            yield row
