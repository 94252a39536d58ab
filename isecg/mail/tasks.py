"""What beat and the outbox call: wake-ups without facts, safe to get twice."""

from celery import shared_task

from isecg.mail import clockwork, delivery

# A worker that was down for days need not work off a wake-up for every half minute of them.
# (The ignores: Celery has no types.)
STALE_AFTER_SECONDS = 300


@shared_task(ignore_result=True, expires=STALE_AFTER_SECONDS)  # type: ignore[untyped-decorator]
def tick() -> None:
    """Run one tick of the clockwork."""
    clockwork.tick()


@shared_task(ignore_result=True, expires=STALE_AFTER_SECONDS)  # type: ignore[untyped-decorator]
def deliver_pending() -> None:
    """Send what is due."""
    delivery.deliver_pending()
