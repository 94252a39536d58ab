"""Reading comments for pages: where they stand, and what is to be done with them."""

from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from django.db.models import Count, Exists, F, Min, OuterRef, Q, QuerySet, Subquery
from django.db.models.functions import Coalesce

from products.models import Circulation, Comment, CommentPlace, Product, ProductEditor, Version
from products.remarks import BADGES, OPEN, Disposition, Fate
from workgroups.models import Agency, GroupRole, Mandate
from workgroups.permissions import Standing

# How much of a text stands in a row; the comment's own page has all of it.
EXCERPT = 400


def with_places(rows: Any) -> Any:
    """Return comments that know where they stand last, and when their window closed.

    ``last_fate``, ``last_anchor`` and ``last_version`` are of the newest version to which
    they were carried; ``window_closed_at`` is of the last circulation of their own.
    """
    places = CommentPlace.objects.filter(comment=OuterRef("pk")).order_by("-version__number")
    circulations = Circulation.objects.filter(version=OuterRef("version")).order_by("-closes_at")
    latest = Version.objects.filter(product=OuterRef("product")).order_by("-number")
    return rows.annotate(
        last_fate=Subquery(places.values("fate")[:1]),
        last_anchor=Subquery(places.values("anchor")[:1]),
        last_version=Subquery(places.values("version__number")[:1]),
        window_closed_at=Subquery(circulations.values("closes_at")[:1]),
        latest_number=Subquery(latest.values("number")[:1]),
        seen_number=Coalesce(F("checked_on__number"), F("version__number")),
    )


def with_rows(rows: Any) -> Any:
    """Return comments with the rows that a table shows of them, in one query."""
    return rows.select_related(
        "product", "agency", "author", "entered_by", "version", "duplicate_of", "action_owner"
    ).defer("version__text")


def mine(rows: QuerySet[Comment], standing: Standing, code: str) -> QuerySet[Comment]:
    """Return the comments that a person or the person's agencies made."""
    return rows.filter(
        Q(author=standing.user.pk) | _is_or_was(standing.agencies_on(code), "agency")
    )


def counted(rows: QuerySet[Comment]) -> Subquery:
    """Count ``rows`` that belong to the product of the outer query, or give NULL for none."""
    of_product = rows.filter(product=OuterRef("pk")).order_by().values("product")
    return Subquery(of_product.annotate(of=Count("pk")).values("of"))


@dataclass(frozen=True, kw_only=True)
class Waiting:
    """What the comments on one product want of a reader: how many, and since when."""

    product: Product
    confirm: int
    confirm_since: datetime | None
    new: int
    new_since: datetime | None
    to_check: int
    act: int
    act_due: date | None


def waiting(standing: Standing) -> list[Waiting]:
    """Return what comments on products on their way want of a reader, in one query."""
    user = standing.user.pk
    if not user:
        return []
    rows = Comment.objects.submitted().filter(product__in=Product.objects.moving())
    confirm = _to_confirm(standing)
    edited = ProductEditor.objects.filter(person=user, ended_at=None).values("product")
    duties = GroupRole.objects.valid_at(standing.at).filter(person=user)
    edits = Q(product__in=edited) | Q(product__group__in=duties.values("group"))
    new = edits & Q(disposition="")
    check = edits & Q(pk__in=Comment.objects.to_be_checked().values("pk"))
    act = Q(disposition=Disposition.PENDING) & _of_own(standing, "action_owner")
    found = (
        rows.filter(confirm | (edits & Q(disposition__in=OPEN)) | act)
        .order_by()
        .values("product", "product__code", "product__title")
        .annotate(
            confirm=Count("pk", filter=confirm),
            confirm_since=Min("disposed_at", filter=confirm),
            new=Count("pk", filter=new),
            new_since=Min("submitted_at", filter=new),
            to_check=Count("pk", filter=check),
            act=Count("pk", filter=act),
            act_due=Min("action_due", filter=act),
        )
    )
    return [_waiting(dict(row)) for row in found]


def _waiting(row: dict[str, Any]) -> Waiting:
    product = Product(
        pk=row.pop("product"), code=row.pop("product__code"), title=row.pop("product__title")
    )
    return Waiting(product=product, **row)


def _to_confirm(standing: Standing) -> Q:
    """Return the condition on dispositions that this reader is asked to confirm (rule 38)."""
    there = Mandate.objects.valid_at(standing.at).filter(
        Q(agency=OuterRef("agency")) | Q(agency__successions__former=OuterRef("agency")),
        Q(limited_to="") | Q(limited_to=OuterRef("product__code")),
        person=OuterRef("author"),
    )
    unanswered = ~Q(disposition__in=["", Disposition.WITHDRAWN]) & Q(answer="")
    by = Q(author=standing.user.pk) | ~Exists(there)
    return unanswered & by & _of_own(standing, "agency")


def _of_own(standing: Standing, path: str) -> Q:
    """Return the condition that the agency at ``path`` is the reader's, or was succeeded by it."""
    found = _is_or_was(standing.agencies, path)
    for mandate in standing.mandates:
        if mandate.limited_to:
            found |= Q(product__code=mandate.limited_to) & _is_or_was([mandate.agency], path)
    return found


def _is_or_was(agencies: list[Agency], path: str) -> Q:
    return Q(**{f"{path}__in": agencies}) | Q(**{f"{path}__succession__successor__in": agencies})


@dataclass(frozen=True)
class Reading:
    """One comment as a page shows it; the row comes from :func:`with_places`."""

    row: Any

    @property
    def badge(self) -> str:
        return BADGES[self.row.disposition]

    @property
    def label(self) -> str:
        """What was decided, in words."""
        row = self.row
        if row.is_draft:
            return "Draft"
        if not row.disposition:
            return "No disposition"
        if row.disposition == Disposition.DUPLICATE:
            return f"Duplicate of {row.duplicate_of.label}"
        return str(row.get_disposition_display())

    @property
    def is_late(self) -> bool:
        """Whether it came after the window of its version's circulation had closed."""
        row = self.row
        closed = row.window_closed_at
        return bool(closed and row.submitted_at and row.submitted_at > closed)

    @property
    def is_to_be_checked(self) -> bool:
        return bool(self.row.is_open and self.row.latest_number > self.row.seen_number)

    @property
    def fate(self) -> str:
        """What became of it in the newest version that it was carried to, in words."""
        row = self.row
        if not row.last_fate:
            return ""
        fate = Fate(row.last_fate)
        where = f" {row.last_anchor}" if row.last_anchor else ""
        return f"Version {row.last_version}: {fate.label.lower()}{where and ', paragraph' + where}"

    @property
    def is_lost(self) -> bool:
        """Whether the text that it was about is gone."""
        return bool(self.row.last_fate == Fate.DELETED)

    @property
    def is_duplicate(self) -> bool:
        return self.row.duplicate_of_id is not None

    @property
    def waits_for_author(self) -> bool:
        """Whether a disposition is to be confirmed."""
        row = self.row
        return bool(row.disposition and row.disposition != Disposition.WITHDRAWN and not row.answer)
