"""A group's last request for a call, read beside the product that it is about (rule 16).

A page that reads products anyway learns of it without another query.
"""

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.db.models import OuterRef, Subquery

from products.models import CallRequest
from products.models.interventions import RequestState

_FIELDS = {
    "pk": "pk",
    "state": "state",
    "question": "question",
    "reason": "reason",
    "requested_at": "requested_at",
    "requested_by": "requested_by__name",
    "answer": "answer",
    "answered_at": "answered_at",
    "answered_by": "answered_by__name",
}
_PREFIX = "request_"


@dataclass(frozen=True, kw_only=True)
class Request:
    """The last request for a call on a product, in plain values: the people by their names."""

    pk: int
    state: str
    question: str
    reason: str
    requested_at: datetime
    requested_by: str
    answer: str
    answered_at: datetime | None
    answered_by: str | None

    @property
    def is_waiting(self) -> bool:
        return self.state == RequestState.WAITING

    @property
    def is_declined(self) -> bool:
        return self.state == RequestState.DECLINED


def annotations() -> dict[str, Subquery]:
    """Return what products are read with, so that :func:`read` finds their last request."""
    rows = CallRequest.objects.filter(product=OuterRef("pk")).order_by("-requested_at", "-pk")
    return {f"{_PREFIX}{name}": Subquery(rows.values(field)[:1]) for name, field in _FIELDS.items()}


def read(product: Any) -> Request | None:
    """Return the last request for a call on ``product``, if there was one."""
    values = {name: getattr(product, f"{_PREFIX}{name}") for name in _FIELDS}
    return Request(**values) if values["pk"] is not None else None
