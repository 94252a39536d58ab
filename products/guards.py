"""The guards of the life cycle, as rules over plain values (rules 12, 16-18, 26 and 34)."""

from collections.abc import Mapping
from datetime import datetime, timedelta

from isecg import instants
from isecg.rules import Finding, Rule, blocking, evaluate
from products import ledger
from products.call_guards import (
    CALL_CLOSED,
    CHAIR,
    CONCERNS_ANSWERED,
    CONTEST_OVER,
    EDITOR,
    SECRETARIAT,
)
from products.consensus import AGREEING
from products.facts import Facts
from products.ledger import Item
from products.workflow import Action, State


def _since_state(facts: Facts) -> datetime | None:
    return facts.state_since


GROUP_SET = Rule[Facts](
    id="group_set",
    basis="section 3",
    satisfied=lambda facts: bool(facts.group),
    sentence=lambda facts: (
        f"{facts.group} is responsible." if facts.group else "A working group must be responsible."
    ),
    who_acts=lambda _: (SECRETARIAT,),
    since=_since_state,
)
ON_WORKPLAN = Rule[Facts](
    id="on_workplan",
    basis="section 3",
    satisfied=lambda facts: facts.on_workplan,
    sentence=lambda facts: (
        "It stands on the Workplan."
        if facts.on_workplan
        else "It must stand on the Workplan before drafting starts."
    ),
    who_acts=lambda _: (SECRETARIAT,),
    since=_since_state,
)
VERSION_EXISTS = Rule[Facts](
    id="version_exists",
    basis="section 3",
    satisfied=lambda facts: facts.version is not None,
    sentence=lambda facts: (
        f"Version {facts.version} is the latest."
        if facts.version is not None
        else "There is no version yet: an editor writes or uploads the first."
    ),
    who_acts=lambda _: (EDITOR,),
    since=_since_state,
)
NOT_CIRCULATED_YET = Rule[Facts](
    id="not_circulated_yet",
    basis="rule 17",
    applies=lambda facts: facts.state == State.SHARED,
    satisfied=lambda facts: not _is_circulated(facts),
    sentence=lambda facts: (
        f"Version {facts.version} is circulated to all member agencies already: "
        "another version can be."
        if _is_circulated(facts)
        else _circulated_sentence(facts)
    ),
    who_acts=lambda _: (EDITOR,),
)
WINDOW_LONG_ENOUGH = Rule[Facts](
    id="window_long_enough",
    basis="rule 17",
    satisfied=lambda facts: facts.closes_at is None or facts.closes_at >= _earliest_close(facts),
    sentence=lambda facts: _window_sentence(facts),
    who_acts=lambda _: (EDITOR,),
)
CIRCULATED = Rule[Facts](
    id="circulated_to_all",
    basis="rule 17",
    satisfied=lambda facts: _is_circulated(facts),
    sentence=lambda facts: _circulated_sentence(facts),
    who_acts=lambda _: (EDITOR, SECRETARIAT),
    since=_since_state,
)
SHARED_LONG_ENOUGH = Rule[Facts](
    id="share_period_run",
    basis="rule 17",
    # Of an older version it says nothing: the period of this one has not begun.
    applies=lambda facts: (
        facts.circulation is not None and facts.circulation.version == facts.version
    ),
    satisfied=lambda facts: (
        facts.circulation is not None and facts.at >= facts.circulation.shared_long_enough_at
    ),
    sentence=lambda facts: _share_sentence(facts),
    who_acts=lambda _: (),
    since=lambda facts: facts.circulation.opened_at if facts.circulation else None,
)
HAS_ELECTORATE = Rule[Facts](
    id="has_electorate",
    basis="rule 18",
    satisfied=lambda facts: bool(facts.electors),
    sentence=lambda facts: _electorate_sentence(facts),
    who_acts=lambda _: (SECRETARIAT,),
    since=_since_state,
)
CONSENSUS_ON_THIS = Rule[Facts](
    id="consensus_on_this_version",
    basis="rule 34",
    satisfied=lambda facts: (
        facts.decision is not None
        and facts.decision.outcome in AGREEING
        and facts.decision.sha256 == facts.sha256
    ),
    sentence=lambda facts: (
        f"{facts.decision.number}: {facts.decision.outcome.label.lower()} on "
        f"version {facts.decision.version}."
        if facts.decision and facts.decision.sha256 == facts.sha256
        else "There is no decision on exactly this version."
    ),
    who_acts=lambda _: (CHAIR, SECRETARIAT),
    since=_since_state,
)
NO_OPEN_CONDITION = Rule[Facts](
    id="no_open_condition",
    basis="rules 30 and 34",
    applies=lambda facts: facts.decision is not None,
    satisfied=lambda facts: not _held_open(facts),
    sentence=lambda facts: " ".join(_held_open(facts)) or "No objection and no condition is open.",
    who_acts=lambda facts: _who_resolves(facts),
    since=lambda facts: facts.decision.declared_at if facts.decision else None,
    overridable=True,
)
COMMENTS_DISPOSED = Rule[Facts](
    id="comments_disposed",
    basis="rule 34",
    applies=lambda facts: facts.comments is not None,
    satisfied=lambda facts: facts.comments is None or not facts.comments.any,
    sentence=lambda facts: _comments_sentence(facts),
    who_acts=lambda _: (EDITOR,),
    since=_since_state,
    overridable=True,
)
NO_RESIDUE = Rule[Facts](
    id="no_drafting_residue",
    basis="rule 34",
    satisfied=lambda facts: not facts.residue and not facts.unread,
    sentence=lambda facts: _residue_sentence(facts),
    who_acts=lambda _: (EDITOR,),
    since=_since_state,
    overridable=True,
)
SUCCESSOR_NAMED = Rule[Facts](
    id="successor_named",
    basis="rule 12",
    satisfied=lambda facts: bool(facts.successor) and facts.successor_released,
    sentence=lambda facts: (
        f"{facts.successor} takes its place."
        if facts.successor and facts.successor_released
        else f"{facts.successor} is to take its place, and is not released yet."
        if facts.successor
        else "No released product is named as its successor."
    ),
    who_acts=lambda _: (SECRETARIAT,),
)

