from datetime import UTC, datetime, timedelta

import pytest
import time_machine
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from isecg.mail.models import Letter
from products.consensus import Outcome, Stand
from products.models import Decision
from products.services import calls, decisions
from products.workflow import State
from tests.factories import AgencyFactory, UserFactory
from tests.products.world import give_chair, make_call

pytestmark = pytest.mark.django_db

NOON = datetime(2026, 3, 2, 12, tzinfo=UTC)


@pytest.fixture
def traveller():
    with time_machine.travel(NOON, tick=False) as moved:
        yield moved


@pytest.fixture
def closed(traveller):
    """Make a call whose deadline has passed, with a reservation in it."""
    world = make_call(codes=["ASI", "CNES", "ESA", "JAXA"])
    world.say(0, Stand.CONCUR)
    world.say(1, Stand.RESERVATION, "Clause 2 is for study.")
    calls.record_position(
        world.call,
        agency=world.agencies[2],
        stand=Stand.CONCUR,
        text="",
        by=world.secretariat,
        source="letter of 3 March",
    )
    traveller.move_to(world.call.deadline + timedelta(seconds=1))
    return world


def url_of(world):
    return reverse("declare", args=[world.call.pk])


def given(**changed):
    return {"outcome": "consensus_with_reservations", "statement": "Agreed.", **changed}


def test_declare_declares_and_leads_to_the_record(client, closed):
    client.force_login(closed.secretariat)

    response = client.post(url_of(closed), given())
    again = client.post(url_of(closed), given())

    decision = Decision.objects.get()
    closed.product.refresh_from_db()
    assert (response.status_code, response["Location"]) == (302, "/decisions/2026/1/")
    assert (decision.outcome, closed.product.state) == (Outcome.WITH_RESERVATIONS, State.AGREED)
    assert again.status_code == 422
    assert "is “Agreed” now" in again.content.decode()
    assert Letter.objects.filter(kind="decision.declared").count() == 5


@pytest.mark.parametrize(
    ("changed", "field"),
    [
        ({"outcome": "consensus"}, "outcome"),  # stronger than the computed one
        ({"outcome": "overtaken"}, "outcome"),
        ({"outcome": "dissent"}, "reason"),
        ({"outcome": "dissent", "reason": " "}, "reason"),
        ({"statement": ""}, "statement"),
    ],
)
def test_declare_refuses_beside_the_field(client, closed, changed, field):
    client.force_login(closed.secretariat)

    response = client.post(url_of(closed), given(**changed))

    assert response.status_code == 422
    assert list(response.context["form"].errors) == [field]
    assert not Decision.objects.exists()


def test_declare_is_offered_to_the_one_whose_act_it_is(client, closed):
    give_chair(closed.agencies[0])

    statuses = []
    for user in (closed.secretariat, closed.heads[1], closed.heads[0]):
        client.force_login(user)
        offered = client.get(closed.call.get_absolute_url()).context["acts"].get("declare")
        got = client.get(url_of(closed)).status_code
        statuses.append((bool(offered), got))

    assert statuses == [(False, 403), (False, 403), (True, 200)]


def test_declare_offers_no_form_before_the_deadline(client, traveller):
    world = make_call(2)
    client.force_login(world.secretariat)

    page = client.get(url_of(world)).content.decode()
    response = client.post(url_of(world), given(outcome="no_quorum"))

    assert "The call is open until" in page
    assert 'name="statement"' not in page
    assert response.status_code == 422
    assert "0 of 2 have answered" in response.content.decode()
    assert not Decision.objects.exists()


def declare(world, outcome=Outcome.WITH_RESERVATIONS, **fields):
    return decisions.declare(
        world.product, outcome=outcome, statement="Agreed.", by=world.secretariat, **fields
    )


def test_decision_prints_the_whole_record(client, closed):
    decision = declare(closed)
    client.force_login(closed.heads[3])

    text = client.get(decision.get_absolute_url()).content.decode()

    for words in (
        "ISECG-D-2026-001",
        "Is this agreed?",
        closed.call.version.sha256,
        "Based on responses from 3 of 4 (75.0 %).",
        "ASI, ESA",
        "Clause 2 is for study.",
        "ESA: recorded by Sam Secretariat for ESA, source: letter of 3 March.",
        "at least 50 % of 4 (2)",
        "goes to the release gate",
        "as the secretariat",
        "non-binding",
    ):
        assert words in text
    # Who did not respond, in the row that says so.
    row = text[text.index("No response") :]
    assert row.index("JAXA") < row.index("</tr>")
    assert "Declared weaker" not in text


def test_decision_names_who_recorded_as_they_are_called_now(client, closed):
    decision = declare(closed)
    assert decision.record["on_behalf"] == [
        {"agency": "ESA", "by": f"user:{closed.secretariat.pk}", "source": "letter of 3 March"}
    ]
    closed.secretariat.name = "Sam Renamed"
    closed.secretariat.save_as(None, "test")
    client.force_login(closed.heads[3])

    text = client.get(decision.get_absolute_url()).content.decode()

    assert "ESA: recorded by Sam Renamed for ESA, source: letter of 3 March." in text
    assert "Sam Secretariat" not in text


def test_decision_shows_what_was_computed_and_why_it_is_weaker(client, closed):
    decision = declare(closed, Outcome.INSUFFICIENT_SUPPORT, reason="Budgets changed.")
    client.force_login(closed.secretariat)

    text = client.get(decision.get_absolute_url()).content.decode()

    assert "Declared weaker because: Budgets changed." in text
    assert "The positions come to “Consensus with reservations”" in text
    assert "goes back to drafting" in text


def test_decision_keeps_the_codes_of_its_day(client, closed):
    decision = declare(closed)
    agency = closed.agencies[0]
    agency.code = "NEW"
    agency.save_as(None, "renamed")
    client.force_login(closed.heads[3])

    text = client.get(decision.get_absolute_url()).content.decode()

    assert "ASI, ESA" in text
    assert "NEW" not in text


def test_decisions_are_hidden_from_people_without_a_mandate(client, closed):
    decision = declare(closed)
    client.force_login(UserFactory())

    assert client.get(decision.get_absolute_url()).status_code == 404
    assert list(client.get(reverse("decisions")).context["page"]) == []


def test_a_decision_that_is_not_there_is_not_found(client, closed):
    client.force_login(closed.heads[0])

    assert client.get("/decisions/2026/7/").status_code == 404


def test_decisions_cost_the_same_at_any_number(client, closed):
    first = declare(closed)
    client.force_login(closed.heads[0])

    def cost():
        with CaptureQueriesContext(connection) as context:
            response = client.get(reverse("decisions"))
        return len(context), len(response.context["page"].object_list)

    before = cost()
    for serial in range(2, 41):
        copy = Decision.objects.get(pk=first.pk)
        copy.pk, copy.serial = None, serial
        copy.save(force_insert=True)

    assert before[1] == 1
    assert cost() == (before[0], 40)


def test_the_electorate_of_a_decision_is_that_of_its_call(closed):
    AgencyFactory(code="LATE")

    assert declare(closed).record["electorate"] == ["ASI", "CNES", "ESA", "JAXA"]
