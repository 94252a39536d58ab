"""What is typed about people and their mandates."""

from collections.abc import Iterable
from typing import Any, cast

from django import forms

from isecg.stale import StaleGuard
from workgroups.forms.base import ModelForm, PeriodForm, ReasonForm, ZoneInput
from workgroups.limits import Limit
from workgroups.models import Mandate, User
from workgroups.roles import Capacity


class PeopleFilterForm(forms.Form):
    """Which people to show."""

    q = forms.CharField(label="Name or address", required=False, max_length=100)


class PersonEditForm(StaleGuard, ReasonForm, ModelForm):
    """Changes of an account; suspended people keep their record and lose their powers."""

    time_zone = ZoneInput(help_text="Instants are shown to them in this zone.")

    class Meta:
        model = User
        fields = ["name", "time_zone", "is_secretariat", "is_active"]

    field_order = ["name", "time_zone", "is_secretariat", "is_active", "reason"]

    def __init__(self, *args: Any, row: User, names_secretariat: bool, **kwargs: Any) -> None:
        super().__init__(*args, row=row, instance=row, **kwargs)
        if not names_secretariat:
            del self.fields["is_secretariat"]


class ProfileForm(ModelForm):
    """One's own name and zone."""

    time_zone = ZoneInput(help_text="Instants are shown to you in this zone.")

    class Meta:
        model = User
        fields = ["name", "time_zone"]


class AddressForm(forms.Form):
    """Another address to sign in with."""

    email = forms.EmailField(label="New address", max_length=254)


class MandateForm(PeriodForm):
    """The grant of a mandate (rule 4)."""

    person = forms.ModelChoiceField(User.objects.filter(is_active=True))
    capacity = forms.ChoiceField(choices=Capacity.choices)
    limited_to = forms.ChoiceField(
        label="Holds for",
        required=False,
        help_text="A mandate for one product lets its holder read and act for that one alone.",
    )
    granted_by = forms.CharField(
        max_length=Mandate._meta.get_field("granted_by").max_length,
        help_text="Who gave it, as in a letter's signature.",
    )
    reference = forms.CharField(
        max_length=200, required=False, help_text="The letter or note that says so."
    )

    field_order = [
        "person",
        "capacity",
        "limited_to",
        "first_day",
        "until",
        "granted_by",
        "reference",
        "reason",
    ]

    def __init__(self, *args: Any, limits: Iterable[Limit], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        choices = [(limit.code, limit.label) for limit in limits]
        cast(forms.ChoiceField, self.fields["limited_to"]).choices = [
            ("", "Everything"),
            *choices,
        ]
