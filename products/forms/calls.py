"""What is typed about calls, positions and decisions."""

from collections.abc import Iterable
from typing import Any, cast

from django import forms
from django.utils.html import format_html

from isecg import clock
from products import consensus, defaults
from products.consensus import Mode, Stand
from products.mode_words import meaning
from products.models import Elector, Product
from products.services import calls as services
from products.services.errors import ProductError
from workgroups.forms.base import ReasonForm
from workgroups.forms.local_time import LocalTimeForm
from workgroups.models import Agency

MEANINGS = {
    Stand.CONCUR: "The agency agrees with the version as it stands.",
    Stand.RESERVATION: (
        "The agency agrees; its statement goes with the decision and is printed with the product."
    ),
    Stand.CONDITION: (
        "The agency agrees once the text is changed as it says; until then nothing is released."
    ),
    Stand.ABSTAIN: (
        "The agency stands aside: it counts as an answer, not as support. A text is optional."
    ),
    Stand.OBJECT: "The agency does not agree: there is no consensus while it objects.",
}
WITHDRAWAL = "withdraw"
_QUESTION = "What the electorate is asked, in one or two sentences."


def _text_area(rows: int) -> forms.Textarea:
    return forms.Textarea(attrs={"rows": rows})


def _explained(label: str, words: str) -> str:
    return format_html("<span><strong>{}.</strong> {}</span>", label, words)


def _choices() -> list[tuple[str, str]]:
    return [(stand.value, _explained(stand.label, MEANINGS[stand])) for stand in Stand]


class RequestCallForm(ReasonForm):
    """A call that a group asks for (rule 16)."""

    question = forms.CharField(widget=_text_area(2), max_length=1000, help_text=_QUESTION)
    reason = forms.CharField(
        label="Why now",
        widget=_text_area(3),
        max_length=2000,
        help_text="What the chair and the secretariat should know before they open the call.",
    )

    field_order = ["question", "reason"]


class DeclineForm(forms.Form):
    """Why a requested call is not opened (rule 16)."""

    answer = forms.CharField(
        widget=_text_area(3), max_length=2000, help_text="It is sent to who asked for the call."
    )


class OpenCallForm(LocalTimeForm):
    """A call that is to be opened (rules 16 and 23)."""

    instant_name = "deadline"

    question = forms.CharField(widget=_text_area(2), max_length=1000, help_text=_QUESTION)
    mode = forms.TypedChoiceField(coerce=Mode, initial=Mode.EXPLICIT, widget=forms.RadioSelect)

    field_order = ["question", "mode", "day", "time", "time_zone"]

    def __init__(self, *args: Any, product: Product, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.product = product
        hours = defaults.silence_hours(product.kind)
        cast(forms.ChoiceField, self.fields["mode"]).choices = [
            (mode.value, _explained(mode.label, meaning(mode, hours=hours))) for mode in Mode
        ]
        self.fields["day"].label = "Deadline, day"
        self.fields["time"].label = "Deadline, time"
        self.fields[
            "time"
        ].help_text = "A position given at that instant still counts, a second later it does not."

    def clean(self) -> dict[str, Any]:
        """Refuse a deadline that the mode does not allow, beside it."""
        data = super().clean()
        if "mode" in data and "deadline" in data and not self.errors:
            try:
                services.check_deadline(
                    self.product,
                    mode=data["mode"],
                    deadline=data["deadline"],
                    letters_at=clock.now() + defaults.hold(),
                )
            except ProductError as error:
                self.add_error("day", str(error))
        return data


class ExtendForm(LocalTimeForm, ReasonForm):
    """More time for an open call (rule 22)."""

    instant_name = "deadline"

    field_order = ["day", "time", "time_zone", "reason"]

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["day"].label = "New deadline, day"
        self.fields["time"].label = "New deadline, time"

    def clean(self) -> dict[str, Any]:
        """Give the service the instant alone: the call keeps the zone it was opened in."""
        data = super().clean()
        data.pop("time_zone", None)
        return data


class PositionForm(forms.Form):
    """What an agency says in a call (rules 20 and 21)."""

    stand = forms.TypedChoiceField(
        label="Position", choices=_choices, coerce=Stand, widget=forms.RadioSelect
    )
    text = forms.CharField(
        label="Statement",
        widget=_text_area(4),
        max_length=20_000,
        required=False,
        help_text="Needed with a reservation, a condition and an objection: "
        "what, where, why, and what change would resolve it.",
    )

    def clean(self) -> dict[str, Any]:
        """Refuse a position without the text that it needs, beside the text."""
        data = super().clean() or self.cleaned_data
        if lack := consensus.missing_text(data.get("stand"), data.get("text", "")):
            self.add_error("text", lack)
        return data


class OnBehalfForm(PositionForm):
    """A position that the secretariat records for an agency, with its source (rule 6)."""

    agency = forms.ModelChoiceField(Agency.objects.none())
    stand = forms.TypedChoiceField(
        label="Position", coerce=lambda value: None if value == WITHDRAWAL else Stand(value)
    )
    source = forms.CharField(
        max_length=500,
        help_text="Where the secretariat has it from, as in: teleconference 12 Mar 2026. "
        "It is shown with the position.",
    )

    field_order = ["agency", "stand", "text", "source"]

    def __init__(self, *args: Any, electors: Iterable[Elector], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        asked = {elector.agency_id: elector.code for elector in electors if not elector.left_at}
        field = cast("forms.ModelChoiceField[Agency]", self.fields["agency"])
        field.queryset = Agency.objects.filter(pk__in=asked)
        # The rows are there already: the choice needs no query to be drawn.
        field.choices = [("", "---------"), *asked.items()]
        cast(forms.ChoiceField, self.fields["stand"]).choices = [
            ("", "---------"),
            *Stand.choices,
            (WITHDRAWAL, "Withdraw its position"),
        ]
