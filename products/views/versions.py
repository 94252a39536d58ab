"""The pages of versions: one version, and its files."""

from typing import Any

from django.http import FileResponse, HttpResponse
from django.shortcuts import get_object_or_404, render
from django.urls import reverse
from django.views.decorators.http import require_safe

from products import permissions, rendering
from products.forms.comments import CommentForm
from products.forms.liaison import SendForm
from products.models import Product, Version
from products.release_gate import residue_places
from products.views import beside
from products.views.files import answer_with
from products.views.product_page import get_version, way_to
from products.workflow import UNRELEASED
from workgroups.models import LiaisonOrganisation
from workgroups.permissions import Standing
from workgroups.roles import Ability
from workgroups.views.form_pages import AuthedRequest, Trail

# Of drafting residue; the page of the release counts them all.
PLACES_SHOWN = 20


@require_safe
def version(request: AuthedRequest, code: str, number: int) -> HttpResponse:
    """Show a version: its text in numbered paragraphs, its files, its circulations."""
    standing = Standing.of(request.user)
    return show_version(request, standing, get_version(standing, code, number))


def show_version(
    request: AuthedRequest,
    standing: Standing,
    found: Version,
    *,
    refused: SendForm | None = None,
    commenting: CommentForm | None = None,
) -> HttpResponse:
    """Show a version; ``refused`` is the form of its sending, with what is wrong in it.

    ``commenting`` is that of a comment.
    """
    product, number = found.product, found.number
    reads_drafts = permissions.reads_drafts(standing, product)
    # Who was only sent this version does not see the product (rule 9).
    sees_product = reads_drafts or Product.objects.visible_to(standing).contains(product)
    too_long = len(found.text) > rendering.LONGEST
    paragraphs = () if too_long else rendering.paragraphs(found.text, found.text_format)
    context = {
        "product": product,
        "version": found,
        "files": _with_product(found),
        "paragraphs": paragraphs,
        "reads_drafts": reads_drafts,
        "too_long": too_long,
        # Those who write see early what the release gate would hold against the text.
        "places": residue_places(found)[:PLACES_SHOWN]
        if reads_drafts and product.state in UNRELEASED
        else [],
        "circulations": found.circulations.visible_to(standing),
        "sendings": found.sendings.visible_to(standing).select_related("organisation"),
        "statements": found.statements.visible_to(standing).select_related(
            "organisation", "given_by"
        ),
        "send_form": refused or (SendForm() if standing.may(Ability.SEND_TO_LIAISON) else None),
        "send_open": refused is not None,
        "states_for": _states_for(standing, found),
        "previous": number - 1 if reads_drafts and number > 1 else None,
        "own_agencies": standing.agencies_on(product.code) if reads_drafts else [],
        "trail": way_to(product, (f"Version {number}", ""))
        if sees_product
        else _trail_outside(standing, found),
        **beside.context(request, standing, found, paragraphs, refused=commenting),
    }
    status = 422 if refused or commenting else 200
    return render(request, "products/versions/version.html", context, status=status)


def _trail_outside(standing: Standing, version: Version) -> Trail:
    """Return whence somebody came who was sent the version, or reads it while it is posted."""
    if standing.liaisons:
        return [("Liaison organisations", reverse("liaison")), (str(version), "")]
    return [("Drafts for public comment", reverse("public_drafts")), (str(version), "")]


def _states_for(standing: Standing, version: Version) -> list[LiaisonOrganisation]:
    """Return the reader's own organisations to which the version was sent."""
    if not standing.liaisons:
        return []
    sent = set(version.sendings.visible_to(standing).values_list("organisation", flat=True))
    return [organisation for organisation in standing.liaisons if organisation.pk in sent]


def _with_product(version: Version) -> list[Any]:
    files = list(version.files.all())
    for file in files:
        file.version = version
    return files


@require_safe
def download(request: AuthedRequest, code: str, number: int, name: str) -> FileResponse:
    """Hand out a file of a version, to be kept and never to be run."""
    standing = Standing.of(request.user)
    found = get_version(standing, code, number)
    file = get_object_or_404(found.files.visible_to(standing), name=name)
    return answer_with(file)
