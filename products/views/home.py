"""The first page: what is due from the reader, and what moves."""

from typing import Any

from django.db.models import Q
from django.http import HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_safe

from isecg import health
from isecg.events.log import reference
from isecg.events.models import Event
from products import happenings, public_turns
from products.models import Product
from products.workflow import PUBLIC
from products.your_turn import vacant_seats, your_turn
from workgroups import confirmations
from workgroups.models import Meeting
from workgroups.permissions import Standing
from workgroups.roles import Ability
from workgroups.views.form_pages import AuthedRequest

MEETINGS, EVENTS = 5, 12


@require_safe
def home(request: AuthedRequest) -> HttpResponse:
    """Show the reader's turn, vacant seats, the next meetings and the products on their way."""
    standing = Standing.of(request.user)
    reads = standing.may(Ability.READ_DRAFTS) or bool(standing.limits)
    products = list(public_turns.moving_or_waiting(standing)) if reads else []
    moving = [row for row in products if row.state not in PUBLIC]
    seats = confirmations.shown_to(standing)
    context = {
        "turns": your_turn(standing, seats, products),
        "vacant": vacant_seats(standing, seats),
        "meetings": _meetings(standing, everything=standing.is_secretariat),
        "moving": moving,
        "happened": _happened(moving),
        "reads": reads,
        "keeps": standing.is_secretariat,
        "agencies": standing.own_agencies,
        "liaisons": standing.liaisons,
        "chairs": standing.is_chair,
        "post": _post() if standing.is_secretariat else None,
    }
    return render(request, "products/home/home.html", context)


def _meetings(standing: Standing, *, everything: bool) -> list[Meeting]:
    """Return the next meetings to which the reader's agencies are invited."""
    seen = Meeting.objects.visible_to(standing)
    rows = seen.upcoming_at(standing.at).select_related("group")
    if not everything:
        own = Q(group__members__agency__in=standing.agencies, group__members__end="")
        rows = rows.filter(Q(group=None) | own).distinct()
    return list(rows[:MEETINGS])


def _happened(moving: list[Product]) -> list[dict[str, Any]]:
    """Return the last events of the products on their way, newest first, in one query."""
    products = {reference(product): product for product in moving}
    if not products:
        return []
    rows = Event.objects.filter(subject__in=products).select_related("user")
    events = rows.order_by("-seq")[:EVENTS]
    return [
        {
            "event": event,
            "product": products[event.subject],
            "words": happenings.words(event.event),
        }
        for event in events
    ]


def _post() -> dict[str, Any]:
    """Return how the clockwork and the post do, for the secretariat's warnings (rule 44)."""
    late, failed = health.post()
    return {"late": late, "failed": failed}
