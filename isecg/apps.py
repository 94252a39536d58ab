"""The ground floor as a Django app: commands, template tags, form rendering."""

from importlib import import_module

from django.apps import AppConfig


class IsecgConfig(AppConfig):
    name = "isecg"
    verbose_name = "Ground floor"

    def ready(self) -> None:
        """Listen to who signs in and out."""
        import_module("isecg.security_log")
