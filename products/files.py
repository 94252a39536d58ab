"""Files of versions: what is taken, and where it is kept, under its own hash (rule 13)."""

import hashlib
import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import PurePosixPath

from django.core.files.base import ContentFile, File
from django.core.files.storage import default_storage

from products import defaults

TEXT_TYPES = {".md": "text/markdown", ".txt": "text/plain"}
_MAGIC = {
    ".pdf": ("application/pdf", b"%PDF-"),
    ".docx": (
        "application/vnd.openxmlformats-officedocument.wordprocessingml.document",
        b"PK\x03\x04",
    ),
}
# Windows opens a device by such a name, whatever follows its first dot.
_RESERVED = {"con", "prn", "aux", "nul"} | {
    f"{device}{number}" for device in ("com", "lpt") for number in range(10)
}
KINDS = "PDF, DOCX, Markdown (.md) or plain text (.txt)"


class UnfitFileError(Exception):
    """A file that is not taken; the message is meant for who sent it."""


@dataclass(frozen=True, kw_only=True)
class Checked:
    """A file that may be kept; ``text`` is empty for what is not plain text."""

    name: str
    media_type: str
    size: int
    sha256: str
    text: str
    content: File  # type: ignore[type-arg]


def safe_name(name: str) -> str:
    """Return the last part of an uploaded name, of plain characters and bounded length."""
    path = PurePosixPath(name.replace("\\", "/"))
    stem = _plain(path.stem)[:100] or "file"
    if stem.partition(".")[0].lower() in _RESERVED:
        stem = f"file-{stem}"
    suffix = _plain(path.suffix.lower())[:20]
    return f"{stem}.{suffix}" if suffix else stem


def _plain(part: str) -> str:
    return re.sub(r"[^A-Za-z0-9._-]+", "-", part).strip("-.")


def check(upload: File, *, name: str) -> Checked:  # type: ignore[type-arg]
    """Look at an uploaded file and say what it is.

    :raises UnfitFileError: if it is too large, empty, or not what its name says.
    """
    limit = defaults.upload_limit()
    if upload.size > limit:
        raise UnfitFileError(
            f"The file has {upload.size / 1024 / 1024:.0f} MB; at most "
            f"{limit // 1024 // 1024} MB are taken."
        )
    if not upload.size:
        raise UnfitFileError("The file is empty.")
    kept = safe_name(name)
    suffix = PurePosixPath(kept).suffix
    if suffix in TEXT_TYPES:
        return _check_text(upload, kept, TEXT_TYPES[suffix])
    if suffix not in _MAGIC:
        raise UnfitFileError(f"“{kept}” is not taken: send {KINDS}.")
    media_type, magic = _MAGIC[suffix]
    upload.seek(0)
    if upload.read(len(magic)) != magic:
        raise UnfitFileError(f"“{kept}” is no {suffix[1:].upper()} file, whatever its name says.")
    return Checked(
        name=kept,
        media_type=media_type,
        size=upload.size,
        sha256=_digest(_chunks(upload)),
        text="",
        content=upload,
    )


def from_text(text: str, *, name: str) -> Checked:
    """Return the Markdown file that a text written in the browser becomes."""
    data = text.replace("\r\n", "\n").encode()
    return Checked(
        name=safe_name(name),
        media_type="text/markdown",
        size=len(data),
        sha256=hashlib.sha256(data).hexdigest(),
        text=data.decode(),
        content=ContentFile(data),
    )


def keep(checked: Checked) -> str:
    """Store the bytes of a checked file once, and return where they are."""
    path = f"versions/{checked.sha256[:2]}/{checked.sha256}"
    if not default_storage.exists(path):
        checked.content.seek(0)
        default_storage.save(path, checked.content)
    return path


def _check_text(upload: File, name: str, media_type: str) -> Checked:  # type: ignore[type-arg]
    upload.seek(0)
    data = upload.read()
    try:
        text = data.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        raise UnfitFileError(f"“{name}” is not text in UTF-8.") from error
    if "\x00" in text:
        raise UnfitFileError(f"“{name}” is not text: it has null characters.")
    return Checked(
        name=name,
        media_type=media_type,
        size=len(data),
        sha256=hashlib.sha256(data).hexdigest(),
        text=text.replace("\r\n", "\n"),
        content=upload,
    )


def _chunks(upload: File) -> Iterator[bytes]:  # type: ignore[type-arg]
    upload.seek(0)
    yield from upload.chunks()


def _digest(chunks: Iterator[bytes]) -> str:
    digest = hashlib.sha256()
    for chunk in chunks:
        digest.update(chunk)
    return digest.hexdigest()
