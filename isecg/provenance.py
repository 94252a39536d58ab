"""Where a fact comes from, and how sure it is."""

from django.db import models


class Confidence(models.TextChoices):
    """How well the source states the fact."""

    HIGH = "high", "Stated by the source"
    MEDIUM = "medium", "Stated imprecisely, or partly inferred"
    LOW = "low", "Inferred, or background knowledge"
    OWN = "own", "Entered here"


class Sourced(models.Model):
    """A row whose facts come from a source that is named beside them."""

    source = models.TextField(blank=True)
    other_sources = models.JSONField(default=list, blank=True)
    confidence = models.CharField(max_length=6, choices=Confidence, default=Confidence.OWN)
    note = models.TextField(blank=True)

    class Meta:
        abstract = True
        constraints = [
            models.CheckConstraint(
                condition=models.Q(confidence__in=Confidence.values),
                name="%(app_label)s_%(class)s_confidence_known",
            )
        ]
