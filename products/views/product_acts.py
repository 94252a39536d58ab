"""The acts on a product's page, as a table: who is offered what, and which service it calls."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from django import forms
from django.core.exceptions import PermissionDenied
from django.urls import reverse

from products import call_request_reading, workflow
from products.call_reading import CallReading
from products.forms.products import JoinForm, LeaveForm
from products.services import calls, circulations, declaring, participation, products, releases
from products.views.product_page import ProductPage
from products.workflow import FINAL, Action, State
from workgroups.forms.base import ReasonForm
from workgroups.roles import Ability


def _by_reason(data: Any, _page: ProductPage) -> forms.Form:
    return ReasonForm(data)


def _join_form(data: Any, page: ProductPage) -> forms.Form:
    # What is sent a second time is refused by the service, which says why.
    form = JoinForm(data, agencies=page.voices if data else page.own_apart)
    if participation.waits_for_the_next_call(page.product):
        form.fields[
            "agency"
        ].help_text = (
            "A call is open: the agency reads and comments at once, and counts from the next call."
        )
    return form


def _leave_form(data: Any, page: ProductPage) -> forms.Form:
    form = LeaveForm(data, agencies=page.voices if data else page.own_part)
    said = []
    if participation.waits_for_the_next_call(page.product):
        said.append(
            "A call is open: what the agency said stays in the record and is not counted, and "
            "the electorate is smaller by one."
        )
    if (
        page.product.state in workflow.TRANSITIONS[Action.LAPSE].sources
        and len(page.participations) == 1
    ):
        said.append("It is the last participating agency: the product returns to drafting.")
    form.fields["agency"].help_text = " ".join(said)
    return form


@dataclass(frozen=True, kw_only=True)
class Act:
    """One act: its form, its service, and whether the page offers it to a person."""

    label: str
    button: str
    done: str
    ability: Ability
    service: Callable[..., Any]
    offered: Callable[[ProductPage], bool]
    form: Callable[[Any, ProductPage], forms.Form] = _by_reason
    kind: str = ""


def _move(
    action: Action,
    *,
    label: str,
    button: str,
    done: str,
    service: Callable[..., Any],
    form: Callable[[Any, ProductPage], forms.Form] = _by_reason,
    kind: str = "",
) -> Act:
    """Return the act that moves a product: whose it is, the table of the life cycle says."""

    def offered(page: ProductPage) -> bool:
        possible = workflow.actions(State(page.product.state), page.granted)
        return action in possible and page.is_possible(action)

    return Act(
        label=label,
        button=button,
        done=done,
        ability=workflow.TRANSITIONS[action].ability,
        service=service,
        offered=offered,
        form=form,
        kind=kind,
    )


ACTS: dict[str, Act] = {
    "start-drafting": _move(
        Action.START_DRAFTING,
        label="Start the drafting",
        button="Start the drafting",
        done="The drafting has started.",
        service=products.start_drafting,
        kind="primary",
    ),
    "take-back": _move(
        Action.TAKE_BACK,
        label="Take back to drafting",
        button="Take back",
        done="The product is back in drafting.",
        service=circulations.take_back,
    ),
    "return": _move(
        Action.RETURN,
        label="Return to drafting",
        button="End the call and return",
        done="The call has ended without a decision; the product is back in drafting.",
        service=calls.return_to_drafting,
    ),
    "supersede": _move(
        Action.SUPERSEDE,
        label="Mark as superseded",
        button="Mark as superseded",
        done="The edition is marked as superseded.",
        service=releases.supersede,
    ),
    "join": Act(
        label="Join for my agency",
        button="Join",
        done="The agency takes part; it counts from the next call.",
        ability=Ability.JOIN_PRODUCT,
        service=participation.join,
        offered=lambda page: not page.is_public and bool(page.own_apart),
        form=_join_form,
    ),
    "leave": Act(
        label="Leave for my agency",
        button="Leave the product",
        done="The agency takes part no longer.",
        ability=Ability.JOIN_PRODUCT,
        service=participation.leave,
        offered=lambda page: not page.is_public and bool(page.own_part),
        form=_leave_form,
    ),
    "withdraw": _move(
        Action.WITHDRAW,
        label="Withdraw the product",
        button="Withdraw",
        done="The product is withdrawn.",
        service=releases.withdraw,
        kind="danger",
    ),
}


def drawn(page: ProductPage, *, refused: tuple[str, forms.Form] | None) -> list[dict[str, Any]]:
    """Return the acts that the page draws: those offered, and the one just refused, open."""
    name_refused, form_refused = refused or ("", None)
    return [
        {
            "act": act,
            "form": form_refused if name == name_refused else act.form(None, page),
            "open": name == name_refused,
            "href": reverse("product_act", args=[page.product.code, name]),
        }
        for name, act in ACTS.items()
        if name == name_refused or act.offered(page)
    ]


def links(page: ProductPage) -> list[dict[str, str]]:
    """Return the acts that have pages of their own: label, address and kind of button."""
    code = page.product.code
    possible = workflow.actions(State(page.product.state), page.granted)
    found = []
    if Action.CIRCULATE in possible and page.is_possible(Action.CIRCULATE):
        found.append(_link("Circulate to all members", "circulation_new", code, kind="primary"))
    if Action.OPEN_CALL in possible and page.is_possible(Action.OPEN_CALL):
        found.append(_link("Open a call", "call_new", code, kind="primary"))
    if _may_request(page):
        found.append(_link("Request a call", "call_request_new", code))
    reading = page.dossier.reading
    if reading and _may_answer(page, reading):
        found.append(_link("Take a position", "call", reading.call.pk, kind="primary"))
    if reading and Action.DECLARE in possible and _may_declare(page, reading):
        found.append(_link("Declare the outcome", "declare", reading.call.pk, kind="primary"))
    if Action.RELEASE in possible:
        # Its page shows what holds it, too.
        found.append(_link("Go to the release", "product_release", code, kind="primary"))
    if Ability.WRITE_VERSION in page.granted and not page.is_public:
        found.append(_link("Write or upload a version", "version_new", code))
    return found


def records(page: ProductPage) -> list[dict[str, str]]:
    """Return the pages on which the person keeps what is said of the product."""
    code = page.product.code
    found = []
    if Ability.EDIT_PRODUCT in page.granted and page.product.state not in FINAL:
        found.append(_link("Add a relation", "relation_new", code))
    if page.is_public:
        return found
    if Ability.EDIT_PRODUCT in page.granted:
        found = [
            _link("Edit", "product_edit", code),
            _link("Add an editor", "editor_new", code),
            *found,
        ]
    if page.standing.is_secretariat:
        found.append(_link("Enter a participating agency", "participant_new", code))
        found.append(_link("Enter a departure", "participant_end", code))
    return found


def _link(label: str, name: str, *args: object, kind: str = "") -> dict[str, str]:
    return {"label": label, "href": reverse(name, args=args), "kind": kind}


def _may_request(page: ProductPage) -> bool:
    """Whether the reader's group may ask for a call, and none waits for an answer."""
    last = call_request_reading.read(page.product)
    return (
        page.product.state == State.SHARED
        and Ability.REQUEST_CALL in page.granted
        and not (last and last.is_waiting)
    )


def _may_answer(page: ProductPage, reading: CallReading) -> bool:
    """Whether the reader speaks for an agency whose position would still count."""
    asked = {row.agency_id for row in reading.electors if not row.left_at}
    return page.standing.at <= reading.call.deadline and any(
        agency.pk in asked for agency in page.voices
    )


def _may_declare(page: ProductPage, reading: CallReading) -> bool:
    if not page.is_possible(Action.DECLARE):
        return False
    try:
        declaring.declaring_role(page.standing, reading)
    except PermissionDenied:
        return False
    return True
