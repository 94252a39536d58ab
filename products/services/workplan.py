"""Keeping the Workplan, and tying agenda items to products (rules 39 and 47)."""

from collections.abc import Iterable
from typing import Any

from django.db import transaction

from isecg.events import log
from isecg.stale import require_current
from products.models import AgendaLink, Product, Version, WorkplanAgency, WorkplanItem
from products.models.workplan import ItemStatus
from products.services.errors import ProductError
from workgroups.models import Agency, AgendaItem, User
from workgroups.permissions import Standing
from workgroups.roles import Ability


@transaction.atomic(durable=True)
def add_item(*, agencies: Iterable[Agency], reason: str, by: User, **fields: Any) -> WorkplanItem:
    """Put an item on the Workplan; ``fields`` are those of :class:`WorkplanItem`.

    :raises PermissionDenied: if ``by`` is not of the secretariat.
    :raises ProductError: if the Workplan has this item, and it is neither done nor dropped.
    """
    Standing.of(by).require(Ability.KEEP_WORKPLAN)
    item = WorkplanItem(**fields)
    same = WorkplanItem.objects.filter(kind=item.kind, title=item.title, product=item.product)
    if same.exclude(status__in=[ItemStatus.DONE, ItemStatus.DROPPED]).exists():
        raise ProductError(f"“{item.title}” stands on the Workplan already.")
    item.save_as(by, reason)
    _set_agencies(item, agencies, reason=reason, by=by)
    log.record(
        "workplan.item_added",
        by=by,
        subject=item,
        reason=reason,
        after={**fields, "agencies": _codes(agencies)},
        also=[item.product] if item.product else [],
    )
    return item


@transaction.atomic(durable=True)
def edit_item(
    item: WorkplanItem,
    *,
    agencies: Iterable[Agency],
    revision: int,
    reason: str,
    by: User,
    **fields: Any,
) -> None:
    """Change an item of the Workplan; nothing is ever taken off it, only *dropped*.

    ``revision`` is that of the item when its form was opened.

    :raises PermissionDenied: if ``by`` is not of the secretariat.
    :raises StaleError: if the item changed since.
    """
    Standing.of(by).require(Ability.KEEP_WORKPLAN)
    item.refresh_from_db(from_queryset=WorkplanItem.objects.select_for_update(of=("self",)))
    require_current(item, revision)
    before = {name: getattr(item, name) for name in fields}
    for name, value in fields.items():
        setattr(item, name, value)
    item.save_as(by, reason)
    _set_agencies(item, agencies, reason=reason, by=by)
    changed = {name: value for name, value in fields.items() if before[name] != value}
    log.record(
        "workplan.item_changed",
        by=by,
        subject=item,
        reason=reason,
        before={name: before[name] for name in changed},
        after={**changed, "agencies": _codes(agencies)},
    )


def _codes(agencies: Iterable[Agency]) -> list[str]:
    return sorted(agency.code for agency in agencies)


def _set_agencies(item: WorkplanItem, agencies: Iterable[Agency], *, reason: str, by: User) -> None:
    wanted = {agency.pk for agency in agencies}
    rows = {row.agency_id: row for row in item.participations.all()}
    for agency_id in sorted(wanted | rows.keys()):
        row = rows.get(agency_id) or WorkplanAgency(item=item, agency_id=agency_id, active=False)
        if row.active != (agency_id in wanted):
            row.active = agency_id in wanted
            row.save_as(by, reason)


@transaction.atomic(durable=True)
def link_agenda_item(
    item: AgendaItem, *, product: Product | None, version: Version | None = None, by: User
) -> None:
    """Say which product, and which version to read, an agenda item is about (rule 39).

    ``product=None`` takes the link away.

    :raises PermissionDenied: if ``by`` may not keep meetings.
    :raises ProductError: if the version is another product's.
    """
    Standing.of(by).require(Ability.KEEP_MEETINGS)
    if version is not None and version.product_id != (product.pk if product else None):
        raise ProductError("The version to be read is not one of this product.")
    if product is None:
        AgendaLink.objects.filter(item=item).delete()
    else:
        AgendaLink.objects.update_or_create(
            item=item, defaults={"product": product, "version": version}
        )
    log.record(
        "agenda.linked",
        by=by,
        subject=item.meeting,
        after={
            "item": item.title,
            "product": product.code if product else "",
            "version": version.number if version else None,
        },
        also=[product] if product else [],
    )
