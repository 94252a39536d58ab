from datetime import timedelta

import pytest
import time_machine
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from products.consensus import Outcome, Stand
from products.ledger import LedgerState
from products.models import ProductEditor
from products.services import decisions, releases
from products.services import ledger as services
from products.your_turn import your_turn
from tests.factories import AgencyFactory, MandateFactory, UserFactory
from tests.products.world import give_chair, make_call
from workgroups.permissions import Standing

pytestmark = pytest.mark.django_db

SECOND = timedelta(seconds=1)


@pytest.fixture
def traveller():
    with time_machine.travel("2026-03-02T12:00:00Z", tick=False) as moved:
        yield moved


@pytest.fixture
def world(traveller):
    """Return a world that agreed, with a condition of CSA that is open."""
    world = make_call(codes=["CSA", "ESA"])
    world.say(0, Stand.CONDITION, "Say who pays.")
    world.say(1, Stand.CONCUR)
    decisions.declare(
        world.product, outcome=Outcome.PROVISIONAL, statement="So be it.", by=world.secretariat
    )
    world.product.refresh_from_db()
    return world


def act_url(world, act, row=None):
    row = row or world.product.ledger.get()
    return reverse("ledger_act", args=[world.product.code, row.pk, act])


def turns(user):
    return [
        (turn.sentence, turn.own)
        for turn in your_turn(Standing.of(user))
        if "/ledger/" in turn.href
    ]


def test_ledger_lists_what_is_on_it(client, world):
    client.force_login(world.heads[1])

    page = client.get(reverse("ledger", args=[world.product.code])).context["page"]

    assert [(line["row"].label, line["words"], line["is_open"]) for line in page] == [
        ("C-1", "no disposition yet", True)
    ]


def test_ledger_is_for_members_alone(client, world):
    row = world.product.ledger.get()
    releases.release(
        world.product,
        reason="Now.",
        overrides={"no_open_condition": "The plenary asked for it."},
        by=world.secretariat,
    )
    client.force_login(UserFactory())

    for url in (
        reverse("ledger", args=[world.product.code]),
        row.get_absolute_url(),
        act_url(world, "dispose"),
    ):
        assert client.get(url).status_code == 404
    # What is released is public; what held it is not.
    for url in (world.product.get_absolute_url(), world.call.get_absolute_url()):
        answer = client.get(url)
        assert answer.status_code == 200
        assert "/ledger/" not in answer.content.decode()


def test_an_item_under_another_product_does_not_exist(client, world):
    other = make_call(codes=["JAXA"]).product
    client.force_login(world.secretariat)

    url = reverse("ledger_item", args=[other.code, world.product.ledger.get().pk])

    assert client.get(url).status_code == 404


def test_an_unknown_act_does_not_exist(client, world):
    client.force_login(world.secretariat)

    assert client.get(act_url(world, "burn")).status_code == 404


def test_an_item_offers_each_reader_their_acts(client, world):
    give_chair(world.agencies[1])
    row = services.propose_disposition(
        world.product.ledger.get(), disposition="Clause 4.", by=world.secretariat
    )

    def offered(user):
        client.force_login(user)
        acts = client.get(row.get_absolute_url()).context["acts"]
        return [href.rstrip("/").rpartition("/")[2] for _, href in acts]

    assert offered(MandateFactory(agency=AgencyFactory()).person) == []
    assert offered(world.heads[0]) == ["answer", "withdraw", "convert"]
    assert offered(world.heads[1]) == ["consider", "escalate"]
    assert offered(world.secretariat) == ["dispose", "answer", "withdraw", "convert", "escalate"]


def test_the_record_of_an_item_has_each_step_with_its_reason(client, world):
    row = services.propose_disposition(
        world.product.ledger.get(), disposition="Clause 4.", by=world.secretariat
    )
    services.answer_disposition(
        row, answer=LedgerState.REJECTED, text="Names nobody.", by=world.heads[0]
    )
    client.force_login(world.heads[1])

    record = client.get(row.get_absolute_url()).context["record"]

    assert [
        (step.history_user, step.history_change_reason.partition(":")[0]) for step in record
    ] == [
        (world.heads[0], "Disposition rejected"),
        (world.secretariat, "Disposition proposed"),
        (world.heads[0], "Registered"),
    ]


def test_a_disposition_is_proposed_and_answered_through_the_pages(client, world):
    row = world.product.ledger.get()
    client.force_login(world.secretariat)
    sent = client.post(act_url(world, "dispose"), {"disposition": "Clause 4.", "version": ""})
    client.force_login(world.heads[0])
    answered = client.post(act_url(world, "answer"), {"answer": "accepted", "text": ""})

    row.refresh_from_db()
    assert [sent["Location"], answered["Location"]] == [row.get_absolute_url()] * 2
    assert (row.state, row.answered_by) == ("accepted", world.heads[0])


