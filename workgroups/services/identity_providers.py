"""The providers of identities that the secretariat keeps, and whom they link."""

from collections.abc import Sequence
from typing import Any

from allauth.socialaccount.models import SocialAccount
from django.db import transaction

from isecg import sealed, stale
from isecg.events import log
from workgroups import identity_providers, permissions
from workgroups.models import IdentityProvider, User
from workgroups.roles import Ability
from workgroups.services.errors import RefusedError
from workgroups.services.rows import amend, check, lock

# The address of the form that adds one stands where its key would.
RESERVED_KEYS = frozenset({"new"})


@transaction.atomic(durable=True)
def add_provider(
    key: str, *, domains: Sequence[str], secret: str, reason: str, by: User, **fields: Any
) -> IdentityProvider:
    """Let the people of an agency sign in through its OpenID provider.

    :raises PermissionDenied: if ``by`` may not keep the roster.
    :raises RefusedError: if the key or one of the domains belongs to another provider.
    """
    permissions.require(by, Ability.KEEP_ROSTER)
    if key in RESERVED_KEYS or key in {one.key for one in identity_providers.from_environment()}:
        raise RefusedError(f"“{key}” is taken: choose another key.")
    _refuse_shared(domains, key=key)
    provider = IdentityProvider(key=key, domains=list(domains), **fields)
    if secret:
        provider.sealed_secret = sealed.seal(secret)
    check(provider).save_as(by, reason)
    _record(provider, "identity_provider.added", by=by, reason=reason)
    return provider


@transaction.atomic(durable=True)
def edit_provider(
    provider: IdentityProvider,
    *,
    secret: str,
    revision: int,
    reason: str,
    by: User,
    **fields: Any,
) -> None:
    """Change a provider; without a ``secret`` the present one stays.

    :raises PermissionDenied: if ``by`` may not keep the roster.
    :raises RefusedError: if one of the domains belongs to another provider.
    :raises StaleError: if somebody changed it since ``revision``.
    """
    permissions.require(by, Ability.KEEP_ROSTER)
    lock(provider)
    stale.require_current(provider, revision)
    _refuse_shared(fields.get("domains", ()), key=provider.key)
    amend(provider, fields)
    if secret:
        provider.sealed_secret = sealed.seal(secret)
    check(provider).save_as(by, reason)
    _record(provider, "identity_provider.edited", by=by, reason=reason)


def _refuse_shared(domains: Sequence[str], *, key: str) -> None:
    """Refuse a domain for which another provider speaks: it could take over its people."""
    others = {
        domain: row.name
        for row in IdentityProvider.objects.exclude(key=key)
        for domain in row.domains
    } | {
        domain: one.name for one in identity_providers.from_environment() for domain in one.domains
    }
    for domain in domains:
        if domain in others:
            raise RefusedError(f"{others[domain]} speaks for {domain} already.")


def _record(provider: IdentityProvider, event: str, *, by: User, reason: str) -> None:
    log.record(
        event,
        by=by,
        subject=provider,
        reason=reason,
        after={
            "server_url": provider.server_url,
            "domains": provider.domains,
            "is_active": provider.is_active,
        },
        also=[provider.agency],
    )


@transaction.atomic(durable=True)
def link(person: User, account: SocialAccount) -> None:
    """Keep that a provider knows ``person`` as ``account``, once it has shown that it may."""
    account.user = person
    account.save()
    log.record(
        "person.linked",
        by=person,
        subject=person,
        reason="Signed in through the agency's provider of identities.",
        after={"provider": account.provider},
    )
