"""What is typed about agencies, their names and their memberships."""

from typing import Any

from django import forms

from isecg.stale import StaleGuard
from workgroups.forms.base import DayInput, ModelForm, ReasonForm, ZoneInput
from workgroups.models import Agency, Membership
from workgroups.models.agencies import AgencyKind

_FIELDS = [
    "country",
    "country_code",
    "kind",
    "founding_member",
    "hq_city",
    "time_zone",
    "source",
    "confidence",
    "note",
]


class AgencyFilterForm(forms.Form):
    """Which agencies to show: by a present or former code or name, and by a day."""

    q = forms.CharField(
        label="Code or name", required=False, max_length=100, help_text="Former ones too."
    )
    on = DayInput(label="Members on", required=False)


class AgencyForm(ReasonForm, ModelForm):
    """A new agency."""

    kind = forms.ChoiceField(choices=AgencyKind.choices)
    time_zone = ZoneInput(initial="UTC", help_text="Where its head office is.")

    class Meta:
        model = Agency
        fields = ["code", "name", *_FIELDS]
        widgets = {"source": forms.TextInput, "note": forms.Textarea(attrs={"rows": 3})}

    field_order = ["code", "name", *_FIELDS, "reason"]


class AgencyEditForm(StaleGuard, ReasonForm, ModelForm):
    """What may be corrected of an agency; a new name has its own form."""

    kind = forms.ChoiceField(choices=AgencyKind.choices)
    time_zone = ZoneInput(help_text="Where its head office is.")

    class Meta(AgencyForm.Meta):
        fields = _FIELDS

    field_order = [*_FIELDS, "reason"]

    def __init__(self, *args: Any, row: Agency, **kwargs: Any) -> None:
        super().__init__(*args, row=row, instance=row, **kwargs)


class RenameForm(ReasonForm):
    """A new code and name, from a day on (rule 1)."""

    code = forms.CharField(max_length=20)
    name = forms.CharField(max_length=200)
    first_day = DayInput(label="From", help_text="The first day of the new name.")
    source = forms.CharField(max_length=500, required=False, help_text="Where it is announced.")

    field_order = ["code", "name", "first_day", "source", "reason"]


class MembershipForm(ReasonForm, ModelForm):
    """The start of a membership (rule 2)."""

    class Meta:
        model = Membership
        fields = ["start", "attested_on"]
