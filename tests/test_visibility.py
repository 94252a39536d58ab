"""Which rows of which model each kind of person sees, against a table written from the rules.

A row of every model is made first, so that something could leak; of what only some see
there are rows on either side.
"""

import ast
from datetime import timedelta

import pytest
import time_machine
from django.apps import apps
from django.conf import settings
from django.contrib.auth.models import AnonymousUser
from django.test import override_settings

from isecg import clock
from isecg.mail.models import Heartbeat
from isecg.visibility import SignedIn, VisibleQuerySet
from products.models import (
    AgendaLink,
    LiaisonSending,
    LiaisonStatement,
    Milestone,
    Product,
    ProductEditor,
    Relation,
    WorkplanAgency,
    WorkplanItem,
)
from products.workflow import State
from tests.factories import (
    AgencyFactory,
    AgendaItemFactory,
    AttendanceFactory,
    CommentWindowFactory,
    GroupRoleFactory,
    LiaisonContactFactory,
    MandateFactory,
    ParticipationFactory,
    ProductFactory,
    UserFactory,
)
from tests.fuzzed_site import NOW, make_rows
from tests.products.world import write_version
from workgroups.models import AgencyName, MeetingDay, MembershipCount, SeatConfirmation, Succession
from workgroups.permissions import Standing
from workgroups.roles import Capacity

OWN_APPS = ("events", "mail", "workgroups", "products")
PEOPLE = ("nobody", "outsider", "contact", "staff", "secretariat")


def own_models():
    models = [model for label in OWN_APPS for model in apps.get_app_config(label).get_models()]
    # A history is shown with its row, by the pages of who keeps that.
    return [model for model in models if not hasattr(model, "instance_type")]


# What somebody sees of a model's rows: "all", "none", or which of them.
# own        about themselves
# released   of a product that is released
# public     of what is released, or posted for public comment now
# sent       public, or sent to an organisation of which they are a contact
# ours       of an organisation of which they are a contact
# seats      mandates in force, and all those of their own agency
# seat       of their own agency
# submitted  comments that were submitted; "comments": those, and the drafts of their own agency
# handed     public comments that were handed over
# posted     windows in which the public may comment now
#
# A person who is not signed in sees nothing of anything, but what is released or posted.
#                        outsider    contact     staff    secretariat
EVERYONE = "             all         all         all      all"
DESK = "                 none        none        none     all"
PEOPLES = "              own         own         all      all"
OF_RELEASED = "          released    released    all      all"
OF_SENT = "              public      sent        all      all"
OF_DRAFTS = "            none        none        all      all"
LIAISON = "              none        ours        all      all"
SEATS = "                none        none        seat     all"
TABLE = {
    "events.Head": DESK,
    "events.Event": DESK,
    "mail.Letter": " own         own         own      own",
    "mail.Heartbeat": DESK,
    "workgroups.Agency": EVERYONE,
    "workgroups.AgencyName": EVERYONE,
    "workgroups.Membership": EVERYONE,
    "workgroups.MembershipCount": EVERYONE,
    "workgroups.ChairTerm": EVERYONE,
    "workgroups.WorkingGroup": EVERYONE,
    "workgroups.GroupMember": EVERYONE,
    "workgroups.GroupRole": PEOPLES,
    "workgroups.LiaisonOrganisation": EVERYONE,
    "workgroups.LiaisonContact": PEOPLES,
    "workgroups.Meeting": EVERYONE,
    "workgroups.MeetingDay": EVERYONE,
    "workgroups.Attendance": EVERYONE,
    "workgroups.AgendaItem": EVERYONE,
    "workgroups.User": PEOPLES,
    "workgroups.Mandate": "own     own         seats    all",
    "workgroups.Succession": EVERYONE,
    "workgroups.SeatConfirmation": SEATS,
    "workgroups.Invitation": DESK,
    "workgroups.IdentityProvider": DESK,
    "workgroups.AddressChange": " own  own  own  own",
    "products.Product": OF_RELEASED,
    "products.Participation": OF_RELEASED,
    "products.ProductEditor": OF_DRAFTS,
    "products.Relation": OF_RELEASED,
    "products.Milestone": OF_RELEASED,
    "products.Version": OF_SENT,
    "products.VersionFile": OF_SENT,
    "products.Circulation": OF_DRAFTS,
    "products.CirculationRecipient": OF_DRAFTS,
    "products.Call": OF_RELEASED,
    "products.Elector": OF_RELEASED,
    "products.PositionEntry": OF_RELEASED,
    "products.Decision": OF_RELEASED,
    "products.CarryOver": OF_RELEASED,
    "products.Intervention": OF_RELEASED,
    "products.CallRequest": OF_DRAFTS,
    "products.LedgerItem": OF_DRAFTS,
    "products.Release": OF_RELEASED,
    "products.ReleaseParticipant": OF_RELEASED,
    "products.LiaisonSending": LIAISON,
    "products.LiaisonStatement": LIAISON,
    "products.WorkplanItem": EVERYONE,
    "products.WorkplanAgency": EVERYONE,
    "products.AgendaLink": OF_RELEASED,
    "products.Draft": "     own         own         own      own",
    "products.Comment": "   none        none        comments submitted",
    "products.CommentPlace": OF_DRAFTS,
    "products.CommentWindow": "posted   posted      all      all",
    "products.PublicComment": "none     none        handed   all",
}

