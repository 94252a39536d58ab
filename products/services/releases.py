"""Releasing, superseding and withdrawing products (rules 12 and 34)."""

from collections.abc import Mapping

from django.db import transaction

from isecg import clock
from products import guards, notifications
from products.dossier import Dossier
from products.models import Product, Release, ReleaseParticipant
from products.models.calls import CallState
from products.relations import RelationKind
from products.services import calls, moves
from products.workflow import Action, State
from workgroups.models import User


@transaction.atomic(durable=True)
def release(
    product: Product, *, reason: str, overrides: Mapping[str, str] | None = None, by: User
) -> Release:
    """Release the agreed version under the names of its participants of today (rule 34).

    The release of an edition supersedes the one it names as its predecessor (rule 12).
    ``overrides`` maps the id of an overridable guard to the reason for passing it over;
    it is kept with the release.

    :raises PermissionDenied: if ``by`` is not of the secretariat.
    :raises ProductError: if the product is not agreed, or the release gate holds it.
    """
    standing, dossier = moves.enter(product, Action.RELEASE, by=by, overrides=overrides)
    passed_over = {
        finding.rule: finding.override
        for finding in guards.guard(Action.RELEASE, dossier.facts, overrides=overrides)
        if not finding.satisfied and finding.override
    }
    row = Release(
        product=product,
        version=dossier.latest,
        decision=dossier.decision,
        day=standing.at.date().isoformat(),
        released_at=standing.at,
        overrides=passed_over,
    )
    row.save_as(by, f"Released: {reason}")
    participants = [entry.agency for entry in dossier.participations]
    for agency in participants:
        ReleaseParticipant(release=row, agency=agency, code=agency.code, name=agency.name).save_as(
            by, "Frozen with the code of the day"
        )
    moves.move(
        product,
        Action.RELEASE,
        by=by,
        reason=reason,
        version=f"v{dossier.latest.number}" if dossier.latest else "",
        after={
            "participants": [agency.code for agency in participants],
            "sha256": dossier.facts.sha256,
            "overrides": passed_over,
        },
    )
    notifications.state_changed(product, by=by, reason=reason)
    for link in dossier.relations:
        if link.kind == RelationKind.SUPERSEDES and link.product_id == product.pk:
            _supersede_if_released(link.target, by=by, reason=f"Superseded by {product}")
    return row


def _supersede_if_released(product: Product, *, by: User, reason: str) -> None:
    moves.lock(product)
    if product.state == State.RELEASED:
        moves.check_guards(Action.SUPERSEDE, Dossier(product, clock.now()).facts)
        moves.move(product, Action.SUPERSEDE, by=by, reason=reason)
        notifications.state_changed(product, by=by, reason=reason)


@transaction.atomic(durable=True)
def supersede(product: Product, *, reason: str, by: User) -> None:
    """Mark a released edition as superseded by the released one that names it.

    :raises PermissionDenied: if ``by`` is not of the secretariat.
    :raises ProductError: if it is not released, or no released successor is named.
    """
    moves.enter(product, Action.SUPERSEDE, by=by)
    moves.move(product, Action.SUPERSEDE, by=by, reason=reason)
    notifications.state_changed(product, by=by, reason=reason)


@transaction.atomic(durable=True)
def withdraw(product: Product, *, reason: str, by: User) -> None:
    """Withdraw a product; a released one stays reachable, with a banner (section 3).

    :raises PermissionDenied: if ``by`` is neither the chair nor the secretariat.
    :raises ProductError: if it is superseded or withdrawn already.
    """
    _, dossier = moves.enter(product, Action.WITHDRAW, by=by)
    calls.end_undecided(
        dossier, state=CallState.RETURNED, by=by, reason=f"The product was withdrawn: {reason}"
    )
    moves.move(product, Action.WITHDRAW, by=by, reason=reason)
    notifications.state_changed(product, by=by, reason=reason)
