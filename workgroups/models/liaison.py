"""Outside organisations that ISECG relates to; they hold no position (rule 9)."""

from datetime import datetime

from django.db import models

from isecg.history import Tracked, row_history
from isecg.partial_dates import PartialDateField
from isecg.provenance import Sourced
from isecg.visibility import VisibleQuerySet, everyone
from workgroups import visibility
from workgroups.models.people import User


class LiaisonOrganisation(Tracked, Sourced):
    """An organisation with a relationship and no voice (rule 9)."""

    code = models.SlugField(max_length=20, unique=True)
    name = models.CharField(max_length=200)
    relation = models.TextField()
    founded = PartialDateField("founded")

    visible_by = everyone
    objects = VisibleQuerySet.as_manager()
    history = row_history()

    class Meta:
        ordering = ["code"]
        constraints = [*Sourced.Meta.constraints]

    def __str__(self) -> str:
        return self.code


class LiaisonContactQuerySet(VisibleQuerySet["LiaisonContact"]):
    def valid_at(self, at: datetime) -> "LiaisonContactQuerySet":
        """Contacts at an instant: from <= at < to, of people who may sign in."""
        return self.filter(
            models.Q(ends_at=None) | models.Q(ends_at__gt=at),
            starts_at__lte=at,
            person__is_active=True,
        )


class LiaisonContact(Tracked):
    """A person through whom an organisation is reached, for a time; never a voice (rule 9)."""

    organisation = models.ForeignKey(LiaisonOrganisation, models.PROTECT, related_name="contacts")
    person = models.ForeignKey(User, models.PROTECT, related_name="liaison_contacts")
    starts_at = models.DateTimeField("from")
    ends_at = models.DateTimeField("to", null=True, blank=True)

    visible_by = visibility.people("person")
    objects = LiaisonContactQuerySet.as_manager()
    history = row_history()

    class Meta:
        ordering = ["organisation", "starts_at"]
        constraints = [
            models.CheckConstraint(
                condition=models.Q(ends_at=None) | models.Q(ends_at__gt=models.F("starts_at")),
                name="liaison_contact_ends_after_start",
                violation_error_message="A contact ends after it starts.",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.person}, contact of {self.organisation}"
