"""What is typed about comments of the public: to ask for them, to give one, to deal with them."""

from datetime import UTC, datetime, time, timedelta
from typing import Any, cast

from django import forms
from django.core import signing
from django.db.models import QuerySet

from isecg import instants
from products import defaults
from products.models import CommentWindow, PublicComment, Version
from products.remarks import Moderation, PublicDisposition
from products.services.comment_windows import window_lack
from workgroups.forms.base import ModelChoice, ReasonForm
from workgroups.forms.local_time import LocalTimeForm

_SALT = "products.public_comment"
# A program answers at once; a form left open overnight was still read by a person.
SOONEST, LATEST = timedelta(seconds=3), timedelta(days=2)
_TRAP = "website"


class OpenWindowForm(LocalTimeForm):
    """On which version the public is asked for comments, and until when (rule 36)."""

    instant_name = "closes_at"

    version = forms.ModelChoiceField(
        Version.objects.none(),
        to_field_name="number",
        help_text="This very version becomes public as long as the window is open.",
    )
    note = forms.CharField(
        label="What the public is told",
        required=False,
        max_length=2000,
        widget=forms.Textarea(attrs={"rows": 4}),
        help_text="It stands on the public page.",
    )

    field_order = ["version", "day", "time", "time_zone", "note"]

    def __init__(
        self,
        data: Any,
        *,
        versions: QuerySet[Version] | None,
        latest: int | None,
        now: datetime,
        zone: str,
    ) -> None:
        days = defaults.public_comment_days()
        # A day more than the least, so that the proposal still holds when it is sent.
        closes = instants.to_zone(now, zone) + timedelta(days=days + 1)
        initial = {
            "day": closes.date(),
            "time": time(18),
            "time_zone": zone,
            "version": latest,
        }
        super().__init__(data, initial=initial)
        self._at, self._days = now, days
        self.fields["day"].label = "Open until"
        self.fields["day"].help_text = f"The public is given at least {days} days."
        if versions is None:
            # Of a released product there is nothing to choose.
            del self.fields["version"]
        else:
            cast(ModelChoice, self.fields["version"]).queryset = versions

    def clean(self) -> dict[str, Any]:
        """Refuse a window that is too short beside its day, in the words of the service."""
        data = super().clean()
        closes_at = data.get(self.instant_name)
        if closes_at and not self.errors:
            lack = window_lack(closes_at, at=self._at, days=self._days)
            if lack:
                self.add_error("day", lack)
        return data


class PublicCommentForm(forms.Form):
    """A comment of somebody who has no account.

    Programs that fill in every field, or answer within a moment, are held up; a person to whom
    that happens sends the form again as it stands. :meth:`shown_again` gives what a page needs
    after a refusal.
    """

    name = forms.CharField(
        max_length=PublicComment._meta.get_field("name").max_length,
        widget=forms.TextInput(attrs={"autocomplete": "name"}),
    )
    affiliation = forms.CharField(
        required=False,
        max_length=PublicComment._meta.get_field("affiliation").max_length,
        help_text="An organisation, company or university, if you speak for one.",
        widget=forms.TextInput(attrs={"autocomplete": "organization"}),
    )
    address = forms.EmailField(
        label="E-mail address",
        max_length=PublicComment._meta.get_field("address").max_length,
        help_text="Only for a letter that your comment came in, and one that says what was "
        "decided. Only the secretariat sees it.",
        widget=forms.EmailInput(attrs={"autocomplete": "email"}),
    )
    place = forms.CharField(
        label="Section or paragraph",
        required=False,
        max_length=PublicComment._meta.get_field("place").max_length,
        help_text="As in “2.3” or “paragraph 14”. Leave it empty for the whole document.",
    )
    text = forms.CharField(label="Comment", widget=forms.Textarea(attrs={"rows": 10}))
    website = forms.CharField(
        label="Leave this empty",
        required=False,
        widget=forms.TextInput(attrs={"autocomplete": "off", "tabindex": "-1"}),
    )
    stamp = forms.CharField(required=False, widget=forms.HiddenInput)

    refused = "The comment was not taken yet."
    # Drawn by the page itself, away from the others.
    apart = (_TRAP, "stamp")

    def __init__(self, data: Any, *, window: CommentWindow, now: datetime) -> None:
        super().__init__(data, initial={"stamp": _stamp(window, now)})
        self._window, self._now = window, now
        longest = defaults.public_comment_length()
        text = cast(forms.CharField, self.fields["text"])
        text.max_length = longest
        text.validators.append(_AtMost(longest))
        text.help_text = f"At most {longest:,} characters. No files: describe where something is."

    @property
    def visible(self) -> list[forms.BoundField]:
        """The fields that people fill in."""
        return [field for field in self if field.name not in self.apart]

    def clean(self) -> dict[str, Any]:
        """Give the service the comment alone, if a person may well have sent it."""
        data = super().clean() or self.cleaned_data
        trap, stamp = data.pop(_TRAP, ""), data.pop("stamp", "")
        # What is wrong with a field that nobody sees is not said beside it.
        hidden = [self.errors.pop(name, None) for name in self.apart]
        if trap or hidden[0]:
            self.add_error(
                None,
                "A field was filled in that people do not see, so this may come from a program. "
                "If you are a person, nothing is lost: send it again.",
            )
        elif lack := self._lack(stamp):
            self.add_error(None, lack)
        return data

    def _lack(self, stamp: str) -> str:
        try:
            window, seconds = signing.loads(stamp, salt=_SALT)
            age = self._now - datetime.fromtimestamp(seconds, UTC)
        except (signing.BadSignature, TypeError, ValueError):
            window, age = None, LATEST
        if window != self._window.pk or age >= LATEST:
            return "This page was open for very long. Nothing is lost: send it again."
        if age < SOONEST:
            return "That was very quick. Nothing is lost: wait a moment, then send it again."
        return ""

    def shown_again(self) -> None:
        """Keep what was typed, with a stamp that holds and without what only programs fill in."""
        data = cast(Any, self.data).copy()
        data[_TRAP] = ""
        if self._lack(data.get("stamp", "")).startswith("This page"):
            data["stamp"] = _stamp(self._window, self._now)
        self.data = data


