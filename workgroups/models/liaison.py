"""Outside organisations that ISECG relates to; they hold no position (rule 9)."""

from django.db import models

from isecg.history import Tracked, row_history
from isecg.partial_dates import PartialDateField
from isecg.provenance import Sourced
from isecg.visibility import VisibleQuerySet, everyone


class LiaisonOrganisation(Tracked, Sourced):
    """An organisation with a relationship and no voice (rule 9)."""

    code = models.SlugField(max_length=20, unique=True)
    name = models.CharField(max_length=200)
    relation = models.TextField()
    founded = PartialDateField("founded")

    visible_by = everyone
    objects = VisibleQuerySet.as_manager()
    history = row_history()

    class Meta:
        ordering = ["code"]
        constraints = [*Sourced.Meta.constraints]

    def __str__(self) -> str:
        return self.code
