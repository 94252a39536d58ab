"""Editorial versions of a text under call: carried, contested, or the end of it (rule 29)."""

from datetime import UTC, datetime, timedelta

import pytest
import time_machine
from django.core.exceptions import PermissionDenied

from isecg.events import log
from isecg.mail.models import Letter
from products import carrying, files
from products.call_reading import read_call
from products.consensus import Mode, Outcome, Stand
from products.dossier import Dossier
from products.models import CarryOver, Comment, PositionEntry
from products.models.calls import CallState
from products.models.versions import ChangeClass
from products.services import calls, carry_overs, decisions, versions
from products.services.errors import ProductError
from products.workflow import State
from tests.factories import (
    AgencyFactory,
    CommentFactory,
    MandateFactory,
    UserFactory,
)
from tests.products.world import give_chair, make_call, make_carried, submit
from workgroups.roles import Capacity

pytestmark = pytest.mark.django_db

NOON = datetime(2026, 3, 2, 12, tzinfo=UTC)  # a Monday
CONTEST_UNTIL = datetime(2026, 3, 9, 12, tzinfo=UTC)


@pytest.fixture(autouse=True)
def traveller():
    with time_machine.travel(NOON, tick=False) as moved:
        yield moved


def contest(world, at=0, **given):
    carry_overs.contest(
        world.call,
        agency=world.agencies[at],
        **{"reason": "Clause 4 changes.", "by": world.heads[at]} | given,
    )
    world.refresh()


def events(about):
    return [event.event for event in log.about(about)]


def letters(kind):
    return {letter.recipient for letter in Letter.objects.filter(kind=kind)}


# --- Working days ------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("zone", "at", "days", "expected"),
    [
        ("UTC", "2026-03-02T12:00", 5, "2026-03-09T12:00"),
        ("UTC", "2026-03-02T12:00", 1, "2026-03-03T12:00"),
        ("UTC", "2026-03-06T12:00", 1, "2026-03-09T12:00"),
        ("UTC", "2026-03-07T12:00", 5, "2026-03-13T12:00"),
        ("UTC", "2026-03-08T12:00", 1, "2026-03-09T12:00"),
        # 13:00 in Paris, before and after its clocks go forward.
        ("Europe/Paris", "2026-03-27T12:00", 5, "2026-04-03T11:00"),
        # Saturday in Kiritimati, where it is Friday in UTC.
        ("Pacific/Kiritimati", "2026-03-06T12:00", 1, "2026-03-08T12:00"),
        # 00:30, which the clocks of Cairo skip on 24 April; 23:30, shown twice on 29 October.
        ("Africa/Cairo", "2026-04-16T22:30", 5, "2026-04-23T22:30"),
        ("Africa/Cairo", "2026-10-22T20:30", 5, "2026-10-29T21:30"),
    ],
)
def test_working_days_later_keeps_the_time_of_day_of_the_zone(zone, at, days, expected):
    instant = datetime.fromisoformat(f"{at}+00:00")

    later = carrying.working_days_later(instant, days=days, zone=zone)

    assert later.isoformat() == f"{expected}:00+00:00"


def test_contest_until_is_never_sooner_than_that_of_the_version_before():
    saturday = datetime(2026, 3, 7, 18, tzinfo=UTC)
    sunday = datetime(2026, 3, 8, 9, tzinfo=UTC)

    first = carrying.contest_until(saturday, days=5, zone="UTC")
    second = carrying.contest_until(sunday, days=5, zone="UTC", no_sooner_than=first)

    assert first == second == datetime(2026, 3, 13, 18, tzinfo=UTC)


def test_contest_days_are_one_at_least(settings):
    settings.ISECG_CONTEST_WORKING_DAYS = 0

    world = make_carried()

    assert world.call.version.carry_over.contest_until == datetime(2026, 3, 3, 12, tzinfo=UTC)


# --- Carrying ----------------------------------------------------------------------------------


@pytest.mark.parametrize("mode", Mode)
def test_an_editorial_version_takes_the_positions_along(mode):
    stands = (Stand.CONCUR, Stand.RESERVATION)
    world = make_call(codes=["ASI", "CNES", "ESA"], mode=mode)
    for at, stand in enumerate(stands):
        world.say(at, stand)

    version = submit(world)

    world.refresh()
    row = CarryOver.objects.get()
    reading = read_call(world.call, at=NOON)
    assert (world.product.state, world.call.state) == (State.IN_CONSENSUS, CallState.OPEN)
    assert world.call.version == version
    assert (row.call, row.before.number, row.version, row.at, row.contest_until) == (
        world.call,
        1,
        version,
        NOON,
        CONTEST_UNTIL,
    )
    assert reading.tally.stands == {"ASI": Stand.CONCUR, "CNES": Stand.RESERVATION}
    assert [entry.version.number for entry in reading.entries] == [1, 1]
    assert reading.facts.contest_until == CONTEST_UNTIL


