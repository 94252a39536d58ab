"""A decision record to be kept elsewhere: as PDF, and as JSON (rule 33)."""

from django.contrib import messages
from django.http import HttpResponse, JsonResponse
from django.shortcuts import redirect
from django.views.decorators.http import require_safe

from products.decision_sheet import as_json, as_print, lay_out
from products.decision_sheet.parts import Sheet
from products.models import Decision
from products.typesetting.process import TypesettingError, typeset
from products.views.decisions import chosen, revisions_of
from workgroups.permissions import Standing
from workgroups.views.form_pages import AuthedRequest


@require_safe
def decision_pdf(
    request: AuthedRequest, year: int, serial: int, revision: int | None = None
) -> HttpResponse:
    """Give a decision record as PDF, in its latest revision or a named one."""
    found, sheet = _laid_out(request, year, serial, revision)
    try:
        content = typeset("decision.typ", as_print(sheet))
    except TypesettingError as error:
        messages.error(request, str(error))
        return redirect(found.get_revision_url())
    return _to_keep(HttpResponse(content, content_type="application/pdf"), sheet, "pdf")


@require_safe
def decision_json(
    request: AuthedRequest, year: int, serial: int, revision: int | None = None
) -> HttpResponse:
    """Give a decision record as JSON, by the keys of docs/decision-record.md."""
    _, sheet = _laid_out(request, year, serial, revision)
    dumps = {"indent": 2, "ensure_ascii": False}
    return _to_keep(JsonResponse(as_json(sheet), json_dumps_params=dumps), sheet, "json")


def _laid_out(
    request: AuthedRequest, year: int, serial: int, revision: int | None
) -> tuple[Decision, Sheet]:
    rows = revisions_of(Standing.of(request.user), year, serial)
    found = chosen(rows, revision)
    return found, lay_out(found)


def _to_keep(answer: HttpResponse, sheet: Sheet, suffix: str) -> HttpResponse:
    name = sheet.number.replace(" rev. ", "-rev-")
    answer["Content-Disposition"] = f'inline; filename="{name}.{suffix}"'
    return answer
