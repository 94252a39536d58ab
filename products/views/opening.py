"""Opening a call: what is asked, the confirmation sheet, and the opening (rules 16-19)."""

from datetime import datetime, timedelta
from fractions import Fraction
from typing import Any

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, redirect, render

from isecg import instants
from products import call_sheet, consensus, defaults, guards, mode_words
from products.consensus import Mode
from products.dossier import Dossier
from products.forms.calls import OpenCallForm
from products.models import Call, Product
from products.services import call_answers, moves
from products.services import calls as services
from products.services.errors import ProductError
from products.views.product_page import way_to
from products.views.seats import letters, read_seats
from products.warnings import CALL, SILENCE, warnings
from products.workflow import Action
from workgroups.permissions import Standing
from workgroups.roles import Ability
from workgroups.sign_in.recency import binding
from workgroups.views.form_pages import AuthedRequest, form_page, typed


@form_page
@binding
def call_new(request: AuthedRequest, code: str) -> HttpResponse:
    """Ask for question and deadline, show the confirmation sheet, then open the call."""
    standing = Standing.of(request.user)
    seen = Product.objects.visible_to(standing).select_related("group")
    product = get_object_or_404(seen, code=code)
    standing.require(Ability.OPEN_CALL)
    dossier = Dossier(product, standing.at)
    request_waiting = call_answers.waiting(product)
    initial = {
        "time_zone": request.user.time_zone,
        "question": request_waiting.question if request_waiting else "",
    }
    form = OpenCallForm(typed(request), product=product, initial=initial)
    sheet, status = None, 200
    if request.method == "POST":
        status = 422
        if form.is_valid():
            try:
                if "confirm" in request.POST:
                    call = services.open_call(product, **form.cleaned_data, by=request.user)
                    messages.success(request, _opened(call, zone=request.user.time_zone))
                    return redirect(call)
                moves.check_source(product, Action.OPEN_CALL)
                moves.check_guards(Action.OPEN_CALL, dossier.facts)
            except ProductError as error:
                form.add_error(None, str(error))
            else:
                sheet, status = _sheet(dossier, **form.cleaned_data), 200
    context = {
        "product": product,
        "form": form,
        "sheet": sheet,
        "requested": request_waiting,
        "findings": guards.guard(Action.OPEN_CALL, dossier.facts),
        "trail": way_to(product, ("Open a call", "")),
    }
    return render(request, "products/calls/call_new.html", context, status=status)


def _opened(call: Call, *, zone: str) -> str:
    if call.letters_at is None:
        return "The call is open, and the electorate is told."
    return (
        f"The call is open. The letters go out at {instants.words(call.letters_at, zone)}; until "
        "then the opening can be undone."
    )


def _sheet(
    dossier: Dossier, *, question: str, mode: Mode, deadline: datetime, time_zone: str
) -> dict[str, Any]:
    seats = read_seats(dossier.electors, on=dossier.product.code, at=dossier.at)
    hours, hold = defaults.silence_hours(dossier.product.kind), defaults.hold()
    return {
        "question": question,
        "mode": mode.label,
        "meaning": mode_words.meaning(mode, hours=hours),
        "silence_hours": hours if mode == Mode.SILENCE else 0,
        "deadline": deadline,
        "time_zone": time_zone,
        "version": dossier.latest,
        "circulation": dossier.circulation,
        "seats": seats,
        "letters": letters(seats),
        "letters_at": dossier.at + hold if hold else None,
        "hold_minutes": hold // timedelta(minutes=1),
        "quorum": (
            _share(defaults.quorum(), of=len(seats)) if mode_words.uses_quorum(mode) else None
        ),
        "support": (
            _share(defaults.minimum_support(), of=len(seats))
            if mode_words.uses_support(mode)
            else None
        ),
        "is_unanimous": mode == Mode.UNANIMOUS,
        "warnings": warnings(
            opens_at=dossier.at,
            deadline=deadline,
            zone=time_zone,
            seats=[seat.facts for seat in seats],
            occasion=SILENCE if mode == Mode.SILENCE else CALL,
        ),
    }


def _share(share: Any, *, of: int) -> dict[str, object]:
    exact = Fraction(share)
    return {
        "percent": call_sheet.percent(exact),
        "of": of,
        "needed": consensus.needed(exact, of),
    }
