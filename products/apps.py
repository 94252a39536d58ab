"""What, as a Django app."""

from django.apps import AppConfig


class ProductsConfig(AppConfig):
    name = "products"
    verbose_name = "What"

    def ready(self) -> None:
        """Tell the pages of the rooms below what belongs on them."""
        # Models can be imported only once every app is loaded.
        from products import (  # noqa: PLC0415
            call_reminders,
            in_hand,
            ledger_notices,
            personal_parts,
            public_notices,
            sections,
        )

        sections.register()
        in_hand.register()
        personal_parts.register()
        public_notices.register()
        call_reminders.register()
        ledger_notices.register()
