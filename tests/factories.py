"""Rows for tests, saved the way the program saves them."""

import hashlib
from datetime import timedelta

import factory
from factory.django import DjangoModelFactory

from isecg import clock
from products import models as products
from products.workflow import State
from workgroups import models as workgroups
from workgroups.roles import Capacity, GroupDuty

PASSWORD = "a long enough password"


class TrackedFactory(DjangoModelFactory):
    class Meta:
        abstract = True

    @classmethod
    def _create(cls, model_class, *args, **kwargs):
        row = model_class(*args, **kwargs)
        row.save_as(None, "factory")
        return row


class UserFactory(TrackedFactory):
    class Meta:
        model = workgroups.User

    email = factory.Sequence(lambda n: f"person{n}@example.org")
    name = factory.Sequence(lambda n: f"Person {n}")


class AgencyFactory(TrackedFactory):
    """An agency; ``member=False`` for one that does not belong to ISECG."""

    class Meta:
        model = workgroups.Agency

    # No field, and no parameter either: those never reach _create().
    member = True
    key = factory.LazyAttribute(lambda agency: agency.code.lower())
    code = factory.Sequence(lambda n: f"AG{n:02d}")
    name = factory.LazyAttribute(lambda agency: f"Agency {agency.code}")
    country = "Nowhere"
    time_zone = "Europe/Paris"

    @classmethod
    def _create(cls, model_class, *args, **kwargs):
        member = kwargs.pop("member", True)
        agency = super()._create(model_class, *args, **kwargs)
        if member:
            MembershipFactory(agency=agency)
        return agency


class MembershipFactory(TrackedFactory):
    class Meta:
        model = workgroups.Membership

    agency = factory.SubFactory(AgencyFactory, member=False)
    start = "2007-11"


class MandateFactory(TrackedFactory):
    class Meta:
        model = workgroups.Mandate

    agency = factory.SubFactory(AgencyFactory)
    person = factory.SubFactory(UserFactory)
    capacity = Capacity.HEAD
    starts_at = factory.LazyFunction(lambda: clock.now() - timedelta(days=200))
    granted_by = "The Director"


class WorkingGroupFactory(TrackedFactory):
    class Meta:
        model = workgroups.WorkingGroup

    code = factory.Sequence(lambda n: f"WG{n}")
    name = factory.LazyAttribute(lambda group: f"Group {group.code}")


class GroupRoleFactory(TrackedFactory):
    class Meta:
        model = workgroups.GroupRole

    group = factory.SubFactory(WorkingGroupFactory)
    person = factory.SubFactory(UserFactory)
    duty = GroupDuty.EDITOR
    starts_at = factory.LazyFunction(lambda: clock.now() - timedelta(days=400))


class LiaisonOrganisationFactory(TrackedFactory):
    class Meta:
        model = workgroups.LiaisonOrganisation

    code = factory.Sequence(lambda n: f"LIA{n}")
    name = factory.LazyAttribute(lambda organisation: f"Organisation {organisation.code}")
    relation = "Sends reports."


class LiaisonContactFactory(TrackedFactory):
    class Meta:
        model = workgroups.LiaisonContact

    organisation = factory.SubFactory(LiaisonOrganisationFactory)
    person = factory.SubFactory(UserFactory)
    starts_at = factory.LazyFunction(lambda: clock.now() - timedelta(days=400))


class ChairTermFactory(TrackedFactory):
    class Meta:
        model = workgroups.ChairTerm

    position = factory.Sequence(lambda n: n + 1)
    agency = factory.SubFactory(AgencyFactory)
    starts_at = factory.LazyFunction(lambda: clock.now() - timedelta(days=200))


class MeetingFactory(TrackedFactory):
    class Meta:
        model = workgroups.Meeting

    key = factory.Sequence(lambda n: f"meeting-{n}")
    kind = "teleconference"
    title = factory.Sequence(lambda n: f"Teleconference {n}")
    starts_at = factory.LazyFunction(lambda: clock.now() + timedelta(days=20))
    start = factory.LazyAttribute(lambda meeting: meeting.starts_at.date().isoformat())
    time_zone = "Europe/Paris"
    duration_minutes = 60
    mode = "virtual"


class AgendaItemFactory(TrackedFactory):
    class Meta:
        model = workgroups.AgendaItem

    meeting = factory.SubFactory(MeetingFactory)
    position = factory.LazyAttribute(lambda item: item.meeting.agenda.count() + 1)
    title = factory.Sequence(lambda n: f"Item {n}")


class AttendanceFactory(TrackedFactory):
    class Meta:
        model = workgroups.Attendance

    meeting = factory.SubFactory(MeetingFactory)
    agency = factory.SubFactory(AgencyFactory)
    presence = "present"


class ProductFactory(TrackedFactory):
    class Meta:
        model = products.Product

    code = factory.Sequence(lambda n: f"P-{n}")
    title = factory.LazyAttribute(lambda product: f"Product {product.code}")
    kind = "white_paper"
    state = State.DRAFTING
    group = factory.SubFactory(WorkingGroupFactory)


class ParticipationFactory(TrackedFactory):
    class Meta:
        model = products.Participation

    product = factory.SubFactory(ProductFactory)
    agency = factory.SubFactory(AgencyFactory)
    joined_at = factory.LazyFunction(lambda: clock.now() - timedelta(days=100))


class CommentFactory(TrackedFactory):
    """A submitted comment; ``number=None, submitted_at=None`` for an agency's draft."""

    class Meta:
        model = products.Comment

    version = factory.SubFactory("tests.factories.VersionFactory")
    product = factory.LazyAttribute(lambda comment: comment.version.product)
    agency = factory.SubFactory(AgencyFactory)
    agency_code = factory.LazyAttribute(lambda comment: comment.agency.code)
    author = factory.SubFactory(UserFactory)
    author_name = factory.LazyAttribute(lambda comment: comment.author.name)
    entered_by = factory.LazyAttribute(lambda comment: comment.author)
    kind = "technical"
    text = "This is not so."
    written_at = factory.LazyFunction(clock.now)
    submitted_at = factory.LazyFunction(clock.now)
    number = factory.LazyAttribute(lambda comment: comment.product.comments.count() + 1)


class CommentWindowFactory(TrackedFactory):
    class Meta:
        model = products.CommentWindow

    version = factory.SubFactory("tests.factories.VersionFactory")
    product = factory.LazyAttribute(lambda window: window.version.product)
    opens_at = factory.LazyFunction(lambda: clock.now() - timedelta(days=1))
    closes_at = factory.LazyFunction(lambda: clock.now() + timedelta(days=20))
    time_zone = "Europe/Paris"


class PublicCommentFactory(TrackedFactory):
    class Meta:
        model = products.PublicComment

    window = factory.SubFactory(CommentWindowFactory)
    product = factory.LazyAttribute(lambda comment: comment.window.product)
    number = factory.LazyAttribute(lambda comment: comment.product.public_comments.count() + 1)
    name = "Pat Public"
    address = "pat@public.example"
    text = "Please think of the dust."
    received_at = factory.LazyFunction(clock.now)


class VersionFactory(DjangoModelFactory):
    class Meta:
        model = products.Version

    product = factory.SubFactory(ProductFactory)
    number = factory.LazyAttribute(lambda version: version.product.versions.count() + 1)
    text = "One paragraph."
    change_class = "substantive"
    note = "First draft."
    author = factory.SubFactory(UserFactory)
    created_at = factory.LazyFunction(clock.now)
    sha256 = factory.LazyAttribute(
        lambda version: hashlib.sha256(version.text.encode()).hexdigest()
    )
