"""What changed between two versions, and since an agency last took a position (rule 15)."""

from collections.abc import Mapping, Sequence
from typing import Any
from urllib.parse import urlencode

from django.contrib import messages
from django.core.exceptions import PermissionDenied
from django.db.models import Q
from django.http import Http404, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.views.decorators.http import require_safe

from products import compare_sheet, rendering
from products.compare import CHANGES, Comparison, Row
from products.compare import compare as compare_texts
from products.compare_sheet import Item, Part, Sheet
from products.forms.compare import VIEWS, CompareForm
from products.models import CirculationRecipient, PositionEntry, Product, Version
from products.views.product_page import ProductPage, require_drafts, way_to
from workgroups.models import Agency
from workgroups.views.form_pages import AuthedRequest

_LABELS = {
    "changed": "Changed",
    "moved": "Moved",
    "added": "Added",
    "removed": "Removed",
    "left": "Moved away",
}


@require_safe
def compare(request: AuthedRequest, code: str) -> HttpResponse:
    """Show what changed between two versions, inline or side by side."""
    page = ProductPage.of(request, code)
    require_drafts(page)
    product = page.product
    rows = list(
        product.versions.select_related("author", "carry_over__contested_for").defer("text")
    )
    form = CompareForm(request.GET or _last_two(rows), versions=rows)
    context: dict[str, Any] = {
        "product": product,
        "form": form,
        "versions": rows,
        "trail": way_to(product, ("Compare", "")),
    }
    if form.is_valid():
        context |= _compared(product, rows, form.cleaned_data, part=request.GET.get("part"))
    return render(request, "products/compare/compare.html", context)


def _last_two(rows: Sequence[Version]) -> dict[str, object]:
    # From the one before the last, where there is one.
    return {"from": rows[:2][-1].number, "to": rows[0].number} if rows else {}


def _compared(
    product: Product, rows: Sequence[Version], chosen: Mapping[str, Any], *, part: str | None
) -> dict[str, Any]:
    numbers = sorted((chosen["from"], chosen["to"]))
    known = {row.number: row for row in rows}
    old, new = known[chosen["from"]], known[chosen["to"]]
    texts = dict(product.versions.filter(number__in=numbers).values_list("number", "text"))
    old_text, new_text = texts[old.number], texts[new.number]
    without = [row for row in (old, new) if not texts[row.number]]
    too_long = max(len(old_text), len(new_text)) > rendering.LONGEST
    context = {
        "old": old,
        "new": new,
        "view": chosen["view"],
        "backwards": old.number > new.number,
        "between": [row for row in reversed(rows) if numbers[0] < row.number <= numbers[1]],
        "without_text": without,
        "too_long": too_long,
    }
    if without or too_long:
        return context
    found = compare_texts(_words(old_text, old), _words(new_text, new))
    unseen = not found.changes and old_text.split() != new_text.split()
    return context | {"unseen": unseen} | _shown(found, chosen, part)


def _words(text: str, version: Version) -> tuple[str, ...]:
    return tuple(each.words for each in rendering.paragraphs(text, version.text_format))


def _shown(found: Comparison, chosen: Mapping[str, Any], number: str | None) -> dict[str, Any]:
    view = chosen["view"]
    sheet = compare_sheet.lay_out(found, view=view)
    part = sheet.part(number)
    query = {"from": chosen["from"], "to": chosen["to"], "view": view}
    last = len(sheet.parts)
    return {
        "comparison": found,
        "figures": [
            {
                "label": kind,
                "count": getattr(found, kind),
                "href": _href(sheet, part, query, sheet.first.get(kind)),
            }
            for kind in CHANGES
        ],
        "part": part,
        "parts": last,
        "previous_part": _query(query, part=part.number - 1) if part.number > 1 else "",
        "next_part": _query(query, part=part.number + 1) if part.number < last else "",
        "previous_change": _href(sheet, part, query, _beside(part, found, -1)),
        "next_change": _href(sheet, part, query, _beside(part, found, 1)),
        "first_change": _href(sheet, part, query, 1 if found.changes else None),
        "items": [_item(item, found, sheet, part, query) for item in part.items],
        "views": [
            {"label": label, "href": _query(query, view=name), "current": name == view}
            for name, label in VIEWS
        ],
    }


