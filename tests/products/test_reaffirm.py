"""Saying again in a call what an agency said in an earlier one on the product (rule 29)."""

from datetime import UTC, datetime, timedelta

import pytest
import time_machine
from django.core.exceptions import PermissionDenied
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from isecg import clock
from isecg.events import log
from isecg.mail.models import Letter
from products.call_reading import read_call
from products.consensus import Mode, Outcome, Stand
from products.earlier_positions import earlier_positions
from products.models import Call, Intervention, PositionEntry
from products.models.interventions import InterventionKind
from products.models.products import Degree
from products.models.versions import ChangeClass
from products.services import calls, decisions, participation, reaffirming
from products.services.errors import ProductError
from products.workflow import State
from tests.factories import AgencyFactory, MandateFactory, UserFactory
from tests.products.world import circulate, make_call, submit
from workgroups.models import Succession
from workgroups.roles import Capacity

pytestmark = pytest.mark.django_db

NOON = datetime(2026, 3, 2, 12, tzinfo=UTC)  # a Monday


@pytest.fixture(autouse=True)
def traveller():
    with time_machine.travel(NOON, tick=False) as moved:
        yield moved


def call_again(world, *, mode=Mode.EXPLICIT):
    """Open a call on the latest version, which every member has had long enough."""
    version = world.product.versions.order_by("-number").first()
    circulate(version, opened_at=clock.now() - timedelta(days=20))
    world.product.refresh_from_db()
    world.product.state = State.SHARED
    world.product.save_as(None, "for the test")
    world.call = calls.open_call(
        world.product,
        question="And now?",
        mode=mode,
        deadline=clock.now() + timedelta(days=10),
        time_zone="Europe/Paris",
        by=world.secretariat,
    )
    return world


def overtaken(*stands, codes=("ASI", "CNES", "ESA"), mode=Mode.EXPLICIT):
    """Make a call that a substantive version overtook, and the next one on that version."""
    world = make_call(codes=codes, mode=mode)
    for at, stand in enumerate(stands):
        world.say(at, stand, f"Clause {at + 1}.")
    submit(world, ChangeClass.SUBSTANTIVE)
    return call_again(world)


def earlier(world, at=0):
    found = earlier_positions(world.call, [world.agencies[at]]).get(world.agencies[at].pk)
    return found and (found.stand, found.text, found.version.number)


def reaffirm(world, at=0, **given):
    return reaffirming.reaffirm(
        world.call, agency=world.agencies[at], **{"by": world.heads[at]} | given
    )


# --- Earlier positions -------------------------------------------------------------------------


def test_earlier_position_is_the_last_that_counted_and_on_which_text(traveller):
    world = make_call(codes=["ASI", "CNES"])
    world.say(0, Stand.OBJECT, "Clause 1.")
    traveller.shift(60)
    world.say(0, Stand.RESERVATION, "Clause 2.")
    submit(world)  # an editorial one, to which it is carried
    traveller.shift(60)
    submit(world, ChangeClass.SUBSTANTIVE)
    call_again(world)

    assert earlier(world) == ("reservation", "Clause 2.", 1)
    assert earlier(world, 1) is None


def test_earlier_position_is_that_of_the_last_call_in_which_it_spoke(traveller):
    world = overtaken(Stand.OBJECT, Stand.CONCUR)
    reaffirm(world, 1)
    traveller.shift(60)
    submit(world, ChangeClass.SUBSTANTIVE)
    call_again(world)

    assert earlier(world, 0) == ("object", "Clause 1.", 1)
    assert earlier(world, 1) == ("concur", "", 2)


def test_who_withdrew_holds_nothing_to_reaffirm(traveller):
    world = overtaken(Stand.OBJECT)
    reaffirm(world)
    traveller.shift(60)
    calls.record_position(
        world.call, agency=world.agencies[0], stand=None, text="", by=world.heads[0]
    )
    submit(world, ChangeClass.SUBSTANTIVE)
    call_again(world)

    assert earlier(world) is None


