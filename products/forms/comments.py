"""What is typed about comments: the columns, their dispositions, the answers, the filters."""

import re
from collections.abc import Iterable, Sequence
from typing import Any, cast

from django import forms
from django.db.models import TextChoices

from products.models import Comment, Product, Version
from products.remarks import Answer, CommentFields, CommentKind, Disposition
from workgroups.forms.base import DayInput, ReasonForm
from workgroups.models import Agency

LONGEST = 20_000
_NUMBER = re.compile(r"(?:C-?)?0*([1-9][0-9]{0,8})", re.IGNORECASE)


def _text_area(rows: int) -> forms.Textarea:
    return forms.Textarea(attrs={"rows": rows})


def _agencies(agencies: Iterable[Agency]) -> dict[str, Agency]:
    return {agency.key: agency for agency in agencies}


class CommentForm(forms.Form):
    """One comment, in the columns of the ISO/IEC comment table (rule 37)."""

    refused = "The comment was not kept."

    agency = forms.TypedChoiceField(
        error_messages={"invalid_choice": "You do not comment for this agency."}
    )
    kind = forms.TypedChoiceField(
        label="Type", choices=[("", "---------"), *CommentKind.choices], coerce=CommentKind
    )
    text = forms.CharField(label="Comment", max_length=LONGEST, widget=_text_area(4))
    proposal = forms.CharField(
        label="Proposed change", max_length=LONGEST, required=False, widget=_text_area(2)
    )
    paragraph = forms.IntegerField(
        label="Paragraph of the text here",
        required=False,
        min_value=1,
        max_value=1_000_000,
        help_text="Its number in the margin; empty for the whole text.",
    )
    clause = forms.CharField(max_length=100, required=False, help_text="As in 4.2.")
    place = forms.CharField(
        label="Paragraph, figure or table",
        max_length=100,
        required=False,
        help_text="As printed, as in Figure 3.",
    )
    line = forms.CharField(max_length=40, required=False)
    author_name = forms.CharField(
        label="Written by",
        max_length=150,
        required=False,
        help_text="Leave empty if you wrote it yourself.",
    )
    source = forms.CharField(
        max_length=500,
        required=False,
        label="Where you have it from",
        help_text="Needed for another agency's comment, as in “letter of 3 March 2026”.",
    )

    def __init__(
        self, *args: Any, own: Sequence[Agency], others: Sequence[Agency] = (), **kwargs: Any
    ) -> None:
        super().__init__(*args, **kwargs)
        by_key = _agencies([*own, *others])
        self._own = set(own)
        agency = cast(forms.TypedChoiceField, self.fields["agency"])
        agency.choices = [(key, f"{row.code}, {row.name}") for key, row in by_key.items()]
        agency.coerce = by_key.__getitem__
        if len(own) == 1 and not others:
            agency.initial = own[0].key
            agency.widget = forms.HiddenInput()
        if not others:
            del self.fields["source"]

    def clean(self) -> dict[str, Any]:
        """Refuse the secretariat's entry for an agency without its source (rule 6)."""
        data = super().clean() or self.cleaned_data
        if "source" in self.fields and data.get("agency") not in self._own:
            if "agency" in data and not data.get("source") and "source" not in self.errors:
                self.add_error("source", "Say where you have it from: it is shown with it.")
        elif "source" in data:
            # For one's own agency nothing is entered on behalf.
            data["source"] = ""
        return data

    @property
    def values(self) -> CommentFields:
        """What was typed, for the service; only once the form is valid."""
        data = self.cleaned_data
        return CommentFields(
            kind=data["kind"],
            text=data["text"],
            proposal=data["proposal"],
            anchor=data["paragraph"],
            clause=data["clause"],
            place=data["place"],
            line=data["line"],
            author_name=data["author_name"],
        )


def draft_values(comment: Comment) -> dict[str, Any]:
    """Return what a form shows of a comment that is a draft."""
    return {
        "agency": comment.agency.key,
        "kind": comment.kind,
        "text": comment.text,
        "proposal": comment.proposal,
        "paragraph": comment.anchor,
        "clause": comment.clause,
        "place": comment.place,
        "line": comment.line,
        "author_name": "" if comment.author_id else comment.author_name,
    }


STILL_OPEN = "open"


