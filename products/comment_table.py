"""The comments of a product as rows of a table, and what an import of one is held against."""

from collections.abc import Iterable
from datetime import datetime
from typing import Any

from products import permissions, rendering
from products.exchange.cells import CellError, Disposal, paragraph_of, tidy, version_of
from products.exchange.columns import Column
from products.exchange.plans import Known, Sent, Stored
from products.models import Comment, Product
from products.remarks import Disposition
from workgroups.models import Agency, AgencyName, Mandate, User
from workgroups.permissions import Standing
from workgroups.roles import Ability

Rows = Iterable[Comment]


def with_cells(comments: Any) -> Any:
    """Return comments with all that :func:`stored` reads, in one query and in order."""
    return (
        comments.select_related("version", "duplicate_of", "action_owner")
        .defer("version__text")
        .order_by("number", "pk")
    )


def stored(comment: Comment) -> Stored:
    """Return a comment as a row of the table; the row comes from :func:`with_cells`."""
    place = comment.place or (f"Paragraph {comment.anchor}" if comment.anchor else "")
    cells = {
        Column.NUMBER: comment.label if comment.number else "",
        Column.AGENCY: comment.agency_code,
        Column.PERSON: comment.author_name,
        Column.VERSION: str(comment.version.number),
        Column.CLAUSE: comment.clause,
        Column.PLACE: place,
        Column.LINE: comment.line,
        Column.KIND: comment.get_kind_display(),
        Column.TEXT: comment.text,
        Column.PROPOSAL: comment.proposal,
        Column.DISPOSITION: _disposal(comment),
        Column.RESPONSE: comment.response,
    }
    return Stored(
        pk=comment.pk,
        number=comment.number,
        agency=comment.agency_id,
        cells={column: tidy(text) for column, text in cells.items()},
        duplicate_of=comment.duplicate_of_id,
        withdrawn=comment.disposition == Disposition.WITHDRAWN,
    )


def _disposal(comment: Comment) -> str:
    if not comment.disposition:
        return ""
    return str(
        Disposal(
            disposition=Disposition(comment.disposition),
            duplicate_of=comment.duplicate_of.number if comment.duplicate_of else None,
            owner=comment.action_owner.code if comment.action_owner else "",
            due=comment.action_due,
        )
    )


def known(product: Product, sent: Sent, standing: Standing) -> Known:
    """Read what the rows of a file are held against: eight queries, however many rows.

    Of the comments those that the sender may read, drafts of the sender's agencies too.
    """
    seen = with_cells(Comment.objects.visible_to(standing).filter(product=product))
    agencies = list(Agency.objects.all())
    own = frozenset(agency.pk for agency in standing.agencies_on(product.code))
    members = Agency.objects.members_on(standing.at.date())
    return Known(
        comments=tuple(stored(comment) for comment in seen),
        agencies=_by_name(agencies),
        codes={agency.pk: agency.code for agency in agencies},
        members=frozenset(members.values_list("pk", flat=True)),
        paragraphs=_paragraphs(product, sent),
        speaks_for=None if standing.is_secretariat and not sent.as_drafts else own,
        may_dispose=Ability.DISPOSE_COMMENT in permissions.granted(standing, product),
        as_drafts=sent.as_drafts,
        today=standing.at.date(),
        agency=sent.agency,
        version=sent.version,
    )


def _by_name(agencies: list[Agency]) -> dict[str, frozenset[int]]:
    """Return the agencies by every code and name that they bear or bore (rule 1).

    What one bears today means it, whoever bore it before.
    """
    former: dict[str, set[int]] = {}
    for name in AgencyName.objects.all():
        for alias in (name.code, name.name):
            former.setdefault(tidy(alias).casefold(), set()).add(name.agency_id)
    found = {alias: frozenset(keys) for alias, keys in former.items() if alias}
    found |= {agency.name.casefold(): frozenset({agency.pk}) for agency in agencies}
    return found | {agency.code.casefold(): frozenset({agency.pk}) for agency in agencies}


def _paragraphs(product: Product, sent: Sent) -> dict[int, int]:
    """Return how many paragraphs the versions have; of those alone that a row asks about."""
    asked = {_asked(row.cells, sent) for row in sent.rows if not row.cells.get(Column.NUMBER)}
    counts = dict.fromkeys(product.versions.values_list("number", flat=True), 0)
    for version in product.versions.filter(number__in=[number for number in asked if number]):
        if len(version.text) <= rendering.LONGEST:
            parts = rendering.paragraphs(version.text, version.text_format)
            counts[version.number] = len(parts)
    return counts


def _asked(cells: Any, sent: Sent) -> int | None:
    if not paragraph_of(cells.get(Column.PLACE, "")):
        return None
    try:
        return version_of(cells.get(Column.VERSION) or str(sent.version or ""))
    except CellError:
        return None


def accounts(agencies: Iterable[int], *, code: str, at: datetime) -> dict[tuple[int, str], User]:
    """Return who belongs to which agency by name; of those who share a name, nobody."""
    found: dict[tuple[int, str], set[User]] = {}
    held = Mandate.objects.valid_at(at).covering(code).filter(agency__in=agencies)
    for mandate in held.select_related("person"):
        found.setdefault((mandate.agency_id, mandate.person.name), set()).add(mandate.person)
    return {key: people.pop() for key, people in found.items() if len(people) == 1}
