"""A call from its request to its recall: who may, who is told, and what is left of it."""

from datetime import timedelta

import pytest
import time_machine
from django.core.exceptions import PermissionDenied
from django.db import IntegrityError, transaction

from isecg import clock
from isecg.events.models import Event
from isecg.mail import delivery
from isecg.mail.models import Letter
from isecg.mail.models import State as LetterState
from products import call_letters
from products.call_reading import read_call
from products.consensus import Mode, Stand
from products.models import Call, CallRequest, Decision, Elector, Intervention
from products.models.calls import CallState
from products.models.interventions import RequestState
from products.services import call_requests, calls, circulations, participation, releases
from products.services.errors import ProductError
from products.workflow import State
from tests.factories import GroupRoleFactory, MandateFactory, UserFactory
from tests.products.world import give_chair, make_call, make_world, write_version
from workgroups.roles import Capacity, GroupDuty

pytestmark = pytest.mark.django_db

SECOND, MINUTE = timedelta(seconds=1), timedelta(minutes=1)


@pytest.fixture
def traveller():
    with time_machine.travel("2026-03-02T12:00:00Z", tick=False) as moved:
        yield moved


@pytest.fixture
def hold(settings):
    settings.ISECG_HOLD_MINUTES = 5


def co_chair(world):
    return GroupRoleFactory(group=world.product.group, duty=GroupDuty.CO_CHAIR).person


def ask(world, *, by=None):
    return call_requests.request_call(
        world.product,
        question="Is the annex agreed?",
        reason="The group is done.",
        by=by or co_chair(world),
    )


def open_call(world, **fields):
    world.call = calls.open_call(
        world.product,
        **{
            "question": "Is this agreed?",
            "deadline": clock.now() + timedelta(days=10),
            "time_zone": "Europe/Paris",
            "by": world.secretariat,
            **fields,
        },
    )
    return world.call


def recall(world, **fields):
    calls.recall_call(
        world.product, **{"reason": "The wrong version.", "by": world.secretariat, **fields}
    )


def told(kind):
    rows = Letter.objects.filter(kind=kind).exclude(state=LetterState.DROPPED)
    return sorted(rows.values_list("recipient", flat=True))


def keys_of(*people):
    return sorted(person.pk for person in people)


def states(kind):
    return list(Letter.objects.filter(kind=kind).order_by("pk").values_list("state", flat=True))


# --- Requests ----------------------------------------------------------------------------------


def test_request_call_asks_the_chair_and_the_secretariat():
    world = make_world(2)
    alternate = MandateFactory(agency=world.agencies[0], capacity=Capacity.ALTERNATE).person
    MandateFactory(agency=world.agencies[0], capacity=Capacity.STAFF)
    give_chair(world.agencies[0])

    request = ask(world)

    assert (request.state, request.question, request.reason) == (
        RequestState.WAITING,
        "Is the annex agreed?",
        "The group is done.",
    )
    assert told("call_request.asked") == keys_of(world.heads[0], alternate, world.secretariat)
    letter = Letter.objects.filter(kind="call_request.asked").first()
    assert "Is the annex agreed?" in letter.text
    assert "The group is done." in letter.text
    assert (
        Event.objects.get(event="product.call_requested").subject == f"product:{world.product.pk}"
    )


def test_request_call_asks_the_person_that_the_chair_names():
    world = make_world(2)
    named = UserFactory()
    give_chair(world.agencies[0], person=named)

    ask(world)

    assert told("call_request.asked") == keys_of(named, world.secretariat)


def test_request_call_is_the_act_of_the_groups_co_chairs():
    world = make_world(1)
    elsewhere = GroupRoleFactory(duty=GroupDuty.CO_CHAIR).person
    editor = GroupRoleFactory(group=world.product.group, duty=GroupDuty.EDITOR).person

    for person in (world.heads[0], world.secretariat, elsewhere, editor):
        with pytest.raises(PermissionDenied, match="the group's co-chairs may"):
            ask(world, by=person)

    assert not CallRequest.objects.exists()


@pytest.mark.parametrize("state", [state for state in State if state != State.SHARED])
def test_request_call_needs_a_product_that_is_shared(state):
    world = make_world(1, state=state)

    with pytest.raises(ProductError, match=f"is “{state.label}” now"):
        ask(world)


def test_request_call_may_come_while_the_share_period_runs():
    world = make_world(1)
    write_version(world.product, text="Another text.")

    assert ask(world).state == RequestState.WAITING


def test_request_call_is_refused_while_one_waits():
    world = make_world(1)
    first = ask(world)

    with pytest.raises(ProductError, match=f"requested already: {first.requested_by} asked"):
        ask(world)

    assert CallRequest.objects.count() == 1


