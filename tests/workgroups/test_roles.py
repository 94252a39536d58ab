"""The table of who may do what, spelt out once from the rules."""

import pytest

from workgroups.permissions import who_may
from workgroups.roles import GRANTS, SPEAKING, Ability, Capacity, Role

DESK = {Role.SECRETARIAT}
CHAIR_OR_DESK = {Role.SECRETARIAT, Role.CHAIR}
WRITERS = {Role.SECRETARIAT, Role.GROUP_CHAIR, Role.EDITOR}
EXPECTED = {
    Ability.KEEP_ROSTER: DESK,
    Ability.KEEP_MEETINGS: DESK,
    Ability.KEEP_WORKPLAN: DESK,
    Ability.HAND_OVER_CHAIR: DESK,
    Ability.READ_DRAFTS: {Role.MEMBER, Role.SECRETARIAT},
    Ability.PROPOSE_PRODUCT: CHAIR_OR_DESK,
    Ability.START_DRAFTING: CHAIR_OR_DESK,
    Ability.WRITE_VERSION: WRITERS,
    Ability.COMMENT: {Role.MEMBER, Role.SECRETARIAT},
    Ability.DISPOSE_COMMENT: WRITERS,
    Ability.CIRCULATE: WRITERS,
    Ability.RETURN_SHARED: WRITERS,
    Ability.OPEN_CALL: CHAIR_OR_DESK,
    Ability.EXTEND_CALL: CHAIR_OR_DESK,
    Ability.RETURN_CALL: CHAIR_OR_DESK,
    Ability.TAKE_POSITION: {Role.SPEAKER},
    Ability.RECORD_POSITION: DESK,
    Ability.DECLARE: CHAIR_OR_DESK,
    Ability.RELEASE: DESK,
    Ability.SUPERSEDE: DESK,
    Ability.WITHDRAW: CHAIR_OR_DESK,
    Ability.INVITE_PUBLIC_COMMENT: DESK,
    Ability.MODERATE_PUBLIC_COMMENT: DESK,
    Ability.SEND_TO_LIAISON: DESK,
    Ability.MAKE_STATEMENT: {Role.LIAISON, Role.SECRETARIAT},
    Ability.NAME_HOLDERS: {Role.HEAD, Role.SECRETARIAT},
    Ability.CONFIRM_SEAT: {Role.SPEAKER, Role.SECRETARIAT},
}


@pytest.mark.parametrize("ability", list(EXPECTED))
def test_grants_are_those_of_the_rules(ability):
    assert GRANTS[ability] == EXPECTED[ability]


def test_every_ability_is_granted_to_somebody():
    assert [ability for ability in Ability if not GRANTS.get(ability)] == []


def test_a_contact_of_a_liaison_organisation_may_send_its_statements_and_nothing_else():
    may = [ability for ability in Ability if Role.LIAISON in GRANTS[ability]]

    assert may == [Ability.MAKE_STATEMENT]


def test_heads_and_alternates_speak_and_staff_do_not():
    assert sorted(SPEAKING) == [Capacity.ALTERNATE, Capacity.HEAD]


@pytest.mark.parametrize(
    ("ability", "words"),
    [
        (Ability.RELEASE, "the secretariat"),
        (Ability.OPEN_CALL, "the secretariat or the chair"),
        (Ability.NAME_HOLDERS, "the secretariat or an agency's head of delegation"),
        (
            Ability.CIRCULATE,
            "the secretariat, the group's co-chairs or the product's editors",
        ),
    ],
)
def test_who_may_says_whose_act_it_is(ability, words):
    assert who_may(ability) == words
