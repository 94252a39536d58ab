from datetime import UTC, datetime, timedelta
from urllib.parse import parse_qs

import pytest
import time_machine
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from isecg import clock
from isecg.mail.models import Letter
from products.consensus import Stand
from products.models import Call, PositionEntry
from products.models.calls import CallState
from products.services import calls
from products.workflow import State
from tests.factories import AgencyFactory, MandateFactory, UserFactory
from tests.products.world import circulate, give_chair, make_call, make_world
from workgroups.roles import Capacity

pytestmark = pytest.mark.django_db

NOON = datetime(2026, 3, 2, 12, tzinfo=UTC)  # a Monday


@pytest.fixture
def traveller():
    with time_machine.travel(NOON, tick=False) as moved:
        yield moved


def queries_of(client, url):
    """Return how many queries a page costs, session and person included."""
    with CaptureQueriesContext(
        connection,
    ) as context:
        response = client.get(url)
    assert response.status_code == 200
    return len(context), response


def new_url(world):
    return reverse("call_new", args=[world.product.code])


OPENING = {
    "question": "Is this agreed?",
    "mode": "explicit",
    "day": "2026-03-16",
    "time": "18:00",
    "time_zone": "Europe/Paris",
}


# --- Opening -----------------------------------------------------------------------------------


def test_call_new_shows_the_confirmation_sheet_and_opens_nothing(client, traveller):
    world = make_world(codes=["JAXA", "CNES"])
    world.agencies[0].time_zone = "Asia/Tokyo"
    world.agencies[0].save_as(None, "moved")
    client.force_login(world.secretariat)

    response = client.post(new_url(world), OPENING)

    text = response.content.decode()
    assert response.status_code == 200
    assert not Call.objects.exists()
    assert response.context["sheet"]["warnings"] == []
    for words in (
        "16 Mar 2026 18:00 <abbr",  # in Paris, where it was set
        "17 Mar 2026 02:00 <abbr",  # in Tokyo
        "at least 50 % of 2 must answer (1)",
        "at least 50 % of 2 must concur (1)",
        world.product.versions.get().sha256,
        world.heads[0].name,
        "2 people get the call by mail",
    ):
        assert words in text


def test_call_new_opens_the_call_once_confirmed(client, traveller):
    world = make_world(2)
    client.force_login(world.secretariat)

    response = client.post(new_url(world), OPENING | {"confirm": "yes"})
    again = client.post(new_url(world), OPENING | {"confirm": "yes"})

    call = Call.objects.get()
    assert (response.status_code, response["Location"]) == (302, reverse("call", args=[call.pk]))
    assert call.deadline == datetime(2026, 3, 16, 17, tzinfo=UTC)
    assert (call.time_zone, call.question) == ("Europe/Paris", "Is this agreed?")
    assert Letter.objects.filter(kind="call.opened").count() == 2
    assert again.status_code == 422
    assert "is “In consensus” now" in again.content.decode()


@pytest.mark.parametrize(
    ("changed", "field", "words"),
    [
        ({"day": "2026-03-01"}, "day", "This lies in the past"),
        ({"day": "2026-03-29", "time": "02:30"}, "time", "does not exist in Europe/Paris"),
        ({"day": "2026-10-25", "time": "02:30"}, "time", "comes twice in Europe/Paris"),
        ({"time_zone": "Europe/Nowhere"}, "time_zone", "Select a valid choice"),
        ({"question": ""}, "question", "This field is required"),
        ({"day": "yesterday"}, "day", "Enter a valid date"),
    ],
)
@pytest.mark.parametrize("confirm", [{}, {"confirm": "yes"}])
def test_call_new_refuses_beside_the_field(client, traveller, changed, field, words, confirm):
    world = make_world(1)
    client.force_login(world.secretariat)

    response = client.post(new_url(world), OPENING | changed | confirm)

    form = response.context["form"]
    assert response.status_code == 422
    assert list(form.errors) == [field]
    assert words in form.errors[field][0]
    assert form["question"].value() == (OPENING | changed)["question"]
    assert not Call.objects.exists()


