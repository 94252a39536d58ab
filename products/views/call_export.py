"""A call handed out as JSON, to be replayed by ``manage.py rehearse_call``."""

from django.http import JsonResponse
from django.views.decorators.http import require_safe

from products.call_export import rehearsal_of
from products.call_reading import read_call
from products.views.calls import get_call
from workgroups.permissions import Standing
from workgroups.views.form_pages import AuthedRequest


@require_safe
def call_rehearsal(request: AuthedRequest, pk: int) -> JsonResponse:
    """Hand out a call as it stands, with the texts that its page shows."""
    standing = Standing.of(request.user)
    call = get_call(standing, pk)
    found = rehearsal_of(
        read_call(call, at=standing.at),
        interventions=call.interventions.all(),
        carry_overs=call.carry_overs.all(),
    )
    name = f"{call.product.code}-call-{call.pk}.json"
    return JsonResponse(
        found,
        json_dumps_params={"indent": 2, "ensure_ascii": False},
        headers={"Content-Disposition": f'attachment; filename="{name}"'},
    )
