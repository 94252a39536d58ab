"""Comments carried out as CSV and XLSX, and tables of them taken in (rule 37)."""

from typing import Any

from django.contrib import messages
from django.http import Http404, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.views.decorators.http import require_POST, require_safe

from products import comment_table
from products.exchange.columns import SAID, Column
from products.exchange.plans import Outcome, Plan, Planned, Sent
from products.exchange.writing import CSV_TYPE, XLSX_TYPE, Cells, write_csv, write_xlsx
from products.files import safe_name
from products.forms.exchange import ImportForm, TakeForm
from products.models import Product
from products.services import comment_imports as services
from products.services.comment_imports import Taken
from products.services.errors import ProductError
from products.views.comment_page import trail
from products.views.comments import get_commented, sought_by
from workgroups.models import Agency
from workgroups.permissions import Standing
from workgroups.views.form_pages import AuthedRequest, form_page, show_refusal

# Of each table of the dry run; the page stays small, and who has more errors sends it again.
SHOWN = 100


@require_safe
def comments_export(request: AuthedRequest, code: str, suffix: str) -> HttpResponse:
    """Hand out the submitted comments on a product that the table's filters find."""
    standing = Standing.of(request.user)
    product = get_commented(standing, code)
    form, found = sought_by(request, standing, product)
    if not form.is_valid():
        raise Http404("The filters are not in order: nothing answers to them.")
    rows = [comment_table.stored(row).cells for row in comment_table.with_cells(found)]
    return _file(rows, product, suffix, name="comments")


@require_safe
def comments_template(request: AuthedRequest, code: str, suffix: str) -> HttpResponse:
    """Hand out a table with its headings alone, to be filled in."""
    product = get_commented(Standing.of(request.user), code)
    return _file([], product, suffix, name="comments-template")


def _file(rows: list[Cells], product: Product, suffix: str, *, name: str) -> HttpResponse:
    # A CSV has no place but its name for what stands on every export (rule 11).
    kept = safe_name(f"{product.code}-{name}-non-binding.{suffix}")
    if suffix == "csv":
        response = HttpResponse(write_csv(rows), content_type=CSV_TYPE)
    else:
        about = f"Comments on {product.code}, {product.title}"
        response = HttpResponse(write_xlsx(rows, about=about), content_type=XLSX_TYPE)
    response["Content-Disposition"] = f'attachment; filename="{kept}"'
    # Should a browser open it all the same, it gets no origin and no script.
    response["Content-Security-Policy"] = "default-src 'none'; frame-ancestors 'none'; sandbox"
    return response


@form_page
def comments_import(request: AuthedRequest, code: str) -> HttpResponse:
    """Ask for a table; show what it would change, and write nothing."""
    standing = Standing.of(request.user)
    product = get_commented(standing, code)
    services.require_sender(standing, product)
    if request.method != "POST":
        return _ask(request, standing, product, _form(standing, product))
    form = _form(standing, product, request)
    if form.is_valid():
        try:
            found = services.look(product, form.sent, by=request.user)
        except ProductError as error:
            show_refusal(form, error, zone=request.user.time_zone)
        else:
            name = services.keep(product, form.sent, by=request.user)
            return _show(request, product, form.sent, found, name=name)
    return _ask(request, standing, product, form)


def _form(standing: Standing, product: Product, request: AuthedRequest | None = None) -> ImportForm:
    own = standing.agencies_on(product.code)
    agencies = own
    if standing.is_secretariat:
        members = Agency.objects.visible_to(standing).members_on(standing.at.date())
        agencies = [*own, *members.exclude(pk__in=[agency.pk for agency in own])]
    return ImportForm(
        request and request.POST,
        request and request.FILES,
        versions=list(product.versions.only("number", "product")),
        agencies=agencies,
        may_draft=bool(own),
    )


def _ask(
    request: AuthedRequest, standing: Standing, product: Product, form: ImportForm
) -> HttpResponse:
    context = {
        "product": product,
        "form": form,
        "columns": list(Column),
        "on_behalf": standing.is_secretariat,
        "trail": trail(product, ("Import", "")),
    }
    status = 422 if form.is_bound else 200
    return render(request, "products/comments/import.html", context, status=status)


def _show(
    request: AuthedRequest,
    product: Product,
    sent: Sent,
    found: Plan,
    *,
    name: str,
    refused: TakeForm | None = None,
) -> HttpResponse:
    still = [row for row in found.rows if row.outcome in (Outcome.UNCHANGED, Outcome.TWIN)]
    form = TakeForm(initial={"kept": name, "expected": found.fingerprint})
    context = {
        "product": product,
        "sent": sent,
        "counts": [(outcome.value, count) for outcome, count in found.counts.items()],
        "changes": [_told(row) for row in found.changes[:SHOWN]],
        "change_count": len(found.changes),
        "still": [_told(row) for row in still[:SHOWN]],
        "still_count": len(still),
        "faults": found.faults[:SHOWN],
        "fault_count": len(found.faults),
        "faulty_count": found.counts[Outcome.FAULTY],
        "shown": SHOWN,
        "form": form,
        "refused": refused,
        "trail": trail(
            product,
            ("Import", reverse("comments_import", args=[product.code])),
            ("What it would change", ""),
        ),
    }
    status = 422 if refused else 200
    return render(request, "products/comments/import_plan.html", context, status=status)


def _told(row: Planned) -> dict[str, Any]:
    """Return what the page says of a row: the comment that is there, or what is new."""
    cells = row.comment.cells if row.comment else row.cells
    return {
        "row": row.row,
        "outcome": row.outcome.value,
        "same_as": row.same_as,
        "number": cells.get(Column.NUMBER, ""),
        "said": {column.name.lower(): cells.get(column, "") for column in SAID},
        "answer": row.cells.get(Column.DISPOSITION, "") if row.disposal else "",
        "response": row.cells.get(Column.RESPONSE, "") if row.disposal else "",
    }


@require_POST
def comments_take(request: AuthedRequest, code: str) -> HttpResponse:
    """Write the good rows of the table that was looked at, or show what changed since."""
    standing = Standing.of(request.user)
    product = get_commented(standing, code)
    services.require_sender(standing, product)
    form = TakeForm(request.POST)
    name = str(request.POST.get("kept", ""))
    try:
        sent = services.kept(product, name, by=request.user)
    except ProductError as error:
        asked = _form(standing, product, request)
        # The file was not sent again: what is missing is said once, and better.
        asked.errors.clear()
        show_refusal(asked, error, zone=request.user.time_zone)
        return _ask(request, standing, product, asked)
    expected = str(request.POST.get("expected", ""))
    try:
        taken = services.take(product, sent, expected=expected, by=request.user)
    except ProductError as error:
        show_refusal(form, error, zone=request.user.time_zone)
        return _again(request, product, sent, form, name=name)
    services.forget(product, name, by=request.user)
    messages.success(request, _done(taken))
    return redirect("comments", code=product.code)


def _again(
    request: AuthedRequest, product: Product, sent: Sent, refused: TakeForm, *, name: str
) -> HttpResponse:
    try:
        found = services.look(product, sent, by=request.user)
    except ProductError:
        # The text is settled by now, which the refusal says.
        found = Plan((), ())
    return _show(request, product, sent, found, name=name, refused=refused)


def _done(taken: Taken) -> str:
    parts = [
        f"{len(rows)} {what if len(rows) == 1 else many}"
        for rows, what, many in (
            (taken.new, "new comment", "new comments"),
            (taken.drafts, "draft", "drafts"),
            (taken.disposed, "disposition", "dispositions"),
        )
        if rows
    ]
    return f"Taken: {', '.join(parts)}."
