"""Say how the outbox stands."""

from django.core.management.base import BaseCommand
from django.db.models import Count

from isecg import clock
from isecg.mail.models import Heartbeat, Letter, State


class Command(BaseCommand):
    help = "Print the letters by state, the oldest that is due, and those that failed."

    def handle(self, *args: object, **options: object) -> None:
        """Print counts, the oldest due letter, the last tick, and each dead letter."""
        counts = dict(
            Letter.objects.order_by("state").values_list("state").annotate(count=Count("pk"))
        )
        for state in State:
            self.stdout.write(f"{state.label + ':':<9}{counts.get(state.value, 0)}")
        oldest = Letter.objects.due(clock.now()).order_by("due_at").first()
        self.stdout.write(
            f"Oldest due: {oldest.due_at:%Y-%m-%d %H:%M} UTC, letter {oldest.pk}"
            if oldest
            else "Oldest due: none"
        )
        heartbeat = Heartbeat.objects.first()
        self.stdout.write(
            f"Last tick: {heartbeat.ticked_at:%Y-%m-%d %H:%M:%S} UTC"
            if heartbeat
            else "Last tick: never"
        )
        for letter in Letter.objects.filter(state=State.FAILED):
            self.stdout.write(f"Failed: letter {letter.pk} ({letter.kind}): {letter.last_error}")
