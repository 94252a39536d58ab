"""The history of a product: its events, its record, and what the sources say (rules 49-50)."""

import re
from collections.abc import Mapping
from datetime import datetime
from typing import Any

from django.core.paginator import Paginator
from django.db.models import CharField, OuterRef, Q, QuerySet, Subquery, Value
from django.db.models.fields.json import KT
from django.db.models.functions import Cast, Coalesce, Concat
from django.http import HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_safe

from isecg import row_history
from isecg.events.log import reference
from isecg.events.models import Event
from products import happenings
from products.models import Call, Product
from products.views.product_page import ProductPage, require_drafts, way_to
from workgroups.models import User
from workgroups.views.form_pages import AuthedRequest

PER_PAGE = 50
VIEWS = {"events": "Events", "record": "Record", "milestones": "Milestones"}
Names = Mapping[str, str]
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
        "trail": way_to(product, ("History", "")),
    }
    return render(request, "products/products/history.html", context)


def _events(product: Product) -> QuerySet[Event]:
    """The events whose subject is the product or one of its calls, newest first."""
    calls = Call.objects.filter(product=product).order_by()
    names = calls.annotate(
        name=Concat(Value("call:"), Cast("pk", CharField()), output_field=CharField())
    )
    about = Q(subject=reference(product)) | Q(subject__in=names.values("name"))
    accounts = User.objects.annotate(
        name_in_log=Concat(Value("user:"), Cast("pk", CharField()), output_field=CharField())
    )
    events = Event.objects.filter(about).annotate(
        editor=Coalesce(KT("payload__after__editor"), KT("payload__before__editor"))
    )
    # In the same query: the log names an editor by the account, the page as called now.
    named = events.annotate(
        editor_name=Subquery(accounts.filter(name_in_log=OuterRef("editor")).values("name"))
    )
    return named.select_related("user").order_by("-seq")


def _shown(event: Any) -> dict[str, Any]:
    payload = event.payload
    names = {event.editor: event.editor_name} if event.editor_name else {}
    return {
        "event": event,
        "words": happenings.words(event.event),
        "on_behalf_of": payload.get("on_behalf_of", ""),
        "version": payload.get("version", ""),
        "reason": payload.get("reason", ""),
        "changes": _changes(
            _named(payload.get("before", {}), names), _named(payload.get("after", {}), names)
        ),
    }


def _named(side: dict[str, Any], names: Names) -> dict[str, Any]:
    return {
        key: names.get(value, value) if isinstance(value, str) else value
        for key, value in side.items()
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
