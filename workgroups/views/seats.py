"""Pages about the seats of agencies: all of them, and the confirmation of one (rules 4, 5)."""

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.views.decorators.http import require_POST, require_safe

from workgroups import confirmations, permissions, vacancies
from workgroups.forms.seats import ConfirmForm
from workgroups.models import Agency
from workgroups.permissions import Standing
from workgroups.roles import Ability
from workgroups.services import seats as services
from workgroups.services.errors import RefusedError
from workgroups.sign_in.recency import binding
from workgroups.views.agencies import show_agency, trail_to
from workgroups.views.form_pages import AuthedRequest


@require_safe
def seats(request: AuthedRequest) -> HttpResponse:
    """List the seats of all members: vacant or held, confirmed when, and due when."""
    standing = permissions.require(request.user, Ability.KEEP_ROSTER)
    vacant = {row.agency.pk: row for row in vacancies.read(at=standing.at)}
    found = confirmations.shown_to(standing)
    rows = [
        {
            "due": row,
            "is_due": row.is_due_at(standing.at),
            "is_vacant": row.is_vacant,
            "vacancy": vacant.get(row.agency.pk),
        }
        for row in sorted(found, key=lambda row: row.urgency(standing.at))
    ]
    context = {
        "rows": rows,
        "days": confirmations.period().days,
        "trail": [*trail_to(), ("Seats", "")],
    }
    return render(request, "workgroups/agencies/seats.html", context)


@require_POST
@binding
def seat_confirm(request: AuthedRequest, key: str) -> HttpResponse:
    """Confirm who holds an agency's seat, with one press of a button."""
    standing = Standing.of(request.user)
    found = get_object_or_404(Agency.objects.visible_to(standing), key=key)
    standing.require_confirming(found)
    form = ConfirmForm(request.POST)
    if form.is_valid():
        try:
            services.confirm_seat(found, **form.cleaned_data, by=request.user)
        except RefusedError as error:
            form.add_error(None, str(error))
        else:
            messages.success(request, "The holders of the seat are confirmed.")
            return redirect(found)
    return show_agency(request, found, refused=form)
