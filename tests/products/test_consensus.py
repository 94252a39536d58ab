from datetime import UTC, datetime, timedelta
from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st

from products import consensus
from products.consensus import (
    DECLARABLE,
    SUPPORT,
    Act,
    Course,
    Entry,
    Mode,
    Outcome,
    Stand,
    Tally,
)

DEADLINE = datetime(2026, 3, 29, 12, tzinfo=UTC)
SECOND = timedelta(seconds=1)
HALF = Fraction(1, 2)
ELEVEN = tuple(f"A{number:02d}" for number in range(11))


def entry(agency, act, *, at=DEADLINE - timedelta(days=1)):
    return Entry(agency=agency, at=at, act=Act(act))


def course(entries, *, of=ELEVEN, left=(), mode=Mode.EXPLICIT, **shares):
    leaving = [entry(agency, Act.LEAVE, at=DEADLINE) for agency in left]
    return Course(
        **{"quorum": HALF, "minimum_support": HALF, **shares},
        mode=mode,
        deadline=DEADLINE,
        electorate=of,
        entries=[*entries, *leaving],
    )


def count(entries, *, of=ELEVEN, at=DEADLINE, left=()):
    return consensus.tally(course(entries, of=of, left=left), at=at)


def outcome(stands, *, of=ELEVEN, **shares):
    """Compute the outcome where the first agencies said ``stands`` in order."""
    entries = [entry(agency, stand) for agency, stand in zip(of, stands, strict=False)]
    given = course(entries, of=of, **shares)
    return consensus.outcome(given, consensus.tally(given, at=DEADLINE + SECOND))


@pytest.mark.parametrize(
    ("stands", "expected"),
    [
        ([Stand.CONCUR] * 11, Outcome.CONSENSUS),
        ([Stand.CONCUR] * 6, Outcome.CONSENSUS),
        ([Stand.CONCUR] * 5, Outcome.NO_QUORUM),
        ([], Outcome.NO_QUORUM),
        # Case 10: 4 of 11 answer.
        ([Stand.CONCUR] * 4, Outcome.NO_QUORUM),
        # An objection does not make a quorum.
        ([Stand.OBJECT] * 4, Outcome.NO_QUORUM),
        ([Stand.OBJECT, *[Stand.CONCUR] * 10], Outcome.DISSENT),
        ([Stand.OBJECT, *[Stand.CONDITION] * 10], Outcome.DISSENT),
        # Case 9: all abstain.
        ([Stand.ABSTAIN] * 11, Outcome.INSUFFICIENT_SUPPORT),
        ([*[Stand.CONCUR] * 5, *[Stand.ABSTAIN] * 6], Outcome.INSUFFICIENT_SUPPORT),
        ([*[Stand.CONCUR] * 6, *[Stand.ABSTAIN] * 5], Outcome.CONSENSUS),
        # A condition and a reservation are support (rule 20).
        ([*[Stand.CONDITION] * 6], Outcome.PROVISIONAL),
        ([*[Stand.RESERVATION] * 6], Outcome.WITH_RESERVATIONS),
        ([Stand.CONDITION, Stand.RESERVATION, *[Stand.CONCUR] * 4], Outcome.PROVISIONAL),
        ([Stand.RESERVATION, *[Stand.CONCUR] * 10], Outcome.WITH_RESERVATIONS),
    ],
)
def test_outcome_of_eleven(stands, expected):
    assert outcome(stands) == expected


@pytest.mark.parametrize(
    ("responding", "of", "expected"),
    [
        (5, 10, Outcome.CONSENSUS),
        (4, 10, Outcome.NO_QUORUM),
        (1, 1, Outcome.CONSENSUS),
        (1, 2, Outcome.CONSENSUS),
        (1, 3, Outcome.NO_QUORUM),
    ],
)
def test_outcome_meets_a_threshold_that_it_equals(responding, of, expected):
    assert outcome([Stand.CONCUR] * responding, of=ELEVEN[:of]) == expected


def test_outcome_computes_thirds_exactly():
    third = Fraction(1, 3)

    found = outcome([Stand.CONCUR], of=ELEVEN[:3], quorum=third, minimum_support=third)

    assert found == Outcome.CONSENSUS


def test_outcome_of_nobody_has_no_quorum():
    found = outcome([], of=(), quorum=Fraction(0), minimum_support=Fraction(0))

    assert found == Outcome.NO_QUORUM


@pytest.mark.parametrize(
    ("at", "stands", "late"),
    [
        # Case 1: one second before, at the deadline, one second after.
        (DEADLINE - SECOND, {"A00": Stand.OBJECT}, ()),
        (DEADLINE, {"A00": Stand.OBJECT}, ()),
        (DEADLINE + SECOND, {}, ("A00",)),
        (DEADLINE + timedelta(microseconds=1), {}, ("A00",)),
    ],
)
def test_tally_counts_up_to_the_deadline_included(at, stands, late):
    found = count([entry("A00", Stand.OBJECT, at=at)], at=DEADLINE + timedelta(days=1))

    assert (found.stands, found.late) == (stands, late)


def test_tally_counts_the_last_position_before_the_deadline():
    # Case 2: concur, then object, then the deadline, then concur again.
    entries = [
        entry("A00", Stand.CONCUR, at=DEADLINE - 2 * SECOND),
        entry("A00", Stand.OBJECT, at=DEADLINE - SECOND),
        entry("A00", Stand.CONCUR, at=DEADLINE + SECOND),
    ]

    found = count(entries, at=DEADLINE + timedelta(days=1))

    assert (found.stands, found.late) == ({"A00": Stand.OBJECT}, ("A00",))


