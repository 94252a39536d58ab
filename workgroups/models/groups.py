"""Working groups: their time, their agencies and the people who run them (rule 8)."""

from datetime import datetime

from django.db import models
from django.urls import reverse

from isecg.history import Tracked, row_history
from isecg.partial_dates import PartialDateField
from isecg.provenance import Sourced
from isecg.visibility import VisibleQuerySet, everyone
from workgroups import visibility
from workgroups.models.agencies import Agency
from workgroups.models.people import User
from workgroups.roles import GroupDuty


class GroupKind(models.TextChoices):
    WORKING_GROUP = "working_group", "Working group"
    SUB_TEAM = "sub_team", "Sub-team"
    ADVISORY_GROUP = "advisory_group", "Advisory group"


class WorkingGroup(Tracked, Sourced):
    """A group that does the work between meetings (rule 8)."""

    code = models.SlugField(max_length=20, unique=True)
    name = models.CharField(max_length=200)
    kind = models.CharField(max_length=20, choices=GroupKind, default=GroupKind.WORKING_GROUP)
    lead_agency = models.ForeignKey(
        Agency, models.PROTECT, null=True, blank=True, related_name="led_groups"
    )
    predecessor = models.ForeignKey(
        "self", models.PROTECT, null=True, blank=True, related_name="successors"
    )
    parent = models.ForeignKey(
        "self", models.PROTECT, null=True, blank=True, related_name="sub_teams"
    )
    start = PartialDateField("from")
    end = PartialDateField("to")
    known_active = models.JSONField(
        "years it is known to have worked", default=list, blank=True, help_text="A list of years."
    )
    named_co_chairs = models.JSONField("co-chairs named by the source", default=list, blank=True)

    visible_by = everyone
    objects = VisibleQuerySet.as_manager()
    history = row_history()

    class Meta:
        ordering = ["code"]
        constraints = [
            *Sourced.Meta.constraints,
            models.CheckConstraint(
                condition=models.Q(kind__in=GroupKind.values), name="group_kind_known"
            ),
            models.CheckConstraint(
                condition=models.Q(start="")
                | models.Q(end="")
                | models.Q(end__gte=models.F("start")),
                name="group_ends_after_start",
                violation_error_message="A group ends after it starts.",
            ),
        ]

    def __str__(self) -> str:
        return self.code

    def get_absolute_url(self) -> str:
        return reverse("group", args=[self.code])


class GroupMember(Tracked):
    """An agency's time in a group."""

    group = models.ForeignKey(WorkingGroup, models.PROTECT, related_name="members")
    agency = models.ForeignKey(Agency, models.PROTECT, related_name="group_memberships")
    start = PartialDateField("from")
    end = PartialDateField("to")

    visible_by = everyone
    objects = VisibleQuerySet.as_manager()
    history = row_history()

    class Meta:
        ordering = ["group", "agency__code"]
        constraints = [
            models.UniqueConstraint(
                fields=["group", "agency"],
                condition=models.Q(end=""),
                name="group_member_once",
                violation_error_message="This agency is in the group already.",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.agency} in {self.group}"


class GroupRoleQuerySet(VisibleQuerySet["GroupRole"]):
    def valid_at(self, at: datetime) -> "GroupRoleQuerySet":
        """Duties held at an instant: from <= at < to."""
        return self.filter(models.Q(ends_at=None) | models.Q(ends_at__gt=at), starts_at__lte=at)


class GroupRole(Tracked):
    """What a person does in a group, and for how long."""

    group = models.ForeignKey(WorkingGroup, models.PROTECT, related_name="roles")
    person = models.ForeignKey(User, models.PROTECT, related_name="group_roles")
    duty = models.CharField(max_length=10, choices=GroupDuty)
    starts_at = models.DateTimeField("from")
    ends_at = models.DateTimeField("to", null=True, blank=True)

    visible_by = visibility.people("person")
    objects = GroupRoleQuerySet.as_manager()
    history = row_history()

    class Meta:
        ordering = ["group", "duty", "starts_at"]
        constraints = [
            models.CheckConstraint(
                condition=models.Q(duty__in=GroupDuty.values), name="group_role_duty_known"
            ),
            models.CheckConstraint(
                condition=models.Q(ends_at=None) | models.Q(ends_at__gt=models.F("starts_at")),
                name="group_role_ends_after_start",
                violation_error_message="A duty ends after it starts.",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.person}, {self.get_duty_display().lower()} of {self.group}"