GUARDS: dict[Action, tuple[Rule[Facts], ...]] = {
    Action.START_DRAFTING: (GROUP_SET, ON_WORKPLAN),
    Action.CIRCULATE: (VERSION_EXISTS, NOT_CIRCULATED_YET, WINDOW_LONG_ENOUGH),
    Action.OPEN_CALL: (CIRCULATED, SHARED_LONG_ENOUGH, HAS_ELECTORATE),
    Action.DECLARE: (CALL_CLOSED, CONTEST_OVER, CONCERNS_ANSWERED),
    Action.RELEASE: (CONSENSUS_ON_THIS, NO_OPEN_CONDITION, COMMENTS_DISPOSED, NO_RESIDUE),
    Action.SUPERSEDE: (SUCCESSOR_NAMED,),
}

# What a release says of a rule that it passed over, with the reason behind it (rule 34).
PASSED_OVER = {
    NO_OPEN_CONDITION.id: "An objection or a condition is open",
    COMMENTS_DISPOSED.id: "A comment has no disposition",
    NO_RESIDUE.id: "The text has marks of drafting, or could not be looked through",
}

# What a product in this state waits for, so that its page can say what is still needed.
NEXT: dict[State, Action] = {
    State.PROPOSED: Action.START_DRAFTING,
    State.DRAFTING: Action.CIRCULATE,
    State.SHARED: Action.OPEN_CALL,
    State.IN_CONSENSUS: Action.DECLARE,
    State.AGREED: Action.RELEASE,
}


def guard(
    action: Action, facts: Facts, *, overrides: Mapping[str, str] | None = None
) -> list[Finding]:
    """Return what the guards of ``action`` find: the same for the act and for its page."""
    return evaluate(GUARDS.get(action, ()), facts, overrides=overrides)


def window_lack(facts: Facts) -> str:
    """Return what the proposed window of a circulation lacks, or nothing (rule 17)."""
    found = blocking(evaluate((WINDOW_LONG_ENOUGH,), facts))
    return found[0].sentence if found else ""


def _is_circulated(facts: Facts) -> bool:
    sent = facts.circulation
    return sent is not None and sent.version == facts.version and not sent.missed