def test_what_is_refused_keeps_what_was_typed(client, world):
    client.force_login(world.heads[0])

    impossible = client.post(act_url(world, "answer"), {"answer": "rejected", "text": "Not so."})
    lacking = client.post(act_url(world, "convert"), {"stand": "reservation", "text": ""})

    assert (impossible.status_code, lacking.status_code) == (422, 422)
    assert impossible.context["form"]["text"].value() == "Not so."
    assert impossible.context["form"].non_field_errors() == [
        "There is no disposition that could be answered."
    ]
    assert world.product.ledger.get().state == "registered"


@pytest.mark.parametrize("act", ["answer", "withdraw", "convert", "consider", "dispose"])
def test_who_may_not_is_refused(client, world, act):
    client.force_login(world.heads[1])

    assert client.post(act_url(world, act), {}).status_code == 403


def test_the_secretariat_names_its_source(client, world):
    client.force_login(world.secretariat)

    without = client.post(act_url(world, "withdraw"), {"reason": "Solved."})
    named = client.post(act_url(world, "withdraw"), {"reason": "Solved.", "source": "letter"})

    assert (without.status_code, named.status_code) == (422, 302)
    assert world.product.ledger.get().source == "letter"


def test_a_long_text_leaves_room_for_what_the_act_means(client, traveller):
    world = make_call(codes=["CSA"])
    world.say(0, Stand.OBJECT, "Clause 4. " * 500)
    client.force_login(world.secretariat)

    text = client.get(act_url(world, "dispose")).content.decode()

    assert "Only the agency that raised it resolves it." in text


def test_the_call_says_what_a_position_settles(client, traveller):
    world = make_call(codes=["CSA", "ESA"])
    world.say(0, Stand.OBJECT)
    row = world.product.ledger.get()

    def shown(user):
        client.force_login(user)
        page = client.get(world.call.get_absolute_url())
        labels = [item.label for act in page.context["acts"]["positions"] for item in act["open"]]
        return labels, page.context["ledger"], row.get_absolute_url() in page.content.decode()

    assert shown(world.heads[0]) == (["O-1"], {"all": 1, "open": 1}, True)
    assert shown(world.heads[1]) == ([], {"all": 1, "open": 1}, False)


def test_the_decision_leads_to_the_ledger(client, world):
    client.force_login(world.heads[1])

    page = client.get(world.call.decisions.get().get_absolute_url())

    assert page.context["ledger"] == {"all": 1, "open": 1}
    assert reverse("ledger", args=[world.product.code]) in page.content.decode()


def test_pages_cost_the_same_at_any_length(client, traveller):
    world = make_call(60)
    client.force_login(world.secretariat)

    def costs():
        first = world.product.ledger.first()
        found = []
        for url in (reverse("ledger", args=[world.product.code]), first.get_absolute_url()):
            with CaptureQueriesContext(connection) as context:
                answer = client.get(url)
            assert len(answer.content) < 100_000
            found.append(len(context))
        return found

    world.say(0, Stand.CONDITION, "Clause 0.")
    before = costs()
    for at in range(1, 60):
        world.say(at, Stand.CONDITION, f"Clause {at} is to say who pays. " * 9)

    assert costs() == before
    assert max(before) <= 12, before


# --- Your turn ---------------------------------------------------------------------------------


def test_an_answer_is_the_agencys_turn_while_its_clock_runs(world, traveller):
    assert turns(world.heads[0]) == []
    row = services.propose_disposition(
        world.product.ledger.get(), disposition="Clause 4.", by=world.secretariat
    )
    waiting = ("CSA's condition C-1: CSA to answer by 1 Apr 2026 12:00 UTC.", True)

    assert turns(world.heads[0]) == [waiting]
    assert turns(world.heads[1]) == []
    traveller.move_to(row.answer_due_at)
    assert turns(world.heads[0]) == [waiting]
    traveller.move_to(row.answer_due_at + SECOND)
    assert turns(world.heads[0]) == []


def test_a_disposition_is_the_writers_turn_once_the_call_has_ended(traveller):
    world = make_call(codes=["CSA", "ESA"])
    editor = MandateFactory(agency=AgencyFactory()).person
    ProductEditor(product=world.product, person=editor).save_as(None, "test")
    world.say(0, Stand.CONDITION)
    world.say(1, Stand.CONCUR)

    assert turns(editor) == []
    traveller.move_to(world.call.deadline + SECOND)
    assert turns(editor) == [("CSA's condition C-1: no disposition yet, 10 days.", True)]

    row = services.propose_disposition(
        world.product.ledger.get(), disposition="Clause 4.", by=world.secretariat
    )
    assert turns(editor) == []
    row = services.answer_disposition(row, answer=LedgerState.ACCEPTED, text="", by=world.heads[0])
    assert turns(editor) == [
        ("CSA's condition C-1: accepted by CSA; no version is named that implements it.", True)
    ]
    services.name_version(row, version=world.call.version, by=world.secretariat)
    assert turns(editor) == []
