"""Decision records (rules 26 and 33)."""

from typing import ClassVar

from django.db import models
from django.urls import reverse

from isecg.visibility import VisibleQuerySet, through
from products.consensus import Outcome
from products.models.calls import Call
from workgroups.models import User


class Decision(models.Model):
    """What a call decided, numbered per year; a correction is a new revision (rule 33).

    ``correction`` is why a revision was made; the first record has none. ``action`` is
    what follows from the outcome, ``interpretation`` how it is to be understood.
    """

    append_only: ClassVar[bool] = True

    call = models.ForeignKey(Call, models.PROTECT, related_name="decisions")
    year = models.PositiveSmallIntegerField()
    serial = models.PositiveSmallIntegerField()
    revision = models.PositiveSmallIntegerField(default=0)
    computed = models.CharField(max_length=40, choices=Outcome)
    outcome = models.CharField(max_length=40, choices=Outcome)
    statement = models.TextField()
    reason = models.TextField(blank=True)
    interpretation = models.TextField(blank=True)
    action = models.TextField(blank=True)
    correction = models.TextField(blank=True)
    declared_at = models.DateTimeField()
    declared_by = models.ForeignKey(User, models.PROTECT, related_name="decisions")
    declared_as = models.CharField(max_length=40)
    record = models.JSONField()

    visible_by = through("call__product")
    objects = VisibleQuerySet.as_manager()

    class Meta:
        ordering = ["-year", "-serial", "-revision"]
        constraints = [
            models.UniqueConstraint(
                fields=["year", "serial", "revision"], name="decision_number_once"
            ),
            models.CheckConstraint(
                condition=models.Q(computed__in=Outcome.values)
                & models.Q(outcome__in=Outcome.values),
                name="decision_outcome_known",
            ),
            models.CheckConstraint(
                condition=models.Q(revision=0, correction="")
                | (models.Q(revision__gt=0) & ~models.Q(correction="")),
                name="decision_revision_says_why",
                violation_error_message="A correction says what it corrects.",
            ),
        ]

    def __str__(self) -> str:
        return self.number

    def get_absolute_url(self) -> str:
        return reverse("decision", args=[self.year, self.serial])

    def get_revision_url(self) -> str:
        """Return the address of this revision, which stays its own once there is a newer one."""
        return reverse("decision_revision", args=[self.year, self.serial, self.revision])

    @property
    def number(self) -> str:
        """``ISECG-D-2026-001``, with its revision where it has one."""
        number = f"ISECG-D-{self.year}-{self.serial:03d}"
        return f"{number} rev. {self.revision}" if self.revision else number
