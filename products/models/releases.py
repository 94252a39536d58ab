"""Releases: what went out, when, and under whose names (rules 34 and 35)."""

from django.db import models

from isecg.history import Tracked, row_history
from isecg.partial_dates import PartialDateField
from isecg.visibility import VisibleQuerySet, through
from products.models.decisions import Decision
from products.models.products import Product
from products.models.versions import Version
from workgroups.models import Agency


class Release(Tracked):
    """A product's release. Past ones have no version or decision here, only a date."""

    product = models.OneToOneField(Product, models.PROTECT, related_name="release")
    version = models.OneToOneField(
        Version, models.PROTECT, null=True, blank=True, related_name="release"
    )
    decision = models.ForeignKey(
        Decision, models.PROTECT, null=True, blank=True, related_name="releases"
    )
    day = PartialDateField("released on")
    released_at = models.DateTimeField(null=True, blank=True)
    annex = models.JSONField(
        "reservations, verbatim, with the agencies' codes of the day", default=list, blank=True
    )
    overrides = models.JSONField("rules passed over, with the reasons", default=dict, blank=True)

    visible_by = through("product")
    objects = VisibleQuerySet.as_manager()
    history = row_history()

    class Meta:
        ordering = ["-day"]
        constraints = [
            models.CheckConstraint(
                condition=models.Q(version=None, decision=None, released_at=None)
                | models.Q(
                    version__isnull=False, decision__isnull=False, released_at__isnull=False
                ),
                name="release_made_here_has_version_and_decision",
            ),
        ]

    def __str__(self) -> str:
        return f"Release of {self.product}"


class ReleaseParticipant(Tracked):
    """A participating agency with the code and name of the day of release (rule 34)."""

    release = models.ForeignKey(Release, models.PROTECT, related_name="participants")
    agency = models.ForeignKey(Agency, models.PROTECT, related_name="release_participations")
    code = models.CharField(max_length=20)
    name = models.CharField(max_length=200)

    visible_by = through("release")
    objects = VisibleQuerySet.as_manager()
    history = row_history()

    class Meta:
        ordering = ["release", "code"]
        constraints = [
            models.UniqueConstraint(fields=["release", "agency"], name="release_participant_once"),
        ]

    def __str__(self) -> str:
        return self.code
