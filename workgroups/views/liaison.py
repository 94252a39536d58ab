"""The liaison organisations: the page, and the forms that keep it (rule 9)."""

from functools import partial

from django.http import HttpResponse
from django.shortcuts import get_object_or_404, render
from django.urls import reverse
from django.views.decorators.http import require_safe

from workgroups import permissions
from workgroups.forms.liaison import OrganisationEditForm, OrganisationForm
from workgroups.models import LiaisonOrganisation
from workgroups.permissions import Standing
from workgroups.roles import Ability
from workgroups.services import liaison as services
from workgroups.views.form_pages import AuthedRequest, Trail, answer, form_page, typed


def _trail() -> Trail:
    return [("Liaison organisations", reverse("liaison"))]


@require_safe
def liaison(request: AuthedRequest) -> HttpResponse:
    """List the outside organisations that ISECG relates to."""
    standing = Standing.of(request.user)
    context = {
        "organisations": LiaisonOrganisation.objects.visible_to(standing),
        "keeps": standing.may(Ability.KEEP_ROSTER),
        "trail": [("Liaison organisations", "")],
    }
    return render(request, "workgroups/liaison/liaison.html", context)


@form_page
def liaison_new(request: AuthedRequest) -> HttpResponse:
    permissions.require(request.user, Ability.KEEP_ROSTER)
    return answer(
        request,
        OrganisationForm(typed(request)),
        act=partial(services.add_organisation, by=request.user),
        done="The organisation was entered.",
        to="liaison",
        title="Enter a liaison organisation",
        button="Enter the organisation",
        trail=_trail(),
        lede="It can be sent a version, and holds no position.",
    )


@form_page
def liaison_edit(request: AuthedRequest, code: str) -> HttpResponse:
    standing = permissions.require(request.user, Ability.KEEP_ROSTER)
    found = get_object_or_404(LiaisonOrganisation.objects.visible_to(standing), code=code)
    return answer(
        request,
        OrganisationEditForm(typed(request), row=found),
        act=partial(services.edit_organisation, found, by=request.user),
        done="The organisation was changed.",
        to="liaison",
        title=f"Edit {found.code}",
        button="Save the changes",
        trail=_trail(),
    )
