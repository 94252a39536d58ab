"""Meetings and teleconferences, who came, and what was on the agenda (rules 39-40)."""

import uuid
from datetime import date, datetime, timedelta

from django.db import models
from django.urls import reverse

from isecg.history import Tracked, row_history
from isecg.partial_dates import PartialDate, PartialDateField
from isecg.provenance import Sourced
from isecg.visibility import VisibleQuerySet, everyone
from workgroups.models.agencies import Agency
from workgroups.models.groups import WorkingGroup
from workgroups.models.people import User
from workgroups.zones import validate_zone


class MeetingKind(models.TextChoices):
    PRECURSOR = "precursor", "Precursor"
    PLENARY = "plenary", "Plenary"
    SAM = "sam", "Senior agency managers"
    TELECONFERENCE = "teleconference", "ISECG teleconference"
    GROUP_TELECONFERENCE = "group_teleconference", "Working-group teleconference"
    WORKSHOP = "workshop", "Workshop"
    VIRTUAL_WORKSHOP = "virtual_workshop", "Virtual workshop"
    COMMUNITY_WORKSHOP = "community_workshop", "Community workshop"
    OTHER = "other", "Other meeting"


class Mode(models.TextChoices):
    UNKNOWN = "", "Not known"
    IN_PERSON = "in_person", "In person"
    VIRTUAL = "virtual", "Virtual"
    HYBRID = "hybrid", "Hybrid"


class MeetingStatus(models.TextChoices):
    SCHEDULED = "scheduled", "Scheduled"
    CANCELLED = "cancelled", "Cancelled"


def new_uid() -> str:
    """Return a calendar UID that no other meeting has (rule 41)."""
    return f"{uuid.uuid4()}@isecg-tracker"


class Phase(models.TextChoices):
    """Where a meeting stands on the clock: read, never stored."""

    SCHEDULED = "scheduled", "Scheduled"
    UNDER_WAY = "under_way", "Under way"
    HELD = "held", "Held"
    CANCELLED = "cancelled", "Cancelled"
    UNKNOWN = "unknown", "Day not known"


class MeetingQuerySet(VisibleQuerySet["Meeting"]):
    def upcoming_at(self, at: datetime) -> "MeetingQuerySet":
        """Meetings still to come at an instant, cancelled ones left out, soonest first."""
        return self.filter(status=MeetingStatus.SCHEDULED, starts_at__gt=at).order_by("starts_at")


class Meeting(Tracked, Sourced):
    """A meeting of any kind (rule 39).

    ``start`` and ``end`` are the days as a source or a person gives them.
    ``starts_at`` is the instant in UTC, set in ``time_zone``; where only a day is
    known it is empty. ``sequence`` rises with each change of time or place (rule 41).
    ``time_set_at`` is when that instant was set: reminders whose hour had struck by then
    are not owed (rule 43).
    """

    key = models.SlugField(max_length=60, unique=True)
    kind = models.CharField(max_length=20, choices=MeetingKind)
    number = models.PositiveSmallIntegerField(null=True, blank=True)
    title = models.CharField(max_length=200)
    status = models.CharField(max_length=10, choices=MeetingStatus, default=MeetingStatus.SCHEDULED)
    start = PartialDateField("first day")
    end = PartialDateField("last day")
    starts_at = models.DateTimeField(null=True, blank=True)
    time_zone = models.CharField(max_length=60, default="UTC", validators=[validate_zone])
    time_set_at = models.DateTimeField(null=True, blank=True, editable=False)
    duration_minutes = models.PositiveSmallIntegerField("length in minutes", null=True, blank=True)
    as_announced = models.CharField("times as announced", max_length=200, blank=True)
    place = models.CharField(max_length=200, blank=True)
    country_code = models.CharField(max_length=2, blank=True)
    mode = models.CharField(max_length=10, choices=Mode, blank=True, default=Mode.UNKNOWN)
    host = models.ForeignKey(
        Agency, models.PROTECT, null=True, blank=True, related_name="hosted_meetings"
    )
    chair = models.ForeignKey(
        Agency, models.PROTECT, null=True, blank=True, related_name="chaired_meetings"
    )
    group = models.ForeignKey(
        WorkingGroup,
        models.PROTECT,
        null=True,
        blank=True,
        related_name="meetings",
        help_text="Invites the agencies of this group. Leave empty to invite every member.",
    )
    attending_count = models.PositiveSmallIntegerField(
        "agencies present, as the source counts", null=True, blank=True
    )
    attendance_note = models.TextField(blank=True)
    uid = models.CharField(max_length=100, unique=True, default=new_uid, editable=False)
    sequence = models.PositiveIntegerField(default=0)

    visible_by = everyone
    objects = MeetingQuerySet.as_manager()
    history = row_history()

    class Meta:
        ordering = ["-start", "-starts_at"]
        indexes = [models.Index(fields=["status", "starts_at"], name="meeting_due")]
        constraints = [
            *Sourced.Meta.constraints,
            models.CheckConstraint(
                condition=models.Q(kind__in=MeetingKind.values), name="meeting_kind_known"
            ),
            models.CheckConstraint(
                condition=models.Q(mode__in=Mode.values), name="meeting_mode_known"
            ),
            models.CheckConstraint(
                condition=models.Q(status__in=MeetingStatus.values), name="meeting_status_known"
            ),
            models.CheckConstraint(
                condition=models.Q(start="")
                | models.Q(end="")
                | models.Q(end__gte=models.F("start")),
                name="meeting_ends_after_start",
                violation_error_message="A meeting ends after it starts.",
            ),
            models.UniqueConstraint(
                fields=["kind", "number"],
                condition=models.Q(number__isnull=False),
                name="meeting_number_once_per_kind",
                violation_error_message="There is a meeting of this kind with this number.",
            ),
        ]

    def __str__(self) -> str:
        return self.title

    def get_absolute_url(self) -> str:
        return reverse("meeting", args=[self.key])

    @property
    def ends_at(self) -> datetime | None:
        """The instant of its end in UTC, where start and length are known."""
        if self.starts_at is None or self.duration_minutes is None:
            return None
        return self.starts_at + timedelta(minutes=self.duration_minutes)

    @property
    def first_day(self) -> date | None:
        """Its first day, where that is known to the day."""
        start = PartialDate.parse(self.start) if self.start else None
        return start.earliest if start and start.precision == "day" else None

    @property
    def last_day(self) -> date | None:
        """The last day that its dates can mean; ``None`` where none is known."""
        text = self.end or self.start
        return PartialDate.parse(text).latest if text else None

    def has_begun(self, at: datetime) -> bool:
        """Whether it may have begun by an instant; without one of its own, by its first day."""
        if self.starts_at is not None:
            return self.starts_at <= at
        return bool(self.start) and PartialDate.parse(self.start).earliest <= at.date()

    def phase(self, at: datetime) -> Phase:
        """Where it stands at an instant."""
        if self.status == MeetingStatus.CANCELLED:
            return Phase.CANCELLED
        if self.last_day is None and self.starts_at is None:
            return Phase.UNKNOWN
        if self._is_over(at):
            return Phase.HELD
        # In a month of which no day is known it may be still to come.
        exact = self.starts_at is not None or self.first_day is not None
        return Phase.UNDER_WAY if exact and self.has_begun(at) else Phase.SCHEDULED

    def _is_over(self, at: datetime) -> bool:
        one_day = self.end in {"", self.start}
        # A meeting of one day is over when its length has run; a longer one when its days have.
        if one_day and self.ends_at is not None:
            return self.ends_at <= at
        return self.last_day is not None and self.last_day < at.date() and self.has_begun(at)


