"""What a room hands to the outbox: plain values, checked before they become letters."""

from dataclasses import dataclass
from datetime import datetime
from email.message import Message
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    # Not at run time: apps register planners before there are models.
    from django.contrib.auth.base_user import AbstractBaseUser

LINE_BREAKS = ("\r", "\n")


def _refuse_line_breaks(**fields: str) -> None:
    # A line break in a header would let its author write headers of their own.
    for name, value in fields.items():
        if any(mark in value for mark in LINE_BREAKS):
            raise ValueError(f"The {name} of a notice must be one line.")


def key_of(kind: str, occurrence: str, recipient: "AbstractBaseUser | None") -> str:
    """Return the identity of a notice, for who asks whether it was queued before.

    To an address without an account there is one for each occurrence.
    """
    return f"{kind}|{occurrence}|{recipient.pk if recipient else '-'}|mail"


@dataclass(frozen=True, kw_only=True)
class Attachment:
    """A text file that goes with a letter, such as a calendar entry.

    :raises ValueError: if the type is not text, or a header would not be one line.
    """

    name: str
    content: str
    content_type: str

    def __post_init__(self) -> None:
        _refuse_line_breaks(attachment_name=self.name, attachment_type=self.content_type)
        header = Message()
        header["Content-Type"] = self.content_type
        if header.get_content_maintype() != "text" or "/" not in self.content_type:
            raise ValueError(f"An attachment must be text, not {self.content_type!r}.")


@dataclass(frozen=True, kw_only=True)
class Notice:
    """One thing to be told to one person.

    ``occurrence`` names what happened, and when it can happen again which time
    (``"meeting:42@2026-03-01T13:00Z-PT24H"``): a person gets one letter for each.
    ``about`` names the subject (``"meeting:42"``), ``thread`` what the letter is filed
    under in a mail reader (``"product:7"``). ``html`` is a fragment. ``to`` is an address
    other than that of the recipient's account; without a recipient it is needed.
    ``is_secret`` says that the text opens something, such as a link to an invitation:
    it is kept only until it has gone.

    :raises ValueError: if a header would not be one line, or a name is missing.
    """

    kind: str
    occurrence: str
    recipient: "AbstractBaseUser | None"
    about: str
    subject: str
    text: str
    why: str
    thread: str
    due_at: datetime
    html: str = ""
    attachments: tuple[Attachment, ...] = ()
    to: str = ""
    is_secret: bool = False

    def __post_init__(self) -> None:
        named = {
            "kind": self.kind,
            "occurrence": self.occurrence,
            "about": self.about,
            "subject": self.subject,
            "thread": self.thread,
            "address": self.address,
        }
        _refuse_line_breaks(**named)
        for name, value in (named | {"text": self.text, "why": self.why}).items():
            if not value.strip():
                raise ValueError(f"A notice needs its {name}.")

    @property
    def address(self) -> str:
        """Where the recipient gets mail at this moment, if nowhere else is meant."""
        if self.to or self.recipient is None:
            return self.to
        return str(getattr(self.recipient, self.recipient.get_email_field_name()))

    @property
    def key(self) -> str:
        """The identity of this notice (rule 44): occurrence, recipient, channel."""
        return key_of(self.kind, self.occurrence, self.recipient)
