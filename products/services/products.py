"""Proposing a product and keeping what is said of it (rules 10-12 and 32)."""

from typing import Any

from django.db import transaction
from django.db.models import QuerySet

from isecg import clock
from isecg.events import log
from isecg.stale import require_current
from products import notifications, permissions
from products.dossier import Dossier
from products.models import Participation, Product, ProductEditor, Relation
from products.models.calls import CallState
from products.models.products import Degree, ElectorateRule, RelationKind
from products.services import calls, moves
from products.services.errors import ProductError
from products.workflow import FINAL, PUBLIC, Action, State
from workgroups.models import Agency, User
from workgroups.permissions import Standing
from workgroups.roles import Ability


@transaction.atomic(durable=True)
def propose(*, by: User, reason: str, **fields: Any) -> Product:
    """Propose a product; ``fields`` are those of :class:`Product`.

    :raises PermissionDenied: if ``by`` is neither the chair nor the secretariat.
    """
    Standing.of(by).require(Ability.PROPOSE_PRODUCT)
    product = Product(**fields, state=State.PROPOSED)
    product.save_as(by, f"Proposed: {reason}")
    log.record(
        "product.proposed", by=by, subject=product, reason=reason, after={"title": product.title}
    )
    return product


@transaction.atomic(durable=True)
def edit(product: Product, *, revision: int, by: User, reason: str, **fields: Any) -> None:
    """Change what is said of a product; its state has acts of its own.

    ``revision`` is the one that its form was opened on.

    :raises PermissionDenied: if ``by`` may not edit it.
    :raises ProductError: if it is released or ended, for then it does not change.
    :raises StaleError: if somebody changed it since.
    """
    moves.lock(product)
    permissions.require(Standing.of(by), Ability.EDIT_PRODUCT, product)
    require_current(product, revision)
    if product.state in PUBLIC:
        raise ProductError(
            f"{product} is “{product.get_state_display()}”: what it says does not change."
        )
    before = {name: getattr(product, name) for name in fields}
    for name, value in fields.items():
        setattr(product, name, value)
    product.save_as(by, f"Edited: {reason}")
    changed = {name: value for name, value in fields.items() if before[name] != value}
    log.record(
        "product.edited",
        by=by,
        subject=product,
        reason=reason,
        before={name: before[name] for name in changed},
        after=changed,
    )


@transaction.atomic(durable=True)
def start_drafting(product: Product, *, reason: str, by: User) -> None:
    """Take a proposed product into drafting.

    :raises PermissionDenied: if ``by`` is neither the chair nor the secretariat.
    :raises ProductError: without a responsible group, or off the Workplan.
    """
    moves.enter(product, Action.START_DRAFTING, by=by)
    moves.move(product, Action.START_DRAFTING, by=by, reason=reason)
    notifications.state_changed(product, by=by, reason=reason)


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
    """Make ``agency`` a participating agency (rule 11); it counts from the next call.

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
    log.record(
        "product.joined",
        by=by,
        subject=product,
        reason=reason,
        on_behalf_of=agency.code,
        after={"degree": degree.value},
    )


@transaction.atomic(durable=True)
def leave(product: Product, *, agency: Agency, reason: str, by: User) -> None:
    """End the part of ``agency`` in a product, and its part in an open call (rule 32).

    Its position stays in history and is not counted. A product whose last participant
    leaves returns to drafting.

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
    if product.electorate_rule == ElectorateRule.PARTICIPANTS:
        _leave_electorate(dossier, agency, reason=reason, by=by)
    if len(dossier.participations) == 1 and product.state in (
        State.SHARED,
        State.IN_CONSENSUS,
        State.AGREED,
    ):
        _return_without_participants(product, dossier, by=by)


def _leave_electorate(dossier: Dossier, agency: Agency, *, reason: str, by: User) -> None:
    for elector in dossier.reading.electors if dossier.reading else ():
        if elector.agency_id == agency.pk:
            elector.left_at = dossier.at
            elector.save_as(by, f"Left the product: {reason}")


def _return_without_participants(product: Product, dossier: Dossier, *, by: User) -> None:
    reason = "its last participating agency left"
    calls.end_undecided(dossier, state=CallState.RETURNED, by=by, reason=f"Returned: {reason}")
    moves.move(product, Action.RETURN, by=by, reason=reason)


