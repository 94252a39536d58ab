"""What the public reads of released products, and how they are cited (rules 34 and 35).

Everything here is asked as by somebody who is not signed in, whoever reads it: a page that
is public shows the same to all.
"""

import re
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import UTC, datetime, time
from functools import cached_property
from typing import Any

from django.conf import settings
from django.contrib.auth.models import AnonymousUser
from django.db.models import Exists, OuterRef, Prefetch, Q, QuerySet, Subquery
from django.urls import reverse

from isecg.partial_dates import PartialDate
from products.guards import PASSED_OVER
from products.models import Product, Relation, Release, ReleaseParticipant, VersionFile
from products.models.versions import FileRole
from products.relations import REVERSED, RelationKind
from products.workflow import FINAL, State
from workgroups.permissions import Standing

BODY = "International Space Exploration Coordination Group"
NON_BINDING = "Products of ISECG are non-binding."


# Read from the other side, a relation goes by another name.
def the_public() -> Standing:
    """Return the standing of whoever reads without being signed in."""
    return Standing.of(AnonymousUser())


def address(path: str) -> str:
    """Return the full address of a page, as it is cited."""
    return f"{settings.SITE_URL.rstrip('/')}{path}"


def released() -> QuerySet[Product]:
    """Return the products that were ever released, with their release.

    Each knows since when it is superseded or withdrawn, where that happened in this tracker
    (``ended_at``), the code and title of its released successor, and when its release was
    entered (``entered_at``).
    """
    public = the_public()
    states = Product.history.model.objects
    was_out_here = Exists(states.filter(id=OuterRef("id"), state=State.RELEASED))
    ended = states.filter(was_out_here, id=OuterRef("pk"), state=OuterRef("state")).filter(
        state__in=FINAL
    )
    entered = Release.history.model.objects.filter(product_id=OuterRef("pk"))
    successors = Relation.objects.visible_to(public).filter(
        target=OuterRef("pk"), kind=RelationKind.SUPERSEDES
    )
    return (
        Product.objects.visible_to(public)
        .filter(release__isnull=False)
        .select_related("release", "release__version")
        .defer("purpose", "mutual_interest", "note", "release__version__text")
        .annotate(
            ended_at=Subquery(ended.order_by("history_date").values("history_date")[:1]),
            entered_at=Subquery(entered.order_by("history_date").values("history_date")[:1]),
            successor_code=Subquery(successors.values("product__code")[:1]),
            successor_title=Subquery(successors.values("product__title")[:1]),
        )
    )


def series_names() -> QuerySet[Product, str]:
    """Return the names of the series in which something was released."""
    rows = Product.objects.visible_to(the_public()).filter(release__isnull=False)
    return rows.exclude(series="").order_by("series").values_list("series", flat=True).distinct()


def with_parts(rows: QuerySet[Product]) -> QuerySet[Product]:
    """Read who took part and the files along, in two queries for all of ``rows``."""
    return rows.prefetch_related(
        Prefetch("release__participants", ReleaseParticipant.objects.order_by("code")),
        Prefetch("release__version__files", VersionFile.objects.order_by("id")),
    )


@dataclass(frozen=True)
class Publication:
    """A released product as the public sees it; ``product`` is a row of :func:`released`."""

    product: Any

    @property
    def code(self) -> str:
        code: str = self.product.code
        return code

    @property
    def release(self) -> Any:
        return self.product.release

    @property
    def state(self) -> str:
        """Released, superseded or withdrawn, as a word."""
        label: str = self.product.get_state_display()
        return label

    @property
    def path(self) -> str:
        return reverse("publication", args=[self.code])

    @property
    def href(self) -> str:
        """The stable address."""
        return address(self.path)

    @property
    def full_title(self) -> str:
        """Its title with its edition, where the title does not say that already."""
        title, edition = self.product.title, self.product.edition
        if not edition or re.search(rf"\b{re.escape(edition)}\b", title, re.I):
            return str(title)
        return f"{title}, {self.product.edition_words}"

    @property
    def participants(self) -> list[ReleaseParticipant]:
        """Who took part, with the codes and names of the day of release."""
        return list(self.release.participants.all())

    @property
    def day(self) -> PartialDate | None:
        """The day of release, as exactly as it is known."""
        return PartialDate.parse(self.release.day) if self.release.day else None

    @property
    def successor(self) -> dict[str, str] | None:
        """The released edition that takes its place, if there is one."""
        code = self.product.successor_code
        if not code:
            return None
        path = reverse("publication", args=[code])
        return {"code": code, "title": self.product.successor_title, "path": path}

    @cached_property
    def files(self) -> list[VersionFile]:
        """The files of the released version, the main one first."""
        if self.release.version is None:
            return []
        return sorted(self.release.version.files.all(), key=lambda file: file.role != FileRole.MAIN)

    def file_path(self, file: VersionFile) -> str:
        return reverse("publication_file", args=[self.code, file.name])

    @property
    def downloads(self) -> list[dict[str, Any]]:
        """The files, each with its public address."""
        return [{"file": file, "href": self.file_path(file)} for file in self.files]

    @cached_property
    def relations(self) -> list[dict[str, Any]]:
        """The relations to released products, in words."""
        rows = Relation.objects.visible_to(the_public()).select_related("product", "target")
        links = rows.filter(Q(product=self.product) | Q(target=self.product))
        return [self._relation(link) for link in links]

    def _relation(self, link: Relation) -> dict[str, Any]:
        kind = RelationKind(link.kind)
        own = link.product_id == self.product.pk
        other = link.target if own else link.product
        return {
            "kind": kind,
            "own": own,
            "words": kind.label if own else REVERSED[kind],
            "other": other,
            "path": reverse("publication", args=[other.code]),
        }

    @property
    def passed_over(self) -> list[tuple[str, str]]:
        """The rules that the release passed over, in words, with the reasons (rule 34)."""
        return [
            (PASSED_OVER.get(rule, rule.replace("_", " ").capitalize()), reason)
            for rule, reason in self.release.overrides.items()
        ]

    @property
    def published_at(self) -> datetime | None:
        """When it was released: of a past product the first instant, in UTC, that it can be."""
        if self.release.released_at:
            at: datetime = self.release.released_at
            return at
        return datetime.combine(self.day.earliest, time(), UTC) if self.day else None

    @property
    def updated_at(self) -> datetime:
        """When what is said here last changed: superseded, withdrawn, or else released."""
        at: datetime = self.product.ended_at or self.published_at or self.product.entered_at
        return at

    @property
    def citation(self) -> str:
        """How a reader cites it, as text."""
        year = self.release.day[:4] or "n.d."
        return (
            f"{BODY} (ISECG) ({year}). {self.full_title} ({self.code}). "
            f"{self.product.get_kind_display()}, non-binding. {self.href}"
        )


def publications(products: Iterable[Product]) -> list[Publication]:
    """Return rows of :func:`released` as the public sees them."""
    return [Publication(product) for product in products]
