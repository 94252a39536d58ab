"""The store: each content once, under its own hash, and nothing that no version refers to."""

import fcntl
import hashlib
import os
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from pathlib import Path
from typing import IO

from django.conf import settings
from django.core.files.base import File
from django.core.files.storage import default_storage

from products.models import VersionFile

FOLDER = "versions"


class ChangedError(Exception):
    """The bytes to be stored are not those that were checked."""


def path_of(sha256: str) -> str:
    """Return where a content lies in the store."""
    return f"{FOLDER}/{sha256[:2]}/{sha256}"


# What the act that is running has stored anew; none is running where there is no list.
_added: ContextVar[list[str] | None] = ContextVar("added", default=None)


@contextmanager
def keeping() -> Iterator[None]:
    """Let :func:`keep` store contents; if the act fails, what it stored anew goes again.

    It stands around the whole transaction. What a version of somebody else refers to stays,
    and whoever stores waits while others tidy up, so that nothing is taken away that is
    about to be referred to.
    """
    added: list[str] = []
    token = _added.set(added)
    try:
        with _lock(fcntl.LOCK_SH):
            yield
    except BaseException:
        if added:
            with _lock(fcntl.LOCK_EX):
                _forget(added)
        raise
    finally:
        _added.reset(token)


def keep(content: File, *, sha256: str) -> str:  # type: ignore[type-arg]
    """Store a content once, and return its path; only inside of :func:`keeping`.

    :raises ChangedError: if it is not what was checked.
    """
    added = _added.get()
    if added is None:
        raise RuntimeError("Files are stored by acts alone, inside of keeping().")
    path = path_of(sha256)
    if not default_storage.exists(path):
        _write(content, Path(default_storage.path(path)), sha256)
        added.append(path)
    return path


def _forget(paths: list[str]) -> None:
    wanted = set(VersionFile.objects.filter(path__in=paths).values_list("path", flat=True))
    for path in paths:
        if path not in wanted:
            default_storage.delete(path)


def _write(content: File, target: Path, sha256: str) -> None:  # type: ignore[type-arg]
    """Write beside the place and move there, so that nobody ever sees a part of it."""
    target.parent.mkdir(parents=True, exist_ok=True)
    with tempfile.NamedTemporaryFile(dir=target.parent, prefix=".", delete=False) as file:
        try:
            _copy(content, file, sha256)
            Path(file.name).chmod(settings.FILE_UPLOAD_PERMISSIONS or 0o644)
            Path(file.name).replace(target)
        except BaseException:
            Path(file.name).unlink(missing_ok=True)
            raise


def _copy(content: File, file: IO[bytes], sha256: str) -> None:  # type: ignore[type-arg]
    content.seek(0)
    digest = hashlib.sha256()
    for chunk in content.chunks():
        digest.update(chunk)
        file.write(chunk)
    if digest.hexdigest() != sha256:
        raise ChangedError("The file changed after it was checked.")
    file.flush()
    os.fsync(file.fileno())


@contextmanager
def _lock(how: int) -> Iterator[None]:
    place = Path(default_storage.path(FOLDER))
    place.mkdir(parents=True, exist_ok=True)
    with (place / ".lock").open("a") as file:
        fcntl.flock(file, how)
        yield
