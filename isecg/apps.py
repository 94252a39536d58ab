"""The ground floor as a Django app: commands, template tags, form rendering."""

from django.apps import AppConfig


class IsecgConfig(AppConfig):
    name = "isecg"
    verbose_name = "Ground floor"
