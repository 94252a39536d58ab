"""What the public says: received, moderated, handed over, answered (rule 36).

None of these acts changes an edition that was released. Nobody's name, address or words go
into the event log: what stands in its chain can never be taken out.
"""

from collections.abc import Collection, Iterable

from django.db import transaction
from django.db.models import Max

from isecg import clock
from isecg.events import log
from isecg.mail import personal
from isecg.redaction import Redactor
from products import permissions, public_notices
from products.models import CommentWindow, Product, PublicComment
from products.remarks import Moderation, PublicDisposition
from products.services import moves
from products.services.errors import ProductError
from products.workflow import State
from workgroups.models import Agency, User
from workgroups.permissions import Standing
from workgroups.roles import Ability

NAME_REMOVED = "Name removed"


@transaction.atomic(durable=True)
def receive(
    window: CommentWindow, *, name: str, affiliation: str, address: str, place: str, text: str
) -> PublicComment:
    """Take a comment from somebody outside: held for moderation, acknowledged by letter.

    :raises ProductError: if the window is not open any more.
    """
    product = window.product
    moves.lock(product)
    window.refresh_from_db(fields=["closes_at", "ended_at"])
    at = clock.now()
    if product.state == State.WITHDRAWN or not window.is_open_at(at):
        raise ProductError("The time for comments is over: this one was not taken.")
    last = PublicComment.objects.filter(product=product).aggregate(last=Max("number"))["last"]
    comment = PublicComment(
        window=window,
        product=product,
        number=(last or 0) + 1,
        name=name,
        affiliation=affiliation,
        address=address,
        place=place,
        text=text,
        received_at=at,
    )
    comment.save_as(None, "Received from the public")
    log.record(
        "product.public_comment_received",
        by=None,
        subject=product,
        after={"numbers": [comment.number]},
    )
    public_notices.acknowledged(comment)
    return comment


def _enter(
    product: Product, comments: Iterable[PublicComment], *, ability: Ability, by: User
) -> tuple[Standing, list[PublicComment]]:
    """Lock ``product``, check whose act it is, and read its ``comments`` as they are now.

    :raises PermissionDenied: if it is not the act of ``by``.
    :raises ProductError: if no comment is named, or one of another product.
    """
    moves.lock(product)
    standing = Standing.of(by)
    permissions.require(standing, ability, product)
    keys = {comment.pk for comment in comments}
    rows = list(product.public_comments.filter(pk__in=keys).order_by("number"))
    if not rows:
        raise ProductError("Choose one comment or more.")
    if len(rows) != len(keys):
        raise ProductError(f"Not all of these are comments on {product}.")
    return standing, rows


def _numbers(comments: Iterable[PublicComment]) -> str:
    return ", ".join(f"P-{comment.number}" for comment in comments)


def _require_nameless(reason: str, comments: Iterable[PublicComment]) -> None:
    """Refuse a reason that names who commented: it goes into the chain of events.

    A single word is no name by itself: somebody who calls himself “Spam” blocks nothing.

    :raises ProductError: if it holds a full name or an address.
    """
    names = {row.name for row in comments if len(row.name.split()) > 1} - {NAME_REMOVED}
    addresses = {row.address for row in comments if row.address}
    if (names or addresses) and Redactor(names=names, addresses=addresses).finds(reason):
        raise ProductError("The reason is kept for ever: do not name in it who commented.")


@transaction.atomic(durable=True)
def moderate(
    product: Product, comments: Collection[PublicComment], *, passed: bool, reason: str, by: User
) -> int:
    """Let comments pass, or refuse them with a reason; return how many.

    It may be decided otherwise until the comments are handed over.

    :raises PermissionDenied: if ``by`` is not of the secretariat.
    :raises ProductError: if one was handed over, or a refusal has no reason.
    """
    standing, rows = _enter(product, comments, ability=Ability.MODERATE_PUBLIC_COMMENT, by=by)
    if not passed and not reason:
        raise ProductError("A refusal needs its reason.")
    if gone := [row for row in rows if row.handed_over_at]:
        raise ProductError(f"Handed over to the member agencies already: {_numbers(gone)}.")
    _require_nameless(reason, rows)
    word = Moderation.PASSED if passed else Moderation.REFUSED
    for row in rows:
        row.moderation = word
        row.moderation_reason = reason
        row.moderated_at = standing.at
        row.moderated_by = by
        row.save_as(by, f"{word.label}: {reason}" if reason else word.label)
    log.record(
        "product.public_comments_moderated",
        by=by,
        subject=product,
        reason=reason,
        after={"moderation": word.value, "numbers": [row.number for row in rows]},
    )
    return len(rows)


