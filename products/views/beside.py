"""What stands beside the text of a version: its comments, and the form of a new one."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

from django.urls import reverse

from products import comment_reading
from products.comment_reading import Reading
from products.forms.comments import CommentForm
from products.models import Comment, CommentPlace, Version
from products.remarks import Fate
from products.rendering import Paragraph
from products.workflow import PUBLIC
from workgroups.models import Agency
from workgroups.permissions import Standing
from workgroups.views.form_pages import AuthedRequest

# More beside one paragraph, or on one page, are in the table: a page stays below 100 kB.
MOST_BESIDE, MOST_ON_PAGE = 10, 50


@dataclass
class Spot:
    """A paragraph, or the whole text, with the comments that stand there."""

    paragraph: Paragraph | None = None
    comments: list[Reading] = field(default_factory=list)
    has_form: bool = False
    most: int = MOST_BESIDE

    @property
    def shown(self) -> list[Reading]:
        return self.comments[: self.most]

    @property
    def more(self) -> int:
        return len(self.comments) - len(self.shown)


def context(
    request: AuthedRequest,
    standing: Standing,
    version: Version,
    paragraphs: Sequence[Paragraph],
    *,
    refused: CommentForm | None = None,
) -> dict[str, Any]:
    """Return what the page of a version shows of comments.

    ``?paragraph=12`` in the address opens the form beside that paragraph, which works
    without a script; ``refused`` is the form that was sent, with what is wrong in it.
    """
    on_whole = Spot()
    spots = {part.number: Spot(part) for part in paragraphs}
    gone: list[Reading] = []
    for reading, anchor, fate in _comments(standing, version):
        if fate == Fate.DELETED:
            gone.append(reading)
        else:
            spots.get(anchor or 0, on_whole).comments.append(reading)
    _share_out([*spots.values(), on_whole])
    asked = _asked(request, refused)
    form = refused or _form(standing, version, asked if asked in spots else None)
    is_open = refused is not None or (asked is not None and form is not None)
    spots.get(asked or 0, on_whole).has_form = is_open
    return {
        "spots": list(spots.values()),
        "on_whole": on_whole,
        "gone": gone[:MOST_BESIDE],
        "gone_more": len(gone[MOST_BESIDE:]),
        "comment_form": form,
        "form_open": is_open,
        "asked": asked if asked in spots else None,
        "asked_words": next((part.words for part in paragraphs if part.number == asked), ""),
        "comment_to": reverse("comment_new", args=[version.product.code, version.number]),
        "excerpt": comment_reading.EXCERPT,
    }


def _share_out(spots: Sequence[Spot]) -> None:
    """Let each place show what is left of the comments that a page shows."""
    left = MOST_ON_PAGE
    for spot in spots:
        spot.most = min(MOST_BESIDE, left)
        left -= len(spot.shown)


def _comments(standing: Standing, version: Version) -> list[tuple[Reading, int | None, str]]:
    """Return the comments on a version and those carried to it, each with its place there.

    An agency's drafts are among them for its own people.
    """
    seen = Comment.objects.visible_to(standing)
    written = comment_reading.with_rows(seen.filter(version=version))
    found = [(Reading(row), row.anchor, "") for row in _placed(written)]
    spots = CommentPlace.objects.visible_to(standing).filter(version=version)
    carried = {place.comment_id: place for place in spots}
    if carried:
        rows = comment_reading.with_rows(seen.filter(pk__in=carried))
        for row in _placed(rows):
            place = carried[row.pk]
            found.append((Reading(row), place.anchor, place.fate))
    return found


def _placed(rows: Any) -> Any:
    return comment_reading.with_places(rows).order_by("number", "pk")


def speakers(standing: Standing, version: Version) -> tuple[list[Agency], list[Agency]]:
    """Return for which agencies a person comments, and on behalf of which others."""
    own = standing.agencies_on(version.product.code)
    others: list[Agency] = []
    if standing.is_secretariat:
        members = Agency.objects.members_on(standing.at.date())
        others = [agency for agency in members if agency not in own]
    return own, others


def entry_form(data: Any, standing: Standing, version: Version, **kwargs: Any) -> CommentForm:
    """Return the form of a comment for the agencies that this person comments for."""
    own, others = speakers(standing, version)
    return CommentForm(data, own=own, others=others, **kwargs)


def may_comment(standing: Standing, version: Version) -> bool:
    """Whether this person is offered to comment while the product is on its way."""
    if version.product.state in PUBLIC:
        return False
    return standing.is_secretariat or bool(standing.agencies_on(version.product.code))


def _form(standing: Standing, version: Version, asked: int | None) -> CommentForm | None:
    if not may_comment(standing, version):
        return None
    return entry_form(None, standing, version, initial={"paragraph": asked})


def _asked(request: AuthedRequest, refused: CommentForm | None) -> int | None:
    """Return the paragraph beside which the form is to stand; 0 for the whole text."""
    typed = refused["paragraph"].value() if refused else request.GET.get("paragraph")
    text = str(typed or "")
    if text.isascii() and text.isdecimal() and len(text) < 8:
        return int(text)
    return 0 if typed is not None else None
