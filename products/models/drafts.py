"""What somebody is writing and has not submitted yet: theirs alone (rule 13)."""

from django.db import models

from isecg.visibility import VisibleQuerySet, own
from products.models.products import Product
from products.models.versions import ChangeClass, Version
from workgroups.models import User


class Draft(models.Model):
    """One person's private text of a product's next version, saved while it is written.

    ``based_on`` is the version that the writing began from, ``None`` before the first.
    ``revision`` rises with each save, so that two windows cannot overwrite each other unseen.
    """

    product = models.ForeignKey(Product, models.CASCADE, related_name="drafts")
    author = models.ForeignKey(User, models.CASCADE, related_name="drafts")
    based_on = models.ForeignKey(
        Version, models.PROTECT, null=True, blank=True, related_name="drafts"
    )
    text = models.TextField(blank=True)
    note = models.TextField("what changed", blank=True)
    change_class = models.CharField(max_length=20, choices=ChangeClass, blank=True)
    revision = models.PositiveIntegerField(default=1)
    saved_at = models.DateTimeField()

    visible_by = own("author")
    objects = VisibleQuerySet.as_manager()

    class Meta:
        ordering = ["-saved_at"]
        constraints = [
            models.UniqueConstraint(fields=["product", "author"], name="draft_once_per_author"),
            models.CheckConstraint(
                condition=models.Q(change_class__in=["", *ChangeClass.values]),
                name="draft_change_class_known",
            ),
        ]

    def __str__(self) -> str:
        return f"Draft of {self.product} by {self.author}"
