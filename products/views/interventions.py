"""What is said beside the positions in a call, and answered (rules 18, 20 and 23)."""

from functools import partial

from django.http import HttpResponse
from django.shortcuts import get_object_or_404
from django.views.decorators.http import require_POST

from products import permissions
from products.call_reading import read_call
from products.forms.interventions import AnswerForm, OnBehalfInterventionForm
from products.models import Intervention
from products.services import interventions as services
from products.views.calls import carry_out, get_call, trail
from products.views.interventions_on_call import form_of, is_elector
from workgroups.models import Agency
from workgroups.permissions import Standing
from workgroups.roles import Ability
from workgroups.sign_in.recency import binding
from workgroups.views.form_pages import AuthedRequest, answer, form_page, typed


@require_POST
@binding
def call_intervene(request: AuthedRequest, pk: int, key: str) -> HttpResponse:
    """Say something beside the position of an agency that the reader speaks for."""
    standing = Standing.of(request.user)
    found = get_call(standing, pk)
    agency = get_object_or_404(Agency.objects.visible_to(standing), key=key)
    standing.require_voice(agency, on=found.product.code)
    votes = is_elector(agency, read_call(found, at=standing.at))
    return carry_out(
        request,
        found,
        form_of(agency, request.POST, votes=votes),
        partial(services.intervene, found, agency=agency),
        name=f"beside-{key}",
        done=f"What {agency} says is on this page, and those whom it concerns are told.",
    )


@form_page
@binding
def call_intervene_on_behalf(request: AuthedRequest, pk: int) -> HttpResponse:
    """Enter what an agency says beside its position, with the source (rule 6)."""
    standing = Standing.of(request.user)
    found = get_call(standing, pk)
    standing.require(Ability.RECORD_POSITION)
    members = Agency.objects.members_on(standing.at.date()).order_by("code")
    return answer(
        request,
        OnBehalfInterventionForm(typed(request), members=members),
        act=partial(services.intervene, found, by=request.user),
        done="It is entered, and shown as entered by you.",
        to=found.get_absolute_url(),
        title="Enter what an agency says",
        button="Enter it on behalf",
        trail=trail(found),
        lede="A request for more time or a proposed amendment of an elector, or a concern of a "
        "member agency outside the electorate. In a silence procedure the first two break "
        "the silence at once.",
    )


@require_POST
@binding
def intervention_answer(request: AuthedRequest, pk: int) -> HttpResponse:
    """Answer what an agency said beside the positions."""
    standing = Standing.of(request.user)
    seen = Intervention.objects.visible_to(standing)
    row = get_object_or_404(seen.select_related("call__product"), pk=pk)
    found = get_call(standing, row.call_id)
    permissions.require(standing, Ability.ANSWER_INTERVENTION, found.product)
    return carry_out(
        request,
        found,
        AnswerForm(request.POST, prefix=f"answer-{pk}"),
        partial(services.answer_intervention, row),
        name=f"answer-{pk}",
        done=f"The answer is on this page, and {row.code} is told.",
    )
