"""The history of a product: its events, its record, and what the sources say (rules 49-50)."""

import re
from datetime import datetime
from typing import Any

from django.core.paginator import Paginator
from django.db.models import CharField, Q, QuerySet, Value
from django.db.models.functions import Cast, Concat
from django.http import HttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.views.decorators.http import require_safe

from isecg import row_history
from isecg.events.log import reference
from isecg.events.models import Event
from products import happenings
from products.models import Call, Product
from products.views.product_page import ProductPage, require_drafts
from workgroups.views.form_pages import AuthedRequest

PER_PAGE = 50
VIEWS = {"events": "Events", "record": "Record", "milestones": "Milestones"}
# How the log keeps an instant.
_INSTANT = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?\+00:00")


@require_safe
def product_history(request: AuthedRequest, code: str) -> HttpResponse:
    """Show what happened to a product, newest first; its drafts make it the members' page."""
    page = ProductPage.of(request, code)
    require_drafts(page)
    product = page.product
    view = request.GET.get("view", "events")
    view = view if view in VIEWS else "events"
    rows: Any
    if view == "record":
        rows = row_history.of(product.history)
    elif view == "milestones":
        rows = product.milestones.all()
    else:
        rows = _events(product)
    shown = Paginator(rows, PER_PAGE).get_page(request.GET.get("page"))
    context = {
        "product": product,
        "view": view,
        "views": VIEWS.items(),
        "page": shown,
        "changes": shown if view == "record" else [],
        "milestones": shown if view == "milestones" else [],
        "events": [_shown(event) for event in shown] if view == "events" else [],
        "trail": [
            ("Products", reverse("products")),
            (product.code, product.get_absolute_url()),
            ("History", ""),
        ],
    }
    return render(request, "products/products/history.html", context)


def _events(product: Product) -> QuerySet[Event]:
    """The events whose subject is the product or one of its calls, newest first."""
    calls = Call.objects.filter(product=product).order_by()
    names = calls.annotate(
        name=Concat(Value("call:"), Cast("pk", CharField()), output_field=CharField())
    )
    about = Q(subject=reference(product)) | Q(subject__in=names.values("name"))
    return Event.objects.filter(about).order_by("-seq")


def _shown(event: Event) -> dict[str, Any]:
    payload = event.payload
    return {
        "event": event,
        "words": happenings.words(event.event),
        "on_behalf_of": payload.get("on_behalf_of", ""),
        "version": payload.get("version", ""),
        "reason": payload.get("reason", ""),
        "changes": _changes(payload.get("before", {}), payload.get("after", {})),
    }


def _changes(before: dict[str, Any], after: dict[str, Any]) -> list[dict[str, Any]]:
    return [
        {
            "label": name.replace("_", " ").capitalize(),
            "before": _plain(before.get(name)),
            "after": _plain(after.get(name)),
            "is_instant": isinstance(_plain(after.get(name, before.get(name))), datetime),
        }
        for name in dict.fromkeys([*before, *after])
        if _plain(before.get(name)) != _plain(after.get(name))
    ]


def _plain(value: Any) -> str | datetime:
    if isinstance(value, list):
        return ", ".join(str(_plain(item)) for item in value)
    if isinstance(value, dict):
        return "; ".join(f"{name}: {_plain(item)}" for name, item in value.items())
    if isinstance(value, str) and _INSTANT.fullmatch(value):
        return datetime.fromisoformat(value)
    return "" if value is None else str(value).replace("_", " ")
