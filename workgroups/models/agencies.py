"""Agencies: identities that last, names that change, memberships that start and end."""

from datetime import date, datetime

from django.db import models
from django.urls import reverse

from isecg.history import Tracked, row_history
from isecg.partial_dates import PartialDate, PartialDateField
from isecg.provenance import Confidence, Sourced
from isecg.visibility import VisibleQuerySet, everyone
from workgroups.models.people import Mandate
from workgroups.zones import validate_zone


class AgencyKind(models.TextChoices):
    NATIONAL = "national", "National"
    INTERGOVERNMENTAL = "intergovernmental", "Intergovernmental"


class AgencyQuerySet(VisibleQuerySet["Agency"]):
    def members_on(self, day: date) -> "AgencyQuerySet":
        """Agencies that were members on a day, partial dates read at their earliest.

        A membership whose start is not known counts from the day it is attested.
        """
        return self.filter(models.Exists(Membership.objects.current_on(day).of_outer_agency()))

    def vacant_at(self, at: datetime) -> "AgencyQuerySet":
        """Members at an instant whose seat nobody holds who speaks for everything (rule 5)."""
        speaking = Mandate.objects.valid_at(at).speaking().general()
        return self.members_on(at.date()).exclude(models.Exists(speaking.of_outer_agency()))

    def matching(self, text: str) -> "AgencyQuerySet":
        """Agencies with ``text`` in a present or former code or name (rule 1)."""
        names = AgencyName.objects.filter(
            models.Q(code__icontains=text) | models.Q(name__icontains=text),
            agency=models.OuterRef("pk"),
        )
        return self.filter(
            models.Q(code__icontains=text) | models.Q(name__icontains=text) | models.Exists(names)
        )


class Agency(Tracked, Sourced):
    """A space agency or government organisation, whatever it is called today (rule 1).

    ``key`` is its identity and its address here, and never changes. ``code`` and
    ``name`` are those of today; :class:`AgencyName` holds them through time.
    The agency's *seat* is this row: the right to one voice (rules 3 and 4).
    """

    key = models.SlugField(max_length=20, unique=True)
    code = models.CharField(max_length=20, unique=True)
    name = models.CharField(max_length=200)
    country = models.CharField(max_length=100)
    country_code = models.CharField(max_length=2, blank=True)
    kind = models.CharField(max_length=20, choices=AgencyKind, default=AgencyKind.NATIONAL)
    founding_member = models.BooleanField(default=False)
    hq_city = models.CharField("head office", max_length=100, blank=True)
    time_zone = models.CharField(max_length=60, default="UTC", validators=[validate_zone])
    time_zone_source = models.TextField(blank=True)
    time_zone_confidence = models.CharField(
        max_length=6, choices=Confidence, default=Confidence.OWN
    )

    visible_by = everyone
    objects = AgencyQuerySet.as_manager()
    history = row_history()

    class Meta:
        ordering = ["code"]
        verbose_name_plural = "agencies"
        constraints = [
            *Sourced.Meta.constraints,
            models.CheckConstraint(
                condition=models.Q(kind__in=AgencyKind.values), name="agency_kind_known"
            ),
            models.CheckConstraint(
                condition=models.Q(time_zone_confidence__in=Confidence.values),
                name="agency_time_zone_confidence_known",
            ),
        ]

    def __str__(self) -> str:
        return self.code

    def get_absolute_url(self) -> str:
        return reverse("agency", args=[self.key])

    def name_on(self, day: date) -> tuple[str, str]:
        """Return the (code, name) that were valid on ``day`` (rule 1).

        Reads ``self.names``: prefetch it for many. Where no dated name covers the
        day the present one is given, for an unknown date of change is not guessed.
        """
        for former in self.names.all():
            if former.covers(day) is True:
                return former.code or self.code, former.name
        return self.code, self.name


class AgencyName(Tracked, Sourced):
    """A code and a name that an agency bore for a time; empty dates are unknown."""

    agency = models.ForeignKey(Agency, models.PROTECT, related_name="names")
    code = models.CharField(max_length=20, blank=True)
    name = models.CharField(max_length=200)
    start = PartialDateField("from")
    end = PartialDateField("to (that day included)")

    visible_by = everyone
    objects = VisibleQuerySet.as_manager()
    history = row_history()

    class Meta:
        ordering = ["agency", "id"]
        constraints = [
            *Sourced.Meta.constraints,
            models.UniqueConstraint(fields=["agency", "code", "name"], name="agency_name_once"),
        ]

    def __str__(self) -> str:
        return f"{self.code} {self.name}".strip()

    def covers(self, day: date) -> bool | None:
        """Return whether the name was valid on ``day``; ``None`` where that is unknown."""
        if not self.start and not self.end:
            return None
        after_start = not self.start or PartialDate.parse(self.start).earliest <= day
        before_end = not self.end or day <= PartialDate.parse(self.end).latest
        return after_start and before_end


class MembershipQuerySet(VisibleQuerySet["Membership"]):
    def current_on(self, day: date) -> "MembershipQuerySet":
        """Memberships with start <= day < end (rule 2); see ``Agency.members_on``."""
        text = day.isoformat()
        started = models.Q(start__gt="", start__lte=text) | models.Q(
            start="", attested_on__gt="", attested_on__lte=text
        )
        return self.filter(started, models.Q(end="") | models.Q(end__gt=text))

    def of_outer_agency(self) -> "MembershipQuerySet":
        """The memberships of the agency of an outer query."""
        return self.filter(agency=models.OuterRef("pk"))


class Membership(Tracked):
    """An agency's time as a member: from ``start`` until before ``end`` (rule 2)."""

    agency = models.ForeignKey(Agency, models.PROTECT, related_name="memberships")
    start = PartialDateField("member from")
    end = PartialDateField("member until (that day not included)")
    attested_on = PartialDateField(
        "known to be a member on",
        help_text="Counts from here where the start is not known. 2007, 2007-11 or 2007-11-06.",
    )

    visible_by = everyone
    objects = MembershipQuerySet.as_manager()
    history = row_history()

    class Meta:
        ordering = ["agency", "start"]
        constraints = [
            models.CheckConstraint(
                condition=models.Q(start="")
                | models.Q(end="")
                | models.Q(end__gt=models.F("start")),
                name="membership_ends_after_start",
                violation_error_message="A membership ends after it starts.",
            ),
            models.UniqueConstraint(
                fields=["agency"],
                condition=models.Q(end=""),
                name="membership_one_open_per_agency",
                violation_error_message="This agency is a member already.",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.agency}, {self.start or '?'} to {self.end or 'today'}"

    def is_certain_on(self, day: date) -> bool:
        """Whether the sources decide if this was a membership on ``day``."""
        return all(
            not (edge.earliest <= day < edge.latest)
            for edge in (PartialDate.parse(text) for text in (self.start, self.end) if text)
        ) and (bool(self.start) or (bool(self.attested_on) and self.attested_on <= day.isoformat()))


class MembershipCount(Tracked, Sourced):
    """How many members a source says there were: a check on the roster."""

    as_of = PartialDateField(unique=True, blank=False)
    count = models.PositiveSmallIntegerField()

    visible_by = everyone
    objects = VisibleQuerySet.as_manager()
    history = row_history()

    class Meta:
        ordering = ["as_of"]
        constraints = [*Sourced.Meta.constraints]

    def __str__(self) -> str:
        return f"{self.count} on {self.as_of}"
