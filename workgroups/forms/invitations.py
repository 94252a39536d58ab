"""What is typed to invite somebody, and to accept."""

from typing import Any

from django import forms
from django.contrib.auth import password_validation

from workgroups import limits
from workgroups.forms.base import PeriodForm, ZoneInput
from workgroups.identity_providers import Provider
from workgroups.models import Agency, Invitation, User
from workgroups.permissions import Standing
from workgroups.roles import Ability, InvitedAs
from workgroups.services.invitations import invitable


class InvitationForm(PeriodForm):
    """Whom to invite, and in what role."""

    email = forms.EmailField(label="Address", max_length=254)
    name = forms.CharField(
        max_length=Invitation._meta.get_field("name").max_length,
        required=False,
        help_text="As you know it; they can write it otherwise.",
    )
    invited_as = forms.TypedChoiceField(label="In the role of", coerce=InvitedAs)
    agency = forms.ModelChoiceField(Agency.objects.none(), required=False)

    limited_to = forms.ChoiceField(label="For", required=False)

    field_order = [
        "email",
        "name",
        "invited_as",
        "agency",
        "limited_to",
        "first_day",
        "until",
        "reason",
    ]

    def __init__(self, *args: Any, standing: Standing, **kwargs: Any) -> None:
        zone = getattr(standing.user, "time_zone", "UTC")
        super().__init__(*args, zone=zone, **kwargs)
        self.standing = standing
        agencies = Agency.objects.members_on(standing.at.date())
        if not standing.may(Ability.KEEP_ROSTER):
            agencies = agencies.filter(pk__in=[agency.pk for agency in standing.headed])
        self.fields["agency"].queryset = agencies  # type: ignore[attr-defined]
        roles = invitable(standing)
        self.fields["invited_as"].choices = [  # type: ignore[attr-defined]
            (role.value, role.label) for role in roles
        ]
        self.fields["limited_to"].choices = [  # type: ignore[attr-defined]
            ("", "everything"),
            *((limit.code, limit.label) for limit in limits.open_to(standing)),
        ]
        self.fields["first_day"].required = False
        self.fields["first_day"].label = "Mandate from"
        self.fields["first_day"].help_text = f"A day in {zone}. Left empty: once they accept."
        self.fields["until"].label = "Mandate until (that day not included)"

    def clean(self) -> dict[str, Any]:
        """Ask for the agency where the role is held for one, and give the service its names."""
        data = super().clean()
        data["mandate_starts_at"] = data.pop("starts_at", None)
        data["mandate_ends_at"] = data.pop("ends_at", None)
        role = data.get("invited_as")
        if role and role not in InvitedAs.without_agency() and not data.get("agency"):
            self.add_error("agency", "Say for which agency this role is held.")
        starts_at, ends_at = data["mandate_starts_at"], data["mandate_ends_at"]
        if starts_at and ends_at and ends_at <= starts_at:
            self.add_error("until", "A mandate ends after it starts.")
        return data


class AcceptForm(forms.Form):
    """The account that somebody opens by an invitation."""

    name = forms.CharField(max_length=200, help_text="As others see it beside what you do.")
    time_zone = ZoneInput(help_text="Instants are shown to you in this zone.")
    password = forms.CharField(
        strip=False,
        max_length=200,
        widget=forms.PasswordInput(attrs={"autocomplete": "new-password"}),
        help_text="12 characters or more, and none of the common ones. Any characters will do.",
    )

    def __init__(self, *args: Any, provider: Provider | None, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        if provider is not None:
            self.fields["password"].required = False
            self.fields["password"].help_text = (
                f"Leave empty to sign in through {provider.name} alone. "
                f"{self.fields['password'].help_text}"
            )

    def clean_password(self) -> str:
        password: str = self.cleaned_data["password"]
        if password:
            password_validation.validate_password(password, User())
        return password


class AcceptKnownForm(forms.Form):
    """Whoever has an account accepts by pressing the button."""
