"""Reading comments for pages: where they stand, and what is to be done with them."""

from dataclasses import dataclass
from typing import Any

from django.db.models import F, OuterRef, Q, QuerySet, Subquery
from django.db.models.functions import Coalesce

from products.models import Circulation, Comment, CommentPlace, Version
from products.remarks import BADGES, Disposition, Fate
from workgroups.models import Agency
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


def heirs_of(agencies: list[Agency]) -> Q:
    """Return the condition on comments that belong to agencies, or to whom they succeeded."""
    return Q(agency__in=agencies) | Q(agency__succession__successor__in=agencies)


def mine(rows: QuerySet[Comment], standing: Standing, code: str) -> QuerySet[Comment]:
    """Return the comments that a person or the person's agencies made."""
    return rows.filter(Q(author=standing.user.pk) | heirs_of(standing.agencies_on(code)))


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
