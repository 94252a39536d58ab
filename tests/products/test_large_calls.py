"""What calls with many electors cost: the budgets of pages and acts, in every mode."""

from datetime import timedelta

import pytest
import time_machine
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from isecg import clock
from products.call_reading import read_call
from products.consensus import Mode
from products.models import PositionEntry
from products.services import decisions
from tests.products.world import give_chair, make_call
from workgroups.roles import Capacity

pytestmark = pytest.mark.django_db

NOON = "2026-03-02T12:00:00Z"
COUNTS = [27, 200]


@pytest.fixture
def traveller():
    with time_machine.travel(NOON, tick=False) as moved:
        yield moved


def fill(world, stand="reservation"):
    """Have every agency but one say something now, with a text, in one write."""
    PositionEntry.objects.bulk_create(
        PositionEntry(
            call=world.call,
            agency=agency,
            version=world.call.version,
            stand=stand,
            text=f"{agency}: read as guidance.",
            given_at=clock.now(),
            given_by=head,
        )
        for agency, head in zip(world.agencies[1:], world.heads[1:], strict=True)
    )


def readers(world):
    """Return the head of the silent agency, another one who has the chair, and the desk."""
    give_chair(world.agencies[1], person=world.heads[1])
    return [world.heads[0], world.heads[1], world.secretariat]


def cost_of(client, person, url):
    client.force_login(person)
    with CaptureQueriesContext(connection) as context:
        answer = client.get(url)
    assert answer.status_code == 200
    return len(context), len(answer.content)


@pytest.mark.parametrize("count", COUNTS)
@pytest.mark.parametrize("mode", Mode)
def test_the_page_of_a_call_keeps_its_budget(client, traveller, mode, count):
    world = make_call(count, mode=mode)
    fill(world)
    who, url = readers(world), world.call.get_absolute_url()

    costs = {("open", person.name): cost_of(client, person, url) for person in who}
    traveller.move_to(world.call.deadline + timedelta(seconds=1))
    fill(world, "concur")
    costs |= {("closed", person.name): cost_of(client, person, url) for person in who}
    outcome = read_call(world.call, at=clock.now()).outcome
    by = world.heads[1]
    decisions.declare(world.product, outcome=outcome, statement="So it is.", by=by)
    costs |= {("declared", person.name): cost_of(client, person, url) for person in who}

    assert {key: cost for key, cost in costs.items() if cost[0] > 10} == {}
    if count == COUNTS[0]:
        assert {key: cost for key, cost in costs.items() if cost[1] >= 100_000} == {}


@pytest.mark.parametrize("count", COUNTS)
@pytest.mark.parametrize("mode", Mode)
def test_the_product_and_the_first_page_keep_theirs(client, traveller, mode, count):
    world = make_call(count, mode=mode)
    fill(world)

    for person in readers(world):
        assert cost_of(client, person, world.product.get_absolute_url())[0] <= 12
        assert cost_of(client, person, reverse("home"))[0] <= 15


@pytest.mark.parametrize("count", COUNTS)
@pytest.mark.parametrize("mode", Mode)
def test_a_sign_off_keeps_its_own(client, traveller, mode, count):
    world = make_call(count, mode=mode)
    fill(world)
    key = world.agencies[0].key
    client.force_login(world.heads[0])

    with CaptureQueriesContext(connection) as context:
        answer = client.post(
            reverse("call_position", args=[world.call.pk, key]),
            {f"{key}-stand": "concur", f"{key}-text": ""},
        )

    assert answer.status_code == 302
    assert world.heads[0].mandates.get().capacity == Capacity.HEAD
    assert len(context) <= 25, [query["sql"][:90] for query in context]
