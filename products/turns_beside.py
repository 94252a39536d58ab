"""What waits in open calls beside the positions: requests for more time, and concerns."""

from collections.abc import Collection, Iterator
from dataclasses import dataclass
from datetime import datetime

from products.call_guards import CONCERNS_ANSWERED
from products.call_reading import CallReading
from products.facts import Facts
from products.models.interventions import InterventionKind
from products.workflow import State
from workgroups.permissions import Standing


@dataclass(frozen=True, kw_only=True)
class Waiting:
    """Something that waits for the reader in one call."""

    kind: InterventionKind
    sentence: str
    since: datetime
    due: datetime | None


def waiting(
    reading: CallReading, standing: Standing, *, written: Collection[int]
) -> Iterator[Waiting]:
    """Yield what waits in a call for a reader, who writes the products in ``written``.

    A request for more time waits for the chair and the secretariat, until the call is
    over; a concern for everybody who may answer it.
    """
    call = reading.call
    leads = standing.is_secretariat or standing.is_chair
    if leads:
        for code, since in reading.asks_time.items():
            yield Waiting(
                kind=InterventionKind.MORE_TIME,
                sentence=f"{code} asks for more time: extend the call, or answer.",
                since=since,
                due=call.deadline,
            )
    facts = Facts(at=standing.at, state=State.IN_CONSENSUS, call=reading.facts)
    if CONCERNS_ANSWERED.applies(facts) and (leads or call.product_id in written):
        yield Waiting(
            kind=InterventionKind.CONCERN,
            sentence=CONCERNS_ANSWERED.sentence(facts),
            since=call.opened_at,
            due=call.deadline if reading.takes_positions else None,
        )
