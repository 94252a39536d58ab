from datetime import UTC, datetime, timedelta
from fractions import Fraction

import pytest

from products import consensus
from products.consensus import Act, Course, Entry, Mode, NewVersion
from products.outcome_words import sentence

DEADLINE = datetime(2026, 3, 29, 12, tzinfo=UTC)
DAY = timedelta(days=1)
THREE = ("CNES", "ESA", "JAXA")


def words(*acts, mode=Mode.EXPLICIT, at=DEADLINE + DAY, **given):
    """Return the sentence on a call of three who said ``acts``, in their order."""
    course = Course(
        electorate=THREE,
        quorum=Fraction(1, 2),
        minimum_support=Fraction(1, 2),
        mode=mode,
        deadline=DEADLINE,
        entries=[
            Entry(agency=agency, at=DEADLINE - DAY, act=act)
            for agency, act in zip(THREE, acts, strict=False)
        ],
        **given,
    )
    return sentence(course, consensus.tally(course, at=at))


@pytest.mark.parametrize(
    ("acts", "expected"),
    [
        ([Act.CONCUR] * 3, "Consensus: based on responses from 3 of 3 (100.0 %)."),
        (
            [Act.RESERVATION, Act.CONCUR],
            "Consensus with reservations: those of CNES, based on responses from 2 of 3 (66.7 %).",
        ),
        (
            [Act.CONDITION, Act.CONDITION],
            "Provisional consensus: with conditions of CNES, ESA, "
            "based on responses from 2 of 3 (66.7 %).",
        ),
        (
            [Act.OBJECT, Act.CONCUR],
            "Dissent: CNES objecting, based on responses from 2 of 3 (66.7 %).",
        ),
        (
            [Act.CONCUR],
            "No quorum: 2 had to answer, based on responses from 1 of 3 (33.3 %).",
        ),
        (
            [Act.CONCUR, Act.ABSTAIN],
            "Insufficient support: 1 concur and 2 had to, based on responses from 2 of 3 (66.7 %).",
        ),
        ([Act.LEAVE] * 3, "No quorum: nobody is left in the electorate."),
    ],
)
def test_sentence_of_an_explicit_call(acts, expected):
    assert words(*acts) == expected


def test_sentence_of_a_unanimous_call_asks_for_everybody():
    assert words(Act.CONCUR, Act.CONCUR, mode=Mode.UNANIMOUS) == (
        "Insufficient support: 2 concur and 3 had to, based on responses from 2 of 3 (66.7 %)."
    )


@pytest.mark.parametrize(
    ("acts", "unreached", "expected"),
    [
        (
            [Act.CONCUR],
            [],
            "Consensus: based on responses from 1 of 3 (33.3 %), and tacit consent of ESA, JAXA.",
        ),
        (
            [Act.RESERVATION],
            [],
            "Consensus with reservations: those of CNES, based on responses from 1 of 3 (33.3 %), "
            "and tacit consent of ESA, JAXA.",
        ),
        (
            [],
            ["ESA"],
            "Silence not valid: the notice did not reach ESA.",
        ),
        ([Act.CONCUR, Act.MORE_TIME], [], "Silence broken: by ESA."),
        (
            [Act.ABSTAIN] * 3,
            [],
            "Insufficient support: nobody concurs, not even tacitly, "
            "based on responses from 3 of 3 (100.0 %).",
        ),
    ],
)
def test_sentence_of_a_silence_procedure(acts, unreached, expected):
    assert words(*acts, mode=Mode.SILENCE, unreached=frozenset(unreached)) == expected


def test_sentence_of_a_call_that_is_open_or_overtaken():
    version = NewVersion(at=DEADLINE - DAY, substantive=True)

    assert words(Act.CONCUR, at=DEADLINE) == "Open: based on responses from 1 of 3 (33.3 %)."
    assert words(Act.CONCUR, versions=[version]) == (
        "Overtaken by a new version: based on responses from 1 of 3 (33.3 %)."
    )
