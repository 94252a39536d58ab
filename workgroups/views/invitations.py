"""Invitations: who is invited, and the page that a link in a letter opens."""

from collections.abc import Callable
from functools import partial
from typing import Any

from allauth.account.internal.flows.login import record_authentication
from allauth.account.utils import perform_login
from django.contrib import messages
from django.contrib.auth.decorators import login_not_required
from django.core.exceptions import PermissionDenied
from django.core.paginator import Paginator
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_safe

from isecg import clock
from workgroups import identity_providers
from workgroups.forms.base import ReasonForm
from workgroups.forms.invitations import AcceptForm, AcceptKnownForm, InvitationForm
from workgroups.models import Invitation, User
from workgroups.permissions import Standing
from workgroups.services import invitations as services
from workgroups.services.errors import RefusedError
from workgroups.sign_in.limits import limited
from workgroups.sign_in.recency import binding
from workgroups.views.form_pages import AuthedRequest, Trail, answer, form_page, show_refusal, typed

PAGE_SIZE = 50


def _trail() -> Trail:
    return [("Invitations", reverse("invitations"))]


def _require_inviter(request: AuthedRequest) -> Standing:
    standing = Standing.of(request.user)
    if not services.invitable(standing):
        raise PermissionDenied("Only the secretariat and heads of delegation may invite somebody.")
    return standing


@require_safe
def invitations(request: AuthedRequest) -> HttpResponse:
    """List the invitations that the reader may send again or withdraw, and those that ended."""
    standing = _require_inviter(request)
    found = Invitation.objects.visible_to(standing)
    found = found.select_related("agency", "invited_by", "accepted_by")
    context = {
        "page": Paginator(found, PAGE_SIZE).get_page(request.GET.get("page")),
        "at": clock.now(),
        "actions": [("Invite somebody", reverse("invitation_new"))],
        "trail": [("Invitations", "")],
    }
    return render(request, "workgroups/invitations/invitations.html", context)


@form_page
@limited("invite")
@binding
def invitation_new(request: AuthedRequest) -> HttpResponse:
    standing = _require_inviter(request)
    return answer(
        request,
        InvitationForm(
            typed(request), standing=standing, initial={"agency": request.GET.get("agency")}
        ),
        act=partial(services.invite, by=request.user),
        done="The invitation is on its way.",
        to=reverse("invitations"),
        title="Invite somebody",
        button="Send the invitation",
        trail=_trail(),
        lede="They get a letter with a link that opens the account, once. An address that has an "
        "account takes the role on with it.",
    )


def _act_page(
    request: AuthedRequest, pk: int, act: Callable[..., Any], **words: Any
) -> HttpResponse:
    standing = _require_inviter(request)
    invitation = get_object_or_404(Invitation.objects.visible_to(standing), pk=pk)
    return answer(
        request,
        ReasonForm(typed(request)),
        act=partial(act, invitation, by=request.user),
        to=reverse("invitations"),
        trail=_trail(),
        **words,
    )


@form_page
def invitation_resend(request: AuthedRequest, pk: int) -> HttpResponse:
    return _act_page(
        request,
        pk,
        services.resend,
        done="The invitation is on its way again; the former link opens nothing any more.",
        title="Send the invitation again",
        button="Send it again",
    )


@form_page
def invitation_revoke(request: AuthedRequest, pk: int) -> HttpResponse:
    return _act_page(
        request,
        pk,
        services.revoke,
        done="The invitation was withdrawn.",
        title="Withdraw the invitation",
        button="Withdraw it",
    )


@login_not_required
@never_cache
@form_page
@limited("invitation")
def invitation_accept(request: HttpRequest, token: str) -> HttpResponse:
    """Show what a link invites to; the form on the page accepts it, the link alone never does."""
    invitation = services.find(token)
    if invitation is None:
        return render(request, "workgroups/invitations/gone.html", status=404)
    account = services.account_of(invitation)
    if account is not None and account != request.user:
        alone = {"invitation": invitation}
        return render(request, "workgroups/invitations/sign_in_first.html", alone)
    form = _accept_form(request, invitation, account)
    if request.method == "POST" and form.is_valid():
        try:
            person = services.accept(token, by=account, **form.cleaned_data)
        except RefusedError as error:
            show_refusal(form, error, zone="UTC")
        else:
            return _come_in(request, person)
    context: dict[str, Any] = {"invitation": invitation, "form": form, "account": account}
    status = 422 if request.method == "POST" else 200
    return render(request, "workgroups/invitations/accept.html", context, status=status)


def _accept_form(
    request: HttpRequest, invitation: Invitation, account: User | None
) -> AcceptForm | AcceptKnownForm:
    if account is not None:
        return AcceptKnownForm(typed(request))
    provider = identity_providers.of_address(invitation.email)
    initial = {
        "name": invitation.name,
        "time_zone": invitation.agency.time_zone if invitation.agency else "UTC",
    }
    return AcceptForm(typed(request), provider=provider, initial=initial)


def _come_in(request: HttpRequest, person: User) -> HttpResponse:
    """Let in who has just accepted: the link was shown, and the password is known."""
    if request.user == person:
        messages.success(request, "You accepted the invitation.")
        return redirect("home")
    if request.user.is_authenticated or not person.has_usable_password():
        messages.success(request, "The account is open. Sign in with it.")
        return redirect("account_login")
    record_authentication(request, person, method="password", email=person.email)
    response: HttpResponse = perform_login(
        request, person, email_verification="none", redirect_url=reverse("home")
    )
    return response
