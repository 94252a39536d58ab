"""What is typed about the organisations that ISECG relates to."""

from typing import Any

from django import forms

from isecg.stale import StaleGuard
from workgroups.forms.base import ModelForm, PeriodForm, ReasonForm
from workgroups.models import LiaisonOrganisation, User

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


class ContactForm(PeriodForm):
    """A person through whom an organisation is reached."""

    person = forms.ModelChoiceField(
        User.objects.filter(is_active=True, is_secretariat=False),
        help_text="Somebody who holds no mandate: a contact never has a voice.",
    )

    field_order = ["person", "first_day", "until", "reason"]