def test_what_came_late_is_no_earlier_position(traveller):
    world = make_call(codes=["ASI", "CNES"])
    world.say(0, Stand.CONCUR)
    traveller.move_to(world.call.deadline)
    world.say(1, Stand.OBJECT)
    traveller.shift(1)
    world.say(0, Stand.OBJECT)
    submit(world, ChangeClass.SUBSTANTIVE)
    call_again(world)

    assert earlier(world, 0) == ("concur", "", 1)
    assert earlier(world, 1) == ("object", "Because.", 1)


@pytest.mark.parametrize("how", ["position", "more time"])
def test_what_came_after_the_break_of_a_silence_is_no_earlier_position(traveller, how):
    world = make_call(codes=["ASI", "CNES"], mode=Mode.SILENCE)
    world.say(0, Stand.CONCUR)
    traveller.shift(60)
    if how == "position":
        world.say(1, Stand.CONDITION, "Clause 1.")
    else:
        Intervention(
            call=world.call,
            agency=world.agencies[1],
            code="CNES",
            kind=InterventionKind.MORE_TIME,
            text="A week.",
            given_at=clock.now(),
            given_by=world.heads[1],
        ).save_as(world.heads[1], "asked")
    traveller.shift(60)
    world.say(0, Stand.ABSTAIN)
    world.say(1, Stand.CONCUR)
    first = world.call
    submit(world, ChangeClass.SUBSTANTIVE)
    call_again(world)

    first.refresh_from_db()
    counted = read_call(first, at=first.ended_at).counting
    found = {code: earlier(world, at) for at, code in enumerate(["ASI", "CNES"])}
    assert found == {
        code: (counted[code].stand, counted[code].text, 1) if code in counted else None
        for code in ("ASI", "CNES")
    }
    assert found["ASI"] == ("concur", "", 1)


def test_what_lapsed_with_its_agency_is_no_earlier_position(traveller):
    world = make_call(codes=["ASI", "CNES"])
    world.say(0, Stand.OBJECT)
    traveller.shift(60)
    participation.leave(
        world.product, agency=world.agencies[0], reason="No funds.", by=world.heads[0]
    )
    participation.join(
        world.product,
        agency=world.agencies[0],
        degree=Degree.CONTRIBUTING,
        reason="Funds.",
        by=world.heads[0],
    )
    submit(world, ChangeClass.SUBSTANTIVE)
    call_again(world)

    assert earlier(world) is None


def test_a_call_on_another_product_is_no_earlier_one():
    other = make_call(codes=["ASI"])
    other.say(0, Stand.CONCUR)
    world = overtaken(codes=["CNES"])

    assert earlier_positions(world.call, other.agencies) == {}


@pytest.mark.parametrize("own", [False, True])
def test_who_succeeds_an_agency_finds_what_that_one_said(own):
    world = make_call(codes=["ASI", "CNES"])
    world.say(0, Stand.RESERVATION, "Clause 1.")
    if own:
        world.say(1, Stand.OBJECT, "Clause 2.")
    submit(world, ChangeClass.SUBSTANTIVE)
    Succession(
        former=world.agencies[0],
        successor=world.agencies[1],
        first_day=NOON.date(),
        entered_at=NOON,
        source="a letter",
    ).save_as(None, "succeeded")
    call_again(world)

    expected = ("object", "Clause 2.", 1) if own else ("reservation", "Clause 1.", 1)
    assert earlier(world, 1) == expected


# --- Reaffirming -------------------------------------------------------------------------------


@pytest.mark.parametrize("stand", Stand)
def test_reaffirm_says_the_same_on_the_version_under_call(stand):
    world = overtaken(stand)
    before = PositionEntry.objects.get()

    entry = reaffirm(world, on=2)

    assert (entry.call, entry.version.number, entry.stand, entry.text) == (
        world.call,
        2,
        stand,
        before.text,
    )
    assert (entry.given_by, entry.on_behalf) == (world.heads[0], False)
    event = log.about(world.call).first()
    assert (event.event, event.payload["reason"]) == (
        "position.taken",
        "Reaffirmed what was given on version 1.",
    )
    assert read_call(world.call, at=NOON).tally.stands == {"ASI": stand}


