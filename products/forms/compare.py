"""Which two versions to compare, and how to show it."""

from collections.abc import Iterable
from typing import Any

from django import forms

from products.models import Version

VIEWS = (("inline", "Inline"), ("side", "Side by side"))


class CompareForm(forms.Form):
    """Which two versions to compare; ``view`` stays as it was chosen on the page."""

    def __init__(self, *args: Any, versions: Iterable[Version], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        choices = [(row.number, f"Version {row.number}") for row in versions]
        for name, label in (("from", "From"), ("to", "To")):
            self.fields[name] = forms.TypedChoiceField(label=label, choices=choices, coerce=int)
        self.fields["view"] = forms.ChoiceField(
            choices=VIEWS, required=False, widget=forms.HiddenInput
        )

    def clean_view(self) -> str:
        """What is not said is read inline."""
        return self.cleaned_data["view"] or "inline"
