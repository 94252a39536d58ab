"""Secrets of people and providers, sealed anew once ``SECRET_KEY`` was replaced."""

from allauth.mfa.models import Authenticator
from django.db import transaction

from isecg import sealed
from workgroups.models import IdentityProvider

# Under which name each kind of second factor keeps what is sealed; a passkey keeps no secret.
SEALED = {
    Authenticator.Type.TOTP: "secret",
    Authenticator.Type.RECOVERY_CODES: "seed",
}


@transaction.atomic(durable=True)
def reseal_all() -> int:
    """Seal every secret with the key that is in force, and return how many there are.

    It changes nothing that anybody would see, so no event tells of it.

    :raises SealBrokenError: if one was sealed with a key that the site no longer has; then
        nothing is changed.
    """
    count = 0
    for factor in Authenticator.objects.select_for_update().filter(type__in=SEALED):
        name = SEALED[Authenticator.Type(factor.type)]
        if name in factor.data:
            factor.data[name] = sealed.reseal(factor.data[name])
            factor.save(update_fields=["data"])
            count += 1
    for provider in IdentityProvider.objects.select_for_update().exclude(sealed_secret=""):
        secret = sealed.reseal(provider.sealed_secret)
        IdentityProvider.objects.filter(pk=provider.pk).update(sealed_secret=secret)
        count += 1
    return count
