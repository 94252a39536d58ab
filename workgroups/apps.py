"""Who and when, as a Django app."""

from django.apps import AppConfig


class WorkgroupsConfig(AppConfig):
    name = "workgroups"
    verbose_name = "Who and when"

    def ready(self) -> None:
        """Tell the clockwork what this room owes."""
        # Models can be imported only once every app is loaded.
        from workgroups import (  # noqa: PLC0415
            confirmations,
            identity_providers,
            in_hand,
            personal_parts,
            reminders,
            vacancies,
        )
        from workgroups.sign_in import personal_parts as sign_in_parts  # noqa: PLC0415

        # A wrong entry ends the start, not the first sign-in.
        identity_providers.from_environment()
        reminders.register()
        personal_parts.register()
        sign_in_parts.register()
        confirmations.register()
        vacancies.register()
        in_hand.register()
