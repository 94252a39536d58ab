"""What was sent to liaison organisations, and what they say to it (rule 9)."""

from typing import Any, ClassVar

from django.db import models

from isecg.visibility import VisibleQuerySet, is_all
from products.models.products import Product
from products.models.versions import Version
from workgroups.models import LiaisonOrganisation, User
from workgroups.permissions import Standing


def between_isecg_and_contacts(rows: Any, standing: Standing) -> Any:
    """Who reads the product's drafts sees it, and the organisation's own contacts.

    Nothing of it is public, not even where the product is.
    """
    drafts = Product.objects.drafts_read_by(standing)
    if is_all(drafts):
        return rows
    own = models.Q(organisation__in=standing.liaisons)
    return rows.filter(own | models.Q(version__product__in=drafts))


class LiaisonSending(models.Model):
    """One version, sent to one organisation: by whose permission, and when."""

    append_only: ClassVar[bool] = True

    version = models.ForeignKey(Version, models.PROTECT, related_name="sendings")
    organisation = models.ForeignKey(LiaisonOrganisation, models.PROTECT, related_name="sendings")
    permission = models.CharField("permitted by", max_length=500)
    sent_at = models.DateTimeField()
    sent_by = models.ForeignKey(User, models.PROTECT, related_name="liaison_sendings")

    visible_by = between_isecg_and_contacts
    objects = VisibleQuerySet.as_manager()

    class Meta:
        ordering = ["-sent_at", "-id"]
        constraints = [
            models.CheckConstraint(
                condition=~models.Q(permission=""),
                name="liaison_sending_names_permission",
                violation_error_message="Say who permitted it.",
            ),
            models.UniqueConstraint(
                fields=["version", "organisation"],
                name="liaison_sending_once",
                violation_error_message="This version was sent to this organisation.",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.version} to {self.organisation}"


class LiaisonStatement(models.Model):
    """What an organisation says, in general or to a version; it is read and never counted.

    ``source`` tells where the secretariat had it from when it entered it on behalf.
    """

    append_only: ClassVar[bool] = True

    organisation = models.ForeignKey(LiaisonOrganisation, models.PROTECT, related_name="statements")
    version = models.ForeignKey(
        Version, models.PROTECT, null=True, blank=True, related_name="statements"
    )
    text = models.TextField()
    given_at = models.DateTimeField()
    given_by = models.ForeignKey(User, models.PROTECT, related_name="liaison_statements")
    on_behalf = models.BooleanField(default=False)
    source = models.TextField(blank=True)

    visible_by = between_isecg_and_contacts
    objects = VisibleQuerySet.as_manager()

    class Meta:
        ordering = ["-given_at", "-id"]
        constraints = [
            models.CheckConstraint(condition=~models.Q(text=""), name="liaison_statement_has_text"),
            models.CheckConstraint(
                condition=models.Q(on_behalf=False, source="")
                | (models.Q(on_behalf=True) & ~models.Q(source="")),
                name="liaison_statement_source_iff_on_behalf",
                violation_error_message="A statement entered on behalf names its source.",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.organisation} on {self.version}" if self.version else str(self.organisation)