def _item(
    item: Item, found: Comparison, sheet: Sheet, part: Part, query: Mapping[str, Any]
) -> dict[str, Any]:
    row = item.row
    following = row.change + 1 if row.change and row.change < found.changes else None
    return {
        "item": item,
        "row": row,
        "label": _label(row),
        "next": _href(sheet, part, query, following),
    }


def _label(row: Row) -> str:
    return "Changed and moved" if row.apart and row.kind == "changed" else _LABELS.get(row.kind, "")


def _beside(part: Part, found: Comparison, step: int) -> int | None:
    """Return the change that comes before or after those of a part."""
    if not part.changes:
        return None
    change = part.changes[0] - 1 if step < 0 else part.changes[-1] + 1
    return change if 1 <= change <= found.changes else None


def _href(sheet: Sheet, part: Part, query: Mapping[str, Any], change: int | None) -> str:
    """Return the way to a change, on this page or on that of another part."""
    if change is None:
        return ""
    if change in part.changes:
        return f"#change-{change}"
    return f"{_query(query, part=sheet.part_of(change))}#change-{change}"


def _query(query: Mapping[str, Any], **other: object) -> str:
    return "?" + urlencode({**query, **other})


@require_safe
def since_position(request: AuthedRequest, code: str) -> HttpResponse:
    """Lead to what changed since the reader's agency last took a position on the product.

    :raises PermissionDenied: to whoever belongs to no member agency.
    """
    page = ProductPage.of(request, code)
    require_drafts(page)
    product = page.product
    agency = _own_agency(page, request.GET.get("agency"))
    latest = product.versions.order_by("-number").values_list("number", flat=True).first()
    address = reverse("compare", args=[product.code])
    if latest is None:
        messages.info(request, "There is no version yet.")
        return redirect(address)
    seen, words = _last_seen(page, agency)
    if seen is None:
        messages.info(request, f"{words}: these are the last two versions.")
        return redirect(address)
    ending = (
        f"the latest version, {seen}: nothing has changed since."
        if seen == latest
        else f"version {seen}: this is what changed since."
    )
    messages.info(request, f"{words} {ending}")
    return redirect(address + _query({"from": seen, "to": latest}))


def _own_agency(page: ProductPage, key: str | None) -> Agency:
    own = page.standing.agencies_on(page.product.code)
    if not own:
        raise PermissionDenied("Only people of a member agency ask what changed for it.")
    found = [agency for agency in own if key in (None, agency.key)]
    if not found:
        raise Http404
    return found[0]


def _last_seen(page: ProductPage, agency: Agency) -> tuple[int | None, str]:
    """Return the version on which an agency spoke last, or that reached it last, and which."""
    product, standing = page.product, page.standing
    entries = PositionEntry.objects.visible_to(standing).filter(
        call__product=product, agency=agency
    )
    # What was withdrawn was taken all the same, and on that version.
    taken = entries.exclude(stand="").order_by("-given_at", "-pk")
    # On the one that it was given on: the call may have carried it to a later one.
    number = taken.values_list("version__number", flat=True).first()
    if number is not None:
        return number, f"{agency} last took a position on"
    none = f"{agency} has taken no position on this product"
    # What reached an agency has reached its successor.
    sent = (
        CirculationRecipient.objects.visible_to(standing)
        .filter(
            Q(agency=agency) | Q(agency__succession__successor=agency),
            circulation__version__product=product,
        )
        .order_by("-circulation__opened_at", "-circulation")
    )
    number = sent.values_list("circulation__version__number", flat=True).first()
    if number is not None:
        return number, f"{none}. What was last circulated to it is"
    return None, f"{none}, and none was circulated to it"
