"""What is typed to share a version with all member agencies."""

from dataclasses import replace
from datetime import time, timedelta
from typing import Any

from django import forms

from isecg import instants
from products import guards
from products.facts import Facts
from workgroups.forms.local_time import LocalTimeForm


class CirculateForm(LocalTimeForm):
    """Until when the members are asked to read and comment (rule 17)."""

    instant_name = "closes_at"

    note = forms.CharField(
        label="What the members are asked for",
        required=False,
        max_length=2000,
        widget=forms.Textarea(attrs={"rows": 3}),
    )

    field_order = ["day", "time", "time_zone", "note"]

    def __init__(self, data: Any, *, facts: Facts, zone: str) -> None:
        # A day more than the least, so that the proposal still holds when it is sent.
        closes = instants.to_zone(facts.at, zone) + timedelta(days=facts.share_days + 1)
        initial = {"day": closes.date(), "time": time(18), "time_zone": zone}
        super().__init__(data, initial=initial)
        self._facts = facts
        self.fields["day"].label = "Open until"
        self.fields[
            "day"
        ].help_text = (
            f"The minimum share period of this kind of product is {facts.share_days} days."
        )

    def clean(self) -> dict[str, Any]:
        """Refuse a window that is too short beside its day, in the words of the guard."""
        data = super().clean()
        closes_at = data.get(self.instant_name)
        if closes_at and not self.errors:
            lack = guards.window_lack(replace(self._facts, closes_at=closes_at))
            if lack:
                self.add_error("day", lack)
        return data
