"""Invitations: the only way to an account."""

from datetime import datetime

from django.db import models
from django.db.models.functions import Lower

from isecg.history import Tracked, row_history
from isecg.visibility import VisibleQuerySet
from workgroups import visibility
from workgroups.models.agencies import Agency
from workgroups.models.people import User
from workgroups.roles import InvitedAs


class InvitationQuerySet(VisibleQuerySet["Invitation"]):
    def open(self) -> "InvitationQuerySet":
        """Invitations that were neither accepted nor withdrawn, run out or not."""
        return self.filter(accepted_at=None, revoked_at=None)


class Invitation(Tracked):
    """Somebody is asked to open an account, in a role, by a link in one letter.

    Of the token in that link only the digest is kept; sending it again makes a new one,
    and the former link is dead. ``mandate_starts_at`` empty means: when it is accepted.
    """

    email = models.EmailField("address", max_length=254)
    name = models.CharField(max_length=200, blank=True)
    invited_as = models.CharField("in the role of", max_length=12, choices=InvitedAs)
    agency = models.ForeignKey(
        Agency, models.PROTECT, null=True, blank=True, related_name="invitations"
    )
    limited_to = models.CharField(
        "for one product alone",
        max_length=40,
        blank=True,
        help_text="The code of the product; empty for everything.",
    )
    mandate_starts_at = models.DateTimeField("mandate from", null=True, blank=True)
    mandate_ends_at = models.DateTimeField("mandate to", null=True, blank=True)
    invited_by = models.ForeignKey(User, models.PROTECT, related_name="invitations_sent")
    token_digest = models.CharField(max_length=64, unique=True, editable=False)
    sent_at = models.DateTimeField()
    expires_at = models.DateTimeField()
    accepted_at = models.DateTimeField(null=True, blank=True)
    accepted_by = models.ForeignKey(
        User, models.PROTECT, null=True, blank=True, related_name="invitations_accepted"
    )
    revoked_at = models.DateTimeField("withdrawn at", null=True, blank=True)

    visible_by = visibility.invitations
    objects = InvitationQuerySet.as_manager()
    history = row_history(excluded_fields=["token_digest"])

    class Meta:
        ordering = ["-sent_at"]
        constraints = [
            models.CheckConstraint(
                condition=models.Q(invited_as__in=InvitedAs.values),
                name="invitation_role_known",
            ),
            models.CheckConstraint(
                condition=models.Q(invited_as__in=InvitedAs.without_agency(), agency=None)
                | (
                    ~models.Q(invited_as__in=InvitedAs.without_agency())
                    & models.Q(agency__isnull=False)
                ),
                name="invitation_agency_iff_for_one",
                violation_error_message="Say for which agency, or choose a role without one.",
            ),
            models.CheckConstraint(
                condition=models.Q(accepted_at=None, accepted_by=None)
                | models.Q(accepted_at__isnull=False, accepted_by__isnull=False),
                name="invitation_accepted_by_somebody",
            ),
            models.CheckConstraint(
                condition=models.Q(accepted_at=None) | models.Q(revoked_at=None),
                name="invitation_accepted_or_withdrawn",
            ),
            models.UniqueConstraint(
                Lower("email"),
                condition=models.Q(accepted_at=None, revoked_at=None),
                name="invitation_one_open_per_address",
                violation_error_message="An invitation to this address is open: send it again.",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.get_invited_as_display()}{f' of {self.agency}' if self.agency else ''}"

    def has_run_out(self, at: datetime) -> bool:
        """Whether its link opens nothing any more at an instant."""
        return self.expires_at <= at
