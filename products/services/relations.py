"""Recording how a product relates to another, and striking what was an error (rule 12)."""

from django.db import transaction

from isecg.events import log
from products import permissions, relations
from products.models import Product, Relation
from products.related import edge_of, link_of, with_successors
from products.relations import Edge, Link, RelationKind
from products.services import moves
from products.services.errors import ProductError
from products.workflow import FINAL, State
from workgroups.models import User
from workgroups.permissions import Standing
from workgroups.roles import Ability


@transaction.atomic(durable=True)
def relate(
    product: Product, *, kind: RelationKind, target: Product, reason: str, by: User
) -> Relation:
    """Record how a product relates to another (rule 12).

    :raises PermissionDenied: if ``by`` may not edit the product.
    :raises ProductError: for a relation to itself, twice, in a circle, a second
        successor, a supplement in place of its base, or of a product that has ended.
    """
    _lock_both(product, target)
    permissions.require(Standing.of(by), Ability.EDIT_PRODUCT, product)
    if product.state in FINAL:
        raise ProductError(f"{product} is “{product.get_state_display()}”: nothing is added.")
    # Two that are recorded at once could close a circle of which neither sees the other half.
    log.hold()
    if lack := _refusal(product, kind, target):
        raise ProductError(lack)
    relation = Relation(product=product, kind=kind, target=target)
    relation.save_as(by, reason)
    log.record(
        "product.related",
        by=by,
        subject=product,
        reason=reason,
        after={"kind": kind.value, "target": target.code},
        also=[target],
    )
    return relation


@transaction.atomic(durable=True)
def strike(product: Product, *, relation: Relation, reason: str, by: User) -> None:
    """End a relation that was entered in error; its history stays, with the reason.

    :raises PermissionDenied: if ``by`` may not edit the product.
    :raises ProductError: if it is struck already, or a superseded edition stands by it.
    """
    _lock_both(product, relation.target)
    permissions.require(Standing.of(by), Ability.EDIT_PRODUCT, product)
    rows = with_successors(Relation.objects.filter(pk=relation.pk))
    row = rows.select_related("product", "target").first()
    if row is None:
        raise ProductError("This relation was struck already.")
    if lack := relations.hold(link_of(row)):
        raise ProductError(lack)
    row.delete_as(by, reason)
    log.record(
        "product.unrelated",
        by=by,
        subject=product,
        reason=reason,
        before={"kind": row.kind, "target": row.target.code},
        also=[row.target],
    )


def foresee(product: Product, *, kind: RelationKind, target: Product) -> str:
    """Return what is to be known before a relation is recorded, or nothing.

    Of a relation that would be refused it says nothing: the refusal does.
    """
    if product.state in FINAL or _refusal(product, kind, target):
        return ""
    named = Relation.objects.filter(target=target, kind=RelationKind.SUPERSEDES)
    successor = named.select_related("product").first()
    return relations.caution(
        Link(
            edge=Edge(product=product.code, kind=kind, target=target.code),
            product_state=State(product.state),
            target_state=State(target.state),
            successor=successor.product.code if successor else "",
        )
    )


def _refusal(product: Product, kind: RelationKind, target: Product) -> str:
    edges = [edge_of(row) for row in Relation.objects.select_related("product", "target")]
    return relations.refusal(Edge(product=product.code, kind=kind, target=target.code), edges)


def _lock_both(product: Product, target: Product) -> None:
    # In one order, so that two acts on the same pair wait for each other.
    for row in sorted((product, target), key=lambda row: row.pk):
        moves.lock(row)
