"""The tokens of letters that open something."""

import hashlib
import secrets

from django.contrib.auth.tokens import PasswordResetTokenGenerator

from workgroups.models import User


class ResetTokenGenerator(PasswordResetTokenGenerator):
    """A reset dies with a new password, a new address, or the suspension of the account.

    Allauth's own would write down addresses that its sign-in then accepts as well.
    """

    def _make_hash_value(self, user: User, timestamp: int) -> str:
        return f"{super()._make_hash_value(user, timestamp)}{user.is_active}"


def new_token() -> str:
    """Return a token that nobody can guess, for the address in a letter."""
    return secrets.token_urlsafe(32)


def digest(token: str) -> str:
    """Return what is kept of a token: enough to know it again, too little to use it."""
    return hashlib.sha256(token.encode()).hexdigest()