def test_tally_lets_the_later_of_two_at_one_instant_count():
    entries = [entry("A00", Stand.CONCUR), entry("A00", Stand.OBJECT)]

    assert count(entries).stands == {"A00": Stand.OBJECT}


def test_tally_forgets_what_was_withdrawn():
    entries = [
        entry("A00", Stand.CONCUR, at=DEADLINE - 2 * SECOND),
        entry("A00", Act.WITHDRAW, at=DEADLINE - SECOND),
    ]

    found = count(entries)

    assert (found.stands, found.responded, found.no_response) == ({}, 0, list(ELEVEN))


def test_tally_keeps_a_position_that_is_withdrawn_too_late():
    entries = [entry("A00", Stand.CONCUR), entry("A00", Act.WITHDRAW, at=DEADLINE + SECOND)]

    found = count(entries, at=DEADLINE + timedelta(days=1))

    assert (found.stands, found.late) == ({"A00": Stand.CONCUR}, ("A00",))


def test_tally_knows_nothing_of_what_comes_after_its_instant():
    entries = [entry("A00", Stand.CONCUR, at=DEADLINE - SECOND)]

    assert count(entries, at=DEADLINE - 2 * SECOND).stands == {}


def test_tally_leaves_out_who_left():
    # Case 11: the objector leaves the product; the base shrinks.
    entries = [entry("A00", Stand.OBJECT), entry("A01", Stand.CONCUR)]

    found = count(entries, of=("A00", "A01", "A02"), left=["A00"])

    assert (found.electorate, found.stands, found.share, found.no_response) == (
        ("A01", "A02"),
        {"A01": Stand.CONCUR},
        HALF,
        ["A02"],
    )


def test_tally_leaves_out_who_is_not_of_the_electorate():
    assert count([entry("ZZ", Stand.OBJECT)]).stands == {}


@pytest.mark.parametrize(
    ("responded", "of", "percent"),
    [
        (9, 11, "81.8"),
        (4, 11, "36.4"),
        (1, 16, "6.3"),  # 6.25 goes up
        (1, 3, "33.3"),
        (2, 3, "66.7"),
        (3, 3, "100.0"),
        (0, 5, "0.0"),
        (0, 0, "0.0"),
    ],
)
def test_percent_has_one_decimal_half_up(responded, of, percent):
    agencies = tuple(f"B{number:02d}" for number in range(of))
    found = Tally(
        electorate=agencies, stands=dict.fromkeys(agencies[:responded], Stand.CONCUR), late=()
    )

    assert found.percent == percent


@pytest.mark.parametrize(
    ("share", "of", "needed"),
    [(HALF, 11, 6), (HALF, 10, 5), (Fraction(2, 3), 12, 8), (Fraction(0), 7, 0), (HALF, 1, 1)],
)
def test_needed_rounds_up(share, of, needed):
    assert consensus.needed(share, of) == needed


@pytest.mark.parametrize("stand", Stand)
def test_missing_text_is_told_where_a_text_is_needed(stand):
    needs = stand in {Stand.RESERVATION, Stand.CONDITION, Stand.OBJECT}

    assert bool(consensus.missing_text(stand, " \n")) == needs
    assert consensus.missing_text(stand, "Clause 4.") == ""


@pytest.mark.parametrize(
    ("computed", "possible"),
    [
        (Outcome.CONSENSUS, DECLARABLE),
        (Outcome.PROVISIONAL, DECLARABLE[2:]),
        (Outcome.DISSENT, (Outcome.DISSENT,)),
    ],
)
def test_may_declare_goes_down_never_up(computed, possible):
    assert consensus.may_declare(computed) == possible


entries = st.lists(
    st.builds(
        Entry,
        agency=st.sampled_from([*ELEVEN, "stranger"]),
        at=st.integers(-5, 5).map(lambda seconds: DEADLINE + seconds * SECOND),
        act=st.sampled_from(Act),
    ),
    max_size=40,
)


@given(entries=entries, left=st.sets(st.sampled_from(ELEVEN)))
def test_counts_add_up_to_the_electorate(entries, left):
    found = count(entries, at=DEADLINE + timedelta(days=1), left=left)

    groups = [found.of(stand) for stand in Stand] + [found.no_response]
    assert sorted(agency for group in groups for agency in group) == list(found.electorate)
    gone = {one.agency for one in entries if one.act == Act.LEAVE and one.at <= DEADLINE}
    assert set(found.electorate) == set(ELEVEN) - left - gone


@given(entries=entries)
def test_no_objection_counts_towards_an_agreement(entries):
    found = count(entries)

    given = course(entries)
    result = consensus.prospect(given, consensus.tally(given, at=DEADLINE))

    if result in consensus.AGREEING:
        assert not found.of(Stand.OBJECT)
        assert 2 * len(found.of(*SUPPORT)) >= len(found.electorate)


@given(entries=entries)
def test_late_entries_never_change_the_count(entries):
    in_time = [one for one in entries if one.at <= DEADLINE]
    after = DEADLINE + timedelta(days=1)

    assert count(entries, at=after).stands == count(in_time, at=after).stands
