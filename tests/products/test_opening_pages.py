"""The pages around a call: the request, the sheet, the hold, the recall, the clock."""

from datetime import UTC, datetime, timedelta

import pytest
import time_machine
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from django.utils.html import strip_tags

from isecg import clock
from isecg.mail.models import Letter
from products.consensus import Mode, Outcome, Stand
from products.models import Call, CallRequest, Decision
from products.models.calls import CallState
from products.models.interventions import RequestState
from products.services import call_requests, calls
from products.workflow import State
from products.your_turn import your_turn
from tests.factories import GroupRoleFactory, MandateFactory, UserFactory
from tests.products.world import circulate, give_chair, make_call, make_world
from workgroups.permissions import Standing
from workgroups.roles import Capacity, GroupDuty

pytestmark = pytest.mark.django_db

NOON = datetime(2026, 3, 2, 12, tzinfo=UTC)  # a Monday
SECOND = timedelta(seconds=1)
OPENING = {
    "question": "Is this agreed?",
    "mode": "explicit",
    "day": "2026-03-16",
    "time": "18:00",
    "time_zone": "UTC",
}
ASKING = {"question": "Is the annex agreed?", "reason": "The group is done."}


@pytest.fixture
def traveller():
    with time_machine.travel(NOON, tick=False) as moved:
        yield moved


def co_chair(world):
    person = GroupRoleFactory(group=world.product.group, duty=GroupDuty.CO_CHAIR).person
    MandateFactory(person=person, agency=world.agencies[0], capacity=Capacity.STAFF)
    return person


def ask(world):
    return call_requests.request_call(world.product, **ASKING, by=co_chair(world))


def words(response):
    return " ".join(strip_tags(response.content.decode().replace("</dt>", " ")).split())


def page(client, user, row):
    client.force_login(user)
    return words(client.get(row.get_absolute_url()))


def links(client, user, world):
    client.force_login(user)
    response = client.get(world.product.get_absolute_url())
    return [link["label"] for link in response.context["links"]]


# --- Requests ----------------------------------------------------------------------------------


def test_request_a_call_from_the_products_page(client, traveller):
    world = make_world(1)
    asking = co_chair(world)
    url = reverse("call_request_new", args=[world.product.code])

    assert "Request a call" in links(client, asking, world)
    first, second = client.post(url, ASKING), client.post(url, ASKING)

    request = CallRequest.objects.get()
    assert (first.status_code, first["Location"]) == (302, world.product.get_absolute_url())
    assert (request.question, request.reason) == ("Is the annex agreed?", "The group is done.")
    assert second.status_code == 422
    assert "is requested already" in second.content.decode()
    assert second.context["form"]["reason"].value() == "The group is done."
    assert "Request a call" not in links(client, asking, world)
    assert "Request a call" not in links(client, world.heads[0], world)


def test_request_a_call_is_for_the_groups_co_chairs(client):
    world = make_world(1)
    url = reverse("call_request_new", args=[world.product.code])

    answers = []
    for person in (world.heads[0], world.secretariat, UserFactory()):
        client.force_login(person)
        answers.append((client.get(url).status_code, client.post(url, ASKING).status_code))

    assert answers == [(403, 403), (403, 403), (404, 404)]
    assert not CallRequest.objects.exists()


def test_members_read_who_asks_for_a_call_and_why(client, traveller):
    world = make_world(1)
    request = ask(world)

    text = page(client, world.heads[0], world.product)

    assert "A call is requested Is the annex agreed?" in text
    assert f"Asked for by {request.requested_by} on 2 Mar 2026" in text
    assert "The group is done." in text
    assert "Decline the request" not in text


def test_who_opens_calls_finds_the_question_typed_already(client, traveller):
    world = make_world(1)
    request = ask(world)

    text = page(client, world.secretariat, world.product)
    response = client.get(reverse("call_new", args=[world.product.code]))

    assert "Open the requested call Decline the request" in text
    assert response.context["form"]["question"].value() == "Is the annex agreed?"
    assert f"{request.requested_by} asked for this call" in words(response)


def test_a_request_that_comes_early_says_so(client, traveller):
    world = make_world(1)
    circulate(world.product.versions.get(), opened_at=clock.now() - timedelta(days=1))
    ask(world)

    text = page(client, world.secretariat, world.product)

    assert "It cannot be opened yet" in text
    assert "Open the requested call" not in text


