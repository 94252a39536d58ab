"""What is typed about products, who takes part in them and how they relate."""

from collections.abc import Callable, Iterable
from typing import Any, cast

from django import forms
from django.db.models import QuerySet

from isecg.stale import StaleGuard
from products.models import Product
from products.models.products import Degree, ElectorateRule, Kind
from products.relations import RelationKind
from products.workflow import State
from workgroups.forms.base import ModelChoice, ModelForm, ReasonForm
from workgroups.models import Agency, AgencyName, User, WorkingGroup

_FIELDS = [
    "title",
    "kind",
    "series",
    "edition",
    "group",
    "abstract",
    "purpose",
    "mutual_interest",
    "electorate_rule",
    "comment_channel",
    "source",
    "note",
]


class ProductFilterForm(forms.Form):
    """Which products to show."""

    q = forms.CharField(label="Title or code", required=False, max_length=100)
    state = forms.ChoiceField(choices=[("", "Every state"), *State.choices], required=False)
    kind = forms.ChoiceField(choices=[("", "Every kind"), *Kind.choices], required=False)
    series = forms.CharField(required=False, max_length=40, help_text="As in GER.")
    group = forms.ModelChoiceField(
        WorkingGroup.objects.all(),
        label="Working group",
        required=False,
        to_field_name="code",
        empty_label="Every group",
    )
    agency = forms.CharField(
        label="Participating agency",
        required=False,
        max_length=20,
        help_text="A present or former code, as in UKSA or BNSC.",
    )

    def clean_agency(self) -> Agency | None:
        """Return the agency that bears or bore the code (rule 1)."""
        code = self.cleaned_data["agency"].strip()
        if not code:
            return None
        former = AgencyName.objects.filter(code__iexact=code).values("agency")
        found = Agency.objects.filter(code__iexact=code) | Agency.objects.filter(pk__in=former)
        agency = found.first()
        if agency is None:
            raise forms.ValidationError(f"No agency has or had the code “{code}”.", code="unknown")
        return agency


class ProductForm(ReasonForm, ModelForm):
    """A new product."""

    kind = forms.ChoiceField(choices=Kind.choices)
    electorate_rule = forms.ChoiceField(
        label="Electorate", choices=ElectorateRule.choices, help_text="Whose positions count."
    )

    class Meta:
        model = Product
        fields = ["code", *_FIELDS]
        widgets = {
            "abstract": forms.Textarea(attrs={"rows": 4}),
            "purpose": forms.Textarea(attrs={"rows": 3}),
            "mutual_interest": forms.Textarea(attrs={"rows": 3}),
            "source": forms.TextInput,
            "note": forms.Textarea(attrs={"rows": 3}),
        }

    field_order = ["code", *_FIELDS, "reason"]

    def clean_code(self) -> str:
        code: str = self.cleaned_data["code"]
        if code.lower() == "new":
            raise forms.ValidationError("“new” is the address of this page.", code="taken")
        return code


class ProductEditForm(StaleGuard, ReasonForm, ModelForm):
    """What may be changed of a product that is on its way; its code never does."""

    kind = forms.ChoiceField(choices=Kind.choices)
    electorate_rule = forms.ChoiceField(
        label="Electorate", choices=ElectorateRule.choices, help_text="Whose positions count."
    )

    class Meta(ProductForm.Meta):
        fields = _FIELDS

    field_order = [*_FIELDS, "reason"]

    def __init__(self, *args: Any, row: Product, **kwargs: Any) -> None:
        super().__init__(*args, row=row, instance=row, **kwargs)


def _agency_field(agencies: Iterable[Agency]) -> forms.TypedChoiceField:
    by_key = {agency.key: agency for agency in agencies}
    coerce: Callable[[str], Agency] = by_key.__getitem__
    return forms.TypedChoiceField(
        label="Agency",
        choices=[(key, f"{agency.code}, {agency.name}") for key, agency in by_key.items()],
        coerce=coerce,
        error_messages={"invalid_choice": "You do not speak for this agency."},
    )


class LeaveForm(ReasonForm):
    """The end of an agency's part, of those that the person may speak for."""

    field_order = ["agency", "reason"]

    def __init__(self, *args: Any, agencies: Iterable[Agency], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["agency"] = _agency_field(agencies)
        self.order_fields(self.field_order)


class JoinForm(LeaveForm):
    """An agency's part in a product (rule 11)."""

    degree = forms.TypedChoiceField(
        choices=[(degree.value, degree.label) for degree in Degree if degree],
        coerce=Degree,
        initial=Degree.CONTRIBUTING,
    )

    field_order = ["agency", "degree", "reason"]


class EditorForm(ReasonForm):
    """A person who may write the versions of a product."""

    person = forms.ModelChoiceField(User.objects.none())

    field_order = ["person", "reason"]

    def __init__(self, *args: Any, people: QuerySet[User], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        cast(ModelChoice, self.fields["person"]).queryset = people.filter(is_active=True)


class RelationForm(ReasonForm):
    """How a product relates to another (rule 12)."""

    kind = forms.TypedChoiceField(
        label="This product", choices=RelationKind.choices, coerce=RelationKind
    )
    target = forms.ModelChoiceField(Product.objects.none(), label="The other product")

    field_order = ["kind", "target", "reason"]

    def __init__(self, *args: Any, products: QuerySet[Product], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        cast(ModelChoice, self.fields["target"]).queryset = products
