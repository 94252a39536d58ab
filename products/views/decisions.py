"""Declaring an outcome, and the records of what was decided (rules 25, 26 and 33)."""

from typing import Any

from django.contrib import messages
from django.core.paginator import Paginator
from django.db.models import Exists, OuterRef, QuerySet
from django.http import Http404, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.views.decorators.http import require_safe

from products import call_sheet, consensus, ledger_reading, permissions
from products.call_reading import read_call
from products.decision_record import action_after
from products.decision_sheet import lay_out
from products.forms.decisions import DecisionsForm, DeclareForm
from products.models import Decision
from products.services import decisions, declaring
from products.services.errors import ProductError
from products.views.calls import get_call, situation, trail
from workgroups.permissions import Standing
from workgroups.roles import Ability
from workgroups.sign_in.recency import binding
from workgroups.views.form_pages import AuthedRequest, form_page, typed

PAGE_LENGTH = 50
# What the page shows beside the rest.
_ASIDE = ("subject", "call", "electorate")


@form_page
@binding
def declare(request: AuthedRequest, pk: int) -> HttpResponse:
    """Declare what a call came to: the computed outcome, or a weaker one with its reason."""
    standing = Standing.of(request.user)
    found = get_call(standing, pk)
    reading = read_call(found, at=standing.at)
    declaring.declaring_role(standing, reading)
    follows = {
        outcome: action_after(outcome, version=found.version.number, product=found.product)
        for outcome in consensus.may_declare(reading.outcome)
    }
    form = DeclareForm(typed(request), computed=reading.outcome, follows=follows)
    status = 200
    if request.method == "POST":
        status = 422
        if form.is_valid():
            try:
                decision = decisions.declare(
                    found.product, call=found, by=request.user, **form.cleaned_data
                )
            except ProductError as error:
                form.add_error(None, str(error))
            else:
                messages.success(request, f"{decision.number} is on record.")
                return redirect(decision)
    context = {
        **situation(standing, reading),
        "form": form,
        "rows": call_sheet.rows(reading),
        "trail": trail(found, last="Declare the outcome"),
    }
    return render(request, "products/decisions/declare.html", context, status=status)


@require_safe
def decision_list(request: AuthedRequest) -> HttpResponse:
    """List the decisions on the products that the reader may see, newest first.

    Of each record, its latest revision.
    """
    seen = Decision.objects.visible_to(Standing.of(request.user))
    later = Decision.objects.filter(
        year=OuterRef("year"), serial=OuterRef("serial"), revision__gt=OuterRef("revision")
    )
    years = seen.order_by("-year").values_list("year", flat=True).distinct()
    form = DecisionsForm(request.GET, years=years)
    rows: QuerySet[Decision] = seen.filter(~Exists(later)).select_related("call__product")
    if form.is_valid():
        asked = {name: value for name, value in form.cleaned_data.items() if value}
        rows = rows.filter(**asked)
    else:
        rows = rows.none()
    context = {
        "form": form,
        "page": Paginator(rows, PAGE_LENGTH).get_page(request.GET.get("page")),
        "trail": [("Decisions", "")],
    }
    return render(request, "products/decisions/decisions.html", context)


def revisions_of(standing: Standing, year: int, serial: int) -> list[Decision]:
    """Return the revisions of a record, the latest first; to others it does not exist."""
    rows: list[Decision] = list(
        Decision.objects.visible_to(standing)
        .filter(year=year, serial=serial)
        .select_related("call__product__group", "call__version", "declared_by")
        .defer("call__version__text")
        .annotate(on_ledger=ledger_reading.beside("call__product", at=standing.at))
        .order_by("-revision")
    )
    if not rows:
        raise Http404
    for row in rows:
        # So that nothing asks the database for it again.
        row.call.version.product = row.call.product
    return rows


def chosen(rows: list[Decision], revision: int | None) -> Decision:
    """Return one revision of a record: the latest where none is named.

    :raises Http404: if there is no such revision.
    """
    if revision is None:
        return rows[0]
    for row in rows:
        if row.revision == revision:
            return row
    raise Http404


@require_safe
def decision(
    request: AuthedRequest, year: int, serial: int, revision: int | None = None
) -> HttpResponse:
    """Show a decision record, in its latest revision or a named one, and name the others."""
    standing = Standing.of(request.user)
    rows = revisions_of(standing, year, serial)
    found = chosen(rows, revision)
    sheet = lay_out(found)
    # The number and the note stand above; more is said there of a correction alone.
    beside = _ASIDE if found.revision else (*_ASIDE, "decision")
    context: dict[str, Any] = {
        "decision": found,
        "sheet": sheet,
        "main": [section for section in sheet.printed if section.key not in beside],
        "aside": [section for section in sheet.printed if section.key in _ASIDE],
        "latest": rows[0],
        "revisions": rows,
        "call": found.call,
        "product": found.call.product,
        "ledger": (
            ledger_reading.count(found, found.call.product, at=standing.at)
            if permissions.reads_drafts(standing, found.call.product)
            else None
        ),
        "corrects": Ability.CORRECT_DECISION in permissions.granted(standing, found.call.product),
        "trail": [("Decisions", reverse("decisions")), (found.number, "")],
    }
    return render(request, "products/decisions/decision.html", context)
