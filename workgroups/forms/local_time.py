"""A day, a time and a zone, typed apart and given to a service as one instant."""

from typing import Any, ClassVar

from django import forms
from django.core.exceptions import ValidationError

from isecg import clock
from workgroups.forms.base import DayInput, TimeInput, ZoneInput, instant


class LocalTimeForm(forms.Form):
    """An instant to come, as the clocks of a zone show it (rule 40).

    The cleaned data hold it in UTC under ``instant_name``, and its ``time_zone``.
    """

    instant_name: ClassVar[str] = "at"

    day = DayInput()
    time = TimeInput()
    time_zone = ZoneInput(help_text="Whose clocks show that time.")

    def clean(self) -> dict[str, Any]:
        """Give the service one instant; refuse one that does not exist or has passed."""
        data = super().clean() or self.cleaned_data
        day, clock_time = data.pop("day", None), data.pop("time", None)
        if day and clock_time and data.get("time_zone"):
            try:
                data[self.instant_name] = instant(day, clock_time, data["time_zone"])
            except ValidationError as error:
                self.add_error("time", error)
            else:
                if data[self.instant_name] <= clock.now():
                    self.add_error("day", "This lies in the past: choose a later day or time.")
        return data
