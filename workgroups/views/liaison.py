"""The page of the liaison organisations (rule 9)."""

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_safe

from workgroups.models import LiaisonOrganisation


@require_safe
def liaison(request: HttpRequest) -> HttpResponse:
    """List the outside organisations that ISECG relates to."""
    context = {
        "organisations": LiaisonOrganisation.objects.all(),
        "trail": [("Liaison organisations", "")],
    }
    return render(request, "workgroups/liaison/liaison.html", context)
