"""What is typed about working groups, their agencies and duties."""

from typing import Any

from django import forms

from isecg.stale import StaleGuard
from workgroups.forms.base import ModelForm, PartialDateInput, PeriodForm, ReasonForm
from workgroups.models import Agency, User, WorkingGroup
from workgroups.models.groups import GroupKind
from workgroups.roles import GroupDuty

_FIELDS = [
    "name",
    "kind",
    "lead_agency",
    "predecessor",
    "parent",
    "start",
    "source",
    "confidence",
    "note",
]


class GroupForm(ReasonForm, ModelForm):
    """A new group."""

    kind = forms.ChoiceField(choices=GroupKind.choices)

    class Meta:
        model = WorkingGroup
        fields = ["code", *_FIELDS]
        widgets = {"source": forms.TextInput, "note": forms.Textarea(attrs={"rows": 3})}
        labels = {"parent": "Part of"}

    field_order = ["code", *_FIELDS, "reason"]


class GroupEditForm(StaleGuard, ReasonForm, ModelForm):
    """What may be corrected of a group; its code never changes."""

    kind = forms.ChoiceField(choices=GroupKind.choices)

    class Meta(GroupForm.Meta):
        fields = _FIELDS

    field_order = [*_FIELDS, "reason"]

    def __init__(self, *args: Any, row: WorkingGroup, **kwargs: Any) -> None:
        super().__init__(*args, row=row, instance=row, **kwargs)


class GroupMemberForm(ReasonForm):
    """An agency that takes part in a group."""

    agency = forms.ModelChoiceField(Agency.objects.all())
    start = PartialDateInput(
        label="From", required=False, help_text="2007, 2007-11 or 2007-11-06. Empty: not known."
    )

    field_order = ["agency", "start", "reason"]


class GroupRoleForm(PeriodForm):
    """A duty of a person in a group."""

    person = forms.ModelChoiceField(User.objects.filter(is_active=True))
    duty = forms.ChoiceField(choices=GroupDuty.choices)

    field_order = ["person", "duty", "first_day", "until", "reason"]
