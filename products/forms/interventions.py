"""What is typed beside the positions in a call, and in answer to it (rules 18 and 20)."""

from collections.abc import Collection
from typing import Any, cast

from django import forms
from django.utils.html import format_html

from products.models.interventions import InterventionKind
from workgroups.forms.base import ModelChoice
from workgroups.models import Agency

OF_ELECTORS = (InterventionKind.MORE_TIME, InterventionKind.AMENDMENT)
OF_OTHERS = (InterventionKind.CONCERN,)
MEANINGS = {
    InterventionKind.MORE_TIME: "It goes to the chair and the secretariat.",
    InterventionKind.AMENDMENT: "Everybody in the electorate is told of it.",
    InterventionKind.CONCERN: (
        "Of a member agency outside the electorate: it is answered before the outcome is "
        "declared, and does not block it."
    ),
}


def _choice(kind: InterventionKind) -> tuple[str, str]:
    words = format_html("<span><strong>{}.</strong> {}</span>", kind.label, MEANINGS[kind])
    return kind.value, words


class InterventionForm(forms.Form):
    """What an agency says beside its position; where there is one kind, it is not asked."""

    kind = forms.TypedChoiceField(
        label="What it is", coerce=InterventionKind, widget=forms.RadioSelect
    )
    text = forms.CharField(
        label="What it is about",
        widget=forms.Textarea(attrs={"rows": 4}),
        max_length=20_000,
        help_text="Shown on this page and sent to those who answer it.",
    )

    field_order = ["agency", "kind", "text", "source"]

    def __init__(self, *args: Any, kinds: Collection[InterventionKind], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.kinds = kinds
        if len(kinds) == 1:
            del self.fields["kind"]
        else:
            field = cast(forms.ChoiceField, self.fields["kind"])
            field.choices = [_choice(kind) for kind in kinds]

    def clean(self) -> dict[str, Any]:
        """Give the service the kind, where it was not asked."""
        data = super().clean() or self.cleaned_data
        if len(self.kinds) == 1:
            data["kind"] = next(iter(self.kinds))
        return data


class OnBehalfInterventionForm(InterventionForm):
    """What the secretariat enters for an agency, with where it has it from (rule 6)."""

    agency = ModelChoice(Agency.objects.none())
    source = forms.CharField(
        max_length=500,
        help_text="Where the secretariat has it from, as in: teleconference 12 Mar 2026. "
        "It is shown with what was said.",
    )

    def __init__(self, *args: Any, members: Any, **kwargs: Any) -> None:
        super().__init__(*args, kinds=tuple(InterventionKind), **kwargs)
        cast(ModelChoice, self.fields["agency"]).queryset = members


class AnswerForm(forms.Form):
    """The answer to what an agency said."""

    answer = forms.CharField(
        widget=forms.Textarea(attrs={"rows": 3}),
        max_length=20_000,
        help_text="Shown beside it; the agency's people get it by mail.",
    )