def test_carrying_is_told_to_the_electorate_with_the_changes_and_the_way_to_contest():
    world = make_carried(Stand.CONCUR)

    event = log.about(world.call).get(event="call.carried")
    told = Letter.objects.get(kind="call.carried", recipient=world.heads[2])
    assert letters("call.carried") == set(world.heads)
    assert event.payload["before"] == {"version": 1}
    assert event.payload["after"] == {
        "version": 2,
        "contest_until": CONTEST_UNTIL.isoformat(),
        "positions": ["ASI"],
    }
    assert f"/products/{world.product.code}/compare/?from=1&to=2" in told.text
    assert world.call.get_absolute_url() in told.text
    assert "until 9 Mar 2026 12:00 UTC, that instant included" in told.text


def test_carrying_takes_open_comments_along_too():
    world = make_call(1)
    CommentFactory(version=world.product.versions.get())

    submit(world)

    assert Comment.objects.get().places.filter(version__number=2).exists()


@pytest.mark.parametrize(
    ("against", "words"), [((0,), "ASI objects"), ((0, 1), "ASI and CNES object")]
)
def test_an_editorial_version_ends_the_call_while_somebody_objects(against, words):
    world = make_call(codes=["ASI", "CNES", "ESA"])
    for at in against:
        world.say(at, Stand.OBJECT)

    submit(world)

    world.refresh()
    assert (world.product.state, world.call.state) == (State.DRAFTING, CallState.OVERTAKEN)
    assert world.call.version.number == 1
    assert not CarryOver.objects.exists()
    assert read_call(world.call, at=NOON).outcome == Outcome.OVERTAKEN
    reason = log.about(world.call).get(event="call.overtaken").payload["reason"]
    assert reason.endswith(words)
    assert letters("call.ended") == set(world.heads)


def test_an_objection_that_is_over_does_not_stop_the_carrying(traveller):
    world = make_call(codes=["ASI", "CNES"])
    world.say(0, Stand.OBJECT)
    traveller.shift(1)
    world.say(0, Stand.ABSTAIN)

    submit(world)

    world.refresh()
    assert (world.call.state, world.call.version.number) == (CallState.OPEN, 2)


def test_an_editorial_version_is_refused_after_the_deadline(traveller):
    world = make_call(1)
    traveller.move_to(world.call.deadline + timedelta(seconds=1))

    with pytest.raises(ProductError, match="its deadline passed on 12 Mar 2026 12:00 UTC"):
        submit(world)

    world.refresh()
    assert (world.product.versions.count(), world.call.version.number) == (1, 1)


def test_an_editorial_version_is_refused_once_the_silence_is_broken(traveller):
    world = make_call(2, mode=Mode.SILENCE)
    world.say(0, Stand.CONDITION)
    traveller.shift(1)

    with pytest.raises(ProductError, match="its silence was broken"):
        submit(world)

    assert world.product.versions.count() == 1


def test_an_editorial_version_is_refused_while_the_letters_are_held(traveller, settings):
    settings.ISECG_HOLD_MINUTES = 10
    world = make_call(1)

    with pytest.raises(ProductError, match="letters of the call go at 2 Mar 2026 12:10 UTC"):
        submit(world)
    traveller.shift(600)
    submit(world)

    world.refresh()
    assert world.call.version.number == 2


@pytest.mark.parametrize("mode", Mode)
def test_a_substantive_version_overtakes_in_every_mode(mode):
    world = make_call(codes=["ASI", "CNES"], mode=mode)
    world.say(0, Stand.CONCUR)

    submit(world, ChangeClass.SUBSTANTIVE)

    world.refresh()
    assert (world.product.state, world.call.state) == (State.DRAFTING, CallState.OVERTAKEN)
    assert read_call(world.call, at=NOON).outcome == Outcome.OVERTAKEN


def test_case_5_a_substantive_version_during_an_open_silence_procedure(traveller):
    world = make_call(codes=["ASI", "CNES"], mode=Mode.SILENCE)
    traveller.shift(3600)

    submit(world, ChangeClass.SUBSTANTIVE)

    world.refresh()
    traveller.move_to(world.call.deadline + timedelta(days=1))
    reading = read_call(world.call, at=world.call.deadline + timedelta(days=1))
    # Nobody's silence became consent.
    assert (reading.outcome, reading.tally.tacit) == (Outcome.OVERTAKEN, [])
    assert world.product.state == State.DRAFTING


