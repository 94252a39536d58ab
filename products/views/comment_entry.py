"""Writing comments: beside the text, and an agency's drafts until it submits them."""

from typing import Any

from django.contrib import messages
from django.http import Http404, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.views.decorators.http import require_http_methods, require_POST

from products import comment_reading, permissions
from products.comment_reading import EXCERPT, Reading
from products.forms.comments import CommentForm, draft_values
from products.models import Comment, Product, Version
from products.services import comments as services
from products.services.errors import ProductError
from products.views import beside
from products.views.comment_page import trail
from products.views.product_page import get_product, get_version
from products.views.versions import show_version
from products.workflow import PUBLIC
from workgroups.models import Agency
from workgroups.permissions import Standing
from workgroups.roles import Ability
from workgroups.views.form_pages import AuthedRequest, form_page, show_refusal, typed


@require_POST
def comment_new(request: AuthedRequest, code: str, number: int) -> HttpResponse:
    """Take a comment or a draft of one, or show beside the text why not."""
    standing = Standing.of(request.user)
    version = get_version(standing, code, number)
    if not permissions.reads_drafts(standing, version.product):
        raise Http404
    standing.require(Ability.COMMENT, limit=code)
    form = beside.entry_form(request.POST, standing, version)
    if form.is_valid():
        try:
            made = _take(form, version, request)
        except ProductError as error:
            form.add_error(None, str(error))
        else:
            return redirect(f"{version.get_absolute_url()}#c-{made.pk}")
    return show_version(request, standing, version, commenting=form)


def _take(form: CommentForm, version: Version, request: AuthedRequest) -> Comment:
    agency, source = form.cleaned_data["agency"], form.cleaned_data.get("source", "")
    if "draft" in request.POST:
        if source:
            raise ProductError(f"Only people of {agency} keep drafts for it: submit the comment.")
        made = services.draft_comment(version, agency=agency, fields=form.values, by=request.user)
        messages.success(request, f"The draft is kept; only people of {agency} see it.")
        return made
    made = services.submit_comment(
        version, agency=agency, fields=form.values, by=request.user, source=source
    )
    messages.success(request, f"The comment of {agency} is submitted as {made.label}.")
    return made


def _own(request: AuthedRequest, code: str) -> tuple[Standing, Product, list[Agency]]:
    """Return who asks, the product, and the agencies whose drafts this person keeps."""
    standing = Standing.of(request.user)
    product = get_product(standing, code)
    if not permissions.reads_drafts(standing, product):
        raise Http404
    standing.require(Ability.COMMENT, limit=code)
    return standing, product, standing.agencies_on(code)


def _drafts(standing: Standing, product: Product) -> Any:
    rows = Comment.objects.visible_to(standing).filter(product=product, submitted_at=None)
    own = rows.filter(agency__in=standing.agencies_on(product.code))
    return comment_reading.with_rows(own).order_by("agency__code", "version__number", "pk")


@require_http_methods(["GET", "HEAD", "POST"])
def comment_drafts(request: AuthedRequest, code: str) -> HttpResponse:
    """Show an agency's drafts to its own people, and submit those that are chosen."""
    standing, product, agencies = _own(request, code)
    rows = list(_drafts(standing, product))
    refusal, chosen = "", _chosen(request)
    if request.method == "POST":
        agency = next((one for one in agencies if one.key == request.POST.get("agency")), None)
        if agency is None:
            raise Http404
        try:
            made = services.submit_drafts(
                product,
                agency=agency,
                comments=[row for row in rows if row.pk in chosen],
                by=request.user,
            )
        except ProductError as error:
            refusal = str(error)
            rows = list(_drafts(standing, product))
        else:
            labels = ", ".join(row.label for row in made)
            messages.success(request, f"Submitted as comments of {agency}: {labels}.")
            return redirect("comments", code)
    context = {
        "product": product,
        "groups": [
            {"agency": one, "rows": [Reading(row) for row in rows if row.agency_id == one.pk]}
            for one in agencies
        ],
        "chosen": chosen,
        "refusal": refusal,
        "excerpt": EXCERPT,
        "is_settled": product.state in PUBLIC,
        "trail": trail(product, ("Drafts", "")),
    }
    status = 422 if refusal else 200
    return render(request, "products/comments/drafts.html", context, status=status)


def _chosen(request: AuthedRequest) -> frozenset[int]:
    """Return the keys of the drafts that were ticked; what is no key is no draft."""
    ticked = request.POST.getlist("comments")
    return frozenset(
        int(one) for one in ticked if one.isascii() and one.isdecimal() and len(one) < 19
    )


@form_page
def comment_draft(request: AuthedRequest, code: str, pk: int) -> HttpResponse:
    """Change a draft of one's agency."""
    standing, product, _ = _own(request, code)
    row = get_object_or_404(_drafts(standing, product), pk=pk)
    form = CommentForm(typed(request), own=[row.agency], initial=draft_values(row))
    status = 200
    if request.method == "POST":
        if form.is_valid():
            try:
                services.edit_draft(row, fields=form.values, by=request.user)
            except ProductError as error:
                show_refusal(form, error, zone=request.user.time_zone)
            else:
                messages.success(request, "The draft is changed.")
                return redirect("comment_drafts", code)
        status = 422
    context = {
        "product": product,
        "comment": row,
        "form": form,
        "discard_to": reverse("comment_draft_discard", args=[code, pk]),
        "trail": trail(
            product,
            ("Drafts", reverse("comment_drafts", args=[code])),
            (f"On version {row.version.number}", ""),
        ),
    }
    return render(request, "products/comments/draft.html", context, status=status)


@require_POST
def comment_draft_discard(request: AuthedRequest, code: str, pk: int) -> HttpResponse:
    """Throw a draft of one's agency away."""
    standing, product, _ = _own(request, code)
    row = get_object_or_404(_drafts(standing, product), pk=pk)
    try:
        services.discard_draft(row, by=request.user)
    except ProductError as error:
        messages.error(request, str(error))
    else:
        messages.success(request, "The draft is discarded.")
    return redirect("comment_drafts", code)
