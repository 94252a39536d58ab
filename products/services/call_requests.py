"""Asking for a call, and declining to open one (rule 16)."""

from django.db import transaction

from isecg import instants
from isecg.events import log
from products import opening_notices, permissions
from products.models import CallRequest, Product
from products.models.interventions import RequestState
from products.services import call_answers, moves
from products.services.errors import ProductError
from products.workflow import Action
from workgroups.models import User
from workgroups.permissions import Standing
from workgroups.roles import Ability


@transaction.atomic(durable=True)
def request_call(product: Product, *, question: str, reason: str, by: User) -> CallRequest:
    """Ask the chair and the secretariat to open a call, for the group (rule 16).

    The share period may still run: whoever answers sees what is missing.

    :raises PermissionDenied: if ``by`` is no co-chair of the responsible group.
    :raises ProductError: if the product is not shared, or a request waits already.
    """
    moves.lock(product)
    standing = Standing.of(by)
    permissions.require(standing, Ability.REQUEST_CALL, product)
    moves.check_source(product, Action.OPEN_CALL)
    if before := call_answers.waiting(product):
        raise ProductError(
            f"A call on {product} is requested already: {before.requested_by} asked for it on "
            f"{instants.words(before.requested_at)}."
        )
    request = CallRequest(
        product=product,
        question=question,
        reason=reason,
        requested_at=standing.at,
        requested_by=by,
    )
    request.save_as(by, f"Requested a call: {reason}")
    log.record(
        "product.call_requested",
        by=by,
        subject=product,
        reason=reason,
        after={"question": question},
    )
    opening_notices.call_requested(request, by=by)
    return request


@transaction.atomic(durable=True)
def decline_request(request: CallRequest, *, answer: str, by: User) -> None:
    """Decline to open the call that a group asks for, and say why.

    :raises PermissionDenied: if ``by`` is neither the chair nor the secretariat.
    :raises ProductError: if the request is answered already.
    """
    moves.lock(request.product)
    request.refresh_from_db()
    permissions.require(Standing.of(by), Ability.OPEN_CALL, request.product)
    if request.state != RequestState.WAITING:
        raise ProductError(
            f"The request is answered already: {request.get_state_display().lower()}."
        )
    call_answers.answer_waiting(request.product, state=RequestState.DECLINED, answer=answer, by=by)
