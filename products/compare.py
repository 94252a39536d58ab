"""What changed from one text to another: by paragraphs, then by words (rule 15)."""

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from difflib import SequenceMatcher
from itertools import pairwise
from typing import Literal

from products import alignment
from products.alignment import Pair
from products.remarks import Fate

Kind = Literal["same", "added", "removed"]

# A blank line, or a line that begins a heading, an item or a row, begins a paragraph.
_BREAK = re.compile(r"\n\s*\n|\n(?=\s*(?:[-*+]\s|\d+[.)]\s|\||#{1,6}\s))")
# Less alike than this, two paragraphs are two, and not one that was changed.
_ALIKE = 0.5
# To be known again elsewhere in the text, a changed paragraph must be longer and more alike.
_ALIKE_ELSEWHERE, _KNOWN_BY = 0.75, 6
# Longer ones are shown whole: matching all words of a document does not end in time.
_MOST_WORDS = 3000


@dataclass(frozen=True)
class Place:
    """Where a paragraph of the old text stands in the new one, from 1, and what became of it."""

    number: int | None
    fate: Fate


@dataclass(frozen=True)
class Piece:
    """Some words, and whether they stand in both texts."""

    kind: Kind
    text: str


@dataclass(frozen=True)
class Block:
    """One paragraph, or several that did not change; ``pieces`` of one that did."""

    kind: Literal["same", "added", "removed", "changed"]
    texts: tuple[str, ...] = ()
    pieces: tuple[Piece, ...] = ()


@dataclass(frozen=True)
class Comparison:
    """All blocks in order, and how many paragraphs there are of each sort."""

    blocks: tuple[Block, ...]
    same: int
    added: int
    removed: int
    changed: int

    @property
    def is_empty(self) -> bool:
        return not (self.added or self.removed or self.changed)


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


def paragraphs(text: str) -> list[str]:
    """Return the paragraphs of a text; how its lines are broken makes no difference."""
    return [words for part in _BREAK.split(text) if (words := " ".join(part.split()))]


def compare(old: str, new: str) -> Comparison:
    """Return what became of ``old`` in ``new``."""
    blocks = tuple(_blocks(paragraphs(old), paragraphs(new)))
    count = dict.fromkeys(("same", "added", "removed", "changed"), 0)
    for block in blocks:
        count[block.kind] += len(block.texts) or 1
    return Comparison(blocks=blocks, **count)


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


def _blocks(old: list[str], new: list[str]) -> Iterator[Block]:
    for sort, i, j, k, m in SequenceMatcher(None, old, new).get_opcodes():
        if sort == "equal":
            yield Block("same", tuple(old[i:j]))
            continue
        pairs = min(j - i, m - k)
        for before, after in zip(old[i : i + pairs], new[k : k + pairs], strict=True):
            yield from _pair(before, after)
        for before in old[i + pairs : j]:
            yield Block("removed", (before,))
        for after in new[k + pairs : m]:
            yield Block("added", (after,))


def _pair(old: str, new: str) -> Iterator[Block]:
    before, after = old.split(), new.split()
    if len(before) + len(after) <= _MOST_WORDS:
        matcher = SequenceMatcher(None, before, after)
        if matcher.ratio() >= _ALIKE:
            yield Block("changed", pieces=tuple(_pieces(matcher, before, after)))
            return
    yield Block("removed", (old,))
    yield Block("added", (new,))


def _pieces(
    matcher: "SequenceMatcher[str]", before: list[str], after: list[str]
) -> Iterator[Piece]:
    for sort, i, j, k, m in matcher.get_opcodes():
        if sort == "equal":
            yield Piece("same", " ".join(before[i:j]))
            continue
        if i < j:
            yield Piece("removed", " ".join(before[i:j]))
        if k < m:
            yield Piece("added", " ".join(after[k:m]))
