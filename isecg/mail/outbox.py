"""Put letters in the outbox, in the transaction of their fact (rule 44)."""

import re
import secrets
from collections.abc import Collection, Iterable
from dataclasses import asdict
from urllib.parse import urlsplit

import structlog
from django.conf import settings
from django.db import transaction
from kombu.connection import Connection
from kombu.exceptions import KombuError

from isecg import clock
from isecg.celery import app
from isecg.mail.models import Letter, State
from isecg.mail.notices import Attachment, Notice

__all__ = ["Attachment", "Notice", "drop", "enqueue", "wake"]

log = structlog.get_logger(__name__)

BROKER_SECONDS = 2


def _host() -> str:
    return urlsplit(settings.SITE_URL).hostname or "localhost"


def _letter(notice: Notice) -> Letter:
    thread = re.sub(r"[^A-Za-z0-9]+", "-", notice.thread).strip("-").lower()
    return Letter(
        recipient_id=notice.recipient.pk if notice.recipient else None,
        address=notice.address,
        kind=notice.kind,
        key=notice.key,
        about=notice.about,
        subject=notice.subject,
        text=notice.text,
        html=notice.html,
        why=notice.why,
        message_id=f"<{secrets.token_hex(16)}@{_host()}>",
        # No letter has this id: mail readers put under it what refers to it.
        thread_id=f"<thread.{thread}@{_host()}>",
        list_id=f"<{thread}.{_host()}>",
        is_secret=notice.is_secret,
        attachments=[asdict(attachment) for attachment in notice.attachments],
        due_at=notice.due_at,
    )


def enqueue(notices: Iterable[Notice], *, nudge: bool = True) -> int:
    """Queue one letter per notice and return how many are new.

    A notice that was queued before, in whatever state it is now, adds nothing.
    With ``nudge`` the worker is told after the commit if a letter is due already.
    """
    letters = [_letter(notice) for notice in notices]
    # The unique key decides; this only spares the database what it has long had.
    known = set(
        Letter.objects.filter(key__in=[letter.key for letter in letters]).values_list(
            "key", flat=True
        )
    )
    letters = [letter for letter in letters if letter.key not in known]
    if not letters:
        return 0
    Letter.objects.bulk_create(letters, ignore_conflicts=True)
    if nudge and any(letter.due_at <= clock.now() for letter in letters):
        transaction.on_commit(wake, robust=True)
    # Ids are random, so those that are found are those that this call wrote.
    return Letter.objects.filter(message_id__in=[letter.message_id for letter in letters]).count()


def drop(about: str, *, note: str, keys: Collection[str] | None = None) -> int:
    """Drop the letters about a subject that have not gone, and return how many.

    With ``keys`` only those among them.

    :raises ValueError: if ``note`` is blank.
    """
    if not note.strip():
        raise ValueError("A dropped letter needs a note that says why.")
    letters = Letter.objects.pending().filter(about=about)
    if keys is not None:
        letters = letters.filter(key__in=keys)
    letters.filter(is_secret=True).update(text=note, html="")
    return letters.update(state=State.DROPPED, note=note)


def wake() -> None:
    """Tell a worker that something is due; with the broker down the next tick sends it."""
    try:
        # A connection of its own: the pool's would try again without end, and
        # the person who pressed the button would wait for it.
        with Connection(  # type: ignore[no-untyped-call]  # kombu has no types
            app.conf.broker_write_url,
            connect_timeout=BROKER_SECONDS,
            transport_options={
                **app.conf.broker_transport_options,
                "socket_connect_timeout": BROKER_SECONDS,
                "socket_timeout": BROKER_SECONDS,
                "max_retries": 0,
            },
        ) as connection:
            app.send_task("isecg.mail.tasks.deliver_pending", connection=connection, retry=False)
    except (KombuError, OSError) as error:
        log.warning("mail.broker_away", error=type(error).__name__)
