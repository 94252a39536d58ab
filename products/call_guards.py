"""What a call waits for, as rules over plain values (rules 18, 20, 22, 23, 27 and 29)."""

from isecg import instants
from isecg.rules import Finding, Rule, evaluate
from products.consensus import End, Mode, Stand
from products.facts import CallFacts, ElectorFacts, Facts

SECRETARIAT, CHAIR, EDITOR = "role:secretariat", "role:chair", "role:editor"


def _deadline(facts: Facts) -> str:
    assert facts.call is not None
    return instants.words(facts.call.deadline)


CALL_CLOSED = Rule[Facts](
    id="call_closed",
    basis="rules 22 and 27",
    satisfied=lambda facts: facts.call is not None and facts.call.is_closed,
    sentence=lambda facts: _closed_sentence(facts),
    # In a silence procedure nobody has to act: its end is waited for.
    who_acts=lambda facts: (
        tuple(f"agency:{code}" for code in facts.call.tally.no_response)
        if facts.call and facts.call.tally.mode != Mode.SILENCE
        else ()
    ),
    since=lambda facts: facts.call.opened_at if facts.call else None,
)
CONTEST_OVER = Rule[Facts](
    id="contest_over",
    basis="rule 29",
    applies=lambda facts: facts.call is not None and facts.call.contest_until is not None,
    satisfied=lambda facts: (
        facts.call is None
        or facts.call.contest_until is None
        or facts.at > facts.call.contest_until
    ),
    sentence=lambda facts: _contest_sentence(facts),
    who_acts=lambda _: (),
    since=lambda facts: facts.call.opened_at if facts.call else None,
)
CONCERNS_ANSWERED = Rule[Facts](
    id="concerns_answered",
    basis="rule 18",
    applies=lambda facts: facts.call is not None and bool(facts.call.concerns),
    satisfied=lambda _: False,
    sentence=lambda facts: (
        f"{_concerns(facts.call.concerns)} of member agencies outside the electorate "
        "must be answered before the call is declared."
        if facts.call
        else ""
    ),
    who_acts=lambda _: (CHAIR, SECRETARIAT, EDITOR),
    since=lambda facts: facts.call.opened_at if facts.call else None,
)
ANSWERED = Rule[ElectorFacts](
    id="elector_answered",
    basis="rule 20",
    applies=lambda elector: not elector.call_ended and not elector.in_silence,
    satisfied=lambda elector: elector.stand is not None,
    sentence=lambda elector: (
        f"{elector.agency}: {elector.stand.label.lower()}."
        if elector.stand
        else _waiting_sentence(elector)
    ),
    who_acts=lambda elector: (f"agency:{elector.agency}",),
    since=lambda elector: elector.asked_at,
)
# Nothing waits for it; its people are told that it is theirs to speak until the deadline.
SPOKEN = Rule[ElectorFacts](
    id="elector_spoke",
    basis="rule 23",
    applies=lambda elector: not elector.call_ended and elector.in_silence,
    satisfied=lambda elector: elector.stand is not None,
    sentence=lambda elector: (
        f"{elector.agency}: {elector.stand.label.lower()}."
        if elector.stand
        else f"{elector.agency} is silent so far: at the deadline that is tacit consent."
    ),
    who_acts=lambda elector: (f"agency:{elector.agency}",),
    since=lambda elector: elector.asked_at,
)
NOT_OBJECTING = Rule[ElectorFacts](
    id="no_sustained_objection",
    basis="rule 23",
    applies=lambda elector: elector.stand == Stand.OBJECT,
    satisfied=lambda _: False,
    sentence=lambda elector: f"{elector.agency} objects: {elector.text}",
    who_acts=lambda elector: (f"agency:{elector.agency}",),
    since=lambda elector: elector.asked_at,
)
CONDITION_MET = Rule[ElectorFacts](
    id="condition_met",
    basis="rule 20",
    applies=lambda elector: elector.stand == Stand.CONDITION,
    satisfied=lambda _: False,
    sentence=lambda elector: f"{elector.agency} concurs on condition: {elector.text}",
    who_acts=lambda _: (EDITOR,),
    since=lambda elector: elector.asked_at,
)


def waiting_for(facts: Facts) -> list[Finding]:
    """Return what the call waits for, agency by agency; nothing where none is open."""
    if facts.call is None:
        return []
    return [
        finding
        for agency in facts.call.tally.electorate
        for finding in waiting_for_elector(agency, facts.call)
        if finding.rule != SPOKEN.id
    ]


def waiting_for_elector(agency: str, call: CallFacts) -> list[Finding]:
    """Return what a call waits for from one agency of its electorate, or on its account."""
    inherited = call.inherited.get(agency)
    elector = ElectorFacts(
        agency=agency,
        stand=call.tally.stands.get(agency),
        text=call.texts.get(agency, ""),
        asked_at=(inherited and inherited.since) or call.opened_at,
        call_ended=call.tally.ended_at is not None,
        in_silence=call.tally.mode == Mode.SILENCE,
        inherited=inherited,
    )
    found = evaluate((ANSWERED, SPOKEN, NOT_OBJECTING, CONDITION_MET), elector)
    return [finding for finding in found if not finding.satisfied]


def _waiting_sentence(elector: ElectorFacts) -> str:
    place = elector.inherited
    if place is None:
        return f"Waiting for {elector.agency}: no position."
    words = f"Waiting for {elector.agency}, in place of {place.former}"
    if place.stand is None:
        return f"{words}: no position."
    return (
        f"{words}: {place.held}'s position, “{place.stand.label}”, is not counted until "
        f"{elector.agency} confirms it or takes another."
    )


def _closed_sentence(facts: Facts) -> str:
    if facts.call is None:
        return "No call is open."
    count = facts.call.tally
    if count.ended_by == End.BREAK:
        return f"The silence was broken by {', '.join(count.broken_by)}: the call has ended."
    if count.ended_at:
        return f"The deadline of the call passed on {_deadline(facts)}."
    if facts.call.is_closed:
        return "Every elector has answered."
    if count.mode == Mode.SILENCE:
        return f"The silence procedure runs until {_deadline(facts)}, whoever has answered."
    return (
        f"The call is open until {_deadline(facts)}: "
        f"{count.responded} of {len(count.electorate)} have answered."
    )


def _concerns(count: int) -> str:
    return f"{count} concern{'' if count == 1 else 's'}"


def _contest_sentence(facts: Facts) -> str:
    assert facts.call is not None
    assert facts.call.contest_until is not None
    until = instants.words(facts.call.contest_until)
    if facts.at > facts.call.contest_until:
        return f"Nobody contested until {until} that version {facts.call.version} is editorial."
    return f"Until {until} any elector may say that version {facts.call.version} is not editorial."
