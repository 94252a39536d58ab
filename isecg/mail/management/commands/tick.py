"""Run one tick of the clockwork by hand."""

from django.core.management.base import BaseCommand

from isecg.mail import clockwork


class Command(BaseCommand):
    help = "Queue what is due now, send what is queued, and say how many letters went."

    def handle(self, *args: object, **options: object) -> None:
        """Do what beat has done every half minute."""
        count = clockwork.tick()
        self.stdout.write(f"{count} letter{'' if count == 1 else 's'} sent.")
