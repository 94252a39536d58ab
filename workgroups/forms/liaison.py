"""What is typed about the organisations that ISECG relates to."""

from typing import Any

from django import forms

from isecg.stale import StaleGuard
from workgroups.forms.base import ModelForm, ReasonForm
from workgroups.models import LiaisonOrganisation

_FIELDS = ["name", "relation", "founded", "source", "confidence", "note"]


class OrganisationForm(ReasonForm, ModelForm):
    """An organisation that is entered."""

    class Meta:
        model = LiaisonOrganisation
        fields = ["code", *_FIELDS]
        widgets = {
            "relation": forms.Textarea(attrs={"rows": 2}),
            "source": forms.TextInput,
            "note": forms.Textarea(attrs={"rows": 3}),
        }

    field_order = ["code", *_FIELDS, "reason"]


class OrganisationEditForm(StaleGuard, ReasonForm, ModelForm):
    """What may be corrected of an organisation; its code never changes."""

    class Meta(OrganisationForm.Meta):
        fields = _FIELDS

    field_order = [*_FIELDS, "reason"]

    def __init__(self, *args: Any, row: LiaisonOrganisation, **kwargs: Any) -> None:
        super().__init__(*args, row=row, instance=row, **kwargs)