@pytest.mark.parametrize("confirm", [{}, {"confirm": "yes"}])
def test_call_new_says_when_the_window_has_not_run(client, traveller, confirm):
    world = make_world(1)
    circulate(world.product.versions.get(), opened_at=clock.now() - timedelta(days=1))
    client.force_login(world.secretariat)

    response = client.post(new_url(world), OPENING | confirm)

    assert response.status_code == 422
    assert response.context["form"].non_field_errors() == [
        "The minimum share period of 14 days runs until 15 Mar 2026 12:00 UTC."
    ]
    assert not Call.objects.exists()


def test_call_new_says_when_the_product_is_not_shared(client, traveller):
    world = make_world(1, state=State.DRAFTING)
    client.force_login(world.secretariat)

    response = client.post(new_url(world), OPENING)

    assert response.status_code == 422
    assert "is “Drafting” now" in response.context["form"].non_field_errors()[0]


def test_call_new_is_for_the_chair_and_the_secretariat(client):
    world = make_world(2)
    client.force_login(world.heads[0])
    assert client.get(new_url(world)).status_code == 403
    assert client.post(new_url(world), OPENING).status_code == 403

    give_chair(world.agencies[0])
    assert client.get(new_url(world)).status_code == 200


def test_call_new_does_not_exist_for_who_may_not_see_the_product(client):
    world = make_world(1)
    client.force_login(UserFactory())

    assert client.get(new_url(world)).status_code == 404


def test_confirmation_sheet_warns_of_seats_and_days(client, traveller):
    world = make_world(codes=["ASI", "ESA", "JAXA"])
    mandate = world.heads[0].mandates.get()
    mandate.capacity = Capacity.STAFF
    mandate.save_as(None, "staff now")
    call = make_call(codes=["KARI"]).call  # leaves a letter
    letter = Letter.objects.filter(kind="call.opened").get()
    letter.pk = None
    letter.key, letter.message_id = "other", "<other@isecg>"
    letter.recipient, letter.state, letter.last_error = world.heads[1], "failed", "No such box."
    letter.save(force_insert=True)
    circulate(world.product.versions.get(), opened_at=clock.now() - timedelta(days=15))
    client.force_login(world.secretariat)

    response = client.post(new_url(world), OPENING | {"day": "2026-03-07"})

    assert call.pk
    assert response.context["sheet"]["warnings"] == [
        "4 working days until the deadline: fewer than 5.",
        "The deadline is on a Saturday (Europe/Paris).",
        "Vacant: ASI. Without a head of delegation or an alternate, "
        "nobody there can take a position.",
        "Letters do not reach ESA: the last ones failed.",
    ]


# --- The page ----------------------------------------------------------------------------------


def test_call_shows_who_stands_where_and_never_counts_silence(client, traveller):
    world = make_call(codes=["ASI", "CNES", "ESA"])
    world.say(0, Stand.CONCUR)
    world.say(1, Stand.OBJECT, "Clause 4 promises funds.")
    client.force_login(world.heads[2])

    response = client.get(world.call.get_absolute_url())

    rows = [(row.elector.code, row.kind, row.label) for row in response.context["rows"]]
    assert rows == [
        ("ASI", "concur", "Concur"),
        ("CNES", "object", "Object"),
        ("ESA", "none", "No response"),
    ]
    text = response.content.decode()
    assert "If it closed now:" in text
    assert "badge-dissent" in text
    assert "Waiting for ESA: no position." in text
    assert "CNES objects: Clause 4 promises funds." in text
    assert "at least 50 % of 3 must answer (2)" in text
    assert "non-binding" in text
    assert world.call.version.sha256 in text


