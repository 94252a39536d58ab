"""What is typed about agencies, their names and their memberships."""

from typing import Any, cast

from django import forms

from isecg.stale import StaleGuard
from workgroups.forms.base import DayInput, ModelChoice, ModelForm, ReasonForm, ZoneInput
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


class AgencyInput(ModelChoice):
    """An agency, by its code and its name."""

    def label_from_instance(self, obj: Agency) -> str:
        return f"{obj.code}, {obj.name}"


class SuccessionForm(ReasonForm):
    """Another agency in the place of one, from a day on (rules 1 to 4)."""

    successor = AgencyInput(
        Agency.objects.none(),
        help_text="It is in the list of agencies; add it there first where it is not.",
    )
    first_day = DayInput(
        label="From", help_text="Its first day in that place: today, or a day that is past."
    )
    carry_mandates = forms.BooleanField(
        label="The same people hold the same capacity of the successor",
        required=False,
        initial=True,
        help_text="Else its seat is vacant until mandates are granted.",
    )
    source = forms.CharField(max_length=200, help_text="Where it is announced.")

    field_order = ["successor", "first_day", "carry_mandates", "source", "reason"]

    def __init__(self, *args: Any, former: Agency, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        field = cast("ModelChoice", self.fields["successor"])
        field.queryset = Agency.objects.filter(succession=None).exclude(pk=former.pk)


class MembershipForm(ReasonForm, ModelForm):
    """The start of a membership (rule 2)."""

    class Meta:
        model = Membership
        fields = ["start", "attested_on"]
