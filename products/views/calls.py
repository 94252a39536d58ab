"""A call's page, and the acts on it (rules 16-24, 27 and 28)."""

from collections.abc import Callable
from functools import partial
from typing import Any

from django import forms
from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.views.decorators.http import require_POST, require_safe

from isecg import instants
from isecg.events import log
from isecg.rules import blocking
from products import call_guards, call_sheet, guards, ledger_reading, mode_words, permissions
from products.call_reading import CallReading, read_call
from products.facts import Facts
from products.forms.calls import ExtendForm, OnBehalfForm, PositionForm
from products.models import Call, Elector, PositionEntry
from products.models.calls import CallState
from products.services import calls as services
from products.services import declaring
from products.services.errors import ProductError
from products.views import interventions_on_call, new_versions
from products.views.product_page import way_to
from products.workflow import Action, State
from workgroups.forms.base import ReasonForm
from workgroups.models import Agency
from workgroups.permissions import Standing
from workgroups.roles import Ability
from workgroups.sign_in.recency import binding
from workgroups.views.form_pages import AuthedRequest, Trail, answer, form_page, typed

# A refused form takes the place of the empty one of the same name.
Forms = dict[str, forms.Form]


def get_call(standing: Standing, pk: int) -> Call:
    """Return a call on a product that the reader may see; to anyone else it does not exist."""
    calls = Call.objects.visible_to(standing).select_related(
        "product",
        "version__carry_over__before",
        "version__carry_over__contested_for",
        "version__carry_over__contested_by",
    )
    texts = ("version__text", "version__carry_over__before__text")
    on_ledger = ledger_reading.beside("product", at=standing.at)
    found = get_object_or_404(calls.defer(*texts).annotate(on_ledger=on_ledger), pk=pk)
    # So that nothing asks the database for it again.
    found.version.product = found.product
    return found


def trail(call: Call, *, last: str = "") -> Trail:
    """Return the way to a call's page, or to a page below it."""
    own = f"Call on version {call.version.number}"
    way = way_to(call.product, (own, call.get_absolute_url()))
    return [*way, (last, "")] if last else way


@require_safe
def call(request: AuthedRequest, pk: int) -> HttpResponse:
    """Show a call: its question, who stands where, and what it comes to."""
    standing = Standing.of(request.user)
    return _show(request, standing, get_call(standing, pk))


def _show(
    request: AuthedRequest,
    standing: Standing,
    found: Call,
    *,
    status: int = 200,
    refused: Forms | None = None,
) -> HttpResponse:
    reading = read_call(found, at=standing.at)
    refused = dict(refused or {})
    events = list(log.about(found).exclude(event__startswith="position."))
    context = {
        **situation(standing, reading),
        "rows": call_sheet.rows(reading),
        "record": call_sheet.record(reading, events),
        "recall": call_sheet.recall(found, events),
        "decision": (
            found.decisions.order_by("-revision").first()
            if found.state == CallState.DECLARED
            else None
        ),
        "acts": _acts(standing, reading, refused),
        "beside": interventions_on_call.section(standing, reading, refused),
        "earlier": new_versions.earlier(standing, reading),
        "contestable": new_versions.is_contestable(reading),
        "own_agencies": standing.agencies_on(found.product.code),
        "ledger": (
            ledger_reading.count(found, found.product, at=standing.at)
            if permissions.reads_drafts(standing, found.product)
            else None
        ),
        # What is left: a refusal of an act that the page does not offer now.
        "refused": refused,
        "trail": trail(found),
    }
    return render(request, "products/calls/call.html", context, status=status)


def situation(standing: Standing, reading: CallReading) -> dict[str, Any]:
    """Return what the pages of a call and of its declaration say of where it stands."""
    found = reading.call
    is_open = found.state == CallState.OPEN
    facts = Facts(at=standing.at, state=State.IN_CONSENSUS, call=reading.facts)
    return {
        "call": found,
        "product": found.product,
        "version": found.version,
        "reading": reading,
        "is_open": is_open,
        "takes_positions": reading.takes_positions,
        "may_be_declared": is_open and reading.facts.is_closed,
        "is_held": reading.is_held,
        "declarer": declaring.declarer(standing.chair, reading) if is_open else "",
        "because": declaring.secretariat_because(standing.chair, reading) if is_open else "",
        "meaning": mode_words.meaning(found.mode, hours=found.silence_hours),
        "quorum": call_sheet.quorum(reading),
        "support": call_sheet.support(reading),
        "figures": call_sheet.figures(reading),
        "findings": (
            guards.guard(Action.DECLARE, facts) + call_guards.waiting_for(facts) if is_open else []
        ),
    }


