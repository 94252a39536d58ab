"""What is typed at the release gate."""

from collections.abc import Iterable
from typing import Any

from django import forms

from isecg.rules import Finding
from products.release_gate import Predecessor
from workgroups.forms.base import ReasonForm


class ReleaseForm(ReasonForm):
    """A release, with a reason for each rule that is passed over (rule 34).

    The edition before it, where there is one, is superseded unless told otherwise (rule 12).
    """

    def __init__(
        self,
        *args: Any,
        findings: Iterable[Finding],
        predecessor: Predecessor | None = None,
        **kwargs: Any,
    ) -> None:
        super().__init__(*args, **kwargs)
        self.unmet = {
            f"override_{finding.rule}": finding.rule
            for finding in findings
            if finding.overridable and not finding.satisfied
        }
        for name in self.unmet:
            self.fields[name] = forms.CharField(
                label="Reason for passing this over",
                help_text="Printed on the public page.",
                max_length=500,
                widget=forms.Textarea(attrs={"rows": 2}),
            )
        if predecessor:
            self.fields["supersede"] = forms.BooleanField(
                label=f"It supersedes {predecessor.product.code}, {predecessor.product.title}",
                help_text="Its page stays, with a banner that leads to this one.",
                required=False,
                initial=True,
            )

    def clean(self) -> dict[str, Any]:
        """Give the service its ``overrides``."""
        data = super().clean() or self.cleaned_data
        data["overrides"] = {
            rule: data.pop(name) for name, rule in self.unmet.items() if name in data
        }
        return data
