"""Calls, electorates and positions, and how they outlast an editorial version (rules 16-29)."""

from datetime import datetime
from typing import ClassVar

from django.db import models
from django.urls import reverse

from isecg.history import Tracked, row_history
from isecg.visibility import VisibleQuerySet, through
from products.consensus import Mode, Stand
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
    RECALLED = "recalled", "Opened in error"


class Call(Tracked):
    """A timed request for positions on one version (rule 16).

    ``quorum`` and ``minimum_support`` are the shares in force at the opening, and
    ``silence_hours`` what a silence procedure had to last at least, frozen; it is 0 in the
    other modes. ``deadline`` is in UTC and was set in ``time_zone``. A call whose deadline
    has passed is closed whatever ``state`` says: what depends on it is computed when it is
    read. ``version`` is the one that its positions count on now: an editorial one takes
    over from the one before it (:class:`CarryOver`). ``letters_at`` is when the opening
    letters go, where they are held back for a while so that the opening can be undone.
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
    silence_hours = models.PositiveSmallIntegerField(default=0)
    letters_at = models.DateTimeField(null=True, blank=True)
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
            models.CheckConstraint(
                condition=models.Q(mode=Mode.SILENCE, silence_hours__gt=0)
                | (~models.Q(mode=Mode.SILENCE) & models.Q(silence_hours=0)),
                name="call_silence_hours_iff_silence",
            ),
            models.CheckConstraint(
                condition=models.Q(letters_at=None)
                | models.Q(letters_at__gte=models.F("opened_at")),
                name="call_letters_after_opening",
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

    def is_held_at(self, at: datetime) -> bool:
        """Whether the opening letters have not gone yet, so that it can be undone."""
        return self.letters_at is not None and at < self.letters_at


class Elector(Tracked):
    """An agency whose position counts in a call, frozen at the opening (rule 18).

    An agency that takes over the seat of another while the call is open comes in its
    place: ``succeeds`` is the row of the other, which has left. ``waiver`` is why the
    silence of a seat counts that the notice did not reach (rule 23).
    """

    call = models.ForeignKey(Call, models.PROTECT, related_name="electors")
    agency = models.ForeignKey(Agency, models.PROTECT, related_name="electorates")
    code = models.CharField(max_length=20)
    left_at = models.DateTimeField(null=True, blank=True)
    succeeds = models.OneToOneField(
        "self", models.PROTECT, null=True, blank=True, related_name="succeeded_by"
    )
    waiver = models.TextField(blank=True)
    waived_at = models.DateTimeField(null=True, blank=True)
    waived_by = models.ForeignKey(
        User, models.PROTECT, null=True, blank=True, related_name="waivers"
    )

    visible_by = through("call")
    objects = VisibleQuerySet.as_manager()
    history = row_history()

    class Meta:
        ordering = ["call", "code"]
        constraints = [
            models.UniqueConstraint(fields=["call", "agency"], name="elector_once"),
            models.CheckConstraint(
                condition=models.Q(waiver="", waived_at=None, waived_by=None)
                | (
                    ~models.Q(waiver="")
                    & models.Q(waived_at__isnull=False, waived_by__isnull=False)
                ),
                name="elector_waiver_says_why",
            ),
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

    Never changed: the last entry at or before the end counts. ``stand`` is empty for a
    withdrawal. ``version`` is the text that it was given on. ``source`` tells where the
    secretariat had it from when it recorded the position on behalf of the agency (rule 6).
    """

    append_only: ClassVar[bool] = True
    # Whether it came too late to count, where it is just being recorded.
    is_late = False

    call = models.ForeignKey(Call, models.PROTECT, related_name="entries")
    agency = models.ForeignKey(Agency, models.PROTECT, related_name="positions")
    version = models.ForeignKey(Version, models.PROTECT, related_name="positions")
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


class CarryOver(Tracked):
    """An editorial version to which the positions of an open call went along (rule 29).

    Until ``contest_until`` any elector may say that it is not editorial: then the call is
    overtaken, as by a substantive version, at the instant of the contest. With
    ``contest_source`` the secretariat entered it on behalf of the agency (rule 6).
    """

    call = models.ForeignKey(Call, models.PROTECT, related_name="carry_overs")
    before = models.ForeignKey(Version, models.PROTECT, related_name="+")
    version = models.OneToOneField(Version, models.PROTECT, related_name="carry_over")
    at = models.DateTimeField()
    contest_until = models.DateTimeField()
    contested_at = models.DateTimeField(null=True, blank=True)
    contested_for = models.ForeignKey(
        Agency, models.PROTECT, null=True, blank=True, related_name="contests"
    )
    contested_by = models.ForeignKey(
        User, models.PROTECT, null=True, blank=True, related_name="contests"
    )
    contest = models.TextField(blank=True)
    contest_source = models.TextField(blank=True)

    visible_by = through("call")
    objects = VisibleQuerySet.as_manager()
    history = row_history()

    class Meta:
        ordering = ["call", "at"]
        constraints = [
            models.CheckConstraint(
                condition=models.Q(contest_until__gt=models.F("at")),
                name="carry_over_can_be_contested",
            ),
            models.CheckConstraint(
                condition=models.Q(
                    contest="", contested_at=None, contested_for=None, contested_by=None
                )
                | (
                    ~models.Q(contest="")
                    & models.Q(
                        contested_at__isnull=False,
                        contested_for__isnull=False,
                        contested_by__isnull=False,
                    )
                ),
                name="carry_over_contest_says_why",
            ),
            models.CheckConstraint(
                condition=models.Q(contest_source="") | ~models.Q(contest=""),
                name="carry_over_source_of_contest",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.before} carried to {self.version}"

    def is_contestable_at(self, at: datetime) -> bool:
        """Whether an elector may still say that the version is not editorial."""
        return self.contested_at is None and at <= self.contest_until
