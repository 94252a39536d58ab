"""Secrets that have to lie in the database: sealed with a key that does not.

The key comes from ``SECRET_KEY``, so a copy of the database opens nothing. A key that was
replaced is named in ``SECRET_KEY_FALLBACKS`` for as long as it has to open what it sealed.
"""

import base64

from cryptography.fernet import Fernet, InvalidToken, MultiFernet
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF
from django.conf import settings
from django.utils.encoding import force_bytes


class SealBrokenError(Exception):
    """A sealed text that no key of this site opens."""


def seal(text: str) -> str:
    """Return ``text`` so that only this site can read it."""
    return _keys().encrypt(text.encode()).decode()


def unseal(sealed: str) -> str:
    """Return what :func:`seal` was given.

    :raises SealBrokenError: if it was sealed with another key, or changed since.
    """
    try:
        return _keys().decrypt(sealed.encode()).decode()
    except InvalidToken as error:
        raise SealBrokenError("SECRET_KEY does not open this: was it replaced?") from error


def reseal(sealed: str) -> str:
    """Return what opens to the same, sealed with the key that is in force now.

    :raises SealBrokenError: if no key of this site opens it.
    """
    return seal(unseal(sealed))


def _keys() -> MultiFernet:
    secrets = [settings.SECRET_KEY, *settings.SECRET_KEY_FALLBACKS]
    return MultiFernet([_fernet(force_bytes(secret)) for secret in secrets])


def _fernet(secret: bytes) -> Fernet:
    key = HKDF(algorithm=SHA256(), length=32, salt=None, info=b"isecg.sealed").derive(secret)
    return Fernet(base64.urlsafe_b64encode(key))
