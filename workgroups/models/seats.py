"""What an agency says of its seat (rules 4 and 5)."""

from typing import ClassVar

from django.db import models

from isecg.visibility import VisibleQuerySet
from workgroups import visibility
from workgroups.models.agencies import Agency
from workgroups.models.people import User


class SeatConfirmation(models.Model):
    """An agency's yearly word that those who hold its seat are the right ones.

    Never changed. ``holders`` are the mandates as they were: each with its key and its
    person's, and no name, for names are kept where they can be changed. With ``on_behalf``
    the secretariat gave it for the agency, and it is shown as such (rule 6).
    """

    append_only: ClassVar[bool] = True

    agency = models.ForeignKey(Agency, models.PROTECT, related_name="seat_confirmations")
    at = models.DateTimeField()
    by = models.ForeignKey(User, models.PROTECT, related_name="seat_confirmations")
    on_behalf = models.BooleanField(default=False)
    holders = models.JSONField()

    visible_by = visibility.of_own_seats
    objects = VisibleQuerySet.as_manager()

    class Meta:
        ordering = ["agency", "-at", "-id"]
        indexes = [models.Index(fields=["agency", "at"], name="seat_confirmation_last")]

    def __str__(self) -> str:
        return f"Seat of {self.agency}, confirmed on {self.at:%Y-%m-%d}"