def test_call_shows_the_deadline_in_three_zones(client, traveller):
    world = make_call(1)
    reader = world.heads[0]
    reader.time_zone = "Australia/Adelaide"
    reader.save_as(None, "moved")
    client.force_login(reader)

    text = client.get(world.call.get_absolute_url()).content.decode()

    assert "12 Mar 2026 22:30 <abbr" in text
    assert "(12:00 <abbr" in text
    assert "12 Mar 2026 13:00 <abbr" in text


def test_call_keeps_late_positions_apart(client, traveller):
    world = make_call(codes=["ASI", "CNES"])
    world.say(0, Stand.CONCUR)
    traveller.move_to(world.call.deadline + timedelta(seconds=1))
    world.say(1, Stand.OBJECT, "Too late.")
    client.force_login(world.secretariat)

    response = client.get(world.call.get_absolute_url())

    rows = {row.elector.code: row for row in response.context["rows"]}
    assert (rows["CNES"].kind, rows["CNES"].late.text) == ("none", "Too late.")
    text = response.content.decode()
    assert text.count("Late, not counted") >= 2
    assert "The positions come to" in text
    assert "to be declared by the secretariat." in text


def test_call_names_who_recorded_on_behalf_and_the_source(client):
    world = make_call(codes=["ESA"])
    calls.record_position(
        world.call,
        agency=world.agencies[0],
        stand=Stand.CONCUR,
        text="",
        by=world.secretariat,
        source="teleconference 12 Mar 2026",
    )
    client.force_login(world.heads[0])

    text = client.get(world.call.get_absolute_url()).content.decode()

    assert "recorded by Sam Secretariat for ESA, source: teleconference 12 Mar 2026" in text


def test_call_does_not_exist_for_people_without_a_mandate(client):
    world = make_call(1)
    client.force_login(UserFactory())

    assert client.get(world.call.get_absolute_url()).status_code == 404
    assert client.post(reverse("call_extend", args=[world.call.pk])).status_code == 404


def test_call_offers_each_reader_their_acts(client):
    world = make_call(2)
    staff = MandateFactory(agency=world.agencies[0], capacity=Capacity.STAFF).person
    outsider = MandateFactory().person
    chair = give_chair(world.agencies[1]).agency

    def acts(user):
        client.force_login(user)
        offered = client.get(world.call.get_absolute_url()).context["acts"]
        return [act["elector"].agency for act in offered.pop("positions")], sorted(offered)

    assert acts(staff) == ([], [])
    assert acts(outsider) == ([], [])
    assert acts(world.heads[0]) == ([world.agencies[0]], [])
    assert acts(world.heads[1]) == ([chair], ["extend", "recall", "return"])
    assert acts(world.secretariat) == ([], ["extend", "on_behalf", "recall", "return"])


@pytest.mark.parametrize("count", [1, 50])
def test_call_costs_ten_queries_at_most_for_everybody(client, count):
    world = make_call(count)
    give_chair(world.agencies[0])
    for at in range(count):
        world.say(at, Stand.CONDITION, f"Clause {at} is to say who pays. " * 3)
    readers = [world.heads[0], world.secretariat]

    costs = []
    for reader in readers:
        client.force_login(reader)
        cost, response = queries_of(client, world.call.get_absolute_url())
        costs.append(cost)
        assert len(response.content) < 100_000

    assert max(costs) <= 10, costs


def test_a_sign_off_costs_twenty_five_queries_at_most(client):
    world = make_call(3)
    client.force_login(world.heads[0])
    url = reverse("call_position", args=[world.call.pk, world.agencies[0].key])

    with CaptureQueriesContext(connection) as context:
        response = client.post(url, position(world, 0, "object", "Clause 4."))

    assert response.status_code == 302
    assert len(context) <= 25, [query["sql"][:90] for query in context]


# --- Acts --------------------------------------------------------------------------------------


def position(world, at, stand, text=""):
    key = world.agencies[at].key
    return {f"{key}-stand": stand, f"{key}-text": text}


