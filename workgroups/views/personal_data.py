"""The pages about what is kept of a person: one's own data, and erasing who left."""

from django.contrib import messages
from django.http import HttpResponse, JsonResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.views.decorators.http import require_safe

from isecg import clock
from workgroups import permissions, personal_data
from workgroups.forms.personal_data import EraseForm
from workgroups.models import User
from workgroups.roles import Ability
from workgroups.services import erasure
from workgroups.services.errors import RefusedError
from workgroups.sign_in.recency import binding
from workgroups.views.form_pages import AuthedRequest, form_page, show_refusal, typed


@require_safe
def own_data(request: AuthedRequest) -> HttpResponse:
    """Give a person all that is kept about them, as one file."""
    person = User.objects.get(pk=request.user.pk)
    content = {"made_at": clock.now(), **personal_data.export(person)}
    response = JsonResponse(content, json_dumps_params={"indent": 2, "ensure_ascii": False})
    response["Content-Disposition"] = 'attachment; filename="isecg-my-data.json"'
    response["Cache-Control"] = "no-store, private"
    return response


@form_page
@binding
def person_erase(request: AuthedRequest, pk: int) -> HttpResponse:
    """Show what erasing a person removes and what stays, and do it."""
    standing = permissions.require(request.user, Ability.KEEP_ROSTER)
    person = get_object_or_404(User.objects.visible_to(standing), pk=pk)
    form = EraseForm(typed(request))
    status = 200
    if request.method == "POST":
        status = 422
        if form.is_valid():
            try:
                erasure.erase_person(person, by=request.user, **form.cleaned_data)
            except RefusedError as error:
                show_refusal(form, error, zone=request.user.time_zone)
            else:
                messages.success(request, f"The data was erased. The record says “{person.name}”.")
                return redirect("people")
    parts = personal_data.parts()
    context = {
        "person": person,
        "form": form,
        "obstacles": erasure.obstacles(person, by=request.user, at=clock.now()),
        "name_after": erasure.name_after(person),
        "removes": [part.removes for part in parts if part.removes],
        "stays": [part.stays for part in parts if part.stays],
        "trail": [
            ("People", reverse("people")),
            (person.name, reverse("person_edit", args=[person.pk])),
            ("Erase", ""),
        ],
    }
    return render(request, "workgroups/people/erase.html", context, status=status)
