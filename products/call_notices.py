"""Whether the notice of a call reached a seat: what makes its silence count (rule 23)."""

from datetime import datetime
from typing import Any

from django.db.models import (
    Case,
    CharField,
    DateTimeField,
    Exists,
    F,
    IntegerField,
    OuterRef,
    Q,
    Value,
    When,
)
from django.db.models.functions import Cast, Concat, Least

from isecg.mail.models import Letter
from isecg.mail.models import State as LetterState
from products.consensus import Mode
from workgroups.models import Mandate
from workgroups.roles import SPEAKING

# The letters that serve a seat: at the opening, again, and where it took another's place.
OPENED, SERVED_AGAIN, SUCCEEDED = "call.opened", "call.served_again", "call.succeeded"
DELIVERED, FAILED, VACANT = "delivered", "failed", "vacant"


def notice(*, at: datetime) -> Any:
    """Return the expression that says of an elector what came of its notice by ``at``.

    It is delivered where, by the deadline, a letter that serves the call went to somebody
    who spoke for the agency then; and the seat is vacant where nobody speaks for it at
    ``at``, or did at the deadline. Outside a silence procedure nothing is asked.
    """
    end = Least(Value(at, output_field=DateTimeField()), OuterRef("call__deadline"))
    held = Mandate.objects.valid_at(end).speaking()  # type: ignore[arg-type]  # an expression
    held = held.filter(
        Q(limited_to="") | Q(limited_to=OuterRef("call__product__code")), agency=OuterRef("agency")
    )
    return Case(
        When(~Q(call__mode=Mode.SILENCE), then=Value(DELIVERED)),
        When(~Exists(held), then=Value(VACANT)),
        When(Exists(_letters(at)), then=Value(DELIVERED)),
        default=Value(FAILED),
        output_field=CharField(),
    )


def _letters(at: datetime) -> Any:
    """Return what serves the elector of an outer query, and went in time."""
    call = Cast(OuterRef("call"), CharField())
    mandate = "recipient__mandates__"
    return (
        Letter.objects.annotate(
            opening=Concat(Value(f"{OPENED}|call:"), call, Value("|")),
            serving=Concat(Value(f"{SERVED_AGAIN}|call:"), call, Value("@")),
            succeeding=Concat(Value(f"{SUCCEEDED}|call:"), call, Value(":")),
            former=Cast(OuterRef("succeeds"), IntegerField()),
        )
        .filter(
            Q(key__startswith=F("opening"))
            | Q(key__startswith=F("serving"))
            # It tells others as well, whom it serves with nothing.
            | Q(key__startswith=F("succeeding"), former__isnull=False),
            about=Concat(Value("product:"), Cast(OuterRef("call__product"), CharField())),
            state=LetterState.SENT,
            sent_at__lte=Least(Value(at, output_field=DateTimeField()), OuterRef("call__deadline")),
        )
        .filter(
            Q(**{f"{mandate}ends_at": None}) | Q(**{f"{mandate}ends_at__gt": F("sent_at")}),
            Q(**{f"{mandate}limited_to": ""})
            | Q(**{f"{mandate}limited_to": OuterRef("call__product__code")}),
            **{
                f"{mandate}agency": OuterRef("agency"),
                f"{mandate}capacity__in": SPEAKING,
                f"{mandate}starts_at__lte": F("sent_at"),
            },
        )
    )
