"""How many files are read at the same time: a few, over all processes of this machine."""

import fcntl
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from typing import IO

from django.conf import settings

_GLANCE_SECONDS = 0.1


class BusyError(Exception):
    """No place is free, and none was within the time that one waits."""


@contextmanager
def taken() -> Iterator[None]:
    """Hold one of the places; the system frees it should this process die.

    :raises BusyError: if none is free for ``ISECG_EXTRACTION_WAIT_SECONDS``.
    """
    place = settings.EXTRACTION_PLACES
    place.mkdir(parents=True, exist_ok=True)
    with ExitStack() as stack:
        files = [
            stack.enter_context((place / f"{number}").open("a"))
            for number in range(settings.ISECG_EXTRACTIONS)
        ]
        until = time.monotonic() + settings.ISECG_EXTRACTION_WAIT_SECONDS
        while not any(map(_take, files)):
            if time.monotonic() >= until:
                raise BusyError
            time.sleep(_GLANCE_SECONDS)
        yield


def _take(file: IO[str]) -> bool:
    try:
        fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    return True
