"""The chair: an agency, and a person, for a time (rule 7)."""

from datetime import datetime

from django.db import models

from isecg.history import Tracked, row_history
from isecg.partial_dates import PartialDateField
from isecg.provenance import Sourced
from isecg.visibility import VisibleQuerySet, everyone
from workgroups.models.agencies import Agency
from workgroups.models.people import User


class ChairTermQuerySet(VisibleQuerySet["ChairTerm"]):
    def in_office_at(self, at: datetime) -> "ChairTermQuerySet":
        """The term, at most one, whose powers hold at an instant (rule 7)."""
        return self.filter(
            models.Q(ends_at=None) | models.Q(ends_at__gt=at),
            agency__isnull=False,
            starts_at__lte=at,
        )


class ChairTerm(Tracked, Sourced):
    """An agency's time in the chair.

    ``starts_at`` and ``ends_at`` are instants in UTC: powers move with them. For terms
    known only from sources they are empty, and ``start`` and ``end`` say what is known.
    ``planned_end`` is what was announced; it moves no power.
    """

    position = models.PositiveSmallIntegerField(unique=True)
    agency = models.ForeignKey(
        Agency, models.PROTECT, null=True, blank=True, related_name="chair_terms"
    )
    person = models.ForeignKey(
        User, models.PROTECT, null=True, blank=True, related_name="chair_terms"
    )
    person_name = models.CharField(max_length=200, blank=True)
    start = PartialDateField("from")
    end = PartialDateField("to")
    starts_at = models.DateTimeField(null=True, blank=True)
    ends_at = models.DateTimeField(null=True, blank=True)
    planned_end = PartialDateField("planned until")
    handover = models.ForeignKey(
        "workgroups.Meeting", models.PROTECT, null=True, blank=True, related_name="handovers"
    )

    visible_by = everyone
    objects = ChairTermQuerySet.as_manager()
    history = row_history()

    class Meta:
        ordering = ["position"]
        constraints = [
            *Sourced.Meta.constraints,
            models.CheckConstraint(
                condition=models.Q(ends_at=None)
                | models.Q(starts_at__isnull=False, ends_at__gt=models.F("starts_at")),
                name="chair_term_ends_after_start",
                violation_error_message="A term ends after it starts.",
            ),
            models.UniqueConstraint(
                models.Value(1),
                condition=models.Q(starts_at__isnull=False, ends_at__isnull=True),
                name="chair_term_one_open",
                violation_error_message="There is a chair without an end to its term.",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.agency or 'Unknown'} in the chair from {self.start or 'an unknown date'}"
