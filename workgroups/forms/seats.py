"""What is typed, or pressed, about those who hold an agency's seat."""

from collections.abc import Iterable
from typing import Any, cast

from django import forms
from django.db.models import QuerySet

from workgroups.forms.base import EndingForm
from workgroups.forms.people import MandateForm
from workgroups.models import Agency, Mandate, User
from workgroups.roles import NAMED_BY_HEAD, Capacity


class HolderForm(MandateForm):
    """An alternate or staff, named by the head of delegation.

    A head is shown no directory: the person is one who holds or held a mandate of the
    agency, or the owner of an address that the head knows.
    """

    # Without a name for it: what a head grants is granted by the head.
    granted_by = None  # type: ignore[assignment]
    address = forms.EmailField(
        required=False,
        label="Or the address of an account",
        help_text="The whole address. The secretariat opens accounts.",
    )

    field_order = [
        "person",
        "address",
        "capacity",
        "limited_to",
        "first_day",
        "until",
        "reference",
        "reason",
    ]

    def __init__(self, *args: Any, agency: Agency, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        person = cast("forms.ModelChoiceField[User]", self.fields["person"])
        person.queryset = User.objects.filter(is_active=True, mandates__agency=agency).distinct()
        person.required = False
        person.help_text = f"Who holds or held a mandate of {agency}."
        cast(forms.ChoiceField, self.fields["capacity"]).choices = [
            (capacity.value, capacity.label) for capacity in Capacity if capacity in NAMED_BY_HEAD
        ]
        self.order_fields(self.field_order)

    def clean_address(self) -> User | None:
        """Return whose address it is."""
        address = self.cleaned_data["address"]
        if not address:
            return None
        owner = User.objects.filter(email__iexact=address, is_active=True).first()
        if owner is None:
            raise forms.ValidationError(
                "No account has this address. Ask the secretariat to open one.", code="unknown"
            )
        return owner

    def clean(self) -> dict[str, Any]:
        """Give the service one person, however they were named."""
        data = super().clean()
        owner, person = data.pop("address", None), data.get("person")
        if owner and person and owner != person:
            self.add_error("address", "Name one person: this is another one's address.")
        elif not owner and not person and not {"person", "address"} & self.errors.keys():
            self.add_error("person", "Choose a person, or type the address of an account.")
        data["person"] = person or owner
        return data


class HandOverForm(EndingForm):
    """The end of a mandate, and who takes over what its holder has in hand."""

    successor = forms.ModelChoiceField(
        User.objects.none(),
        required=False,
        empty_label="Nobody: it stays open",
        help_text="Becomes the editor and speaks at meetings in their stead.",
    )

    field_order = ["successor", "ends_on", "reason"]

    def __init__(self, *args: Any, successors: QuerySet[User], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        field = cast("forms.ModelChoiceField[User]", self.fields["successor"])
        field.queryset = successors
        field.initial = successors.first()


class ConfirmForm(forms.Form):
    """One button; it sends along which mandates were shown when it was pressed."""

    holders = forms.RegexField(r"^\d+(,\d+)*$", widget=forms.HiddenInput, max_length=2000)

    def clean_holders(self) -> list[int]:
        return [int(key) for key in self.cleaned_data["holders"].split(",")]

    @classmethod
    def showing(cls, mandates: Iterable[Mandate]) -> "ConfirmForm":
        """Return the form on a page that shows these mandates in force."""
        return cls(initial={"holders": ",".join(str(mandate.pk) for mandate in mandates)})
