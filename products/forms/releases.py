"""What is typed at the release gate."""

from collections.abc import Iterable
from typing import Any

from django import forms

from isecg.rules import Finding
from workgroups.forms.base import ReasonForm


class ReleaseForm(ReasonForm):
    """A release, with a reason for each rule that is passed over (rule 34)."""

    def __init__(self, *args: Any, findings: Iterable[Finding], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.unmet = {
            f"override_{finding.rule}": finding.rule
            for finding in findings
            if finding.overridable and not finding.satisfied
        }
        sentences = {finding.rule: finding.sentence for finding in findings}
        for name, rule in self.unmet.items():
            self.fields[name] = forms.CharField(
                label="Reason for passing this over",
                help_text=sentences[rule],
                max_length=500,
                widget=forms.Textarea(attrs={"rows": 2}),
            )

    def clean(self) -> dict[str, Any]:
        """Give the service its ``overrides``."""
        data = super().clean() or self.cleaned_data
        data["overrides"] = {
            rule: data.pop(name) for name, rule in self.unmet.items() if name in data
        }
        return data
