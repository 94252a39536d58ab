"""The only source of time in the program."""

from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from datetime import datetime

from django.utils import timezone

_told: ContextVar[datetime | None] = ContextVar("told", default=None)


def now() -> datetime:
    """Return the current instant, aware and in UTC.

    Everything asks here, so that a rehearsal can move time for the whole
    program at once, and a test can look for other clocks and find none.
    """
    return _told.get() or timezone.now()


def of_the_machine() -> datetime:
    """Return the instant by the machine's clock, which no rehearsal moves.

    For the age of what another library has timed by it, such as a sign-in.
    """
    return timezone.now()


@contextmanager
def at(instant: datetime) -> Iterator[None]:
    """Have :func:`now` return ``instant``, for the code inside and this thread alone.

    For telling the demo story and for tests; never in a request.

    :raises ValueError: if ``instant`` is naive: it would name no instant.
    """
    if instant.utcoffset() is None:
        raise ValueError(f"{instant!r} names no instant: it has no zone.")
    token = _told.set(instant)
    try:
        yield
    finally:
        _told.reset(token)
