"""The providers of identities through which an agency's people may sign in."""

from django.db import models
from django.urls import reverse

from isecg.history import Tracked, row_history
from isecg.visibility import VisibleQuerySet, secretariat
from workgroups.models.agencies import Agency


class IdentityProvider(Tracked):
    """An agency's OpenID provider: it vouches for addresses of the domains named, no others.

    ``key`` is a part of the address to which the provider leads people back. The secret of
    the client is sealed (:mod:`isecg.sealed`), and has no place in the history.
    """

    agency = models.ForeignKey(Agency, models.PROTECT, related_name="identity_providers")
    key = models.SlugField(max_length=40, unique=True, help_text="A part of the address here.")
    name = models.CharField(max_length=100, help_text="As people see it when they sign in.")
    server_url = models.URLField(
        "issuer", max_length=300, help_text="Where its OpenID configuration is published."
    )
    client_id = models.CharField("client ID", max_length=200)
    sealed_secret = models.TextField(blank=True, editable=False)
    domains = models.JSONField(default=list, help_text="The part of an address behind the @.")
    is_active = models.BooleanField("people may sign in through it", default=True)

    visible_by = secretariat
    objects = VisibleQuerySet.as_manager()
    history = row_history(excluded_fields=["sealed_secret"])

    class Meta:
        ordering = ["name"]

    def __str__(self) -> str:
        return self.name

    def get_absolute_url(self) -> str:
        return reverse("identity_provider_edit", args=[self.key])
