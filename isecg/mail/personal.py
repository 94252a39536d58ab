"""The letters of a person: what they got, and taking out what is personal."""

from collections.abc import Collection
from functools import reduce
from operator import or_
from typing import TYPE_CHECKING, Any

from django.db.models import Q

from isecg.mail.models import Letter, LetterQuerySet, State
from isecg.redaction import Redactor

if TYPE_CHECKING:
    from django.contrib.auth.models import AbstractBaseUser

_TEXTS = ("subject", "text", "html", "why", "last_error", "note")
_BATCH = 200


def letters_to(recipient: "AbstractBaseUser") -> list[dict[str, Any]]:
    """Return what was written to somebody, with where each letter stands."""
    letters = Letter.objects.filter(recipient_id=recipient.pk).order_by("pk")
    return list(
        letters.values(
            *["kind", "about", "address", "subject", "text", "html", "why", "attachments"],
            *["state", "note", "last_error", "created_at", "due_at", "sent_at"],
        )
    )


def empty_letters_to(recipient: "AbstractBaseUser", *, note: str) -> None:
    """Take out all that a letter said and where it went; drop what has not gone.

    The rows stay: what kind of letter went when is part of the record (rule 44).

    :raises ValueError: if ``note`` is blank.
    """
    _empty(Letter.objects.filter(recipient_id=recipient.pk), note=note)


def empty_letters_about(subjects: Collection[str], *, note: str) -> None:
    """Do the same with letters about ``subjects`` that went to an address without an account.

    :raises ValueError: if ``note`` is blank.
    """
    _empty(Letter.objects.filter(recipient=None, about__in=subjects), note=note)


def _empty(letters: LetterQuerySet, *, note: str) -> None:
    if not note.strip():
        raise ValueError("A dropped letter needs a note that says why.")
    letters.pending().update(state=State.DROPPED, note=note)
    letters.update(address="", subject="", text="", html="", why="", attachments=[])
    # A mail server's answer repeats the address; a failed letter must still say something.
    letters.exclude(last_error="").update(last_error="The answer of the mail server was removed.")


def redact_letters(words: Redactor) -> None:
    """Take the words out of the letters to everybody else, gone or not."""
    named = [Q(**{f"{column}__icontains": word}) for column in _TEXTS for word in words.words]
    # JSON writes some letters otherwise, so files are looked through one by one.
    sought = Letter.objects.filter(reduce(or_, named, ~Q(attachments=[]))).order_by("pk")
    for letter in sought.iterator(chunk_size=_BATCH):
        changed: dict[str, Any] = {name: words.redact(getattr(letter, name)) for name in _TEXTS}
        changed["attachments"] = words.redact_files(letter.attachments)
        if any(getattr(letter, name) != value for name, value in changed.items()):
            limit = Letter._meta.get_field("subject").max_length
            changed["subject"] = changed["subject"][:limit]
            Letter.objects.filter(pk=letter.pk).update(**changed)