def test_call_position_records_it(client):
    world = make_call(codes=["ESA"])
    client.force_login(world.heads[0])
    url = reverse("call_position", args=[world.call.pk, "esa"])

    response = client.post(url, position(world, 0, "reservation", "Clause 2 is for study."))

    entry = PositionEntry.objects.get()
    assert (response.status_code, response["Location"]) == (302, world.call.get_absolute_url())
    assert (entry.agency, entry.stand, entry.text, entry.given_by, entry.on_behalf) == (
        world.agencies[0],
        "reservation",
        "Clause 2 is for study.",
        world.heads[0],
        False,
    )


@pytest.mark.parametrize(
    ("stand", "text", "field"),
    [("object", "", "text"), ("condition", " ", "text"), ("", "x", "stand"), ("yes", "x", "stand")],
)
def test_call_position_refuses_beside_the_field_and_keeps_the_text(client, stand, text, field):
    world = make_call(1)
    client.force_login(world.heads[0])
    url = reverse("call_position", args=[world.call.pk, world.agencies[0].key])

    response = client.post(url, position(world, 0, stand, text))

    form = response.context["acts"]["positions"][0]["form"]
    assert response.status_code == 422
    assert list(form.errors) == [field]
    assert form["text"].value() == text
    assert not PositionEntry.objects.exists()


def test_call_position_refuses_the_same_form_twice(client):
    world = make_call(1)
    client.force_login(world.heads[0])
    url = reverse("call_position", args=[world.call.pk, world.agencies[0].key])
    client.post(url, position(world, 0, "concur"))

    response = client.post(url, position(world, 0, "concur"))

    assert response.status_code == 422
    assert "position already" in response.content.decode()
    assert PositionEntry.objects.count() == 1


def test_call_position_needs_the_voice_of_that_agency(client):
    world = make_call(2)
    client.force_login(world.heads[0])
    url = reverse("call_position", args=[world.call.pk, world.agencies[1].key])

    response = client.post(url, position(world, 1, "concur"))

    assert response.status_code == 403
    assert "you hold no mandate of" in response.content.decode()
    assert not PositionEntry.objects.exists()


def test_call_position_is_not_taken_on_get(client):
    world = make_call(1)
    client.force_login(world.heads[0])

    url = reverse("call_position", args=[world.call.pk, world.agencies[0].key])

    assert client.get(url, position(world, 0, "concur")).status_code == 405


def test_call_position_outside_the_electorate_is_refused(client):
    world = make_call(1)
    outsider = MandateFactory(agency=AgencyFactory(code="KARI"))
    client.force_login(outsider.person)

    response = client.post(
        reverse("call_position", args=[world.call.pk, "kari"]), {"kari-stand": "concur"}
    )

    assert response.status_code == 422
    assert "KARI is not in the electorate of this call" in response.content.decode()


def test_call_withdraw_takes_the_position_back(client):
    world = make_call(1)
    world.say(0, Stand.OBJECT)
    client.force_login(world.heads[0])
    url = reverse("call_withdraw", args=[world.call.pk, world.agencies[0].key])

    first, second = client.post(url), client.post(url)

    assert (first.status_code, second.status_code) == (302, 422)
    assert "has no position that could be withdrawn" in second.content.decode()
    assert [entry.stand for entry in PositionEntry.objects.all()] == ["object", ""]


def on_behalf(world, **changed):
    given = {"agency": world.agencies[0].pk, "stand": "concur", "text": "", "source": "letter"}
    return {f"on-behalf-{name}": value for name, value in (given | changed).items()}


def test_call_on_behalf_records_with_its_source(client):
    world = make_call(2)
    client.force_login(world.secretariat)

    response = client.post(reverse("call_on_behalf", args=[world.call.pk]), on_behalf(world))

    entry = PositionEntry.objects.get()
    assert response.status_code == 302
    assert (entry.on_behalf, entry.source, entry.stand) == (True, "letter", "concur")


