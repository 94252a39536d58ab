"""Correcting a decision record (rule 33)."""

from typing import Any

from django.http import HttpResponse
from django.urls import reverse

from products import permissions
from products.decision_sheet.declared import action_of
from products.forms.decisions import CorrectForm
from products.models import Decision
from products.services import corrections
from products.views.decisions import chosen, revisions_of
from workgroups.permissions import Standing
from workgroups.roles import Ability
from workgroups.sign_in.recency import binding
from workgroups.views.form_pages import AuthedRequest, answer, form_page, typed


@form_page
@binding
def decision_correct(request: AuthedRequest, year: int, serial: int) -> HttpResponse:
    """Make the next revision of a record: what it says, never what was counted."""
    standing = Standing.of(request.user)
    rows = revisions_of(standing, year, serial)
    latest = rows[0]
    permissions.require(standing, Ability.CORRECT_DECISION, latest.call.product)

    def correct(*, revision: int, **given: Any) -> Decision:
        return corrections.correct(chosen(rows, revision), by=request.user, **given)

    form = CorrectForm(
        typed(request),
        initial={
            "statement": latest.statement,
            "interpretation": latest.interpretation,
            "action": action_of(latest),
            "revision": latest.revision,
        },
    )
    return answer(
        request,
        form,
        act=correct,
        done="The correction is on record as a revision of its own, and those concerned are told.",
        title=f"Correct {latest.number}",
        button="Put the correction on record",
        trail=[("Decisions", reverse("decisions")), (latest.number, latest.get_absolute_url())],
        lede="A correction is a new revision of the record. The one before it stays, at its own "
        "address. Outcome, counts and what the agencies said cannot be corrected.",
    )
