"""Successions: an agency that took over another's seat."""

from django.db import models

from isecg.history import Tracked, row_history
from isecg.partial_dates import validate_day
from isecg.visibility import VisibleQuerySet, everyone
from workgroups.models.agencies import Agency


class Succession(Tracked):
    """One agency in the place of another, which is a member no more (rules 1 to 4).

    Memberships and groups pass on ``first_day``. Mandates, participations and electorates
    pass at ``entered_at``: what was done under them until then stays valid. A new name of
    the same agency is no succession; see :class:`AgencyName`.
    """

    former = models.OneToOneField(Agency, models.PROTECT, related_name="succession")
    successor = models.ForeignKey(Agency, models.PROTECT, related_name="successions")
    first_day = models.DateField("from", validators=[validate_day])
    entered_at = models.DateTimeField()
    source = models.CharField(max_length=200, help_text="Where it is announced.")

    visible_by = everyone
    objects = VisibleQuerySet.as_manager()
    history = row_history()

    class Meta:
        ordering = ["first_day", "entered_at"]
        constraints = [
            models.CheckConstraint(
                condition=~models.Q(former=models.F("successor")),
                name="succession_not_of_itself",
                violation_error_message="An agency does not succeed itself.",
            ),
        ]

    def __str__(self) -> str:
        return f"Succession of {self.former} by {self.successor}"
