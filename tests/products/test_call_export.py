"""A call as JSON says what its page says, when it is computed again from that file alone."""

import io
import json
from datetime import UTC, datetime, timedelta

import pytest
import time_machine
from django.core.management import call_command
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from isecg import clock
from isecg.mail.models import Letter
from products import consensus, files
from products.consensus import Act, Mode, Outcome, Stand
from products.models import CarryOver, Intervention
from products.models.interventions import InterventionKind
from products.models.versions import ChangeClass
from products.services import calls, decisions, participation, versions
from tests.factories import AgencyFactory, UserFactory
from tests.products.world import make_call, write_version
from workgroups.services.succession import succeed

pytestmark = pytest.mark.django_db

NOON = datetime(2026, 3, 2, 12, tzinfo=UTC)
THREE = ["CNES", "ESA", "JAXA"]
HOUR, DAY = timedelta(hours=1), timedelta(days=1)


@pytest.fixture(autouse=True)
def traveller():
    with time_machine.travel(NOON, tick=False) as moved:
        yield moved


@pytest.fixture
def check(client, tmp_path):
    """Compare the page of a call with what comes of its JSON; return both."""

    def run(world):
        client.force_login(world.secretariat)
        page = client.get(world.call.get_absolute_url())
        handed = client.get(reverse("call_rehearsal", args=[world.call.pk]))
        assert (page.status_code, handed.status_code) == (200, 200)
        file, out = tmp_path / "call.json", io.StringIO()
        file.write_bytes(handed.content)
        call_command("rehearse_call", str(file), stdout=out)
        found = json.loads(out.getvalue())
        reading, text = page.context["reading"], page.content.decode()
        assert found["counts"] == counts_of(reading.tally)
        assert (found["late"], found["lapsed"]) == (
            list(reading.tally.late),
            list(reading.tally.lapsed),
        )
        # What was opened in error counts for nothing, and its page counts nothing.
        if page.context["recall"] is None:
            assert f"answered ({found['response_percent']} %)" in text
            assert f"<dd>{found['responded']} of {found['of']}</dd>" in text
        return found, json.loads(handed.content), reading

    return run


def counts_of(tally):
    return {
        **{stand.value: tally.of(stand) for stand in Stand},
        "tacit": tally.tacit,
        "no_response": tally.no_response,
    }


def same_outcome(found, reading):
    """Whether the file comes to what is computed for the page, in the same words."""
    computed = consensus.outcome(reading.course, reading.tally)
    return (found["outcome"], found["sentence"]) == (computed, reading.sentence)


def deliver(call, *agencies):
    """Have the opening letters reach these agencies."""
    letters = Letter.objects.filter(key__startswith=f"call.opened|call:{call.pk}|")
    letters.filter(recipient__mandates__agency__in=agencies).update(
        state="sent", sent_at=clock.now()
    )


def intervene(world, at, kind):
    row = Intervention(
        call=world.call,
        agency=world.agencies[at],
        code=world.agencies[at].code,
        kind=kind,
        text="Our director is away.",
        given_at=clock.now(),
        given_by=world.heads[at],
    )
    row.save_as(world.heads[at], "factory")


def carry_over(world):
    before, version = world.call.version, write_version(world.product)
    carried = CarryOver(
        call=world.call,
        before=before,
        version=version,
        at=clock.now(),
        contest_until=clock.now() + 7 * DAY,
    )
    carried.save_as(None, "factory")
    world.call.version = version
    world.call.save_as(None, "factory")


def overtake(world):
    versions.submit_version(
        world.product,
        main=files.from_text("Another text.", name="main.md"),
        change_class=ChangeClass.SUBSTANTIVE,
        note="Changed.",
        by=world.secretariat,
        expected_latest=world.product.versions.count(),
    )
    world.call.refresh_from_db()


