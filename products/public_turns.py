"""What the public said and who has to deal with it, read beside the products (rule 36).

A page that lists products anyway learns of it without another query.
"""

from typing import Any

from django.db.models import Count, Exists, Min, OuterRef, Q, QuerySet, Subquery, Value

from products import call_request_reading, ledger_reading
from products.models import Product, ProductEditor, PublicComment
from products.remarks import Moderation
from products.workflow import PUBLIC
from workgroups.models import GroupRole
from workgroups.permissions import Standing


def moving_or_waiting(standing: Standing) -> QuerySet[Product]:
    """Return the products on their way, and those whose public comments wait for the reader.

    Each knows how many wait for what (:func:`waiting_for`), the last request for a call, and
    its ledger.
    """
    comments = PublicComment.objects.visible_to(standing).filter(product=OuterRef("pk"))
    held, passed, given = comments.held(), comments.to_hand_over(), comments.to_dispose()
    open_ones = comments.filter(disposition="").exclude(moderation=Moderation.REFUSED)
    edits = ProductEditor.objects.filter(
        product=OuterRef("pk"), person=standing.user.pk, ended_at=None
    )
    duties = GroupRole.objects.valid_at(standing.at).filter(
        group=OuterRef("group"), person=standing.user.pk
    )
    waits = Q(Exists(given))
    if standing.is_secretariat:
        waits |= Q(Exists(held)) | Q(Exists(passed))
    return (
        Product.objects.drafts_read_by(standing)
        .filter(~Q(state__in=PUBLIC) | waits)
        .annotate(
            public_held=_over(held, Count("pk")),
            public_passed=_over(passed, Count("pk")),
            public_given=_over(given, Count("pk")),
            public_since=_over(open_ones, Min("received_at")),
            writes=Exists(edits) | Exists(duties),
            **call_request_reading.annotations(),
            on_ledger=ledger_reading.beside("pk", at=standing.at),
        )
        .select_related("group")
    )


def _over(rows: QuerySet[Any], what: Count | Min) -> Subquery:
    """Return a figure over the rows of the outer query, or NULL where there are none."""
    # Grouped by a constant: one row for all of them.
    return Subquery(rows.order_by().values(one=Value(1)).annotate(of=what).values("of"))


def waiting_for(product: Any, standing: Standing) -> list[tuple[int, str]]:
    """Return how many comments on a row of the above wait for the reader, and for what."""
    waiting = []
    if standing.is_secretariat:
        waiting = [
            (product.public_held, "for moderation"),
            (product.public_passed, "to be handed over to the member agencies"),
        ]
    if standing.is_secretariat or product.writes:
        waiting.append((product.public_given, "for an answer"))
    return [(count, words) for count, words in waiting if count]
