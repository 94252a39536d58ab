"""What the forms of several pages share: a reason, partial dates, days in a zone."""

from datetime import date, datetime, time
from typing import TYPE_CHECKING, Any

from django import forms
from django.core.exceptions import ValidationError

from isecg.partial_dates import validate_day, validate_partial_date
from workgroups import zones

if TYPE_CHECKING:
    # Generic for the type checker alone; Django's class takes no parameter.
    ModelForm = forms.ModelForm[Any]
    ModelChoice = forms.ModelChoiceField[Any]
else:
    ModelForm = forms.ModelForm
    ModelChoice = forms.ModelChoiceField


class ReasonForm(forms.Form):
    """A form whose act is kept with its reason (rule 50)."""

    reason = forms.CharField(max_length=500, help_text="Kept in the history of the record.")


class PartialDateInput(forms.CharField):
    """A date known to the day, the month or the year, kept as its ISO text."""

    default_validators = [validate_partial_date]

    def __init__(self, **kwargs: Any) -> None:
        kwargs.setdefault("help_text", "2007, 2007-11 or 2007-11-06.")
        super().__init__(max_length=10, **kwargs)


class DayInput(forms.DateField):
    """One day of the calendar."""

    default_validators = [validate_day]

    def __init__(self, **kwargs: Any) -> None:
        kwargs.setdefault("widget", forms.DateInput(attrs={"type": "date"}, format="%Y-%m-%d"))
        super().__init__(**kwargs)


class TimeInput(forms.TimeField):
    """A time of day, to the minute."""

    def __init__(self, **kwargs: Any) -> None:
        kwargs.setdefault("widget", forms.TimeInput(attrs={"type": "time"}, format="%H:%M"))
        super().__init__(**kwargs)


class ZoneInput(forms.ChoiceField):
    """A time zone by its IANA name."""

    def __init__(self, **kwargs: Any) -> None:
        super().__init__(choices=lambda: [(name, name) for name in zones.names()], **kwargs)


def instant(day: date, clock_time: time, zone: str) -> datetime:
    """Return the instant in UTC of a day and a time on the clocks of ``zone``.

    :raises ValidationError: if the clocks skip that time or show it twice (rule 40), or the
        day is out of range.
    """
    validate_day(day)
    try:
        return zones.instant(datetime.combine(day, clock_time), zone)
    except zones.ImpossibleTimeError as error:
        raise ValidationError(str(error), code="impossible_time") from error


class PeriodForm(ReasonForm):
    """A time from the start of one day until before another, in the zone that it names."""

    first_day = DayInput(label="From")
    until = DayInput(label="Until (that day not included)", required=False)

    def __init__(self, *args: Any, zone: str, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.zone = zone
        self.fields["first_day"].help_text = f"From the start of that day in {zone}."

    def clean(self) -> dict[str, Any]:
        """Give the service instants: ``starts_at`` and ``ends_at``."""
        data = super().clean() or self.cleaned_data
        for name, into in (("first_day", "starts_at"), ("until", "ends_at")):
            day = data.pop(name, None)
            try:
                data[into] = instant(day, time(), self.zone) if day else None
            except ValidationError as error:
                self.add_error(name, error)
        return data


class EndingForm(ReasonForm):
    """The end of a mandate or a duty: now, or at the start of a day to come."""

    ends_on = DayInput(label="Ends at the start of", required=False)

    def __init__(self, *args: Any, zone: str, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.zone = zone
        self.fields["ends_on"].help_text = f"That day in {zone}. Leave empty to end it now."

    def clean(self) -> dict[str, Any]:
        """Give the service an instant, or ``None`` for now."""
        data = super().clean() or self.cleaned_data
        day = data.pop("ends_on", None)
        try:
            data["ends_at"] = instant(day, time(), self.zone) if day else None
        except ValidationError as error:
            self.add_error("ends_on", error)
        return data


class EndDateForm(ReasonForm):
    """The end of a membership or of a group, as exactly as it is known."""

    end = PartialDateInput(label="Ended on")

    def __init__(self, *args: Any, label: str, today: date, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["end"].label = label
        self.fields["end"].initial = today.isoformat()
