"""What is typed about people and their mandates, and at sign-in."""

from collections.abc import Iterable
from typing import Any, cast

from django import forms
from django.contrib.auth import password_validation
from django.contrib.auth.forms import AuthenticationForm

from isecg.stale import StaleGuard
from workgroups.forms.base import ModelForm, PeriodForm, ReasonForm, ZoneInput
from workgroups.limits import Limit
from workgroups.models import Mandate, User
from workgroups.roles import Capacity


class SignInForm(AuthenticationForm):
    """An address and a password."""

    error_messages = {
        "invalid_login": (
            "No account opens with this address and password. The address may be in any case; "
            "the password may not. If you should have an account, ask the secretariat."
        ),
        "inactive": "This account is suspended. Ask the secretariat.",
    }

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["username"].label = "Address"
        self.fields["username"].widget.input_type = "email"


class PeopleFilterForm(forms.Form):
    """Which people to show."""

    q = forms.CharField(label="Name or address", required=False, max_length=100)


class _NewPasswordForm(forms.Form):
    """A password, checked by the site's rules for one."""

    password = forms.CharField(
        required=False,
        strip=False,
        max_length=200,
        widget=forms.PasswordInput(attrs={"autocomplete": "new-password"}),
    )

    def clean_password(self) -> str:
        password: str = self.cleaned_data["password"]
        if password:
            password_validation.validate_password(password)
        return password


class PersonForm(_NewPasswordForm, ReasonForm, ModelForm):
    """A new account."""

    time_zone = ZoneInput(initial="UTC", help_text="Instants are shown to them in this zone.")

    class Meta:
        model = User
        fields = ["name", "email", "time_zone", "is_secretariat"]

    field_order = ["name", "email", "time_zone", "password", "is_secretariat", "reason"]

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["password"].label = "First password"
        self.fields[
            "password"
        ].help_text = (
            "12 characters or more; hand it over yourself. Without one they cannot sign in yet."
        )


class PersonEditForm(StaleGuard, _NewPasswordForm, ReasonForm, ModelForm):
    """Changes of an account; suspended people keep their record and lose their powers."""

    time_zone = ZoneInput(help_text="Instants are shown to them in this zone.")

    class Meta:
        model = User
        fields = ["name", "email", "time_zone", "is_secretariat", "is_active"]

    field_order = [
        "name",
        "email",
        "time_zone",
        "password",
        "is_secretariat",
        "is_active",
        "reason",
    ]

    def __init__(self, *args: Any, row: User, **kwargs: Any) -> None:
        super().__init__(*args, row=row, instance=row, **kwargs)
        self.fields["password"].label = "New password"
        self.fields["password"].help_text = "Leave empty to keep the present one."


class ProfileForm(ModelForm):
    """One's own name and zone."""

    time_zone = ZoneInput(help_text="Instants are shown to you in this zone.")

    class Meta:
        model = User
        fields = ["name", "time_zone"]


class OwnPasswordForm(forms.Form):
    """A new password for oneself, given with the present one."""

    present = forms.CharField(
        label="Present password",
        strip=False,
        max_length=200,
        widget=forms.PasswordInput(attrs={"autocomplete": "current-password"}),
    )
    password = forms.CharField(
        label="New password",
        strip=False,
        max_length=200,
        help_text="12 characters or more.",
        widget=forms.PasswordInput(attrs={"autocomplete": "new-password"}),
    )

    def __init__(self, *args: Any, person: User, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.person = person

    def clean_present(self) -> str:
        present: str = self.cleaned_data["present"]
        if not self.person.check_password(present):
            raise forms.ValidationError("This is not your present password.", code="wrong")
        return present

    def clean_password(self) -> str:
        password: str = self.cleaned_data["password"]
        password_validation.validate_password(password, self.person)
        return password


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
