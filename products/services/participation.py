"""Joining and leaving a product (rules 11 and 32)."""

from django.db import transaction

from isecg.events import log
from products import notifications
from products.dossier import Dossier
from products.models import Elector, Participation, Product
from products.models.calls import CallState
from products.models.products import Degree, ElectorateRule
from products.services import calls, ledger_entries, moves
from products.services.errors import ProductError
from products.workflow import PUBLIC, TRANSITIONS, Action, State
from workgroups.models import Agency, User
from workgroups.permissions import Standing
from workgroups.roles import Ability


def _require_may_speak(standing: Standing, agency: Agency, product: Product) -> None:
    standing.require(Ability.JOIN_PRODUCT, limit=product.code)
    if not standing.is_secretariat:
        standing.require_voice(agency, on=product.code)


def _check_not_ended(product: Product) -> None:
    if product.state in PUBLIC:
        raise ProductError(
            f"{product} is “{product.get_state_display()}”: its participants are frozen."
        )


@transaction.atomic(durable=True)
def join(product: Product, *, agency: Agency, degree: Degree, reason: str, by: User) -> None:
    """Make ``agency`` a participating agency (rule 11).

    While a call is open it reads and comments at once, and counts from the next one (rule 32).

    :raises PermissionDenied: if ``by`` neither speaks for it nor is of the secretariat.
    :raises ProductError: if the product is released, or the agency no member, or in it.
    """
    moves.lock(product)
    standing = Standing.of(by)
    _require_may_speak(standing, agency, product)
    _check_not_ended(product)
    if not Agency.objects.members_on(standing.at.date()).filter(pk=agency.pk).exists():
        raise ProductError(f"{agency} is no member agency today.")
    if product.participations.filter(agency=agency, left_at=None).exists():
        raise ProductError(f"{agency} takes part in {product} already.")
    row = Participation(product=product, agency=agency, degree=degree, joined_at=standing.at)
    row.save_as(by, f"Joined: {reason}")
    after = {"degree": degree.value}
    if waits_for_the_next_call(product):
        after["counts_from"] = "the next call"
    log.record(
        "product.joined",
        by=by,
        subject=product,
        reason=reason,
        on_behalf_of=agency.code,
        after=after,
    )
    notifications.joined(row, by=by, reason=reason)


def waits_for_the_next_call(product: Product) -> bool:
    """Whether an agency that joins now is in no electorate before the next call (rule 32)."""
    return (
        product.state == State.IN_CONSENSUS
        and product.electorate_rule == ElectorateRule.PARTICIPANTS
    )


@transaction.atomic(durable=True)
def leave(product: Product, *, agency: Agency, reason: str, by: User) -> None:
    """End the part of ``agency`` in a product, and its part in an open call (rule 32).

    Its position stays in history and is not counted, and the quorum is of one agency
    less. What it has open on the ledger lapses. A product whose last participant leaves
    returns to drafting.

    :raises PermissionDenied: if ``by`` neither speaks for it nor is of the secretariat.
    :raises ProductError: if the product is released, or the agency is not in it.
    """
    moves.lock(product)
    standing = Standing.of(by)
    _require_may_speak(standing, agency, product)
    _check_not_ended(product)
    dossier = Dossier(product, standing.at)
    row = next((entry for entry in dossier.participations if entry.agency == agency), None)
    if row is None:
        raise ProductError(f"{agency} takes no part in {product}.")
    row.left_at = standing.at
    row.save_as(by, f"Left: {reason}")
    log.record("product.left", by=by, subject=product, reason=reason, on_behalf_of=agency.code)
    elector = _leave_electorate(dossier, agency, reason=reason, by=by)
    # Where all members are asked, it has its voice still, and what it said with it.
    if product.electorate_rule == ElectorateRule.PARTICIPANTS:
        ledger_entries.lapse(product, agency=agency, reason=reason, at=standing.at, by=by)
    remaining = [entry.agency for entry in dossier.participations if entry != row]
    if not remaining and product.state in TRANSITIONS[Action.LAPSE].sources:
        _return_without_participants(product, dossier, by=by)
    notifications.left(row, remaining=remaining, elector=elector, by=by, reason=reason)


def _leave_electorate(dossier: Dossier, agency: Agency, *, reason: str, by: User) -> Elector | None:
    """Take an agency that left out of the open call, if it was asked there."""
    # Where all members are asked, nobody leaves by leaving the product.
    if dossier.product.electorate_rule != ElectorateRule.PARTICIPANTS or not dossier.reading:
        return None
    # What was given in time counts: who leaves after the end leaves no call.
    if dossier.reading.ended_at:
        return None
    asked = [
        row for row in dossier.reading.electors if row.agency_id == agency.pk and not row.left_at
    ]
    for elector in asked:
        elector.left_at = dossier.at
        elector.save_as(by, f"Left the product: {reason}")
        log.record(
            "call.left",
            by=by,
            subject=dossier.reading.call,
            reason=f"{elector.code} left the product: it is not counted, and the electorate is "
            f"smaller by one. {reason}",
            on_behalf_of=elector.code,
        )
    return asked[0] if asked else None


def _return_without_participants(product: Product, dossier: Dossier, *, by: User) -> None:
    reason = "its last participating agency left"
    calls.end_undecided(dossier, state=CallState.RETURNED, by=by, reason=f"Returned: {reason}")
    moves.move(product, Action.LAPSE, by=by, reason=reason, version=dossier.version_label)
