"""What the page of a call shows beside the positions: one query, and its forms."""

from typing import Any

from django import forms
from django.db.models import Exists

from products.call_reading import CallReading
from products.consensus import Mode
from products.forms.interventions import OF_ELECTORS, OF_OTHERS, AnswerForm, InterventionForm
from products.models import Intervention, ProductEditor
from products.models.calls import CallState
from workgroups.models import Agency
from workgroups.permissions import Standing
from workgroups.roles import Ability


def section(
    standing: Standing, reading: CallReading, refused: dict[str, forms.Form]
) -> dict[str, Any]:
    """Return what was said and the forms of what this reader may say or answer."""
    call = reading.call
    edits = ProductEditor.objects.filter(
        product=call.product_id, person=standing.user.pk, ended_at=None
    )
    rows = (
        Intervention.objects.filter(call=call)
        .select_related("agency", "given_by", "answered_by")
        # Asked with the rows, so that it costs no query of its own.
        .annotate(edits=Exists(edits))
    )
    is_silence = call.mode == Mode.SILENCE
    return {
        "rows": [
            {"row": row, "answer": _answer_form(row, standing, reading, refused)} for row in rows
        ],
        "speak": _forms(standing, reading, refused),
        "on_behalf": reading.takes_positions and standing.may(Ability.RECORD_POSITION),
        "breaks": is_silence,
    }


def _answer_form(
    row: Any, standing: Standing, reading: CallReading, refused: dict[str, forms.Form]
) -> forms.Form | None:
    call = reading.call
    if call.state != CallState.OPEN or row.answered_at:
        return None
    if not standing.may(
        Ability.ANSWER_INTERVENTION,
        group_id=call.product.group_id,
        edits=row.edits,
        limit=call.product.code,
    ):
        return None
    return refused.pop(f"answer-{row.pk}", None) or AnswerForm(prefix=f"answer-{row.pk}")


def _forms(
    standing: Standing, reading: CallReading, refused: dict[str, forms.Form]
) -> list[dict[str, Any]]:
    if not reading.takes_positions:
        return []
    found = []
    own = standing.voices_on(reading.call.product.code)
    for agency in own:
        votes = is_elector(agency, reading)
        name = f"beside-{agency.key}"
        found.append(
            {
                "agency": agency,
                "votes": votes,
                "label": _label(agency, votes=votes, is_named=len(own) > 1),
                "form": refused.pop(name, None) or form_of(agency, votes=votes),
            }
        )
    return found


def _label(agency: Agency, *, votes: bool, is_named: bool) -> str:
    act = "Ask for more time, or propose an amendment" if votes else "File a concern"
    return f"{act}, for {agency}" if is_named else act


def is_elector(agency: Agency, reading: CallReading) -> bool:
    """Whether the position of ``agency`` counts in a call."""
    return any(row.agency_id == agency.pk and not row.left_at for row in reading.electors)


def form_of(agency: Agency, data: Any = None, *, votes: bool) -> InterventionForm:
    """Return the form of what an agency may say, as an elector or as another member."""
    kinds = OF_ELECTORS if votes else OF_OTHERS
    return InterventionForm(data, kinds=kinds, prefix=f"beside-{agency.key}")
