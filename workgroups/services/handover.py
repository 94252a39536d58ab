"""Leaving a seat in order: the mandate ends, and what is open passes on (rule 5)."""

from datetime import datetime

from django.db import transaction

from isecg import clock
from isecg.events import log
from isecg.mail import outbox
from workgroups import handover, seat_notices
from workgroups.handover import Fate, Leaving, Passing
from workgroups.models import Mandate, User
from workgroups.permissions import Standing
from workgroups.services.errors import RefusedError
from workgroups.services.people import end_within
from workgroups.services.rows import lock


@transaction.atomic(durable=True)
def hand_over(
    mandate: Mandate,
    *,
    successor: User | None,
    ends_at: datetime | None = None,
    reason: str,
    by: User,
) -> None:
    """End a mandate now or at an instant to come, and pass on what its holder has in hand.

    Editorships pass at once, and the speaker's places at meetings from that instant on.
    Positions stay with the seat; what is another's act stays open, and the sheet says
    whose. Without a ``successor`` nothing passes.

    :raises PermissionDenied: if ``by`` is neither of the secretariat nor the agency's head
        of delegation, or is a head and it is the mandate of a head.
    :raises RefusedError: if it has ended, the instant is past, or the successor holds no
        mandate there now and then.
    """
    lock(mandate.agency)
    lock(mandate)
    Standing.of(by).require_naming(mandate.agency, mandate.capacity)
    then = ends_at or clock.now()
    leaving = Leaving.of(mandate, ends_at=then)
    matters, acts = handover.sheet(leaving), []
    if successor is not None:
        if not handover.successors(mandate, ends_at=then).filter(pk=successor.pk).exists():
            raise RefusedError(
                f"{successor} holds no mandate of {mandate.agency} that is valid now and then "
                "and reaches as far: choose another successor."
            )
        acts = handover.take(leaving, Passing(to=successor, by=by, reason=reason))
    end_within(mandate, ends_at=ends_at, reason=reason, by=by)
    if successor is None:
        return
    for act in acts:
        act()
    log.record(
        "seat.handed_over",
        by=by,
        subject=mandate.agency,
        reason=reason,
        on_behalf_of=mandate.agency.code,
        before={"person": mandate.person},
        after={
            "person": successor,
            "passed": [
                f"{matter.kind}: {matter.label}" for matter in matters if matter.fate == Fate.PASSES
            ],
        },
        also=[mandate.person, successor],
    )
    outbox.enqueue(
        [seat_notices.handed_over(mandate, to=successor, matters=matters, by=by, reason=reason)]
    )