def test_the_file_is_the_call_in_the_format_of_the_rehearsal(check, traveller):
    world = make_call(codes=THREE)
    traveller.shift(HOUR)
    world.say(0, Stand.OBJECT, "Clause 4: “naïve”.")
    traveller.shift(HOUR + timedelta(milliseconds=5))
    world.say(1, Stand.CONCUR)
    intervene(world, 2, "more_time")
    intervene(world, 2, "concern")

    _, handed, _ = check(world)

    assert handed == {
        "mode": "explicit",
        "opened_at": "2026-03-02T12:00:00Z",
        "deadline": "2026-03-12T12:00:00Z",
        "at": "2026-03-02T14:00:00.005000Z",
        "settings": {"quorum": 0.5, "minimum_support": 0.5},
        "electorate": THREE,
        "entries": [
            {
                "agency": "CNES",
                "at": "2026-03-02T13:00:00Z",
                "act": "object",
                "text": "Clause 4: “naïve”.",
            },
            {"agency": "ESA", "at": "2026-03-02T14:00:00.005000Z", "act": "concur", "text": ""},
            {
                "agency": "JAXA",
                "at": "2026-03-02T14:00:00.005000Z",
                "act": "more_time",
                "text": "Our director is away.",
            },
        ],
        "version_events": [],
    }


@pytest.mark.parametrize("mode", Mode)
def test_an_open_call_is_open(check, traveller, mode):
    world = make_call(codes=THREE, mode=mode)
    traveller.shift(HOUR)
    world.say(0, Stand.RESERVATION)

    found, _, reading = check(world)

    assert same_outcome(found, reading)
    assert (found["outcome"], found["counts"]["reservation"]) == ("open", ["CNES"])


@pytest.mark.parametrize(
    ("mode", "outcome"),
    [
        (Mode.EXPLICIT, "consensus_with_reservations"),
        (Mode.UNANIMOUS, "insufficient_support"),
        (Mode.SILENCE, "consensus_with_reservations"),
    ],
)
def test_a_closed_call_has_its_outcome_and_what_came_late(check, traveller, mode, outcome):
    world = make_call(codes=THREE, mode=mode)
    traveller.shift(HOUR)
    deliver(world.call, *world.agencies)
    world.say(0, Stand.RESERVATION)
    world.say(1, Stand.ABSTAIN)
    world.say(1, Stand.CONCUR)
    traveller.move_to(world.call.deadline + HOUR)
    world.say(2, Stand.OBJECT)

    found, _, reading = check(world)

    assert same_outcome(found, reading)
    assert (found["outcome"], found["late"]) == (outcome, ["JAXA"])
    assert found["counts"]["tacit"] == (["JAXA"] if mode == Mode.SILENCE else [])


def test_a_position_that_was_withdrawn_is_none(check, traveller):
    world = make_call(codes=THREE)
    world.say(0, Stand.CONCUR)
    traveller.shift(HOUR)
    calls.record_position(
        world.call, agency=world.agencies[0], stand=None, text="", by=world.heads[0]
    )
    traveller.move_to(world.call.deadline + HOUR)

    found, handed, reading = check(world)

    assert same_outcome(found, reading)
    assert [entry["act"] for entry in handed["entries"]] == ["concur", "withdraw"]
    assert (found["outcome"], found["responded"]) == ("no_quorum", 0)


def test_a_seat_that_the_notice_did_not_reach_makes_a_silence_invalid(check, traveller):
    world = make_call(codes=THREE, mode=Mode.SILENCE)
    traveller.shift(HOUR)
    deliver(world.call, *world.agencies[:2])
    vacant = world.heads[1].mandates.get()
    vacant.ends_at = clock.now()
    vacant.save_as(None, "left")
    traveller.move_to(world.call.deadline + HOUR)

    found, handed, reading = check(world)

    assert same_outcome(found, reading)
    assert handed["notices"] == {"CNES": "delivered", "ESA": "vacant", "JAXA": "failed"}
    assert (found["outcome"], found["counts"]["tacit"], found["counts"]["no_response"]) == (
        "silence_not_valid",
        ["CNES"],
        ["ESA", "JAXA"],
    )


def test_a_waived_notice_is_exported_as_delivered(check, traveller):
    world = make_call(codes=THREE, mode=Mode.SILENCE)
    traveller.shift(HOUR)
    deliver(world.call, *world.agencies[:2])
    elector = world.call.electors.get(code="JAXA")
    elector.waiver, elector.waived_at = "They told us on the telephone.", clock.now()
    elector.waived_by = world.secretariat
    elector.save_as(world.secretariat, "waived")
    traveller.move_to(world.call.deadline + HOUR)

    found, handed, reading = check(world)

    assert same_outcome(found, reading)
    assert set(handed["notices"].values()) == {"delivered"}
    assert (found["outcome"], found["counts"]["tacit"]) == ("consensus", THREE)


