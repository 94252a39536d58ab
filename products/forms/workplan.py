"""What is typed about the Workplan."""

from typing import Any

from django import forms

from isecg.stale import StaleGuard
from products.models import WorkplanItem
from products.models.workplan import ItemKind, ItemStatus
from workgroups.forms.base import ModelForm, ReasonForm
from workgroups.models import Agency, WorkingGroup

_FIELDS = [
    "kind",
    "title",
    "product",
    "group",
    "lead_agency",
    "status",
    "baseline",
    "forecast",
    "actual",
    "notes",
]


class WorkplanFilterForm(forms.Form):
    """Which items to show."""

    group = forms.ModelChoiceField(
        WorkingGroup.objects.all(),
        to_field_name="code",
        required=False,
        empty_label="Every group",
    )
    status = forms.ChoiceField(choices=[("", "Every status"), *ItemStatus.choices], required=False)


class ItemForm(ReasonForm, ModelForm):
    """A line of the Workplan (rule 47)."""

    kind = forms.ChoiceField(choices=ItemKind.choices)
    agencies = forms.ModelMultipleChoiceField(
        Agency.objects.all(),
        label="Participating agencies",
        widget=forms.CheckboxSelectMultiple,
        required=False,
    )

    class Meta:
        model = WorkplanItem
        fields = _FIELDS
        widgets = {"notes": forms.Textarea(attrs={"rows": 3})}

    field_order = [*_FIELDS[:5], "agencies", *_FIELDS[5:], "reason"]

    def clean(self) -> dict[str, Any]:
        """Refuse a product without its product, and an activity with one, beside the field."""
        data = super().clean() or self.cleaned_data
        if data.get("kind") == ItemKind.PRODUCT and not data.get("product"):
            self.add_error("product", "An item of the kind “Product” names its product.")
        if data.get("kind") == ItemKind.ACTIVITY and data.get("product"):
            self.add_error("product", "An activity names no product: leave this empty.")
        return data


class ItemEditForm(StaleGuard, ItemForm):
    """A change of a line of the Workplan."""

    def __init__(self, *args: Any, row: WorkplanItem, **kwargs: Any) -> None:
        super().__init__(*args, row=row, instance=row, **kwargs)
        if not self.is_bound:
            self.fields["agencies"].initial = list(
                row.participations.filter(active=True).values_list("agency_id", flat=True)
            )
