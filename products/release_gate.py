"""What a release looks at and writes: comments, residue in its place, annex, predecessor.

The page of the release and the release itself read the same (rules 12 and 34).
"""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.db.models import Count, Exists, OuterRef, QuerySet, Subquery

from products import ledger_reading, rendering, residue
from products.consensus import Stand
from products.facts import CommentFacts
from products.ledger import TO_RESERVATION, Item
from products.models import (
    Comment,
    Decision,
    Elector,
    LedgerItem,
    PositionEntry,
    Product,
    PublicComment,
    Relation,
    Version,
)
from products.models.products import Kind
from products.relations import RelationKind
from products.remarks import OPEN, Moderation
from products.residue import Hit
from products.workflow import State
from workgroups.models import Agency

# How much of a long line is shown on either side of a hit.
_AROUND = 90


def with_what_holds(decisions: QuerySet[Decision], *, at: datetime) -> QuerySet[Decision]:
    """Let each decision know the ledger and the open comments of its product (rule 34).

    They are read here so that the page of a product needs no query more.
    """
    rows = Comment.objects.filter(
        product=OuterRef("call__product"), submitted_at__isnull=False, disposition__in=OPEN
    )
    count = rows.order_by().values("product").annotate(of=Count("pk")).values("of")
    numbers = rows.order_by("number").values("number")
    said = PublicComment.objects.filter(product=OuterRef("call__product"), disposition="")
    said = said.exclude(moderation=Moderation.REFUSED).order_by()
    return decisions.annotate(
        on_ledger=ledger_reading.beside("call__product", at=at),
        open_comments=Subquery(count),
        open_public=Subquery(said.values("product").annotate(of=Count("pk")).values("of")),
        open_comment_1=Subquery(numbers[:1]),
        open_comment_2=Subquery(numbers[1:2]),
    )


def comment_facts(decision: Any) -> CommentFacts | None:
    """Return the open comments that :func:`with_what_holds` counted beside a decision."""
    if decision is None:
        return None
    first = (decision.open_comment_1, decision.open_comment_2)
    return CommentFacts(
        numbers=tuple(number for number in first if number is not None),
        count=decision.open_comments or 0,
        public=decision.open_public or 0,
    )


def ledger_facts(decision: Any) -> tuple[Item, ...]:
    """Return the ledger that :func:`with_what_holds` read beside a decision."""
    return ledger_reading.items(decision.on_ledger) if decision else ()


@dataclass(frozen=True)
class Place:
    """A piece of drafting residue where it stands: its paragraph, and its line around it.

    ``paragraph`` is 0 where the text is too long to be parted into paragraphs.
    """

    hit: Hit
    paragraph: int
    before: str
    after: str


def residue_places(version: Version) -> list[Place]:
    """Return the drafting residue of a version, each piece in its place (rule 34)."""
    hits = residue.scan(version.text)
    if not hits:
        return []
    lines = version.text.split("\n")
    parts = (
        rendering.paragraphs(version.text, version.text_format)
        if len(version.text) <= rendering.LONGEST
        else ()
    )
    return [_place(hit, lines[hit.line - 1], parts) for hit in hits]


def _place(hit: Hit, line: str, parts: Iterable[rendering.Paragraph]) -> Place:
    end = hit.start + len(hit.text)
    before, after = line[: hit.start], line[end:]
    if len(before) > _AROUND:
        before = f"…{before[-_AROUND:]}"
    if len(after) > _AROUND:
        after = f"{after[:_AROUND]}…"
    # The last paragraph that begins at the line or above it is the one it stands in.
    paragraph = max((part.number for part in parts if part.line <= hit.line), default=0)
    return Place(hit=hit, paragraph=paragraph, before=before, after=after)


def annex_of(decision: Decision) -> list[dict[str, str]]:
    """Return the reservations that a release prints, verbatim (rules 20 and 34).

    Each goes by its agency's code and name of today; the record of the decision keeps the
    code of its own day. ``given_at`` is when the position was taken. What an agency turned
    into a reservation since stands after them (rule 31).
    """
    return [*_reserved(decision), *_converted(decision)]


def _converted(decision: Decision) -> list[dict[str, str]]:
    """Return the objections and conditions that became reservations, by no position."""
    words = f"{TO_RESERVATION}: "
    # Whoever took a position in the call after that says there what counts.
    spoke = PositionEntry.objects.filter(
        call=decision.call_id,
        agency=OuterRef("agency"),
        given_at__gt=OuterRef("ended_at"),
        given_at__lte=decision.call.deadline,
    )
    rows = LedgerItem.objects.filter(
        ~Exists(spoke),
        product=decision.call.product_id,
        converted_to=Stand.RESERVATION,
        ended_because__startswith=words,
        ended_at__gte=decision.call.opened_at,
    )
    return [
        _annexed(row.agency, row.ended_because.removeprefix(words), row.ended_at)
        for row in rows.select_related("agency").order_by("ended_at", "pk")
        if row.ended_at
    ]


def _reserved(decision: Decision) -> list[dict[str, str]]:
    reservations = decision.record["reservations"]
    if not reservations:
        return []
    codes = [entry["agency"] for entry in reservations]
    given = PositionEntry.objects.filter(
        call=OuterRef("call"), agency=OuterRef("agency"), given_at__lte=OuterRef("call__deadline")
    ).order_by("-given_at", "-id")
    electors = (
        Elector.objects.filter(call=decision.call_id, code__in=codes)
        .select_related("agency")
        .annotate(given_at=Subquery(given.values("given_at")[:1]))
    )
    by_code: dict[str, Any] = {elector.code: elector for elector in electors}
    found = [(by_code[entry["agency"]], entry["text"]) for entry in reservations]
    return [_annexed(elector.agency, text, elector.given_at) for elector, text in found]


def _annexed(agency: Agency, text: str, given_at: datetime) -> dict[str, str]:
    return {
        "agency": agency.code,
        "name": agency.name,
        "text": text,
        "given_at": given_at.isoformat(),
    }


@dataclass(frozen=True)
class Predecessor:
    """The edition that a release supersedes unless told otherwise (rule 12).

    ``named`` says that a relation names it; else it is the latest of the same series.
    """

    product: Product
    named: bool


def predecessor_of(product: Product, relations: Iterable[Relation]) -> Predecessor | None:
    """Return the released edition that the release of ``product`` supersedes, if there is one.

    That is the one that a relation names, or else the latest released one of the same series
    and kind that has no successor yet. A supplement is no edition of its base, nor does an
    annual report take the place of another year's.
    """
    own = [link for link in relations if link.product_id == product.pk]
    named = [link.target for link in own if link.kind == RelationKind.SUPERSEDES]
    if named:
        still_out = [target for target in named if target.state == State.RELEASED]
        return Predecessor(still_out[0], named=True) if still_out else None
    if not product.series or product.kind == Kind.ANNUAL_REPORT:
        return None
    succeeded = Relation.objects.filter(kind=RelationKind.SUPERSEDES, target=OuterRef("pk"))
    latest = (
        Product.objects.filter(
            ~Exists(succeeded),
            series=product.series,
            kind=product.kind,
            state=State.RELEASED,
            release__isnull=False,
        )
        # To supplement it or to build on it says that it goes on.
        .exclude(pk__in=[product.pk, *(link.target_id for link in own)])
        .order_by("-release__day", "-pk")
        .first()
    )
    return Predecessor(latest, named=False) if latest else None
