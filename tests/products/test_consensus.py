from datetime import UTC, datetime, timedelta, timezone
from fractions import Fraction

import pytest

from products import consensus
from products.consensus import (
    DECLARABLE,
    Act,
    Course,
    End,
    Entry,
    Mode,
    NewVersion,
    Outcome,
    Stand,
    Tally,
)

DEADLINE = datetime(2026, 3, 29, 12, tzinfo=UTC)
SECOND = timedelta(seconds=1)
DAY_BEFORE, DAY_AFTER = DEADLINE - timedelta(days=1), DEADLINE + timedelta(days=1)
HALF = Fraction(1, 2)
ELEVEN = tuple(f"A{number:02d}" for number in range(11))
THREE = ELEVEN[:3]


def entry(agency, act, *, at=DAY_BEFORE):
    return Entry(agency=agency, at=at, act=Act(act))


def version(change, *, at=DAY_BEFORE):
    return NewVersion(at=at, substantive=change == "substantive")


def course(entries=(), *, of=ELEVEN, left=(), **given):
    leaving = [entry(agency, Act.LEAVE, at=DEADLINE) for agency in left]
    return Course(
        **{
            "mode": Mode.EXPLICIT,
            "deadline": DEADLINE,
            "quorum": HALF,
            "minimum_support": HALF,
            **given,
        },
        electorate=of,
        entries=[*entries, *leaving],
    )


def count(entries, *, at=DEADLINE, **given):
    return consensus.tally(course(entries, **given), at=at)


def outcome(stands, *, of=ELEVEN, at=DAY_AFTER, **given):
    """Compute the outcome where the first agencies said ``stands`` in order."""
    entries = [entry(agency, stand) for agency, stand in zip(of, stands, strict=False)]
    read = course(entries, of=of, **given)
    return consensus.outcome(read, consensus.tally(read, at=at))


def ending(entries=(), *, at=DAY_AFTER, **given):
    """Return by what and when a call ended, and who broke its silence."""
    found = count(entries, at=at, **given)
    return found.ended_by, found.ended_at, found.broken_by


# --- Explicit ----------------------------------------------------------------------------------


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


# --- Unanimous ---------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("stands", "expected"),
    [
        ([Stand.CONCUR] * 3, Outcome.CONSENSUS),
        ([Stand.CONCUR, Stand.CONCUR, Stand.RESERVATION], Outcome.WITH_RESERVATIONS),
        ([Stand.RESERVATION, Stand.CONCUR, Stand.CONDITION], Outcome.PROVISIONAL),
        ([Stand.CONCUR, Stand.CONCUR, Stand.ABSTAIN], Outcome.INSUFFICIENT_SUPPORT),
        ([Stand.CONCUR, Stand.CONCUR], Outcome.INSUFFICIENT_SUPPORT),
        ([Stand.CONCUR, Stand.CONDITION], Outcome.INSUFFICIENT_SUPPORT),
        ([Stand.CONCUR, Stand.CONCUR, Stand.OBJECT], Outcome.DISSENT),
        ([Stand.CONCUR, Stand.OBJECT], Outcome.DISSENT),
        ([Stand.OBJECT], Outcome.NO_QUORUM),
        ([Stand.CONCUR], Outcome.NO_QUORUM),
        ([], Outcome.NO_QUORUM),
    ],
)
def test_outcome_of_a_unanimous_call(stands, expected):
    found = outcome(stands, of=THREE, mode=Mode.UNANIMOUS, minimum_support=Fraction(0))

    assert found == expected


def test_outcome_of_a_unanimous_call_is_that_of_who_stayed():
    stands = [Stand.OBJECT, Stand.CONCUR, Stand.CONCUR]

    assert outcome(stands, of=THREE, mode=Mode.UNANIMOUS, left=["A00"]) == Outcome.CONSENSUS
    assert outcome(stands, of=THREE, mode=Mode.UNANIMOUS, left=THREE) == Outcome.NO_QUORUM