def test_reaffirm_tells_the_other_delegates():
    world = overtaken(Stand.CONCUR)
    alternate = MandateFactory(agency=world.agencies[0], capacity=Capacity.ALTERNATE).person
    Letter.objects.all().delete()

    reaffirm(world, by=alternate)

    assert [letter.recipient for letter in Letter.objects.all()] == [world.heads[0]]


def test_reaffirm_is_late_after_the_deadline(traveller):
    world = overtaken(Stand.CONCUR)
    traveller.move_to(world.call.deadline + timedelta(seconds=1))

    reaffirm(world)

    reading = read_call(world.call, at=clock.now())
    assert (reading.tally.late, reading.tally.stands) == (("ASI",), {})


def test_reaffirm_needs_the_voice_of_the_agency():
    world = overtaken(Stand.CONCUR)
    staff = MandateFactory(agency=world.agencies[0], capacity=Capacity.STAFF).person

    for user in (staff, world.heads[1], world.secretariat, UserFactory(is_superuser=True)):
        with pytest.raises(PermissionDenied, match="ASI's position"):
            reaffirm(world, by=user)

    assert world.call.entries.count() == 0


def test_reaffirm_is_refused_without_an_earlier_position():
    world = overtaken(Stand.CONCUR)

    with pytest.raises(ProductError, match="CNES held no position when an earlier call"):
        reaffirm(world, 1)


def test_reaffirm_is_refused_to_who_has_spoken(traveller):
    world = overtaken(Stand.OBJECT)
    world.say(0, Stand.CONCUR)
    traveller.shift(60)

    with pytest.raises(ProductError, match="ASI has spoken in this call already"):
        reaffirm(world)


def test_reaffirm_is_refused_on_another_version_than_was_read():
    world = overtaken(Stand.CONCUR)

    with pytest.raises(ProductError, match="Version 2 took over from version 1"):
        reaffirm(world, on=1)


def test_reaffirm_is_refused_in_a_call_that_has_ended():
    world = overtaken(Stand.CONCUR)
    calls.return_to_drafting(world.product, reason="Figures.", by=world.secretariat)

    with pytest.raises(ProductError, match="The call has ended: it was returned"):
        reaffirm(world)


def test_reaffirm_is_refused_outside_the_electorate(traveller):
    world = make_call(codes=["ASI", "CNES"])
    world.say(0, Stand.CONCUR)
    submit(world, ChangeClass.SUBSTANTIVE)
    participation.leave(
        world.product, agency=world.agencies[0], reason="No funds.", by=world.heads[0]
    )
    call_again(world)

    with pytest.raises(ProductError, match="ASI is not in the electorate of this call"):
        reaffirm(world)


# --- Pages -------------------------------------------------------------------------------------


def get(client, world, user):
    client.force_login(user)
    response = client.get(world.call.get_absolute_url())
    return response, " ".join(response.content.decode().split())


def url_of(world, at=0):
    return reverse("call_reaffirm", args=[world.call.pk, world.agencies[at].key])


def test_call_shows_each_agency_its_own_earlier_position(client):
    world = overtaken(Stand.CONDITION, Stand.OBJECT)
    staff = MandateFactory(agency=world.agencies[0], capacity=Capacity.STAFF).person
    readers = {
        "head": world.heads[0],
        "staff": staff,
        "other": world.heads[1],
        "silent": world.heads[2],
        "secretariat": world.secretariat,
    }

    shown = {}
    for name, user in readers.items():
        response, text = get(client, world, user)
        found = response.context["earlier"]
        shown[name] = [(item.elector.code, item.entry.stand, item.own) for item in found]
        assert ("Clause 1." in text) is (name in {"head", "staff"})
        assert (url_of(world) in text) is (name == "head")
        assert ("?from=1&amp;to=2" in text) is bool(found)

    assert shown == {
        "head": [("ASI", "condition", True)],
        "staff": [("ASI", "condition", False)],
        "other": [("CNES", "object", True)],
        "silent": [],
        "secretariat": [],
    }


