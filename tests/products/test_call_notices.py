"""Whether the notice of a silence procedure reached a seat (rule 23), on both databases."""

from datetime import UTC, datetime, timedelta

import pytest
import time_machine
from django.core.exceptions import PermissionDenied
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from isecg import clock
from isecg.events.log import reference
from isecg.events.models import Event
from isecg.mail import delivery
from isecg.mail.models import Letter
from products import call_deliveries
from products.call_notices import DELIVERED, FAILED, VACANT
from products.call_reading import read_call
from products.consensus import Mode, Outcome, Stand
from products.models import Elector
from products.services import call_notices as services
from products.services import calls, participation
from products.services.errors import ProductError
from tests.factories import AgencyFactory, MandateFactory, UserFactory
from tests.products.world import give_chair, make_call
from workgroups.roles import Capacity
from workgroups.services.succession import succeed

pytestmark = pytest.mark.django_db

NOON = datetime(2026, 3, 2, 12, tzinfo=UTC)  # a Monday
SECOND = timedelta(seconds=1)
HOUR = timedelta(hours=1)


@pytest.fixture(autouse=True)
def traveller():
    with time_machine.travel(NOON, tick=False) as moved:
        yield moved


def make_silence(*codes, **given):
    return make_call(codes=codes or ["ASI", "ESA"], mode=Mode.SILENCE, **given)


def read(world):
    return read_call(world.call, at=clock.now())


def notices(world):
    return {row.code: row.notice for row in read(world).electors}


def outcome(world):
    return read(world).outcome


def letter_to(person, kind="call.opened"):
    return Letter.objects.filter(kind=kind, recipient=person).latest("pk")


def mark(letter, state, *, at=None):
    """Let a letter come to what a test wants of it."""
    letter.state = state
    letter.sent_at = (at or clock.now()) if state == "sent" else None
    letter.last_error = "No such box." if state == "failed" else ""
    letter.note = "The subject is over." if state == "dropped" else ""
    letter.save()


def end(mandate, at):
    mandate.ends_at = at
    mandate.save_as(None, "ended")


def mandate_of(world, at):
    return world.heads[at].mandates.get()


# --- The notice of a seat ------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("state", "found"),
    [("sent", DELIVERED), ("failed", FAILED), ("queued", FAILED), ("dropped", FAILED)],
)
def test_notice_is_delivered_where_the_opening_letter_was_sent(state, found):
    world = make_silence("ASI", "ESA")
    mark(letter_to(world.heads[0]), "sent")
    mark(letter_to(world.heads[1]), state)

    assert notices(world) == {"ASI": DELIVERED, "ESA": found}


def test_notice_is_not_delivered_before_the_letter_went(traveller):
    world = make_silence("ESA")
    mark(letter_to(world.heads[0]), "sent", at=NOON + HOUR)

    assert notices(world) == {"ESA": FAILED}
    traveller.move_to(NOON + HOUR)
    assert notices(world) == {"ESA": DELIVERED}


@pytest.mark.parametrize(("late", "found"), [(timedelta(), DELIVERED), (SECOND, FAILED)])
def test_notice_that_goes_after_the_deadline_serves_nobody(traveller, late, found):
    world = make_silence("ESA")
    traveller.move_to(world.call.deadline + HOUR)
    mark(letter_to(world.heads[0]), "sent", at=world.call.deadline + late)

    assert notices(world) == {"ESA": found}


def test_notice_reaches_a_seat_through_its_alternate():
    alternate = MandateFactory(agency__code="ESA", capacity=Capacity.ALTERNATE)
    world = make_silence("ASI")
    elector = Elector(call=world.call, agency=alternate.agency, code="ESA")
    elector.save_as(None, "test")
    MandateFactory(agency=alternate.agency)
    calls.notifications.call_opened(world.call, electors=[alternate.agency], by=world.secretariat)

    mark(letter_to(alternate.person), "sent")

    assert notices(world)["ESA"] == DELIVERED


def test_notice_to_staff_alone_does_not_reach_the_seat():
    world = make_silence("ESA")
    staff = MandateFactory(agency=world.agencies[0], capacity=Capacity.STAFF).person
    mark(letter_to(world.heads[0]), "failed")
    letter = letter_to(world.heads[0])
    letter.pk, letter.recipient = None, staff
    letter.key, letter.message_id = f"call.opened|{reference(world.call)}|{staff.pk}|mail", "<x>"
    mark(letter, "sent")

    assert notices(world) == {"ESA": FAILED}


