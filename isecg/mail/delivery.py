"""Claim, send, mark: the way of a letter out of the house.

The claim and the mark are short transactions; nothing is locked while a mail server
answers. A worker that dies in between leaves a lease that runs out: its letter may
go twice, under the same Message-ID, and is never lost (rule 44).
"""

import secrets
from datetime import timedelta
from smtplib import SMTPDataError, SMTPRecipientsRefused

import structlog
from django.conf import settings
from django.core.mail import get_connection
from django.core.mail.backends.base import BaseEmailBackend
from django.db import transaction
from django.db.models import F

from isecg import clock
from isecg.mail import messages, registry
from isecg.mail.models import Letter, State

log = structlog.get_logger(__name__)

# Few at a time: all of a claim are parked behind a crash until the lease has run out.
CLAIM_LIMIT = 5
# A letter that more workers than this died with travels alone.
CLAIMS_IN_COMPANY = 5
FIRST_REST = timedelta(minutes=1)
LONGEST_REST = timedelta(hours=6)
# With the rests above this is a little over four days, as RFC 5321 (4.5.4.1) asks.
GIVE_UP_AFTER = 24
# EMAIL_TIMEOUT bounds one answer of the mail server; a letter takes a dozen of them.
ANSWERS_PER_LETTER = 15
DATABASE_SECONDS = 20
MARGIN_SECONDS = 30
STRUCK = "The text was struck once the letter had gone: it opened something."
# Then the task ends and the next tick goes on, below the limits set for Celery.
LONGEST_ROUND = timedelta(minutes=10)


class MailServerDownError(Exception):
    """Nobody takes letters at the moment: no letter's own fault."""


class NotTakenError(Exception):
    """The mail backend did not take the letter and gave no error."""


def lease() -> timedelta:
    """Return how long a claimed letter is left to its worker."""
    sending: int = ANSWERS_PER_LETTER * settings.EMAIL_TIMEOUT
    return timedelta(seconds=sending + DATABASE_SECONDS + MARGIN_SECONDS)


def rest_after(failures: int) -> timedelta:
    """Return how long a letter rests after its so many-th failure."""
    return min(FIRST_REST * (1 << min(failures - 1, 20)), LONGEST_REST)


def is_final(error: Exception) -> bool:
    """Whether a mail server refused this recipient or this letter for good."""
    if isinstance(error, SMTPRecipientsRefused):
        return all(code >= 500 for code, _ in error.recipients.values())
    # A refused *sender* is our own configuration: it can be mended, so letters wait.
    return isinstance(error, SMTPDataError) and error.smtp_code >= 500


@transaction.atomic(durable=True)
def claim(*, limit: int = CLAIM_LIMIT) -> list[Letter]:
    """Take the next due letters for this worker alone, first due first."""
    now = clock.now()
    letters = list(
        Letter.objects.claimable(now)
        .select_related("recipient")
        .select_for_update(skip_locked=True, of=("self",))[:limit]
    )
    suspect = next(
        (i for i, letter in enumerate(letters) if letter.claims > CLAIMS_IN_COMPANY), None
    )
    if suspect is not None:
        # Alone if it comes first, else those before it: they must not share its crash.
        letters = letters[: max(suspect, 1)]
    token, lease_until = secrets.token_hex(16), now + lease()
    Letter.objects.filter(pk__in=[letter.pk for letter in letters]).update(
        claimed_by=token, lease_until=lease_until, claims=F("claims") + 1
    )
    for letter in letters:
        letter.claimed_by, letter.lease_until = token, lease_until
        letter.claims += 1
    return letters


def deliver_pending() -> int:
    """Send what is due, a claim at a time, and return how many letters went."""
    sent, stop_at = 0, clock.now() + LONGEST_ROUND
    connection = get_connection()
    while clock.now() < stop_at and (letters := claim()):
        try:
            sent += sum(deliver(letter, connection=connection) for letter in letters)
        except MailServerDownError as error:
            # None of them is to blame, so none rests: after the outage they go in order.
            _release(letters, error=_words(error.__cause__ or error))
            log.warning("mail.server_down", error=type(error.__cause__).__name__)
            break
        finally:
            connection.close()
    return sent


def deliver(letter: Letter, *, connection: BaseEmailBackend) -> bool:
    """Send one claimed letter, or drop it if its subject is over; say whether it went.

    :raises MailServerDownError: if no connection can be had.
    """
    if not _renew(letter):
        return False
    try:
        if note := registry.reason_to_drop(letter):
            _end(letter, state=State.DROPPED, note=note)
            log.info("mail.dropped", letter=letter.pk, kind=letter.kind)
            return False
        _send(letter, connection)
    except MailServerDownError:
        raise
    except Exception as error:  # noqa: BLE001 one broken letter must not stop the others
        connection.close()
        _fail(letter, error)
        return False
    _sent(letter)
    return True


def _send(letter: Letter, connection: BaseEmailBackend) -> None:
    message = messages.build(letter, connection=connection)
    try:
        connection.open()
    except OSError as error:  # every error of smtplib and of a socket is one
        raise MailServerDownError from error
    if connection.send_messages([message]) != 1:
        raise NotTakenError("The mail backend did not take the letter.")


def _renew(letter: Letter) -> bool:
    """Start the lease anew, unless the letter was dropped or went to another worker."""
    mine = Letter.objects.pending().filter(pk=letter.pk, claimed_by=letter.claimed_by)
    return bool(mine.update(lease_until=clock.now() + lease()))


def _end(letter: Letter, **fields: object) -> bool:
    """Give the claim back in good order, if it is still ours."""
    if fields.get("state", State.QUEUED) != State.QUEUED:
        fields |= _struck(letter)
    mine = Letter.objects.pending().filter(pk=letter.pk, claimed_by=letter.claimed_by)
    return bool(mine.update(claimed_by="", lease_until=None, claims=F("claims") - 1, **fields))


def _struck(letter: Letter) -> dict[str, object]:
    """Return what takes a secret out of a letter that is done.

    Whoever reads the table later, or its backup, must find no link that opens something.
    The demo sends nothing: there the mailbox page is where the link is read.
    """
    if not letter.is_secret or settings.MAILBOX_PAGE:
        return {}
    return {"text": STRUCK, "html": ""}


def _sent(letter: Letter) -> None:
    # Whoever dropped it while it was on its way came too late: what went, went.
    mine = Letter.objects.filter(
        pk=letter.pk, claimed_by=letter.claimed_by, state__in=[State.QUEUED, State.DROPPED]
    )
    marked = mine.update(
        state=State.SENT,
        sent_at=clock.now(),
        note="",
        claimed_by="",
        lease_until=None,
        claims=F("claims") - 1,
        **_struck(letter),
    )
    log.info("mail.sent" if marked else "mail.sent_without_lease", letter=letter.pk)


def _fail(letter: Letter, error: Exception) -> None:
    failures = letter.failures + 1
    final = is_final(error) or failures > GIVE_UP_AFTER
    _end(
        letter,
        state=State.FAILED if final else State.QUEUED,
        failures=failures,
        next_try_at=None if final else clock.now() + rest_after(failures),
        last_error=_words(error),
    )
    log.warning(
        "mail.failed" if final else "mail.put_off",
        letter=letter.pk,
        kind=letter.kind,
        failures=failures,
        error=type(error).__name__,
    )


def _release(letters: list[Letter], *, error: str) -> None:
    for letter in letters:
        _end(letter, last_error=error)


def _words(error: BaseException) -> str:
    return f"{type(error).__name__}: {error}"[:2000]