def test_one_request_waits_per_product_by_the_database():
    world = make_world(1)
    twin = ask(world)
    twin.pk, twin._state.adding = None, True

    with pytest.raises(IntegrityError), transaction.atomic():
        twin.save_as(None, "around the service")


def test_opening_a_call_answers_the_request():
    world = make_world(1)
    request = ask(world)

    call = open_call(world)

    request.refresh_from_db()
    assert (request.state, request.call, request.answered_by) == (
        RequestState.OPENED,
        call,
        world.secretariat,
    )
    assert told("call.asked_for") == [request.requested_by_id]
    answered = Event.objects.get(event="product.call_request_answered")
    assert answered.payload["after"] == {"answer": "opened"}


def test_decline_request_tells_who_asked_why():
    world = make_world(1)
    request = ask(world)

    call_requests.decline_request(request, answer="After the plenary.", by=world.secretariat)

    assert (request.state, request.answer) == (RequestState.WAITING, "")
    request.refresh_from_db()
    assert (request.state, request.answer) == (RequestState.DECLINED, "After the plenary.")
    letter = Letter.objects.get(kind="call_request.declined")
    assert letter.recipient == request.requested_by
    assert "After the plenary." in letter.text
    # Another one may follow, and is another letter.
    again = ask(world, by=request.requested_by)
    call_requests.decline_request(again, answer="Not yet.", by=world.secretariat)
    assert len(told("call_request.declined")) == 2


def test_decline_request_is_the_act_of_who_opens_calls():
    world = make_world(1)
    request = ask(world)

    with pytest.raises(PermissionDenied, match="the secretariat or the chair may"):
        call_requests.decline_request(request, answer="No.", by=request.requested_by)

    give_chair(world.agencies[0])
    call_requests.decline_request(request, answer="No.", by=world.heads[0])
    assert CallRequest.objects.get().answered_by == world.heads[0]


def test_decline_request_is_refused_once_it_is_answered():
    world = make_world(1)
    request = ask(world)
    open_call(world)

    with pytest.raises(ProductError, match="is answered already: opened"):
        call_requests.decline_request(request, answer="No.", by=world.secretariat)


def _take_back(world):
    circulations.take_back(world.product, reason="Figures are wrong.", by=world.secretariat)


def _withdraw(world):
    releases.withdraw(world.product, reason="Figures are wrong.", by=world.secretariat)


def _leave(world):
    participation.leave(
        world.product, agency=world.agencies[0], reason="Figures are wrong.", by=world.heads[0]
    )


@pytest.mark.parametrize(
    ("act", "words"),
    [(_take_back, "“Drafting” now"), (_withdraw, "“Withdrawn” now"), (_leave, "“Drafting” now")],
)
def test_a_request_is_over_with_a_product_that_is_not_shared_any_more(act, words):
    world = make_world(1)
    request = ask(world)

    act(world)

    request.refresh_from_db()
    assert request.state == RequestState.DECLINED
    assert words in request.answer
    assert told("call_request.declined") == [request.requested_by_id]


# --- Opening -----------------------------------------------------------------------------------


@pytest.mark.parametrize(("seconds", "opens"), [(-1, False), (0, True)])
@pytest.mark.parametrize("minutes", [0, 5])
def test_a_silence_procedure_lasts_its_minimum_from_its_letters_on(
    traveller, settings, seconds, opens, minutes
):
    settings.ISECG_HOLD_MINUTES = minutes
    settings.ISECG_SILENCE_HOURS = 96
    world = make_world(1)
    least = clock.now() + timedelta(hours=96, minutes=minutes)
    given = {"mode": Mode.SILENCE, "deadline": least + timedelta(seconds=seconds)}

    if opens:
        assert open_call(world, **given).silence_hours == 96
    else:
        with pytest.raises(ProductError, match=f"at least 96 hours .* 6 Mar 2026 12:0{minutes}"):
            open_call(world, **given)
        assert not Call.objects.exists()


def test_the_minimum_is_said_to_a_minute_that_is_late_enough(traveller):
    traveller.move_to("2026-03-02T12:00:30Z")
    world = make_world(1)

    with pytest.raises(ProductError, match=r"until 5 Mar 2026 12:01 UTC or later"):
        open_call(world, mode=Mode.SILENCE, deadline=clock.now() + timedelta(hours=71))


def test_a_deadline_does_not_come_before_the_letters(traveller, hold):
    world = make_world(1)

    with pytest.raises(ProductError, match="before the letters go out, at 2 Mar 2026 12:05 UTC"):
        open_call(world, deadline=clock.now() + 5 * MINUTE)


# --- The hold ----------------------------------------------------------------------------------


