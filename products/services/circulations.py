"""Sharing a version with every member agency, and taking it back (rules 14 and 17)."""

from datetime import datetime, timedelta

from django.db import transaction

from isecg import instants
from products import defaults, notifications
from products.models import Circulation, CirculationRecipient, Product
from products.services import moves
from products.services.errors import ProductError
from products.workflow import Action
from workgroups.models import Agency, User


def too_short(closes_at: datetime, *, at: datetime, days: int) -> str:
    """Return what a window opened at ``at`` lacks, as a sentence, or nothing (rule 17)."""
    earliest = at + timedelta(days=days)
    if closes_at >= earliest:
        return ""
    return f"The window must last at least {days} days: until {instants.words(earliest)} or later."


@transaction.atomic(durable=True)
def circulate(
    product: Product, *, closes_at: datetime, time_zone: str, note: str, by: User
) -> Circulation:
    """Send the latest version to all member agencies, and open its window (rule 17).

    ``closes_at`` is in UTC and was set in ``time_zone``.

    :raises PermissionDenied: if ``by`` may not circulate.
    :raises ProductError: if the product is not being drafted, has no version, or the
        window is shorter than the minimum share period.
    """
    standing, dossier = moves.enter(product, Action.CIRCULATE, by=by)
    days = defaults.share_days(product.kind)
    if lack := too_short(closes_at, at=standing.at, days=days):
        raise ProductError(lack)
    assert dossier.latest is not None  # the guard has seen to it
    circulation = Circulation(
        version=dossier.latest,
        note=note,
        opened_at=standing.at,
        closes_at=closes_at,
        time_zone=time_zone,
        share_days=days,
    )
    circulation.save_as(by, f"Circulated version {dossier.latest.number}")
    members = list(Agency.objects.members_on(standing.at.date()))
    CirculationRecipient.objects.bulk_create(
        CirculationRecipient(circulation=circulation, agency=agency, code=agency.code)
        for agency in members
    )
    moves.move(
        product,
        Action.CIRCULATE,
        by=by,
        reason=note or "for comments",
        version=f"v{dossier.latest.number}",
        after={"closes_at": closes_at, "agencies": [agency.code for agency in members]},
    )
    notifications.circulated(circulation, product=product, by=by)
    return circulation


@transaction.atomic(durable=True)
def take_back(product: Product, *, reason: str, by: User) -> None:
    """Take a shared product back to drafting.

    :raises PermissionDenied: if ``by`` may not.
    :raises ProductError: if the product is not shared.
    """
    moves.enter(product, Action.TAKE_BACK, by=by)
    moves.move(product, Action.TAKE_BACK, by=by, reason=reason)
    notifications.state_changed(product, by=by, reason=reason)
