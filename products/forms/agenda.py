"""Which product, and which version of it, an agenda item is about."""

from typing import Any

from django import forms

from products.models import Product, Version


class AgendaLinkForm(forms.Form):
    """A product and the number of the version to be read (rule 39)."""

    product = forms.ModelChoiceField(
        Product.objects.all(),
        required=False,
        empty_label="No product",
        help_text="It stands on the agenda, and in the reminders.",
    )
    number = forms.IntegerField(
        label="Version to be read",
        required=False,
        min_value=1,
        max_value=100_000,
        help_text="Its number. Leave empty for no particular one.",
    )

    def clean(self) -> dict[str, Any]:
        """Give the service the version that the number means."""
        data = super().clean() or self.cleaned_data
        number, product = data.pop("number", None), data.get("product")
        data["version"] = None
        if number is None or "product" in self.errors:
            return data
        if product is None:
            self.add_error("number", "Choose the product whose version this is.")
            return data
        data["version"] = Version.objects.filter(product=product, number=number).first()
        if data["version"] is None:
            self.add_error("number", f"{product} has no version {number}.")
        return data
