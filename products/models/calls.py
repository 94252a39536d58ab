"""Calls, electorates, positions and decisions (rules 16-33)."""

from datetime import datetime
from typing import ClassVar

from django.db import models
from django.urls import reverse

from isecg.history import Tracked, row_history
from isecg.visibility import VisibleQuerySet, through
from products.consensus import Mode, Outcome, Stand
from products.models.circulations import Circulation
from products.models.products import Product
from products.models.versions import Version
from workgroups.models import Agency, User


class CallState(models.TextChoices):
    """Whether a call still takes its course; its outcome is computed, not stored here."""

    OPEN = "open", "Open"
    DECLARED = "declared", "Declared"
    RETURNED = "returned", "Returned"
    OVERTAKEN = "overtaken", "Overtaken"


class Call(Tracked):
    """A timed request for positions on one version (rule 16).

    ``quorum`` and ``minimum_support`` are the shares in force at the opening, frozen.
    ``deadline`` is in UTC and was set in ``time_zone``. A call whose deadline has passed
    is closed whatever ``state`` says: what depends on it is computed when it is read.
    """

    product = models.ForeignKey(Product, models.PROTECT, related_name="calls")
    version = models.ForeignKey(Version, models.PROTECT, related_name="calls")
    circulation = models.ForeignKey(Circulation, models.PROTECT, related_name="calls")
    question = models.TextField()
    mode = models.CharField(max_length=10, choices=Mode, default=Mode.EXPLICIT)
    state = models.CharField(max_length=10, choices=CallState, default=CallState.OPEN)
    opened_at = models.DateTimeField()
    deadline = models.DateTimeField()
    time_zone = models.CharField(max_length=60)
    quorum = models.DecimalField(max_digits=5, decimal_places=4)
    minimum_support = models.DecimalField(max_digits=5, decimal_places=4)
    ended_at = models.DateTimeField(null=True, blank=True)

    visible_by = through("product")
    objects = VisibleQuerySet.as_manager()
    history = row_history()

    class Meta:
        ordering = ["-opened_at"]
        constraints = [
            models.CheckConstraint(
                condition=models.Q(mode__in=Mode.values), name="call_mode_known"
            ),
            models.CheckConstraint(
                condition=models.Q(state__in=CallState.values), name="call_state_known"
            ),
            models.CheckConstraint(
                condition=models.Q(deadline__gt=models.F("opened_at")),
                name="call_deadline_after_opening",
                violation_error_message="The deadline lies after the opening.",
            ),
            models.CheckConstraint(
                condition=models.Q(quorum__gte=0, quorum__lte=1)
                & models.Q(minimum_support__gte=0, minimum_support__lte=1),
                name="call_thresholds_are_shares",
                violation_error_message="A threshold is a share from 0 to 1.",
            ),
            models.CheckConstraint(
                condition=models.Q(state=CallState.OPEN, ended_at=None)
                | (~models.Q(state=CallState.OPEN) & models.Q(ended_at__isnull=False)),
                name="call_ended_at_iff_ended",
            ),
            models.UniqueConstraint(
                fields=["product"],
                condition=models.Q(state=CallState.OPEN),
                name="call_one_open_per_product",
                violation_error_message="A call is open on this product.",
            ),
        ]

    def __str__(self) -> str:
        return f"Call on {self.version}"

    def get_absolute_url(self) -> str:
        return reverse("call", args=[self.pk])

    def is_closed_at(self, at: datetime) -> bool:
        """Whether positions no longer count at ``at``: the deadline counts itself (rule 22)."""
        return self.state != CallState.OPEN or at > self.deadline


class Elector(Tracked):
    """An agency whose position counts in a call, frozen at the opening (rule 18).

    An agency that takes over the seat of another while the call is open comes in its
    place: ``succeeds`` is the row of the other, which has left.
    """

    call = models.ForeignKey(Call, models.PROTECT, related_name="electors")
    agency = models.ForeignKey(Agency, models.PROTECT, related_name="electorates")
    code = models.CharField(max_length=20)
    left_at = models.DateTimeField(null=True, blank=True)
    succeeds = models.OneToOneField(
        "self", models.PROTECT, null=True, blank=True, related_name="succeeded_by"
    )

    visible_by = through("call")
    objects = VisibleQuerySet.as_manager()
    history = row_history()

    class Meta:
        ordering = ["call", "code"]
        constraints = [
            models.UniqueConstraint(fields=["call", "agency"], name="elector_once"),
        ]

    def __str__(self) -> str:
        return self.code

    @property
    def successor(self) -> Agency | None:
        """The agency whose succession took this one out of the electorate, if one did.

        It may have been an elector before. Select ``agency__succession__successor`` along.
        """
        succession = getattr(self.agency, "succession", None)
        if succession is None or self.left_at != succession.entered_at:
            return None
        successor: Agency = succession.successor
        return successor


class PositionEntry(models.Model):
    """One act of a seat in a call: a position taken, changed or withdrawn (rules 20-22).

    Never changed: the last entry at or before the deadline counts. ``stand`` is empty
    for a withdrawal. ``source`` tells where the secretariat had it from when it recorded
    the position on behalf of the agency (rule 6).
    """

    append_only: ClassVar[bool] = True

    call = models.ForeignKey(Call, models.PROTECT, related_name="entries")
    agency = models.ForeignKey(Agency, models.PROTECT, related_name="positions")
    stand = models.CharField(max_length=20, choices=Stand, blank=True)
    text = models.TextField(blank=True)
    given_at = models.DateTimeField()
    given_by = models.ForeignKey(User, models.PROTECT, related_name="positions")
    on_behalf = models.BooleanField(default=False)
    source = models.TextField(blank=True)

    visible_by = through("call")
    objects = VisibleQuerySet.as_manager()

    class Meta:
        ordering = ["given_at", "id"]
        verbose_name_plural = "position entries"
        indexes = [models.Index(fields=["call", "agency", "given_at"], name="position_entry_order")]
        constraints = [
            models.CheckConstraint(
                condition=models.Q(stand__in=["", *Stand.values]), name="position_stand_known"
            ),
            models.CheckConstraint(
                condition=models.Q(on_behalf=False, source="")
                | (models.Q(on_behalf=True) & ~models.Q(source="")),
                name="position_source_iff_on_behalf",
                violation_error_message="A position recorded on behalf names its source.",
            ),
            models.CheckConstraint(
                condition=~models.Q(stand__in=["reservation", "condition", "object"])
                | ~models.Q(text=""),
                name="position_text_where_compulsory",
                violation_error_message="This position needs its text.",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.agency}: {self.get_stand_display() or 'withdrawn'}"


class Decision(models.Model):
    """What a call decided, numbered per year; a correction is a new revision (rule 33)."""

    append_only: ClassVar[bool] = True

    call = models.ForeignKey(Call, models.PROTECT, related_name="decisions")
    year = models.PositiveSmallIntegerField()
    serial = models.PositiveSmallIntegerField()
    revision = models.PositiveSmallIntegerField(default=0)
    computed = models.CharField(max_length=40, choices=Outcome)
    outcome = models.CharField(max_length=40, choices=Outcome)
    statement = models.TextField()
    reason = models.TextField(blank=True)
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
        ]

    def __str__(self) -> str:
        return self.number

    def get_absolute_url(self) -> str:
        return reverse("decision", args=[self.year, self.serial])

    @property
    def number(self) -> str:
        """``ISECG-D-2026-001``, with its revision where it has one."""
        number = f"ISECG-D-{self.year}-{self.serial:03d}"
        return f"{number} rev. {self.revision}" if self.revision else number