def test_declining_a_request_says_why(client, traveller):
    world = make_world(1)
    request = ask(world)
    client.force_login(world.secretariat)
    url = reverse("call_request_decline", args=[request.pk])

    empty = client.post(url, {"answer": " "})
    first = client.post(url, {"answer": "After the plenary."})
    second = client.post(url, {"answer": "After the plenary."})

    assert [empty.status_code, first.status_code, second.status_code] == [422, 302, 422]
    assert "is answered already: declined" in second.content.decode()
    text = page(client, world.heads[0], world.product)
    assert "A requested call was declined" in text
    assert "After the plenary. Answered by Sam Secretariat" in text


def test_declining_is_not_for_others_and_hidden_from_who_reads_no_drafts(client):
    world = make_world(1)
    url = reverse("call_request_decline", args=[ask(world).pk])

    answers = []
    for person in (world.heads[0], UserFactory()):
        client.force_login(person)
        answers.append((client.get(url).status_code, client.post(url).status_code))

    assert answers == [(403, 403), (404, 404)]
    assert CallRequest.objects.get().state == RequestState.WAITING


def test_a_requested_call_is_the_turn_of_chair_and_secretariat(traveller):
    world = make_world(2)
    give_chair(world.agencies[0])
    request = ask(world)

    def turns(person):
        return [turn for turn in your_turn(Standing.of(person)) if turn.label == "Call requested"]

    (chairs,), (desks,) = turns(world.heads[0]), turns(world.secretariat)
    assert chairs == desks
    assert chairs.sentence == f"{request.requested_by} asks for a call: Is the annex agreed?"
    assert chairs.href == f"{world.product.get_absolute_url()}#call-request"
    assert turns(world.heads[1]) == turns(request.requested_by) == []

    call_requests.decline_request(request, answer="No.", by=world.secretariat)
    assert turns(world.secretariat) == []


@pytest.mark.parametrize("name", ["home", "product"])
def test_a_request_costs_no_query(client, traveller, name):
    world = make_world(1)
    client.force_login(world.secretariat)
    url = reverse("home") if name == "home" else world.product.get_absolute_url()

    def cost():
        with CaptureQueriesContext(connection) as context:
            assert client.get(url).status_code == 200
        return len(context)

    cost()
    before = cost()
    ask(world)

    # The only thing that happened lets the first page name who did it; that is no query more.
    assert cost() <= before


# --- The sheet ---------------------------------------------------------------------------------


def test_the_form_explains_each_mode_and_chooses_explicit(client, traveller, settings):
    settings.ISECG_SILENCE_HOURS_BY_KIND = {"finding": 120}
    world = make_world(1, kind="finding")
    client.force_login(world.secretariat)

    response = client.get(reverse("call_new", args=[world.product.code]))

    html = response.content.decode()
    assert html.count('type="radio"') == 3
    assert response.context["form"]["mode"].value() == Mode.EXPLICIT
    assert html.count("checked") == 1
    text = words(response)
    for said in (
        "Explicit. Enough agencies must answer",
        "Unanimous. Every agency of the electorate must concur.",
        "Silence procedure. Who says nothing until the deadline consents tacitly",
        "It lasts at least 120 hours.",
    ):
        assert said in text


@pytest.mark.parametrize("confirm", [{}, {"confirm": "yes"}])
def test_a_silence_procedure_that_is_too_short_is_refused_beside_the_day(
    client, traveller, confirm
):
    world = make_world(1)
    client.force_login(world.secretariat)
    url = reverse("call_new", args=[world.product.code])
    short = OPENING | {"mode": "silence", "day": "2026-03-05", "time": "11:59"}

    response = client.post(url, short | confirm)

    assert response.status_code == 422
    assert response.context["form"].errors == {
        "day": [
            "A silence procedure lasts at least 72 hours from when its letters go out: "
            "until 5 Mar 2026 12:00 UTC or later."
        ]
    }
    assert not Call.objects.exists()
    assert client.post(url, short | {"time": "12:00"} | confirm).status_code in (200, 302)


@pytest.mark.parametrize("mode", ["", "show_of_hands"])
def test_a_call_is_not_opened_without_a_mode_that_exists(client, traveller, mode):
    world = make_world(1)
    client.force_login(world.secretariat)

    response = client.post(
        reverse("call_new", args=[world.product.code]), OPENING | {"mode": mode, "confirm": "yes"}
    )

    assert (response.status_code, list(response.context["form"].errors)) == (422, ["mode"])


