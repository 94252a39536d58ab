"""The outbox as a Django app."""

from django.apps import AppConfig


class MailConfig(AppConfig):
    name = "isecg.mail"
    label = "mail"
    verbose_name = "Mail"
