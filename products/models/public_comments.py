"""Windows for comments of the public, and what came in (rule 36)."""

from datetime import datetime
from typing import Any

from django.db import models
from django.urls import reverse

from isecg.history import Tracked, row_history
from isecg.visibility import VisibleQuerySet, is_all
from products.models.products import Product
from products.models.versions import Version, posted
from products.remarks import Moderation, PublicDisposition
from workgroups.models import User
from workgroups.permissions import Standing


def drafts_read_or_open(rows: Any, standing: Standing) -> Any:
    """Who reads drafts sees every window; anybody those that are open, signed in or not."""
    products = Product.objects.drafts_read_by(standing)
    if is_all(products):
        return rows
    return rows.filter(models.Q(product__in=products) | posted(standing.at))


class CommentWindowQuerySet(VisibleQuerySet["CommentWindow"]):
    def open_at(self, at: datetime) -> "CommentWindowQuerySet":
        """Windows in which the public may comment at an instant."""
        return self.filter(posted(at))


class CommentWindow(Tracked):
    """The time in which the public may comment on one version: a posted draft or a release.

    Instants are in UTC; ``time_zone`` is that in which the end was set. ``ended_at`` is set
    where it was closed before its time. A version that is not released is public from
    ``opens_at`` on and as long as the window is open.
    """

    product = models.ForeignKey(Product, models.PROTECT, related_name="comment_windows")
    version = models.ForeignKey(
        Version,
        models.PROTECT,
        null=True,
        blank=True,
        related_name="comment_windows",
        help_text="Empty for what was released before the tracker was kept.",
    )
    opens_at = models.DateTimeField()
    closes_at = models.DateTimeField()
    time_zone = models.CharField(max_length=60)
    note = models.TextField(blank=True)
    ended_at = models.DateTimeField(null=True, blank=True)

    visible_by = drafts_read_or_open
    objects = CommentWindowQuerySet.as_manager()
    history = row_history()

    class Meta:
        ordering = ["-opens_at"]
        constraints = [
            models.CheckConstraint(
                condition=models.Q(closes_at__gt=models.F("opens_at")),
                name="comment_window_closes_after_opening",
                violation_error_message="A window closes after it opens.",
            ),
        ]

    def __str__(self) -> str:
        return f"Public comment on {self.version or self.product}"

    def is_open_at(self, at: datetime) -> bool:
        """Whether the public may comment at an instant; its product may have been withdrawn."""
        return self.opens_at <= at <= self.closes_at and self.ended_at is None


def handed_over(rows: Any, standing: Standing) -> Any:
    """The secretariat sees every public comment, members those that were passed to them."""
    if standing.is_secretariat:
        return rows
    products = Product.objects.drafts_read_by(standing)
    return rows.filter(handed_over_at__isnull=False, window__product__in=products)


class PublicCommentQuerySet(VisibleQuerySet["PublicComment"]):
    def held(self) -> "PublicCommentQuerySet":
        """Those that wait for moderation."""
        return self.filter(moderation=Moderation.HELD)

    def to_hand_over(self) -> "PublicCommentQuerySet":
        """Those that were passed, and that the member agencies have not had yet."""
        return self.filter(moderation=Moderation.PASSED, handed_over_at=None)

    def to_dispose(self) -> "PublicCommentQuerySet":
        """Those that the member agencies have had, and that nobody has answered."""
        return self.filter(handed_over_at__isnull=False, disposition="")

    def queued(self) -> "PublicCommentQuerySet":
        """Those that wait for the next edition."""
        return self.filter(disposition=PublicDisposition.NEXT_EDITION)


class PublicComment(Tracked):
    """What somebody outside said of a posted draft or a released product (rule 36).

    It never changes a released edition. ``number`` counts within the product.
    """

    window = models.ForeignKey(CommentWindow, models.PROTECT, related_name="comments")
    product = models.ForeignKey(Product, models.PROTECT, related_name="public_comments")
    number = models.PositiveIntegerField()
    name = models.CharField(max_length=150)
    affiliation = models.CharField(max_length=200, blank=True)
    address = models.EmailField(max_length=254, blank=True)
    place = models.CharField("section or paragraph", max_length=100, blank=True)
    text = models.TextField("comment")
    received_at = models.DateTimeField()
    moderation = models.CharField(max_length=10, choices=Moderation, default=Moderation.HELD)
    moderation_reason = models.TextField(blank=True)
    moderated_at = models.DateTimeField(null=True, blank=True)
    moderated_by = models.ForeignKey(
        User, models.PROTECT, null=True, blank=True, related_name="moderated_comments"
    )
    handed_over_at = models.DateTimeField(null=True, blank=True)
    disposition = models.CharField(max_length=10, choices=PublicDisposition, blank=True)
    response = models.TextField(blank=True)
    disposed_at = models.DateTimeField(null=True, blank=True)
    disposed_by = models.ForeignKey(
        User, models.PROTECT, null=True, blank=True, related_name="disposed_public_comments"
    )

    visible_by = handed_over
    objects = PublicCommentQuerySet.as_manager()
    # The name and the address of an outsider are kept once, and can be erased.
    history = row_history(excluded_fields=["name", "affiliation", "address"])

    class Meta:
        ordering = ["product", "number"]
        constraints = [
            models.UniqueConstraint(
                fields=["product", "number"], name="public_comment_number_once"
            ),
            models.CheckConstraint(
                condition=models.Q(moderation__in=Moderation.values),
                name="public_comment_moderation_known",
            ),
            models.CheckConstraint(
                condition=models.Q(disposition__in=["", *PublicDisposition.values]),
                name="public_comment_disposition_known",
            ),
            models.CheckConstraint(condition=~models.Q(text=""), name="public_comment_has_text"),
            models.CheckConstraint(
                condition=~models.Q(moderation=Moderation.REFUSED)
                | ~models.Q(moderation_reason=""),
                name="public_comment_refusal_has_reason",
                violation_error_message="A refusal needs its reason.",
            ),
            models.CheckConstraint(
                condition=models.Q(moderation=Moderation.HELD, moderated_at=None)
                | (~models.Q(moderation=Moderation.HELD) & models.Q(moderated_at__isnull=False)),
                name="public_comment_moderated_at_iff_moderated",
            ),
            models.CheckConstraint(
                condition=models.Q(handed_over_at=None) | models.Q(moderation=Moderation.PASSED),
                name="public_comment_handed_over_if_passed",
            ),
            models.CheckConstraint(
                condition=models.Q(disposition="", disposed_at=None)
                | (~models.Q(disposition="") & models.Q(disposed_at__isnull=False)),
                name="public_comment_disposed_at_iff_disposed",
            ),
            models.CheckConstraint(
                condition=~models.Q(disposition=PublicDisposition.REJECTED)
                | ~models.Q(response=""),
                name="public_comment_rejection_has_reason",
                violation_error_message="A rejection needs its reason.",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.product} P-{self.number}"

    def get_absolute_url(self) -> str:
        return reverse("public_comment", args=[self.product.code, self.number])
