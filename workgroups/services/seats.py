"""What an agency says of its seat (rules 4 and 5)."""

from collections.abc import Collection

from django.db import transaction

from isecg.events import log
from workgroups.models import Agency, Mandate, SeatConfirmation, User
from workgroups.permissions import Standing
from workgroups.services.errors import RefusedError
from workgroups.services.rows import lock


@transaction.atomic(durable=True)
def confirm_seat(agency: Agency, *, holders: Collection[int], by: User) -> SeatConfirmation:
    """Keep that those who hold an agency's seat now are the right ones.

    ``holders`` are the keys of the mandates that ``by`` was shown. The secretariat confirms
    on the agency's behalf, and that is shown (rule 6).

    :raises PermissionDenied: if ``by`` neither speaks for the agency nor is of the secretariat.
    :raises RefusedError: if nobody holds the seat, others than those shown do, or the same
        were confirmed on this day.
    """
    lock(agency)
    standing = Standing.of(by)
    standing.require_confirming(agency)
    held = list(agency.mandates.valid_at(standing.at).order_by("pk"))
    if not held or not Agency.objects.members_on(standing.at.date()).filter(pk=agency.pk).exists():
        raise RefusedError(f"Nobody holds the seat of {agency} today: there is none to confirm.")
    if {mandate.pk for mandate in held} != set(holders):
        raise RefusedError(
            f"Who holds the seat of {agency} has changed since this page was shown: look at the "
            "holders, then confirm them."
        )
    entries = [_as_it_is(mandate) for mandate in held]
    last = agency.seat_confirmations.select_related("by").first()
    # A button that is pressed twice confirms once.
    if last and last.at.date() == standing.at.date() and last.holders == entries:
        raise RefusedError(f"{last.by} has confirmed the same holders today.")
    confirmation = SeatConfirmation.objects.create(
        agency=agency,
        at=standing.at,
        by=by,
        on_behalf=agency not in standing.voices,
        holders=entries,
    )
    log.record(
        "seat.confirmed",
        by=by,
        subject=agency,
        on_behalf_of=agency.code,
        after={"holders": entries, "on_behalf": confirmation.on_behalf},
    )
    return confirmation


def _as_it_is(mandate: Mandate) -> dict[str, str | int]:
    return {
        "mandate": mandate.pk,
        "person": mandate.person_id,
        "capacity": mandate.capacity,
        "limited_to": mandate.limited_to,
        "starts_at": mandate.starts_at.isoformat(),
        "ends_at": mandate.ends_at.isoformat() if mandate.ends_at else "",
    }
