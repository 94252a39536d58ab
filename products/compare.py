"""What changed from one text to another: by paragraphs, then by words (rule 15)."""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from difflib import SequenceMatcher
from typing import Literal

Kind = Literal["same", "added", "removed"]

# A blank line, or a line that begins a heading, an item or a row, begins a paragraph.
_BREAK = re.compile(r"\n\s*\n|\n(?=\s*(?:[-*+]\s|\d+[.)]\s|\||#{1,6}\s))")
# Less alike than this, two paragraphs are two, and not one that was changed.
_ALIKE = 0.4
# Longer ones are shown whole: matching all words of a document does not end in time.
_MOST_WORDS = 3000


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
