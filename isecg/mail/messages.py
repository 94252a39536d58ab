"""A letter as it goes over the wire."""

from email.message import Message
from email.mime.text import MIMEText

from django.core.mail import EmailMultiAlternatives
from django.core.mail.backends.base import BaseEmailBackend
from django.utils.html import escape, linebreaks

from isecg.mail.models import Letter


def build(letter: Letter, *, connection: BaseEmailBackend | None = None) -> EmailMultiAlternatives:
    """Return ``letter`` as a message: the same at every try, Message-ID included."""
    message = EmailMultiAlternatives(
        subject=_one_line(letter.subject),
        body=f"{letter.text.rstrip()}\n\n-- \n{letter.why}\n",
        to=[letter.address],
        connection=connection,
        headers=headers(letter),
    )
    if letter.html:
        message.attach_alternative(_page(letter), "text/html")
    for attachment in letter.attachments:
        message.attach(_part(**attachment))
    return message


def _one_line(text: str) -> str:
    """Return a header's text without the marks at which the email package would break it.

    They are more than CR and LF, which a notice refuses: a vertical tab or a line separator
    in a title would make a letter that no mail server can be given.
    """
    return " ".join(text.splitlines())


def headers(letter: Letter) -> dict[str, str]:
    """Return the headers beyond From, To, Subject and Date (rule 45)."""
    return {
        "Message-ID": letter.message_id,
        "In-Reply-To": letter.thread_id,
        "References": letter.thread_id,
        "List-Id": letter.list_id,
        # Keeps out-of-office replies from coming back to us (RFC 3834).
        "Auto-Submitted": "auto-generated",
    }


def _page(letter: Letter) -> str:
    return (
        f'<!doctype html><html lang="en"><head><meta charset="utf-8">'
        f"<title>{escape(letter.subject)}</title></head>"
        f"<body>{letter.html}<hr>{linebreaks(letter.why, autoescape=True)}</body></html>"
    )


def _part(*, name: str, content: str, content_type: str) -> MIMEText:
    """Return an attachment with the parameters of its type.

    Django would append a second charset to ``text/calendar; method=REQUEST; charset=utf-8``.
    """
    header = Message()
    header["Content-Type"] = content_type
    part = MIMEText(content, header.get_content_subtype(), "utf-8")
    for parameter, value in header.get_params(failobj=[])[1:]:
        if parameter != "charset":
            part.set_param(parameter, value)
    part.add_header("Content-Disposition", "attachment", filename=_one_line(name))
    return part
