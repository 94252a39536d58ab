"""The pages of circulations: the form, the confirmation sheet, and the delivery matrix."""

from datetime import UTC, datetime, timedelta

import pytest
import time_machine

from isecg.mail.models import Letter
from products.models import Circulation, ProductEditor
from products.services import circulations
from products.workflow import State
from tests.factories import (
    AgencyFactory,
    MandateFactory,
    ParticipationFactory,
    ProductFactory,
    UserFactory,
)
from tests.products.world import make_world, write_version
from workgroups.roles import Capacity

pytestmark = pytest.mark.django_db

NOON = datetime(2026, 3, 12, 12, tzinfo=UTC)
WINDOW = {
    "day": "2026-03-27",
    "time": "18:00",
    "time_zone": "Europe/Paris",
    "note": "Read section 2.",
}


@pytest.fixture
def traveller():
    with time_machine.travel(NOON, tick=False) as traveller:
        yield traveller


@pytest.fixture
def world(traveller):
    return make_world(codes=["ASI", "ESA"], code="DRAFT", state=State.DRAFTING)


def new_url(product):
    return f"{product.get_absolute_url()}circulate/"


# --- The form and its sheet --------------------------------------------------------------------


def test_the_product_page_leads_to_the_form(client, world):
    client.force_login(world.secretariat)

    page = client.get(world.product.get_absolute_url())

    assert {"label": "Circulate to all members", "href": "/products/DRAFT/circulate/"}.items() <= (
        page.context["links"][0].items()
    )


@pytest.mark.parametrize("who", ["head", "editor"])
def test_the_form_is_of_those_who_may_circulate(client, world, who):
    person = world.heads[0]
    if who == "editor":
        ProductEditor(product=world.product, person=person).save_as(None, "test")
    client.force_login(person)

    expected = 200 if who == "editor" else 403
    assert client.get(new_url(world.product)).status_code == expected
    assert client.post(new_url(world.product), WINDOW).status_code == expected


def test_the_form_does_not_exist_for_who_may_not_see_the_product(client, world):
    client.force_login(UserFactory())

    assert client.get(new_url(world.product)).status_code == 404


def test_the_form_says_the_share_period_and_proposes_a_day_more(client, world):
    client.force_login(UserFactory(is_secretariat=True, time_zone="Asia/Tokyo"))

    response = client.get(new_url(world.product))
    page = response.content.decode()

    assert "The minimum share period of this kind of product is 14 days." in page
    assert 'name="day" value="2026-03-27"' in page
    assert [finding.sentence for finding in response.context["findings"]] == [
        "Version 1 is the latest.",
        "It gets a window of at least 14 days.",
    ]
    assert "non-binding" in page


def test_the_sheet_comes_first_and_circulates_nothing(client, world):
    AgencyFactory(code="KARI", time_zone="Asia/Seoul")
    client.force_login(world.secretariat)

    response = client.post(new_url(world.product), WINDOW)

    sheet = response.context["sheet"]
    assert response.status_code == 200
    assert [
        (seat.agency.code, [person.name for person in seat.people], seat.facts.speakers)
        for seat in sheet["seats"]
    ] == [
        ("ASI", [world.heads[0].name], 1),
        ("ESA", [world.heads[1].name], 1),
        ("KARI", [], 0),
    ]
    assert (sheet["letters"], sheet["share_days"]) == (2, 14)
    assert sheet["warnings"] == [
        "The deadline is at the weekend for KARI, on their own clocks.",
        "Vacant: KARI. Without a head of delegation or an alternate, "
        "nobody there speaks for the agency.",
    ]
    assert [finding.sentence for finding in response.context["findings"]] == [
        "Version 1 is the latest.",
        "The window lasts at least 14 days.",
    ]
    page = response.content.decode()
    # 18:00 in Paris is the next day in Seoul.
    assert "28 Mar 2026 02:00" in page
    assert "27 Mar 2026 18:00" in page
    assert "17:00" in page
    assert page.count('name="confirm"') == 1
    assert not Letter.objects.filter(kind="circulation.opened").exists()
    world.product.refresh_from_db()
    assert world.product.state == State.DRAFTING


