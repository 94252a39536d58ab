"""The only source of time in the program."""

from datetime import datetime

from django.utils import timezone


def now() -> datetime:
    """Return the current instant, aware and in UTC.

    Everything asks here, so that a rehearsal can move time for the whole
    program at once, and a test can look for other clocks and find none.
    """
    return timezone.now()
