"""The invented people of the provider: a file that the tests write, read at each question."""

import json

from django.conf import settings
from django.contrib.auth.backends import ModelBackend
from django.contrib.auth.models import User
from oauth2_provider.oauth2_validators import OAuth2Validator

from tests.openid.names import FILE, PASSWORD


def claims_of(username):
    people = json.loads((settings.PLACE / FILE).read_text())
    return people.get(username)


class PeopleBackend(ModelBackend):
    """Let in who is in the file; all have one password."""

    def authenticate(self, request, username=None, password=None, **kwargs):
        if password != PASSWORD or claims_of(username) is None:
            return None
        return User.objects.get_or_create(username=username)[0]


class Validator(OAuth2Validator):
    """The package's own, that says of a person what the file says."""

    oidc_claim_scope = None

    def get_additional_claims(self, request):
        return {
            name: value
            for name, value in claims_of(request.user.username).items()
            if name != "id_token"
        }

    def get_id_token_dictionary(self, token, token_handler, request):
        """Write into the ID token also what a test wants to be wrong there."""
        claims, expires_at = super().get_id_token_dictionary(token, token_handler, request)
        claims.update(claims_of(request.user.username).get("id_token", {}))
        return claims, expires_at
