"""What is typed about the chair."""

from typing import Any

from django import forms
from django.core.exceptions import ValidationError

from isecg.partial_dates import PartialDate
from workgroups.forms.base import (
    DayInput,
    ModelChoice,
    PartialDateInput,
    ReasonForm,
    TimeInput,
    ZoneInput,
    instant,
)
from workgroups.models import Agency, Meeting, User
from workgroups.models.meetings import MeetingStatus


class MeetingInput(ModelChoice):
    """A meeting, with its day: many bear the same title."""

    def label_from_instance(self, obj: Meeting) -> str:
        return f"{PartialDate.parse(obj.start)}: {obj.title}" if obj.start else obj.title


class HandOverForm(ReasonForm):
    """A handover of the chair, scheduled or recorded (rule 7)."""

    agency = forms.ModelChoiceField(Agency.objects.all())
    person = forms.ModelChoiceField(
        User.objects.filter(is_active=True, mandates__isnull=False).distinct(),
        required=False,
        help_text="Who chairs. Left empty, the agency's head of delegation and alternates do.",
    )
    meeting = MeetingInput(
        Meeting.objects.filter(status=MeetingStatus.SCHEDULED),
        label="At the meeting",
        help_text="The meeting or teleconference with which the chair passes on.",
    )
    day = DayInput(label="Takes effect on")
    time = TimeInput(label="At")
    zone = ZoneInput(label="Time zone", help_text="Whose clocks show that time.")
    planned_end = PartialDateInput(
        label="Planned until",
        required=False,
        help_text="As announced; it moves no powers. 2027, 2027-11 or 2027-11-06.",
    )

    field_order = [
        "agency",
        "person",
        "meeting",
        "day",
        "time",
        "zone",
        "planned_end",
        "reason",
    ]

    def clean(self) -> dict[str, Any]:
        """Give the service one instant: ``at``."""
        data = super().clean() or self.cleaned_data
        day, clock_time = data.pop("day", None), data.pop("time", None)
        if day and clock_time and data.get("zone"):
            try:
                data["at"] = instant(day, clock_time, data["zone"])
            except ValidationError as error:
                self.add_error("time", error)
        return data
