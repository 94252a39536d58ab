"""Where comments stand in later versions: found again, or said to be gone (rule 38)."""

from collections.abc import Iterable, Sequence
from difflib import SequenceMatcher

from products import rendering
from products.models import Comment, CommentPlace, Version
from products.remarks import Fate

Spot = tuple[Fate, int | None]
Map = dict[int, Spot]


def words_of(version: Version) -> list[str]:
    """Return the words of a version's paragraphs; none where its text cannot be shown."""
    if len(version.text) > rendering.LONGEST:
        return []
    return [part.words for part in rendering.paragraphs(version.text, version.text_format)]


def carry_open(version: Version) -> list[Comment]:
    """Give every open comment of the product its place in ``version``; return them.

    Call it in the transaction that writes the version.
    """
    rows = Comment.objects.filter(product=version.product).open()
    found = list(rows.exclude(version=version).order_by("number"))
    carry_into([version], found)
    return found


def catch_up(comments: Iterable[Comment]) -> None:
    """Give open comments their places in the versions that came after theirs.

    One that is given in late, or opened again, is carried as if it had always been open.
    """
    rows = [comment for comment in comments if comment.is_open]
    if rows:
        versions = Version.objects.filter(product=rows[0].product).order_by("number")
        carry_into(list(versions.defer("text")), rows)


def carry_into(versions: Sequence[Version], comments: Sequence[Comment]) -> None:
    """Write the places of ``comments`` in ``versions``, the older version first.

    A place that is written already is left as it is.
    """
    if not comments:
        return
    rows = CommentPlace.objects.select_related("version").defer("version__text")
    held: dict[int, list[CommentPlace]] = {}
    for place in rows.filter(comment__in=comments).order_by("version__number"):
        held.setdefault(place.comment_id, []).append(place)
    atlas = _Atlas()
    first = Version.objects.defer("text").in_bulk({comment.version_id for comment in comments})
    for version in versions:
        made = []
        for comment in comments:
            has = held.setdefault(comment.pk, [])
            written = first[comment.version_id]
            if version.number <= written.number or any(p.version_id == version.pk for p in has):
                continue
            before = [place for place in has if place.version.number < version.number]
            fate, anchor = _spot(comment, written, before, version, atlas)
            place = CommentPlace(comment=comment, version=version, fate=fate, anchor=anchor)
            has.append(place)
            made.append(place)
        CommentPlace.objects.bulk_create(made)


def _spot(
    comment: Comment,
    written: Version,
    before: Sequence[CommentPlace],
    version: Version,
    atlas: "_Atlas",
) -> Spot:
    """Return where a comment stands in ``version``, from where it last stood."""
    if comment.anchor is None:
        return Fate.WHOLE, None
    old, anchor = written, comment.anchor
    # A version without a text of its own, a file alone, tells nothing of the paragraph.
    for place in reversed(before):
        if place.fate == Fate.DELETED:
            return Fate.DELETED, None
        if place.anchor is not None:
            old, anchor = place.version, place.anchor
            break
    return atlas.find(old, version, anchor)


class _Atlas:
    """What became of each paragraph between two versions: compared once for all comments."""

    def __init__(self) -> None:
        self._words: dict[int, list[str]] = {}
        self._maps: dict[tuple[int, int], Map] = {}

    def find(self, old: Version, new: Version, anchor: int) -> Spot:
        if not self._words_of(new):
            return Fate.WHOLE, None
        key = (old.pk, new.pk)
        if key not in self._maps:
            self._maps[key] = _map(self._words_of(old), self._words_of(new))
        return self._maps[key].get(anchor, (Fate.DELETED, None))

    def _words_of(self, version: Version) -> list[str]:
        if version.pk not in self._words:
            self._words[version.pk] = words_of(version)
        return self._words[version.pk]


def _map(old: list[str], new: list[str]) -> Map:
    """Return where each paragraph of ``old`` is found in ``new``."""
    found: Map = {}
    there = {words: number for number, words in enumerate(new, start=1)}
    for sort, i, j, k, m in SequenceMatcher(None, old, new, autojunk=False).get_opcodes():
        for step, index in enumerate(range(i, j)):
            if sort == "equal":
                found[index + 1] = (Fate.SAME, k + step + 1)
            elif old[index] in there:
                found[index + 1] = (Fate.MOVED, there[old[index]])
            elif k + step < m:
                found[index + 1] = (Fate.CHANGED, k + step + 1)
    return found
