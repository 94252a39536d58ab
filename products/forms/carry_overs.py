"""What is typed about an editorial version that took over in a call (rule 29)."""

from collections.abc import Iterable
from typing import Any, cast

from django import forms

from products.models import Elector
from workgroups.models import Agency


class ContestForm(forms.Form):
    """Why a version is not editorial, and for which elector it is said."""

    agency = forms.ModelChoiceField(Agency.objects.none())
    reason = forms.CharField(
        label="Why it is not editorial",
        widget=forms.Textarea(attrs={"rows": 3}),
        max_length=2000,
        help_text="What it changes in what is said. Everybody in the electorate reads it.",
    )
    source = forms.CharField(
        max_length=500,
        help_text="Where the secretariat has it from, as in: letter of 12 Mar 2026. "
        "It is shown with the reason.",
    )

    def __init__(
        self, *args: Any, electors: Iterable[Elector], on_behalf: bool, **kwargs: Any
    ) -> None:
        super().__init__(*args, **kwargs)
        asked = {elector.agency_id: elector.code for elector in electors}
        field = cast("forms.ModelChoiceField[Agency]", self.fields["agency"])
        field.queryset = Agency.objects.filter(pk__in=asked)
        # The rows are there already: the choice needs no query to be drawn.
        blank = [("", "---------")] if len(asked) > 1 else []
        field.choices = [*blank, *asked.items()]
        if not on_behalf:
            del self.fields["source"]
