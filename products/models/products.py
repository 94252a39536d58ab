"""Products, who takes part in them, and how they relate (rules 10-12)."""

from functools import cached_property

from django.db import models
from django.urls import reverse

from isecg.history import Tracked, row_history
from isecg.partial_dates import PartialDateField
from isecg.provenance import Sourced
from isecg.visibility import VisibleQuerySet, all_of, through
from products.relations import RelationKind
from products.workflow import PUBLIC, State
from workgroups.models import Agency, User, WorkingGroup
from workgroups.permissions import Standing
from workgroups.roles import Ability


class Kind(models.TextChoices):
    """What sort of output a product is (rule 10)."""

    FINDING = "finding", "Finding"
    RECOMMENDATION = "recommendation", "Recommendation"
    ROADMAP = "roadmap", "Roadmap"
    ROADMAP_SUPPLEMENT = "roadmap_supplement", "Roadmap supplement"
    REFERENCE_ARCHITECTURE = "reference_architecture", "Reference architecture"
    WHITE_PAPER = "white_paper", "White paper"
    WHITE_PAPER_SUMMARY = "white_paper_summary", "White paper summary"
    GAP_ASSESSMENT = "gap_assessment", "Gap assessment"
    ANNUAL_REPORT = "annual_report", "Annual report"
    GUIDELINES = "guidelines", "Guidelines"
    FRAMEWORK_DOCUMENT = "framework_document", "Framework document"
    TERMS_OF_REFERENCE = "terms_of_reference", "Terms of reference"
    WORKPLAN = "workplan", "Workplan"
    OTHER = "other", "Other output"


class ElectorateRule(models.TextChoices):
    """Whose positions count in a product's calls (rule 18)."""

    PARTICIPANTS = "participants", "The participating agencies"
    ALL_MEMBERS = "all_members", "All member agencies"


class ProductQuerySet(VisibleQuerySet["Product"]):
    # Here a reader is always a standing.
    def visible_to(self, standing: Standing) -> "ProductQuerySet":  # type: ignore[override]
        """Every product for people of member agencies and the secretariat; else released ones.

        Rule 14: every member agency reads every product from the first draft on. A mandate
        that is limited to a product shows that one, and no other draft (rule 4).
        """
        if standing.may(Ability.READ_DRAFTS):
            return self
        # A draft that was withdrawn was never released: it stays among the members.
        return self.filter(models.Q(release__isnull=False) | models.Q(code__in=standing.limits))

    def drafts_read_by(self, standing: Standing) -> "ProductQuerySet":
        """Products of which the reader reads every version, and what is said of drafts."""
        if standing.may(Ability.READ_DRAFTS):
            return self
        return self.filter(code__in=standing.limits) if standing.limits else self.none()

    def moving(self) -> "ProductQuerySet":
        """Products on their way: neither released nor ended."""
        return self.exclude(state__in=PUBLIC)


class Product(Tracked, Sourced):
    """A non-binding output on its way from a proposal to its release (rules 10 and 11).

    ``state`` is written only by the services of :mod:`products.services`.
    """

    code = models.SlugField(max_length=40, unique=True, help_text="As in GER-2024.")
    title = models.CharField(max_length=250)
    kind = models.CharField(max_length=30, choices=Kind)
    series = models.CharField(max_length=40, blank=True, help_text="As in GER.")
    edition = models.CharField(max_length=20, blank=True)
    state = models.CharField(max_length=20, choices=State, default=State.PROPOSED)
    group = models.ForeignKey(
        WorkingGroup,
        models.PROTECT,
        null=True,
        blank=True,
        related_name="products",
        verbose_name="responsible working group",
    )
    abstract = models.TextField(blank=True, help_text="What its public page says first.")
    purpose = models.TextField(blank=True)
    mutual_interest = models.TextField("statement of mutual interest", blank=True)
    electorate_rule = models.CharField(
        "electorate", max_length=20, choices=ElectorateRule, default=ElectorateRule.PARTICIPANTS
    )
    comment_channel = models.CharField("where to comment", max_length=200, blank=True)
    reported_participants = models.PositiveSmallIntegerField(
        "number of participating agencies that the source gives", null=True, blank=True
    )
    reported_status = models.CharField("status in the source", max_length=20, blank=True)

    objects = ProductQuerySet.as_manager()
    history = row_history()

    class Meta:
        ordering = ["code"]
        constraints = [
            *Sourced.Meta.constraints,
            models.CheckConstraint(
                condition=models.Q(kind__in=Kind.values), name="product_kind_known"
            ),
            models.CheckConstraint(
                condition=models.Q(state__in=State.values), name="product_state_known"
            ),
            models.CheckConstraint(
                condition=models.Q(electorate_rule__in=ElectorateRule.values),
                name="product_electorate_rule_known",
            ),
        ]

    def __str__(self) -> str:
        return self.code

    def get_absolute_url(self) -> str:
        return reverse("product", args=[self.code])

    @property
    def edition_words(self) -> str:
        """``2nd edition``, ``interim edition`` or ``2026 edition``; nothing where none is known."""
        if not self.edition:
            return ""
        number = int(self.edition) if self.edition.isdecimal() else 0
        if not 0 < number < 100:
            return f"{self.edition} edition"
        teen = 10 < number < 20
        ending = "th" if teen else {1: "st", 2: "nd", 3: "rd"}.get(number % 10, "th")
        return f"{number}{ending} edition"

    @cached_property
    def current_editors(self) -> list["ProductEditor"]:
        """The people who may write its versions; read once, in one query."""
        return list(self.editors.filter(ended_at=None).select_related("person"))