# --- Silence -----------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("stands", "unreached", "expected"),
    [
        # Nobody says a word: tacit consent of all.
        ([], [], Outcome.CONSENSUS),
        ([Stand.CONCUR] * 3, [], Outcome.CONSENSUS),
        ([Stand.RESERVATION], [], Outcome.WITH_RESERVATIONS),
        ([Stand.ABSTAIN] * 2, [], Outcome.CONSENSUS),
        ([Stand.ABSTAIN] * 3, [], Outcome.INSUFFICIENT_SUPPORT),
        ([Stand.ABSTAIN, Stand.ABSTAIN, Stand.RESERVATION], [], Outcome.WITH_RESERVATIONS),
        # A seat that the notice did not reach is not silent, unless it speaks.
        ([], ["A02"], Outcome.SILENCE_NOT_VALID),
        ([Stand.CONCUR, Stand.CONCUR], ["A02"], Outcome.SILENCE_NOT_VALID),
        ([Stand.ABSTAIN, Stand.ABSTAIN], ["A02"], Outcome.SILENCE_NOT_VALID),
        ([Stand.CONCUR], ["A00"], Outcome.CONSENSUS),
        ([], ["A00", "A01", "A02"], Outcome.SILENCE_NOT_VALID),
    ],
)
def test_outcome_of_a_silence_procedure(stands, unreached, expected):
    found = outcome(stands, of=THREE, mode=Mode.SILENCE, unreached=frozenset(unreached))

    assert found == expected


@pytest.mark.parametrize("act", consensus.BREAKS_SILENCE)
def test_outcome_of_a_silence_procedure_that_is_broken(act):
    at_once = DAY_BEFORE  # and not only at the deadline

    assert outcome([act], of=THREE, mode=Mode.SILENCE, at=at_once) == Outcome.SILENCE_BROKEN
    assert outcome([act], of=THREE, mode=Mode.SILENCE) == Outcome.SILENCE_BROKEN


def test_outcome_of_a_silence_procedure_does_not_ask_for_a_quorum():
    one = Fraction(1)

    found = outcome([], of=THREE, mode=Mode.SILENCE, quorum=one, minimum_support=one)

    assert found == Outcome.CONSENSUS


def test_outcome_of_a_silence_procedure_that_everybody_left():
    found = outcome([], of=THREE, mode=Mode.SILENCE, left=THREE)

    assert found == Outcome.INSUFFICIENT_SUPPORT


def test_a_silence_procedure_forgets_the_seat_that_left_without_being_reached():
    unreached = frozenset(["A00"])

    assert outcome([], of=THREE, mode=Mode.SILENCE, unreached=unreached, left=["A00"]) == (
        Outcome.CONSENSUS
    )


@pytest.mark.parametrize(
    ("at", "entries", "versions", "tacit", "no_response"),
    [
        (DAY_AFTER, [], [], ["A00", "A01"], ["A02"]),
        # Not before the deadline is over, and not where the procedure ended otherwise.
        (DEADLINE, [], [], [], ["A00", "A01", "A02"]),
        (DAY_AFTER, [entry("A00", Act.MORE_TIME)], [], [], ["A00", "A01", "A02"]),
        (DAY_AFTER, [], [version("substantive")], [], ["A00", "A01", "A02"]),
        # A withdrawal is silence again.
        (
            DAY_AFTER,
            [entry("A00", Act.CONCUR), entry("A00", Act.WITHDRAW)],
            [],
            ["A00", "A01"],
            ["A02"],
        ),
    ],
)
def test_tacit_is_the_silence_of_who_was_reached(at, entries, versions, tacit, no_response):
    found = count(
        entries,
        at=at,
        of=THREE,
        mode=Mode.SILENCE,
        versions=versions,
        unreached=frozenset(["A02"]),
    )

    assert (found.tacit, found.no_response) == (tacit, no_response)


@pytest.mark.parametrize("mode", [Mode.EXPLICIT, Mode.UNANIMOUS])
def test_nobody_is_tacit_where_silence_is_no_consent(mode):
    found = count([], of=THREE, at=DAY_AFTER, mode=mode)

    assert (found.tacit, found.no_response) == ([], list(THREE))


# --- The end -----------------------------------------------------------------------------------

EARLIER = DAY_BEFORE - SECOND
OBJECTION = entry("A00", Act.OBJECT)


@pytest.mark.parametrize("mode", Mode)
@pytest.mark.parametrize("at", [EARLIER, DEADLINE])
def test_a_call_is_open_until_its_deadline_is_over(mode, at):
    assert outcome([], of=THREE, mode=mode, at=at) == Outcome.OPEN
    assert ending(at=at, mode=mode) == (None, None, ())
    assert ending(at=DEADLINE + timedelta(microseconds=1), mode=mode) == (
        End.DEADLINE,
        DEADLINE,
        (),
    )


@pytest.mark.parametrize("mode", Mode)
@pytest.mark.parametrize("at", [DAY_BEFORE, DEADLINE])
def test_a_substantive_version_overtakes_a_call(mode, at):
    versions = [version("substantive", at=at)]

    assert outcome([Stand.CONCUR] * 3, of=THREE, mode=mode, versions=versions, at=at) == (
        Outcome.OVERTAKEN
    )
    assert ending(mode=mode, versions=versions) == (End.VERSION, at, ())