@pytest.mark.parametrize("ended", ["broken", "deadline"])
def test_a_substantive_version_overtakes_what_ended_and_is_not_declared(traveller, ended):
    world = make_call(codes=["ASI", "CNES"], mode=Mode.SILENCE)
    if ended == "broken":
        world.say(0, Stand.OBJECT)
        traveller.shift(1)
    else:
        traveller.move_to(world.call.deadline + timedelta(seconds=1))

    submit(world, ChangeClass.SUBSTANTIVE)

    world.refresh()
    assert (world.product.state, world.call.state) == (State.DRAFTING, CallState.OVERTAKEN)
    with pytest.raises(ProductError, match="“Drafting” now"):
        decisions.declare(
            world.product, outcome=Outcome.CONSENSUS, statement="Yes.", by=world.secretariat
        )


# --- Contesting --------------------------------------------------------------------------------


@pytest.mark.parametrize("mode", Mode)
def test_contest_ends_the_call_as_overtaken(mode):
    world = make_carried(Stand.CONCUR, mode=mode)

    contest(world, 1)

    row = CarryOver.objects.get()
    assert (world.product.state, world.call.state) == (State.DRAFTING, CallState.OVERTAKEN)
    assert world.call.ended_at == NOON
    assert (row.contested_at, row.contested_for.code, row.contested_by, row.contest) == (
        NOON,
        "CNES",
        world.heads[1],
        "Clause 4 changes.",
    )
    assert read_call(world.call, at=NOON).outcome == Outcome.OVERTAKEN
    assert events(world.call)[:2] == ["call.overtaken", "call.contested"]
    assert events(world.product)[0] == "product.revise"
    told = log.about(world.call).get(event="call.contested")
    assert told.payload["on_behalf_of"] == "CNES"


def test_contest_is_told_to_the_electorate_and_those_who_write():
    author = UserFactory(is_secretariat=True)
    world = make_call(codes=["ASI", "CNES"])
    versions.submit_version(
        world.product,
        main=files.from_text("Other.", name="main.md"),
        change_class=ChangeClass.EDITORIAL,
        note="Misprints.",
        by=author,
        expected_latest=1,
    )
    author.is_secretariat = False
    author.save_as(None, "left the desk")

    contest(world)

    assert letters("call.contested") == {*world.heads, author, world.secretariat}
    assert not Letter.objects.filter(kind="call.ended").exists()
    text = Letter.objects.get(kind="call.contested", recipient=author).text
    assert "ASI says that version 2 of" in text
    assert "Clause 4 changes." in text
    assert f"Said by {world.heads[0]} for ASI." in text


def test_contest_on_behalf_keeps_its_source():
    world = make_carried()

    contest(world, 2, by=world.secretariat, source="letter of 2 Mar 2026")

    row = CarryOver.objects.get()
    assert (row.contested_for.code, row.contest_source) == ("ESA", "letter of 2 Mar 2026")
    event = log.about(world.call).get(event="call.contested")
    assert event.payload["reason"].endswith("Source: letter of 2 Mar 2026")


@pytest.mark.parametrize("mode", [Mode.EXPLICIT, Mode.SILENCE])
@pytest.mark.parametrize("seconds", [0, 1])
def test_case_6_an_editorial_version_contested_on_the_last_day(traveller, seconds, mode):
    world = make_call(codes=["ASI", "CNES"], mode=mode)
    world.say(0, Stand.CONCUR)
    world.say(1, Stand.CONCUR)
    # Two days before the deadline: the days of the contest outlast it.
    traveller.move_to(datetime(2026, 3, 10, 12, tzinfo=UTC))
    submit(world)
    world.refresh()
    last = datetime(2026, 3, 17, 12, tzinfo=UTC)
    traveller.move_to(last + timedelta(seconds=seconds))

    if seconds == 0:
        with pytest.raises(ProductError, match="Until 17 Mar 2026 12:00 UTC any elector may"):
            declare(world)
        contest(world)
        assert (world.product.state, world.call.state) == (State.DRAFTING, CallState.OVERTAKEN)
    else:
        with pytest.raises(ProductError, match="Until 17 Mar 2026 12:00 UTC an elector could"):
            contest(world)
        assert declare(world).outcome == Outcome.CONSENSUS
        world.refresh()
        assert world.product.state == State.AGREED


def declare(world):
    return decisions.declare(
        world.product, outcome=Outcome.CONSENSUS, statement="Yes.", by=world.secretariat
    )


def test_contest_after_the_deadline_counts_for_a_broken_silence_too(traveller):
    world = make_carried(mode=Mode.SILENCE)
    world.say(0, Stand.OBJECT)
    traveller.shift(60)

    contest(world, 1)

    assert (world.product.state, world.call.state) == (State.DRAFTING, CallState.OVERTAKEN)


