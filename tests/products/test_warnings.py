from datetime import UTC, date, datetime

import pytest

from products.warnings import (
    CALL,
    CIRCULATION,
    SeatFacts,
    overlaps_year_end,
    warnings,
    working_days,
)

MONDAY = datetime(2026, 3, 2, 12, tzinfo=UTC)


def seat(agency="ESA", *, zone="Europe/Paris", speakers=1, reachable=True):
    return SeatFacts(agency=agency, zone=zone, speakers=speakers, reachable=reachable)


def warn(deadline, *seats, opens_at=MONDAY, zone="UTC", occasion=CALL):
    return warnings(
        opens_at=opens_at,
        deadline=deadline,
        zone=zone,
        seats=seats or [seat()],
        occasion=occasion,
    )


@pytest.mark.parametrize(
    ("start", "end", "count"),
    [
        ((2026, 3, 2), (2026, 3, 2), 0),
        ((2026, 3, 2), (2026, 3, 3), 1),
        ((2026, 3, 2), (2026, 3, 6), 4),
        ((2026, 3, 2), (2026, 3, 8), 4),
        ((2026, 3, 2), (2026, 3, 9), 5),
        ((2026, 3, 6), (2026, 3, 8), 0),
    ],
)
def test_working_days_are_those_after_the_first_up_to_the_last(start, end, count):
    assert working_days(date(*start), date(*end)) == count


@pytest.mark.parametrize(
    ("start", "end", "overlaps"),
    [
        ((2026, 12, 1), (2026, 12, 19), False),
        ((2026, 12, 1), (2026, 12, 20), True),
        ((2027, 1, 6), (2027, 1, 20), True),
        ((2027, 1, 7), (2027, 12, 19), False),
        ((2026, 12, 10), (2027, 1, 20), True),
    ],
)
def test_overlaps_year_end_from_20_december_to_6_january(start, end, overlaps):
    assert overlaps_year_end(date(*start), date(*end)) is overlaps


def test_nothing_to_warn_of():
    assert warn(datetime(2026, 3, 16, 12, tzinfo=UTC)) == []


def test_fewer_than_five_working_days():
    assert warn(datetime(2026, 3, 6, 12, tzinfo=UTC)) == [
        "4 working days until the deadline: fewer than 5."
    ]
    assert warn(datetime(2026, 3, 3, 12, tzinfo=UTC)) == [
        "1 working day until the deadline: fewer than 5."
    ]


def test_days_are_those_of_the_zone_of_the_deadline():
    # Friday evening in UTC is Saturday in Tokyo.
    friday = datetime(2026, 3, 13, 20, tzinfo=UTC)

    assert warn(friday, zone="Asia/Tokyo") == ["The deadline is on a Saturday (Asia/Tokyo)."]
    assert warn(friday, seat("JAXA", zone="Asia/Tokyo"), seat()) == [
        "The deadline is at the weekend for JAXA, on their own clocks."
    ]


def test_the_end_of_the_year():
    assert warn(
        datetime(2026, 12, 21, 12, tzinfo=UTC), opens_at=datetime(2026, 12, 1, tzinfo=UTC)
    ) == ["The call runs into the days from 20 December to 6 January."]


def test_seats_that_are_vacant_or_cannot_be_reached():
    found = warn(
        datetime(2026, 3, 16, 12, tzinfo=UTC),
        seat("KARI", speakers=0, reachable=False),
        seat("ASI", speakers=0),
        seat("JAXA", reachable=False),
        seat("ESA"),
    )

    assert found == [
        "Vacant: ASI, KARI. Without a head of delegation or an alternate, "
        "nobody there can take a position.",
        "Letters do not reach JAXA: the last ones failed.",
    ]


def test_a_circulation_is_warned_of_in_its_own_words():
    found = warn(
        datetime(2026, 12, 21, 12, tzinfo=UTC),
        seat("ASI", speakers=0),
        opens_at=datetime(2026, 12, 1, tzinfo=UTC),
        occasion=CIRCULATION,
    )

    assert found == [
        "The circulation runs into the days from 20 December to 6 January.",
        "Vacant: ASI. Without a head of delegation or an alternate, "
        "nobody there speaks for the agency.",
    ]
