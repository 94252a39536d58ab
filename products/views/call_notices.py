"""Whether the notice of a silence procedure reached its seats, and the acts on it (rule 23)."""

from collections.abc import Callable
from typing import Any

from django import forms
from django.contrib import messages
from django.http import Http404, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.views.decorators.http import require_POST, require_safe

from products import call_deliveries, permissions
from products.call_reading import read_call
from products.consensus import Mode
from products.models import Call
from products.models.calls import CallState
from products.services import call_notices as services
from products.services.errors import ProductError
from products.views.calls import get_call, trail
from workgroups.forms.base import ReasonForm
from workgroups.models import Agency
from workgroups.permissions import Standing
from workgroups.roles import Ability
from workgroups.sign_in.recency import binding
from workgroups.views.form_pages import AuthedRequest


def _get_silence(standing: Standing, pk: int) -> Call:
    """Return a silence procedure that the reader may see: in others there is no such page."""
    found = get_call(standing, pk)
    if found.mode != Mode.SILENCE:
        raise Http404
    return found


@require_safe
def call_notices(request: AuthedRequest, pk: int) -> HttpResponse:
    """Show seat by seat what came of the notice; to those who act on it, the letters too."""
    standing = Standing.of(request.user)
    return _show(request, standing, _get_silence(standing, pk))


def _show(
    request: AuthedRequest,
    standing: Standing,
    found: Call,
    *,
    status: int = 200,
    refused: dict[str, forms.Form] | None = None,
) -> HttpResponse:
    reading = read_call(found, at=standing.at)
    acts = standing.may(Ability.WAIVE_NOTICE)
    refused = dict(refused or {})
    is_open = found.state == CallState.OPEN and not reading.tally.broken_by
    rows = [
        {
            "seat": seat,
            "serve": is_open and acts and seat.is_servable and reading.takes_positions,
            "waive": _waive_form(seat, refused) if is_open and acts and seat.is_open else None,
        }
        for seat in call_deliveries.read(reading)
    ]
    context = {
        "call": found,
        "product": found.product,
        "reading": reading,
        "rows": rows,
        "unheard": [] if reading.is_held else reading.unheard,
        "takes_positions": reading.takes_positions,
        # Who was written to, and what mail servers said, is for those who act on it.
        "shows_letters": acts,
        "refused": refused,
        "trail": trail(found, last="Notices"),
    }
    return render(request, "products/calls/notices.html", context, status=status)


def _waive_form(seat: call_deliveries.Seat, refused: dict[str, forms.Form]) -> forms.Form:
    prefix = f"waive-{seat.elector.agency.key}"
    return refused.pop(prefix, None) or ReasonForm(prefix=prefix)


@require_POST
@binding
def call_serve_again(request: AuthedRequest, pk: int, key: str) -> HttpResponse:
    """Send the notice to a seat once more."""
    return _carry_out(
        request,
        pk,
        key,
        forms.Form(request.POST),
        services.serve_again,
        name=f"serve-{key}",
        done="The notice is on its way once more.",
    )


@require_POST
@binding
def call_waive_notice(request: AuthedRequest, pk: int, key: str) -> HttpResponse:
    """Let the silence of a seat count without the notice, with a reason."""
    return _carry_out(
        request,
        pk,
        key,
        ReasonForm(request.POST, prefix=f"waive-{key}"),
        services.waive_notice,
        name=f"waive-{key}",
        done="The notice is waived, which the record says with your reason.",
    )


def _carry_out(
    request: AuthedRequest,
    pk: int,
    key: str,
    form: forms.Form,
    act: Callable[..., Any],
    *,
    name: str,
    done: str,
) -> HttpResponse:
    standing = Standing.of(request.user)
    found = _get_silence(standing, pk)
    permissions.require(standing, Ability.WAIVE_NOTICE, found.product)
    agency = get_object_or_404(Agency.objects.visible_to(standing), key=key)
    if form.is_valid():
        try:
            act(found, agency=agency, **form.cleaned_data, by=request.user)
        except ProductError as error:
            form.add_error(None, str(error))
        else:
            messages.success(request, done)
            return redirect(reverse("call_notices", args=[found.pk]))
    standing = Standing.of(request.user)
    return _show(request, standing, _get_silence(standing, pk), status=422, refused={name: form})
