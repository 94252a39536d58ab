from datetime import UTC, datetime
from threading import Thread

import pytest

from isecg import clock

THEN = datetime(2016, 9, 14, 13, tzinfo=UTC)


def test_at_moves_the_clock_for_the_code_inside():
    with clock.at(THEN):
        inside = clock.now()

    assert inside == THEN
    assert clock.now() > THEN


def test_at_ends_with_an_error_too():
    with pytest.raises(LookupError), clock.at(THEN):
        raise LookupError

    assert clock.now() > THEN


def test_at_moves_no_other_thread():
    seen = []
    with clock.at(THEN):
        thread = Thread(target=lambda: seen.append(clock.now()))
        thread.start()
        thread.join()

    assert seen[0] > THEN


def test_at_refuses_a_time_without_a_zone():
    with (
        pytest.raises(ValueError, match="has no zone"),
        clock.at(datetime(2016, 9, 14)),  # noqa: DTZ001 that is the case
    ):
        pass
