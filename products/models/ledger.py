"""The ledger of objections and conditions (rules 29-31)."""

from django.db import models
from django.urls import reverse

from isecg.history import Tracked, row_history
from isecg.visibility import VisibleQuerySet, through
from products.consensus import Stand
from products.ledger import LedgerKind, LedgerState
from products.models.calls import Call, PositionEntry
from products.models.products import Product
from products.models.versions import Version
from workgroups.models import Agency, User


class LedgerItem(Tracked):
    """An objection or a condition until its agency resolves it against a version (rule 30).

    ``entry`` is the position that put it there, given on ``version`` in ``call``. A proposed
    disposition starts the originator's clock, which runs until ``answer_due_at``: what
    that comes to is computed when it is read. ``implemented_in`` is the version that
    implements the disposition. ``converted_to`` is the stand that its agency took instead.
    ``considered`` is the chair's remark that it was duly considered, which removes nothing.
    """

    product = models.ForeignKey(Product, models.PROTECT, related_name="ledger")
    call = models.ForeignKey(Call, models.PROTECT, related_name="ledger")
    version = models.ForeignKey(Version, models.PROTECT, related_name="+")
    entry = models.OneToOneField(PositionEntry, models.PROTECT, related_name="ledger_item")
    kind = models.CharField(max_length=20, choices=LedgerKind)
    number = models.PositiveSmallIntegerField()
    agency = models.ForeignKey(Agency, models.PROTECT, related_name="ledger_items")
    code = models.CharField(max_length=20)
    text = models.TextField()
    registered_at = models.DateTimeField()
    state = models.CharField(max_length=20, choices=LedgerState, default=LedgerState.REGISTERED)

    disposition = models.TextField(blank=True)
    prints_both_views = models.BooleanField(default=False)
    disposed_at = models.DateTimeField(null=True, blank=True)
    disposed_by = models.ForeignKey(
        User, models.PROTECT, null=True, blank=True, related_name="ledger_dispositions"
    )
    answer_due_at = models.DateTimeField(null=True, blank=True)
    implemented_in = models.ForeignKey(
        Version, models.PROTECT, null=True, blank=True, related_name="implements"
    )

    answer = models.TextField(blank=True)
    answered_at = models.DateTimeField(null=True, blank=True)
    answered_by = models.ForeignKey(
        User, models.PROTECT, null=True, blank=True, related_name="ledger_answers"
    )
    source = models.TextField(blank=True)

    ended_at = models.DateTimeField(null=True, blank=True)
    ended_because = models.TextField(blank=True)
    converted_to = models.CharField(max_length=20, choices=Stand, blank=True)

    considered = models.TextField(blank=True)
    considered_at = models.DateTimeField(null=True, blank=True)
    considered_by = models.ForeignKey(
        User, models.PROTECT, null=True, blank=True, related_name="ledger_considered"
    )
    escalation = models.TextField(blank=True)
    escalated_at = models.DateTimeField(null=True, blank=True)
    escalated_by = models.ForeignKey(
        User, models.PROTECT, null=True, blank=True, related_name="ledger_escalated"
    )

    visible_by = through("product", "drafts_read_by")
    objects = VisibleQuerySet.as_manager()
    history = row_history()

    class Meta:
        ordering = ["product", "kind", "number"]
        constraints = [
            models.UniqueConstraint(
                fields=["product", "kind", "number"], name="ledger_item_number_once"
            ),
            models.CheckConstraint(
                condition=models.Q(kind__in=LedgerKind.values), name="ledger_item_kind_known"
            ),
            models.CheckConstraint(
                condition=models.Q(state__in=LedgerState.values), name="ledger_item_state_known"
            ),
            models.CheckConstraint(
                condition=models.Q(converted_to__in=["", *Stand.values]),
                name="ledger_item_converted_to_a_stand",
            ),
            models.CheckConstraint(
                condition=~models.Q(text=""),
                name="ledger_item_has_text",
                violation_error_message="An objection or a condition needs its text.",
            ),
            models.CheckConstraint(
                condition=models.Q(state__in=["registered", "withdrawn", "lapsed"])
                | (
                    ~models.Q(disposition="")
                    & models.Q(
                        disposed_at__isnull=False,
                        disposed_by__isnull=False,
                        answer_due_at__isnull=False,
                    )
                ),
                name="ledger_item_disposed_with_a_clock",
                violation_error_message="A disposition says how, and starts a clock.",
            ),
            models.CheckConstraint(
                condition=~models.Q(state__in=["accepted", "modified", "rejected"])
                | models.Q(answered_at__isnull=False, answered_by__isnull=False),
                name="ledger_item_answered_by_somebody",
            ),
            models.CheckConstraint(
                condition=(models.Q(state__in=["withdrawn", "lapsed"], ended_at__isnull=False))
                | (~models.Q(state__in=["withdrawn", "lapsed"]) & models.Q(ended_at=None)),
                name="ledger_item_ended_at_iff_ended",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.code}’s {self.get_kind_display().lower()} {self.label}"

    def get_absolute_url(self) -> str:
        return reverse("ledger_item", args=[self.product.code, self.pk])

    @property
    def label(self) -> str:
        """``C-2`` for a condition, ``O-1`` for an objection."""
        return f"{'C' if self.kind == LedgerKind.CONDITION else 'O'}-{self.number}"
