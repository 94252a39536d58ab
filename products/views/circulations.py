"""Circulating a version: what is asked, the confirmation sheet, and what came of it (rule 17)."""

from dataclasses import replace
from typing import Any

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.views.decorators.http import require_safe

from products import deliveries, guards, permissions
from products.dossier import Dossier
from products.facts import Facts
from products.forms.circulations import CirculateForm
from products.models import Circulation
from products.services import circulations as services
from products.services import moves
from products.services.errors import ProductError
from products.views.product_page import get_product, way_to
from products.views.seats import letters, read_seats
from products.warnings import CIRCULATION, warnings
from products.workflow import Action
from workgroups.permissions import Standing
from workgroups.roles import Ability
from workgroups.sign_in.recency import binding
from workgroups.views.form_pages import AuthedRequest, form_page, typed


@form_page
@binding
def circulation_new(request: AuthedRequest, code: str) -> HttpResponse:
    """Ask for the window, show the confirmation sheet, then circulate the latest version."""
    standing = Standing.of(request.user)
    product = get_product(standing, code)
    permissions.require(standing, Ability.CIRCULATE, product)
    dossier = Dossier(product, standing.at)
    form = CirculateForm(typed(request), facts=dossier.facts, zone=request.user.time_zone)
    facts, sheet, status = dossier.facts, None, 200
    if request.method == "POST":
        status = 422
        if form.is_valid():
            facts = replace(facts, closes_at=form.cleaned_data["closes_at"])
            try:
                if "confirm" in request.POST:
                    made = services.circulate(product, **form.cleaned_data, by=request.user)
                    messages.success(request, _done(made))
                    return redirect(made)
                moves.check_source(product, Action.CIRCULATE)
                moves.check_guards(Action.CIRCULATE, facts)
            except ProductError as error:
                form.add_error(None, str(error))
            else:
                sheet, status = _sheet(dossier, facts, form.cleaned_data), 200
    context = {
        "product": product,
        "form": form,
        "sheet": sheet,
        "findings": guards.guard(Action.CIRCULATE, facts),
        "trail": way_to(product, ("Circulate", "")),
    }
    return render(request, "products/circulations/circulation_new.html", context, status=status)


def _done(made: Circulation) -> str:
    return f"Version {made.version.number} is circulated to all member agencies."


def _sheet(dossier: Dossier, facts: Facts, data: dict[str, Any]) -> dict[str, Any]:
    seats = read_seats(services.told_at(dossier.at), on=dossier.product.code, at=dossier.at)
    return {
        **data,
        "version": dossier.latest,
        "share_days": facts.share_days,
        "seats": seats,
        "letters": letters(seats),
        "warnings": warnings(
            opens_at=dossier.at,
            deadline=data["closes_at"],
            zone=data["time_zone"],
            seats=[seat.facts for seat in seats],
            occasion=CIRCULATION,
        ),
    }


@require_safe
def circulation(request: AuthedRequest, pk: int) -> HttpResponse:
    """Show a circulation: its window, and whether it reached each seat (rule 44)."""
    standing = Standing.of(request.user)
    seen = Circulation.objects.visible_to(standing).select_related("version__product")
    found = get_object_or_404(seen.defer("version__text"), pk=pk)
    product = found.version.product
    rows = deliveries.read(found, product=product)
    context = {
        "circulation": found,
        "product": product,
        "is_open": found.is_open_at(standing.at),
        "rows": rows,
        "counts": deliveries.count(rows),
        "told": sum(not row.was_missed for row in rows),
        # Names and addresses, and what mail servers said of them, are the desk's (rule 44).
        "shows_people": standing.is_secretariat,
        "trail": way_to(product, (f"Circulation of version {found.version.number}", "")),
    }
    return render(request, "products/circulations/circulation.html", context)
