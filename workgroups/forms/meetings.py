"""What is typed about meetings, their times, who came and what was on the agenda."""

from collections.abc import Iterable
from datetime import date
from typing import Any

from django import forms
from django.core.exceptions import ValidationError

from isecg.partial_dates import PartialDate, validate_day
from isecg.stale import StaleGuard
from workgroups.forms.base import (
    DayInput,
    ModelForm,
    PartialDateInput,
    ReasonForm,
    TimeInput,
    ZoneInput,
    instant,
)
from workgroups.models import Agency, AgendaItem, Attendance, Meeting, User
from workgroups.models.meetings import MeetingKind, Presence
from workgroups.services.meetings import refusal_of_move, refusal_of_time

_WHERE = ["mode", "place", "country_code", "host", "chair"]
_ABOUT = ["source", "confidence", "note"]


class MeetingFilterForm(forms.Form):
    """Which meetings to show."""

    q = forms.CharField(label="Title or place", required=False, max_length=100)
    kind = forms.ChoiceField(choices=[("", "Every kind"), *MeetingKind.choices], required=False)


class DaysInput(forms.CharField):
    """Several days, as a list of dates."""

    def __init__(self, **kwargs: Any) -> None:
        kwargs.setdefault("help_text", "All of them: 2021-11-30, 2021-12-02.")
        super().__init__(max_length=200, required=False, **kwargs)

    def prepare_value(self, value: Any) -> Any:
        """Return days as they are typed."""
        return value if isinstance(value, str | None) else ", ".join(map(str, value))

    def clean(self, value: Any) -> Any:
        """Return the days in order, each once.

        :raises ValidationError: if one is no day of the calendar, or there is only one.
        """
        words = super().clean(value).replace(",", " ").split()
        try:
            days = sorted({date.fromisoformat(word) for word in words})
        except ValueError as error:
            raise ValidationError(
                "Write each day in full, as in 2021-11-30, 2021-12-02.", code="days"
            ) from error
        for day in days:
            validate_day(day)
        if len(days) == 1:
            raise ValidationError("One day alone is the first day: leave this empty.", code="days")
        return days


class MeetingForm(ReasonForm, ModelForm):
    """A new meeting: one to be held, or one to be put on record."""

    held = forms.BooleanField(
        label="It took place already",
        required=False,
        help_text="Puts a past meeting on record. Nobody is reminded of it.",
    )
    start = PartialDateInput(
        label="First day",
        required=False,
        help_text="2007, 2007-11 or 2007-11-06. Leave empty if it is not known.",
    )
    time = TimeInput(
        label="Starts at",
        required=False,
        help_text="On the clocks of the zone below. Without a time nobody is reminded.",
    )
    time_zone = ZoneInput(help_text="Whose clocks show that time.")
    days = DaysInput(label="Days that are not adjacent")

    class Meta:
        model = Meeting
        fields = [
            "kind",
            "title",
            "number",
            "group",
            "start",
            "time_zone",
            "duration_minutes",
            "end",
            *_WHERE,
            *_ABOUT,
        ]
        widgets = {"source": forms.TextInput, "note": forms.Textarea(attrs={"rows": 3})}

    field_order = [
        "kind",
        "title",
        "number",
        "group",
        "held",
        "start",
        "time",
        "time_zone",
        "duration_minutes",
        "end",
        "days",
        *_WHERE,
        *_ABOUT,
        "reason",
    ]

    def clean(self) -> dict[str, Any]:
        """Give the service one instant, ``starts_at``, or the days alone."""
        data = super().clean() or self.cleaned_data
        at = data.pop("time", None)
        start = data.get("start", "")
        data["starts_at"] = None
        if self.errors.keys() & {"start", "time", "time_zone"}:
            return data
        if at is not None:
            if not start or PartialDate.parse(start).precision != "day":
                self.add_error("start", "A time needs its day: write it as 2007-11-06.")
                return data
            try:
                data["starts_at"] = instant(date.fromisoformat(start), at, data["time_zone"])
            except ValidationError as error:
                self.add_error("time", error)
                return data
        problem = refusal_of_time(
            starts_at=data["starts_at"], start=start, end=data.get("end", ""), held=data["held"]
        )
        if problem:
            self.add_error("time" if data["starts_at"] else "start", problem)
        return data


