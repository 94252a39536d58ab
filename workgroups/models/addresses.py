"""A change of somebody's address, confirmed on both ends."""

from django.db import models

from isecg.history import Tracked, row_history
from isecg.visibility import VisibleQuerySet, own
from workgroups.models.people import User


class AddressChange(Tracked):
    """A person wants to sign in with another address: the old and the new one confirm it.

    The two letters hold two links; of their tokens only the digests are kept.
    """

    person = models.ForeignKey(User, models.CASCADE, related_name="address_changes")
    new_email = models.EmailField("new address", max_length=254)
    old_digest = models.CharField(max_length=64, unique=True, editable=False)
    new_digest = models.CharField(max_length=64, unique=True, editable=False)
    asked_at = models.DateTimeField()
    expires_at = models.DateTimeField()
    old_confirmed_at = models.DateTimeField("confirmed by the old address", null=True, blank=True)
    new_confirmed_at = models.DateTimeField("confirmed by the new address", null=True, blank=True)
    ended_at = models.DateTimeField("carried out or given up at", null=True, blank=True)

    visible_by = own("person")
    objects = VisibleQuerySet.as_manager()
    # An address that somebody once wanted has no place in a record that is kept for ever.
    history = row_history(excluded_fields=["new_email", "old_digest", "new_digest"])

    class Meta:
        ordering = ["-asked_at"]
        constraints = [
            models.UniqueConstraint(
                fields=["person"],
                condition=models.Q(ended_at=None),
                name="address_change_one_open_per_person",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.person}, asked {self.asked_at:%Y-%m-%d}"
