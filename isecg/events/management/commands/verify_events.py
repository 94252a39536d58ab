"""``manage.py verify_events``: check the hash chain of the event log (rule 49)."""

import sys
from typing import Any

from django.core.management.base import BaseCommand

from isecg.events import log


class Command(BaseCommand):
    help = "Checks the event log; exits with 1 and names the first broken event, if any."

    def handle(self, *args: Any, **options: Any) -> None:
        read, head, broken = log.verify()
        if broken:
            self.stderr.write(f"{broken} {read} read.")
            sys.exit(1)
        self.stdout.write(f"{read} events are whole. Head: {head.seq} {head.hash}")