def _circulated_sentence(facts: Facts) -> str:
    sent = facts.circulation
    if sent is None:
        return "The latest version has not been circulated to all member agencies."
    if sent.version != facts.version:
        return (
            f"Version {facts.version} has not been circulated to all member agencies, version "
            f"{sent.version} was: it is circulated anew, and its share period starts then."
        )
    if sent.missed:
        return (
            f"The circulation missed {', '.join(sent.missed)}. The version is circulated once "
            "more, and its share period starts then."
        )
    return f"Version {sent.version} was circulated to all member agencies."


def _earliest_close(facts: Facts) -> datetime:
    # Where no share period is asked for, it still closes after it opens.
    return facts.at + (timedelta(days=facts.share_days) or timedelta(seconds=1))


def _window_sentence(facts: Facts) -> str:
    least = f"at least {facts.share_days} days"
    if facts.closes_at is None:
        return f"It gets a window of {least}."
    if facts.closes_at >= _earliest_close(facts):
        return f"The window lasts {least}."
    until = instants.words(_earliest_close(facts))
    return f"The window must last {least}: until {until} or later."


def _electorate_sentence(facts: Facts) -> str:
    if not facts.electors:
        return "No agency takes part yet: without participants there is nobody to ask."
    if len(facts.electors) == 1:
        return f"{facts.electors[0]} alone makes up the electorate."
    return f"{len(facts.electors)} agencies make up the electorate."


def _share_sentence(facts: Facts) -> str:
    assert facts.circulation is not None
    until = facts.circulation.shared_long_enough_at
    days = facts.circulation.share_days
    if facts.at >= until:
        return f"The minimum share period of {days} days has run."
    return f"The minimum share period of {days} days runs until {instants.words(until)}."


def _open_items(facts: Facts) -> list[Item]:
    return [item for item in facts.ledger if ledger.is_open(item, facts.at)]


def _before_the_ledger(facts: Facts) -> dict[str, list[str]]:
    """Return what a decision records of agencies that have nothing on the ledger.

    It was made before there was one: what it records is open until another decision.
    """
    if facts.decision is None:
        return {}
    known = {code for item in facts.ledger for code in (item.agency, item.speaker)}
    kinds = {"Objections": facts.decision.objections, "Conditions": facts.decision.conditions}
    found = {kind: [code for code in codes if code not in known] for kind, codes in kinds.items()}
    return {kind: codes for kind, codes in found.items() if codes}


def _held_open(facts: Facts) -> list[str]:
    """Return what holds the release, each objection and condition in a sentence."""
    found = [ledger.gate_sentence(item, facts.at) for item in _open_items(facts)]
    if old := _before_the_ledger(facts):
        found += [f"{kind} are open: {', '.join(codes)}." for kind, codes in old.items()]
        found.append("A new version that meets them goes to a new call.")
    return found


def _who_resolves(facts: Facts) -> tuple[str, ...]:
    waiting = [
        f"agency:{item.answers}" if ledger.waits_for_agency(item, facts.at) else EDITOR
        for item in _open_items(facts)
    ]
    return tuple(dict.fromkeys(waiting)) or (EDITOR,)


def _comments_sentence(facts: Facts) -> str:
    held = facts.comments
    if held is None or not held.any:
        return "Every comment has its disposition."
    found = []
    if held.count:
        numbers = [f"C-{number}" for number in held.numbers]
        if more := held.count - len(numbers):
            numbers.append(f"{more} more")
        named = " and ".join([", ".join(numbers[:-1]), numbers[-1]] if numbers[1:] else numbers)
        found.append(f"{_undisposed(held.count, 'comment')}: {named}.")
    if held.public:
        found.append(f"{_undisposed(held.public, 'public comment')}.")
    return " ".join(found)


def _undisposed(count: int, what: str) -> str:
    return f"{count} {what}s have no disposition" if count > 1 else f"1 {what} has no disposition"


def _residue_sentence(facts: Facts) -> str:
    if facts.unread:
        return (
            f"Version {facts.version} is kept as a file alone: nobody could look through its "
            "text for drafting residue here."
        )
    if not facts.residue:
        return "The text has no drafting residue."
    first = facts.residue[0]
    more = f" and {len(facts.residue) - 1} more" if facts.residue[1:] else ""
    return f"Drafting residue in the text: “{first.text}” in line {first.line}{more}."
