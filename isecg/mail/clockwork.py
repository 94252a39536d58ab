"""One tick: what is due now is queued, and what is queued is sent."""

import structlog
from django.db import transaction

from isecg import clock
from isecg.mail import delivery, outbox, registry
from isecg.mail.models import Heartbeat

log = structlog.get_logger(__name__)


def tick() -> int:
    """Ask every planner what is due, deliver the outbox, return how many letters went.

    A missed tick, two at once, or none for days change nothing but the hour of arrival.
    """
    Heartbeat.objects.update_or_create(id=1, defaults={"ticked_at": clock.now()})
    for name, plan in registry.planners():
        try:
            with transaction.atomic(durable=True):
                outbox.enqueue(plan(clock.now()), nudge=False)
        except Exception:
            # One broken planner must not keep the others' letters back.
            log.exception("mail.planner_broken", planner=name)
    return delivery.deliver_pending()
