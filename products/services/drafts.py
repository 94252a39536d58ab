"""Drafts of versions: saved while somebody writes, used up or thrown away (rule 13).

A draft is a private working copy: it stands in no event and no history, see docs/adr/0010.
"""

from django.db import transaction

from products import permissions
from products.models import Draft, Product
from products.services import moves
from products.services.errors import ProductError
from workgroups.models import User
from workgroups.permissions import Standing
from workgroups.roles import Ability


class DraftConflictError(ProductError):
    """The draft is another than the one that was worked on; nothing was written.

    ``found`` is the draft as it is kept now, ``None`` where there is none any more.
    """

    def __init__(self, message: str, *, found: Draft | None) -> None:
        super().__init__(message)
        self.found = found


@transaction.atomic(durable=True)
def save_draft(
    product: Product,
    *,
    text: str,
    note: str = "",
    change_class: str = "",
    based_on: int | None,
    revision: int,
    by: User,
) -> Draft:
    """Keep what ``by`` has written so far, in place of what was kept before.

    ``based_on`` is the number of the version that the text began from, ``revision`` that of
    the draft that this one follows, 0 where none is known.

    :raises PermissionDenied: if ``by`` may not write versions of this product.
    :raises ProductError: if its text does not change any more, or has no such version.
    :raises DraftConflictError: if the draft was saved or ended in another window since.
    """
    moves.lock(product)
    standing = Standing.of(by)
    permissions.require(standing, Ability.WRITE_VERSION, product)
    moves.check_writable(product)
    base = product.versions.filter(number=based_on).defer("text").first() if based_on else None
    if based_on and base is None:
        raise ProductError(f"{product} has no version {based_on}.")
    draft = _own(product, by)
    _check_revision(draft, revision)
    if draft is None:
        if revision:
            raise DraftConflictError(
                "Your draft was submitted or thrown away in another window.", found=None
            )
        draft = Draft(product=product, author=by, revision=0)
    draft.text, draft.note, draft.change_class = text, note, change_class
    draft.based_on = base
    draft.revision += 1
    draft.saved_at = standing.at
    draft.save()
    return draft


@transaction.atomic(durable=True)
def throw_away(product: Product, *, revision: int, by: User) -> None:
    """Delete the draft of ``by``; nobody needs a role to part with their own.

    :raises ProductError: if there is none.
    :raises DraftConflictError: if it was saved in another window since.
    """
    moves.lock(product)
    draft = _own(product, by)
    if draft is None:
        raise ProductError(f"You have no draft of {product}.")
    _check_revision(draft, revision)
    draft.delete()


def use_up(product: Product, *, revision: int, by: User) -> None:
    """Delete the draft that has become a version, inside the act that writes it.

    A draft that was thrown away in another window is not missed: the text is at hand.

    :raises DraftConflictError: if it was saved in another window since.
    """
    draft = _own(product, by)
    _check_revision(draft, revision)
    if draft is not None:
        draft.delete()


def _own(product: Product, by: User) -> Draft | None:
    return Draft.objects.filter(product=product, author=by).first()


def _check_revision(draft: Draft | None, revision: int) -> None:
    if draft is not None and draft.revision != revision:
        raise DraftConflictError("Your draft was saved in another window meanwhile.", found=draft)
