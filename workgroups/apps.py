"""Who and when, as a Django app."""

from django.apps import AppConfig


class WorkgroupsConfig(AppConfig):
    name = "workgroups"
    verbose_name = "Who and when"

    def ready(self) -> None:
        """Tell the clockwork what this room owes."""
        # Models can be imported only once every app is loaded.
        from workgroups import identity_providers, personal_parts, reminders  # noqa: PLC0415

        # A wrong entry ends the start, not the first sign-in.
        identity_providers.from_environment()
        reminders.register()
        personal_parts.register()