def test_a_seat_that_staff_alone_hold_is_vacant():
    world = make_silence("ESA")
    mark(letter_to(world.heads[0]), "sent")
    mandate = mandate_of(world, 0)
    mandate.capacity = Capacity.STAFF
    mandate.save_as(None, "staff now")

    assert notices(world) == {"ESA": VACANT}


def test_a_notice_that_reached_the_seat_outlasts_its_holder(traveller):
    world = make_silence("ESA")
    mark(letter_to(world.heads[0]), "sent")
    traveller.move_to(NOON + timedelta(days=1))
    end(mandate_of(world, 0), clock.now())

    assert notices(world) == {"ESA": VACANT}
    MandateFactory(agency=world.agencies[0], starts_at=clock.now())
    assert notices(world) == {"ESA": DELIVERED}


def test_a_letter_to_who_did_not_hold_the_seat_when_it_went_serves_nobody(traveller):
    world = make_silence("ESA")
    traveller.move_to(NOON + timedelta(days=1))
    end(mandate_of(world, 0), clock.now())
    MandateFactory(agency=world.agencies[0], starts_at=clock.now())
    mark(letter_to(world.heads[0]), "sent")

    assert notices(world) == {"ESA": FAILED}


@pytest.mark.parametrize(("limit", "found"), [("DRAFT", DELIVERED), ("OTHER", VACANT)])
def test_a_mandate_limited_to_a_product_holds_the_seat_on_that_one(limit, found):
    world = make_silence("ESA", code="DRAFT")
    mark(letter_to(world.heads[0]), "sent")
    mandate = mandate_of(world, 0)
    mandate.limited_to = limit
    mandate.save_as(None, "limited")

    assert notices(world) == {"ESA": found}


def test_a_voice_on_another_product_is_not_reached_by_the_notice():
    """The letter went to a person of its staff, who speaks for it elsewhere alone."""
    world = make_silence("ESA", code="DRAFT")
    staff = mandate_of(world, 0)
    staff.capacity = Capacity.STAFF
    staff.save_as(None, "staff now")
    MandateFactory(agency=world.agencies[0], person=world.heads[0], limited_to="OTHER")
    MandateFactory(agency=world.agencies[0])
    mark(letter_to(world.heads[0]), "sent")

    assert notices(world) == {"ESA": FAILED}


@pytest.mark.parametrize(("before", "found"), [(SECOND, VACANT), (-SECOND, DELIVERED)])
def test_a_seat_is_vacant_that_nobody_held_at_the_deadline(traveller, before, found):
    world = make_silence("ESA")
    mark(letter_to(world.heads[0]), "sent")
    end(mandate_of(world, 0), world.call.deadline - before)
    traveller.move_to(world.call.deadline + timedelta(days=1))

    assert notices(world) == {"ESA": found}
    assert outcome(world) == (
        Outcome.CONSENSUS if found == DELIVERED else Outcome.SILENCE_NOT_VALID
    )


def test_a_suspended_holder_leaves_the_seat_vacant():
    world = make_silence("ESA")
    mark(letter_to(world.heads[0]), "sent")
    world.heads[0].is_active = False
    world.heads[0].save_as(None, "suspended")

    assert notices(world) == {"ESA": VACANT}


def test_the_letter_of_another_call_on_the_product_serves_nobody():
    world = make_silence("ESA")
    mark(letter_to(world.heads[0]), "sent")
    calls.recall_call(world.product, reason="Wrong text.", by=world.secretariat)
    world.call = calls.open_call(
        world.product,
        question="Once more?",
        mode=Mode.SILENCE,
        deadline=clock.now() + timedelta(days=10),
        time_zone="UTC",
        by=world.secretariat,
    )

    assert notices(world) == {"ESA": FAILED}


def test_a_letter_that_only_begins_like_the_one_of_the_call_serves_nobody():
    world = make_silence("ESA")
    letter = letter_to(world.heads[0])
    letter.key = f"call.opened|{reference(world.call)}7|{world.heads[0].pk}|mail"
    mark(letter, "sent")

    assert notices(world) == {"ESA": FAILED}


