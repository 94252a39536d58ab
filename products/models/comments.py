"""Comments of agencies on versions, and what is answered (rules 37 and 38)."""

from typing import Any, ClassVar

from django.db import models
from django.db.models.functions import Coalesce
from django.urls import reverse

from isecg.history import Tracked, row_history
from isecg.visibility import VisibleQuerySet, through
from products.models.products import Product
from products.models.versions import Version
from products.remarks import OPEN, Answer, CommentKind, Disposition, Fate
from workgroups.models import Agency, User
from workgroups.permissions import Standing


def submitted_or_own(rows: Any, standing: Standing) -> Any:
    """Who reads the product's drafts sees what was submitted; an agency its own drafts too."""
    products = Product.objects.drafts_read_by(standing)
    own = models.Q(submitted_at=None, agency__in=standing.own_agencies)
    return rows.filter(own | models.Q(submitted_at__isnull=False), product__in=products)


class CommentQuerySet(VisibleQuerySet["Comment"]):
    def submitted(self) -> "CommentQuerySet":
        """Comments that their agencies gave in: drafts are left out."""
        return self.filter(submitted_at__isnull=False)

    def open(self) -> "CommentQuerySet":
        """Submitted comments that still have to be answered (rules 34 and 38)."""
        return self.submitted().filter(disposition__in=OPEN)

    def to_be_checked(self) -> "CommentQuerySet":
        """Open comments that were not looked at since a newer version came (rule 38)."""
        seen = Coalesce(models.OuterRef("checked_on__number"), models.OuterRef("version__number"))
        newer = Version.objects.filter(product=models.OuterRef("product"), number__gt=seen)
        return self.open().filter(models.Exists(newer))


