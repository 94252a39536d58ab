"""What is asked of the catalogue."""

from collections.abc import Iterable
from typing import Any

from django import forms

from products.models.products import Kind


class CatalogueForm(forms.Form):
    """Which released products to show."""

    q = forms.CharField(label="Title or code", required=False, max_length=100)
    series = forms.ChoiceField(required=False)
    kind = forms.ChoiceField(choices=[("", "Every kind"), *Kind.choices], required=False)

    def __init__(self, *args: Any, series: Iterable[str], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        field = self.fields["series"]
        assert isinstance(field, forms.ChoiceField)
        field.choices = [("", "Every series"), *((name, name) for name in series)]
