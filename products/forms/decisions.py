"""What is typed about outcomes and their records (rules 26 and 33)."""

from collections.abc import Iterable
from typing import Any, cast

from django import forms

from products import consensus
from products.consensus import DECLARABLE, SILENCE_FAILED, Outcome

_LONGEST = 20_000
_LONGEST_BESIDE = 5000


def _text(label: str, *, rows: int, longest: int, needed: bool, hint: str) -> forms.CharField:
    return forms.CharField(
        label=label,
        widget=forms.Textarea(attrs={"rows": rows}),
        max_length=longest,
        required=needed,
        help_text=hint,
    )


def _statement() -> forms.CharField:
    return _text(
        "Outcome statement",
        rows=4,
        longest=_LONGEST,
        needed=True,
        hint="What is decided, in the words that the record keeps.",
    )


def _interpretation() -> forms.CharField:
    return _text(
        "Interpretation",
        rows=3,
        longest=_LONGEST_BESIDE,
        needed=False,
        hint="How the outcome is to be understood, where its word alone does not say it.",
    )


def _action(hint: str) -> forms.CharField:
    return _text("Resulting action", rows=2, longest=_LONGEST_BESIDE, needed=False, hint=hint)


class DeclareForm(forms.Form):
    """What the chair declares a call to have come to (rule 26).

    ``follows`` says what follows from each outcome that may be declared.
    """

    outcome = forms.TypedChoiceField(coerce=Outcome, widget=forms.RadioSelect)
    statement = _statement()
    interpretation = _interpretation()
    action = _action(
        "What is done now. As long as you leave it as it is, the record says what follows from the "
        "outcome that you choose."
    )
    reason = _text(
        "Reason for a weaker outcome",
        rows=2,
        longest=2000,
        needed=False,
        hint="Needed where the outcome is weaker than the one computed; it is printed on the "
        "record.",
    )

    def __init__(
        self, *args: Any, computed: Outcome, follows: dict[Outcome, str], **kwargs: Any
    ) -> None:
        super().__init__(*args, **kwargs)
        self.computed, self.follows = computed, follows
        cast(forms.ChoiceField, self.fields["outcome"]).choices = [
            (
                outcome.value,
                f"{outcome.label} ({'as computed' if outcome == computed else 'weaker'})",
            )
            for outcome in consensus.may_declare(computed)
        ]
        self.fields["outcome"].initial = computed.value
        self.fields["action"].initial = follows[computed]

    def clean(self) -> dict[str, Any]:
        """Refuse a weaker outcome without its reason, beside the reason."""
        data = super().clean() or self.cleaned_data
        weaker = "outcome" in data and data["outcome"] != self.computed
        if weaker and not data.get("reason", "").strip():
            self.add_error("reason", "A weaker outcome than the computed one needs its reason.")
        # What was not touched is what follows from the outcome, whichever it is.
        if data.get("action", "").strip() == self.follows[self.computed]:
            data["action"] = ""
        return data


class CorrectForm(forms.Form):
    """What a decision record is to say instead; its counts are not asked (rule 33)."""

    statement = _statement()
    interpretation = _interpretation()
    action = _action("Empty: what follows from the outcome by itself.")
    correction = _text(
        "What is corrected, and why",
        rows=2,
        longest=2000,
        needed=True,
        hint="Printed on the new revision, and sent to whom the declaration went.",
    )
    # The revision that the form was opened on.
    revision = forms.IntegerField(widget=forms.HiddenInput)


class DecisionsForm(forms.Form):
    """Which decisions to list."""

    year = forms.TypedChoiceField(coerce=int, empty_value=None, required=False)
    outcome = forms.ChoiceField(
        choices=[
            ("", "Every outcome"),
            *((outcome.value, outcome.label) for outcome in (*DECLARABLE, *SILENCE_FAILED)),
        ],
        required=False,
    )

    def __init__(self, *args: Any, years: Iterable[int], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        cast(forms.ChoiceField, self.fields["year"]).choices = [
            ("", "Every year"),
            *((year, str(year)) for year in years),
        ]
