"""The Workplan, and the products that meetings speak of (rules 39 and 47)."""

from typing import Any

from django.db import models
from django.urls import reverse

from isecg.history import Tracked, row_history
from isecg.partial_dates import PartialDateField
from isecg.visibility import VisibleQuerySet, everyone, is_all
from products.models.products import Product
from products.models.versions import Version
from workgroups.models import Agency, AgendaItem, WorkingGroup
from workgroups.permissions import Standing


class ItemKind(models.TextChoices):
    PRODUCT = "product", "Product"
    ACTIVITY = "activity", "Activity"


class ItemStatus(models.TextChoices):
    """How a workplan item stands."""

    PLANNED = "planned", "Planned"
    ACTIVE = "active", "Under way"
    ON_HOLD = "on_hold", "On hold"
    DONE = "done", "Done"
    DROPPED = "dropped", "Dropped"


class WorkplanItem(Tracked):
    """One line of the Workplan: a product or an activity (rule 47)."""

    kind = models.CharField(max_length=10, choices=ItemKind)
    title = models.CharField(max_length=250)
    product = models.ForeignKey(
        Product, models.PROTECT, null=True, blank=True, related_name="workplan_items"
    )
    group = models.ForeignKey(
        WorkingGroup, models.PROTECT, null=True, blank=True, related_name="workplan_items"
    )
    lead_agency = models.ForeignKey(
        Agency, models.PROTECT, null=True, blank=True, related_name="led_workplan_items"
    )
    status = models.CharField(max_length=10, choices=ItemStatus, default=ItemStatus.PLANNED)
    baseline = PartialDateField("target date, baseline")
    forecast = PartialDateField("target date, forecast")
    actual = PartialDateField("done on")
    notes = models.TextField(blank=True)

    visible_by = everyone
    objects = VisibleQuerySet.as_manager()
    history = row_history()

    class Meta:
        ordering = ["forecast", "title"]
        constraints = [
            models.CheckConstraint(
                condition=models.Q(kind__in=ItemKind.values), name="workplan_kind_known"
            ),
            models.CheckConstraint(
                condition=models.Q(status__in=ItemStatus.values), name="workplan_status_known"
            ),
            models.CheckConstraint(
                condition=models.Q(kind="product", product__isnull=False)
                | models.Q(kind="activity", product__isnull=True),
                name="workplan_product_iff_kind",
                violation_error_message="An item of the kind Product names its product; "
                "an activity names none.",
            ),
        ]

    def __str__(self) -> str:
        return self.title

    def get_absolute_url(self) -> str:
        return reverse("workplan_item", args=[self.pk])


class WorkplanAgency(Tracked):
    """An agency that takes part in a workplan item."""

    item = models.ForeignKey(WorkplanItem, models.PROTECT, related_name="participations")
    agency = models.ForeignKey(Agency, models.PROTECT, related_name="workplan_participations")
    active = models.BooleanField(default=True)

    visible_by = everyone
    objects = VisibleQuerySet.as_manager()
    history = row_history()

    class Meta:
        ordering = ["item", "agency__code"]
        constraints = [
            models.UniqueConstraint(fields=["item", "agency"], name="workplan_agency_once"),
        ]

    def __str__(self) -> str:
        return f"{self.agency} in {self.item}"


def to_what_is_seen(rows: Any, standing: Standing) -> Any:
    """Links of which the reader sees the product and, where one is named, the version."""
    products = Product.objects.visible_to(standing)
    versions = Version.objects.visible_to(standing)
    if is_all(products) and is_all(versions):
        return rows
    named = models.Q(version=None) | models.Q(version__in=versions)
    return rows.filter(named, product__in=products)


class AgendaLink(models.Model):
    """The product, and the version to be read, that an agenda item names (rule 39)."""

    item = models.OneToOneField(AgendaItem, models.CASCADE, related_name="product_link")
    product = models.ForeignKey(Product, models.PROTECT, related_name="agenda_links")
    version = models.ForeignKey(
        Version, models.PROTECT, null=True, blank=True, related_name="agenda_links"
    )

    visible_by = to_what_is_seen
    objects = VisibleQuerySet.as_manager()

    def __str__(self) -> str:
        return f"{self.item}: {self.product}"