def test_what_is_told_on_the_sheet_is_what_happens(client, world):
    client.force_login(world.secretariat)
    sheet = client.post(new_url(world.product), WINDOW).context["sheet"]

    done = client.post(new_url(world.product), WINDOW | {"confirm": "yes"})
    again = client.post(new_url(world.product), WINDOW | {"confirm": "yes"})

    made = Circulation.objects.latest("pk")
    assert (done.status_code, done["Location"]) == (302, f"/circulations/{made.pk}/")
    assert (made.closes_at, made.time_zone, made.note) == (
        datetime(2026, 3, 27, 17, tzinfo=UTC),
        "Europe/Paris",
        "Read section 2.",
    )
    assert [row.code for row in made.recipients.all()] == [
        seat.agency.code for seat in sheet["seats"]
    ]
    assert Letter.objects.filter(kind="circulation.opened").count() == sheet["letters"]
    assert again.status_code == 422
    assert again.context["form"].non_field_errors() == [
        "Version 1 is circulated to all member agencies already: another version can be."
    ]


def test_the_sheet_warns_of_days_and_seats_in_the_words_of_a_circulation(client, world):
    mandate = world.heads[0].mandates.get()
    mandate.capacity = Capacity.STAFF
    mandate.save_as(None, "staff now")
    circulations.circulate(
        world.product,
        closes_at=NOON + timedelta(days=20),
        time_zone="UTC",
        note="",
        by=world.secretariat,
    )
    circulations.take_back(world.product, reason="A flaw.", by=world.secretariat)
    Letter.objects.filter(recipient=world.heads[1]).update(state="failed", last_error="No box.")
    client.force_login(world.secretariat)

    response = client.post(new_url(world.product), WINDOW | {"day": "2027-01-02"})

    assert response.context["sheet"]["warnings"] == [
        "The deadline is on a Saturday (Europe/Paris).",
        "The circulation runs into the days from 20 December to 6 January.",
        "Vacant: ASI. Without a head of delegation or an alternate, "
        "nobody there speaks for the agency.",
        "Letters do not reach ESA: the last ones failed.",
    ]


@pytest.mark.parametrize(
    ("changed", "field", "sentence"),
    [
        ({"day": "2026-03-01"}, "day", "This lies in the past"),
        ({"day": "2026-03-29", "time": "02:30"}, "time", "does not exist in Europe/Paris"),
        ({"day": "2026-10-25", "time": "02:30"}, "time", "comes twice in Europe/Paris"),
        ({"day": "2026-03-20"}, "day", "until 26 Mar 2026 12:00 UTC or later"),
        ({"day": "2026-03-40"}, "day", "Enter a valid date"),
        ({"time_zone": "Mars/Olympus"}, "time_zone", "Select a valid choice"),
        ({"note": "x" * 2001}, "note", "at most 2000 characters"),
        ({"note": "a\0b"}, "note", "Null characters are not allowed"),
    ],
)
@pytest.mark.parametrize("confirm", [{}, {"confirm": "yes"}])
def test_a_window_that_cannot_be_is_refused_beside_its_field(
    client, world, changed, field, sentence, confirm
):
    client.force_login(world.secretariat)

    response = client.post(new_url(world.product), WINDOW | changed | confirm)

    form = response.context["form"]
    assert response.status_code == 422
    assert list(form.errors) == [field]
    assert sentence in form.errors[field][0]
    assert form["note"].value() == (WINDOW | changed)["note"]
    assert Letter.objects.count() == 0


@pytest.mark.parametrize("confirm", [{}, {"confirm": "yes"}])
def test_what_stands_in_the_way_is_said_in_the_form(client, traveller, confirm):
    client.force_login(UserFactory(is_secretariat=True))
    empty = ProductFactory(state=State.DRAFTING)
    released = ProductFactory(state=State.RELEASED)

    without_version = client.post(new_url(empty), WINDOW | confirm)
    ended = client.post(new_url(released), WINDOW | confirm)

    assert without_version.context["form"].non_field_errors() == [
        "There is no version yet: an editor writes or uploads the first."
    ]
    assert "is “Released” now" in ended.context["form"].non_field_errors()[0]
    assert (without_version.status_code, ended.status_code) == (422, 422)


def test_a_shared_product_offers_it_only_where_there_is_something_to_circulate(client, world):
    client.force_login(world.secretariat)

    def offered():
        page = client.get(world.product.get_absolute_url())
        return "Circulate to all members" in [link["label"] for link in page.context["links"]]

    client.post(new_url(world.product), WINDOW | {"confirm": "yes"})
    before = offered()
    write_version(world.product, text="Better spelt.", change_class="editorial")

    assert (before, offered()) == (False, True)
    needed = client.get(world.product.get_absolute_url()).context["needed"]
    assert needed[0]["finding"].sentence.startswith("Version 2 has not been circulated")
    assert needed[0]["who"] == "the product's editors, the secretariat"