@pytest.mark.parametrize(
    ("entries", "end"),
    [
        ([], (End.DEADLINE, DEADLINE, ())),
        ([entry("A00", Act.CONDITION)], (End.DEADLINE, DEADLINE, ())),
        # No position is carried over while an objection is open.
        ([OBJECTION], (End.VERSION, DAY_BEFORE, ())),
        ([entry("A00", Act.OBJECT, at=EARLIER)], (End.VERSION, DAY_BEFORE, ())),
        ([entry("A00", Act.OBJECT, at=DAY_BEFORE + SECOND)], (End.DEADLINE, DEADLINE, ())),
        # Entries at the instant of the version come before it.
        ([OBJECTION, entry("A00", Act.CONCUR)], (End.DEADLINE, DEADLINE, ())),
        ([OBJECTION, entry("A00", Act.WITHDRAW)], (End.DEADLINE, DEADLINE, ())),
        ([OBJECTION, entry("A00", Act.LEAVE)], (End.DEADLINE, DEADLINE, ())),
        ([entry("A00", Act.CONCUR), OBJECTION], (End.VERSION, DAY_BEFORE, ())),
    ],
)
def test_an_editorial_version_ends_a_call_where_an_agency_objects(entries, end):
    assert ending(entries, versions=[version("editorial")]) == end


def test_the_second_editorial_version_meets_the_objection():
    later = DAY_BEFORE + 2 * SECOND
    versions = [version("editorial"), version("editorial", at=later)]

    found = ending([entry("A00", Act.OBJECT, at=DAY_BEFORE + SECOND)], versions=versions)

    assert found == (End.VERSION, later, ())


@pytest.mark.parametrize("at", [DAY_BEFORE, DEADLINE])
def test_a_silence_is_broken_at_once_by_whoever_speaks_at_that_instant(at):
    entries = [
        entry("A02", Act.MORE_TIME, at=at),
        entry("A01", Act.CONCUR, at=at),
        entry("A00", Act.OBJECT, at=at),
        entry("A03", Act.CONDITION, at=at + SECOND),
    ]

    found = count(entries, at=at, mode=Mode.SILENCE)

    assert (found.ended_by, found.ended_at, found.broken_by, found.stands) == (
        End.BREAK,
        at,
        ("A00", "A02"),
        {"A00": Stand.OBJECT, "A01": Stand.CONCUR},
    )


@pytest.mark.parametrize("act", [Act.CONCUR, Act.RESERVATION, Act.ABSTAIN, Act.LEAVE, Act.WITHDRAW])
def test_other_acts_leave_a_silence_whole(act):
    assert ending([entry("A00", act)], mode=Mode.SILENCE) == (End.DEADLINE, DEADLINE, ())


def test_a_silence_is_broken_though_its_breaker_withdraws_or_leaves_at_once():
    for act in (Act.WITHDRAW, Act.CONCUR, Act.LEAVE):
        found = ending([OBJECTION, entry("A00", act)], mode=Mode.SILENCE)

        assert found == (End.BREAK, DAY_BEFORE, ("A00",))


def test_a_silence_is_not_broken_by_who_has_left():
    entries = [entry("A00", Act.LEAVE), OBJECTION]

    assert ending(entries, mode=Mode.SILENCE) == (End.DEADLINE, DEADLINE, ())


def test_a_silence_is_not_broken_after_the_deadline():
    entries = [entry("A00", Act.OBJECT, at=DEADLINE + SECOND)]

    assert ending(entries, mode=Mode.SILENCE) == (End.DEADLINE, DEADLINE, ())


@pytest.mark.parametrize(
    ("act", "change", "end"),
    [
        (Act.MORE_TIME, "substantive", (End.VERSION, DAY_BEFORE, ())),
        (Act.OBJECT, "substantive", (End.VERSION, DAY_BEFORE, ())),
        (Act.OBJECT, "editorial", (End.VERSION, DAY_BEFORE, ())),
        # An editorial version ends nothing here, so that the silence is what ends it.
        (Act.MORE_TIME, "editorial", (End.BREAK, DAY_BEFORE, ("A00",))),
        (Act.CONDITION, "editorial", (End.BREAK, DAY_BEFORE, ("A00",))),
    ],
)
def test_a_version_decides_over_a_broken_silence_of_the_same_instant(act, change, end):
    assert ending([entry("A00", act)], mode=Mode.SILENCE, versions=[version(change)]) == end


def test_what_ends_a_call_first_ends_it():
    versions = [version("substantive", at=DAY_BEFORE + SECOND)]

    assert ending([OBJECTION], mode=Mode.SILENCE, versions=versions) == (
        End.BREAK,
        DAY_BEFORE,
        ("A00",),
    )