@transaction.atomic(durable=True)
def hand_over(product: Product, comments: Collection[PublicComment], *, by: User) -> int:
    """Pass comments to the people of all member agencies; return how many comments.

    Each person gets one letter for the act, however many comments it is about.

    :raises PermissionDenied: if ``by`` is not of the secretariat.
    :raises ProductError: if one was not passed, or was handed over before.
    """
    standing, rows = _enter(product, comments, ability=Ability.MODERATE_PUBLIC_COMMENT, by=by)
    if stopped := [row for row in rows if row.moderation != Moderation.PASSED]:
        raise ProductError(f"Only what has passed the moderation goes on: {_numbers(stopped)}.")
    if gone := [row for row in rows if row.handed_over_at]:
        raise ProductError(f"Handed over to the member agencies already: {_numbers(gone)}.")
    members = list(Agency.objects.members_on(standing.at.date()))
    for row in rows:
        row.handed_over_at = standing.at
        row.save_as(by, "Handed over to all member agencies")
    log.record(
        "product.public_comments_handed_over",
        by=by,
        subject=product,
        after={
            "numbers": [row.number for row in rows],
            "agencies": [agency.code for agency in members],
        },
    )
    public_notices.handed_over(product, rows, agencies=members, at=standing.at, by=by)
    return len(rows)


@transaction.atomic(durable=True)
def dispose(
    comment: PublicComment, *, disposition: PublicDisposition, response: str, by: User
) -> None:
    """Answer a comment that the members have had, or queue it for the next edition (rule 36).

    Whoever commented is told, where an address is known. A later disposition takes the place
    of an earlier one, whose letter is dropped if it has not gone.

    :raises PermissionDenied: if ``by`` does not write for this product.
    :raises ProductError: if it was not handed over, is rejected without a reason, or has
        the very same answer already.
    """
    product = comment.product
    standing, (row,) = _enter(product, [comment], ability=Ability.DISPOSE_COMMENT, by=by)
    if row.handed_over_at is None:
        raise ProductError("It has to be handed over to the member agencies first.")
    if disposition == PublicDisposition.REJECTED and not response:
        raise ProductError("A rejection needs its reason.")
    if (row.disposition, row.response) == (disposition, response):
        raise ProductError("This is what was answered already.")
    before = row.disposition
    row.disposition, row.response = disposition, response
    row.disposed_at, row.disposed_by = standing.at, by
    row.save_as(by, f"Disposition: {PublicDisposition(disposition).label}")
    log.record(
        "product.public_comment_disposed",
        by=by,
        subject=product,
        before={"disposition": before},
        after={"numbers": [row.number], "disposition": disposition},
    )
    public_notices.disposed(row)


@transaction.atomic(durable=True)
def erase_commenter(comment: PublicComment, *, reason: str, by: User) -> int:
    """Remove who commented, on every comment from the same address; return how many.

    The comments and their answers stay. The letters to the address are emptied, and one
    that has not gone is dropped. It cannot be undone.

    :raises PermissionDenied: if ``by`` is not of the secretariat.
    :raises ProductError: if it was erased before, or the reason names who commented.
    """
    standing = Standing.of(by)
    permissions.require(standing, Ability.MODERATE_PUBLIC_COMMENT, comment.product)
    same = PublicComment.objects.filter(pk=comment.pk)
    if comment.address:
        same |= PublicComment.objects.filter(address__iexact=comment.address)
    # In the order of their keys, so that two who erase at once do not wait for each other.
    products = Product.objects.filter(pk__in=same.values("product")).order_by("pk")
    for product in products:
        moves.lock(product)
    rows = list(same.select_related("product").order_by("product", "number"))
    if all(row.name == NAME_REMOVED and not row.address for row in rows):
        raise ProductError("Who wrote this was erased already.")
    _require_nameless(reason, rows)
    for row in rows:
        row.name, row.affiliation, row.address = NAME_REMOVED, "", ""
        row.save_as(by, f"Who commented was erased: {reason}")
    for product in products:
        log.record(
            "product.commenter_erased",
            by=by,
            subject=product,
            reason=reason,
            after={"numbers": [row.number for row in rows if row.product_id == product.pk]},
        )
    personal.empty_letters_about(
        [log.reference(row) for row in rows], note="Who commented was erased."
    )
    return len(rows)
