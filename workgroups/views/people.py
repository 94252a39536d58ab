"""The secretariat's pages of people, and everybody's own profile."""

from functools import partial

from django.contrib import messages
from django.contrib.auth import update_session_auth_hash
from django.core.paginator import Paginator
from django.db.models import Prefetch, Q
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.views.decorators.http import require_safe

from isecg import clock
from workgroups import limits, permissions
from workgroups.forms.people import (
    OwnPasswordForm,
    PeopleFilterForm,
    PersonEditForm,
    PersonForm,
    ProfileForm,
)
from workgroups.models import Mandate, User
from workgroups.permissions import Standing
from workgroups.roles import Ability
from workgroups.services import people as services
from workgroups.views.form_pages import AuthedRequest, Trail, answer, form_page, typed

PAGE_SIZE = 50


def _trail() -> Trail:
    return [("People", reverse("people"))]


@require_safe
def people(request: AuthedRequest) -> HttpResponse:
    """List everybody who has an account, for the secretariat alone."""
    permissions.require(request.user, Ability.KEEP_ROSTER)
    form = PeopleFilterForm(request.GET)
    sought = form.cleaned_data["q"] if form.is_valid() else ""
    found = User.objects.all()
    if sought:
        found = found.filter(Q(name__icontains=sought) | Q(email__icontains=sought))
    in_force = Mandate.objects.valid_at(clock.now()).select_related("agency")
    found = found.prefetch_related(Prefetch("mandates", in_force, to_attr="held"))
    context = {
        "page": Paginator(found, PAGE_SIZE).get_page(request.GET.get("page")),
        "form": form,
        "q": sought,
        "actions": [("Add a person", reverse("person_new"))],
        "trail": [("People", "")],
    }
    return render(request, "workgroups/people/people.html", context)


@form_page
def person_new(request: AuthedRequest) -> HttpResponse:
    permissions.require(request.user, Ability.KEEP_ROSTER)
    return answer(
        request,
        PersonForm(typed(request)),
        act=partial(services.add_person, by=request.user),
        done="The account was opened.",
        to=reverse("people"),
        title="Add a person",
        button="Open the account",
        trail=_trail(),
        lede="What a person may do comes from mandates and duties, given on the pages of "
        "agencies and groups.",
    )


@form_page
def person_edit(request: AuthedRequest, pk: int) -> HttpResponse:
    permissions.require(request.user, Ability.KEEP_ROSTER)
    person = get_object_or_404(User, pk=pk)
    return answer(
        request,
        PersonEditForm(typed(request), row=person),
        act=partial(services.edit_person, person, by=request.user),
        done="The account was changed.",
        to=reverse("people"),
        title=f"Edit {person.name}",
        button="Save the changes",
        trail=_trail(),
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


@form_page
def password_change(request: AuthedRequest) -> HttpResponse:
    """Give oneself a new password; other sessions of the account end."""
    person = User.objects.get(pk=request.user.pk)
    form = OwnPasswordForm(typed(request), person=person)

    def change(*, present: str, password: str) -> None:
        services.change_password(person, password=password)
        # Without this the very session that changed it would end as well.
        update_session_auth_hash(request, person)

    return answer(
        request,
        form,
        act=change,
        done="Your password was changed. Other sessions of yours have ended.",
        to=reverse("profile"),
        title="Change your password",
        button="Change the password",
        trail=[("Your profile", reverse("profile"))],
    )