class MeetingDay(models.Model):
    """One day of a meeting whose days are not adjacent (rule 39)."""

    meeting = models.ForeignKey(Meeting, models.CASCADE, related_name="days")
    day = models.DateField()

    visible_by = everyone
    objects = VisibleQuerySet.as_manager()

    class Meta:
        ordering = ["day"]
        constraints = [
            models.UniqueConstraint(fields=["meeting", "day"], name="meeting_day_once"),
        ]

    def __str__(self) -> str:
        return self.day.isoformat()


class Presence(models.TextChoices):
    """How an agency took part in a meeting (rule 39)."""

    PRESENT = "present", "Present"
    REMOTE = "remote", "Remote"
    EXCUSED = "excused", "Excused"
    ABSENT = "absent", "Absent"


class Attendance(Tracked):
    """How one agency took part in one meeting; no row means *not recorded*."""

    meeting = models.ForeignKey(Meeting, models.PROTECT, related_name="attendance")
    agency = models.ForeignKey(Agency, models.PROTECT, related_name="attendance")
    presence = models.CharField(max_length=10, choices=Presence)

    visible_by = everyone
    objects = VisibleQuerySet.as_manager()
    history = row_history()

    class Meta:
        ordering = ["meeting", "agency__code"]
        constraints = [
            models.CheckConstraint(
                condition=models.Q(presence__in=Presence.values), name="attendance_presence_known"
            ),
            models.UniqueConstraint(fields=["meeting", "agency"], name="attendance_once"),
        ]

    def __str__(self) -> str:
        return f"{self.agency} {self.get_presence_display().lower()} at {self.meeting}"


class AgendaItem(Tracked):
    """One point of a meeting's agenda."""

    meeting = models.ForeignKey(Meeting, models.PROTECT, related_name="agenda")
    position = models.PositiveSmallIntegerField()
    title = models.CharField(max_length=200)
    speaker = models.ForeignKey(
        User, models.PROTECT, null=True, blank=True, related_name="agenda_items"
    )
    minutes = models.PositiveSmallIntegerField("length in minutes", null=True, blank=True)

    visible_by = everyone
    objects = VisibleQuerySet.as_manager()
    history = row_history()

    class Meta:
        ordering = ["meeting", "position"]
        constraints = [
            models.UniqueConstraint(fields=["meeting", "position"], name="agenda_position_once"),
        ]

    def __str__(self) -> str:
        return f"{self.position}. {self.title}"
