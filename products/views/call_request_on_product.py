"""What a product's page says of a group's request for a call, without a query of its own."""

from typing import Any

from django.urls import reverse

from products import call_request_reading
from products.models import Product
from products.workflow import State


def section(
    product: Product, *, reads_drafts: bool, answers: bool, may_open: bool
) -> dict[str, Any] | None:
    """Return the last request on a shared product, for who reads drafts; or nothing.

    ``answers`` says whether the reader opens calls at all, ``may_open`` whether one can be
    opened now. One that was followed by a call is told of on the page of that call.
    """
    found = call_request_reading.read(product)
    if not reads_drafts or found is None or product.state != State.SHARED:
        return None
    if not (found.is_waiting or found.is_declined):
        return None
    decides = answers and found.is_waiting
    return {
        "row": found,
        "open_href": reverse("call_new", args=[product.code]) if decides and may_open else "",
        "decline_href": reverse("call_request_decline", args=[found.pk]) if decides else "",
        "is_early": decides and not may_open,
    }