def test_who_takes_a_place_is_served_by_the_letter_that_says_so():
    world = make_silence("ASI", "ESA")
    mark(letter_to(world.heads[0]), "failed")
    mark(letter_to(world.heads[1]), "sent")
    successor = AgencyFactory(code="NEO", member=False)
    head = MandateFactory(agency=successor).person

    succeed(
        world.agencies[0],
        successor=successor,
        first_day=clock.now().date(),
        source="Note 12",
        reason="A law.",
        by=world.secretariat,
    )

    assert notices(world)["NEO"] == FAILED
    mark(letter_to(head, "call.succeeded"), "sent")
    assert notices(world)["NEO"] == DELIVERED
    # To the other seats that letter is no notice.
    mark(letter_to(world.heads[1]), "failed")
    mark(letter_to(world.heads[1], "call.succeeded"), "sent")
    assert notices(world)["ESA"] == FAILED


@pytest.mark.parametrize("mode", [Mode.EXPLICIT, Mode.UNANIMOUS])
def test_outside_a_silence_procedure_nothing_depends_on_the_notice(mode):
    world = make_call(codes=["ESA"], mode=mode)
    end(mandate_of(world, 0), clock.now() - HOUR)

    assert notices(world) == {"ESA": DELIVERED}


def test_a_stopped_worker_changes_nothing(traveller):
    """The worker is back after the deadline: what it would send comes too late."""
    world = make_silence("ESA")
    traveller.move_to(world.call.deadline + SECOND)
    at_once = outcome(world)

    delivery.deliver_pending()

    assert letter_to(world.heads[0]).state == "dropped"
    assert (at_once, outcome(world)) == (Outcome.SILENCE_NOT_VALID, Outcome.SILENCE_NOT_VALID)


def test_a_worker_that_runs_serves_every_seat(traveller):
    world = make_silence("ASI", "ESA")

    delivery.deliver_pending()
    traveller.move_to(world.call.deadline + SECOND)

    assert outcome(world) == Outcome.CONSENSUS
    assert read(world).tally.tacit == ["ASI", "ESA"]


# --- Serving again -------------------------------------------------------------------------------


def serve(world, at=0, by=None):
    services.serve_again(world.call, agency=world.agencies[at], by=by or world.secretariat)


def test_serve_again_sends_the_notice_once_more(traveller):
    world = make_silence("ESA", days=5)
    mark(letter_to(world.heads[0]), "failed")
    traveller.move_to(NOON + timedelta(days=1))

    serve(world)

    letter = letter_to(world.heads[0], "call.served_again")
    key = f"call.served_again|{reference(world.call)}@2026-03-03T12:00:00+00:00|"
    assert letter.key.startswith(key)
    assert "Is this agreed?" in letter.text
    assert "consents tacitly" in letter.text
    event = Event.objects.get(event="call.served_again")
    assert (event.payload["on_behalf_of"], event.user) == ("ESA", world.secretariat)
    assert notices(world) == {"ESA": FAILED}
    mark(letter, "sent")
    assert notices(world) == {"ESA": DELIVERED}


@pytest.mark.parametrize(("short", "serves"), [(timedelta(), True), (SECOND, False)])
def test_serve_again_leaves_the_seat_the_frozen_hours(traveller, settings, short, serves):
    world = make_silence("ESA")
    settings.ISECG_SILENCE_HOURS = 200
    traveller.move_to(world.call.deadline - timedelta(hours=72) + short)

    if serves:
        serve(world)
        assert Letter.objects.filter(kind="call.served_again").count() == 1
    else:
        with pytest.raises(ProductError, match=r"72 hours .*extend the deadline first, or waive"):
            serve(world)
        assert not Letter.objects.filter(kind="call.served_again").exists()


def test_serve_again_is_possible_once_the_deadline_is_extended(traveller):
    world = make_silence("ESA", days=4)
    traveller.move_to(world.call.deadline - HOUR)
    deadline = clock.now() + timedelta(days=4)
    calls.extend_call(world.call, deadline=deadline, reason="Mail failed.", by=world.secretariat)

    serve(world)
    mark(letter_to(world.heads[0], "call.served_again"), "sent")
    traveller.move_to(deadline + SECOND)

    assert outcome(world) == Outcome.CONSENSUS


def test_serve_again_refuses_a_seat_that_is_reached():
    world = make_silence("ESA")
    mark(letter_to(world.heads[0]), "sent")

    with pytest.raises(ProductError, match=r"^The notice has reached ESA\.$"):
        serve(world)


def test_serve_again_refuses_a_vacant_seat():
    world = make_silence("ESA")
    mandate = mandate_of(world, 0)
    mandate.capacity = Capacity.STAFF
    mandate.save_as(None, "staff now")

    with pytest.raises(ProductError, match=r"^Nobody speaks for ESA: enter who holds its seat"):
        serve(world)