# Where a row says of which products it is, or of which version.
PRODUCTS = {
    "Product": lambda row: [row],
    "Participation": lambda row: [row.product],
    "Relation": lambda row: [row.product, row.target],
    "Milestone": lambda row: [row.product],
    "Call": lambda row: [row.product],
    "Elector": lambda row: [row.call.product],
    "PositionEntry": lambda row: [row.call.product],
    "Decision": lambda row: [row.call.product],
    "CarryOver": lambda row: [row.call.product],
    "Intervention": lambda row: [row.call.product],
    "Release": lambda row: [row.product],
    "ReleaseParticipant": lambda row: [row.release.product],
    "AgendaLink": lambda row: [row.product],
}
VERSIONS = {
    "Version": lambda row: row,
    "VersionFile": lambda row: row.version,
    "AgendaLink": lambda row: row.version,
}
PERSONS = {
    "User": lambda row: row,
    "Letter": lambda row: row.recipient,
    "Mandate": lambda row: row.person,
    "GroupRole": lambda row: row.person,
    "LiaisonContact": lambda row: row.person,
    "AddressChange": lambda row: row.person,
    "Draft": lambda row: row.author,
}


@pytest.fixture
def site(db):
    """Make rows on either side of every rule, and return the people who look at them."""
    with time_machine.travel(NOW, tick=False):
        world, _ = make_rows()
        agency, now = world.agencies[0], clock.now()
        out = Product.objects.get(state=State.RELEASED)
        draft = Product.objects.filter(state=State.DRAFTING, versions__number=2).get()
        unreleased = write_version(out)
        staff = MandateFactory(agency=agency, capacity=Capacity.STAFF).person
        outsider = UserFactory()
        contact = LiaisonContactFactory().person
        organisation = contact.liaison_contacts.get().organisation
        # Mandates that have ended or are to come, of the staff's own agency and of another.
        for seat in (agency, world.agencies[1]):
            MandateFactory(agency=seat, ends_at=now - timedelta(days=1))
            MandateFactory(agency=seat, starts_at=now + timedelta(days=1))
        MandateFactory(person=outsider, ends_at=now - timedelta(days=1))
        MandateFactory(person=UserFactory(is_active=False))
        GroupRoleFactory(person=outsider)
        GroupRoleFactory(person=contact)
        for seat in (agency, world.agencies[1]):
            SeatConfirmation.objects.create(
                agency=seat, at=now, by=world.secretariat, on_behalf=True, holders=[]
            )
        Succession(
            former=AgencyFactory(), successor=agency, first_day=now.date(), entered_at=now
        ).save_as(None, "test")
        AgencyName(agency=agency, code="OLD", name="Former").save_as(None, "test")
        MembershipCount(as_of="2013", count=14).save_as(None, "test")
        attended = AttendanceFactory(agency=agency)
        MeetingDay.objects.create(meeting=attended.meeting, day=now.date())
        Heartbeat.objects.create(ticked_at=now)
        line = WorkplanItem.objects.get()
        WorkplanAgency(item=line, agency=agency).save_as(None, "test")
        for product in (out, draft):
            Milestone.objects.create(product=product, day="2020", text="Something happened.")
            ParticipationFactory(product=product)
            ProductEditor(product=product, person=UserFactory()).save_as(None, "test")
        # A draft that was withdrawn was never released, whatever its state is called.
        gone = ProductFactory(state=State.WITHDRAWN)
        second = ProductFactory(state=State.RELEASED)
        second_release = out.release.__class__(product=second, day="2013")
        second_release.save_as(None, "test")
        for target in (second, gone):
            Relation(product=out, kind="updates", target=target).save_as(None, "test")
        for version in (None, out.release.version, unreleased):
            AgendaLink.objects.create(item=AgendaItemFactory(), product=out, version=version)
        # One draft went to the contact's organisation, its other version to another one.
        latest = draft.versions.get(number=2)
        LiaisonSending.objects.create(
            version=latest,
            organisation=organisation,
            permission="the plenary",
            sent_at=now,
            sent_by=world.secretariat,
        )
        LiaisonStatement.objects.create(
            organisation=organisation, text="Welcome.", given_at=now, given_by=contact
        )
        # Beside the draft that is posted: one that was, one that will be, and what ended since.
        posted = Product.objects.get(code="POSTED")
        week = timedelta(days=7)
        for code, fields in {
            "PAST": {"opens_at": now - 2 * week, "closes_at": now - week},
            "COMING": {"opens_at": now + week, "closes_at": now + 2 * week},
            "CLOSED": {"ended_at": now},
            "GONE": {},
        }.items():
            state = State.WITHDRAWN if code == "GONE" else State.DRAFTING
            version = write_version(ProductFactory(code=code, state=state))
            CommentWindowFactory(version=version, **fields)
        # The other version of what is posted.
        write_version(posted)
        yield {
            "posted": posted.versions.get(number=1),
            "asked": {posted.code, out.code},
            "outsider": outsider,
            "contact": contact,
            "staff": staff,
            "secretariat": world.secretariat,
            "agency": agency,
            "organisation": organisation,
            "sent": latest,
        }


