"""What is typed about an agency's provider of identities."""

import re
from typing import Any
from urllib.parse import urlsplit

from django import forms
from django.conf import settings
from django.core.exceptions import ValidationError

from isecg.stale import StaleGuard
from workgroups.forms.base import ModelForm, ReasonForm
from workgroups.models import IdentityProvider

_DOMAIN = re.compile(r"(?:[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?\.)+[a-z]{2,63}", re.ASCII)
_FIELDS = ["name", "server_url", "client_id", "is_active"]


class DomainsInput(forms.CharField):
    """Domains of addresses, with commas or spaces between."""

    def prepare_value(self, value: Any) -> Any:
        """Return domains as they are typed."""
        return ", ".join(value) if isinstance(value, list) else value

    def clean(self, value: Any) -> Any:
        """Return the domains in small letters, each once.

        :raises ValidationError: if one is no domain.
        """
        words = super().clean(value).lower().replace(",", " ").split()
        for word in words:
            if not _DOMAIN.fullmatch(word):
                raise ValidationError(f"“{word}” is not a domain: write it as in esa.int.")
        return sorted(set(words))


class _ProviderForm(ReasonForm, ModelForm):
    server_url = forms.URLField(
        label="Issuer",
        max_length=300,
        assume_scheme="https",
        help_text="Where its OpenID configuration is published.",
    )
    domains = DomainsInput(
        max_length=500, help_text="For whose addresses it may vouch: esa.int, esoc.esa.int."
    )
    secret = forms.CharField(
        label="Client secret",
        max_length=500,
        required=False,
        widget=forms.PasswordInput(attrs={"autocomplete": "off"}),
        help_text="Kept sealed, and never shown again.",
    )

    def clean_server_url(self) -> str:
        url: str = self.cleaned_data["server_url"]
        if urlsplit(url).scheme != "https" and settings.HTTPS:
            raise ValidationError("An issuer is reached by https: nobody may read along.")
        return url.rstrip("/")


class ProviderForm(_ProviderForm):
    """A provider that is entered."""

    class Meta:
        model = IdentityProvider
        fields = ["agency", "key", *_FIELDS]

    field_order = ["agency", "key", "name", "server_url", "client_id", "secret", "domains"]


class ProviderEditForm(StaleGuard, _ProviderForm):
    """What may be changed of a provider; its key never changes."""

    class Meta(ProviderForm.Meta):
        fields = _FIELDS

    field_order = ["name", "server_url", "client_id", "secret", "domains", "is_active", "reason"]

    def __init__(self, *args: Any, row: IdentityProvider, **kwargs: Any) -> None:
        initial = {"domains": row.domains}
        super().__init__(*args, row=row, instance=row, initial=initial, **kwargs)
        self.fields["secret"].help_text = "Leave empty to keep the present one."
