"""What the two sides have in common: the limits, and why a file is refused."""

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum

MB = 1024 * 1024


@dataclass(frozen=True, kw_only=True)
class Limits:
    """How much a file may cost before it is refused."""

    memory_mb: int
    cpu_seconds: int
    wall_seconds: int
    characters: int
    pages: int
    unpacked_mb: int
    ratio: int
    members: int
    rows: int = 0


class Kind(StrEnum):
    """What the child can read."""

    PDF = "pdf"
    DOCX = "docx"
    XLSX = "xlsx"


class Refusal(StrEnum):
    """Why a file is not taken; :data:`SENTENCES` says it to who sent it."""

    BROKEN = "broken"
    ENCRYPTED = "encrypted"
    PAGES = "pages"
    MEMBERS = "members"
    UNPACKED = "unpacked"
    RATIO = "ratio"
    NAMES = "names"
    DOCTYPE = "doctype"
    LIMITS = "limits"
    BUSY = "busy"


class Note(StrEnum):
    """Why a file that is taken has no text here."""

    EMPTY = "empty"
    LONG = "long"


class RefusedError(Exception):
    """Inside the child: the file is refused."""

    def __init__(self, why: Refusal) -> None:
        super().__init__(why)
        self.why = why


# Each continues “the name of the file”.
SENTENCES: Mapping[Refusal, str] = {
    Refusal.BROKEN: "cannot be read: it is damaged, or is not what its name says.",
    Refusal.ENCRYPTED: "is protected by a password: send it without one.",
    Refusal.PAGES: "has more than {pages:,} pages.",
    Refusal.MEMBERS: "is packed of more than {members:,} parts.",
    Refusal.UNPACKED: "unpacks to more than {unpacked_mb:,} MB.",
    Refusal.RATIO: "unpacks to more than {ratio:,} times its size.",
    Refusal.NAMES: "has parts whose names lead out of it or stand there twice.",
    Refusal.DOCTYPE: "declares a document type or entities, which word processors do not write: "
    "save it anew and send that.",
    Refusal.LIMITS: "could not be read within the limits: {cpu_seconds} seconds of computing, "
    "{wall_seconds} seconds in all and {memory_mb} MB of memory.",
    Refusal.BUSY: "was not looked at, because other files are being read: try again in a minute.",
}
NOTES: Mapping[Note, str] = {
    Note.EMPTY: "has no text that can be read, as where pages are pictures. It is kept and "
    "can be downloaded, and cannot be compared or commented on by paragraph.",
    Note.LONG: "has more than {characters:,} characters. It is kept and can be downloaded, and "
    "cannot be shown, compared or commented on by paragraph.",
}