def test_the_letters_of_an_opening_are_held_back(traveller, hold):
    world = make_world(2)
    ask(world)
    call = open_call(world)

    assert call.letters_at == clock.now() + 5 * MINUTE
    traveller.move_to(call.letters_at - SECOND)
    delivery.deliver_pending()
    assert states("call.opened") == ["queued", "queued"]
    assert states("call.asked_for") == ["queued"]
    traveller.move_to(call.letters_at)
    delivery.deliver_pending()
    assert states("call.opened") == ["sent", "sent"]
    assert states("call.asked_for") == ["sent"]


def test_an_extension_is_not_told_before_the_opening(traveller, hold):
    world = make_world(1)
    call = open_call(world)

    calls.extend_call(
        call, deadline=call.deadline + timedelta(days=1), reason="Holidays.", by=world.secretariat
    )

    due = set(Letter.objects.filter(kind__startswith="call.").values_list("due_at", flat=True))
    assert due == {call.letters_at}


def test_an_opening_undone_while_it_is_held_tells_nobody(traveller, hold):
    world = make_world(2)
    request = ask(world)
    call = open_call(world)
    traveller.move_to(call.letters_at - SECOND)

    recall(world)

    assert told("call.recalled") == []
    assert states("call.opened") == ["dropped", "dropped"]
    note = Letter.objects.filter(kind="call.opened").first().note
    assert note == "The call was opened in error: The wrong version."
    traveller.move_to(call.letters_at + SECOND)
    delivery.deliver_pending()
    assert told("call.opened") == told("call.asked_for") == []
    # Who asked for a call waits for one, as before.
    request.refresh_from_db()
    assert (request.state, request.call, request.answered_at) == (RequestState.WAITING, None, None)
    assert told("call_request.asked") == keys_of(world.secretariat)


def test_who_spoke_while_the_opening_was_held_is_told_that_it_is_undone(traveller, hold):
    world = make_world(3)
    alternate = MandateFactory(agency=world.agencies[0], capacity=Capacity.ALTERNATE).person
    call = open_call(world)
    world.say(0, Stand.CONCUR)
    Intervention(
        call=call,
        agency=world.agencies[2],
        code=world.agencies[2].code,
        kind="more_time",
        text="Our director is away.",
        given_at=clock.now(),
        given_by=world.heads[2],
    ).save_as(None, "test")

    recall(world)

    # The alternate has a letter that says that the agency's position was recorded.
    assert told("position.recorded") == [alternate.pk]
    assert told("call.recalled") == keys_of(world.heads[0], alternate, world.heads[2])


def test_a_call_that_is_returned_while_it_is_held_is_told_to_who_spoke(traveller, hold):
    world = make_world(2)
    open_call(world)
    world.say(0, Stand.CONCUR)

    calls.return_to_drafting(world.product, reason="Figures.", by=world.secretariat)

    assert told("call.ended") == keys_of(world.heads[0])
    traveller.shift(5 * MINUTE)
    delivery.deliver_pending()
    assert states("call.opened") == ["dropped", "dropped"]
    assert Letter.objects.filter(kind="call.opened").first().note == (
        "The call is not open any more: returned."
    )


def test_the_letter_of_an_opening_is_over_with_the_deadline(traveller):
    world = make_call(1)
    letter = Letter.objects.get(kind="call.opened")

    traveller.move_to(world.call.deadline)
    assert call_letters.still_due(letter) is None
    traveller.move_to(world.call.deadline + SECOND)
    assert call_letters.still_due(letter) == (
        "The deadline of the call had passed before the letter could go."
    )


def test_the_letter_of_an_opening_is_over_once_the_silence_is_broken(traveller):
    world = make_call(codes=["ASI", "ESA"], mode=Mode.SILENCE)
    letter = Letter.objects.filter(kind="call.opened").first()
    assert call_letters.still_due(letter) is None

    world.say(0, Stand.OBJECT)

    assert call_letters.still_due(letter) == (
        "The silence was broken by ASI before the letter could go."
    )


# --- Recall ------------------------------------------------------------------------------------


