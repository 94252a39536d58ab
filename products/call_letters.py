"""The letters about one call: whom they told, and which have not gone (rules 28 and 44)."""

import re
from collections.abc import Iterator

from django.db.models import Q

from isecg import clock
from isecg.events.log import reference
from isecg.mail import outbox
from isecg.mail.models import Letter, State
from products.call_reading import read_call
from products.consensus import Mode
from products.models import Call
from products.models.calls import CallState
from workgroups.models import User

_CALL = re.compile(r"\|call:(\d+)[|@:]")
_POSITION = "position."


def told(call: Call) -> list[User]:
    """Return everybody who was told of ``call``, or has said something in it, each once.

    Told is whom a letter about the call went to, or was tried, whoever holds the seat now.
    """
    people = {
        letter.recipient.pk: letter.recipient
        for letter in _letters(call)
        if letter.recipient and _has_told(letter)
    }
    said = Q(positions__call=call) | Q(interventions__call=call)
    people |= {person.pk: person for person in User.objects.filter(said)}
    return sorted(people.values(), key=lambda person: person.pk)


def drop_waiting(call: Call, *, note: str) -> int:
    """Drop the letters about ``call`` that have told nobody yet, and return how many.

    That somebody's position was recorded stays true, and is still told.
    """
    keys = [
        letter.key
        for letter in _letters(call)
        if not letter.kind.startswith(_POSITION) and not _has_told(letter)
    ]
    return outbox.drop(reference(call.product), note=note, keys=keys) if keys else 0


def still_due(letter: Letter) -> str | None:
    """Return why the letter of an opening is over, or ``None`` (rule 44)."""
    rows = Call.objects.select_related("version__carry_over")
    call = rows.filter(pk=call_of(letter) or 0).first()
    if call is None:
        return None
    if call.state != CallState.OPEN:
        return f"The call is not open any more: {call.get_state_display().lower()}."
    if call.deadline < clock.now():
        return "The deadline of the call had passed before the letter could go."
    if call.mode == Mode.SILENCE and (broken := read_call(call, at=clock.now()).tally.broken_by):
        return f"The silence was broken by {', '.join(broken)} before the letter could go."
    return None


def _letters(call: Call) -> Iterator[Letter]:
    """Yield the letters about a call and its positions: none of another one on its product."""
    rows = Letter.objects.filter(
        Q(kind__startswith="call.") | Q(kind__startswith=_POSITION),
        about=reference(call.product),
        created_at__gte=call.opened_at,
    )
    for letter in rows.select_related("recipient").defer("text", "html", "attachments"):
        if call_of(letter) in (None, call.pk):
            yield letter


def call_of(letter: Letter) -> int | None:
    """Return the key of the call that the key of a letter names, if it names one."""
    named = _CALL.search(letter.key)
    return int(named[1]) if named else None


def _has_told(letter: Letter) -> bool:
    if letter.kind.startswith(_POSITION):
        return letter.state != State.DROPPED
    # A claim is a try: what is on its way may arrive.
    return letter.state in (State.SENT, State.FAILED) or bool(letter.failures or letter.claims)
