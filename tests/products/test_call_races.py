"""Two people at once, on PostgreSQL: one act and one clear refusal."""

import time
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from functools import partial
from threading import Barrier

import pytest
from django.db import connection
from django.test import Client
from django.urls import reverse

from isecg import clock
from isecg.events import log
from isecg.events.models import Event
from isecg.mail.models import Letter
from products import files
from products.call_reading import read_call
from products.consensus import Mode, Outcome, Stand
from products.models import Call, Decision, PositionEntry, Product, Release
from products.models.calls import CallState
from products.models.versions import ChangeClass
from products.services import calls, corrections, decisions, releases, versions
from products.services.errors import ProductError
from products.workflow import State
from tests.factories import UserFactory
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


# --- A crowd -----------------------------------------------------------------------------------


def crowd(*acts):
    """Run acts in threads, each ``(seconds, act)`` after the start; return the refusals.

    More of them than there are connections: they wait for one, as requests do.
    """
    start = Barrier(len(acts))

    def run(timed):
        seconds, act = timed
        start.wait()
        time.sleep(seconds)
        try:
            act()
        except ProductError as error:
            return str(error)
        else:
            return None
        finally:
            connection.close()

    with ThreadPoolExecutor(len(acts)) as pool:
        return list(pool.map(run, acts))


def signing(world, at, stand=Stand.CONCUR):
    """Return the act by which the head of the agency at an index takes a position."""

    def sign():
        calls.record_position(
            Call.objects.get(pk=world.call.pk),
            agency=world.agencies[at],
            stand=stand,
            text="Clause 4." if stand == Stand.OBJECT else "",
            by=world.heads[at],
        )

    return sign


def writing(world):
    """Return the act by which the secretariat submits a substantive version."""

    def write():
        versions.submit_version(
            Product.objects.get(pk=world.product.pk),
            main=files.from_text("Another text.\n", name="main.md"),
            change_class=ChangeClass.SUBSTANTIVE,
            note="Said otherwise.",
            expected_latest=1,
            by=world.secretariat,
        )

    return write


def declaring(world, outcome, *, by=None):
    """Return the act that declares the outcome of the open call."""

    def declare():
        decisions.declare(
            Product.objects.get(pk=world.product.pk),
            outcome=outcome,
            statement="So it is.",
            by=by or world.secretariat,
        )

    return declare


def readings(call):
    """Return what a call comes to, as it is read now, tomorrow and in a year."""
    call = Call.objects.get(pk=call.pk)
    found = [read_call(call, at=clock.now() + timedelta(days=days)) for days in (0, 1, 365)]
    return [(reading.outcome, reading.tally, sorted(reading.counting)) for reading in found]


@pytest.mark.parametrize("version_after", [None, 0.2, 1.2])
def test_27_seats_sign_while_the_deadline_passes_and_a_version_arrives(version_after, client):
    # The deadline passes 0.7 s after the start, the version comes before it or after.
    deadline = timedelta(seconds=1.5)
    world = make_world(27)
    world.call = calls.open_call(
        world.product,
        question="Is this agreed?",
        deadline=clock.now() + deadline,
        time_zone="UTC",
        by=world.secretariat,
    )
    acts = [(at * 0.05, signing(world, at)) for at in range(27)]
    if version_after is not None:
        acts.append((version_after, writing(world)))

    refusals = crowd(*acts)
    time.sleep(max(0, (world.call.deadline - clock.now()).total_seconds()) + 0.01)

    refused = [one for one in refusals[:27] if one is not None]
    entries = list(PositionEntry.objects.order_by("given_at", "pk"))
    call = Call.objects.get(pk=world.call.pk)
    reading = read_call(call, at=clock.now())
    # Whoever was told that it is recorded finds it recorded, and nobody else.
    assert len(entries) + len(refused) == 27
    assert {entry.agency_id for entry in entries} == {
        world.agencies[at].pk for at in range(27) if refusals[at] is None
    }
    if version_after is not None:
        assert refusals[27] is None
        assert set(refused) <= {"The call has ended: it was overtaken."}
        assert call.state == CallState.OVERTAKEN
    else:
        assert (refused, call.state) == ([], CallState.OPEN)
    # Each is counted, or marked late: one or the other.
    codes = {row.agency_id: row.code for row in reading.electors}
    late = {codes[entry.agency_id] for entry in entries if entry.given_at > reading.end}
    assert late == set(reading.tally.late)
    assert set(reading.counting) | late == {codes[entry.agency_id] for entry in entries}
    assert not set(reading.counting) & late
    # And there is one outcome, which every later reading repeats.
    now, tomorrow, in_a_year = readings(call)
    assert now == tomorrow == in_a_year
    client.force_login(world.secretariat)
    page = client.get(call.get_absolute_url()).context["reading"]
    assert (page.outcome, page.tally) == now[:2]
    assert log.verify()[2] is None
    if version_after is None:
        declaring(world, now[0])()
        decision = Decision.objects.get()
        assert decision.computed == now[0]
        assert decision.record["positions"]["concur"] == sorted(reading.counting)
        assert decision.record["late"] == sorted(late)