@pytest.mark.parametrize(
    ("mode", "shown", "hidden"),
    [
        ("explicit", ["Quorum in force", "Minimum support in force"], ["silence procedure in"]),
        ("unanimous", ["Quorum in force", "all 2 must concur"], ["Minimum support in force"]),
        (
            "silence",
            ["Minimum of a silence procedure in force 72 hours", "consents tacitly"],
            ["Quorum in force", "Minimum support in force"],
        ),
    ],
)
def test_the_sheet_shows_the_settings_that_the_mode_uses(client, traveller, mode, shown, hidden):
    world = make_world(2)
    client.force_login(world.secretariat)
    url = reverse("call_new", args=[world.product.code])

    text = words(client.post(url, OPENING | {"mode": mode}))
    client.post(url, OPENING | {"mode": mode, "confirm": "yes"})

    assert [said for said in shown if said not in text] == []
    assert [said for said in hidden if said in text] == []
    assert "Share period in force 14 days" in text
    assert Call.objects.get().mode == mode


def test_the_sheet_says_how_long_the_letters_are_held(client, traveller, settings):
    world = make_world(1)
    client.force_login(world.secretariat)
    url = reverse("call_new", args=[world.product.code])
    assert "gets the call by mail at once." in words(client.post(url, OPENING))

    settings.ISECG_HOLD_MINUTES = 5
    text = words(client.post(url, OPENING))

    assert "held back for 5 minutes, in which the opening can be undone" in text


def test_the_sheet_of_a_silence_procedure_warns_that_it_may_not_be_valid(client, traveller):
    world = make_world(codes=["ASI", "ESA"])
    mandate = world.heads[0].mandates.get()
    mandate.capacity = Capacity.STAFF
    mandate.save_as(None, "staff now")
    letter = Letter.objects.create(
        recipient=world.heads[1],
        address="x@example.org",
        kind="x",
        key="x",
        about="x:1",
        subject="x",
        text="x",
        why="x",
        message_id="<x@x>",
        due_at=clock.now(),
        state="failed",
        last_error="No such box.",
    )
    client.force_login(world.secretariat)

    response = client.post(
        reverse("call_new", args=[world.product.code]), OPENING | {"mode": "silence"}
    )

    assert letter.pk
    assert response.context["sheet"]["warnings"] == [
        "Vacant: ASI. Without a head of delegation or an alternate, their silence is no consent, "
        "and makes the procedure invalid unless somebody holds the seat and is served in time, or "
        "it is waived with a reason.",
        "Letters do not reach ESA: the last ones failed. Their silence is no consent, and makes "
        "the procedure invalid unless they are served in time, or it is waived with a reason.",
    ]


# --- The hold and the recall -------------------------------------------------------------------


def test_the_page_says_until_when_the_opening_can_be_undone(client, traveller, settings):
    settings.ISECG_HOLD_MINUTES = 5
    world = make_world(1)
    client.force_login(world.secretariat)
    opened = client.post(
        reverse("call_new", args=[world.product.code]), OPENING | {"confirm": "yes"}, follow=True
    )
    call = Call.objects.get()
    said = "The letters go out at 2 Mar 2026 12:05 UTC; until then the opening can be undone."

    assert f"The call is open. {said}" in words(opened)
    assert said in page(client, world.heads[0], call)
    assert "Undo the opening" not in page(client, world.heads[0], call)
    assert "Undo the opening" in page(client, world.secretariat, call)
    assert "Recall: opened in error" not in page(client, world.secretariat, call)
    traveller.move_to(call.letters_at)
    text = page(client, world.secretariat, call)
    assert said not in text
    assert "Recall: opened in error" in text
    assert "Undo the opening" not in text


@pytest.mark.parametrize(
    ("minutes", "done", "shown"),
    [
        (0, "The call is recalled", "Sam Secretariat recalled it on 2 Mar 2026"),
        (5, "The opening is undone", "undid the opening before its letters went out on 2 Mar 2026"),
    ],
)
def test_case_21_on_the_page(client, traveller, settings, minutes, done, shown):
    settings.ISECG_HOLD_MINUTES = minutes
    world = make_call(codes=["ASI", "CNES", "CSA", "ESA"])
    for at, stand in enumerate((Stand.CONCUR, Stand.OBJECT, Stand.CONDITION)):
        world.say(at, stand, "Clause 4.")
    client.force_login(world.secretariat)
    url = reverse("call_recall", args=[world.call.pk])

    empty = client.post(url, {"recall-reason": ""})
    first = client.post(url, {"recall-reason": "The wrong version."}, follow=True)
    second = client.post(url, {"recall-reason": "The wrong version."})

    assert [empty.status_code, first.status_code, second.status_code] == [422, 200, 422]
    assert "is “Shared” now" in words(second)
    world.call.refresh_from_db()
    world.product.refresh_from_db()
    assert (world.call.state, world.product.state) == (CallState.RECALLED, State.SHARED)
    text = words(first)
    assert done in text
    assert "This call was opened in error." in text
    assert shown in text
    assert "The wrong version. Nothing is decided by it." in text
    assert [row.label for row in first.context["rows"]] == [
        "Concur",
        "Object",
        "Concur subject to conditions",
        "No response",
    ]
    assert first.context["acts"] == {}
    assert not Decision.objects.exists()
    assert "Open a call" in links(client, world.secretariat, world)
    again = client.post(
        reverse("call_new", args=[world.product.code]), OPENING | {"confirm": "yes"}
    )
    assert again.status_code == 302
    # The new call's page says nothing of the former.
    assert "opened in error." not in page(client, world.heads[0], Call.objects.latest("pk"))


