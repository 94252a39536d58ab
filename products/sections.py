"""What this room shows on the pages of the rooms below, and answers to them."""

from collections.abc import Collection, Iterable, Sequence
from typing import Any

from products.models import (
    AgendaLink,
    LiaisonSending,
    LiaisonStatement,
    Participation,
    Product,
    ReleaseParticipant,
)
from products.models.products import Degree
from products.services import succession
from workgroups import agenda, estate, limits, openwork, sections
from workgroups.agenda import Link
from workgroups.limits import Limit
from workgroups.models import Agency, AgendaItem, LiaisonOrganisation, Meeting, WorkingGroup
from workgroups.permissions import Standing
from workgroups.sections import Section


def register() -> None:
    """Tell the pages of agencies, groups and meetings what belongs on them."""
    sections.register("agency", agency_products)
    sections.register("group", group_products)
    openwork.register(count_open)
    estate.register(succession.foresee, succession.pass_on)
    limits.register(products_as_limits)
    agenda.register_links(agenda_links)
    sections.register("meeting", products_to_read)
    sections.register("liaison", sent_to_liaison)


def agency_products(agency: Agency, standing: Standing) -> Iterable[Section]:
    """Show what an agency takes or took part in, by the code it bore (rules 1 and 34)."""
    seen = Participation.objects.visible_to(standing)
    taking_part = seen.filter(agency=agency, left_at=None)
    degrees = {row.product_id: row for row in taking_part.select_related("product")}
    rows: dict[int, dict[str, Any]] = {
        pk: {"product": row.product, "code": agency.code, "degree": row.degree}
        for pk, row in degrees.items()
    }
    frozen = ReleaseParticipant.objects.visible_to(standing).filter(agency=agency)
    for name in frozen.select_related("release__product"):
        product = name.release.product
        part = degrees.get(product.pk)
        rows[product.pk] = {
            "product": product,
            "code": name.code,
            "degree": part.degree if part else "",
        }
    if not rows:
        return []
    ordered = sorted(rows.values(), key=lambda row: str(row["product"]))
    for row in ordered:
        row["degree_label"] = Degree(row["degree"]).label
    return [
        Section(
            title="Products",
            template="products/products/_agency_section.html",
            context={"rows": ordered},
        )
    ]


def group_products(group: WorkingGroup, standing: Standing) -> Iterable[Section]:
    """Show the products that a group is responsible for."""
    products = list(Product.objects.visible_to(standing).filter(group=group))
    if not products:
        return []
    return [
        Section(
            title="Products",
            template="products/products/_group_section.html",
            context={"products": products},
        )
    ]


def count_open(group: WorkingGroup) -> int:
    """Count the products that keep a group from being closed (rule 8)."""
    return Product.objects.moving().filter(group=group).count()


def products_as_limits(standing: Standing, codes: Collection[str] | None) -> Iterable[Limit]:
    """Name the products to which a mandate is limited, or may be: those that the reader sees."""
    seen = Product.objects.visible_to(standing)
    found = seen.moving() if codes is None else seen.filter(code__in=codes)
    return [
        Limit(code=row.code, label=f"{row.code}, {row.title}", href=row.get_absolute_url())
        for row in found
    ]


def agenda_links(items: Sequence[AgendaItem]) -> dict[int, list[Link]]:
    """Return the product, and the version to be read, of each item that has one (rule 39)."""
    found = AgendaLink.objects.filter(item__in=items).select_related("product", "version")
    links: dict[int, list[Link]] = {}
    for row in found.defer("version__text"):
        href = row.product.get_absolute_url()
        if row.version:
            row.version.product = row.product
            href = row.version.get_absolute_url()
        detail = f"version {row.version.number}" if row.version else ""
        links.setdefault(row.item_id, []).append(
            Link(label=f"{row.product.code}, {row.product.title}", href=href, detail=detail)
        )
    return links


def products_to_read(meeting: Meeting, standing: Standing) -> Iterable[Section]:
    """Show who keeps meetings which agenda item is about which product (rule 39)."""
    if not standing.is_secretariat:
        return []
    items = list(meeting.agenda.select_related("product_link__product"))
    if not items:
        return []
    return [
        Section(
            title="Products to be read",
            template="products/agenda/_meeting_section.html",
            context={"items": items},
        )
    ]


def sent_to_liaison(_: None, standing: Standing) -> Iterable[Section]:
    """Show what was sent to liaison organisations and what they said, as far as seen (rule 9)."""
    related = ("organisation", "version__product")
    sendings = LiaisonSending.objects.visible_to(standing).select_related(*related)
    statements = LiaisonStatement.objects.visible_to(standing).select_related(*related, "given_by")
    if standing.is_secretariat:
        own = list(LiaisonOrganisation.objects.visible_to(standing))
    else:
        own = list(standing.liaisons)
    context = {
        "sendings": list(sendings.defer("version__text")),
        "statements": list(statements.defer("version__text")),
        "own": own,
    }
    if not any(context.values()):
        return []
    return [
        Section(
            title="What was sent, and what they say",
            template="products/liaison/_section.html",
            context=context,
        )
    ]
