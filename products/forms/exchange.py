"""What is sent to import a table of comments."""

from collections.abc import Sequence
from typing import Any, cast

from django import forms
from django.core.files.base import File

from products import defaults
from products.confined_tables import confined_rows
from products.exchange import reading
from products.exchange.plans import Sent
from products.exchange.reading import Table, UnfitTableError
from products.files import safe_name
from products.models import Version
from workgroups.models import Agency

SUBMIT, DRAFT = "submit", "draft"


class ImportForm(forms.Form):
    """A table of comments, and what stands in where its rows name nothing (rule 37)."""

    refused = "The table was not read."

    file = forms.FileField(label="Table", allow_empty_file=True)
    version = forms.TypedChoiceField(
        label="Version, where a row names none", required=False, empty_value=None
    )
    agency = forms.TypedChoiceField(
        label="Agency, where a row names none", required=False, empty_value=None
    )
    how = forms.ChoiceField(
        label="New comments",
        choices=[
            (SUBMIT, "Submit them as the agency's"),
            (DRAFT, "Keep them as drafts that only the agency's own people see"),
        ],
        initial=SUBMIT,
        widget=forms.RadioSelect,
    )

    def __init__(
        self,
        *args: Any,
        versions: Sequence[Version],
        agencies: Sequence[Agency],
        may_draft: bool,
        **kwargs: Any,
    ) -> None:
        super().__init__(*args, **kwargs)
        limit = defaults.import_limit() // 1024 // 1024
        self.fields[
            "file"
        ].help_text = f"{reading.KINDS}, up to {limit} MB and {defaults.import_rows()} rows."
        version = cast(forms.TypedChoiceField, self.fields["version"])
        version.choices = [
            ("", "None: it is an error"),
            *((row.number, f"Version {row.number}") for row in versions),
        ]
        version.coerce = int
        version.initial = versions[0].number if versions else ""
        by_key = {agency.key: agency for agency in agencies}
        agency = cast(forms.TypedChoiceField, self.fields["agency"])
        agency.choices = [
            ("", "None: it is an error"),
            *((key, row.code) for key, row in by_key.items()),
        ]
        agency.coerce = by_key.__getitem__
        if len(by_key) == 1:
            agency.initial = agencies[0].key
        if not by_key:
            del self.fields["agency"]
        if not may_draft:
            del self.fields["how"]

    def clean_file(self) -> tuple[str, Table]:
        """Read the table, or say beside the field what is wrong with it."""
        upload: File[bytes] = self.cleaned_data["file"]
        limit = defaults.import_limit()
        if upload.size > limit:
            raise forms.ValidationError(
                f"The file has {upload.size / 1024 / 1024:.0f} MB; at most "
                f"{limit // 1024 // 1024} MB are taken.",
                code="too_large",
            )
        name = safe_name(upload.name or "")
        try:
            return name, reading.read(
                upload.read(),
                name=name,
                most=defaults.import_rows(),
                unpack=confined_rows,
            )
        except UnfitTableError as error:
            raise forms.ValidationError(str(error), code="unfit") from error

    @property
    def sent(self) -> Sent:
        """What was read, for the service; only once the form is valid."""
        data = self.cleaned_data
        name, table = data["file"]
        agency = data.get("agency")
        return Sent(
            rows=table.rows,
            name=name,
            unknown=table.unknown,
            agency=agency.pk if agency else None,
            version=data["version"],
            as_drafts=data.get("how") == DRAFT,
        )


class TakeForm(forms.Form):
    """Which file was looked at, and what was seen then."""

    refused = "Nothing was taken."

    kept = forms.CharField(max_length=60, widget=forms.HiddenInput)
    expected = forms.CharField(max_length=64, widget=forms.HiddenInput)