@pytest.mark.parametrize("act", ["object", "condition", "more_time", "propose_amendment"])
def test_a_broken_silence_is_broken_at_once(check, traveller, act):
    world = make_call(codes=THREE, mode=Mode.SILENCE)
    deliver(world.call, *world.agencies)
    traveller.shift(HOUR)
    world.say(0, Stand.CONCUR)
    if act in Stand.values:
        world.say(1, Stand(act))
    else:
        intervene(world, 1, act)
    traveller.shift(HOUR)
    world.say(2, Stand.OBJECT)

    found, _, reading = check(world)

    assert same_outcome(found, reading)
    assert (found["outcome"], found["sentence"], found["late"]) == (
        "silence_broken",
        "Silence broken: by ESA.",
        ["JAXA"],
    )


@pytest.mark.parametrize("mode", Mode)
def test_a_call_that_a_version_overtook(check, traveller, mode):
    world = make_call(codes=THREE, mode=mode)
    traveller.shift(HOUR)
    world.say(0, Stand.CONCUR)
    traveller.shift(HOUR)
    overtake(world)
    traveller.move_to(world.call.deadline + HOUR)

    found, handed, reading = check(world)

    assert same_outcome(found, reading)
    assert handed["version_events"] == [{"at": handed["at"], "change": "substantive"}]
    assert (found["outcome"], found["counts"]["concur"]) == ("overtaken", ["CNES"])


@pytest.mark.parametrize("mode", Mode)
def test_a_call_that_an_editorial_version_did_not_end(check, traveller, mode):
    world = make_call(codes=THREE, mode=mode)
    deliver(world.call, *world.agencies)
    for at in range(3):
        traveller.shift(HOUR)
        world.say(at, Stand.CONCUR)
    carry_over(world)
    traveller.move_to(world.call.deadline + HOUR)

    found, handed, reading = check(world)

    assert same_outcome(found, reading)
    assert handed["version_events"] == [{"at": "2026-03-02T15:00:00Z", "change": "editorial"}]
    assert found["outcome"] == "consensus"


def test_a_contested_editorial_version_overtakes_at_the_contest(check, traveller):
    world = make_call(codes=THREE)
    world.say(0, Stand.CONCUR)
    traveller.shift(HOUR)
    carry_over(world)
    traveller.shift(HOUR)
    carried = world.call.carry_overs.get()
    carried.contest, carried.contested_at = "It is not.", clock.now()
    carried.contested_for, carried.contested_by = world.agencies[1], world.heads[1]
    carried.save_as(world.heads[1], "contested")
    world.call.state, world.call.ended_at = "overtaken", clock.now()
    world.call.save_as(world.heads[1], "contested")

    found, handed, reading = check(world)

    assert same_outcome(found, reading)
    assert [event["change"] for event in handed["version_events"]] == ["editorial", "substantive"]
    assert found["outcome"] == "overtaken"


@pytest.mark.parametrize("mode", Mode)
def test_who_left_is_out_of_the_count_and_lapsed(check, traveller, mode):
    world = make_call(codes=THREE, mode=mode)
    deliver(world.call, *world.agencies)
    traveller.shift(HOUR)
    world.say(0, Stand.CONCUR)
    world.say(1, Stand.RESERVATION)
    traveller.shift(HOUR)
    participation.leave(
        world.product, agency=world.agencies[1], reason="Our act.", by=world.heads[1]
    )
    world.say(2, Stand.CONCUR)
    traveller.move_to(world.call.deadline + HOUR)

    found, handed, reading = check(world)

    assert same_outcome(found, reading)
    assert {"agency": "ESA", "at": "2026-03-02T14:00:00Z", "act": "leave"} in handed["entries"]
    assert (found["outcome"], found["of"], found["lapsed"]) == ("consensus", 2, ["ESA"])