@pytest.mark.parametrize("how", ["deadline", "broken", "returned"])
def test_serve_again_comes_too_late_for_a_call_that_has_ended(traveller, how):
    world = make_silence("ASI", "ESA")
    if how == "deadline":
        traveller.move_to(world.call.deadline + SECOND)
    elif how == "broken":
        world.say(1, Stand.OBJECT)
    else:
        calls.return_to_drafting(world.product, reason="Wrong.", by=world.secretariat)

    with pytest.raises(ProductError, match=r"is over: a notice comes too late|it was returned"):
        serve(world)


def test_serve_again_and_waive_are_for_silence_procedures():
    world = make_call(codes=["ESA"])

    for act in (serve, waive):
        with pytest.raises(ProductError, match="Only in a silence procedure"):
            act(world)


def test_serve_again_and_waive_refuse_who_is_not_in_the_electorate():
    world = make_silence("ASI", "ESA")
    participation.leave(
        world.product, agency=world.agencies[0], reason="We leave.", by=world.heads[0]
    )
    world.agencies.append(AgencyFactory(code="ZZZ"))

    for at, code in ((0, "ASI"), (2, "ZZZ")):
        for act in (serve, waive):
            with pytest.raises(ProductError, match=f"^{code} is not in the electorate"):
                act(world, at)


def test_serve_again_and_waive_are_acts_of_chair_and_secretariat():
    world = make_silence("ASI", "ESA")
    for act in (serve, waive):
        with pytest.raises(PermissionDenied, match="Only the secretariat or the chair may serve"):
            act(world, by=world.heads[0])

    give_chair(world.agencies[0])
    serve(world, by=world.heads[0])
    waive(world, 1, by=world.heads[0])

    assert Letter.objects.filter(kind="call.served_again").count() == 1


# --- Waiving -------------------------------------------------------------------------------------


def waive(world, at=0, by=None, reason="Reached by telephone."):
    services.waive_notice(
        world.call, agency=world.agencies[at], reason=reason, by=by or world.secretariat
    )


@pytest.mark.parametrize("when", ["before", "after"])
def test_waive_notice_makes_the_silence_count(traveller, when):
    world = make_silence("ASI", "ESA")
    mark(letter_to(world.heads[0]), "sent")
    after = world.call.deadline + SECOND
    traveller.move_to(after)
    computed = outcome(world)
    traveller.move_to(NOON + HOUR if when == "before" else after)

    waive(world, 1)

    waived_at = clock.now()
    traveller.move_to(after)
    assert (computed, outcome(world)) == (Outcome.SILENCE_NOT_VALID, Outcome.CONSENSUS)
    elector = world.call.electors.get(code="ESA")
    assert (elector.waiver, elector.waived_at, elector.waived_by) == (
        "Reached by telephone.",
        waived_at,
        world.secretariat,
    )
    assert Event.objects.get(event="call.notice_waived").payload["reason"] == elector.waiver
    told = Letter.objects.filter(kind="call.notice_waived").values_list("recipient", flat=True)
    assert sorted(told) == sorted(head.pk for head in world.heads)


def test_waive_notice_of_a_vacant_seat():
    world = make_silence("ESA")
    end(mandate_of(world, 0), clock.now())

    waive(world)

    assert (notices(world), read(world).unheard) == ({"ESA": VACANT}, [])


@pytest.mark.parametrize(
    ("state", "first", "reason", "words"),
    [
        ("sent", None, "Why.", r"^The notice has reached ASI\.$"),
        ("failed", "By telephone.", "Why.", r"^The notice to ASI is waived already: By telephone"),
        ("failed", None, "  ", r"^A notice is waived with a reason\.$"),
    ],
)
def test_waive_notice_refuses(state, first, reason, words):
    world = make_silence("ASI", "ESA")
    mark(letter_to(world.heads[0]), state)
    if first:
        waive(world, reason=first)

    with pytest.raises(ProductError, match=words):
        waive(world, reason=reason)

    assert world.call.electors.get(code="ASI").waiver == (first or "")


def test_waive_notice_refuses_where_nothing_depends_on_it_any_more():
    world = make_silence("ASI", "ESA")
    world.say(1, Stand.OBJECT)

    with pytest.raises(ProductError, match="The silence is broken: no notice matters"):
        waive(world)

    calls.return_to_drafting(world.product, reason="Wrong.", by=world.secretariat)
    with pytest.raises(ProductError, match="The call has ended: it was returned"):
        waive(world)


