"""Dates known in part: what can be written, what it can mean, how it sorts."""

from datetime import date

import pytest
from django.core.exceptions import ValidationError
from hypothesis import given
from hypothesis import strategies as st

from isecg.partial_dates import PartialDate, PartialDateField, validate_partial_date


@pytest.mark.parametrize(
    ("text", "precision", "earliest", "latest", "words"),
    [
        ("2007", "year", date(2007, 1, 1), date(2007, 12, 31), "2007"),
        ("2007-11", "month", date(2007, 11, 1), date(2007, 11, 30), "November 2007"),
        ("2008-02", "month", date(2008, 2, 1), date(2008, 2, 29), "February 2008"),
        ("2007-11-06", "day", date(2007, 11, 6), date(2007, 11, 6), "6 November 2007"),
    ],
)
def test_partial_date_says_what_it_can_mean(text, precision, earliest, latest, words):
    found = PartialDate.parse(text)

    assert (found.precision, found.earliest, found.latest) == (precision, earliest, latest)
    assert str(found) == words


@pytest.mark.parametrize(
    "text",
    [
        "",
        "07",
        "2007-",
        "2007-1",
        "2007-13",
        "2007-00",
        "2007-02-29",
        "2007-11-6",
        "today",
        "20071",
        # Digits, but of another script: they would sort after every other date.
        "\uff12\uff10\uff10\uff17",
    ],
)
def test_parse_refuses_what_is_no_date(text):
    with pytest.raises(ValueError, match="is not a"):
        PartialDate.parse(text)


def test_parse_forgives_space_around():
    assert PartialDate.parse(" 2007-11 ") == PartialDate("2007-11")


@pytest.mark.parametrize("text", ["0001", "1899-12-31", "2200", "9999-12-31"])
def test_validator_refuses_days_at_the_ends_of_the_calendar(text):
    with pytest.raises(ValidationError, match="out of range"):
        validate_partial_date(text)


@pytest.mark.parametrize("text", ["1900", "2199-12-31"])
def test_validator_takes_the_days_within(text):
    validate_partial_date(text)


def test_validator_gives_the_sentence():
    with pytest.raises(ValidationError) as refused:
        validate_partial_date("Nov 2007")

    assert refused.value.messages == [
        "“Nov 2007” is not a date: write 2007, 2007-11 or 2007-11-06."
    ]


def test_field_takes_no_text_for_not_known():
    field = PartialDateField()

    assert field.clean("", None) == ""
    with pytest.raises(ValidationError):
        field.clean("2007-99", None)


@given(st.lists(st.dates(min_value=date(1000, 1, 1)), min_size=2), st.sampled_from([4, 7, 10]))
def test_text_order_is_the_order_of_earliest_days(days, length):
    found = sorted(PartialDate.parse(day.isoformat()[:length]) for day in days)

    assert [one.earliest for one in found] == sorted(one.earliest for one in found)


@given(st.dates(min_value=date(1000, 1, 1)), st.sampled_from([4, 7, 10]))
def test_a_day_lies_within_its_partial_date(day, length):
    found = PartialDate.parse(day.isoformat()[:length])

    assert found.earliest <= day <= found.latest
