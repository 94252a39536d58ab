"""Which calls are due to be declared (rules 26, 27 and 43): asked at every tick."""

from collections.abc import Iterator
from datetime import datetime

from isecg import clock
from isecg.events.log import reference
from isecg.mail import registry
from isecg.mail.models import Letter
from isecg.mail.notices import Notice, key_of
from isecg.rules import Finding, blocking
from products import call_letters, guards, opening_notices
from products.call_guards import CONTEST_OVER
from products.call_notices import OPENED
from products.call_reading import CallReading, read_call, read_open_calls
from products.facts import Facts
from products.models import Call
from products.models.calls import CallState
from products.services.declaring import SECRETARIAT, declarer
from products.workflow import Action, State
from workgroups.models import ChairTerm, User
from workgroups.recipients import chair_people, secretariat


def register() -> None:
    """Have the clockwork ask for what is due, and ask again before each letter goes."""
    registry.register_planner("calls to declare", plan)
    registry.register(opening_notices.DUE, still_due=_still_to_declare)
    for kind in (OPENED, opening_notices.ASKED_FOR):
        registry.register(kind, still_due=call_letters.still_due)


def plan(now: datetime) -> Iterator[Notice]:
    """Yield a notice to who declares and to the secretariat for each call that is due.

    The number of queries depends neither on the calls nor on the people. Who comes into
    office before the declaration is told as well.
    """
    due = [reading for reading in read_open_calls(at=now) if _is_due(reading, now)]
    if not due:
        return
    term = ChairTerm.objects.in_office_at(now).select_related("agency", "person").first()
    desk = secretariat()
    chair = chair_people(at=now, term=term) if term else []
    known = _known(due)
    for reading in due:
        whose = declarer(term, reading)
        people = desk if whose == SECRETARIAT else [*chair, *desk]
        for person in {one.pk: one for one in people}.values():
            if _key(reading, person) not in known:
                yield opening_notices.due(
                    reading, to=person, declarer=whose, held=_held(reading, now), at=now
                )


def _is_due(reading: CallReading, at: datetime) -> bool:
    """Whether a call is closed, and nobody may say any more that its version is not editorial."""
    found = {row.rule for row in blocking(_findings(reading, at))}
    return reading.facts.is_closed and CONTEST_OVER.id not in found


def _held(reading: CallReading, at: datetime) -> list[str]:
    return [row.sentence for row in blocking(_findings(reading, at))]


def _findings(reading: CallReading, at: datetime) -> list[Finding]:
    facts = Facts(at=at, state=State.IN_CONSENSUS, call=reading.facts)
    return guards.guard(Action.DECLARE, facts)


def _key(reading: CallReading, person: User) -> str:
    return key_of(opening_notices.DUE, opening_notices.due_key(reading), person)


def _known(due: list[CallReading]) -> set[str]:
    """Return what is in the outbox already, in whatever state."""
    about = [reference(reading.call.product) for reading in due]
    rows = Letter.objects.filter(kind=opening_notices.DUE, about__in=about)
    return set(rows.values_list("key", flat=True))


def _still_to_declare(letter: Letter) -> str | None:
    """Return why a letter that a call is due to be declared is over, or ``None`` (rule 44)."""
    calls = Call.objects.select_related("product", "version__carry_over")
    call = calls.filter(pk=call_letters.call_of(letter) or 0).first()
    if call is None or call.state != CallState.OPEN:
        return "The call is not open any more: nothing is due to be declared."
    if not read_call(call, at=clock.now()).facts.is_closed:
        return "The call goes on: not every elector has answered any more."
    return None
