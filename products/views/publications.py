"""The public pages: the catalogue, each released product, its files, its feed (rule 35).

Nobody need be signed in, and who is sees no more here than who is not.
"""

import hashlib
from datetime import datetime
from itertools import groupby
from typing import Any

from django.contrib.auth.decorators import login_not_required
from django.core.paginator import Paginator
from django.db.models import Case, CharField, F, Q, QuerySet, Value, When
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.http.response import HttpResponseBase
from django.shortcuts import get_object_or_404, render
from django.urls import reverse
from django.utils.cache import get_conditional_response, patch_cache_control
from django.views.decorators.http import require_safe

from products import citations
from products.feeds import atom
from products.forms.publications import CatalogueForm
from products.models import CommentWindow, Product, VersionFile
from products.models.products import Kind
from products.publications import (
    Publication,
    publications,
    released,
    series_names,
    the_public,
    with_parts,
)
from products.views.files import answer_with

PER_PAGE = 50
IN_FEED = 50
# For how many seconds others may keep what machines read here; a file never changes.
KEPT, FILE_KEPT = 300, 3600


@login_not_required
@require_safe
def catalogue(request: HttpRequest) -> HttpResponse:
    """List the released products, those of a series together, the others by their kind."""
    form = CatalogueForm(request.GET, series=series_names())
    rows = released()
    rows = _sought(rows, form.cleaned_data) if form.is_valid() else rows.none()
    page = Paginator(_ordered(rows), PER_PAGE).get_page(request.GET.get("page"))
    context = {
        "form": form,
        "page": page,
        "sections": [
            {"title": title, "rows": publications(members)}
            for title, members in groupby(page, key=_section)
        ],
    }
    return render(request, "public/catalogue.html", context)


def _sought(rows: QuerySet[Product], by: dict[str, Any]) -> QuerySet[Product]:
    if by["q"]:
        rows = rows.filter(Q(title__icontains=by["q"]) | Q(code__icontains=by["q"]))
    if by["series"]:
        rows = rows.filter(series=by["series"])
    if by["kind"]:
        rows = rows.filter(kind=by["kind"])
    return rows


def _ordered(rows: QuerySet[Product]) -> QuerySet[Product]:
    alone = Case(When(series="", then=Value(1)), default=Value(0))
    # Without a series its kind is what it stands under.
    shelf = Case(When(series="", then=F("kind")), default=F("series"), output_field=CharField())
    # An annual report whose day is not known stands at its year.
    by_year = Q(release__day="", edition__regex=r"^(19|20)[0-9][0-9]$")
    day = F("release__day")
    when = Case(When(by_year, then=F("edition")), default=day, output_field=CharField())
    rows = rows.alias(alone=alone, shelf=shelf, when=when)
    return rows.order_by("alone", "shelf", "-when", "-code")


def _section(product: Product) -> str:
    return f"{product.series} series" if product.series else Kind(product.kind).label


def _get(code: str) -> Publication:
    return Publication(get_object_or_404(with_parts(released()), code=code))


@login_not_required
@require_safe
def publication(request: HttpRequest, code: str) -> HttpResponse:
    """Show a released product to everybody (rule 35)."""
    found, public = _get(code), the_public()
    windows = CommentWindow.objects.visible_to(public).open_at(public.at)
    context = {
        "publication": found,
        "product": found.product,
        "release": found.release,
        "window": windows.filter(product=found.product).first(),
        "head_tags": citations.head_tags(found),
        "trail": [("Released products", reverse("publications")), (found.code, "")],
    }
    return render(request, "public/publication.html", context)


@login_not_required
@require_safe
def publication_file(request: HttpRequest, code: str, name: str) -> HttpResponseBase:
    """Hand out a file of the released version, and of no other."""
    found = get_object_or_404(released(), code=code)
    # A past product has no version here: then nothing is found.
    files = VersionFile.objects.visible_to(the_public())
    file = get_object_or_404(files, version__release__product=found, name=name)
    return _kept(request, answer_with(file), etag=file.sha256, seconds=FILE_KEPT)


@login_not_required
@require_safe
def publication_metadata(request: HttpRequest, code: str) -> HttpResponseBase:
    """Describe a released product to machines, as JSON-LD."""
    data = citations.linked_data(_get(code))
    return _for_machines(request, JsonResponse(data, content_type=citations.JSON_LD))


@login_not_required
@require_safe
def publication_csl(request: HttpRequest, code: str) -> HttpResponseBase:
    """Give the citation of a released product to reference managers, as CSL-JSON."""
    data = citations.csl_json(_get(code))
    answer = JsonResponse(data, safe=False, content_type=citations.CSL_JSON)
    return _for_machines(request, answer)


@login_not_required
@require_safe
def publication_ris(request: HttpRequest, code: str) -> HttpResponseBase:
    """Give the citation of a released product to reference managers, as RIS."""
    answer = HttpResponse(citations.ris(_get(code)), content_type=f"{citations.RIS}; charset=utf-8")
    answer["Content-Disposition"] = f'attachment; filename="{code}.ris"'
    return _for_machines(request, answer)


@login_not_required
@require_safe
def feed(request: HttpRequest) -> HttpResponseBase:
    """Tell what was released, superseded or withdrawn, the last first."""
    rows = sorted(publications(with_parts(released())), key=_news, reverse=True)[:IN_FEED]
    answer = HttpResponse(atom(rows), content_type="application/atom+xml; charset=utf-8")
    return _for_machines(request, answer)


def _news(row: Publication) -> tuple[bool, datetime, str]:
    """Return what the feed is ordered by: whose day is not known is no news, and comes last."""
    return row.published_at is not None, row.updated_at, row.code


@login_not_required
@require_safe
def robots(request: HttpRequest) -> HttpResponse:
    """Ask crawlers to read the public pages, and to leave the sign-in alone."""
    lines = ["User-agent: *", f"Allow: {reverse('publications')}", "Disallow: /", ""]
    return HttpResponse("\n".join(lines), content_type="text/plain; charset=utf-8")


def _for_machines(request: HttpRequest, answer: HttpResponse) -> HttpResponseBase:
    digest = hashlib.sha256(answer.content).hexdigest()
    return _kept(request, answer, etag=digest, seconds=KEPT)


def _kept(request: HttpRequest, answer: Any, *, etag: str, seconds: int) -> HttpResponseBase:
    """Let others keep an answer for a while, and ask whether it has changed."""
    answer["ETag"] = f'"{etag}"'
    patch_cache_control(answer, public=True, max_age=seconds)
    kept: Any = get_conditional_response(request, etag=answer["ETag"], response=answer)
    if kept is not answer:
        answer.close()
    return kept  # type: ignore[no-any-return]
