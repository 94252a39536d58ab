"""Versions and their files: written once, never changed (rule 13)."""

from datetime import datetime
from typing import Any, ClassVar

from django.db import models
from django.urls import reverse

from isecg.visibility import VisibleQuerySet, is_all, through
from products.models.products import Product
from products.workflow import State
from workgroups.models import User
from workgroups.permissions import Standing


class ChangeClass(models.TextChoices):
    """How far a version changes what is said (rule 13)."""

    SUBSTANTIVE = "substantive", "Substantive"
    EDITORIAL = "editorial", "Editorial"


class TextFormat(models.TextChoices):
    """How the text of a version is to be read."""

    MARKDOWN = "markdown", "Markdown"
    PLAIN = "plain", "Plain text"


def posted(at: datetime, *, path: str = "") -> models.Q:
    """Return the condition on windows for public comment, at ``path``, that are open (rule 36).

    What was withdrawn is no longer open, whatever its window says.
    """
    return models.Q(
        **{
            f"{path}opens_at__lte": at,
            f"{path}closes_at__gte": at,
            f"{path}ended_at": None,
            f"{path}product__state__in": [one for one in State if one != State.WITHDRAWN],
        }
    )


def public_or_sent(rows: Any, standing: Standing) -> Any:
    """Who reads drafts sees every version; others what is public, and a contact what was sent.

    Public are the released ones, and a draft while the public is asked to comment on it
    (rule 14). A contact of a liaison organisation sees the very version that was sent (rule 9).
    """
    drafts = Product.objects.drafts_read_by(standing)
    if is_all(drafts):
        return rows
    # In a subquery: a version may have several windows, and is still one row.
    windows = Version.objects.filter(posted(standing.at, path="comment_windows__"))
    seen = (
        models.Q(product__in=drafts)
        | models.Q(release__isnull=False)
        | models.Q(pk__in=windows.values("pk"))
    )
    if standing.liaisons:
        sent = Version.objects.filter(sendings__organisation__in=standing.liaisons)
        seen |= models.Q(pk__in=sent.values("pk"))
    return rows.filter(seen)


class Version(models.Model):
    """One version of a product's text: immutable (rule 13).

    ``sha256`` is that of its main file, and names the version in calls and releases.
    """

    append_only: ClassVar[bool] = True

    product = models.ForeignKey(Product, models.PROTECT, related_name="versions")
    number = models.PositiveIntegerField()
    text = models.TextField(blank=True)
    text_format = models.CharField(max_length=10, choices=TextFormat, default=TextFormat.MARKDOWN)
    change_class = models.CharField(max_length=20, choices=ChangeClass)
    note = models.TextField("what changed")
    author = models.ForeignKey(User, models.PROTECT, related_name="versions")
    created_at = models.DateTimeField()
    sha256 = models.CharField(max_length=64)

    visible_by = public_or_sent
    objects = VisibleQuerySet.as_manager()

    class Meta:
        ordering = ["product", "-number"]
        constraints = [
            models.UniqueConstraint(fields=["product", "number"], name="version_number_once"),
            models.CheckConstraint(
                condition=models.Q(change_class__in=ChangeClass.values),
                name="version_change_class_known",
            ),
            models.CheckConstraint(
                condition=models.Q(text_format__in=TextFormat.values),
                name="version_text_format_known",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.product} v{self.number}"

    def get_absolute_url(self) -> str:
        return reverse("version", args=[self.product.code, self.number])


class FileRole(models.TextChoices):
    MAIN = "main", "Main file"
    RENDITION = "rendition", "Rendition"


class VersionFile(models.Model):
    """A file of a version, stored under its own hash (rule 13)."""

    append_only: ClassVar[bool] = True

    version = models.ForeignKey(Version, models.PROTECT, related_name="files")
    role = models.CharField(max_length=10, choices=FileRole)
    name = models.CharField(max_length=150)
    path = models.CharField(max_length=200)
    media_type = models.CharField(max_length=100)
    size = models.PositiveBigIntegerField(help_text="In bytes.")
    sha256 = models.CharField(max_length=64)

    visible_by = through("version")
    objects = VisibleQuerySet.as_manager()

    class Meta:
        ordering = ["version", "role", "id"]
        constraints = [
            models.CheckConstraint(
                condition=models.Q(role__in=FileRole.values), name="version_file_role_known"
            ),
            models.UniqueConstraint(
                fields=["version"],
                condition=models.Q(role="main"),
                name="version_one_main_file",
            ),
            models.UniqueConstraint(fields=["version", "name"], name="version_file_name_once"),
        ]

    def __str__(self) -> str:
        return self.name

    def get_absolute_url(self) -> str:
        return reverse("download", args=[self.version.product.code, self.version.number, self.name])
