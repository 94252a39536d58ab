"""The Workplan that everyone reads and the secretariat keeps (rule 47)."""

from collections.abc import Sequence
from functools import partial
from typing import Any

from django.db.models import Prefetch
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, render
from django.urls import reverse
from django.views.decorators.http import require_safe

from isecg import row_history
from products.forms.workplan import ItemEditForm, ItemForm, WorkplanFilterForm
from products.models import Product, WorkplanAgency, WorkplanItem
from products.services import workplan as services
from workgroups import permissions
from workgroups.permissions import Standing
from workgroups.roles import Ability
from workgroups.views.form_pages import AuthedRequest, Trail, answer, form_page, typed


def _trail(item: WorkplanItem | None = None) -> Trail:
    trail = [("Workplan", reverse("workplan"))]
    return [*trail, (item.title, reverse("workplan_item", args=[item.pk]))] if item else trail


def _items(standing: Standing) -> Sequence[WorkplanItem]:
    """Return every item; each knows whether the reader ``sees_product``."""
    agencies = WorkplanAgency.objects.visible_to(standing)
    taking_part = agencies.filter(active=True).select_related("agency")
    rows = WorkplanItem.objects.visible_to(standing)
    rows = rows.select_related("product", "group", "lead_agency").prefetch_related(
        Prefetch("participations", queryset=taking_part, to_attr="taking_part")
    )
    items = list(rows)
    seen = set(Product.objects.visible_to(standing).values_list("pk", flat=True))
    for item in items:
        item.sees_product = item.product_id in seen  # type: ignore[attr-defined]
    return items


@require_safe
def workplan(request: AuthedRequest) -> HttpResponse:
    """Show the Workplan, or the part of it that a group has or that has one status."""
    standing = Standing.of(request.user)
    form = WorkplanFilterForm(request.GET)
    sought: dict[str, Any] = {"group": None, "status": ""}
    if form.is_valid():
        sought = form.cleaned_data
    items = [
        item
        for item in _items(standing)
        if (sought["group"] is None or item.group_id == sought["group"].pk)
        and sought["status"] in {"", item.status}
    ]
    context = {
        "form": form,
        "items": items,
        "sought": any(sought.values()),
        "keeps": standing.may(Ability.KEEP_WORKPLAN),
        "trail": [("Workplan", "")],
    }
    return render(request, "products/workplan/workplan.html", context)


@require_safe
def workplan_item(request: AuthedRequest, pk: int) -> HttpResponse:
    """Show one item with the history of its changes."""
    standing = Standing.of(request.user)
    rows = WorkplanItem.objects.visible_to(standing)
    rows = rows.select_related("product", "group", "lead_agency")
    item = get_object_or_404(rows, pk=pk)
    context = {
        "item": item,
        "sees_product": item.product_id is not None
        and Product.objects.visible_to(standing).filter(pk=item.product_id).exists(),
        "agencies": item.participations.filter(active=True).select_related("agency"),
        "changes": row_history.of(item.history, WorkplanAgency.history.filter(item=item)),
        "keeps": standing.may(Ability.KEEP_WORKPLAN),
        "trail": _trail(item),
    }
    return render(request, "products/workplan/workplan_item.html", context)


@form_page
def workplan_item_new(request: AuthedRequest) -> HttpResponse:
    permissions.require(request.user, Ability.KEEP_WORKPLAN)
    return answer(
        request,
        ItemForm(typed(request)),
        act=partial(services.add_item, by=request.user),
        done="The item stands on the Workplan.",
        title="Add an item to the Workplan",
        button="Add the item",
        trail=_trail(),
    )


@form_page
def workplan_item_edit(request: AuthedRequest, pk: int) -> HttpResponse:
    standing = permissions.require(request.user, Ability.KEEP_WORKPLAN)
    seen = WorkplanItem.objects.visible_to(standing)
    item = get_object_or_404(seen, pk=pk)
    return answer(
        request,
        ItemEditForm(typed(request), row=item),
        act=partial(
            services.edit_item,
            WorkplanItem.objects.visible_to(standing).get(pk=pk),
            by=request.user,
        ),
        done="The item was changed.",
        to=reverse("workplan_item", args=[pk]),
        title="Edit a Workplan item",
        button="Save the changes",
        trail=_trail(item),
        lede="Nothing is taken off the Workplan: an item that is given up becomes “Dropped”.",
    )
