"""Replacing the key of the site, whatever lies sealed with the former one."""

import pytest
from allauth.mfa.models import Authenticator
from allauth.mfa.recovery_codes.internal.auth import RecoveryCodes
from allauth.mfa.totp.internal.auth import TOTP
from django.conf import settings
from django.core.management import CommandError, call_command
from django.test import override_settings

from isecg import sealed
from tests.factories import AgencyFactory, UserFactory
from workgroups.models import IdentityProvider
from workgroups.services.identity_providers import add_provider

pytestmark = pytest.mark.django_db(transaction=True)

NEW = "another-key-of-this-site-0123456789-abcdefghijklmnop"


@pytest.fixture
def kept():
    """Return a reader of everything that is sealed: a person's app and codes, a provider's."""
    person = UserFactory()
    TOTP.activate(person, "JBSWY3DPEHPK3PXP")
    RecoveryCodes.activate(person)
    add_provider(
        "esa",
        agency=AgencyFactory(),
        name="ESA",
        server_url="https://login.esa.example",
        client_id="isecg",
        domains=["esa.example"],
        secret="of the provider",
        reason="they asked",
        by=UserFactory(is_secretariat=True),
    )

    def read():
        codes = Authenticator.objects.get(type=Authenticator.Type.RECOVERY_CODES)
        return (
            sealed.unseal(Authenticator.objects.get(type=Authenticator.Type.TOTP).data["secret"]),
            RecoveryCodes(codes).get_unused_codes(),
            sealed.unseal(IdentityProvider.objects.get().sealed_secret),
        )

    return read


def test_after_resealing_the_former_key_can_go(kept, capsys):
    before = kept()

    with override_settings(SECRET_KEY=NEW, SECRET_KEY_FALLBACKS=[settings.SECRET_KEY]):
        call_command("reseal")

    assert capsys.readouterr().out == "3 secrets are sealed with the present key.\n"
    with override_settings(SECRET_KEY=NEW, SECRET_KEY_FALLBACKS=[]):
        assert kept() == before
    with pytest.raises(sealed.SealBrokenError):
        kept()


def test_a_key_that_is_missing_is_named_and_nothing_changes(kept):
    before = kept()

    with (
        override_settings(SECRET_KEY=NEW, SECRET_KEY_FALLBACKS=[]),
        pytest.raises(CommandError, match=r"SECRET_KEY_FALLBACKS\. Nothing was changed\."),
    ):
        call_command("reseal")

    assert kept() == before
