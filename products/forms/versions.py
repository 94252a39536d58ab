"""What is typed and sent to make a version."""

from typing import Any

from django import forms
from django.core.files.base import File
from django.db.models import TextChoices

from products import defaults, files
from products.files import Checked
from products.models.versions import ChangeClass

LONGEST_TEXT = 500_000


class How(TextChoices):
    """Where the text of a version comes from."""

    WRITE = "write", "Write the text here, in Markdown"
    UPLOAD = "upload", "Upload a file"


class _SeveralFilesInput(forms.ClearableFileInput):
    allow_multiple_selected = True


class _SeveralFilesField(forms.FileField):
    """None, one or several files."""

    widget = _SeveralFilesInput

    def clean(self, data: Any, initial: Any = None) -> Any:
        """Return the files sent, each of them cleaned."""
        sent = data if isinstance(data, list | tuple) else [data] if data else []
        return [super(_SeveralFilesField, self).clean(one, initial) for one in sent]


class _WrittenField(forms.CharField):
    """A long text; its lines end alike before they are counted, as the browser counts them."""

    def to_python(self, value: Any) -> str:
        return (super().to_python(value) or "").replace("\r\n", "\n").replace("\r", "\n")


class _NumberField(forms.IntegerField):
    """A number that the page carries along, never one that a person types."""

    widget = forms.HiddenInput

    def __init__(self, **kwargs: Any) -> None:
        super().__init__(min_value=0, max_value=2**31 - 1, required=False, **kwargs)


class VersionForm(forms.Form):
    """A new version: a text or a main file, its renditions, and what changed (rule 13).

    ``expected_latest`` and ``revision`` are the version and the draft that were worked on.
    """

    how = forms.ChoiceField(label="Text", choices=How.choices, widget=forms.RadioSelect)
    text = _WrittenField(
        label="The text, in Markdown",
        required=False,
        strip=False,
        max_length=LONGEST_TEXT,
        widget=forms.Textarea(attrs={"rows": 24, "spellcheck": "true"}),
    )
    main = forms.FileField(label="Main file", required=False, allow_empty_file=True)
    renditions = _SeveralFilesField(
        label="Renditions",
        required=False,
        allow_empty_file=True,
        help_text="The same text in other forms, as in high resolution.",
    )
    change_class = forms.TypedChoiceField(
        label="Change",
        choices=ChangeClass.choices,
        coerce=ChangeClass,
        widget=forms.RadioSelect,
        help_text="A substantive version takes a product that is shared, in consensus or agreed "
        "back to drafting; an editorial one of a shared product is circulated before a call opens.",
    )
    note = forms.CharField(
        label="What changed, and why",
        max_length=2000,
        widget=forms.Textarea(attrs={"rows": 3}),
    )
    expected_latest = _NumberField(label="The version worked from")
    revision = _NumberField(label="The draft worked on")

    def __init__(self, *args: Any, file_name: str, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.file_name = file_name
        limit = defaults.upload_limit() // 1024 // 1024
        self.fields["main"].help_text = f"{files.KINDS}, up to {limit} MB."

    def clean(self) -> dict[str, Any]:
        """Give the service files that were looked at."""
        data = super().clean() or self.cleaned_data
        text, upload = data.pop("text", ""), data.pop("main", None)
        revision = data.pop("revision", None) or 0
        if data.pop("how", None) == How.UPLOAD:
            # What was written and is not sent stays a draft.
            data["draft_revision"] = None
            data["main"] = self._checked("main", upload)
        elif "text" not in self.errors:
            data["draft_revision"] = revision
            data["main"] = self._written(text)
        data["renditions"] = self._all_checked(data.pop("renditions", None) or [])
        return data

    def _all_checked(self, sent: list[File]) -> list[Checked]:  # type: ignore[type-arg]
        """Look at the renditions; at the first that is refused the rest are not read."""
        found: list[Checked] = []
        for one in sent:
            checked = None if self.errors else self._checked("renditions", one)
            if checked is None:
                break
            found.append(checked)
        return found

    def _written(self, text: str) -> Checked | None:
        if not text.strip():
            self.add_error("text", "Write the text, or choose to upload a file.")
            return None
        return files.from_text(text, name=self.file_name)

    def _checked(self, field: str, upload: File | None) -> Checked | None:  # type: ignore[type-arg]
        if upload is None:
            if field not in self.errors:
                self.add_error(field, "Choose a file.")
            return None
        try:
            return files.check(upload, name=upload.name or "")
        except files.UnfitFileError as error:
            self.add_error(field, str(error))
            return None


class DraftForm(VersionForm):
    """The same page as far as it has come: nothing is missing yet, and no file is kept.

    ``over`` is the revision of another window's draft that is overwritten knowingly.
    """

    over = _NumberField(label="The draft to overwrite")

    def clean(self) -> dict[str, Any]:
        """Give the service of drafts what is written."""
        for name, errors in list(self.errors.items()):
            if all(error.code == "required" for error in errors.as_data()):
                del self.errors[name]
        data = self.cleaned_data
        over = data.get("over")
        return {
            "text": data.get("text", ""),
            "note": data.get("note", ""),
            "change_class": data.get("change_class", ""),
            "based_on": data.get("expected_latest"),
            "revision": (data.get("revision") or 0) if over is None else over,
        }
