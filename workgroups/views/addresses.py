"""A change of one's address: asked for on the profile, confirmed by two letters."""

from functools import partial

from django.contrib.auth.decorators import login_not_required
from django.core.exceptions import ValidationError
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.views.decorators.cache import never_cache

from workgroups.forms.people import AddressForm
from workgroups.models import User
from workgroups.services import addresses as services
from workgroups.services.errors import RefusedError
from workgroups.sign_in.limits import limited
from workgroups.sign_in.recency import binding
from workgroups.views.form_pages import AuthedRequest, answer, form_page, typed


@form_page
@limited("change_address")
@binding
def address_change(request: AuthedRequest) -> HttpResponse:
    """Ask for another address; nothing changes until both have confirmed it."""
    # Apart from the request's user, whose row the service locks and reads anew.
    person = User.objects.get(pk=request.user.pk)
    return answer(
        request,
        AddressForm(typed(request)),
        act=partial(services.ask_for_change, person),
        done="Two letters are on their way: both addresses have to confirm the change.",
        to=reverse("profile"),
        title="Change your address",
        button="Send the letters",
        trail=[("Your profile", reverse("profile"))],
        lede=f"You sign in with {person.email}. Each address gets a link that confirms the "
        "change; both have to, within a day.",
    )


@login_not_required
@never_cache
@form_page
@limited("address")
def address_confirm(request: HttpRequest, token: str) -> HttpResponse:
    """Show what a link confirms; the button on the page does it, the link alone never does."""
    change = services.find(token)
    if change is None:
        return render(request, "workgroups/people/address_gone.html", status=404)
    refusal, status = "", 200
    if request.method == "POST":
        try:
            change = services.confirm(token)
        except RefusedError as error:
            refusal, status = str(error), 422
        except ValidationError as error:
            refusal, status = " ".join(error.messages), 422
    context = {"change": change, "refusal": refusal, "confirmed": request.method == "POST"}
    return render(request, "workgroups/people/address_confirm.html", context, status=status)