def test_a_silence_whose_letters_are_held_is_not_called_invalid(client, traveller, settings):
    settings.ISECG_HOLD_MINUTES = 5
    world = make_call(2, mode=Mode.SILENCE)
    client.force_login(world.secretariat)

    response = client.get(world.call.get_absolute_url())
    pages = [words(response), words(client.get(reverse("call_notices", args=[world.call.pk])))]

    assert [row.notice for row in response.context["rows"]] == ["Notice not sent yet"] * 2
    assert "The notice goes to every seat with the letters." in pages[0]
    for text in pages:
        assert "The notice has not reached" not in text
        assert "Silence not valid" not in text
    # Once they could have gone, it is said.
    traveller.move_to(world.call.letters_at)
    text = page(client, world.secretariat, world.call)
    assert "Notice not delivered" in text
    assert "The notice has not reached" in text


def test_nothing_counts_on_the_page_of_a_recalled_call(client, traveller):
    world = make_call(1)
    world.say(0, Stand.OBJECT, "Clause 4.")
    before = page(client, world.heads[0], world.call)
    calls.recall_call(world.product, reason="The wrong version.", by=world.secretariat)
    after = page(client, world.heads[0], world.call)

    assert "counts · by" in before
    assert "counts · by" not in after
    assert "1 of 1" in before
    assert "1 of 1" not in after
    assert after.count("Clause 4.") == 1


def test_call_recall_does_not_exist_for_others_and_is_not_done_on_get(client):
    world = make_call(1)
    url = reverse("call_recall", args=[world.call.pk])

    client.force_login(UserFactory())
    assert client.post(url, {"recall-reason": "x"}).status_code == 404
    client.force_login(world.heads[0])
    assert client.post(url, {"recall-reason": "x"}).status_code == 403
    client.force_login(world.secretariat)
    assert client.get(url).status_code == 405
    world.call.refresh_from_db()
    assert world.call.state == CallState.OPEN


# --- The clock, and the end --------------------------------------------------------------------


def test_the_page_counts_down_in_utc_and_the_readers_zone(client, traveller):
    world = make_call(1)
    reader = world.heads[0]
    reader.time_zone = "Asia/Tokyo"
    reader.save_as(None, "moved")
    traveller.move_to(world.call.deadline - timedelta(days=3, hours=4, minutes=9))
    client.force_login(reader)

    response = client.get(world.call.get_absolute_url())

    assert "Closes in 3 days 4 hours 12 Mar 2026 21:00 JST (12:00 UTC)" in words(response)
    html = response.content.decode()
    assert (
        'data-countdown="2026-03-12T12:00:00Z" data-countdown-from="2026-03-09T07:51:00Z"' in html
    )
    traveller.move_to(world.call.deadline)
    assert "Closes in less than a minute" in page(client, reader, world.call)
    traveller.shift(SECOND)
    text = page(client, reader, world.call)
    assert "Closes in" not in text
    assert (
        "The call ended on 12 Mar 2026 21:00 JST (12:00 UTC), and waits to be declared by "
        "the secretariat." in text
    )


def test_extending_a_silence_procedure_and_not_a_broken_one(client, traveller):
    world = make_call(codes=["ASI", "ESA"], mode=Mode.SILENCE)
    client.force_login(world.secretariat)
    url = reverse("call_extend", args=[world.call.pk])
    later = {"day": "2026-03-20", "time": "12:00", "time_zone": "UTC", "reason": "Holidays."}

    assert client.post(url, later).status_code == 302
    world.say(0, Stand.OBJECT)
    traveller.shift(SECOND)
    refused = client.post(url, later | {"day": "2026-03-25"})

    assert refused.status_code == 422
    assert "The silence was broken by ASI: the call has ended" in words(refused)
    assert "Extend the deadline" not in page(client, world.secretariat, world.call)
    world.call.refresh_from_db()
    assert world.call.deadline == datetime(2026, 3, 20, 12, tzinfo=UTC)


