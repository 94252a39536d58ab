"""What is typed about objections and conditions on the ledger (rules 30 and 31)."""

from collections.abc import Iterable
from typing import Any, cast

from django import forms

from products.consensus import Stand
from products.ledger import LedgerAct, LedgerState
from products.models import Version
from products.services.ledger import ANSWERS, CONVERTED, missing_words

LONGEST = 20_000


def _area(rows: int = 4) -> forms.Textarea:
    return forms.Textarea(attrs={"rows": rows})


class _VersionForm(forms.Form):
    """A form that names a version of the product."""

    version = forms.ModelChoiceField(Version.objects.none(), label="Version that implements it")

    def __init__(self, *args: Any, versions: Iterable[Version], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        field = cast("forms.ModelChoiceField[Version]", self.fields["version"])
        rows = list(versions)
        field.queryset = Version.objects.filter(pk__in=[row.pk for row in rows])
        # The rows are there already: the choice needs no query to be drawn.
        field.choices = [("", "---------"), *((row.pk, f"Version {row.number}") for row in rows)]


class DispositionForm(_VersionForm):
    """What is to be done about an item."""

    disposition = forms.CharField(
        widget=_area(),
        max_length=LONGEST,
        help_text="What is done about it, and where. Its agency is told, and its clock starts.",
    )
    prints_both_views = forms.BooleanField(
        required=False, label="That version prints both views side by side"
    )

    field_order = ["disposition", "version", "prints_both_views"]

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["version"].required = False
        self.fields["version"].help_text = "It can be named later."


class NameVersionForm(_VersionForm):
    """The version that implements what was accepted."""


class _OwnForm(forms.Form):
    """An act of the item's agency; the secretariat names its source (rule 6)."""

    source = forms.CharField(
        max_length=500,
        help_text="Where the secretariat has it from, as in: teleconference 12 Mar 2026. "
        "It is shown with the act.",
    )

    def __init__(self, *args: Any, on_behalf: bool, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        if not on_behalf:
            del self.fields["source"]


class AnswerForm(_OwnForm):
    """How the agency answers a disposition."""

    answer = forms.TypedChoiceField(
        choices=[(one.value, one.label) for one in ANSWERS],
        coerce=LedgerState,
        widget=forms.RadioSelect,
    )
    text = forms.CharField(
        label="In words",
        widget=_area(),
        max_length=LONGEST,
        required=False,
        help_text="Needed with a modification, and with a rejection: what would resolve it.",
    )

    field_order = ["answer", "text", "source"]

    def clean(self) -> dict[str, Any]:
        """Refuse an answer without the words that it needs, beside them."""
        data = super().clean() or self.cleaned_data
        if lack := missing_words(data.get("answer"), data.get("text", "")):
            self.add_error("text", lack)
        return data


class WithdrawForm(_OwnForm):
    """Why an agency takes an item back."""

    reason = forms.CharField(widget=_area(2), max_length=LONGEST)

    field_order = ["reason", "source"]


class ConvertForm(_OwnForm):
    """Into what an agency turns its objection or condition."""

    stand = forms.TypedChoiceField(
        label="It becomes",
        choices=[(one.value, one.label) for one in CONVERTED],
        coerce=Stand,
        widget=forms.RadioSelect,
    )
    text = forms.CharField(
        label="Statement",
        widget=_area(),
        max_length=LONGEST,
        required=False,
        help_text="Needed with a reservation: it is printed with the product.",
    )

    field_order = ["stand", "text", "source"]


class ConsiderForm(forms.Form):
    """How the chair says that an item was considered."""

    text = forms.CharField(label="How it was considered", widget=_area(), max_length=LONGEST)


class EscalateForm(forms.Form):
    """What the senior agency managers are asked."""

    reason = forms.CharField(label="What they are asked", widget=_area(), max_length=LONGEST)


def form_of(
    act: LedgerAct, data: Any, *, versions: Iterable[Version], on_behalf: bool
) -> forms.Form:
    """Return the form of an act; ``versions`` are those that may implement it."""
    if act == LedgerAct.DISPOSE:
        return DispositionForm(data, versions=versions)
    if act == LedgerAct.NAME_VERSION:
        return NameVersionForm(data, versions=versions)
    if act == LedgerAct.CONSIDER:
        return ConsiderForm(data)
    if act == LedgerAct.ESCALATE:
        return EscalateForm(data)
    own = {
        LedgerAct.ANSWER: AnswerForm,
        LedgerAct.WITHDRAW: WithdrawForm,
        LedgerAct.CONVERT: ConvertForm,
    }
    return own[act](data, on_behalf=on_behalf)
