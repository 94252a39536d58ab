"""What is typed when a person is erased."""

from django import forms

from workgroups.forms.base import ReasonForm


class EraseForm(ReasonForm):
    """A reason, and the word that it is meant."""

    reason = forms.CharField(
        max_length=500,
        help_text="Kept in the history of the account for ever: do not name the person in it.",
    )
    understood = forms.BooleanField(label="I know that this cannot be undone.")

    def clean(self) -> dict[str, object]:
        """Give the service its reason alone."""
        data = super().clean() or self.cleaned_data
        data.pop("understood", None)
        return data
