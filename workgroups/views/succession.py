"""Entering an agency's successor: the form, the confirmation sheet, and the act."""

from typing import Any

from django.contrib import messages
from django.core.exceptions import ValidationError
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse

from isecg import clock
from workgroups import estate, permissions
from workgroups.forms.agencies import SuccessionForm
from workgroups.models import Agency
from workgroups.roles import Ability
from workgroups.services import succession as services
from workgroups.services.errors import RefusedError
from workgroups.sign_in.recency import binding
from workgroups.views.form_pages import AuthedRequest, form_page, show_refusal, typed


@form_page
@binding
def agency_succession(request: AuthedRequest, key: str) -> HttpResponse:
    """Ask for the successor, show what will pass, then have it pass."""
    standing = permissions.require(request.user, Ability.KEEP_ROSTER)
    found = get_object_or_404(Agency.objects.visible_to(standing), key=key)
    form = SuccessionForm(typed(request), former=found)
    sheet, status = None, 200
    if request.method == "POST":
        status = 422
        if form.is_valid():
            try:
                if "confirm" in request.POST:
                    row = services.succeed(found, **form.cleaned_data, by=request.user)
                    messages.success(request, f"{row.successor} takes the place of {row.former}.")
                    return redirect(found)
                sheet, status = _sheet(found, form.cleaned_data), 200
            except (RefusedError, ValidationError) as error:
                show_refusal(form, error, zone=request.user.time_zone)
    title = f"Enter a successor of {found.code}"
    context = {
        "agency": found,
        "form": form,
        "sheet": sheet,
        "title": title,
        "trail": [
            ("Agencies", reverse("agencies")),
            (found.code, found.get_absolute_url()),
            (title, ""),
        ],
    }
    return render(request, "workgroups/agencies/succession.html", context, status=status)


def _sheet(former: Agency, entered: dict[str, Any]) -> dict[str, Any]:
    """Return what the confirmation sheet shows.

    :raises RefusedError: if it is impossible now.
    """
    at, successor = clock.now(), entered["successor"]
    first_day = entered["first_day"]
    return {
        **entered,
        "estate": services.foresee(former, successor=successor, first_day=first_day, at=at),
        "parts": estate.parts(former, successor, at=at),
    }
