"""The side of the site: start the child, bound it, and believe only what is checked.

Nothing here may run inside a transaction: a file can take as long as its limits say.
"""

import json
import signal
import subprocess
import sys
import tempfile
import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import asdict, dataclass
from os import killpg
from pathlib import Path
from typing import IO, Any

import structlog
from django.conf import settings
from django.core.files.base import File

from products import defaults
from products.extraction import slots
from products.extraction.limits import NOTES, SENTENCES, Kind, Limits, Note, Refusal

log = structlog.get_logger(__name__)

# Nothing of ours: no key, no address of a database.
_ENVIRONMENT = {"LANG": "C.UTF-8", "PATH": "/usr/bin:/bin"}
# A character takes four bytes of UTF-8 at most, and two where JSON escapes it.
_BYTES_A_CHARACTER = 4
_ROOM = 1_000
# From the end of its answer to its own end.
_LEAVE_SECONDS = 2


class ExtractionError(Exception):
    """A file that is refused; the message continues “the name of the file”."""


@dataclass(frozen=True, kw_only=True)
class Extract:
    """The text of a file; where there is none, ``notice`` continues “the name of the file”."""

    text: str
    notice: str = ""


def extract(upload: File, kind: Kind, *, longest: int) -> Extract:  # type: ignore[type-arg]
    """Read the text of a file in a process of its own, within the limits of the settings.

    A text of more than ``longest`` characters is none.

    :raises ExtractionError: if the file is hostile or broken, goes beyond a limit, or too
        many others are being read.
    """
    limits = defaults.extraction_limits(characters=longest)
    try:
        with slots.taken(), _readable(upload) as stream:
            answer = _ask(stream, kind, limits)
    except slots.BusyError:
        answer = {"refused": Refusal.BUSY}
    numbers = asdict(limits)
    if "refused" in answer:
        refusal = Refusal(answer["refused"])
        log.warning("extraction.refused", kind=kind.value, why=refusal.value)
        raise ExtractionError(SENTENCES[refusal].format_map(numbers))
    note = answer["note"]
    return Extract(
        text=answer["text"], notice=NOTES[Note(note)].format_map(numbers) if note else ""
    )


def _ask(stream: IO[bytes], kind: Kind, limits: Limits) -> dict[str, Any]:
    """Run the child over a file; an answer that is none means that it was ended."""
    most = limits.characters * _BYTES_A_CHARACTER + _ROOM
    child = subprocess.Popen(  # noqa: S603 our own module, and numbers
        [
            *(sys.executable, "-E", "-s", "-B", "-m", "products.extraction.child"),
            *(kind.value, json.dumps(asdict(limits))),
        ],
        stdin=stream,
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        cwd=settings.BASE_DIR,
        env=_ENVIRONMENT,
        start_new_session=True,
    )
    watch = threading.Timer(limits.wall_seconds, _end, [child])
    watch.start()
    try:
        assert child.stdout is not None
        with child.stdout as output:
            data = output.read(most + 1)
        with suppress(subprocess.TimeoutExpired):
            child.wait(_LEAVE_SECONDS)
    finally:
        watch.cancel()
        _end(child)
        child.wait()
    return _understood(data, most=most, longest=limits.characters)


def _end(child: "subprocess.Popen[bytes]") -> None:
    """End the child and whatever it may have started."""
    # Once it was waited for, its number may be that of another.
    if child.returncode is None:
        with suppress(ProcessLookupError):
            killpg(child.pid, signal.SIGKILL)


def _understood(data: bytes, *, most: int, longest: int) -> dict[str, Any]:
    """Return an answer of the one or the other form; a child may have been taken over."""
    refused = {"refused": Refusal.LIMITS}
    if len(data) > most:
        return refused
    try:
        answer = json.loads(data)
    except (ValueError, RecursionError):
        return refused
    match answer:
        case {"refused": str(why)} if why in set(Refusal):
            return {"refused": why}
        case {"text": str(text), "note": None | str() as note}:
            sound = len(text) <= longest and "\0" not in text and (not note or note in set(Note))
            return {"text": text, "note": note} if sound else refused
        case _:
            return refused


@contextmanager
def _readable(upload: File) -> Iterator[IO[bytes]]:  # type: ignore[type-arg]
    """Open a file for reading alone, so that nothing can be written through it."""
    path = getattr(upload, "temporary_file_path", None)
    if path is not None:
        with Path(path()).open("rb") as stream:
            yield stream
        return
    with tempfile.NamedTemporaryFile(dir=settings.FILE_UPLOAD_TEMP_DIR) as copy:
        upload.seek(0)
        for chunk in upload.chunks():
            copy.write(chunk)
        copy.flush()
        with Path(copy.name).open("rb") as stream:
            yield stream