def _acts(standing: Standing, reading: CallReading, refused: Forms) -> dict[str, Any]:
    """Return the forms of what this reader may do now; a refused one is taken for its own."""
    found = reading.call
    if found.state != CallState.OPEN:
        return {}
    electors = [elector for elector in reading.electors if not elector.left_at]
    acts: dict[str, Any] = {
        "positions": [
            _position_act(elector, reading, refused)
            | {"open": ledger_reading.held_by(elector, found, at=reading.at)}
            for elector in electors
            if elector.agency in standing.voices_on(found.product.code)
        ]
    }
    if standing.may(Ability.RECORD_POSITION):
        acts["on_behalf"] = refused.pop("on_behalf", None) or OnBehalfForm(
            electors=electors, prefix="on-behalf"
        )
    if contest := new_versions.contest_form(standing, reading):
        acts["contest"] = refused.pop("contest", None) or contest
    if standing.may(Ability.EXTEND_CALL) and reading.takes_positions:
        acts["extend"] = reverse("call_extend", args=[found.pk])
    if standing.may(Ability.RECALL_CALL):
        acts["recall"] = {
            "form": refused.pop("recall", None) or ReasonForm(prefix="recall"),
            "href": reverse("call_recall", args=[found.pk]),
            "is_held": reading.is_held,
        }
    if standing.may(Ability.RETURN_CALL):
        acts["return"] = refused.pop("return", None) or ReasonForm(prefix="return")
    if _may_declare(standing, reading):
        acts["declare"] = reverse("declare", args=[found.pk])
    return acts


def _position_act(elector: Elector, reading: CallReading, refused: Forms) -> dict[str, Any]:
    key = elector.agency.key
    held = reading.counting.get(elector.code)
    place = reading.inherited.get(elector.code)
    # What is offered to be said: what was said last, or what is to be confirmed.
    said = held or (place.entry if place else None)
    initial = {"stand": said.stand, "text": said.text} if said else {}
    return {
        "elector": elector,
        "held": held,
        "place": place,
        "form": refused.pop(f"position-{key}", None) or PositionForm(prefix=key, initial=initial),
        # The same form in hidden fields, without ids, which the visible one has.
        "confirm": (
            PositionForm(prefix=key, initial=initial, auto_id=False)
            if place and place.entry
            else None
        ),
        "withdraw": refused.pop(f"withdraw-{key}", None),
    }


def _may_declare(standing: Standing, reading: CallReading) -> bool:
    facts = Facts(at=standing.at, state=State.IN_CONSENSUS, call=reading.facts)
    if blocking(guards.guard(Action.DECLARE, facts)):
        return False
    return standing.may(Ability.DECLARE) and (
        standing.is_secretariat
        if declaring.declarer(standing.chair, reading) == declaring.SECRETARIAT
        else standing.is_chair
    )


def carry_out(
    request: AuthedRequest,
    found: Call,
    form: forms.Form,
    act: Callable[..., Any],
    *,
    name: str,
    done: str | Callable[[Any], str],
    **given: Any,
) -> HttpResponse:
    """Carry out an act on a call by a form of its page, where a refused one is shown again."""
    if form.is_valid():
        try:
            result = act(**form.cleaned_data, **given, by=request.user)
        except ProductError as error:
            form.add_error(None, str(error))
        else:
            messages.success(request, done if isinstance(done, str) else done(result))
            return redirect(found)
    # Read anew: the refusal may have come of what others did meanwhile.
    standing = Standing.of(request.user)
    return _show(request, standing, get_call(standing, found.pk), status=422, refused={name: form})