def expected(model, word, site, person):
    """Return the keys of the rows that a word of the table means, row by row."""
    name, user = model.__name__, site[person]
    rows = model._default_manager.all()
    if word == "seats":
        return {
            row.pk
            for row in rows
            if row.agency == site["agency"]
            or row.person == user
            or (
                row.starts_at <= NOW
                and (row.ends_at is None or row.ends_at > NOW)
                and row.person.is_active
            )
        }
    wanted = {
        "all": lambda row: True,
        "none": lambda row: False,
        "own": lambda row: PERSONS[name](row) == user,
        "ours": lambda row: row.organisation == site["organisation"],
        "seat": lambda row: row.agency == site["agency"],
        "submitted": lambda row: row.submitted_at is not None,
        "comments": lambda row: row.submitted_at is not None or row.agency == site["agency"],
        "handed": lambda row: row.handed_over_at is not None,
        "released": lambda row: is_out(name, row),
        "public": lambda row: is_out(name, row) or VERSIONS[name](row) == site["posted"],
        "sent": lambda row: (
            is_out(name, row) or VERSIONS[name](row) in (site["sent"], site["posted"])
        ),
        "posted": lambda row: row.product.code in site["asked"],
    }[word]
    return {row.pk for row in rows if wanted(row)}


def is_out(name, row):
    products = PRODUCTS[name](row) if name in PRODUCTS else []
    version = VERSIONS[name](row) if name in VERSIONS else None
    return all(hasattr(product, "release") for product in products) and (
        version is None or hasattr(version, "release")
    )


