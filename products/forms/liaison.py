"""What is typed to send a version to an organisation, and what an organisation says."""

from typing import Any, cast

from django import forms
from django.db.models import QuerySet

from products.models import LiaisonSending, Version
from workgroups.forms.base import ModelChoice
from workgroups.models import LiaisonOrganisation


class SendForm(forms.Form):
    """To which organisation a version goes, and by whose permission (rule 9)."""

    organisation = forms.ModelChoiceField(LiaisonOrganisation.objects.all())
    permission = forms.CharField(
        label="Permitted by",
        max_length=LiaisonSending._meta.get_field("permission").max_length,
        help_text="Who permitted it, and when, as in “the plenary of 12 March 2026”.",
    )


class StatementForm(forms.Form):
    """What an organisation says; it is read, and never counted."""

    version = forms.ModelChoiceField(
        Version.objects.none(),
        required=False,
        empty_label="In general",
        help_text="One that was sent to it.",
    )
    text = forms.CharField(max_length=20_000, widget=forms.Textarea(attrs={"rows": 10}))
    source = forms.CharField(
        max_length=500,
        required=False,
        label="Where you have it from",
        help_text="As in “letter of 3 March 2026”.",
    )

    def __init__(
        self, *args: Any, versions: QuerySet[Version], on_behalf: bool, **kwargs: Any
    ) -> None:
        super().__init__(*args, **kwargs)
        cast(ModelChoice, self.fields["version"]).queryset = versions
        if on_behalf:
            self.fields["source"].required = True
        else:
            # A contact says it in person.
            del self.fields["source"]
