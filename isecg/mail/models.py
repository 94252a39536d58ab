"""Letters on their way, and the beat of the clockwork (rule 44)."""

from datetime import datetime
from typing import Any

from django.conf import settings
from django.db import models
from django.db.models import Q
from django.urls import reverse

from isecg import clock
from isecg.visibility import Reader, VisibleQuerySet, everyone, secretariat


class State(models.TextChoices):
    """Where a letter stands; only ``queued`` is left again."""

    QUEUED = "queued", "Queued"
    SENT = "sent", "Sent"
    FAILED = "failed", "Failed"
    DROPPED = "dropped", "Dropped"


def own_letters(rows: Any, reader: Reader) -> Any:
    """Everybody sees their own letters; the demo's mailbox shows those of all."""
    if settings.MAILBOX_PAGE:
        return everyone(rows, reader)
    return rows.filter(recipient=reader.user.pk)


class LetterQuerySet(VisibleQuerySet["Letter"]):
    def pending(self) -> "LetterQuerySet":
        """Return letters that still have to go, now or later."""
        return self.filter(state=State.QUEUED)

    def due(self, at: datetime) -> "LetterQuerySet":
        """Return pending letters whose hour has come, whatever holds them up."""
        return self.pending().filter(due_at__lte=at)

    def claimable(self, at: datetime) -> "LetterQuerySet":
        """Return due letters that nobody holds and that are not resting, first due first."""
        return (
            self.due(at)
            .filter(Q(lease_until=None) | Q(lease_until__lte=at))
            .filter(Q(next_try_at=None) | Q(next_try_at__lte=at))
            .order_by("due_at", "pk")
        )


class Letter(models.Model):
    """One notice to one person, written in the transaction of its fact.

    ``state`` is written only by :mod:`isecg.mail.outbox` and :mod:`isecg.mail.delivery`.
    """

    recipient = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        models.PROTECT,
        null=True,
        related_name="letters",
        help_text="Empty for an address that has no account.",
    )
    address = models.EmailField(max_length=254, help_text="As it was when the letter was queued.")
    kind = models.CharField(max_length=60)
    key = models.CharField(
        max_length=300, unique=True, help_text="One row per occurrence, recipient and channel."
    )
    about = models.CharField(max_length=100, db_index=True)
    subject = models.CharField(max_length=250)
    text = models.TextField()
    html = models.TextField(blank=True)
    why = models.TextField(help_text="Why this person gets this letter.")
    message_id = models.CharField(max_length=200, unique=True)
    thread_id = models.CharField(max_length=200)
    list_id = models.CharField(max_length=200)
    is_secret = models.BooleanField(
        default=False, help_text="Its text opens something: it is struck once it has gone."
    )
    attachments = models.JSONField(default=list, blank=True)
    due_at = models.DateTimeField()
    created_at = models.DateTimeField(default=clock.now)

    state = models.CharField(max_length=10, choices=State, default=State.QUEUED)
    claimed_by = models.CharField(max_length=32, blank=True)
    lease_until = models.DateTimeField(null=True, blank=True)
    claims = models.PositiveIntegerField(
        default=0, help_text="Claims without an end: each crash of a worker leaves one."
    )
    failures = models.PositiveIntegerField(default=0, help_text="Tries that were refused.")
    next_try_at = models.DateTimeField(null=True, blank=True)
    last_error = models.TextField(blank=True)
    note = models.TextField(blank=True, help_text="Why it was dropped.")
    sent_at = models.DateTimeField(null=True, blank=True)

    visible_by = own_letters
    objects = LetterQuerySet.as_manager()

    class Meta:
        ordering = ["due_at", "pk"]
        indexes = [
            models.Index(
                fields=["due_at", "id"], condition=Q(state="queued"), name="letter_pending"
            ),
        ]
        constraints = [
            models.CheckConstraint(
                condition=Q(state__in=State.values), name="letter_state_is_known"
            ),
            models.CheckConstraint(
                condition=(Q(state="sent") & Q(sent_at__isnull=False))
                | (~Q(state="sent") & Q(sent_at__isnull=True)),
                name="letter_sent_at_iff_sent",
            ),
            models.CheckConstraint(
                condition=~Q(state="dropped") | ~Q(note=""), name="letter_dropped_says_why"
            ),
            models.CheckConstraint(
                condition=~Q(state="failed") | ~Q(last_error=""), name="letter_failed_says_why"
            ),
            models.CheckConstraint(
                condition=(Q(claimed_by="") & Q(lease_until__isnull=True))
                | (~Q(claimed_by="") & Q(lease_until__isnull=False)),
                name="letter_claim_has_a_lease",
            ),
        ]

    def __str__(self) -> str:
        return self.subject

    def get_absolute_url(self) -> str:
        """Return the letter's page, which exists where the mailbox page does."""
        return reverse("letter", args=[self.pk])

    @property
    def addressee(self) -> str:
        """Whom it is to: a person's name, or the address where there is no account."""
        return str(self.recipient) if self.recipient else self.address


class Heartbeat(models.Model):
    """The last tick of the clockwork: one row."""

    id = models.PositiveSmallIntegerField(primary_key=True, default=1)
    ticked_at = models.DateTimeField()

    visible_by = secretariat
    objects = VisibleQuerySet.as_manager()

    class Meta:
        constraints = [
            models.CheckConstraint(condition=Q(id=1), name="heartbeat_is_one_row"),
        ]

    def __str__(self) -> str:
        return f"Last tick {self.ticked_at:%Y-%m-%d %H:%M:%S} UTC"