def seen(model, user):
    rows = model._default_manager.visible_to(Standing.of(user))
    return [row.pk for row in rows]


@pytest.mark.parametrize("person", PEOPLE[1:])
def test_each_kind_of_person_sees_the_rows_that_the_table_says(site, person):
    wrong = {}
    for label, row in TABLE.items():
        model, word = apps.get_model(label), row.split()[PEOPLE.index(person) - 1]
        found, wanted = seen(model, site[person]), expected(model, word, site, person)
        if sorted(found, key=str) != sorted(wanted, key=str):
            wrong[label] = (word, found, wanted)

    assert wrong == {}


def test_the_table_could_find_a_leak(site):
    models = {label: apps.get_model(label)._default_manager for label in TABLE}
    empty = [label for label, rows in models.items() if not rows.exists()]
    one_sided = {
        (label, person): word
        for label, row in TABLE.items()
        for person, word in zip(PEOPLE[1:], row.split(), strict=True)
        if not could_leak(label, word, expected(apps.get_model(label), word, site, person))
    }

    assert empty == []
    assert one_sided == {}


def could_leak(label, word, rows):
    """Whether there are rows on either side of a rule; one's own may be none."""
    if word in {"all", "none"} or label in {"products.Release", "products.ReleaseParticipant"}:
        # A release makes its product a released one.
        return True
    hidden = apps.get_model(label)._default_manager.count() - len(rows)
    return hidden > 0 and (rows or word == "own")


def test_who_is_not_signed_in_or_suspended_sees_only_what_is_public(site):
    suspended = MandateFactory(person=UserFactory(is_secretariat=True, is_active=False)).person
    for user in (AnonymousUser(), suspended):
        for label, row in TABLE.items():
            model, word = apps.get_model(label), row.split()[0]
            if word == "all" or word == "none":
                assert seen(model, user) == [], label
            elif word in {"released", "public", "posted"}:
                assert set(seen(model, user)) == expected(model, word, site, "outsider"), label


def test_the_mailbox_of_the_demo_shows_the_letters_of_all(site):
    model = apps.get_model("mail.Letter")

    with override_settings(MAILBOX_PAGE=True):
        shown = seen(model, site["outsider"])

    assert len(shown) == model.objects.count() > 0
    assert seen(model, site["outsider"]) == []


def test_the_ground_floor_has_a_reader_of_its_own(site):
    letters = apps.get_model("mail.Letter").objects
    events = apps.get_model("events.Event").objects
    head = letters.first().recipient

    assert set(letters.visible_to(SignedIn.of(head))) == set(letters.filter(recipient=head))
    assert not events.visible_to(SignedIn.of(head)).exists()
    assert events.visible_to(SignedIn.of(site["secretariat"])).count() == events.count()


def test_every_model_is_in_the_table():
    assert {model._meta.label for model in own_models()} == set(TABLE)


@pytest.mark.parametrize("model", own_models(), ids=lambda model: model._meta.label)
def test_every_default_manager_can_be_asked_who_sees_its_rows(model):
    assert isinstance(model._default_manager.all(), VisibleQuerySet)
    assert callable(model._default_manager.visible_to)


def test_a_model_without_a_rule_shows_nothing_and_raises():
    rows = VisibleQuerySet(model=apps.get_model("sessions.Session"))

    with pytest.raises(AttributeError, match="visible_by"):
        rows.visible_to(Standing.of(AnonymousUser()))