class _AtMost:
    """Refuse a text that is too long, and say by how much."""

    def __init__(self, limit: int) -> None:
        self.limit = limit

    def __call__(self, value: str) -> None:
        if len(value) > self.limit:
            raise forms.ValidationError(
                f"At most {self.limit:,} characters are taken; these are {len(value):,}."
            )


def _stamp(window: CommentWindow, now: datetime) -> str:
    return signing.dumps([window.pk, int(now.timestamp())], salt=_SALT)


class FilterForm(forms.Form):
    """Which of a product's public comments to show."""

    WHERE = (
        ("", "All"),
        ("held", "Waiting for moderation"),
        ("passed", "Passed, to be handed over"),
        ("refused", "Refused"),
        ("open", "Handed over, without an answer"),
        ("done", "Answered"),
        ("next", "Queued for the next edition"),
    )
    # What there is to choose for who sees what was handed over alone.
    OF_MEMBERS = ("", "open", "done", "next")

    where = forms.ChoiceField(label="Where they stand", choices=WHERE, required=False)

    def __init__(self, data: Any, *, moderates: bool) -> None:
        super().__init__(data)
        if not moderates:
            cast(forms.ChoiceField, self.fields["where"]).choices = [
                choice for choice in self.WHERE if choice[0] in self.OF_MEMBERS
            ]


class BulkForm(forms.Form):
    """What the secretariat does with the comments that it chose."""

    ACTS = (("pass", "Pass"), ("refuse", "Refuse"), ("hand-over", "Hand over"))

    numbers = forms.TypedMultipleChoiceField(
        coerce=int, error_messages={"required": "Choose one comment or more."}
    )
    act = forms.ChoiceField(choices=ACTS)
    reason = forms.CharField(
        required=False,
        max_length=500,
        help_text="Needed to refuse. Members read it, and it is kept for ever: do not name "
        "in it who commented.",
    )

    def __init__(self, data: Any, *, numbers: list[int]) -> None:
        super().__init__(data)
        cast(forms.ChoiceField, self.fields["numbers"]).choices = [
            (number, f"P-{number}") for number in numbers
        ]

    def clean(self) -> dict[str, Any]:
        """Ask for the reason of a refusal beside its field."""
        data = super().clean() or self.cleaned_data
        if data.get("act") == "refuse" and not data.get("reason"):
            self.add_error("reason", "A refusal needs its reason.")
        return data


class DisposeForm(forms.Form):
    """What is answered to one public comment."""

    disposition = forms.TypedChoiceField(
        choices=[("", "Choose…"), *PublicDisposition.choices], coerce=PublicDisposition
    )
    response = forms.CharField(
        required=False,
        max_length=4000,
        widget=forms.Textarea(attrs={"rows": 5}),
        help_text="Needed for a rejection. It is sent to who commented.",
    )

    def clean(self) -> dict[str, Any]:
        """Ask for the reason of a rejection beside its field."""
        data = super().clean() or self.cleaned_data
        if data.get("disposition") == PublicDisposition.REJECTED and not data.get("response"):
            self.add_error("response", "A rejection needs its reason.")
        return data


class CloseWindowForm(ReasonForm):
    """Why a window is closed before its time."""


class EraseCommenterForm(ReasonForm):
    """A reason, and the word that it is meant."""

    reason = forms.CharField(
        max_length=500,
        help_text="As in “asked for by letter of 3 March 2026”. Kept for ever: do not name the "
        "person in it.",
    )
    understood = forms.BooleanField(label="I know that this cannot be undone.")

    def clean(self) -> dict[str, object]:
        """Give the service its reason alone."""
        data = super().clean() or self.cleaned_data
        data.pop("understood", None)
        return data


CONDITIONS: dict[str, dict[str, object]] = {
    "held": {"moderation": Moderation.HELD},
    "passed": {"moderation": Moderation.PASSED, "handed_over_at": None},
    "refused": {"moderation": Moderation.REFUSED},
    "open": {"handed_over_at__isnull": False, "disposition": ""},
    "done": {"handed_over_at__isnull": False, "disposed_at__isnull": False},
    "next": {"disposition": PublicDisposition.NEXT_EDITION},
}