@transaction.atomic(durable=True)
def add_editor(product: Product, *, person: User, reason: str, by: User) -> None:
    """Let ``person`` write the versions of a product (rule 11).

    :raises PermissionDenied: if ``by`` may not edit the product.
    :raises ProductError: if the person is its editor already, or it has ended.
    """
    moves.lock(product)
    permissions.require(Standing.of(by), Ability.EDIT_PRODUCT, product)
    if product.state in PUBLIC:
        raise ProductError(f"{product} is “{product.get_state_display()}”: it needs no editor.")
    if product.editors.filter(person=person, ended_at=None).exists():
        raise ProductError(f"{person} is an editor of {product} already.")
    ProductEditor(product=product, person=person).save_as(by, reason)
    log.record(
        "product.editor_added", by=by, subject=product, reason=reason, after={"editor": person}
    )


@transaction.atomic(durable=True)
def end_editor(product: Product, *, editor: ProductEditor, reason: str, by: User) -> None:
    """Let a person write the versions of a product no longer.

    :raises PermissionDenied: if ``by`` may not edit the product.
    :raises ProductError: if it ended before.
    """
    moves.lock(product)
    permissions.require(Standing.of(by), Ability.EDIT_PRODUCT, product)
    editor.refresh_from_db()
    if editor.ended_at:
        raise ProductError(f"{editor.person} is no editor of {product} any more.")
    editor.ended_at = clock.now()
    editor.save_as(by, reason)
    log.record(
        "product.editor_ended",
        by=by,
        subject=product,
        reason=reason,
        before={"editor": editor.person},
    )


def editorships(person: User) -> QuerySet[ProductEditor]:
    """Return what a person edits of products that are on their way."""
    rows = ProductEditor.objects.filter(person=person, ended_at=None)
    return rows.exclude(product__state__in=PUBLIC).select_related("product").order_by("product_id")


def pass_editorship(editor: ProductEditor, *, to: User, reason: str, by: User) -> None:
    """Make ``to`` the editor in another's stead, inside the act that hands over a seat.

    That act holds the product's lock. What ended meanwhile stays as it is.
    """
    product, former = editor.product, editor.person
    editor.refresh_from_db(fields=["ended_at"])
    if editor.ended_at or product.state in PUBLIC:
        return
    editor.ended_at = clock.now()
    editor.save_as(by, reason)
    if not product.editors.filter(person=to, ended_at=None).exists():
        ProductEditor(product=product, person=to).save_as(by, reason)
    log.record(
        "product.editor_passed",
        by=by,
        subject=product,
        reason=reason,
        before={"editor": str(former)},
        after={"editor": str(to)},
    )


@transaction.atomic(durable=True)
def relate(
    product: Product, *, kind: RelationKind, target: Product, reason: str, by: User
) -> Relation:
    """Record how a product relates to another (rule 12).

    :raises PermissionDenied: if ``by`` may not edit the product.
    :raises ProductError: for a relation to itself, twice, in a circle, a second
        successor, or of a product that is released.
    """
    moves.lock(product)
    permissions.require(Standing.of(by), Ability.EDIT_PRODUCT, product)
    _check_relation(product, kind, target)
    relation = Relation(product=product, kind=kind, target=target)
    relation.save_as(by, reason)
    log.record(
        "product.related",
        by=by,
        subject=product,
        reason=reason,
        after={"kind": kind.value, "target": target.code},
        also=[target],
    )
    return relation


def _check_relation(product: Product, kind: RelationKind, target: Product) -> None:
    if product.state in FINAL:
        raise ProductError(f"{product} is “{product.get_state_display()}”: nothing is added.")
    if product == target:
        raise ProductError("A product does not relate to itself.")
    if Relation.objects.filter(product=product, kind=kind, target=target).exists():
        raise ProductError("This relation is recorded already.")
    if _reaches(target, product, kind):
        raise ProductError(f"{target} {kind.label.lower()} {product} already: no circles.")
    if kind == RelationKind.SUPERSEDES:
        other = Relation.objects.filter(target=target, kind=kind).select_related("product").first()
        if other:
            raise ProductError(f"{target} has a successor already: {other.product}.")


def _reaches(start: Product, goal: Product, kind: RelationKind) -> bool:
    edges: dict[int, list[int]] = {}
    for source, to in Relation.objects.filter(kind=kind).values_list("product_id", "target_id"):
        edges.setdefault(source, []).append(to)
    seen, ahead = set[int](), [start.pk]
    while ahead:
        here = ahead.pop()
        if here == goal.pk:
            return True
        if here not in seen:
            seen.add(here)
            ahead.extend(edges.get(here, []))
    return False
