"""A mandate for one product: what its holder reads and does, and of what they hear (rule 4)."""

from datetime import timedelta

import pytest
from django.core.exceptions import PermissionDenied
from django.urls import reverse

from isecg import clock
from isecg.mail.models import Letter
from products.consensus import Stand
from products.models import Product, Relation
from products.models.products import Degree
from products.services import calls, participation
from products.views.seats import read_seats
from products.workflow import State
from products.your_turn import vacant_seats, your_turn
from tests.factories import (
    AgencyFactory,
    ChairTermFactory,
    MandateFactory,
    ParticipationFactory,
    ProductFactory,
    UserFactory,
)
from tests.products.world import circulate, make_call, make_world, write_version
from workgroups.permissions import Standing
from workgroups.roles import Ability, Capacity, Role

pytestmark = pytest.mark.django_db


def delegate(agency, product, capacity=Capacity.ALTERNATE):
    return MandateFactory(agency=agency, capacity=capacity, limited_to=product.code).person


@pytest.fixture
def world():
    return make_call(2, code="DRAFT")


@pytest.fixture
def other():
    return make_call(2, code="OTHER")


def test_it_shows_its_product_and_no_other_draft(world, other):
    standing = Standing.of(delegate(world.agencies[0], world.product))

    assert list(Product.objects.visible_to(standing)) == [world.product]


def test_it_shows_what_is_released_as_everybody_sees_it(world):
    person = delegate(world.agencies[0], world.product)
    seen = Product.objects.visible_to(Standing.of(UserFactory()))
    ProductFactory(code="GONE", state=State.WITHDRAWN)

    assert list(seen) == []
    assert list(Product.objects.visible_to(Standing.of(person))) == [world.product]


@pytest.mark.parametrize(
    ("name", "args"),
    [
        ("product", []),
        ("product_history", []),
        ("compare", []),
        ("version", [1]),
    ],
)
def test_its_holder_reads_the_pages_of_that_product_alone(client, world, other, name, args):
    client.force_login(delegate(world.agencies[0], world.product, Capacity.STAFF))

    codes = [
        client.get(reverse(name, args=[code, *args])).status_code for code in ("DRAFT", "OTHER")
    ]

    assert codes == [200, 404]


def test_its_holder_speaks_in_the_calls_on_that_product_alone(world, other):
    agency = world.agencies[0]
    person = delegate(agency, world.product)
    ParticipationFactory(product=other.product, agency=agency)

    calls.record_position(world.call, agency=agency, stand=Stand.CONCUR, text="", by=person)
    with pytest.raises(PermissionDenied, match=r"your mandate there is limited to DRAFT\.$"):
        calls.record_position(other.call, agency=agency, stand=Stand.CONCUR, text="", by=person)

    assert [entry.given_by for entry in world.call.entries.all()] == [person]


def test_staff_for_one_product_do_not_speak_on_it(world):
    person = delegate(world.agencies[0], world.product, Capacity.STAFF)

    with pytest.raises(PermissionDenied, match=r"your mandate there is that of staff\.$"):
        calls.record_position(
            world.call, agency=world.agencies[0], stand=Stand.CONCUR, text="", by=person
        )


def test_the_page_of_the_call_offers_the_position_and_takes_it(client, world):
    agency = world.agencies[0]
    person = delegate(agency, world.product)
    client.force_login(person)
    page = reverse("call", args=[world.call.pk])

    offered = client.get(page).context["acts"]["positions"]
    sent = client.post(
        reverse("call_position", args=[world.call.pk, agency.key]),
        {f"{agency.key}-stand": "concur", f"{agency.key}-text": ""},
    )

    assert [row["elector"].agency for row in offered] == [agency]
    assert (sent.status_code, sent.url) == (302, page)


def test_the_product_offers_the_position_and_to_leave(client, world):
    client.force_login(delegate(world.agencies[0], world.product))

    context = client.get(reverse("product", args=["DRAFT"])).context

    assert [link["label"] for link in context["links"]] == ["Take a position"]
    assert [row["act"].button for row in context["acts"]] == ["Leave the product"]


def test_its_holder_joins_and_leaves_that_product_for_the_agency():
    agency, product = AgencyFactory(), ProductFactory(code="DRAFT")
    person, elsewhere = delegate(agency, product), ProductFactory(code="OTHER")
    said = {"agency": agency, "reason": "r", "by": person}

    participation.join(product, degree=Degree.LEAD, **said)
    participation.leave(product, **said)
    with pytest.raises(PermissionDenied):
        participation.join(elsewhere, degree=Degree.LEAD, **said)

    assert [row.left_at is not None for row in agency.participations.all()] == [True]


def test_its_holder_proposes_opens_and_keeps_nothing(world):
    agency = AgencyFactory()
    ChairTermFactory(agency=agency)
    standing = Standing.of(delegate(agency, world.product))

    assert not standing.is_chair
    assert standing.granted() == set()
    assert standing.granted(limit="DRAFT") == {
        Ability.READ_DRAFTS,
        Ability.COMMENT,
        Ability.TAKE_POSITION,
        Ability.JOIN_PRODUCT,
        # A speaker's; whose seat it is, is asked apart, and is no seat of theirs.
        Ability.CONFIRM_SEAT,
    }
    assert not standing.may_confirm(agency)
    assert standing.granted(limit="OTHER") == set()
    assert (standing.agencies, standing.voices) == ([], [])
    assert (standing.own_agencies, standing.limits) == ([agency], {"DRAFT"})


