"""Calls that are due to be declared: who is told, when, and how often (rules 26, 27 and 43)."""

from datetime import timedelta

import pytest
import time_machine
from django.db import connection
from django.test.utils import CaptureQueriesContext

from isecg import clock
from isecg.mail import clockwork, outbox, registry
from isecg.mail.models import Letter
from products import call_reminders
from products.consensus import Mode, Outcome, Stand
from products.models import CarryOver, Intervention
from products.services import calls, decisions
from tests.factories import AgencyFactory, UserFactory
from tests.products.world import give_chair, make_call

pytestmark = pytest.mark.django_db

SECOND = timedelta(seconds=1)


@pytest.fixture
def traveller():
    with time_machine.travel("2026-03-02T12:00:00Z", tick=False) as moved:
        yield moved


def due():
    return sorted(Letter.objects.filter(kind="call.due").values_list("recipient", flat=True))


def keys_of(*people):
    return sorted(person.pk for person in people)


def tick():
    clockwork.tick()
    return due()


def test_the_chair_and_the_secretariat_are_told_at_the_deadline_once(traveller):
    world = make_call(2)
    give_chair(world.agencies[0])
    world.say(1, Stand.CONCUR)

    traveller.move_to(world.call.deadline)
    assert tick() == []
    traveller.move_to(world.call.deadline + SECOND)
    assert tick() == keys_of(world.heads[0], world.secretariat)
    traveller.shift(timedelta(days=2))
    assert tick() == keys_of(world.heads[0], world.secretariat)

    letter = Letter.objects.filter(kind="call.due").first()
    assert letter.state == "sent"
    assert letter.due_at == world.call.deadline
    assert "The positions come to “Consensus”. 1 of 2 answered (50.0 %)." in letter.text
    assert f"It is declared by the chair ({world.agencies[0]})" in letter.text


def test_after_an_outage_the_letters_follow(traveller):
    world = make_call(1)
    traveller.move_to(world.call.deadline + timedelta(days=2))

    assert tick() == [world.secretariat.pk]


@pytest.mark.parametrize("mode", Mode)
def test_they_are_told_once_every_elector_has_answered_but_never_of_a_silence(traveller, mode):
    world = make_call(2, mode=mode)
    world.say(0, Stand.CONCUR)
    assert tick() == []
    world.say(1, Stand.ABSTAIN)

    assert tick() == ([] if mode == Mode.SILENCE else [world.secretariat.pk])


def test_answered_early_and_not_declared_they_are_told_at_the_deadline_too(traveller):
    world = make_call(1)
    world.say(0, Stand.CONCUR)
    tick()
    traveller.move_to(world.call.deadline + SECOND)

    assert tick() == [world.secretariat.pk] * 2


def test_they_are_told_of_a_broken_silence_at_once(traveller):
    world = make_call(codes=["ASI", "ESA"], mode=Mode.SILENCE)
    world.say(0, Stand.OBJECT)

    assert tick() == [world.secretariat.pk]
    assert "come to “Silence broken”" in Letter.objects.get(kind="call.due").text


def test_where_the_chairs_agency_objects_the_secretariat_alone_is_told(traveller):
    world = make_call(2)
    give_chair(world.agencies[0])
    world.say(0, Stand.OBJECT)
    traveller.move_to(world.call.deadline + SECOND)

    assert tick() == [world.secretariat.pk]
    assert "declared by the secretariat" in Letter.objects.get(kind="call.due").text


def test_a_new_chair_is_told_too(traveller):
    # Case 7: the chair changes between the deadline and the declaration.
    world = make_call(2)
    handover = world.call.deadline + timedelta(hours=1)
    give_chair(world.agencies[0], ends_at=handover)
    give_chair(world.agencies[1], starts_at=handover)
    traveller.move_to(world.call.deadline + SECOND)
    assert tick() == keys_of(world.heads[0], world.secretariat)

    traveller.move_to(handover)

    assert tick() == keys_of(*world.heads, world.secretariat)


def test_who_is_chair_and_secretariat_gets_one_letter(traveller):
    world = make_call(1)
    give_chair(AgencyFactory(), person=world.secretariat)
    traveller.move_to(world.call.deadline + SECOND)

    assert tick() == [world.secretariat.pk]


def test_it_is_not_due_while_a_version_may_be_contested(traveller):
    world = make_call(1)
    until = world.call.deadline + timedelta(days=3)
    CarryOver(
        call=world.call,
        before=world.call.version,
        version=world.call.version,
        at=clock.now(),
        contest_until=until,
    ).save_as(None, "test")
    traveller.move_to(until)
    assert tick() == []

    traveller.move_to(until + SECOND)

    assert tick() == [world.secretariat.pk]


def test_it_says_that_concerns_must_be_answered_before(traveller):
    world = make_call(1)
    outsider = AgencyFactory(code="KARI")
    Intervention(
        call=world.call,
        agency=outsider,
        code="KARI",
        kind="concern",
        text="What of our lander?",
        given_at=clock.now(),
        given_by=UserFactory(),
    ).save_as(None, "test")
    traveller.move_to(world.call.deadline + SECOND)

    assert tick() == [world.secretariat.pk]
    assert "must be answered before the call is declared" in (
        Letter.objects.get(kind="call.due").text
    )


def queued(world, traveller):
    """Plan the letters of a call, and send none."""
    for notice in call_reminders.plan(clock.now()):
        outbox.enqueue([notice], nudge=False)
    return Letter.objects.get(kind="call.due")


def test_a_letter_is_over_once_the_call_is_declared(traveller):
    world = make_call(1)
    world.say(0, Stand.CONCUR)
    letter = queued(world, traveller)
    assert registry.reason_to_drop(letter) is None

    decisions.declare(
        world.product, outcome=Outcome.CONSENSUS, statement="Yes.", by=world.secretariat
    )

    assert registry.reason_to_drop(letter) == (
        "The call is not open any more: nothing is due to be declared."
    )


def test_a_letter_is_over_once_an_elector_takes_its_answer_back(traveller):
    world = make_call(1)
    world.say(0, Stand.CONCUR)
    letter = queued(world, traveller)

    calls.record_position(
        world.call, agency=world.agencies[0], stand=None, text="", by=world.heads[0]
    )

    assert registry.reason_to_drop(letter) == (
        "The call goes on: not every elector has answered any more."
    )


def test_planning_costs_the_same_however_many_calls_and_people(traveller):
    give_chair(make_call(1).agencies[0])

    def cost():
        with CaptureQueriesContext(connection) as context:
            list(call_reminders.plan(clock.now()))
        return len(context)

    open_ones = cost()
    traveller.shift(timedelta(days=11))
    one = cost()
    traveller.move_to("2026-03-02T12:00:00Z")
    for _ in range(4):
        UserFactory(is_secretariat=True)
        make_call(3)
    assert cost() == open_ones == 2
    traveller.shift(timedelta(days=11))

    assert cost() == one <= 6
