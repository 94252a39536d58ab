"""What agencies and groups say about a call that is no position (rules 16, 18, 20 and 23)."""

from django.db import models

from isecg.history import Tracked, row_history
from isecg.visibility import VisibleQuerySet, through
from products.models.calls import Call
from products.models.products import Product
from workgroups.models import Agency, User


class InterventionKind(models.TextChoices):
    """What an agency says in a call beside its position."""

    MORE_TIME = "more_time", "Request for more time"
    AMENDMENT = "propose_amendment", "Proposed amendment"
    CONCERN = "concern", "Concern"


class Intervention(Tracked):
    """A request for more time, a proposed amendment, or a concern, and its answer.

    The first two come from an elector, and break a silence procedure at once (rule 23);
    a concern comes from a member agency that is none, and does not block (rule 18).
    ``source`` tells where the secretariat had it from when it entered it on behalf.
    """

    call = models.ForeignKey(Call, models.PROTECT, related_name="interventions")
    agency = models.ForeignKey(Agency, models.PROTECT, related_name="interventions")
    code = models.CharField(max_length=20)
    kind = models.CharField(max_length=20, choices=InterventionKind)
    text = models.TextField()
    given_at = models.DateTimeField()
    given_by = models.ForeignKey(User, models.PROTECT, related_name="interventions")
    on_behalf = models.BooleanField(default=False)
    source = models.TextField(blank=True)
    answer = models.TextField(blank=True)
    answered_at = models.DateTimeField(null=True, blank=True)
    answered_by = models.ForeignKey(
        User, models.PROTECT, null=True, blank=True, related_name="answered_interventions"
    )

    visible_by = through("call")
    objects = VisibleQuerySet.as_manager()
    history = row_history()

    class Meta:
        ordering = ["given_at", "id"]
        constraints = [
            models.CheckConstraint(
                condition=models.Q(kind__in=InterventionKind.values),
                name="intervention_kind_known",
            ),
            models.CheckConstraint(
                condition=~models.Q(text=""),
                name="intervention_has_text",
                violation_error_message="Say what it is about.",
            ),
            models.CheckConstraint(
                condition=models.Q(on_behalf=False, source="")
                | (models.Q(on_behalf=True) & ~models.Q(source="")),
                name="intervention_source_iff_on_behalf",
            ),
            models.CheckConstraint(
                condition=models.Q(answer="", answered_at=None, answered_by=None)
                | (
                    ~models.Q(answer="")
                    & models.Q(answered_at__isnull=False, answered_by__isnull=False)
                ),
                name="intervention_answer_whole",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.code}: {self.get_kind_display().lower()}"


class RequestState(models.TextChoices):
    """What became of a group's request for a call."""

    WAITING = "waiting", "Waiting"
    OPENED = "opened", "Opened"
    DECLINED = "declined", "Declined"


class CallRequest(Tracked):
    """A group chair's request that a call be opened on a product (rule 16)."""

    product = models.ForeignKey(Product, models.PROTECT, related_name="call_requests")
    question = models.TextField()
    reason = models.TextField()
    requested_at = models.DateTimeField()
    requested_by = models.ForeignKey(User, models.PROTECT, related_name="call_requests")
    state = models.CharField(max_length=10, choices=RequestState, default=RequestState.WAITING)
    call = models.OneToOneField(Call, models.PROTECT, null=True, blank=True, related_name="request")
    answer = models.TextField(blank=True)
    answered_at = models.DateTimeField(null=True, blank=True)
    answered_by = models.ForeignKey(
        User, models.PROTECT, null=True, blank=True, related_name="answered_call_requests"
    )

    visible_by = through("product", "drafts_read_by")
    objects = VisibleQuerySet.as_manager()
    history = row_history()

    class Meta:
        ordering = ["-requested_at"]
        constraints = [
            models.CheckConstraint(
                condition=models.Q(state__in=RequestState.values), name="call_request_state_known"
            ),
            models.CheckConstraint(
                condition=models.Q(state=RequestState.WAITING, answered_at=None, answered_by=None)
                | (
                    ~models.Q(state=RequestState.WAITING)
                    & models.Q(answered_at__isnull=False, answered_by__isnull=False)
                ),
                name="call_request_answered_iff_not_waiting",
            ),
            models.CheckConstraint(
                condition=models.Q(state=RequestState.OPENED, call__isnull=False)
                | (~models.Q(state=RequestState.OPENED) & models.Q(call=None)),
                name="call_request_call_iff_opened",
            ),
            models.CheckConstraint(
                condition=~models.Q(state=RequestState.DECLINED) | ~models.Q(answer=""),
                name="call_request_declined_says_why",
            ),
            models.UniqueConstraint(
                fields=["product"],
                condition=models.Q(state=RequestState.WAITING),
                name="call_request_one_waiting",
                violation_error_message="A call on this product is requested already.",
            ),
        ]

    def __str__(self) -> str:
        return f"Request for a call on {self.product}"
