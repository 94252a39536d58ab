"""Contesting an editorial version, and reaffirming an earlier position (rule 29)."""

from functools import partial

from django import forms
from django.core.exceptions import PermissionDenied
from django.http import HttpResponse
from django.shortcuts import get_object_or_404
from django.views.decorators.http import require_POST

from products.forms.carry_overs import ContestForm
from products.services import carry_overs, reaffirming
from products.views.calls import carry_out, get_call, recorded, version_read
from products.views.new_versions import contestants, is_on_behalf
from workgroups.models import Agency
from workgroups.permissions import Standing
from workgroups.sign_in.recency import binding
from workgroups.views.form_pages import AuthedRequest


@require_POST
@binding
def call_contest(request: AuthedRequest, pk: int) -> HttpResponse:
    """Say for an elector that the version under call is not editorial."""
    standing = Standing.of(request.user)
    found = get_call(standing, pk)
    code = found.product.code
    rows = found.electors.filter(left_at=None).select_related("agency")
    electors = contestants(standing, rows, code)
    if not electors:
        raise PermissionDenied(
            "Only the head of delegation or an alternate of an elector, or the secretariat on "
            "its behalf, may say that a version is not editorial."
        )
    on_behalf = is_on_behalf(standing, electors, code)
    return carry_out(
        request,
        found,
        ContestForm(request.POST, electors=electors, on_behalf=on_behalf, prefix="contest"),
        lambda **given: carry_overs.contest(found, **given),
        name="contest",
        done="The version counts as substantive. The call has ended, and everybody is told.",
    )


@require_POST
@binding
def call_reaffirm(request: AuthedRequest, pk: int, key: str) -> HttpResponse:
    """Say again what an agency said in an earlier call."""
    standing = Standing.of(request.user)
    found = get_call(standing, pk)
    agency = get_object_or_404(Agency.objects.visible_to(standing), key=key)
    standing.require_voice(agency, on=found.product.code)
    return carry_out(
        request,
        found,
        forms.Form(request.POST),
        lambda **given: reaffirming.reaffirm(found, agency=agency, **given),
        name=f"reaffirm-{key}",
        done=partial(recorded, agency),
        on=version_read(request),
    )
