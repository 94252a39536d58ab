"""The filter of the mailbox page."""

from django import forms
from django.contrib.auth import get_user_model


class MailboxForm(forms.Form):
    """Whose letters to list."""

    recipient = forms.ModelChoiceField(
        get_user_model()._default_manager.filter(letters__isnull=False).distinct(),
        required=False,
        empty_label="Everyone",
    )