@pytest.mark.parametrize("mode", Mode)
def test_an_early_close_waits_for_every_elector_and_a_silence_for_its_deadline(
    client, traveller, mode
):
    world = make_call(2, mode=mode)
    client.force_login(world.secretariat)
    url = reverse("declare", args=[world.call.pk])
    declaration = {"outcome": Outcome.CONSENSUS.value, "statement": "So be it."}
    world.say(0, Stand.CONCUR)

    early = client.post(url, declaration)
    world.say(1, Stand.CONCUR)
    offered = "Declare the outcome" in page(client, world.secretariat, world.call)
    then = client.post(url, declaration)

    assert early.status_code == 422
    assert offered == (mode != Mode.SILENCE)
    assert then.status_code == (422 if mode == Mode.SILENCE else 302)
    if mode == Mode.SILENCE:
        assert "The silence procedure runs until" in words(then)
        traveller.move_to(world.call.deadline + SECOND)
        client.force_login(world.secretariat)
        assert client.post(url, declaration).status_code == 302
    assert Decision.objects.get().outcome == Outcome.CONSENSUS


@pytest.mark.parametrize("mode", Mode)
def test_case_7_the_chair_changes_between_deadline_and_declaration(client, traveller, mode):
    world = make_call(codes=["ASI", "ESA"], mode=mode)
    handover = world.call.deadline + timedelta(hours=1)
    give_chair(world.agencies[0], ends_at=handover)
    give_chair(world.agencies[1], starts_at=handover)
    for at in range(2):
        world.say(at, Stand.CONCUR)
    url = reverse("declare", args=[world.call.pk])
    declaration = {"outcome": Outcome.CONSENSUS.value, "statement": "So be it."}

    traveller.move_to(world.call.deadline + SECOND)
    assert "declared by the chair (ASI)" in page(client, world.heads[1], world.call)
    traveller.move_to(handover)
    assert "declared by the chair (ESA)" in page(client, world.heads[1], world.call)
    client.force_login(world.heads[0])
    assert client.post(url, declaration).status_code == 403
    client.force_login(world.heads[1])
    assert client.post(url, declaration).status_code == 302

    decision = Decision.objects.get()
    assert (decision.declared_as, decision.declared_by) == ("the chair (ESA)", world.heads[1])
    assert "the chair (ESA)" in page(client, world.heads[0], decision)


@pytest.mark.parametrize(
    ("mode", "outcome"),
    [
        (Mode.EXPLICIT, Outcome.DISSENT),
        (Mode.UNANIMOUS, Outcome.DISSENT),
        (Mode.SILENCE, Outcome.SILENCE_BROKEN),
    ],
)
@pytest.mark.parametrize("is_vacant", [False, True])
def test_case_8_the_secretariat_declares_where_the_chair_cannot(
    client, traveller, mode, outcome, is_vacant
):
    world = make_call(codes=["ASI", "ESA"], mode=mode)
    ends_at = world.call.deadline if is_vacant else None
    give_chair(world.agencies[0], ends_at=ends_at)
    world.say(1, Stand.CONCUR)
    world.say(0, Stand.OBJECT)
    traveller.move_to(world.call.deadline + SECOND)
    url = reverse("declare", args=[world.call.pk])
    declaration = {"outcome": outcome.value, "statement": "It is not agreed."}
    why = (
        "because the chair is vacant"
        if is_vacant
        else "because ASI, which holds the chair, objects"
    )

    text = page(client, world.heads[1], world.call)
    assert "to be declared by the secretariat" in text
    assert f"It is the secretariat’s act {why}." in text
    client.force_login(world.heads[0])
    assert client.post(url, declaration).status_code == 403
    client.force_login(world.secretariat)
    assert client.post(url, declaration).status_code == 302

    decision = Decision.objects.get()
    world.product.refresh_from_db()
    assert (decision.declared_as, decision.outcome) == ("the secretariat", outcome)
    assert world.product.state == State.DRAFTING
    assert "the secretariat" in page(client, world.heads[0], decision)


@pytest.mark.parametrize("mode", Mode)
@pytest.mark.parametrize("count", [1, 50])
def test_the_page_keeps_its_budget_in_every_mode_held_or_recalled(client, settings, mode, count):
    settings.ISECG_HOLD_MINUTES = 5
    world = make_call(count, mode=mode)
    client.force_login(world.secretariat)

    def cost():
        with CaptureQueriesContext(connection) as context:
            assert client.get(world.call.get_absolute_url()).status_code == 200
        return len(context)

    cost()
    held = cost()
    calls.recall_call(world.product, reason="The wrong version.", by=world.secretariat)

    assert max(held, cost()) <= 10