def test_contest_is_of_the_latest_of_several_versions(traveller):
    world = make_carried(Stand.CONCUR)
    traveller.move_to(datetime(2026, 3, 4, 12, tzinfo=UTC))
    submit(world)
    world.refresh()
    first, second = CarryOver.objects.order_by("pk")
    assert (first.contest_until, second.contest_until) == (
        CONTEST_UNTIL,
        datetime(2026, 3, 11, 12, tzinfo=UTC),
    )
    assert (second.before.number, second.version.number) == (2, 3)
    assert read_call(world.call, at=second.at).tally.stands == {"ASI": Stand.CONCUR}

    contest(world)

    first.refresh_from_db()
    second.refresh_from_db()
    assert (first.contested_at, second.contested_at) == (None, second.at)


def test_a_later_version_never_shortens_the_days_of_the_one_before(traveller):
    # From a weekend both have until Friday, the later one at an earlier time of day.
    traveller.move_to(datetime(2026, 3, 7, 18, tzinfo=UTC))
    world = make_carried(Stand.CONCUR)
    traveller.move_to(datetime(2026, 3, 8, 9, tzinfo=UTC))
    submit(world)
    world.refresh()

    first, second = CarryOver.objects.order_by("pk")
    assert first.contest_until == second.contest_until == datetime(2026, 3, 13, 18, tzinfo=UTC)


@pytest.mark.parametrize(
    ("who", "words"),
    [
        ("staff", "that of staff"),
        ("stranger", "you hold no mandate of ASI"),
        ("superuser", "you hold no mandate of ASI"),
        ("secretariat", "you hold no mandate of ASI"),
    ],
)
def test_contest_needs_the_voice_of_the_agency(who, words):
    world = make_carried()
    people = {
        "staff": MandateFactory(agency=world.agencies[0], capacity=Capacity.STAFF).person,
        "stranger": world.heads[1],
        "superuser": UserFactory(is_superuser=True),
        # Not silently in its name: with a source alone.
        "secretariat": world.secretariat,
    }

    with pytest.raises(PermissionDenied, match=words):
        contest(world, by=people[who])

    assert not CarryOver.objects.get().contest


def test_contest_on_behalf_is_the_secretariats_alone():
    world = make_carried()
    give_chair(world.agencies[0])

    with pytest.raises(PermissionDenied, match="Only the secretariat may"):
        contest(world, by=world.heads[0], source="a call")


def test_contest_is_for_electors_alone():
    world = make_carried()
    outsider = MandateFactory(agency=AgencyFactory(code="KARI"))

    with pytest.raises(ProductError, match="KARI is not in the electorate of this call"):
        carry_overs.contest(world.call, agency=outsider.agency, reason="No.", by=outsider.person)


def test_contest_is_refused_to_who_left():
    world = make_carried()
    elector = world.call.electors.get(agency=world.agencies[0])
    elector.left_at = NOON
    elector.save_as(None, "left")

    with pytest.raises(ProductError, match="ASI is not in the electorate of this call"):
        contest(world)


def test_contest_is_refused_where_nothing_was_make_carried():
    world = make_call(1)

    with pytest.raises(ProductError, match="nothing was carried"):
        contest(world)


def test_contest_is_refused_twice():
    world = make_carried()
    contest(world)

    with pytest.raises(ProductError, match="The call has ended: it was overtaken"):
        contest(world, 1)


# --- What counts on which text -----------------------------------------------------------------


def test_declared_consensus_is_on_the_version_that_was_carried_to(traveller):
    world = make_carried(Stand.CONCUR, Stand.RESERVATION)
    traveller.shift(60)
    world.say(2, Stand.CONCUR)
    traveller.move_to(world.call.deadline + timedelta(seconds=1))

    decision = decisions.declare(
        world.product, outcome=Outcome.WITH_RESERVATIONS, statement="Yes.", by=world.secretariat
    )

    world.refresh()
    latest = world.product.versions.first()
    facts = Dossier(world.product, world.call.deadline).facts
    assert (latest.number, decision.record["version"]) == (2, 2)
    assert decision.record["sha256"] == latest.sha256 == facts.decision.sha256 == facts.sha256
    assert decision.record["carried"] == [
        {"agency": "ASI", "given_on": 1, "carried_to": 2},
        {"agency": "CNES", "given_on": 1, "carried_to": 2},
    ]


def test_what_was_carried_may_be_said_again_of_the_new_version(traveller):
    world = make_carried(Stand.CONCUR)
    traveller.shift(60)

    world.say(0, Stand.CONCUR)

    with pytest.raises(ProductError, match="ASI's position already"):
        world.say(0, Stand.CONCUR)
    assert list(PositionEntry.objects.values_list("version__number", flat=True)) == [1, 2]


def test_a_position_on_a_version_that_another_one_took_over_from_is_refused():
    world = make_carried()

    with pytest.raises(ProductError, match="Version 2 took over from version 1 while you were"):
        calls.record_position(
            world.call,
            agency=world.agencies[0],
            stand=Stand.CONCUR,
            text="",
            by=world.heads[0],
            on=1,
        )

    assert not PositionEntry.objects.exists()