# --- The page ------------------------------------------------------------------------------------


def page_of(world):
    return reverse("call_notices", args=[world.call.pk])


def test_call_notices_shows_letters_to_those_who_act_on_them(client):
    world = make_silence("ASI", "ESA")
    staff = MandateFactory(agency=world.agencies[1], capacity=Capacity.STAFF).person
    mark(letter_to(world.heads[0]), "sent")
    mark(letter_to(world.heads[1]), "failed")
    give_chair(world.agencies[0])

    for reader, shows in ((world.secretariat, True), (world.heads[0], True), (staff, False)):
        client.force_login(reader)
        response = client.get(page_of(world))
        text = response.content.decode()

        assert response.context["unheard"] == ["ESA"]
        assert "Notice delivered" in text
        assert "Notice not delivered" in text
        assert ("No such box." in text, world.heads[1].name in text) == (shows, shows)
        assert ("Serve again" in text, "Waive the notice to ESA" in text) == (shows, shows)
        assert "Waive the notice to ASI" not in text


def test_a_vacant_seat_is_offered_no_letter_that_nobody_would_get(client):
    world = make_silence("ASI", "ESA")
    end(mandate_of(world, 0), clock.now())
    client.force_login(world.secretariat)

    rows = client.get(page_of(world)).context["rows"]

    offered = {row["seat"].elector.code: (bool(row["serve"]), bool(row["waive"])) for row in rows}
    assert offered == {"ASI": (False, True), "ESA": (True, True)}


def test_call_deliveries_names_staff_and_later_letters():
    world = make_silence("ESA")
    staff = MandateFactory(agency=world.agencies[0], capacity=Capacity.STAFF).person
    calls.extend_call(
        world.call,
        deadline=world.call.deadline + HOUR,
        reason="Holidays.",
        by=world.secretariat,
    )
    serve(world)

    [seat] = call_deliveries.read(read(world))

    def key(copy):
        return (copy.words, copy.person.pk)

    heads = {
        (words, person.pk)
        for words in ("New deadline", "Once more")
        for person in (staff, world.heads[0])
    }
    assert {key(copy) for copy in seat.copies} == heads | {("Opening", world.heads[0].pk)}
    assert {copy.person.pk: copy.speaks for copy in seat.copies} == {
        staff.pk: False,
        world.heads[0].pk: True,
    }


def test_call_notices_acts_through_its_forms(client, traveller):
    world = make_silence("ASI", "ESA")
    client.force_login(world.secretariat)
    serving = reverse("call_serve_again", args=[world.call.pk, "asi"])
    waiving = reverse("call_waive_notice", args=[world.call.pk, "asi"])

    served = client.post(serving)
    empty = client.post(waiving, {"waive-asi-reason": ""})
    first = client.post(waiving, {"waive-asi-reason": "By telephone."})
    second = client.post(waiving, {"waive-asi-reason": "Again."})

    assert (served.status_code, served["Location"]) == (302, page_of(world))
    assert [empty.status_code, first.status_code, second.status_code] == [422, 302, 422]
    assert "The notice to ASI is waived already: By telephone." in second.content.decode()
    assert "its notice was waived: By telephone." in client.get(page_of(world)).content.decode()
    traveller.move_to(world.call.deadline - HOUR)
    client.force_login(world.secretariat)
    refused = client.post(reverse("call_serve_again", args=[world.call.pk, "esa"]))
    assert refused.status_code == 422
    assert "extend the deadline first, or waive the notice" in refused.content.decode()


def test_call_notices_exists_for_silence_procedures_and_their_readers(client):
    world, other = make_silence("ESA"), make_call(1)
    client.force_login(world.secretariat)

    assert client.get(page_of(world)).status_code == 200
    assert client.get(page_of(other)).status_code == 404
    unknown = reverse("call_serve_again", args=[world.call.pk, "nobody"])
    assert client.post(unknown).status_code == 404
    client.force_login(UserFactory())
    assert client.get(page_of(world)).status_code == 404


def test_call_notices_costs_the_same_for_few_and_many_seats(client):
    costs = []
    for count in (2, 30):
        world = make_call(count, mode=Mode.SILENCE)
        client.force_login(world.secretariat)
        with CaptureQueriesContext(connection) as context:
            response = client.get(page_of(world))
        assert response.status_code == 200
        assert len(response.content) < 100_000
        costs.append(len(context))

    assert costs[0] == costs[1] <= 10
