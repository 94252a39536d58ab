"""Sharing a version with every member agency, and taking it back (rules 14 and 17)."""

from dataclasses import replace
from datetime import datetime

from django.db import transaction

from products import notifications
from products.models import Circulation, CirculationRecipient, Product
from products.services import moves
from products.workflow import Action
from workgroups.models import Agency, User


def told_at(at: datetime) -> list[Agency]:
    """Return whom a circulation of ``at`` goes to: every member of that day (rules 2 and 17)."""
    return list(Agency.objects.members_on(at.date()))


@transaction.atomic(durable=True)
def circulate(
    product: Product, *, closes_at: datetime, time_zone: str, note: str, by: User
) -> Circulation:
    """Send the latest version to all member agencies, and open its window (rule 17).

    ``closes_at`` is in UTC and was set in ``time_zone``. A product that is shared is
    circulated once more where a newer version, or a member that was missed, asks for it.

    :raises PermissionDenied: if ``by`` may not circulate.
    :raises ProductError: if the product is neither drafted nor shared, has no version, or
        this one went to all members already, or the window is shorter than the minimum
        share period.
    """
    standing, dossier = moves.enter(product, Action.CIRCULATE, by=by)
    moves.check_guards(Action.CIRCULATE, replace(dossier.facts, closes_at=closes_at))
    assert dossier.latest is not None  # the guard has seen to it
    circulation = Circulation(
        version=dossier.latest,
        note=note,
        opened_at=standing.at,
        closes_at=closes_at,
        time_zone=time_zone,
        share_days=dossier.facts.share_days,
    )
    circulation.save_as(by, f"Circulated version {dossier.latest.number}")
    members = told_at(standing.at)
    CirculationRecipient.objects.bulk_create(
        CirculationRecipient(circulation=circulation, agency=agency, code=agency.code)
        for agency in members
    )
    moves.move(
        product,
        Action.CIRCULATE,
        by=by,
        reason=note or "for comments",
        version=dossier.version_label,
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
    _, dossier = moves.enter(product, Action.TAKE_BACK, by=by)
    moves.move(product, Action.TAKE_BACK, by=by, reason=reason, version=dossier.version_label)
    notifications.state_changed(product, by=by, reason=reason)
