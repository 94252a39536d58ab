"""What becomes of a group's request for a call, inside the act that decides it (rule 16)."""

from isecg import clock
from isecg.events import log
from products import opening_notices
from products.models import Call, CallRequest, Product
from products.models.interventions import RequestState
from workgroups.models import User


def answer_waiting(
    product: Product,
    *,
    state: RequestState,
    by: User,
    answer: str = "",
    call: Call | None = None,
) -> None:
    """Answer the request that waits on ``product``, if one does, and tell who made it.

    ``call`` is the one that was opened; else ``answer`` says why there is none.
    """
    request = waiting(product)
    if request is None:
        return
    request.state, request.call, request.answer = state, call, answer
    request.answered_at, request.answered_by = clock.now(), by
    request.save_as(by, answer or f"The call was opened: {call}")
    log.record(
        "product.call_request_answered",
        by=by,
        subject=product,
        reason=answer,
        after={"answer": state.value},
    )
    if call:
        opening_notices.request_opened(request, call=call, by=by)
    else:
        opening_notices.request_declined(request, by=by)


def wait_again(call: Call, *, by: User, reason: str) -> None:
    """Have the request wait again that a call answered which was opened in error."""
    request = CallRequest.objects.filter(call=call).first()
    if request is None:
        return
    request.state, request.call, request.answer = RequestState.WAITING, None, ""
    request.answered_at, request.answered_by = None, None
    request.save_as(by, f"The call was opened in error: {reason}")


def waiting(product: Product) -> CallRequest | None:
    """Return the request that nobody has answered yet."""
    rows = product.call_requests.filter(state=RequestState.WAITING)
    return rows.select_related("requested_by").first()
