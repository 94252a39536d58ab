"""What the public is asked in the story, and says: invented people without an account."""

from products.demo.story import ZONE, Story
from products.models import CommentWindow, Product, Version
from products.services import comment_windows, public_comments


def posted(story: Story, day: int, code: str, number: int, *, until: int, note: str) -> None:
    """Have a version posted for public comment."""
    story.on(day, _post, code, number, until, note)


def said(story: Story, day: int, code: str, **words: str) -> None:
    """Have somebody comment."""
    story.on(day, _say, code, words)


def passed_on(story: Story, day: int, code: str, *numbers: int) -> None:
    """Have comments pass the moderation, and go to all members."""
    story.on(day, _pass_on, code, numbers)


def _post(story: Story, code: str, number: int, until: int, note: str) -> None:
    version = Version.objects.select_related("product__group").get(
        product__code=code, number=number
    )
    comment_windows.open_window(
        version.product,
        version=version,
        closes_at=story.instant(until, 17),
        time_zone=ZONE,
        note=note,
        by=story.secretariat,
    )


def _say(_story: Story, code: str, words: dict[str, str]) -> None:
    window = CommentWindow.objects.select_related("product__group").get(product__code=code)
    public_comments.receive(window, **words)


def _pass_on(story: Story, code: str, numbers: tuple[int, ...]) -> None:
    product = Product.objects.select_related("group").get(code=code)
    comments = list(product.public_comments.filter(number__in=numbers))
    by = story.secretariat
    public_comments.moderate(product, comments, passed=True, reason="", by=by)
    public_comments.hand_over(product, comments, by=by)