def test_the_sheet_costs_the_same_for_one_member_and_for_twenty_seven(
    client, traveller, django_assert_max_num_queries
):
    desk = UserFactory(is_secretariat=True)
    client.force_login(desk)
    for count in (1, 26):
        for _ in range(count):
            MandateFactory()
        product = ProductFactory(state=State.DRAFTING)
        write_version(product)
        with django_assert_max_num_queries(12):
            response = client.post(new_url(product), WINDOW)
    assert len(response.context["sheet"]["seats"]) == 27
    assert len(response.content) < 100_000


# --- The page ----------------------------------------------------------------------------------


def _circulated(world):
    return circulations.circulate(
        world.product,
        closes_at=datetime(2026, 3, 27, 17, tzinfo=UTC),
        time_zone="Australia/Adelaide",
        note="Read section 2.",
        by=world.secretariat,
    )


def test_the_page_shows_the_window_in_utc_and_in_the_readers_zone(client, world, traveller):
    sent = _circulated(world)
    reader = world.heads[0]
    reader.time_zone = "America/Toronto"
    reader.save_as(None, "moved")
    client.force_login(reader)

    page = client.get(sent.get_absolute_url()).content.decode()
    assert "27 Mar 2026 13:00" in page
    assert "(17:00" in page
    # And in the zone in which it was set.
    assert "28 Mar 2026 03:30" in page
    assert "it closes in 15 days" in page
    assert "Read section 2." in page
    assert "non-binding" in page

    traveller.move_to(datetime(2026, 3, 27, 16, 59, 59, tzinfo=UTC))
    client.force_login(reader)
    assert "it closes in less than a minute" in client.get(sent.get_absolute_url()).content.decode()
    traveller.move_to(datetime(2026, 3, 27, 17, tzinfo=UTC))
    assert ">Closed<" in client.get(sent.get_absolute_url()).content.decode()


def test_names_and_reasons_are_the_secretariats_alone(client, world):
    sent = _circulated(world)
    Letter.objects.filter(recipient=world.heads[0]).update(
        state="failed", last_error="550 no such box"
    )

    client.force_login(world.secretariat)
    desk = client.get(sent.get_absolute_url()).content.decode()
    client.force_login(world.heads[1])
    member = client.get(sent.get_absolute_url())
    other = member.content.decode()

    assert "550 no such box" in desk
    assert world.heads[0].name in desk
    assert "550 no such box" not in other
    assert world.heads[0].name not in other
    assert [(row.code, row.fate) for row in member.context["rows"]] == [
        ("ASI", "failed"),
        ("ESA", "queued"),
    ]
    assert "2 member agencies, under the codes of that day: 1 queued, 1 failed." in other


def test_the_page_is_for_the_readers_of_drafts(client, world):
    sent = _circulated(world)
    member = MandateFactory(capacity="staff").person
    for person, status in ((UserFactory(), 404), (member, 200)):
        client.force_login(person)
        assert client.get(sent.get_absolute_url()).status_code == status
    assert client.get("/circulations/999999/").status_code == 404
    assert client.post(sent.get_absolute_url()).status_code == 405


def test_product_and_version_lead_to_the_page(client, world):
    sent = _circulated(world)
    client.force_login(world.heads[0])
    link = f'href="{sent.get_absolute_url()}"'

    for page in (world.product, sent.version):
        assert link in client.get(page.get_absolute_url()).content.decode()


def test_the_page_costs_the_same_for_one_member_and_for_twenty_seven(
    client, traveller, django_assert_max_num_queries
):
    client.force_login(UserFactory(is_secretariat=True))
    for count in (1, 25):
        for _ in range(count):
            MandateFactory()
        world = make_world(1, state=State.DRAFTING)
        ParticipationFactory(product=world.product)
        sent = _circulated(world)
        with django_assert_max_num_queries(8):
            response = client.get(sent.get_absolute_url())
    assert len(response.context["rows"]) == Circulation.objects.get(pk=sent.pk).recipients.count()
    assert len(response.content) < 100_000
