"""What a product's page says of its public comments, without a query of its own."""

from typing import Any

from django.db.models import Count, OuterRef, QuerySet, Subquery, Value
from django.urls import reverse

from products.models import CommentWindow, PublicComment
from products.relations import RelationKind
from workgroups.permissions import Standing


def annotations(standing: Standing) -> dict[str, Subquery]:
    """Return what the product is read with: its open window, and numbers of its comments."""
    windows = CommentWindow.objects.visible_to(standing).open_at(standing.at)
    open_one = windows.filter(product=OuterRef("pk"))
    comments = PublicComment.objects.visible_to(standing)
    of_it = comments.filter(product=OuterRef("pk"))
    before = comments.filter(
        product__related_from__product=OuterRef("pk"),
        product__related_from__kind=RelationKind.SUPERSEDES,
    )
    return {
        "public_until": Subquery(open_one.values("closes_at")[:1]),
        "public_version": Subquery(open_one.values("version__number")[:1]),
        "public_seen": _count(of_it),
        "public_held": _count(of_it.held()),
        "public_to_hand_over": _count(of_it.to_hand_over()),
        "public_to_dispose": _count(of_it.to_dispose()),
        "public_queued": _count(of_it.queued()),
        "public_queued_before": _count(before.queued()),
    }


def _count(rows: QuerySet[Any]) -> Subquery:
    """Count the rows that belong to the outer query, or give NULL for none."""
    # Grouped by a constant: one row for all of them.
    rows = rows.order_by().annotate(one=Value(1)).values("one")
    return Subquery(rows.annotate(of=Count("pk")).values("of"))


def section(product: Any, *, reads_drafts: bool, invites: bool) -> dict[str, Any] | None:
    """Return what the page shows of public comments, for who reads drafts; or nothing.

    ``product`` was read with :func:`annotations`.
    """
    facts = {
        name: getattr(product, f"public_{name}")
        for name in (
            *["until", "version", "seen", "held", "to_hand_over", "to_dispose"],
            *["queued", "queued_before"],
        )
    }
    if not reads_drafts or not (invites or any(facts.values())):
        return None
    return facts | {
        "href": reverse("public_comments", args=[product.code]),
        "open_href": reverse("public_comments_open", args=[product.code]) if invites else "",
        "moderates": invites,
    }