def test_case_21_a_call_opened_in_error_with_three_positions_in(traveller):
    world = make_call(4)
    delivery.deliver_pending()
    for at, stand in enumerate((Stand.CONCUR, Stand.OBJECT, Stand.CONDITION)):
        world.say(at, stand)
    # A head of delegation goes, and another comes: both are told, one because of the past.
    former = world.heads[3]
    mandate = former.mandates.get()
    mandate.ends_at = clock.now()
    mandate.save_as(None, "ended")
    newcomer = MandateFactory(agency=world.agencies[3]).person

    recall(world, call=world.call)

    world.call.refresh_from_db()
    world.product.refresh_from_db()
    assert (world.call.state, world.product.state) == (CallState.RECALLED, State.SHARED)
    assert not Decision.objects.exists()
    reading = read_call(world.call, at=clock.now())
    assert sorted(entry.stand for entry in reading.entries) == ["concur", "condition", "object"]
    assert told("call.recalled") == keys_of(*world.heads[:3], former)
    assert newcomer.pk not in told("call.recalled")
    assert not Letter.objects.filter(kind="call.ended").exists()
    texts = dict(Letter.objects.filter(kind="call.recalled").values_list("recipient", "text"))
    assert "The wrong version." in texts[former.pk]
    assert "was opened in error" in texts[former.pk]
    assert "The position that you recorded" not in texts[former.pk]
    assert "The position that you recorded" in texts[world.heads[0].pk]
    with pytest.raises(ProductError, match="The call has ended: it was opened in error"):
        world.say(0, Stand.ABSTAIN)
    # A new call can be opened at once, and starts from nothing.
    again = open_call(world)
    assert read_call(again, at=clock.now()).tally.stands == {}
    assert Elector.objects.filter(call=again).count() == 4


def test_recall_tells_whom_a_letter_was_tried_and_drops_the_others(traveller):
    world = make_call(3)
    tried, failed, queued = Letter.objects.filter(kind="call.opened").order_by("recipient")
    Letter.objects.filter(pk=tried.pk).update(failures=1, last_error="451 later")
    Letter.objects.filter(pk=failed.pk).update(state="failed", last_error="550 no such box")

    recall(world)

    assert told("call.recalled") == sorted([tried.recipient_id, failed.recipient_id])
    queued.refresh_from_db()
    tried.refresh_from_db()
    assert (tried.state, queued.state) == ("queued", "dropped")
    assert call_letters.still_due(tried) == "The call is not open any more: opened in error."


def test_recall_leaves_the_letters_of_other_calls_alone(traveller):
    world = make_call(1)
    former = world.call
    calls.return_to_drafting(world.product, reason="Figures.", by=world.secretariat)
    world.product.state = State.SHARED
    world.product.save_as(None, "shared again")
    traveller.shift(SECOND)
    open_call(world)

    recall(world)

    assert states("call.ended") == ["queued"]
    opened = {
        letter.key.split("|")[1]: letter.state
        for letter in Letter.objects.filter(kind="call.opened")
    }
    assert opened == {f"call:{former.pk}": "queued", f"call:{world.call.pk}": "dropped"}
    assert told("call.recalled") == []


def test_recall_has_the_request_wait_again():
    world = make_world(1)
    request = ask(world)
    open_call(world)
    delivery.deliver_pending()

    recall(world)

    request.refresh_from_db()
    assert (request.state, request.call) == (RequestState.WAITING, None)
    assert request.requested_by_id in told("call.recalled")


def test_recall_is_the_act_of_the_chair_and_the_secretariat():
    world = make_call(2)

    with pytest.raises(PermissionDenied, match="the secretariat or the chair may recall"):
        recall(world, by=world.heads[0])

    give_chair(world.agencies[0])
    recall(world, by=world.heads[0])
    assert Call.objects.get().state == CallState.RECALLED


def test_recall_is_refused_twice_and_of_another_call():
    world = make_call(1)
    former = world.call
    recall(world)

    with pytest.raises(ProductError, match="is “Shared” now"):
        recall(world)
    open_call(world)
    with pytest.raises(ProductError, match="This call has ended"):
        recall(world, call=former)

    world.call.refresh_from_db()
    assert world.call.state == CallState.OPEN


# --- Extension ---------------------------------------------------------------------------------


def extend(world, *, days=1):
    calls.extend_call(
        world.call,
        deadline=world.call.deadline + timedelta(days=days),
        reason="Holidays.",
        by=world.secretariat,
    )


def test_a_silence_procedure_is_extended_before_its_deadline(traveller):
    world = make_call(2, mode=Mode.SILENCE)
    before = world.call.deadline
    traveller.move_to(before)

    extend(world)

    world.call.refresh_from_db()
    assert world.call.deadline == before + timedelta(days=1)
    assert told("call.extended") == keys_of(*world.heads)


def test_a_broken_silence_is_not_extended(traveller):
    world = make_call(codes=["ASI", "ESA"], mode=Mode.SILENCE)
    world.say(0, Stand.OBJECT)
    traveller.shift(SECOND)

    with pytest.raises(ProductError, match="The silence was broken by ASI: the call has ended"):
        extend(world)


def test_a_call_that_was_recalled_is_not_extended():
    world = make_call(1)
    recall(world)

    with pytest.raises(ProductError, match=r"it was opened in error\. It is extended before"):
        extend(world)
