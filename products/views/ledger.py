"""The ledger of a product, an item on it, and the acts on an item (rules 30 and 31)."""

from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from typing import Any

from django.core.exceptions import PermissionDenied
from django.core.paginator import Paginator
from django.http import Http404, HttpResponse
from django.shortcuts import get_object_or_404, render
from django.urls import reverse
from django.views.decorators.http import require_safe

from products import ledger, ledger_reading, permissions
from products.forms.ledger import form_of
from products.ledger import LedgerAct
from products.models import LedgerItem, Product
from products.services import ledger as services
from products.views.product_page import way_to
from workgroups.permissions import Standing
from workgroups.roles import Ability
from workgroups.sign_in.recency import binding
from workgroups.views.form_pages import AuthedRequest, answer, form_page, typed

PAGE_LENGTH = 50


@dataclass(frozen=True, kw_only=True)
class Words:
    """How an act on an item is called, what it says when done, and what it means."""

    title: str
    done: str
    lede: str
    service: Callable[..., LedgerItem]
    shows_source: bool = False


WORDS = {
    LedgerAct.DISPOSE: Words(
        title="Propose a disposition",
        done="The disposition is proposed, and its agency is told.",
        lede="Only the agency that raised it resolves it. Without an answer within its time the "
        "disposition is deemed accepted, and stays reversible until the release.",
        service=services.propose_disposition,
    ),
    LedgerAct.NAME_VERSION: Words(
        title="Name the version",
        done="The version is named.",
        lede="An accepted disposition names the version that implements it; that closes the item.",
        service=services.name_version,
    ),
    LedgerAct.ANSWER: Words(
        title="Answer the disposition",
        done="The answer is recorded.",
        lede="The answer is the agency's own act. A rejection leaves the item open.",
        service=services.answer_disposition,
        shows_source=True,
    ),
    LedgerAct.WITHDRAW: Words(
        title="Withdraw it",
        done="It is withdrawn, and stays on the record.",
        lede="It holds the release no more. What was said stays on the record.",
        service=services.withdraw_item,
        shows_source=True,
    ),
    LedgerAct.CONVERT: Words(
        title="Convert it",
        done="It is converted, and stays on the record.",
        lede="An objection or a condition may become a reservation or an abstention: a way out "
        "that its own agency alone can take.",
        service=services.convert_item,
        shows_source=True,
    ),
    LedgerAct.CONSIDER: Words(
        title="Mark as duly considered",
        done="It is marked as duly considered; it stays open.",
        lede="This removes nothing: the item stays open until its own agency resolves it.",
        service=services.mark_considered,
    ),
    LedgerAct.ESCALATE: Words(
        title="Escalate it",
        done="The senior agency managers are told; it stays open.",
        lede="The heads of delegation are told what they are asked. The item stays open.",
        service=services.escalate,
    ),
}


def _get_product(standing: Standing, code: str) -> Product:
    seen = Product.objects.drafts_read_by(standing).select_related("group")
    return get_object_or_404(seen, code=code)


def _rows(standing: Standing, product: Product) -> Any:
    at = ledger_reading.moment(product, at=standing.at)
    rows = ledger_reading.rows(at=at).visible_to(standing).filter(product=product)
    return rows.select_related("agency", "version", "implemented_in", "call")


def _get_item(standing: Standing, product: Product, pk: int) -> LedgerItem:
    row: LedgerItem = get_object_or_404(_rows(standing, product), pk=pk)
    row.product = product
    for version in (row.version, row.implemented_in):
        if version:
            version.product = product
    return row


@require_safe
def ledger_list(request: AuthedRequest, code: str) -> HttpResponse:
    """List the objections and conditions on a product, open ones first."""
    standing = Standing.of(request.user)
    product = _get_product(standing, code)
    at = ledger_reading.moment(product, at=standing.at)
    lines = []
    for row in _rows(standing, product).defer("version__text", "implemented_in__text"):
        row.product = product
        item = ledger_reading.item_of(row)
        lines.append(
            {
                "row": row,
                "standing": ledger.standing(item, at),
                "words": ledger.words(item, at),
                "is_open": ledger.is_open(item, at),
            }
        )
    lines.sort(key=lambda line: not line["is_open"])
    context = {
        "product": product,
        "page": Paginator(lines, PAGE_LENGTH).get_page(request.GET.get("page")),
        "open": sum(line["is_open"] for line in lines),
        "trail": way_to(product, ("Objections and conditions", "")),
    }
    return render(request, "products/ledger/ledger.html", context)


@require_safe
def ledger_item(request: AuthedRequest, code: str, pk: int) -> HttpResponse:
    """Show an objection or a condition: what was said, what is done about it, its record."""
    standing = Standing.of(request.user)
    product = _get_product(standing, code)
    row = _get_item(standing, product, pk)
    at = ledger_reading.moment(product, at=standing.at)
    item = ledger_reading.item_of(row, is_held=ledger_reading.is_held(row, at=standing.at))
    possible = [act for act in LedgerAct if not ledger.lack(act, item, at)]
    context = {
        "product": product,
        "row": row,
        "standing": ledger.standing(item, at),
        "sentence": ledger.sentence(item, at),
        "is_open": ledger.is_open(item, at),
        "acts": [
            (WORDS[act].title, reverse("ledger_act", args=[code, pk, act.value]))
            for act in possible
            if services.may(act, standing, row)
        ],
        "held": "" if not item.is_held else ledger.lack(LedgerAct.WITHDRAW, item, at),
        # Positions, departures and recalls leave their mark in the row itself.
        "record": row.history.select_related("history_user").order_by("-history_id"),
        "writes": Ability.PROPOSE_DISPOSITION in permissions.granted(standing, product),
        "trail": _trail(product, (row.label, "")),
    }
    return render(request, "products/ledger/item.html", context)


def _trail(product: Product, *last: tuple[str, str]) -> list[tuple[str, str]]:
    own = ("Objections and conditions", reverse("ledger", args=[product.code]))
    return way_to(product, own, *last)


@form_page
@binding
def ledger_act(request: AuthedRequest, code: str, pk: int, act: str) -> HttpResponse:
    """Carry out one act on an item."""
    standing = Standing.of(request.user)
    product = _get_product(standing, code)
    row = _get_item(standing, product, pk)
    if act not in WORDS:
        raise Http404
    what = LedgerAct(act)
    if not services.may(what, standing, row):
        services.require(what, standing, row)
        raise PermissionDenied
    words = WORDS[what]
    on_behalf = row.agency not in standing.voices_on(code)
    versions = product.versions.filter(number__gte=row.version.number).defer("text")
    return answer(
        request,
        form_of(what, typed(request), versions=versions.order_by("-number"), on_behalf=on_behalf),
        act=partial(words.service, row, by=request.user),
        done=words.done,
        to=row.get_absolute_url(),
        title=f"{words.title}: {row.label}",
        button=words.title,
        trail=_trail(product, (row.label, row.get_absolute_url())),
        lede=f"{words.lede} {row}: {row.text}"[:1500],
    )
