"""Time zones, and local times that name no instant."""

from datetime import UTC, datetime

import pytest
from django.core.exceptions import ValidationError

from workgroups import zones


@pytest.mark.parametrize(
    ("local", "zone", "expected"),
    [
        (
            datetime.fromisoformat("2016-09-14T15:00"),
            "Europe/Paris",
            datetime(2016, 9, 14, 13, tzinfo=UTC),
        ),
        (
            datetime.fromisoformat("2016-09-14T22:30"),
            "Australia/Adelaide",
            datetime(2016, 9, 14, 13, tzinfo=UTC),
        ),
        (
            datetime.fromisoformat("2026-03-29T01:59"),
            "Europe/Amsterdam",
            datetime(2026, 3, 29, 0, 59, tzinfo=UTC),
        ),
        (
            datetime.fromisoformat("2026-03-29T03:00"),
            "Europe/Amsterdam",
            datetime(2026, 3, 29, 1, tzinfo=UTC),
        ),
    ],
)
def test_instant_reads_the_clocks_of_the_zone(local, zone, expected):
    assert zones.instant(local, zone) == expected


@pytest.mark.parametrize(
    ("local", "zone", "says"),
    [
        (
            datetime.fromisoformat("2026-03-29T02:30"),
            "Europe/Amsterdam",
            "29 Mar 2026 02:30 does not exist in Europe/Amsterdam",
        ),
        (datetime.fromisoformat("2026-03-29T02:00"), "Europe/Amsterdam", "Write 03:00"),
        (
            datetime.fromisoformat("2026-10-25T02:30"),
            "Europe/Amsterdam",
            "25 Oct 2026 02:30 comes twice in Europe/Amsterdam",
        ),
        (
            datetime.fromisoformat("2026-03-08T02:30"),
            "America/New_York",
            "does not exist in America/New_York",
        ),
    ],
)
def test_instant_refuses_times_that_name_none(local, zone, says):
    with pytest.raises(zones.ImpossibleTimeError, match=says):
        zones.instant(local, zone)


def test_the_same_wall_clock_is_another_instant_on_another_continent_in_march():
    # The United States change two weeks before Europe.
    assert zones.instant(datetime.fromisoformat("2026-03-10T09:00"), "America/New_York").hour == 13
    assert zones.instant(datetime.fromisoformat("2026-03-10T09:00"), "Europe/Paris").hour == 8


@pytest.mark.parametrize("name", ["Europe/Paris", "UTC", "Asia/Kolkata"])
def test_validate_zone_takes_iana_names(name):
    zones.validate_zone(name)
    assert name in zones.names()


@pytest.mark.parametrize("name", ["", "Paris", "CEST+2", "../etc/passwd", "europe/paris"])
def test_validate_zone_refuses_other_words(name):
    with pytest.raises(ValidationError, match="is not a time zone"):
        zones.validate_zone(name)


def test_names_start_with_utc_and_stand_in_order():
    first, *others = zones.names()

    assert (first, others) == ("UTC", sorted(others))