def test_a_general_mandate_beside_it_keeps_what_it_gives(world, other):
    person = MandateFactory(agency=world.agencies[0], capacity=Capacity.STAFF).person
    MandateFactory(
        agency=world.agencies[0],
        person=person,
        capacity=Capacity.ALTERNATE,
        limited_to=world.product.code,
    )
    standing = Standing.of(person)

    assert Product.objects.visible_to(standing).count() == 2
    assert standing.voices_on("DRAFT") == [world.agencies[0]]
    assert (standing.voices, standing.voices_on("OTHER")) == ([], [])


def test_your_turn_tells_of_that_product_alone(world, other):
    agency = world.agencies[0]
    ParticipationFactory(product=other.product, agency=agency)
    shared = [ProductFactory(code=code, state=State.SHARED) for code in ("READ", "HIDDEN")]
    for product in shared:
        circulate(write_version(product), opened_at=clock.now())
    person = delegate(agency, world.product)
    MandateFactory(agency=agency, person=person, limited_to="READ", capacity=Capacity.STAFF)

    turns = your_turn(Standing.of(person))

    assert [(turn.product.code, turn.own) for turn in turns] == [("DRAFT", True), ("READ", True)]


def test_home_lists_that_product_and_names_the_agency(client, world, other):
    client.force_login(delegate(world.agencies[0], world.product))

    context = client.get(reverse("home")).context

    assert [product.code for product in context["moving"]] == ["DRAFT"]
    assert context["agencies"] == [world.agencies[0]]
    assert "You hold no mandate" not in client.get(reverse("home")).content.decode()


def test_letters_reach_who_is_limited_to_the_product_and_nobody_limited_to_another():
    world = make_world(1, code="DRAFT")
    agency = world.agencies[0]
    here = delegate(agency, world.product, Capacity.STAFF)
    there = delegate(agency, ProductFactory(code="OTHER"))

    world.call = calls.open_call(
        world.product,
        question="Is this agreed?",
        deadline=clock.now() + timedelta(days=9),
        time_zone="UTC",
        by=world.secretariat,
    )
    world.say(0, Stand.OBJECT)

    kinds = {
        person: sorted(Letter.objects.filter(recipient=person).values_list("kind", flat=True))
        for person in (here, there)
    }
    assert kinds == {here: ["call.opened", "position.recorded"], there: []}


def test_a_seat_with_limited_mandates_alone_is_vacant(client, world):
    agency = AgencyFactory(code="ESA")
    person = delegate(agency, world.product)

    assert vacant_seats(Standing.of(person)) == [agency]
    client.force_login(person)
    assert "The seat is vacant." in client.get(agency.get_absolute_url()).content.decode()


def test_the_sheet_counts_who_may_speak_on_the_product():
    agency, product = AgencyFactory(), ProductFactory(code="DRAFT")
    person = delegate(agency, product)
    delegate(agency, ProductFactory(code="OTHER"))

    (seat,) = read_seats([agency], on="DRAFT", at=clock.now())

    assert (seat.people, seat.facts.speakers) == ((person,), 1)


def test_a_draft_to_which_it_relates_stays_hidden(client, world, other):
    Relation(product=world.product, kind="builds_on", target=other.product).save_as(None, "test")
    client.force_login(delegate(world.agencies[0], world.product))

    assert client.get(reverse("product", args=["DRAFT"])).context["relations"] == []


def test_the_seat_names_the_limits_that_the_reader_may_know(client, world, other):
    agency = world.agencies[0]
    person = delegate(agency, world.product)
    delegate(agency, other.product)
    client.force_login(person)

    html = client.get(agency.get_absolute_url()).content.decode()

    assert f"DRAFT, {world.product.title}" in html
    assert "one product" in html
    assert "OTHER" not in html


def test_who_has_a_limited_mandate_sees_no_other_seat(client, world):
    client.force_login(delegate(world.agencies[0], world.product))

    assert client.get(world.agencies[1].get_absolute_url()).context["seat"] is None


def test_only_products_on_their_way_are_offered(client, world):
    ProductFactory(code="DONE", state=State.WITHDRAWN)
    client.force_login(world.secretariat)
    page = reverse("mandate_grant", args=[world.agencies[0].key])

    choices = client.get(page).context["form"].fields["limited_to"].choices

    assert choices == [("", "Everything"), ("DRAFT", f"DRAFT, {world.product.title}")]


def test_the_code_of_a_product_is_in_no_form_that_changes_it(client, world):
    client.force_login(world.secretariat)
    page = reverse("product_edit", args=["DRAFT"])

    assert "code" not in client.get(page).context["form"].fields


def test_roles_of_a_limited_mandate_hold_for_its_product_alone(world):
    standing = Standing.of(delegate(world.agencies[0], world.product))

    held = [
        {role for role in Role if standing.holds(role, limit=code)}
        for code in ("DRAFT", "OTHER", "")
    ]
    assert held == [{Role.SPEAKER, Role.MEMBER}, set(), set()]
