"""The pages of versions: one version, its files, a new one, and what changed between two."""

from typing import Any

from django.contrib import messages
from django.http import FileResponse, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.views.decorators.http import require_http_methods, require_safe

from products import permissions, rendering
from products.compare import compare as compare_texts
from products.dossier import Dossier
from products.forms.liaison import SendForm
from products.forms.versions import CompareForm, How, VersionForm
from products.models import Product, Version
from products.release_gate import residue_places
from products.services import versions as services
from products.services.errors import ProductError
from products.views.files import answer_with
from products.views.product_page import ProductPage, get_product, get_version, require_drafts
from products.workflow import UNRELEASED
from workgroups.models import LiaisonOrganisation
from workgroups.permissions import Standing
from workgroups.roles import Ability
from workgroups.views.form_pages import AuthedRequest, Trail, typed

# Of drafting residue; the page of the release counts them all.
PLACES_SHOWN = 20


def _trail(product: Product, last: str) -> Trail:
    return [
        ("Products", reverse("products")),
        (product.code, product.get_absolute_url()),
        (last, ""),
    ]


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
) -> HttpResponse:
    """Show a version; ``refused`` is the form of its sending, with what is wrong in it."""
    product, number = found.product, found.number
    reads_drafts = permissions.reads_drafts(standing, product)
    # Who was only sent this version does not see the product (rule 9).
    sees_product = reads_drafts or Product.objects.visible_to(standing).contains(product)
    too_long = len(found.text) > rendering.LONGEST
    context = {
        "product": product,
        "version": found,
        "files": _with_product(found),
        "paragraphs": () if too_long else rendering.paragraphs(found.text, found.text_format),
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
        "trail": _trail(product, f"Version {number}")
        if sees_product
        else [("Liaison organisations", reverse("liaison")), (str(found), "")],
    }
    status = 422 if refused else 200
    return render(request, "products/versions/version.html", context, status=status)


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


@require_http_methods(["GET", "HEAD", "POST"])
def version_new(request: AuthedRequest, code: str) -> HttpResponse:
    """Take a version, or say beside its field what is wrong with it and keep what was typed."""
    standing = Standing.of(request.user)
    product = get_product(standing, code)
    permissions.require(standing, Ability.WRITE_VERSION, product)
    latest = Dossier(product, standing.at).latest
    status = 200
    form = _version_form(request, product, latest)
    if request.method == "POST":
        if form.is_valid():
            try:
                made = services.submit_version(product, **form.cleaned_data, by=request.user)
            except ProductError as error:
                form.add_error(None, str(error))
                _show_latest(form, latest)
            else:
                messages.success(request, f"Version {made.number} is kept.")
                return redirect(product)
        status = 422
    context = {
        "product": product,
        "form": form,
        "latest": latest,
        "trail": _trail(product, "New version"),
    }
    return render(request, "products/versions/version_new.html", context, status=status)


def _version_form(request: AuthedRequest, product: Product, latest: Version | None) -> VersionForm:
    number = latest.number if latest else None
    initial: dict[str, Any] = {}
    if request.method != "POST":
        text = latest.text if latest else ""
        initial = {
            "how": How.WRITE if text or not latest else How.UPLOAD,
            "text": text,
            "expected_latest": number,
        }
    return VersionForm(
        typed(request),
        request.FILES or None,
        initial=initial,
        file_name=f"{product.code}-v{(number or 0) + 1}.md",
    )


def _show_latest(form: VersionForm, latest: Version | None) -> None:
    """Let what was written against an older version be sent again, knowingly."""
    data: Any = form.data
    data = data.copy()
    data["expected_latest"] = str(latest.number) if latest else ""
    form.data = data


@require_safe
def compare(request: AuthedRequest, code: str) -> HttpResponse:
    """Show what changed between two versions (rule 15)."""
    page = ProductPage.of(request, code)
    require_drafts(page)
    product = page.product
    rows = list(product.versions.defer("text"))
    form = CompareForm(request.GET or _last_two(rows), versions=rows)
    context: dict[str, Any] = {
        "product": product,
        "form": form,
        "versions": rows,
        "trail": _trail(product, "Compare"),
    }
    if form.is_valid():
        context |= _compared(product, form.cleaned_data["from"], form.cleaned_data["to"])
    return render(request, "products/versions/compare.html", context)


def _last_two(rows: list[Version]) -> dict[str, int]:
    if not rows:
        return {}
    return {"from": rows[1 if len(rows) > 1 else 0].number, "to": rows[0].number}


def _compared(product: Product, old_number: int, new_number: int) -> dict[str, Any]:
    wanted = product.versions.filter(number__in={old_number, new_number})
    found = {row.number: row for row in wanted.select_related("author")}
    old, new = found[old_number], found[new_number]
    without = [row for row in (old, new) if not row.text]
    too_long = max(len(old.text), len(new.text)) > rendering.LONGEST
    return {
        "old": old,
        "new": new,
        "without_text": without,
        "too_long": too_long,
        "comparison": None if without or too_long else compare_texts(old.text, new.text),
    }
