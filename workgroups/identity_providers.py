"""Through whom people may sign in: what the environment says and what the secretariat keeps."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlsplit

from django.conf import settings
from django.core.exceptions import ImproperlyConfigured

from isecg import sealed
from workgroups.models import IdentityProvider


@dataclass(frozen=True, kw_only=True)
class Provider:
    """A provider of identities as the sign-in needs it; ``domains`` are in small letters."""

    key: str
    name: str
    server_url: str
    client_id: str
    secret: str
    domains: frozenset[str]

    def speaks_for(self, address: str) -> bool:
        """Whether it may vouch for ``address``: for those of its domains, and no others."""
        return address.rpartition("@")[2].lower() in self.domains

    @property
    def origin(self) -> str:
        """The scheme and host to which a browser is led."""
        parts = urlsplit(self.server_url)
        return f"{parts.scheme}://{parts.netloc}"


def active() -> list[Provider]:
    """Return the providers through which people may sign in, by name.

    Of two with one key that of the environment counts.
    """
    configured = from_environment()
    kept = IdentityProvider.objects.filter(is_active=True)
    kept = kept.exclude(key__in=[provider.key for provider in configured])
    found = [*configured, *(_read(row) for row in kept)]
    return sorted(found, key=lambda provider: provider.name)


def find(key: str) -> Provider | None:
    """Return the active provider with this key, if there is one."""
    return next((provider for provider in active() if provider.key == key), None)


def of_address(address: str) -> Provider | None:
    """Return the active provider that may vouch for ``address``, if there is one."""
    return next((provider for provider in active() if provider.speaks_for(address)), None)


def from_environment() -> list[Provider]:
    """Return the providers that ``ISECG_OIDC`` names.

    :raises ImproperlyConfigured: if an entry lacks something, naming it, or goes without https.
    """
    return [_configured(entry) for entry in settings.ISECG_OIDC]


def _configured(entry: Mapping[str, Any]) -> Provider:
    try:
        domains = frozenset(str(domain).lower() for domain in entry["domains"])
        provider = Provider(
            **{
                name: str(entry[name])
                for name in ("key", "name", "server_url", "client_id", "secret")
            },
            domains=domains,
        )
    except (KeyError, TypeError) as error:
        raise ImproperlyConfigured(
            f"ISECG_OIDC: an entry lacks {error}. docs/operations.md says what belongs in it."
        ) from error
    # Its tokens are believed because nobody can stand between it and this site.
    if settings.HTTPS and not provider.server_url.startswith("https://"):
        raise ImproperlyConfigured(f"ISECG_OIDC: {provider.key} is not reached by https.")
    return provider


def _read(row: IdentityProvider) -> Provider:
    return Provider(
        key=row.key,
        name=row.name,
        server_url=row.server_url,
        client_id=row.client_id,
        secret=sealed.unseal(row.sealed_secret) if row.sealed_secret else "",
        domains=frozenset(row.domains),
    )
