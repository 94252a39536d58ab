"""Where comments stand in later versions: found again, or said to be gone (rule 38)."""

from collections.abc import Iterable, Sequence

from products import rendering
from products.compare import Place, places
from products.models import Comment, CommentPlace, Version
from products.remarks import Fate


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
        first = min(row.version.number for row in rows)
        later = Version.objects.filter(product=rows[0].product, number__gt=first)
        carry_into(list(later.defer("text").order_by("number")), rows)


def carry_into(versions: Sequence[Version], comments: Sequence[Comment]) -> None:
    """Write the places of ``comments`` in ``versions``, the older version first.

    A place that is written already is left as it is.
    """
    if not (versions and comments):
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
            spot = _spot(comment, written, before, version, atlas)
            place = CommentPlace(
                comment=comment, version=version, fate=spot.fate, anchor=spot.number
            )
            has.append(place)
            made.append(place)
        CommentPlace.objects.bulk_create(made)


def _spot(
    comment: Comment,
    written: Version,
    before: Sequence[CommentPlace],
    version: Version,
    atlas: "_Atlas",
) -> Place:
    """Return where a comment stands in ``version``, from where it last stood."""
    if comment.anchor is None:
        return Place(None, Fate.WHOLE)
    old, anchor = written, comment.anchor
    # A version without a text of its own, a file alone, tells nothing of the paragraph.
    for place in reversed(before):
        if place.fate == Fate.DELETED:
            return Place(None, Fate.DELETED)
        if place.anchor is not None:
            old, anchor = place.version, place.anchor
            break
    return atlas.find(old, version, anchor)


class _Atlas:
    """What became of each paragraph between two versions: compared once for all comments."""

    def __init__(self) -> None:
        self._words: dict[int, list[str]] = {}
        self._maps: dict[tuple[int, int], list[Place]] = {}

    def find(self, old: Version, new: Version, anchor: int) -> Place:
        if not self._words_of(new):
            return Place(None, Fate.WHOLE)
        key = (old.pk, new.pk)
        if key not in self._maps:
            self._maps[key] = places(self._words_of(old), self._words_of(new))
        return self._maps[key][anchor - 1]

    def _words_of(self, version: Version) -> list[str]:
        if version.pk not in self._words:
            self._words[version.pk] = words_of(version)
        return self._words[version.pk]
