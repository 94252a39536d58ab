"""Circulations: a version sent to every member agency (rules 14 and 17)."""

from datetime import datetime
from typing import ClassVar

from django.db import models
from django.urls import reverse

from isecg.history import Tracked, row_history
from isecg.visibility import VisibleQuerySet, through
from products.models.versions import Version
from workgroups.models import Agency


class Circulation(Tracked):
    """The sending of one version to all members, with its window (rule 17).

    ``share_days`` is the minimum share period that was in force, frozen here.
    """

    version = models.ForeignKey(Version, models.PROTECT, related_name="circulations")
    note = models.TextField(blank=True)
    opened_at = models.DateTimeField()
    closes_at = models.DateTimeField()
    time_zone = models.CharField(max_length=60)
    share_days = models.PositiveSmallIntegerField()

    visible_by = through("version__product", "drafts_read_by")
    objects = VisibleQuerySet.as_manager()
    history = row_history()

    class Meta:
        ordering = ["-opened_at"]
        constraints = [
            models.CheckConstraint(
                condition=models.Q(closes_at__gt=models.F("opened_at")),
                name="circulation_closes_after_opening",
                violation_error_message="A circulation closes after it opens.",
            ),
        ]

    def __str__(self) -> str:
        return f"Circulation of {self.version}"

    def get_absolute_url(self) -> str:
        return reverse("circulation", args=[self.pk])

    def is_open_at(self, at: datetime) -> bool:
        """Whether its window is still open: until it closes, that instant excluded."""
        return at < self.closes_at


class CirculationRecipient(models.Model):
    """An agency that was a member when the version was circulated, with its code that day."""

    append_only: ClassVar[bool] = True

    circulation = models.ForeignKey(Circulation, models.PROTECT, related_name="recipients")
    agency = models.ForeignKey(Agency, models.PROTECT, related_name="circulations")
    code = models.CharField(max_length=20)

    visible_by = through("circulation")
    objects = VisibleQuerySet.as_manager()

    class Meta:
        ordering = ["circulation", "code"]
        constraints = [
            models.UniqueConstraint(
                fields=["circulation", "agency"], name="circulation_recipient_once"
            ),
        ]

    def __str__(self) -> str:
        return self.code