@pytest.mark.parametrize(
    ("changed", "field"),
    [
        ({"source": ""}, "source"),
        ({"source": "  "}, "source"),
        ({"stand": "object"}, "text"),
        ({"agency": "999999"}, "agency"),
        ({"stand": ""}, "stand"),
    ],
)
def test_call_on_behalf_refuses_beside_the_field(client, changed, field):
    world = make_call(1)
    client.force_login(world.secretariat)

    response = client.post(
        reverse("call_on_behalf", args=[world.call.pk]), on_behalf(world, **changed)
    )

    assert response.status_code == 422
    assert list(response.context["acts"]["on_behalf"].errors) == [field]
    assert not PositionEntry.objects.exists()


def test_call_on_behalf_withdraws_too(client):
    world = make_call(1)
    world.say(0, Stand.CONCUR)
    client.force_login(world.secretariat)

    client.post(reverse("call_on_behalf", args=[world.call.pk]), on_behalf(world, stand="withdraw"))

    assert [entry.stand for entry in PositionEntry.objects.all()] == ["concur", ""]


def test_call_on_behalf_is_the_secretariats_alone(client):
    world = make_call(1)
    give_chair(world.agencies[0])
    for user in (world.heads[0], UserFactory(is_superuser=True, is_staff=True)):
        client.force_login(user)
        response = client.post(reverse("call_on_behalf", args=[world.call.pk]), on_behalf(world))
        assert response.status_code in {403, 404}

    assert not PositionEntry.objects.exists()


def extension(**changed):
    given = {"day": "2026-03-20", "time": "12:00", "time_zone": "UTC", "reason": "Holidays."}
    return given | changed


def test_call_extend_moves_the_deadline(client, traveller):
    world = make_call(1)
    client.force_login(world.secretariat)
    url = reverse("call_extend", args=[world.call.pk])

    first, second = client.post(url, extension()), client.post(url, extension())

    world.call.refresh_from_db()
    assert (first.status_code, second.status_code) == (302, 422)
    assert world.call.deadline == datetime(2026, 3, 20, 12, tzinfo=UTC)
    # The zone of the opening stays that of the call.
    assert world.call.time_zone == "Europe/Paris"
    assert "to a later instant" in second.content.decode()


def test_call_extend_refuses_a_day_in_the_past_beside_it(client, traveller):
    world = make_call(1)
    client.force_login(world.secretariat)

    response = client.post(
        reverse("call_extend", args=[world.call.pk]), extension(day="2026-03-01")
    )

    form = response.context["form"]
    assert (response.status_code, list(form.errors)) == (422, ["day"])
    assert form["reason"].value() == "Holidays."


def test_call_return_ends_the_call(client):
    world = make_call(1)
    client.force_login(world.secretariat)
    url = reverse("call_return", args=[world.call.pk])

    empty = client.post(url, {"return-reason": ""})
    first = client.post(url, {"return-reason": "Figures are wrong."})
    second = client.post(url, {"return-reason": "Figures are wrong."})

    world.call.refresh_from_db()
    assert [empty.status_code, first.status_code, second.status_code] == [422, 302, 422]
    assert world.call.state == CallState.RETURNED
    text = client.get(world.call.get_absolute_url()).content.decode()
    assert "The call ended without a decision" in text


@pytest.mark.parametrize("name", ["call_extend", "call_recall", "call_return"])
def test_acts_on_the_call_are_for_chair_and_secretariat(client, name):
    world = make_call(1)
    client.force_login(world.heads[0])

    assert client.post(reverse(name, args=[world.call.pk])).status_code == 403


def test_what_is_typed_is_shown_as_text(client):
    world = make_call(1)
    world.say(0, Stand.OBJECT, "<script>alert(1)</script>")
    client.force_login(world.heads[0])

    text = client.get(world.call.get_absolute_url()).content.decode()

    assert "<script>alert" not in text
    assert "&lt;script&gt;alert" in text


def test_sign_in_is_asked_for(client):
    world = make_call(1)

    response = client.get(world.call.get_absolute_url())

    assert response.status_code == 302
    assert "next" in parse_qs(response["Location"].partition("?")[2])