class DisposeForm(forms.Form):
    """What is decided about one comment or several (rule 38)."""

    refused = "Nothing was decided."

    disposition = forms.ChoiceField()
    response = forms.CharField(
        max_length=LONGEST,
        required=False,
        widget=_text_area(3),
        help_text="Needed with a rejection: its reason.",
    )
    duplicate_of = forms.CharField(
        label="Repeats comment",
        required=False,
        max_length=20,
        help_text="For a duplicate: the number of the other one, as in C-3.",
    )
    action_owner = forms.TypedChoiceField(
        label="Who acts",
        required=False,
        empty_value=None,
        help_text="For a pending action.",
    )
    action_due = DayInput(label="Until", required=False, help_text="For a pending action.")

    def __init__(
        self,
        *args: Any,
        product: Product,
        members: Iterable[Agency],
        checks: bool = False,
        **kwargs: Any,
    ) -> None:
        super().__init__(*args, **kwargs)
        self._product = product
        by_key = _agencies(members)
        owner = cast(forms.TypedChoiceField, self.fields["action_owner"])
        owner.choices = [("", "---------"), *((key, row.code) for key, row in by_key.items())]
        owner.coerce = by_key.__getitem__
        cast(forms.ChoiceField, self.fields["disposition"]).choices = [
            ("", "---------"),
            *(one for one in Disposition.choices if one[0] != Disposition.WITHDRAWN),
            *([(STILL_OPEN, "Looked at, still open")] if checks else []),
        ]

    def clean_duplicate_of(self) -> Comment | None:
        """Return the comment that the number names."""
        typed = self.cleaned_data["duplicate_of"].strip()
        if not typed:
            return None
        number = _NUMBER.fullmatch(typed)
        rows = Comment.objects.filter(product=self._product).submitted()
        row = rows.filter(number=int(number[1])).first() if number else None
        if row is None:
            raise forms.ValidationError(f"There is no comment “{typed}” here.", code="unknown")
        return row

    def clean(self) -> dict[str, Any]:
        """Refuse a disposition that lacks what it needs, beside the field."""
        data = super().clean() or self.cleaned_data
        kind = data.get("disposition")
        if kind == Disposition.REJECTED and not data.get("response"):
            self.add_error("response", "A rejection needs its reason.")
        if kind == Disposition.DUPLICATE and not data.get("duplicate_of"):
            self._lacks("duplicate_of", "Name the comment that it repeats.")
        if kind == Disposition.PENDING:
            if not data.get("action_owner"):
                self._lacks("action_owner", "A pending action names its owner.")
            if not data.get("action_due"):
                self._lacks("action_due", "A pending action names its due date.")
        return data

    def _lacks(self, field: str, words: str) -> None:
        # What was typed and is wrong has been said already.
        if field not in self.errors:
            self.add_error(field, words)

    @property
    def only_looks(self) -> bool:
        """Whether the comments were looked at, and nothing is decided."""
        return bool(self.cleaned_data["disposition"] == STILL_OPEN)

    @property
    def values(self) -> dict[str, Any]:
        """What was typed, for the service; only once the form is valid."""
        data = dict(self.cleaned_data)
        return data | {"disposition": Disposition(data["disposition"])}


def disposed_values(comment: Comment) -> dict[str, Any]:
    """Return what a form shows of the disposition that a comment has."""
    return {
        "disposition": comment.disposition,
        "response": comment.response,
        "duplicate_of": comment.duplicate_of.label if comment.duplicate_of else "",
        "action_owner": comment.action_owner.key if comment.action_owner else "",
        "action_due": comment.action_due,
    }


class AnswerForm(forms.Form):
    """What the author says to a disposition (rule 38)."""

    refused = "The answer was not kept."

    answer = forms.TypedChoiceField(choices=Answer.choices, coerce=Answer, widget=forms.RadioSelect)
    text = forms.CharField(
        label="Words",
        max_length=LONGEST,
        required=False,
        widget=_text_area(3),
        help_text="Needed if you do not agree: with what, and why.",
    )

    def clean(self) -> dict[str, Any]:
        """Refuse a disagreement without its words, beside them."""
        data = super().clean() or self.cleaned_data
        if data.get("answer") == Answer.DISPUTED and not data.get("text"):
            self.add_error("text", "Say what you do not agree with.")
        return data


class WithdrawForm(ReasonForm):
    """Why an agency takes a comment back."""

    refused = "The comment was not withdrawn."


class Stage(TextChoices):
    """Where a comment stands, as the table filters it."""

    OPEN = "open", "Open"
    CHECK = "check", "To be checked"
    UNANSWERED = "new", "Without disposition"
    DISPOSED = "disposed", "Disposed of"
    UNCONFIRMED = "unconfirmed", "Not confirmed by the author"
    DISPUTED = "disputed", "Not agreed by the author"
    ACTIONS = "actions", "Actions of my agency"
    MINE = "mine", "Mine and my agency's"


class CommentFilterForm(forms.Form):
    """Which comments to show."""

    q = forms.CharField(label="Words", required=False, max_length=100)
    state = forms.ChoiceField(
        label="State", choices=[("", "Every state"), *Stage.choices], required=False
    )
    version = forms.TypedChoiceField(label="In version", required=False, empty_value=None)
    paragraph = forms.IntegerField(
        label="Paragraph",
        required=False,
        min_value=1,
        max_value=1_000_000,
        help_text="With a version.",
    )
    agency = forms.ChoiceField(required=False)
    kind = forms.ChoiceField(
        label="Type", choices=[("", "Every type"), *CommentKind.choices], required=False
    )

    def __init__(
        self, *args: Any, versions: Iterable[Version], codes: Iterable[str], **kwargs: Any
    ) -> None:
        super().__init__(*args, **kwargs)
        version = cast(forms.TypedChoiceField, self.fields["version"])
        version.choices = [
            ("", "Every version"),
            *((row.number, f"Version {row.number}") for row in versions),
        ]
        version.coerce = int
        cast(forms.ChoiceField, self.fields["agency"]).choices = [
            ("", "Every agency"),
            *((code, code) for code in codes),
        ]

    def clean(self) -> dict[str, Any]:
        """Refuse a paragraph that no version is named for."""
        data = super().clean() or self.cleaned_data
        if data.get("paragraph") and data.get("version") is None and "version" not in self.errors:
            self.add_error("version", "Name the version whose paragraph it is.")
        return data
