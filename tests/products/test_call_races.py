"""Two people at once, on PostgreSQL: one act and one clear refusal."""

from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from functools import partial
from threading import Barrier

import pytest
from django.db import connection
from django.test import Client
from django.urls import reverse

from isecg import clock
from isecg.events.models import Event
from products.consensus import Outcome, Stand
from products.models import Call, Decision, PositionEntry, Product, Release
from products.services import calls, decisions, releases
from products.services.errors import ProductError
from products.workflow import State
from tests.products.world import make_call, make_world

pytestmark = [pytest.mark.services, pytest.mark.django_db(transaction=True)]


def at_once(*acts):
    """Run the acts in threads that start together; return the refusal of each, or ``None``."""
    start = Barrier(len(acts))

    def run(act):
        try:
            # Whoever waits for the other for ever should fail, not hang.
            with connection.cursor() as cursor:
                cursor.execute("SET lock_timeout = '20s'")
            start.wait()
            act()
        except ProductError as error:
            return str(error)
        else:
            return None
        finally:
            connection.close()

    with ThreadPoolExecutor(len(acts)) as pool:
        return list(pool.map(run, acts))


def test_two_who_open_a_call_open_one():
    world = make_world(2)

    def open_call():
        calls.open_call(
            Product.objects.get(pk=world.product.pk),
            question="Is this agreed?",
            deadline=clock.now() + timedelta(days=10),
            time_zone="Europe/Paris",
            by=world.secretariat,
        )

    refusals = at_once(open_call, open_call)

    assert sorted(refusal is None for refusal in refusals) == [False, True]
    assert "is “In consensus” now" in next(filter(None, refusals))
    assert Call.objects.count() == 1


@pytest.mark.parametrize("declares_first", [True, False])
def test_a_position_and_the_declaration_do_not_cross(declares_first):
    world = make_call(2)
    world.say(0, Stand.CONCUR)
    world.say(1, Stand.CONCUR)

    def declare():
        decisions.declare(
            Product.objects.get(pk=world.product.pk),
            outcome=Outcome.CONSENSUS,
            statement="Agreed.",
            by=world.secretariat,
        )

    def object_to_it():
        calls.record_position(
            Call.objects.get(pk=world.call.pk),
            agency=world.agencies[1],
            stand=Stand.OBJECT,
            text="No.",
            by=world.heads[1],
        )

    acts = [declare, object_to_it]
    refusals = at_once(*(acts if declares_first else acts[::-1]))

    objected = PositionEntry.objects.filter(stand=Stand.OBJECT).exists()
    declared = list(Decision.objects.values_list("record__positions__object", flat=True))
    assert sorted(refusal is None for refusal in refusals) == [False, True]
    # Whichever came first: no consensus stands on record over an objection.
    assert (objected, declared) in ((True, []), (False, [[]]))


def test_two_who_release_release_once():
    world = make_call(1)
    world.say(0, Stand.CONCUR)
    decisions.declare(
        world.product, outcome=Outcome.CONSENSUS, statement="Agreed.", by=world.secretariat
    )

    def release():
        releases.release(
            Product.objects.get(pk=world.product.pk), reason="It is ready.", by=world.secretariat
        )

    refusals = at_once(release, release)

    world.product.refresh_from_db()
    assert sorted(refusal is None for refusal in refusals) == [False, True]
    assert "is “Released” now" in next(filter(None, refusals))
    assert (Release.objects.count(), world.product.state) == (1, State.RELEASED)


def test_two_requests_that_release_are_one_release_and_one_refusal():
    world = make_call(1)
    world.say(0, Stand.CONCUR)
    decisions.declare(
        world.product, outcome=Outcome.CONSENSUS, statement="Agreed.", by=world.secretariat
    )
    clients = [Client(), Client()]
    for client in clients:
        client.force_login(world.secretariat)
    answers = []

    def send(client):
        address = reverse("product_release", args=[world.product.code])
        answers.append(client.post(address, {"reason": "It is ready."}))

    at_once(*(partial(send, client) for client in clients))

    assert sorted(answer.status_code for answer in answers) == [302, 422]
    refused = next(answer for answer in answers if answer.status_code == 422)
    assert "is “Released” now" in refused.content.decode()
    events = Event.objects.filter(event="product.release")
    assert (Release.objects.count(), events.count()) == (1, 1)
