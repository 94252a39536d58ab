"""The life of a product, spelled out once by hand from section 3 of the rules."""

import pytest

from products.views.product_steps import steps
from products.workflow import TRANSITIONS, Action, State, actions
from workgroups.roles import GRANTS, Ability, Role

S = State
DESK = {Role.SECRETARIAT}
CHAIR = {Role.SECRETARIAT, Role.CHAIR}
PARTS = {Role.SECRETARIAT, Role.SPEAKER}
WRITERS = {Role.SECRETARIAT, Role.GROUP_CHAIR, Role.EDITOR}

# from, to, act, who
TABLE = [
    (S.PROPOSED, S.DRAFTING, Action.START_DRAFTING, CHAIR),
    (S.DRAFTING, S.SHARED, Action.CIRCULATE, WRITERS),
    # The table of section 3 does not forbid a second circulation (ADR 13).
    (S.SHARED, S.SHARED, Action.CIRCULATE, WRITERS),
    (S.SHARED, S.DRAFTING, Action.TAKE_BACK, WRITERS),
    (S.SHARED, S.DRAFTING, Action.REVISE, WRITERS),
    (S.SHARED, S.IN_CONSENSUS, Action.OPEN_CALL, CHAIR),
    (S.IN_CONSENSUS, S.AGREED, Action.DECLARE, CHAIR),
    (S.IN_CONSENSUS, S.DRAFTING, Action.RETURN, CHAIR),
    (S.IN_CONSENSUS, S.DRAFTING, Action.REVISE, WRITERS),
    # Rule 28: opened in error, it is as though it had not been opened (docs/adr/0016).
    (S.IN_CONSENSUS, S.SHARED, Action.RECALL, CHAIR),
    # Rule 32: the last participating agency leaves, by itself or by the secretariat.
    (S.SHARED, S.DRAFTING, Action.LAPSE, PARTS),
    (S.IN_CONSENSUS, S.DRAFTING, Action.LAPSE, PARTS),
    (S.AGREED, S.DRAFTING, Action.LAPSE, PARTS),
    (S.AGREED, S.RELEASED, Action.RELEASE, DESK),
    (S.AGREED, S.DRAFTING, Action.REVISE, WRITERS),
    (S.RELEASED, S.SUPERSEDED, Action.SUPERSEDE, DESK),
    (S.PROPOSED, S.WITHDRAWN, Action.WITHDRAW, CHAIR),
    (S.DRAFTING, S.WITHDRAWN, Action.WITHDRAW, CHAIR),
    (S.SHARED, S.WITHDRAWN, Action.WITHDRAW, CHAIR),
    (S.IN_CONSENSUS, S.WITHDRAWN, Action.WITHDRAW, CHAIR),
    (S.AGREED, S.WITHDRAWN, Action.WITHDRAW, CHAIR),
    (S.RELEASED, S.WITHDRAWN, Action.WITHDRAW, CHAIR),
]


def test_the_table_is_that_of_the_rules():
    moves = {
        (source, step.target, action)
        for action, step in TRANSITIONS.items()
        for source in step.sources
    }

    assert moves == {(source, target, action) for source, target, action, _ in TABLE}


def test_each_move_is_the_act_of_those_whom_the_rules_name():
    assert [GRANTS[TRANSITIONS[action].ability] for *_, action, _ in TABLE] == [
        who for *_, who in TABLE
    ]


@pytest.mark.parametrize("state", [S.SUPERSEDED, S.WITHDRAWN])
def test_nothing_leaves_an_end(state):
    assert actions(state, set(Ability)) == []


def test_actions_are_those_of_the_state_and_of_the_abilities():
    granted = {Ability.WRITE_VERSION, Ability.CIRCULATE, Ability.RELEASE}

    assert actions(S.DRAFTING, granted) == [Action.CIRCULATE]
    assert actions(S.SHARED, granted) == [Action.CIRCULATE, Action.REVISE]
    assert actions(S.AGREED, granted) == [Action.REVISE, Action.RELEASE]


def _drawn(state, *, was_released=False):
    return [(step["label"], step["status"]) for step in steps(state, was_released=was_released)]


def test_the_stepper_says_what_is_done_and_what_is_ahead():
    assert _drawn(S.SHARED) == [
        ("Proposed", "done"),
        ("Drafting", "done"),
        ("Shared", "current"),
        ("In consensus", "ahead"),
        ("Agreed", "ahead"),
        ("Released", "ahead"),
    ]


def test_the_stepper_ends_where_a_product_ended():
    assert _drawn(S.SUPERSEDED, was_released=True)[-2:] == [
        ("Released", "done"),
        ("Superseded", "current"),
    ]
    assert _drawn(S.WITHDRAWN) == [("Proposed", "done"), ("Withdrawn", "off")]
    assert _drawn(S.WITHDRAWN, was_released=True)[-2:] == [
        ("Released", "done"),
        ("Withdrawn", "off"),
    ]
