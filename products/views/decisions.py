"""Declaring an outcome, and the records of what was decided (rules 25, 26 and 33)."""

from datetime import datetime
from typing import Any

from django.contrib import messages
from django.core.paginator import Paginator
from django.http import Http404, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.views.decorators.http import require_safe

from isecg.events import log
from products import call_sheet
from products.call_reading import read_call
from products.consensus import AGREEING, Mode, Outcome, Stand
from products.forms.calls import DeclareForm
from products.models import Decision
from products.services import calls, decisions
from products.services.errors import ProductError
from products.views.calls import get_call, situation, trail
from workgroups.permissions import Standing
from workgroups.sign_in.recency import binding
from workgroups.views.form_pages import AuthedRequest, form_page, typed

PAGE_LENGTH = 50


@form_page
@binding
def declare(request: AuthedRequest, pk: int) -> HttpResponse:
    """Declare what a call came to: the computed outcome, or a weaker one with its reason."""
    standing = Standing.of(request.user)
    found = get_call(standing, pk)
    reading = read_call(found, at=standing.at)
    calls.declaring_role(standing, reading)
    form = DeclareForm(typed(request), computed=reading.outcome)
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
    """List the decisions on the products that the reader may see, newest first."""
    seen = Decision.objects.visible_to(Standing.of(request.user))
    rows = seen.select_related("call__product")
    context = {
        "page": Paginator(rows, PAGE_LENGTH).get_page(request.GET.get("page")),
        "trail": [("Decisions", "")],
    }
    return render(request, "products/decisions/decisions.html", context)


@require_safe
def decision(request: AuthedRequest, year: int, serial: int) -> HttpResponse:
    """Show a decision record in its latest revision, and name the earlier ones."""
    seen = Decision.objects.visible_to(Standing.of(request.user))
    revisions = list(
        seen.filter(year=year, serial=serial)
        .select_related("call__product", "call__version", "declared_by")
        .defer("call__version__text")
        .order_by("-revision")
    )
    if not revisions:
        raise Http404
    found = revisions[0]
    record = found.record
    context = {
        "decision": found,
        "record": record,
        "on_behalf": _on_behalf(record),
        "earlier": revisions[1:],
        "call": found.call,
        "product": found.call.product,
        "groups": [
            {"kind": stand.value, "label": stand.label, "agencies": record["positions"][stand]}
            for stand in Stand
        ],
        "texts": [
            ("Reservations", record["reservations"]),
            ("Conditions", record["conditions"]),
            ("Objections", record["objections"]),
        ],
        "shares": _shares(found),
        "broken_at": _broken_at(record),
        "explicit": sorted(
            code
            for stand in (Stand.CONCUR, Stand.RESERVATION)
            for code in record["positions"][stand]
        ),
        "action": _action(found),
        "trail": [("Decisions", reverse("decisions")), (found.number, "")],
    }
    return render(request, "products/decisions/decision.html", context)


def _on_behalf(record: dict[str, Any]) -> list[dict[str, str]]:
    """Return who recorded what for which agency (rule 6), by the accounts' present names.

    A record that was made before accounts were kept by reference holds the name itself.
    """
    names = log.names_of(entry["by"] for entry in record["on_behalf"])
    return [entry | {"by": names.get(entry["by"], entry["by"])} for entry in record["on_behalf"]]


def _shares(found: Decision) -> list[tuple[str, str]]:
    """Return what had to answer and to concur; a silence procedure asks for neither."""
    record, mode = found.record, found.call.mode
    if mode == Mode.SILENCE:
        return []
    concurring = "everybody in the electorate"
    if mode != Mode.UNANIMOUS:
        concurring = call_sheet.share_in_words(record["minimum_support"], record["of"])
    return [
        ("must answer", call_sheet.share_in_words(record["quorum"], record["of"])),
        ("must concur", concurring),
    ]


def _broken_at(record: dict[str, Any]) -> datetime | None:
    """Return when the silence was broken, if it was; older records do not say."""
    text = record.get("broken_at")
    return datetime.fromisoformat(text) if text else None


def _action(found: Decision) -> str:
    version, product = found.record["version"], found.call.product
    outcome = Outcome(found.outcome)
    if outcome == Outcome.PROVISIONAL:
        return (
            f"Version {version} of {product} is agreed provisionally: while a condition is open "
            "it is not released, but with a written reason."
        )
    if outcome in AGREEING:
        return f"Version {version} of {product} is agreed and goes to the release gate."
    if outcome == Outcome.SILENCE_BROKEN:
        return f"Nothing is adopted: {product} went back to drafting."
    return f"{product} went back to drafting."