def test_a_version_after_the_deadline_or_after_the_instant_asked_about_ends_nothing():
    late, later = DEADLINE + SECOND, [version("substantive", at=DAY_BEFORE)]

    assert ending(versions=[version("substantive", at=late)]) == (End.DEADLINE, DEADLINE, ())
    assert ending(versions=later, at=EARLIER) == (None, None, ())


@pytest.mark.parametrize(
    ("ended_at", "given"),
    [
        (DAY_BEFORE, {"versions": [version("substantive")]}),
        (DEADLINE, {}),
    ],
)
def test_entries_at_the_end_count_and_later_ones_are_late(ended_at, given):
    entries = [
        entry("A00", Act.CONCUR, at=ended_at),
        entry("A01", Act.OBJECT, at=ended_at + SECOND),
        entry("A02", Act.LEAVE, at=ended_at + SECOND),
        entry("A01", Act.WITHDRAW, at=ended_at + 2 * SECOND),
        entry("A02", Act.MORE_TIME, at=DAY_AFTER + SECOND),
    ]

    found = count(entries, of=THREE, at=DAY_AFTER, **given)

    assert (found.stands, found.late, found.lapsed, found.electorate) == (
        {"A00": Stand.CONCUR},
        ("A01", "A02"),
        (),
        THREE,
    )


def test_equal_instants_are_one_whatever_their_offset():
    tokyo, denver = timezone(timedelta(hours=9)), timezone(timedelta(hours=-7))
    entries = [
        entry("A00", Act.OBJECT, at=DEADLINE.astimezone(tokyo)),
        entry("A01", Act.CONCUR, at=DEADLINE.astimezone(denver)),
        entry("A00", Act.CONCUR, at=DEADLINE),
    ]

    found = count(
        entries,
        at=DAY_AFTER,
        versions=[version("editorial", at=DEADLINE.astimezone(denver))],
    )

    assert (found.stands, found.late, found.ended_by) == (
        {"A00": Stand.CONCUR, "A01": Stand.CONCUR},
        (),
        End.DEADLINE,
    )


# --- Who stands where --------------------------------------------------------------------------


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
    found = count([entry("A00", Stand.OBJECT, at=at)], at=DAY_AFTER)

    assert (found.stands, found.late) == (stands, late)


def test_tally_counts_the_last_position_before_the_deadline():
    # Case 2: concur, then object, then the deadline, then concur again.
    entries = [
        entry("A00", Stand.CONCUR, at=DEADLINE - 2 * SECOND),
        entry("A00", Stand.OBJECT, at=DEADLINE - SECOND),
        entry("A00", Stand.CONCUR, at=DEADLINE + SECOND),
    ]

    found = count(entries, at=DAY_AFTER)

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

    found = count(entries, at=DAY_AFTER)

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


def test_tally_names_who_left_with_a_position_as_lapsed():
    entries = [
        entry("A00", Stand.OBJECT),
        entry("A01", Stand.CONCUR),
        entry("A01", Act.WITHDRAW),
        entry("A02", Act.MORE_TIME),
        # Who has left has no say, and leaves no second time.
        *[entry(agency, Act.LEAVE) for agency in ("A02", "A00", "A01", "A00")],
        entry("A00", Stand.CONCUR),
    ]

    found = count(entries, of=(*THREE, "A03"))

    assert (found.electorate, found.stands, found.lapsed) == (("A03",), {}, ("A00",))


def test_tally_leaves_out_who_is_not_of_the_electorate():
    stranger = entry("ZZ", Stand.OBJECT)
    late = entry("ZZ", Stand.OBJECT, at=DEADLINE + SECOND)

    found = count([stranger, late], at=DAY_AFTER, mode=Mode.SILENCE)

    assert (found.stands, found.late, found.ended_by) == ({}, (), End.DEADLINE)


def test_tally_reads_entries_in_the_order_of_their_instants():
    entries = [
        entry("A00", Stand.OBJECT, at=DEADLINE),
        entry("A00", Stand.CONCUR, at=EARLIER),
    ]

    assert count(entries).stands == {"A00": Stand.OBJECT}


def test_tally_asks_an_agency_that_is_named_twice_once():
    assert count([], of=("A00", "A01", "A00")).electorate == ("A00", "A01")


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
        (Outcome.SILENCE_BROKEN, (Outcome.SILENCE_BROKEN,)),
        (Outcome.SILENCE_NOT_VALID, (Outcome.SILENCE_NOT_VALID,)),
    ],
)
def test_may_declare_goes_down_never_up(computed, possible):
    assert consensus.may_declare(computed) == possible