class MeetingEditForm(StaleGuard, ReasonForm, ModelForm):
    """What may be corrected of a meeting; its time has its own form."""

    days = DaysInput(label="Days that are not adjacent")

    class Meta(MeetingForm.Meta):
        fields = [
            "kind",
            "title",
            "number",
            "group",
            "start",
            "duration_minutes",
            "end",
            *_WHERE,
            *_ABOUT,
        ]

    field_order = [
        "kind",
        "title",
        "number",
        "group",
        "start",
        "duration_minutes",
        "end",
        "days",
        *_WHERE,
        *_ABOUT,
        "reason",
    ]

    def __init__(self, *args: Any, row: Meeting, **kwargs: Any) -> None:
        days = [one.day for one in row.days.all()]
        super().__init__(*args, row=row, instance=row, initial={"days": days}, **kwargs)
        if row.starts_at is not None:
            # The day goes with the instant.
            del self.fields["start"]


class MoveForm(StaleGuard, ReasonForm):
    """Another start of a meeting."""

    day = DayInput(label="First day")
    time = TimeInput(label="Starts at", help_text="On the clocks of the zone below.")
    time_zone = ZoneInput(help_text="Whose clocks show that time.")

    field_order = ["day", "time", "time_zone", "reason"]

    def clean(self) -> dict[str, Any]:
        """Give the service one instant: ``starts_at``."""
        data = super().clean() or self.cleaned_data
        day, at = data.pop("day", None), data.pop("time", None)
        if day is None or at is None or "time_zone" not in data:
            return data
        try:
            data["starts_at"] = instant(day, at, data["time_zone"])
        except ValidationError as error:
            self.add_error("time", error)
            return data
        assert isinstance(self.row, Meeting)
        if problem := refusal_of_move(self.row, starts_at=data["starts_at"]):
            self.add_error("time", problem)
        return data


class AttendanceForm(StaleGuard, ReasonForm):
    """How each agency took part: all of them at once."""

    attending_count = forms.IntegerField(
        label="Agencies present, as the source counts",
        required=False,
        min_value=0,
        max_value=1000,
        help_text="Where a source counts, with names or without. It may differ from the names.",
    )
    attendance_note = forms.CharField(
        label="Note on attendance",
        required=False,
        max_length=2000,
        widget=forms.Textarea(attrs={"rows": 3}),
    )

    def __init__(
        self,
        *args: Any,
        row: Meeting,
        agencies: Iterable[tuple[Agency, str]],
        recorded: Iterable[Attendance],
        **kwargs: Any,
    ) -> None:
        initial = {"attending_count": row.attending_count, "attendance_note": row.attendance_note}
        super().__init__(*args, row=row, initial=initial, **kwargs)
        former = {one.agency_id: one.presence for one in recorded}
        self.agencies = {f"agency_{agency.pk}": agency for agency, _ in agencies}
        for (name, agency), (_, label) in zip(self.agencies.items(), agencies, strict=True):
            self.fields[name] = forms.ChoiceField(
                label=label,
                choices=[("", "Not recorded"), *Presence.choices],
                required=False,
                initial=former.get(agency.pk, ""),
            )
        self.order_fields([*self.agencies, "attending_count", "attendance_note", "reason"])

    def clean(self) -> dict[str, Any]:
        """Give the service what was said of each agency: ``presences``."""
        data = super().clean() or self.cleaned_data
        data["presences"] = {
            agency: data.pop(name) for name, agency in self.agencies.items() if name in data
        }
        return data


class AgendaItemForm(ReasonForm):
    """A new item of an agenda."""

    title = forms.CharField(max_length=200)
    speaker = forms.ModelChoiceField(User.objects.filter(is_active=True), required=False)
    minutes = forms.IntegerField(
        label="Length in minutes", required=False, min_value=1, max_value=1440
    )
    position = forms.IntegerField(
        label="Place on the agenda",
        required=False,
        min_value=1,
        max_value=500,
        help_text="Leave empty to leave it where it is, or to put a new item at the end.",
    )

    field_order = ["title", "speaker", "minutes", "position", "reason"]


class AgendaItemEditForm(StaleGuard, AgendaItemForm):
    """What may be corrected of an item."""

    def __init__(self, *args: Any, row: AgendaItem, **kwargs: Any) -> None:
        initial = {
            "title": row.title,
            "speaker": row.speaker_id,
            "minutes": row.minutes,
            "position": row.position,
        }
        super().__init__(*args, row=row, initial=initial, **kwargs)
