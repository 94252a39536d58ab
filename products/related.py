"""Reading relations from the database, for the rules and the pages (rule 12)."""

from collections.abc import Iterable
from typing import Any

from django.db.models import OuterRef, QuerySet, Subquery

from products.models import Product, Relation
from products.relations import Edge, Link, RelationKind
from products.workflow import State


def with_successors(rows: QuerySet[Relation], named: QuerySet[Relation] | None = None) -> Any:
    """Annotate each relation with the ``target_successor``, the code of what supersedes it.

    ``named`` are the relations that the reader may see, where these are not all.
    """
    if named is None:
        named = Relation.objects.all()
    successors = named.filter(kind=RelationKind.SUPERSEDES, target=OuterRef("target"))
    return rows.annotate(target_successor=Subquery(successors.values("product__code")[:1]))


def edge_of(row: Relation) -> Edge:
    """Return a relation as plain values."""
    return Edge(product=row.product.code, kind=RelationKind(row.kind), target=row.target.code)


def link_of(row: Relation) -> Link:
    """Return a relation that knows its ``target_successor``, as plain values."""
    return Link(
        edge=edge_of(row),
        product_state=State(row.product.state),
        target_state=State(row.target.state),
        successor=row.target_successor or "",  # type: ignore[attr-defined]  # annotated
    )


def successor_of(product: Product, links: Iterable[Relation]) -> Product | None:
    """Return the edition that one of ``links`` names as superseding ``product``."""
    named = (
        link.product
        for link in links
        if link.kind == RelationKind.SUPERSEDES and link.target_id == product.pk
    )
    return next(named, None)
