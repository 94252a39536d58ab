"""Who is told what is said beside the positions, and of a silence (rules 18, 20 and 23)."""

from collections.abc import Collection, Iterable
from datetime import datetime
from typing import Any

from django.conf import settings
from django.template.loader import render_to_string

from isecg import clock
from isecg.events.log import reference
from isecg.mail.outbox import Notice, enqueue
from products.call_notices import SERVED_AGAIN
from products.call_reading import CallReading
from products.models import Call, Elector, Intervention
from products.models.interventions import InterventionKind
from workgroups.models import Agency, ChairTerm, User
from workgroups.recipients import people_of, secretariat

_SUBJECTS = {
    InterventionKind.MORE_TIME: "asks for more time",
    InterventionKind.AMENDMENT: "proposes an amendment",
    InterventionKind.CONCERN: "files a concern",
}


def _tell(
    people: Iterable[User],
    call: Call,
    *,
    kind: str,
    occurrence: str,
    subject: str,
    why: str,
    context: dict[str, Any],
) -> None:
    """Put one letter to each in the outbox; ``occurrence`` goes on after the call's name."""
    product, at = call.product, clock.now()
    each = {person.pk: person for person in people}
    enqueue(
        Notice(
            kind=kind,
            occurrence=f"{reference(call)}{occurrence}",
            recipient=person,
            about=reference(product),
            subject=f"[{product}] {subject}",
            text=render_to_string(
                f"emails/products/{kind.replace('.', '_')}.txt",
                {
                    "call": call,
                    "product": product,
                    "person": person,
                    "site": settings.SITE_URL,
                    **context,
                },
            ),
            why=why,
            thread=reference(product),
            due_at=at,
        )
        for person in each.values()
    )


def people_of_chair(chair: ChairTerm | None, *, at: datetime) -> list[User]:
    """Return who speaks for the chair: its person, or the agency's heads and alternates."""
    if chair is not None and chair.person is not None:
        return [chair.person]
    if chair is None or chair.agency is None:
        return []
    return people_of([chair.agency], at=at, speaking=True)


def _electorate(reading: CallReading) -> list[User]:
    return people_of(reading.agencies, at=reading.at, on=reading.call.product.code)


def intervened(row: Intervention, *, reading: CallReading, chair: ChairTerm | None) -> None:
    """Tell those whom it concerns what an agency said beside its position.

    The chair and the secretariat always; of a proposed amendment the whole electorate, and
    of a concern those who write the text, for they may answer it.
    """
    kind = InterventionKind(row.kind)
    people = [*people_of_chair(chair, at=reading.at), *secretariat()]
    if kind == InterventionKind.AMENDMENT:
        people += _electorate(reading)
    if kind == InterventionKind.CONCERN:
        people += [editor.person for editor in row.call.product.current_editors]
    _tell(
        [person for person in people if person != row.given_by],
        row.call,
        kind="call.intervention",
        occurrence=f":{reference(row)}",
        subject=f"{row.code} {_SUBJECTS[kind]}",
        why="You answer for this call as its chair, the secretariat or an editor of the product, "
        "or your agency is in its electorate.",
        context={"row": row, "asks_time": kind == InterventionKind.MORE_TIME},
    )


def answered(row: Intervention) -> None:
    """Tell the people of the agency that said it what the answer is."""
    at = clock.now()
    _tell(
        people_of([row.agency], at=at, on=row.call.product.code),
        row.call,
        kind="call.answered",
        occurrence=f":{reference(row)}:answered",
        subject=f"Answer: {row.get_kind_display().lower()} of {row.code}",
        why=f"You hold a mandate of {row.agency}, which said this in the call.",
        context={"row": row},
    )


def silence_broken(
    reading: CallReading, *, what: str, text: str, by: User, chair: ChairTerm | None
) -> None:
    """Tell the electorate, the chair and the secretariat that nothing is adopted (rule 23)."""
    names = ", ".join(reading.tally.broken_by)
    _tell(
        [*_electorate(reading), *people_of_chair(chair, at=reading.at), *secretariat()],
        reading.call,
        kind="call.silence_broken",
        occurrence=":broken",
        subject=f"The silence is broken by {names}: nothing is adopted",
        why="Your agency is in the electorate of this call, or you answer for it as its chair "
        "or the secretariat.",
        context={
            "names": names,
            "what": what,
            "text": text,
            "by": by,
            "broken_at": reading.ended_at,
        },
    )


def served_again(call: Call, *, agency: Agency, people: Collection[User], by: User) -> None:
    """Send the notice of a silence procedure to a seat once more."""
    at = clock.now()
    _tell(
        people,
        call,
        kind=SERVED_AGAIN,
        occurrence=f"@{at.isoformat()}",
        subject=f"Silence procedure on version {call.version.number}, once more",
        why=f"You hold a mandate of {agency}, which the notice of this call had not reached.",
        context={"agency": agency, "by": by},
    )


def notice_waived(elector: Elector, *, reading: CallReading, by: User) -> None:
    """Tell the seat and the electorate that its silence counts without the notice."""
    _tell(
        _electorate(reading),
        reading.call,
        kind="call.notice_waived",
        occurrence=f":{reference(elector)}:waived",
        subject=f"The notice to {elector.code} is waived",
        why="Your agency is in the electorate of this call.",
        context={"elector": elector, "by": by},
    )
