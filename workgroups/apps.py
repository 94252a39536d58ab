"""Who and when, as a Django app."""

from django.apps import AppConfig


class WorkgroupsConfig(AppConfig):
    name = "workgroups"
    verbose_name = "Who and when"

    def ready(self) -> None:
        """Tell the clockwork what this room owes."""
        # Models can be imported only once every app is loaded.
        from workgroups import confirmations, in_hand, reminders, vacancies  # noqa: PLC0415

        reminders.register()
        confirmations.register()
        vacancies.register()
        in_hand.register()
