"""The page of a release: what the gate finds, what is frozen, what becomes public (rule 34)."""

from typing import Any

from django.contrib import messages
from django.forms import Form
from django.http import HttpResponse
from django.shortcuts import redirect, render

from products import permissions
from products.forms.releases import ReleaseForm
from products.release_gate import annex_of, predecessor_of, residue_places
from products.services import releases
from products.services.errors import ProductError
from products.views.product_page import ProductPage, way_to
from products.workflow import Action, State
from workgroups.permissions import labels
from workgroups.roles import Ability
from workgroups.sign_in.recency import binding
from workgroups.views.form_pages import AuthedRequest, form_page, show_refusal, typed

# A text with more marks than these is not near its release; the rest are counted.
PLACES_SHOWN = 100


@form_page
@binding
def product_release(request: AuthedRequest, code: str) -> HttpResponse:
    """Show the release gate with what a release would freeze; release, or say why not."""
    page = ProductPage.of(request, code)
    permissions.require(page.standing, Ability.RELEASE, page.product)
    form = _form(request, page)
    if request.method == "POST" and form.is_valid():
        try:
            releases.release(page.product, **form.cleaned_data, by=request.user)
        except ProductError as error:
            show_refusal(form, error, zone=request.user.time_zone)
            # The service looked at the product under its lock; so does the page that explains.
            page = ProductPage.of(request, code)
        else:
            messages.success(request, "The product is released, and its public page is open.")
            return redirect(page.product)
    status = 422 if request.method == "POST" else 200
    return render(request, "products/release/release.html", _context(page, form), status=status)


def _form(request: AuthedRequest, page: ProductPage) -> ReleaseForm:
    if page.product.state != State.AGREED:
        return ReleaseForm(typed(request), findings=())
    return ReleaseForm(
        typed(request),
        findings=page.findings(Action.RELEASE),
        predecessor=predecessor_of(page.product, page.dossier.relations),
    )


def _context(page: ProductPage, form: ReleaseForm) -> dict[str, Any]:
    product, dossier = page.product, page.dossier
    trail = way_to(product, ("Release", ""))
    context = {"product": product, "form": form, "trail": trail}
    if product.state != State.AGREED:
        return context | {"is_agreed": False}
    # An agreed product has a version and a decision on it.
    assert dossier.latest is not None
    assert dossier.decision is not None
    places = residue_places(dossier.latest)
    return context | {
        "is_agreed": True,
        "gate": [_row(finding, form) for finding in page.findings(Action.RELEASE)],
        "is_possible": page.is_possible(Action.RELEASE),
        "version": dossier.latest,
        "places": places[:PLACES_SHOWN],
        "places_left": len(places[PLACES_SHOWN:]),
        "participants": [row.agency for row in dossier.participations],
        "decision": dossier.decision,
        "annex": annex_of(dossier.decision),
        "predecessor": predecessor_of(product, dossier.relations),
        "supersede": form["supersede"] if "supersede" in form.fields else None,
    }


def _row(finding: Any, form: Form) -> dict[str, Any]:
    name = f"override_{finding.rule}"
    return {
        "finding": finding,
        "who": ", ".join(labels(finding.who)),
        "field": form[name] if name in form.fields else None,
    }