class Comment(Tracked):
    """A comment of an agency on a version, in the columns of rule 37.

    Without ``submitted_at`` it is a draft that only the agency's own people see, and has no
    number. ``anchor`` is the number of the paragraph it stands beside, and ``quote`` begins
    that paragraph as it was then. ``author_name`` prints who wrote it, whether or not that
    person has an account. ``checked_on`` is the last version on which it was looked at again.
    """

    product = models.ForeignKey(Product, models.PROTECT, related_name="comments")
    version = models.ForeignKey(Version, models.PROTECT, related_name="comments")
    number = models.PositiveIntegerField(null=True, blank=True)
    agency = models.ForeignKey(Agency, models.PROTECT, related_name="comments")
    agency_code = models.CharField(max_length=20, help_text="As it was when it was written.")
    author = models.ForeignKey(User, models.PROTECT, null=True, blank=True, related_name="comments")
    author_name = models.CharField("person", max_length=150)
    entered_by = models.ForeignKey(User, models.PROTECT, related_name="entered_comments")
    source = models.TextField(blank=True, help_text="Where it was had from, if not typed here.")
    clause = models.CharField(max_length=100, blank=True)
    place = models.CharField("paragraph, figure or table", max_length=100, blank=True)
    line = models.CharField(max_length=40, blank=True)
    kind = models.CharField("type", max_length=10, choices=CommentKind)
    text = models.TextField("comment")
    proposal = models.TextField("proposed change", blank=True)
    anchor = models.PositiveIntegerField(null=True, blank=True)
    quote = models.CharField(max_length=300, blank=True)
    written_at = models.DateTimeField()
    submitted_at = models.DateTimeField(null=True, blank=True)

    disposition = models.CharField(max_length=10, choices=Disposition, blank=True)
    response = models.TextField(blank=True)
    disposed_at = models.DateTimeField(null=True, blank=True)
    disposed_by = models.ForeignKey(
        User, models.PROTECT, null=True, blank=True, related_name="disposed_comments"
    )
    duplicate_of = models.ForeignKey(
        "self", models.PROTECT, null=True, blank=True, related_name="duplicates"
    )
    action_owner = models.ForeignKey(
        Agency, models.PROTECT, null=True, blank=True, related_name="comment_actions"
    )
    action_due = models.DateField(null=True, blank=True)
    answer = models.CharField(max_length=10, choices=Answer, blank=True)
    answer_text = models.TextField(blank=True)
    answered_at = models.DateTimeField(null=True, blank=True)
    answered_by = models.ForeignKey(
        User, models.PROTECT, null=True, blank=True, related_name="answered_comments"
    )
    checked_on = models.ForeignKey(
        Version, models.PROTECT, null=True, blank=True, related_name="checked_comments"
    )

    visible_by = submitted_or_own
    objects = CommentQuerySet.as_manager()
    history = row_history()

    class Meta:
        ordering = ["product", "number", "id"]
        constraints = [
            models.UniqueConstraint(fields=["product", "number"], name="comment_number_once"),
            models.CheckConstraint(
                condition=models.Q(kind__in=CommentKind.values), name="comment_kind_known"
            ),
            models.CheckConstraint(
                condition=models.Q(disposition__in=["", *Disposition.values]),
                name="comment_disposition_known",
            ),
            models.CheckConstraint(
                condition=models.Q(answer__in=["", *Answer.values]), name="comment_answer_known"
            ),
            models.CheckConstraint(condition=~models.Q(text=""), name="comment_has_text"),
            models.CheckConstraint(
                condition=models.Q(number=None, submitted_at=None, disposition="")
                | models.Q(number__isnull=False, submitted_at__isnull=False),
                name="comment_number_iff_submitted",
            ),
            models.CheckConstraint(
                condition=models.Q(disposition="", disposed_at=None, answer="")
                | (~models.Q(disposition="") & models.Q(disposed_at__isnull=False)),
                name="comment_disposed_at_iff_disposed",
            ),
            models.CheckConstraint(
                condition=~models.Q(disposition=Disposition.REJECTED) | ~models.Q(response=""),
                name="comment_rejection_has_reason",
                violation_error_message="A rejection needs its reason.",
            ),
            models.CheckConstraint(
                condition=models.Q(disposition=Disposition.DUPLICATE, duplicate_of__isnull=False)
                | (~models.Q(disposition=Disposition.DUPLICATE) & models.Q(duplicate_of=None)),
                name="comment_duplicate_names_other",
                violation_error_message="A duplicate names the comment that it repeats.",
            ),
            models.CheckConstraint(
                condition=models.Q(duplicate_of=None) | ~models.Q(duplicate_of=models.F("id")),
                name="comment_not_its_own_duplicate",
            ),
            models.CheckConstraint(
                condition=models.Q(
                    disposition=Disposition.PENDING,
                    action_owner__isnull=False,
                    action_due__isnull=False,
                )
                | (
                    ~models.Q(disposition=Disposition.PENDING)
                    & models.Q(action_owner=None, action_due=None)
                ),
                name="comment_action_has_owner_and_due",
                violation_error_message="A pending action names its owner and its due date.",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.product} C-{self.number}" if self.number else f"Draft on {self.version}"

    def get_absolute_url(self) -> str:
        return reverse("comment", args=[self.product.code, self.pk])

    @property
    def label(self) -> str:
        """How people name it within its product: ``C-12``; a draft has no number."""
        return f"C-{self.number}" if self.number else "draft"

    @property
    def is_draft(self) -> bool:
        return self.submitted_at is None

    @property
    def is_open(self) -> bool:
        """Whether it still has to be answered."""
        return not self.is_draft and self.disposition in OPEN


class CommentPlace(models.Model):
    """Where a comment stands in a later version: found again, moved, changed, or gone (rule 38).

    Written when that version is submitted, and never changed. ``anchor`` is the number of the
    paragraph there, empty where the text was deleted or the comment is on the whole.
    """

    append_only: ClassVar[bool] = True

    comment = models.ForeignKey(Comment, models.PROTECT, related_name="places")
    version = models.ForeignKey(Version, models.PROTECT, related_name="carried_comments")
    anchor = models.PositiveIntegerField(null=True, blank=True)
    fate = models.CharField(max_length=10, choices=Fate)

    visible_by = through("comment")
    objects = VisibleQuerySet.as_manager()

    class Meta:
        ordering = ["comment", "version"]
        constraints = [
            models.UniqueConstraint(fields=["comment", "version"], name="comment_place_once"),
            models.CheckConstraint(
                condition=models.Q(fate__in=Fate.values), name="comment_place_fate_known"
            ),
        ]

    def __str__(self) -> str:
        return f"{self.comment} in {self.version}"
