"""The event log as a Django app."""

from django.apps import AppConfig


class EventsConfig(AppConfig):
    name = "isecg.events"
    label = "events"
