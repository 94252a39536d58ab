"""Proposing a product and keeping what is said of it (rules 10 and 11)."""

from typing import Any

from django.db import transaction
from django.db.models import QuerySet

from isecg import clock
from isecg.events import log
from isecg.stale import require_current
from products import notifications, permissions
from products.models import Product, ProductEditor
from products.services import moves
from products.services.errors import ProductError
from products.workflow import PUBLIC, Action, State
from workgroups.models import User
from workgroups.permissions import Standing
from workgroups.roles import Ability


@transaction.atomic(durable=True)
def propose(*, by: User, reason: str, **fields: Any) -> Product:
    """Propose a product; ``fields`` are those of :class:`Product`.

    :raises PermissionDenied: if ``by`` is neither the chair nor the secretariat.
    """
    Standing.of(by).require(Ability.PROPOSE_PRODUCT)
    product = Product(**fields, state=State.PROPOSED)
    product.save_as(by, f"Proposed: {reason}")
    log.record(
        "product.proposed", by=by, subject=product, reason=reason, after={"title": product.title}
    )
    return product


@transaction.atomic(durable=True)
def edit(product: Product, *, revision: int, by: User, reason: str, **fields: Any) -> None:
    """Change what is said of a product; its state has acts of its own.

    ``revision`` is the one that its form was opened on.

    :raises PermissionDenied: if ``by`` may not edit it.
    :raises ProductError: if it is released or ended, for then it does not change.
    :raises StaleError: if somebody changed it since.
    """
    moves.lock(product)
    permissions.require(Standing.of(by), Ability.EDIT_PRODUCT, product)
    require_current(product, revision)
    if product.state in PUBLIC:
        raise ProductError(
            f"{product} is “{product.get_state_display()}”: what it says does not change."
        )
    before = {name: getattr(product, name) for name in fields}
    for name, value in fields.items():
        setattr(product, name, value)
    product.save_as(by, f"Edited: {reason}")
    changed = {name: value for name, value in fields.items() if before[name] != value}
    log.record(
        "product.edited",
        by=by,
        subject=product,
        reason=reason,
        before={name: before[name] for name in changed},
        after=changed,
    )


@transaction.atomic(durable=True)
def start_drafting(product: Product, *, reason: str, by: User) -> None:
    """Take a proposed product into drafting.

    :raises PermissionDenied: if ``by`` is neither the chair nor the secretariat.
    :raises ProductError: without a responsible group, or off the Workplan.
    """
    _, dossier = moves.enter(product, Action.START_DRAFTING, by=by)
    moves.move(product, Action.START_DRAFTING, by=by, reason=reason, version=dossier.version_label)
    notifications.state_changed(product, by=by, reason=reason)


@transaction.atomic(durable=True)
def add_editor(product: Product, *, person: User, reason: str, by: User) -> None:
    """Let ``person`` write the versions of a product (rule 11).

    :raises PermissionDenied: if ``by`` may not edit the product.
    :raises ProductError: if the person is its editor already, or it has ended.
    """
    moves.lock(product)
    permissions.require(Standing.of(by), Ability.EDIT_PRODUCT, product)
    if product.state in PUBLIC:
        raise ProductError(f"{product} is “{product.get_state_display()}”: it needs no editor.")
    if product.editors.filter(person=person, ended_at=None).exists():
        raise ProductError(f"{person} is an editor of {product} already.")
    ProductEditor(product=product, person=person).save_as(by, reason)
    log.record(
        "product.editor_added", by=by, subject=product, reason=reason, after={"editor": person}
    )


@transaction.atomic(durable=True)
def end_editor(product: Product, *, editor: ProductEditor, reason: str, by: User) -> None:
    """Let a person write the versions of a product no longer.

    :raises PermissionDenied: if ``by`` may not edit the product.
    :raises ProductError: if it ended before.
    """
    moves.lock(product)
    permissions.require(Standing.of(by), Ability.EDIT_PRODUCT, product)
    editor.refresh_from_db()
    if editor.ended_at:
        raise ProductError(f"{editor.person} is no editor of {product} any more.")
    editor.ended_at = clock.now()
    editor.save_as(by, reason)
    log.record(
        "product.editor_ended",
        by=by,
        subject=product,
        reason=reason,
        before={"editor": editor.person},
    )


def editorships(person: User) -> QuerySet[ProductEditor]:
    """Return what a person edits of products that are on their way."""
    rows = ProductEditor.objects.filter(person=person, ended_at=None)
    return rows.exclude(product__state__in=PUBLIC).select_related("product").order_by("product_id")


def pass_editorship(editor: ProductEditor, *, to: User, reason: str, by: User) -> None:
    """Make ``to`` the editor in another's stead, inside the act that hands over a seat.

    That act holds the product's lock. What ended meanwhile stays as it is.
    """
    product, former = editor.product, editor.person
    editor.refresh_from_db(fields=["ended_at"])
    if editor.ended_at or product.state in PUBLIC:
        return
    editor.ended_at = clock.now()
    editor.save_as(by, reason)
    if not product.editors.filter(person=to, ended_at=None).exists():
        ProductEditor(product=product, person=to).save_as(by, reason)
    log.record(
        "product.editor_passed",
        by=by,
        subject=product,
        reason=reason,
        before={"editor": str(former)},
        after={"editor": str(to)},
    )