def test_call_reaffirm_takes_one_click(client):
    world = overtaken(Stand.RESERVATION)
    _, text = get(client, world, world.heads[0])

    done = client.post(url_of(world), {"version": "2"}, follow=True)
    twice = client.post(url_of(world), {"version": "2"})

    assert "Reaffirm it on version 2" in text
    assert done.redirect_chain == [(world.call.get_absolute_url(), 302)]
    assert "The position of ASI is recorded." in done.content.decode()
    assert done.context["earlier"] == []
    assert twice.status_code == 422
    assert "ASI has spoken in this call already" in twice.content.decode()
    assert [entry.stand for entry in world.call.entries.all()] == ["reservation"]


def test_call_reaffirm_refuses_the_version_that_was_not_read(client):
    world = overtaken(Stand.RESERVATION)
    client.force_login(world.heads[0])
    submit(world)

    response = client.post(url_of(world), {"version": "2"})

    assert response.status_code == 422
    assert "Version 3 took over from version 2" in response.content.decode()
    assert not world.call.entries.exists()


def test_call_reaffirm_is_for_the_agencys_voices(client):
    world = overtaken(Stand.CONCUR)
    staff = MandateFactory(agency=world.agencies[0], capacity=Capacity.STAFF).person
    outsider = MandateFactory(agency=AgencyFactory(code="KARI")).person

    statuses = []
    for user in (staff, outsider, world.heads[1], world.secretariat, UserFactory()):
        client.force_login(user)
        statuses.append(client.post(url_of(world)).status_code)
    client.force_login(world.heads[0])
    unknown = client.post(reverse("call_reaffirm", args=[world.call.pk, "nobody"]))

    assert statuses == [403, 403, 403, 403, 404]
    assert unknown.status_code == 404
    assert client.get(url_of(world)).status_code == 405
    assert not world.call.entries.exists()


def test_call_says_when_it_was_given_on_this_very_version(client):
    world = make_call(codes=["ASI"])
    world.say(0, Stand.OBJECT, "Clause 1.")
    calls.recall_call(world.product, reason="Wrong question.", by=world.secretariat)
    call_again(world)

    _, text = get(client, world, world.heads[0])

    assert "It was given on this very version." in text
    assert "?from=1&amp;to=1" not in text


def test_call_offers_nothing_to_reaffirm_once_it_takes_no_positions(client, traveller):
    world = overtaken(Stand.CONCUR)
    traveller.move_to(world.call.deadline + timedelta(seconds=1))

    response, _ = get(client, world, world.heads[0])

    assert response.context["earlier"] == []


@pytest.mark.parametrize("earlier_calls", [1, 5])
def test_call_with_earlier_ones_costs_one_query_more(client, earlier_calls, traveller):
    world = make_call(codes=["ASI", "CNES"])
    for _ in range(earlier_calls):
        traveller.shift(60)
        world.say(0, Stand.CONDITION)
        submit(world, ChangeClass.SUBSTANTIVE)
        call_again(world)
    # Only now: a sign-in that is minutes old is renewed by the page, which costs queries.
    client.force_login(world.heads[0])

    asked = page_cost(client, world)
    world.say(0, Stand.CONCUR)  # then there is nothing to ask about
    traveller.shift(60)

    assert asked == page_cost(client, world) + 1 <= 10


def page_cost(client, world):
    with CaptureQueriesContext(connection) as context:
        assert client.get(world.call.get_absolute_url()).status_code == 200
    return len(context)


def test_an_agreement_may_rest_on_what_was_reaffirmed(traveller):
    world = overtaken(Stand.CONCUR, Stand.CONCUR, codes=["ASI", "CNES"])
    reaffirm(world, 0)
    reaffirm(world, 1)

    decision = decisions.declare(
        world.product, outcome=Outcome.CONSENSUS, statement="Yes.", by=world.secretariat
    )

    assert Call.objects.count() == 2
    assert (decision.record["version"], decision.record["carried"]) == (2, [])
