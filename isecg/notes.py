"""The notes that a page shows once, in a cookie that only this host can have set."""

from django.conf import settings
from django.contrib.messages.storage.base import BaseStorage
from django.contrib.messages.storage.cookie import CookieStorage
from django.contrib.messages.storage.fallback import FallbackStorage
from django.contrib.messages.storage.session import SessionStorage


class HostCookieStorage(CookieStorage):
    """Django's storage, under the name that the settings give its cookie."""

    cookie_name = settings.MESSAGES_COOKIE_NAME


class Storage(FallbackStorage):
    """Notes in the cookie, and in the session what does not fit into it."""

    storage_classes: tuple[type[BaseStorage], ...] = (HostCookieStorage, SessionStorage)
