"""The guards of the life cycle, on plain facts."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from fractions import Fraction

import pytest

from isecg.rules import blocking
from products import call_guards, guards
from products.consensus import End, Outcome, Stand, Tally
from products.facts import CallFacts, CirculationFacts, CommentFacts, DecisionFacts, Facts
from products.guards import PASSED_OVER, guard
from products.residue import Hit
from products.workflow import Action, State

NOW = datetime(2026, 3, 12, 12, tzinfo=UTC)
SENT = CirculationFacts(
    version=2,
    opened_at=NOW - timedelta(days=14),
    closes_at=NOW + timedelta(days=1),
    share_days=14,
    missed=(),
)
SHARED = Facts(
    at=NOW,
    state=State.SHARED,
    version=2,
    sha256="b" * 64,
    electors=("ESA", "JAXA"),
    circulation=SENT,
)
DECIDED = DecisionFacts(
    number="ISECG-D-2026-001",
    outcome=Outcome.CONSENSUS,
    version=2,
    sha256="b" * 64,
    declared_at=NOW,
    conditions=(),
)
AGREED = Facts(at=NOW, state=State.AGREED, version=2, sha256="b" * 64, decision=DECIDED)


def _call(*, ended=False, **stands):
    return CallFacts(
        version=2,
        opened_at=NOW - timedelta(days=6),
        deadline=NOW,
        tally=Tally(
            electorate=("CSA", "ESA", "JAXA"),
            stands={code: Stand(stand) for code, stand in stands.items()},
            ended_at=NOW if ended else None,
            ended_by=End.DEADLINE if ended else None,
        ),
        outcome=Outcome.CONSENSUS,
        texts={"CSA": "Answer the question.", "ESA": "Section 2 is wrong."},
        quorum=Fraction(1, 2),
        minimum_support=Fraction(1, 2),
    )


def _open(action, facts, overrides=None):
    found = guards.guard(action, facts, overrides=overrides)
    return [(finding.rule, finding.sentence) for finding in blocking(found)]


def test_drafting_starts_with_a_group_and_a_line_on_the_workplan():
    facts = Facts(at=NOW, state=State.PROPOSED)

    assert _open(Action.START_DRAFTING, facts) == [
        ("group_set", "A working group must be responsible."),
        ("on_workplan", "It must stand on the Workplan before drafting starts."),
    ]
    assert _open(Action.START_DRAFTING, replace(facts, group="TWG", on_workplan=True)) == []


def test_a_circulation_needs_a_version():
    facts = Facts(at=NOW, state=State.DRAFTING)

    assert [rule for rule, _ in _open(Action.CIRCULATE, facts)] == ["version_exists"]
    assert _open(Action.CIRCULATE, replace(facts, version=1)) == []


@pytest.mark.parametrize(
    ("days", "closes_in", "found"),
    [
        (14, None, "It gets a window of at least 14 days."),
        (14, timedelta(days=14), "The window lasts at least 14 days."),
        (
            14,
            timedelta(days=14, seconds=-1),
            "The window must last at least 14 days: until 26 Mar 2026 12:00 UTC or later.",
        ),
        (0, timedelta(seconds=1), "The window lasts at least 0 days."),
        (
            0,
            timedelta(0),
            "The window must last at least 0 days: until 12 Mar 2026 12:00 UTC or later.",
        ),
    ],
)
def test_a_window_lasts_the_minimum_share_period_to_the_second(days, closes_in, found):
    facts = Facts(
        at=NOW,
        state=State.DRAFTING,
        version=1,
        share_days=days,
        closes_at=None if closes_in is None else NOW + closes_in,
    )
    is_short = "must" in found

    sentences = [row.sentence for row in guards.guard(Action.CIRCULATE, facts)]
    assert sentences == ["Version 1 is the latest.", found]
    assert guards.window_lack(facts) == (found if is_short else "")
    assert bool(_open(Action.CIRCULATE, facts)) is is_short


def test_a_shared_product_is_circulated_again_for_another_version_or_a_member_missed():
    missed = replace(SHARED, circulation=replace(SENT, missed=("CSIRO",)))

    assert _open(Action.CIRCULATE, SHARED) == [
        (
            "not_circulated_yet",
            "Version 2 is circulated to all member agencies already: another version can be.",
        )
    ]
    assert _open(Action.CIRCULATE, replace(SHARED, version=3)) == []
    assert _open(Action.CIRCULATE, missed) == []
    # It shared nothing by this program: a product of the reference data.
    assert _open(Action.CIRCULATE, replace(SHARED, circulation=None)) == []


def test_the_share_period_of_another_version_does_not_count():
    facts = replace(SHARED, version=3, at=NOW - timedelta(days=1))

    assert [row.rule for row in guards.guard(Action.OPEN_CALL, facts)] == [
        "circulated_to_all",
        "has_electorate",
    ]


def test_a_call_may_open_at_the_very_end_of_the_share_period():
    early = replace(SHARED, at=NOW - timedelta(seconds=1))

    assert _open(Action.OPEN_CALL, SHARED) == []
    assert _open(Action.OPEN_CALL, early) == [
        (
            "share_period_run",
            "The minimum share period of 14 days runs until 12 Mar 2026 12:00 UTC.",
        )
    ]


@pytest.mark.parametrize(
    ("changes", "found"),
    [
        (
            {"circulation": None},
            (
                "circulated_to_all",
                "The latest version has not been circulated to all member agencies.",
            ),
        ),
        (
            {"version": 3},
            (
                "circulated_to_all",
                "Version 3 has not been circulated to all member agencies, version 2 was: it is "
                "circulated anew, and its share period starts then.",
            ),
        ),
        (
            {"circulation": replace(SENT, missed=("CSIRO",))},
            (
                "circulated_to_all",
                "The circulation missed CSIRO. The version is circulated once more, and its "
                "share period starts then.",
            ),
        ),
        (
            {"electors": ()},
            (
                "has_electorate",
                "No agency takes part yet: without participants there is nobody to ask.",
            ),
        ),
    ],
)
def test_a_call_needs_a_full_circulation_and_an_electorate(changes, found):
    assert _open(Action.OPEN_CALL, replace(SHARED, **changes)) == [found]


def test_an_outcome_is_declared_after_the_deadline_or_when_all_have_answered():
    facts = Facts(at=NOW, state=State.IN_CONSENSUS, version=2, call=_call(ESA="concur"))

    # The deadline itself still counts.
    assert _open(Action.DECLARE, facts) == [
        ("call_closed", "The call is open until 12 Mar 2026 12:00 UTC: 1 of 3 have answered.")
    ]
    assert _open(Action.DECLARE, replace(facts, call=_call(ended=True, ESA="concur"))) == []
    everyone = _call(ESA="concur", CSA="abstain", JAXA="object")
    assert _open(Action.DECLARE, replace(facts, call=everyone)) == []


@pytest.mark.parametrize(
    ("changes", "rule"),
    [
        ({"decision": None}, "consensus_on_this_version"),
        ({"sha256": "c" * 64}, "consensus_on_this_version"),
        ({"decision": replace(DECIDED, outcome=Outcome.DISSENT)}, "consensus_on_this_version"),
        ({"decision": replace(DECIDED, conditions=("CSA",))}, "no_open_condition"),
        ({"decision": replace(DECIDED, objections=("ESA",))}, "no_open_condition"),
        ({"comments": CommentFacts(numbers=(3,), count=1)}, "comments_disposed"),
        ({"comments": CommentFacts(public=1)}, "comments_disposed"),
        ({"residue": (Hit(4, "[this/that]", "x"),)}, "no_drafting_residue"),
        ({"unread": True}, "no_drafting_residue"),
    ],
)
def test_the_release_gate_holds(changes, rule):
    assert _open(Action.RELEASE, AGREED) == []
    assert [found for found, _ in _open(Action.RELEASE, replace(AGREED, **changes))] == [rule]


@pytest.mark.parametrize(
    ("numbers", "count", "sentence"),
    [
        ((), 0, "Every comment has its disposition."),
        ((3,), 1, "1 comment has no disposition: C-3."),
        ((3, 7), 2, "2 comments have no disposition: C-3 and C-7."),
        ((3, 7), 6, "6 comments have no disposition: C-3, C-7 and 4 more."),
    ],
)
def test_the_gate_names_the_first_comments_and_counts_the_rest(numbers, count, sentence):
    facts = replace(AGREED, comments=CommentFacts(numbers=numbers, count=count))
    found = {finding.rule: finding.sentence for finding in guard(Action.RELEASE, facts)}

    assert found["comments_disposed"] == sentence


def test_the_gate_counts_what_the_public_said():
    facts = replace(AGREED, comments=CommentFacts(numbers=(3,), count=1, public=2))
    found = {finding.rule: finding.sentence for finding in guard(Action.RELEASE, facts)}

    assert found["comments_disposed"] == (
        "1 comment has no disposition: C-3. 2 public comments have no disposition."
    )


def test_everything_of_the_gate_but_the_consensus_is_passed_over_with_a_reason():
    facts = replace(
        AGREED,
        decision=replace(DECIDED, conditions=("CSA",), sha256="c" * 64),
        comments=CommentFacts(numbers=(1,), count=1),
        residue=(Hit(4, "[this/that]", "x"),),
    )
    rules = [rule for rule, _ in _open(Action.RELEASE, facts)]
    reasons = dict.fromkeys(rules, "Because.")

    assert set(rules) == {"consensus_on_this_version", *PASSED_OVER}
    assert [rule for rule, _ in _open(Action.RELEASE, facts, reasons)] == [
        "consensus_on_this_version"
    ]


def test_only_residue_is_passed_over_with_a_reason():
    facts = replace(AGREED, decision=None, residue=(Hit(4, "[this/that]", "x"),))
    reasons = {"no_drafting_residue": "A quotation.", "consensus_on_this_version": "We like it."}

    assert [rule for rule, _ in _open(Action.RELEASE, facts, reasons)] == [
        "consensus_on_this_version"
    ]
    assert [rule for rule, _ in _open(Action.RELEASE, facts, {"no_drafting_residue": "  "})] == [
        "consensus_on_this_version",
        "no_drafting_residue",
    ]


def test_an_edition_is_superseded_by_a_released_one_alone():
    facts = Facts(at=NOW, state=State.RELEASED)
    named = replace(facts, successor="GER-2013")

    assert _open(Action.SUPERSEDE, facts) == [
        ("successor_named", "No released product is named as its successor.")
    ]
    assert _open(Action.SUPERSEDE, named) == [
        ("successor_named", "GER-2013 is to take its place, and is not released yet.")
    ]
    assert _open(Action.SUPERSEDE, replace(named, successor_released=True)) == []


def test_the_page_names_for_whom_it_waits_and_since_when():
    facts = Facts(
        at=NOW, state=State.IN_CONSENSUS, version=2, call=_call(CSA="condition", ESA="object")
    )

    assert [(found.sentence, found.who) for found in call_guards.waiting_for(facts)] == [
        ("CSA concurs on condition: Answer the question.", ("role:editor",)),
        ("ESA objects: Section 2 is wrong.", ("agency:ESA",)),
        ("Waiting for JAXA: no position.", ("agency:JAXA",)),
    ]
    assert {found.since for found in call_guards.waiting_for(facts)} == {NOW - timedelta(days=6)}


def test_nobody_is_waited_for_once_the_deadline_has_passed():
    facts = Facts(at=NOW, state=State.IN_CONSENSUS, call=_call(ended=True, CSA="concur"))

    assert call_guards.waiting_for(facts) == []
