"""What an act in a call brings with it: a broken silence, and requests that are answered."""

from datetime import datetime

from isecg import instants
from isecg.events import log
from products import intervention_notices
from products.call_reading import CallReading
from products.consensus import End
from products.models import Call, Intervention
from products.models.interventions import InterventionKind
from workgroups.models import ChairTerm, User


def tell_of_break(
    reading: CallReading, *, what: str, text: str, by: User, chair: ChairTerm | None
) -> bool:
    """Tell everybody, where the act at ``reading.at`` broke the silence (rule 23).

    Belongs in the transaction of the act. Returns whether it did.
    """
    if reading.tally.ended_by != End.BREAK or reading.ended_at != reading.at:
        return False
    log.record(
        "call.silence_broken",
        by=by,
        subject=reading.call,
        on_behalf_of=", ".join(reading.tally.broken_by),
        version=f"v{reading.call.version.number}",
        also=[reading.call.product],
    )
    intervention_notices.silence_broken(reading, what=what, text=text, by=by, chair=chair)
    return True


def write_answer(row: Intervention, *, answer: str, by: User, at: datetime) -> None:
    """Answer what was said beside the positions, inside the act that does."""
    row.answer, row.answered_at, row.answered_by = answer, at, by
    row.save_as(by, f"Answered: {answer}")
    log.record(
        "call.answered",
        by=by,
        subject=row.call,
        on_behalf_of=row.code,
        after={"intervention": row, "answer": answer},
        also=[row.call.product],
    )


def answer_requests(call: Call, *, by: User, at: datetime) -> None:
    """Answer the requests for more time that wait, with the deadline to which it moved.

    Their agencies learn of it as all electors do.
    """
    waiting = call.interventions.filter(kind=InterventionKind.MORE_TIME, answered_at=None)
    for row in waiting.select_related("call__product"):
        answer = f"The deadline has moved to {instants.words(call.deadline)}."
        write_answer(row, answer=answer, by=by, at=at)
