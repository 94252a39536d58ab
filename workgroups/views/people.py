"""The pages of those who keep accounts, and everybody's own profile."""

from functools import partial

from django.contrib import messages
from django.core.paginator import Paginator
from django.db.models import Prefetch, Q
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.views.decorators.http import require_safe

from workgroups import limits, permissions
from workgroups.forms.base import ReasonForm
from workgroups.forms.people import PeopleFilterForm, PersonEditForm, ProfileForm
from workgroups.models import Mandate, User
from workgroups.permissions import Standing
from workgroups.roles import Ability
from workgroups.services import people as services
from workgroups.sign_in.recency import binding
from workgroups.views.form_pages import AuthedRequest, Trail, answer, form_page, typed

PAGE_SIZE = 50


def _trail() -> Trail:
    return [("People", reverse("people"))]


@require_safe
def people(request: AuthedRequest) -> HttpResponse:
    """List everybody who has an account, for those who keep accounts."""
    standing = permissions.require(request.user, Ability.KEEP_ACCOUNTS)
    form = PeopleFilterForm(request.GET)
    sought = form.cleaned_data["q"] if form.is_valid() else ""
    found = User.objects.visible_to(standing)
    if sought:
        found = found.filter(Q(name__icontains=sought) | Q(email__icontains=sought))
    in_force = Mandate.objects.visible_to(standing).valid_at(standing.at)
    in_force = in_force.select_related("agency")
    found = found.prefetch_related(Prefetch("mandates", in_force, to_attr="held"))
    context = {
        "page": Paginator(found, PAGE_SIZE).get_page(request.GET.get("page")),
        "form": form,
        "q": sought,
        "actions": _list_actions(standing),
        "trail": [("People", "")],
    }
    return render(request, "workgroups/people/people.html", context)


def _list_actions(standing: Standing) -> list[tuple[str, str]]:
    if not standing.may(Ability.KEEP_ROSTER):
        return []
    return [
        ("Invite somebody", reverse("invitation_new")),
        ("Invitations", reverse("invitations")),
        ("Identity providers", reverse("identity_providers")),
    ]


@form_page
@binding
def person_edit(request: AuthedRequest, pk: int) -> HttpResponse:
    """Change an account; what needs a form of its own is linked from here."""
    standing = permissions.require(request.user, Ability.KEEP_ACCOUNTS)
    person = get_object_or_404(User.objects.visible_to(standing), pk=pk)
    return answer(
        request,
        PersonEditForm(
            typed(request), row=person, names_secretariat=standing.may(Ability.KEEP_ROSTER)
        ),
        act=partial(services.edit_person, person, by=request.user),
        done="The account was changed.",
        to=reverse("people"),
        title=f"Edit {person.name}",
        button="Save the changes",
        trail=_trail(),
        lede=f"{person.name} signs in with {person.email}. Their address and password are theirs "
        "to change; whoever lost the mailbox is invited anew.",
        actions=[
            ("End the sessions", reverse("person_sessions_end", args=[pk])),
            ("Remove the second factor", reverse("person_factor_remove", args=[pk])),
            *_desk_actions(standing, pk),
        ],
    )


def _desk_actions(standing: Standing, pk: int) -> list[tuple[str, str]]:
    if not standing.may(Ability.KEEP_ROSTER):
        return []
    return [("Erase this person's data", reverse("person_erase", args=[pk]))]


@form_page
@binding
def person_sessions_end(request: AuthedRequest, pk: int) -> HttpResponse:
    standing = permissions.require(request.user, Ability.KEEP_ACCOUNTS)
    person = get_object_or_404(User.objects.visible_to(standing), pk=pk)
    return answer(
        request,
        ReasonForm(typed(request)),
        act=partial(services.end_sessions, person, by=request.user),
        done="The sessions have ended.",
        to=reverse("people"),
        title=f"End the sessions of {person.name}",
        button="End the sessions",
        trail=_trail(),
        lede="They are signed out everywhere, and can sign in again.",
    )


@form_page
@binding
def person_factor_remove(request: AuthedRequest, pk: int) -> HttpResponse:
    standing = permissions.require(request.user, Ability.KEEP_ACCOUNTS)
    person = get_object_or_404(User.objects.visible_to(standing), pk=pk)
    return answer(
        request,
        ReasonForm(typed(request)),
        act=partial(services.remove_second_factor, person, by=request.user),
        done="The second factor was removed, and they are told.",
        to=reverse("people"),
        title=f"Remove the second factor of {person.name}",
        button="Remove it",
        trail=_trail(),
        lede="For somebody who lost their telephone or key and has no recovery code. Make sure "
        "that it is really they who ask: from then on their password alone opens the account.",
    )


@form_page
def profile(request: AuthedRequest) -> HttpResponse:
    """Show and change one's own name and zone, and show the mandates one holds."""
    # Apart from the request's user, whose name the page's head prints.
    person = User.objects.get(pk=request.user.pk)
    form = ProfileForm(typed(request), instance=person)
    if request.method == "POST" and form.is_valid():
        services.edit_profile(person, **form.cleaned_data)
        messages.success(request, "Your profile was changed.")
        return redirect("profile")
    standing = Standing.of(request.user)
    limits.name(standing.mandates, standing)
    context = {
        "form": form,
        "mandates": standing.mandates,
        "duties": request.user.group_roles.valid_at(standing.at).select_related("group"),
        "standing": standing,
        "trail": [("Your profile", "")],
    }
    status = 422 if request.method == "POST" else 200
    return render(request, "workgroups/people/profile.html", context, status=status)