@require_POST
@binding
def call_position(request: AuthedRequest, pk: int, key: str) -> HttpResponse:
    """Take the position of an agency that the reader speaks for."""
    standing = Standing.of(request.user)
    found = get_call(standing, pk)
    agency = get_object_or_404(Agency.objects.visible_to(standing), key=key)
    standing.require_voice(agency, on=found.product.code)
    return carry_out(
        request,
        found,
        PositionForm(request.POST, prefix=key),
        lambda **given: services.record_position(found, agency=agency, **given),
        name=f"position-{key}",
        done=partial(recorded, agency),
        on=version_read(request),
    )


@require_POST
@binding
def call_withdraw(request: AuthedRequest, pk: int, key: str) -> HttpResponse:
    """Withdraw the position of an agency that the reader speaks for."""
    standing = Standing.of(request.user)
    found = get_call(standing, pk)
    agency = get_object_or_404(Agency.objects.visible_to(standing), key=key)
    standing.require_voice(agency, on=found.product.code)
    return carry_out(
        request,
        found,
        forms.Form(request.POST),
        lambda **given: services.record_position(found, agency=agency, **given),
        name=f"withdraw-{key}",
        done=f"The position of {agency} is withdrawn; it stays in the record of the call.",
        stand=None,
        text="",
    )


@require_POST
@binding
def call_on_behalf(request: AuthedRequest, pk: int) -> HttpResponse:
    """Record a position for an agency, with where the secretariat has it from (rule 6)."""
    standing = Standing.of(request.user)
    found = get_call(standing, pk)
    standing.require(Ability.RECORD_POSITION)
    electors = found.electors.select_related("agency")
    return carry_out(
        request,
        found,
        OnBehalfForm(request.POST, electors=electors, prefix="on-behalf"),
        lambda **given: services.record_position(found, **given),
        name="on_behalf",
        done="The position is recorded, and shown as recorded by you.",
    )


@form_page
@binding
def call_extend(request: AuthedRequest, pk: int) -> HttpResponse:
    """Give the electorate more time."""
    standing = Standing.of(request.user)
    found = get_call(standing, pk)
    standing.require(Ability.EXTEND_CALL)
    local = instants.to_zone(found.deadline, found.time_zone)
    initial = {"day": local.date(), "time": local.time(), "time_zone": found.time_zone}
    return answer(
        request,
        ExtendForm(typed(request), initial=initial),
        act=partial(services.extend_call, found, by=request.user),
        done="The deadline has moved, and the electorate is told.",
        to=found.get_absolute_url(),
        title="Extend the deadline",
        button="Extend the deadline",
        trail=trail(found),
        lede="Before the deadline only, never after. Everybody in the electorate is told.",
    )


@require_POST
@binding
def call_recall(request: AuthedRequest, pk: int) -> HttpResponse:
    """Recall a call that was opened in error; before its letters go, undo the opening."""
    standing = Standing.of(request.user)
    found = get_call(standing, pk)
    standing.require(Ability.RECALL_CALL)
    return carry_out(
        request,
        found,
        ReasonForm(request.POST, prefix="recall"),
        lambda **given: services.recall_call(found.product, call=found, **given),
        name="recall",
        done=(
            "The opening is undone: the product is shared, as before."
            if found.is_held_at(standing.at)
            else "The call is recalled: the product is shared, as before, and who was told is told."
        ),
    )


@require_POST
@binding
def call_return(request: AuthedRequest, pk: int) -> HttpResponse:
    """End the call without a decision."""
    standing = Standing.of(request.user)
    found = get_call(standing, pk)
    standing.require(Ability.RETURN_CALL)
    return carry_out(
        request,
        found,
        ReasonForm(request.POST, prefix="return"),
        lambda **given: services.return_to_drafting(found.product, call=found, **given),
        name="return",
        done="The call has ended without a decision; the product is being drafted again.",
    )


def version_read(request: AuthedRequest) -> int | None:
    """Return the number of the version that was under call where a position was written."""
    number = request.POST.get("version", "")
    return int(number) if number.isdecimal() and len(number) < 10 else None


def recorded(agency: Agency, entry: PositionEntry) -> str:
    """Return what a person is told whose agency took a position."""
    if entry.is_late:
        return f"The position of {agency} is kept, marked late; it does not count."
    return f"The position of {agency} is recorded."