@pytest.mark.parametrize("mode", Mode)
def test_a_successor_has_the_seat_and_has_to_speak_itself(check, traveller, mode):
    world = make_call(codes=THREE, mode=mode)
    deliver(world.call, *world.agencies)
    traveller.shift(HOUR)
    for at in range(3):
        world.say(at, Stand.CONCUR)
    traveller.shift(HOUR)
    succeed(
        world.agencies[0],
        successor=AgencyFactory(code="NEO", member=False),
        first_day=clock.now().date(),
        source="Note 12",
        reason="A law.",
        by=world.secretariat,
    )
    traveller.move_to(world.call.deadline + HOUR)

    found, handed, reading = check(world)

    assert same_outcome(found, reading)
    assert handed["electorate"] == ["CNES", "ESA", "JAXA", "NEO"]
    assert (found["lapsed"], found["counts"]["no_response"], found["of"]) == (["CNES"], ["NEO"], 3)


def test_a_call_declared_early_has_the_outcome_that_was_computed(check, traveller):
    world = make_call(codes=THREE)
    traveller.shift(HOUR)
    for at in range(3):
        world.say(at, Stand.CONCUR)
    decision = decisions.declare(
        world.product, outcome=Outcome.CONSENSUS, statement="Yes.", by=world.secretariat
    )

    found, handed, reading = check(world)

    assert handed["at"] == "2026-03-12T12:00:00.000001Z"
    assert found["outcome"] == decision.computed == reading.outcome == "consensus"


def test_a_call_declared_after_its_deadline_stays_as_it_was(check, traveller):
    world = make_call(codes=THREE)
    world.say(0, Stand.CONCUR)
    traveller.move_to(world.call.deadline + HOUR)
    world.say(1, Stand.CONCUR)
    decision = decisions.declare(
        world.product, outcome=Outcome.NO_QUORUM, statement="No.", by=world.secretariat
    )
    traveller.shift(DAY)

    found, handed, reading = check(world)

    assert same_outcome(found, reading)
    assert handed["at"] == "2026-03-12T13:00:00Z"
    assert found["outcome"] == decision.computed == "no_quorum"
    assert found["late"] == ["ESA"]


@pytest.mark.parametrize("act", [calls.return_to_drafting, calls.recall_call])
def test_a_call_without_a_decision_is_open_when_it_was_ended(check, traveller, act):
    world = make_call(codes=THREE)
    world.say(0, Stand.CONCUR)
    traveller.shift(HOUR)
    act(world.product, reason="In error.", by=world.secretariat)
    traveller.move_to(world.call.deadline + DAY)

    found, handed, reading = check(world)

    assert same_outcome(found, reading)
    assert (found["outcome"], handed["at"]) == ("open", "2026-03-02T13:00:00Z")


def test_what_an_agency_can_say_is_a_word_of_the_rehearsal():
    said = {*Stand.values, *InterventionKind.values} - {InterventionKind.CONCERN}

    assert said < {act.value for act in Act}


# --- The address -------------------------------------------------------------------------------


def test_the_page_leads_to_the_file_which_is_to_be_kept(client):
    world = make_call(2)
    client.force_login(world.heads[0])
    url = reverse("call_rehearsal", args=[world.call.pk])

    page = client.get(world.call.get_absolute_url())
    handed = client.get(url)

    assert f'<a href="{url}">This call as JSON, to replay it</a>' in page.content.decode()
    assert (handed["Content-Type"], handed["Content-Disposition"]) == (
        "application/json",
        f'attachment; filename="{world.product.code}-call-{world.call.pk}.json"',
    )


def test_the_file_does_not_exist_for_who_does_not_see_the_call(client):
    world = make_call(1)
    url = reverse("call_rehearsal", args=[world.call.pk])
    client.force_login(UserFactory())

    assert client.get(url).status_code == 404
    assert client.post(url).status_code == 405
    assert client.get(reverse("call_rehearsal", args=[world.call.pk + 1])).status_code == 404


@pytest.mark.parametrize("count", [1, 8])
def test_the_file_costs_the_same_for_few_and_many(client, traveller, count):
    world = make_call(count, mode=Mode.SILENCE)
    for at in range(count):
        world.say(at, Stand.CONCUR)
    client.force_login(world.heads[0])

    with CaptureQueriesContext(connection) as context:
        client.get(reverse("call_rehearsal", args=[world.call.pk]))

    assert len(context) == 8
