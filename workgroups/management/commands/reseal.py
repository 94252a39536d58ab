"""``manage.py reseal``: after a new ``SECRET_KEY``, let go of the former one."""

from typing import Any

from django.core.management.base import BaseCommand, CommandError

from isecg.sealed import SealBrokenError
from workgroups.services.sealing import reseal_all


class Command(BaseCommand):
    help = "Seals the secrets in the database with the present SECRET_KEY."

    def handle(self, **options: Any) -> None:
        try:
            count = reseal_all()
        except SealBrokenError as error:
            raise CommandError(
                "One of the secrets was sealed with a key that this site does not have. "
                "Put it into SECRET_KEY_FALLBACKS. Nothing was changed."
            ) from error
        self.stdout.write(f"{count} secrets are sealed with the present key.")
