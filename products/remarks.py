"""The words of comments: types, dispositions, answers (rules 36-38)."""

from dataclasses import dataclass

from django.db.models import TextChoices


class CommentKind(TextChoices):
    """The type of a comment, as in the ISO/IEC comment table (rule 37)."""

    GENERAL = "general", "General"
    TECHNICAL = "technical", "Technical"
    EDITORIAL = "editorial", "Editorial"


@dataclass(frozen=True, kw_only=True)
class CommentFields:
    """What an agency writes in the columns of the comment table (rule 37).

    ``anchor`` is the number of the paragraph that it stands beside, ``None`` for the whole
    text. ``author_name`` names who wrote it where that is not who enters it.
    """

    kind: CommentKind
    text: str
    clause: str = ""
    place: str = ""
    line: str = ""
    proposal: str = ""
    anchor: int | None = None
    author_name: str = ""


class Disposition(TextChoices):
    """What was decided about a comment (rule 38)."""

    ACCEPTED = "accepted", "Accepted"
    MODIFIED = "modified", "Accepted with modification"
    REJECTED = "rejected", "Rejected"
    NOTED = "noted", "Noted"
    DUPLICATE = "duplicate", "Duplicate of another"
    PENDING = "pending", "Action pending"
    WITHDRAWN = "withdrawn", "Withdrawn by its author"


# What is still to be answered: carried to the next version, and held against a release.
OPEN = ("", Disposition.PENDING)


# The badge of each: its shape and tone say what its word says.
BADGES = {
    "": "none",
    Disposition.ACCEPTED: "ok",
    Disposition.MODIFIED: "reservation",
    Disposition.REJECTED: "bad",
    Disposition.NOTED: "info",
    Disposition.DUPLICATE: "overtaken",
    Disposition.PENDING: "queued",
    Disposition.WITHDRAWN: "withdrawn",
}


class Answer(TextChoices):
    """What the author says to a disposition (rule 38)."""

    CONFIRMED = "confirmed", "Confirmed"
    DISPUTED = "disputed", "Not agreed"


class Fate(TextChoices):
    """What became of a comment's paragraph in a later version (rule 38)."""

    SAME = "same", "Unchanged"
    MOVED = "moved", "Moved"
    CHANGED = "changed", "Text changed"
    DELETED = "deleted", "Text deleted"
    WHOLE = "whole", "On the whole document"


class PublicDisposition(TextChoices):
    """What was decided about a public comment (rule 36)."""

    ACCEPTED = "accepted", "Accepted"
    MODIFIED = "modified", "Accepted with modification"
    REJECTED = "rejected", "Rejected"
    NOTED = "noted", "Noted"
    NEXT_EDITION = "next", "Queued for the next edition"


class Moderation(TextChoices):
    """Whether a public comment was let through (rule 36)."""

    HELD = "held", "Waiting for moderation"
    PASSED = "passed", "Passed"
    REFUSED = "refused", "Refused"
