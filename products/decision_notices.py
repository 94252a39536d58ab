"""Who is told that a decision record was corrected, and in what words (rules 33 and 44)."""

from django.conf import settings
from django.db.models import Q
from django.template.loader import render_to_string

from isecg import clock
from isecg.events.log import reference
from isecg.mail.outbox import Notice, enqueue
from products.models import Decision
from workgroups.models import Agency, User
from workgroups.recipients import people_of, secretariat


def corrected(decision: Decision, *, by: User) -> None:
    """Tell those seats to whom the declaration went, and the secretariat, what was corrected."""
    at, product = clock.now(), decision.call.product
    # As at the declaration: the electorate, and who took over a seat of it.
    asked = Q(electorates__call=decision.call_id)
    taken = Q(successions__former__electorates__call=decision.call_id)
    seats = Agency.objects.filter(asked | taken).distinct()
    people = {person.pk: person for person in people_of(seats, at=at, on=product.code)}
    people |= {person.pk: person for person in secretariat()}
    enqueue(
        Notice(
            kind="decision.corrected",
            occurrence=reference(decision),
            recipient=person,
            about=reference(product),
            subject=f"[{product}] {decision.number}: the record was corrected",
            text=render_to_string(
                "emails/products/decision_corrected.txt",
                {
                    "product": product,
                    "person": person,
                    "decision": decision,
                    "by": by,
                    "role": decision.record["corrected"]["as"],
                    "site": settings.SITE_URL,
                },
            ),
            why="Your agency was in the electorate of this call, or you work for the secretariat.",
            thread=reference(product),
            due_at=at,
        )
        for person in people.values()
    )
