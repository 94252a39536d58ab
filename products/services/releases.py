"""Releasing, superseding and withdrawing products (rules 12 and 34)."""

from collections.abc import Mapping

from django.db import transaction

from isecg import clock
from isecg.events import log
from products import guards, notifications
from products.dossier import Dossier
from products.models import Product, Relation, Release, ReleaseParticipant
from products.models.calls import CallState
from products.relations import RelationKind
from products.release_gate import annex_of, predecessor_of
from products.services import calls, moves
from products.workflow import Action, State
from workgroups.models import User


@transaction.atomic(durable=True)
def release(
    product: Product,
    *,
    reason: str,
    overrides: Mapping[str, str] | None = None,
    supersede: bool = True,
    by: User,
) -> Release:
    """Release the agreed version under the names of its participants of today (rule 34).

    Reservations go into its annex, verbatim. The release of an edition supersedes the
    previous one (rule 12), unless ``supersede`` says otherwise. ``overrides`` maps the id of
    an overridable guard to the reason for passing it over; it is kept with the release, and
    printed on its public page.

    :raises PermissionDenied: if ``by`` is not of the secretariat.
    :raises ProductError: if the product is not agreed, or the release gate holds it.
    """
    standing, dossier = moves.enter(product, Action.RELEASE, by=by, overrides=overrides)
    passed_over = {
        finding.rule: finding.override
        for finding in guards.guard(Action.RELEASE, dossier.facts, overrides=overrides)
        if not finding.satisfied and finding.override
    }
    # An agreed product has a decision, and the gate has found it to be on this version.
    assert dossier.decision is not None
    row = Release(
        product=product,
        version=dossier.latest,
        decision=dossier.decision,
        day=standing.at.date().isoformat(),
        released_at=standing.at,
        annex=annex_of(dossier.decision),
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
        version=dossier.version_label,
        after={
            "participants": [agency.code for agency in participants],
            "sha256": dossier.facts.sha256,
            "annex": [entry["agency"] for entry in row.annex],
            "overrides": passed_over,
        },
    )
    notifications.state_changed(product, by=by, reason=reason)
    if supersede:
        _supersede_previous(product, dossier, by=by)
    return row


def _supersede_previous(product: Product, dossier: Dossier, *, by: User) -> None:
    found = predecessor_of(product, dossier.relations)
    if found is None:
        return
    previous, reason = found.product, f"Superseded by {product}"
    moves.lock(previous)
    if previous.state != State.RELEASED:
        # It was superseded or withdrawn while this one was on its way.
        return
    if not found.named:
        kind = RelationKind.SUPERSEDES
        if Relation.objects.filter(kind=kind, target=previous).exists():
            return
        Relation(product=product, kind=kind, target=previous).save_as(by, "The next edition")
        log.record(
            "product.related",
            by=by,
            subject=product,
            reason="The next edition",
            after={"kind": kind.value, "target": previous.code},
            also=[previous],
        )
    earlier = Dossier(previous, clock.now())
    moves.check_guards(Action.SUPERSEDE, earlier.facts)
    moves.move(previous, Action.SUPERSEDE, by=by, reason=reason, version=earlier.version_label)
    notifications.state_changed(previous, by=by, reason=reason)


@transaction.atomic(durable=True)
def supersede(product: Product, *, reason: str, by: User) -> None:
    """Mark a released edition as superseded by the released one that names it.

    :raises PermissionDenied: if ``by`` is not of the secretariat.
    :raises ProductError: if it is not released, or no released successor is named.
    """
    _, dossier = moves.enter(product, Action.SUPERSEDE, by=by)
    moves.move(product, Action.SUPERSEDE, by=by, reason=reason, version=dossier.version_label)
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
    moves.move(product, Action.WITHDRAW, by=by, reason=reason, version=dossier.version_label)
    notifications.state_changed(product, by=by, reason=reason)
