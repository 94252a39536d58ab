"""The rows of the event log, and the head that orders them."""

from typing import ClassVar

from django.conf import settings
from django.db import models

from isecg.events import chain
from isecg.visibility import VisibleQuerySet, secretariat

PROGRAM = "the program"


class Head(models.Model):
    """The end of the chain: one row, and the lock that puts events in order."""

    id = models.PositiveSmallIntegerField(primary_key=True, default=1)
    seq = models.PositiveBigIntegerField(default=0)
    hash = models.CharField(max_length=64, default=chain.GENESIS)

    visible_by = secretariat
    objects = VisibleQuerySet.as_manager()

    class Meta:
        constraints = [
            models.CheckConstraint(condition=models.Q(id=1), name="events_one_head"),
        ]

    def __str__(self) -> str:
        return f"{self.seq} {self.hash}"


class Event(models.Model):
    """One thing that was done: by whom, for whom, to what, when and why (rule 49).

    ``user`` is the account, empty for the program, and ``actor`` its reference
    (``"user:42"``), which the hash covers: a name in the chain could never be taken out.
    Show ``by``, the account's present name, and ask for the events with ``user``.
    ``payload`` holds the rest: on behalf of, subject, version, before, after, reason.
    Written only by :func:`isecg.events.record`.
    """

    append_only: ClassVar[bool] = True

    seq = models.PositiveBigIntegerField(primary_key=True)
    at = models.DateTimeField()
    user = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.PROTECT, null=True, related_name="events"
    )
    actor = models.CharField(max_length=200)
    event = models.CharField(max_length=60, db_index=True)
    subject = models.CharField(max_length=80)
    payload = models.JSONField()
    prev = models.CharField(max_length=64, unique=True)
    hash = models.CharField(max_length=64, unique=True)

    visible_by = secretariat
    objects = VisibleQuerySet.as_manager()

    class Meta:
        ordering = ["seq"]
        indexes = [models.Index(fields=["subject", "-seq"], name="events_subject")]

    def __str__(self) -> str:
        return f"{self.seq} {self.event} {self.subject}"

    @property
    def by(self) -> str:
        """Who did it, by the account's present name."""
        return str(self.user) if self.user_id else self.actor

    @property
    def link(self) -> chain.Link:
        """The part that the hash covers."""
        return chain.Link(
            seq=self.seq,
            at=self.at,
            actor=self.actor,
            event=self.event,
            payload=self.payload | {"subject": self.subject, "user": self.user_id},
            prev=self.prev,
        )