def test_two_objections_at_once_break_a_silence_once():
    world = make_call(3, mode=Mode.SILENCE)

    refusals = at_once(signing(world, 0, Stand.OBJECT), signing(world, 1, Stand.OBJECT))

    reading = read_call(Call.objects.get(pk=world.call.pk), at=clock.now())
    first, second = PositionEntry.objects.order_by("given_at", "pk")
    codes = {row.agency_id: row.code for row in reading.electors}
    assert (refusals, reading.outcome) == ([None, None], Outcome.SILENCE_BROKEN)
    assert reading.ended_at == first.given_at
    assert reading.tally.broken_by == (codes[first.agency_id],)
    # The one that came second is kept, and came too late to break anything.
    assert reading.tally.late == (codes[second.agency_id],)
    assert len(set(map(str, readings(world.call)))) == 1
    told = Letter.objects.filter(kind="call.silence_broken").values_list("recipient", flat=True)
    assert len(told) == len(set(told))


def test_two_who_declare_at_once_declare_once():
    world = make_call(2)
    world.say(0, Stand.CONCUR)
    world.say(1, Stand.CONCUR)
    other = UserFactory(is_secretariat=True)

    refusals = at_once(
        declaring(world, Outcome.CONSENSUS), declaring(world, Outcome.CONSENSUS, by=other)
    )

    assert sorted(refusal is None for refusal in refusals) == [False, True]
    assert "is “Agreed” now" in next(filter(None, refusals))
    assert (Decision.objects.count(), Event.objects.filter(event="call.declared").count()) == (1, 1)


@pytest.mark.parametrize("declares_first", [True, False])
def test_a_substantive_version_and_the_declaration_do_not_cross(declares_first):
    world = make_call(2)
    world.say(0, Stand.CONCUR)
    world.say(1, Stand.CONCUR)

    acts = [declaring(world, Outcome.CONSENSUS), writing(world)]
    refusals = at_once(*(acts if declares_first else acts[::-1]))

    declared = refusals[0 if declares_first else 1]
    world.call.refresh_from_db()
    world.product.refresh_from_db()
    # The text goes on being written in either case: what was agreed on it before lapses.
    assert world.product.state == State.DRAFTING
    assert (world.call.state, Decision.objects.count()) == (
        (CallState.DECLARED, 1) if declared is None else (CallState.OVERTAKEN, 0)
    )


def test_two_declarations_at_once_take_two_numbers():
    worlds = [make_call(1) for _ in range(4)]
    for world in worlds:
        world.say(0, Stand.CONCUR)

    refusals = at_once(*(declaring(world, Outcome.CONSENSUS) for world in worlds))

    assert refusals == [None] * 4
    year = clock.now().year
    assert sorted(Decision.objects.values_list("year", "serial", "revision")) == [
        (year, serial, 0) for serial in (1, 2, 3, 4)
    ]


def test_two_corrections_at_once_make_one_revision():
    world = make_call(1)
    world.say(0, Stand.CONCUR)
    declaring(world, Outcome.CONSENSUS)()

    def correcting(statement):
        def act():
            corrections.correct(
                Decision.objects.get(revision=0),
                statement=statement,
                interpretation="",
                action="",
                correction="A slip.",
                by=world.secretariat,
            )

        return act

    refusals = at_once(correcting("One."), correcting("Other."))

    assert sorted(refusal is None for refusal in refusals) == [False, True]
    assert "was corrected meanwhile" in next(filter(None, refusals))
    assert list(Decision.objects.values_list("revision", flat=True)) == [1, 0]