class Degree(models.TextChoices):
    """How far an agency takes part in a product (rule 11)."""

    LEAD = "lead", "Lead"
    CONTRIBUTING = "contributing", "Contributing"
    FOLLOWING = "following", "Following"
    UNKNOWN = "", "Not known"


class Participation(Tracked):
    """An agency's time as a participating agency of a product (rule 11)."""

    product = models.ForeignKey(Product, models.PROTECT, related_name="participations")
    agency = models.ForeignKey(Agency, models.PROTECT, related_name="participations")
    degree = models.CharField(
        max_length=20, choices=Degree, blank=True, default=Degree.CONTRIBUTING
    )
    joined_at = models.DateTimeField(null=True, blank=True)
    left_at = models.DateTimeField(null=True, blank=True)

    visible_by = through("product")
    objects = VisibleQuerySet.as_manager()
    history = row_history()

    class Meta:
        ordering = ["product", "agency__code"]
        constraints = [
            models.CheckConstraint(
                condition=models.Q(degree__in=Degree.values), name="participation_degree_known"
            ),
            models.UniqueConstraint(
                fields=["product", "agency"],
                condition=models.Q(left_at=None),
                name="participation_once",
                violation_error_message="This agency takes part already.",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.agency} in {self.product}"


class ProductEditor(Tracked):
    """A person who may write a product's versions (rules 11 and 14)."""

    product = models.ForeignKey(Product, models.PROTECT, related_name="editors")
    person = models.ForeignKey(User, models.PROTECT, related_name="edited_products")
    ended_at = models.DateTimeField(null=True, blank=True)

    visible_by = through("product", "drafts_read_by")
    objects = VisibleQuerySet.as_manager()
    history = row_history()

    class Meta:
        ordering = ["product", "person__name"]
        constraints = [
            models.UniqueConstraint(
                fields=["product", "person"],
                condition=models.Q(ended_at=None),
                name="product_editor_once",
                violation_error_message="This person is an editor already.",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.person}, editor of {self.product}"


class Relation(Tracked):
    """One product's relation to another (rule 12)."""

    product = models.ForeignKey(Product, models.PROTECT, related_name="relations")
    kind = models.CharField(max_length=20, choices=RelationKind)
    target = models.ForeignKey(Product, models.PROTECT, related_name="related_from")

    visible_by = all_of(through("product"), through("target"))
    objects = VisibleQuerySet.as_manager()
    history = row_history()

    class Meta:
        ordering = ["product", "kind", "target"]
        constraints = [
            models.CheckConstraint(
                condition=models.Q(kind__in=RelationKind.values), name="relation_kind_known"
            ),
            models.CheckConstraint(
                condition=~models.Q(product=models.F("target")),
                name="relation_not_to_itself",
                violation_error_message="A product does not relate to itself.",
            ),
            models.UniqueConstraint(
                fields=["product", "kind", "target"],
                name="relation_once",
                violation_error_message="This relation is recorded already.",
            ),
            models.UniqueConstraint(
                fields=["target"],
                condition=models.Q(kind="supersedes"),
                name="relation_one_successor",
                violation_error_message="This edition has a successor already.",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.product} {self.get_kind_display().lower()} {self.target}"


class Milestone(models.Model):
    """Something that a source says happened to a product."""

    product = models.ForeignKey(Product, models.CASCADE, related_name="milestones")
    day = PartialDateField(blank=False)
    text = models.TextField()
    source = models.TextField(blank=True)

    visible_by = through("product")
    objects = VisibleQuerySet.as_manager()

    class Meta:
        ordering = ["day", "id"]
        constraints = [
            models.UniqueConstraint(fields=["product", "day", "text"], name="milestone_once"),
        ]

    def __str__(self) -> str:
        return f"{self.day} {self.text}"
