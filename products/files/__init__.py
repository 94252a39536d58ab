"""Files of versions: what is taken, and what text is in it (rule 13).

Where it is kept, under its own hash, is :mod:`products.files.store`.
"""

import hashlib
import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import PurePosixPath

from django.core.files.base import ContentFile, File

from products import defaults, rendering
from products.extraction.limits import NOTES, Kind, Note
from products.extraction.process import ExtractionError, extract
from products.models.versions import TextFormat

TEXT_TYPES = {
    ".md": ("text/markdown", TextFormat.MARKDOWN),
    ".txt": ("text/plain", TextFormat.PLAIN),
}
_PACKED = {
    ".pdf": ("application/pdf", b"%PDF-", Kind.PDF, TextFormat.PLAIN),
    ".docx": (
        "application/vnd.openxmlformats-officedocument.wordprocessingml.document",
        b"PK\x03\x04",
        Kind.DOCX,
        TextFormat.MARKDOWN,
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
    """A file that may be kept, and its text; where that is empty, ``notice`` says why."""

    name: str
    media_type: str
    size: int
    sha256: str
    text: str
    text_format: TextFormat
    content: File  # type: ignore[type-arg]
    notice: str = ""


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
    """Look at an uploaded file, say what it is, and read its text; nothing is kept.

    The text of a PDF or DOCX is read in a process of its own, which may take as long as its
    limits say: never call this inside a transaction.

    :raises UnfitFileError: if it is too large, empty, not what its name says, or cannot be
        read within the limits.
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
        return _check_text(upload, kept, *TEXT_TYPES[suffix])
    if suffix not in _PACKED:
        raise UnfitFileError(f"“{kept}” is not taken: send {KINDS}.")
    media_type, magic, kind, text_format = _PACKED[suffix]
    upload.seek(0)
    if upload.read(len(magic)) != magic:
        raise UnfitFileError(f"“{kept}” is no {suffix[1:].upper()} file, whatever its name says.")
    try:
        found = extract(upload, kind, longest=rendering.LONGEST)
    except ExtractionError as error:
        raise UnfitFileError(f"“{kept}” {error}") from error
    return Checked(
        name=kept,
        media_type=media_type,
        size=upload.size,
        sha256=_digest(_chunks(upload)),
        text=found.text,
        text_format=text_format,
        content=upload,
        notice=f"“{kept}” {found.notice}" if found.notice else "",
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
        text_format=TextFormat.MARKDOWN,
        content=ContentFile(data),
    )


def _check_text(
    upload: File,  # type: ignore[type-arg]
    name: str,
    media_type: str,
    text_format: TextFormat,
) -> Checked:
    upload.seek(0)
    data = upload.read()
    try:
        text = data.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        raise UnfitFileError(f"“{name}” is not text in UTF-8.") from error
    if "\x00" in text:
        raise UnfitFileError(f"“{name}” is not text: it has null characters.")
    notice = ""
    if len(text) > rendering.LONGEST:
        words = NOTES[Note.LONG].format(characters=rendering.LONGEST)
        text, notice = "", f"“{name}” {words}"
    return Checked(
        name=name,
        media_type=media_type,
        size=len(data),
        sha256=hashlib.sha256(data).hexdigest(),
        text=text.replace("\r\n", "\n"),
        text_format=text_format,
        content=upload,
        notice=notice,
    )


def _chunks(upload: File) -> Iterator[bytes]:  # type: ignore[type-arg]
    upload.seek(0)
    yield from upload.chunks()


def _digest(chunks: Iterator[bytes]) -> str:
    digest = hashlib.sha256()
    for chunk in chunks:
        digest.update(chunk)
    return digest.hexdigest()
