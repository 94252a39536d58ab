"""Letters about comments of the public: to who commented, and to the member agencies (rule 36).

Anybody can type anybody's address into a form that needs no account. So what goes to such an
address holds none of the sender's words, not even the name (docs/adr/0015).
"""

from collections.abc import Collection, Iterable
from datetime import datetime
from typing import Any

from django.conf import settings
from django.template.loader import render_to_string

from isecg.events.log import reference
from isecg.mail import registry
from isecg.mail.models import Letter
from isecg.mail.outbox import Notice, enqueue
from products.models import CommentWindow, Product, PublicComment
from workgroups.models import Agency, User
from workgroups.recipients import people_of

_OUTSIDE = "You get this because this address was given with a comment at"
_DISPOSED = "public_comment.disposed"


def register() -> None:
    """Have an answer that was changed before its letter went be told once, as it is now."""
    registry.register(_DISPOSED, still_due=_still_the_answer)


def _text(template: str, **context: Any) -> str:
    return render_to_string(
        f"emails/products/{template}.txt", {"site": settings.SITE_URL.rstrip("/"), **context}
    )


def _to_members(
    agencies: Collection[Agency],
    *,
    kind: str,
    product: Product,
    subject: str,
    template: str,
    at: datetime,
    why: str,
    context: dict[str, Any],
) -> None:
    enqueue(
        Notice(
            kind=kind,
            occurrence=f"{reference(product)}@{at.isoformat()}",
            recipient=person,
            about=reference(product),
            subject=f"[{product}] {subject}",
            text=_text(template, product=product, person=person, **context),
            why=why,
            thread=reference(product),
            due_at=at,
        )
        for person in people_of(agencies, at=at, on=product.code)
    )


def window_opened(window: CommentWindow, *, by: User) -> None:
    """Tell the people of all member agencies what became public, and until when."""
    at = window.opens_at
    _to_members(
        list(Agency.objects.members_on(at.date())),
        kind="public_comment.opened",
        product=window.product,
        subject="The public is asked for comments",
        template="public_comment_opened",
        at=at,
        why="Your agency is a member of ISECG.",
        context={"window": window, "by": by},
    )


def handed_over(
    product: Product,
    comments: Collection[PublicComment],
    *,
    agencies: Collection[Agency],
    at: datetime,
    by: User,
) -> None:
    """Tell the people of all member agencies which comments they may read now.

    Who commented is not named: a letter is kept, and that person may ask to be erased.
    """
    count = len(comments)
    _to_members(
        agencies,
        kind="public_comment.handed_over",
        product=product,
        subject=f"{count} public comment{'' if count == 1 else 's'}",
        template="public_comments_handed_over",
        at=at,
        why="Your agency is a member of ISECG, and what the public says goes to all members.",
        context={"comments": comments, "by": by},
    )


def _outside(
    comment: PublicComment, *, kind: str, occurrence: str, subject: str, template: str, at: datetime
) -> Iterable[Notice]:
    """Return the letter to who commented, if the address is known."""
    if not comment.address:
        return []
    site = settings.SITE_URL.rstrip("/")
    return [
        Notice(
            kind=kind,
            occurrence=occurrence,
            recipient=None,
            to=comment.address,
            about=reference(comment),
            subject=f"[{comment.product}] {subject}",
            text=_text(template, comment=comment, product=comment.product),
            why=f"{_OUTSIDE} {site}.",
            thread=reference(comment),
            due_at=at,
        )
    ]


def acknowledged(comment: PublicComment) -> None:
    """Tell who commented that the comment came in, and what happens with it."""
    enqueue(
        _outside(
            comment,
            kind="public_comment.received",
            occurrence=reference(comment),
            subject="Your comment was received",
            template="public_comment_received",
            at=comment.received_at,
        )
    )


def disposed(comment: PublicComment) -> None:
    """Tell who commented what was answered."""
    assert comment.disposed_at is not None  # a constraint has seen to it
    enqueue(
        _outside(
            comment,
            kind=_DISPOSED,
            occurrence=f"{reference(comment)}@{comment.disposed_at.isoformat()}",
            subject="Your comment was considered",
            template="public_comment_disposed",
            at=comment.disposed_at,
        )
    )


def _still_the_answer(letter: Letter) -> str | None:
    row = PublicComment.objects.get(pk=int(letter.about.partition(":")[2]))
    if row.disposed_at and f"@{row.disposed_at.isoformat()}|" in letter.key:
        return None
    return "Another answer was given since."