def test_who_sees_all_costs_no_question_about_the_rows_above(site, django_assert_num_queries):
    standing = Standing.of(site["secretariat"])

    with django_assert_num_queries(1):
        assert len(apps.get_model("products.PositionEntry").objects.visible_to(standing)) > 1


# Where a view asks a manager barely, and why nothing can leak by it.
BARE = {
    ("products/views/history.py", "Call"): "of one product, whose page the reader sees",
    ("products/views/history.py", "Event"): "of one product, whose history is the members'",
    ("products/views/home.py", "Event"): "of products whose drafts the reader reads",
    ("products/views/beside.py", "Agency"): "the members, for who enters a comment on behalf",
    ("products/views/comment_page.py", "Agency"): "the members, for who names an action's owner",
    ("products/views/seats.py", "Letter"): "the state of the last one, for who sends the next",
    ("products/views/seats.py", "Mandate"): "of who is told, for who tells them",
    ("products/views/product_page.py", "Agency"): "a number of members",
    ("products/views/product_page.py", "Comment"): "two numbers, for who reads drafts",
    ("products/views/product_page.py", "Call"): "a key beside a product that the reader sees",
    ("products/views/product_page.py", "Decision"): "a number beside a product that is seen",
    (
        "products/views/product_page.py",
        "LiaisonStatement",
    ): "a number, for who reads drafts",
    ("products/views/product_page.py", "Participation"): "beside the participants of a release",
    ("products/views/public_comments.py", "Agency"): "whose people are told, as a number",
    ("products/views/products.py", "Participation"): "to narrow and count products that are seen",
    ("products/views/products.py", "ReleaseParticipant"): "to narrow and count what is seen",
    ("products/views/history.py", "User"): "the names of editors, on a page of the members'",
    ("products/views/interventions_on_call.py", "Intervention"): "of a call that the reader sees",
    ("products/views/interventions_on_call.py", "ProductEditor"): "whether the reader edits it",
    ("products/views/interventions.py", "Agency"): "the members, for who enters one on behalf",
    ("products/views/decisions.py", "Decision"): "to leave out what was corrected since",
    ("workgroups/views/addresses.py", "User"): "oneself",
    ("workgroups/views/people.py", "User"): "oneself",
    ("workgroups/views/personal_data.py", "User"): "oneself",
}
ASKED = {"visible_to", "drafts_read_by"}


def bare_managers():
    """Yield where a view asks a manager, or a model, without asking who sees its rows."""
    for room in ("isecg", "workgroups", "products"):
        for path in (settings.BASE_DIR / room).rglob("*.py"):
            if "views" in (path.stem, path.parent.name):
                name = str(path.relative_to(settings.BASE_DIR))
                yield from ((name, model) for model in asked_barely(ast.parse(path.read_text())))


def asked_barely(tree):
    nodes = list(ast.walk(tree))
    attributes = [node for node in nodes if isinstance(node, ast.Attribute)]
    guarded = {id(node.value) for node in attributes if node.attr in ASKED}
    for node in attributes:
        if node.attr == "objects" and id(node) not in guarded:
            yield ast.unparse(node.value)
    for node in nodes:
        if isinstance(node, ast.Call) and ast.unparse(node.func) == "get_object_or_404":
            model = ast.unparse(node.args[0])
            # A model by its name stands for all its rows.
            if model.isidentifier() and model[0].isupper():
                yield model


@pytest.mark.parametrize(
    ("line", "found"),
    [
        ("Agency.objects.filter(key=key)", ["Agency"]),
        ("Agency.objects.visible_to(standing).filter(key=key)", []),
        ("get_object_or_404(Agency, key=key)", ["Agency"]),
        ("get_object_or_404(seen, key=key)", []),
    ],
)
def test_a_bare_manager_is_found(line, found):
    assert list(asked_barely(ast.parse(line))) == found


def test_views_take_their_rows_through_visible_to():
    assert set(bare_managers()) == set(BARE)
