"""The cases of section 12 of the rules that must come out right, by number and name.

Those that concern an outcome are played twice, by the pure rule and on the pages, and must
come out the same (:mod:`tests.products.cases`). Case 24 waits for minutes.
"""

import re
from datetime import UTC, date, datetime, timedelta

import pytest
import time_machine
from django.urls import reverse

from isecg import clock
from isecg.mail import clockwork
from isecg.mail.models import Letter
from products.consensus import Outcome, Stand
from products.models import Decision, PositionEntry, Product, Relation, Release
from products.services import calls, decisions
from products.workflow import State
from tests.factories import (
    AgencyFactory,
    MandateFactory,
    MembershipFactory,
    ProductFactory,
    UserFactory,
)
from tests.products.cases import (
    AFTER,
    DEADLINE,
    SECOND,
    Played,
    a_call,
    declared_as_told,
    entry,
    rehearsed,
    said_by_both,
)
from tests.products.world import circulate, give_chair, make_call, make_world, write_version
from workgroups.models import Agency
from workgroups.notifications import REMINDER
from workgroups.roles import Capacity
from workgroups.services import agencies
from workgroups.services.meetings import add_meeting

pytestmark = pytest.mark.django_db

ELEVEN = [f"A{number:02d}" for number in range(11)]
EARLY = "2026-03-05T10:00:00Z"
LATER = "2026-03-10T10:00:00Z"
NOON = datetime(2026, 3, 2, 12, tzinfo=UTC)


def all_say(act, codes, *, at=EARLY):
    return [entry(code, at, act) for code in codes]


@pytest.fixture
def desk(client):
    user = UserFactory(name="Sam Secretariat", is_secretariat=True)
    client.force_login(user)
    return user


# --- 1 to 3: positions -------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("at", "outcome", "late"),
    [
        ("2026-03-16T16:59:59Z", "dissent", []),
        (DEADLINE, "dissent", []),
        (AFTER, "consensus", ["ESA"]),
    ],
)
def test_case_01_an_objection_one_second_before_the_deadline_counts_one_after_does_not(
    at, outcome, late
):
    call = a_call(
        *all_say("concur", ["CNES", "JAXA"]),
        entry("ESA", at, "object"),
        electorate=["CNES", "ESA", "JAXA"],
    )

    played = said_by_both(call)

    assert (played.told["outcome"], played.told["late"]) == (outcome, late)
    assert declared_as_told(played).record["late"] == late
    # Late or not, it is kept.
    assert PositionEntry.objects.filter(stand=Stand.OBJECT).count() == 1


def test_case_02_concur_then_object_then_the_deadline_the_objection_counts():
    call = a_call(
        entry("CNES", EARLY, "concur"),
        entry("ESA", EARLY, "concur"),
        entry("ESA", LATER, "object", "Clause 4 promises funds."),
        entry("ESA", AFTER, "concur"),
        electorate=["CNES", "ESA"],
    )

    played = said_by_both(call)

    assert played.told["counts"]["object"] == ["ESA"]
    decision = declared_as_told(played)
    assert (decision.outcome, decision.record["objections"]) == (
        Outcome.DISSENT,
        [{"agency": "ESA", "text": "Clause 4 promises funds."}],
    )


def test_case_03_two_delegates_of_one_agency_disagree_the_later_counts_and_both_are_told(client):
    def second_delegate(world):
        person = UserFactory(name="Alex Alternate", email="alex@example.org")
        MandateFactory(agency=world.agencies[1], person=person, capacity=Capacity.ALTERNATE)

    concurs = entry("ESA", EARLY, "concur")
    call = a_call(entry("CNES", EARLY, "concur"), concurs, electorate=["CNES", "ESA"])
    played = Played.of(call, before=second_delegate)
    alternate = played.world.agencies[1].mandates.get(capacity=Capacity.ALTERNATE).person
    with time_machine.travel(LATER, tick=False):
        client.force_login(alternate)
        address = reverse("call_position", args=[played.world.call.pk, "esa"])
        client.post(address, {"esa-stand": "object", "esa-text": "Clause 4."})

    both = a_call(*call["entries"], entry("ESA", LATER, "object"), electorate=["CNES", "ESA"])
    assert played.shown() == rehearsed(both)
    assert played.shown()["outcome"] == "dissent"
    told = Letter.objects.filter(kind="position.recorded", subject__contains="ESA").order_by("pk")
    assert [(letter.recipient, letter.subject.partition("ESA: ")[2]) for letter in told] == [
        (alternate, "Concur"),
        (played.world.heads[1], "Object"),
    ]
    assert "“Concur”" in told[1].text


def test_case_04_an_agency_that_joins_isecg_on_the_day_of_circulation_gets_it(client, desk):
    with time_machine.travel(NOON, tick=False) as traveller:
        world = make_world(2, state=State.DRAFTING)
        newcomer = AgencyFactory(code="NEW", member=False)
        MembershipFactory(agency=newcomer, start="2026-03-02")
        MandateFactory(agency=newcomer)
        window = {"day": "2026-03-20", "time": "12:00", "time_zone": "UTC", "note": "For comments."}
        sent = client.post(
            reverse("circulation_new", args=[world.product.code]), window | {"confirm": "yes"}
        )
        traveller.move_to(NOON + timedelta(days=20))
        client.force_login(desk)
        opened = client.post(
            reverse("call_new", args=[world.product.code]),
            {
                "question": "Agreed?",
                "mode": "explicit",
                "day": "2026-04-10",
                "time": "12:00",
                "time_zone": "UTC",
                "confirm": "yes",
            },
        )

    assert (sent.status_code, opened.status_code) == (302, 302)
    call = world.product.calls.get()
    assert "NEW" in call.circulation.recipients.values_list("code", flat=True)
    # It reads from the first day, and takes part only if it joins the product.
    assert "NEW" not in call.electors.values_list("code", flat=True)


# --- 5 and 6: versions -------------------------------------------------------------------------


def test_case_05_a_substantive_version_overtakes_an_open_silence_procedure():
    call = a_call(
        entry("CNES", EARLY, "concur"),
        mode="silence",
        electorate=["CNES", "ESA", "JAXA"],
        version_events=[{"at": LATER, "change": "substantive"}],
    )

    played = said_by_both(call)

    assert (played.told["outcome"], played.told["counts"]["tacit"]) == ("overtaken", [])
    played.world.product.refresh_from_db()
    assert (played.row.state, played.world.product.state) == ("overtaken", State.DRAFTING)
    assert not Decision.objects.exists()
    # Its position is history: it stays, on the text it was given on.
    assert PositionEntry.objects.get().version.number == 1


# --- 7 to 11: outcomes -------------------------------------------------------------------------


def test_case_07_the_chair_changes_between_the_deadline_and_the_declaration(client):
    handover = datetime.fromisoformat(DEADLINE) + timedelta(hours=1)

    def two_terms(world):
        give_chair(world.agencies[0], ends_at=handover)
        give_chair(world.agencies[1], starts_at=handover)

    call = a_call(*all_say("concur", ["CNES", "ESA"]), electorate=["CNES", "ESA", "JAXA"])

    played = said_by_both(call, before=two_terms)

    former, chair, _ = played.world.heads
    address = reverse("declare", args=[played.row.pk])
    with time_machine.travel(handover, tick=False):
        client.force_login(former)
        typed = {"outcome": "consensus", "statement": "So it is."}
        assert client.post(address, typed).status_code == 403
    decision = declared_as_told(played, by=chair, at=handover.isoformat())
    assert (decision.declared_by, decision.declared_as) == (chair, "the chair (ESA)")
    assert decision.outcome == Outcome.CONSENSUS


def test_case_08_the_chairs_agency_objects_and_the_secretariat_declares(client):
    call = a_call(
        entry("CNES", EARLY, "object"),
        entry("ESA", EARLY, "concur"),
        electorate=["CNES", "ESA"],
    )

    played = said_by_both(call, before=lambda world: give_chair(world.agencies[0]))

    with time_machine.travel(AFTER, tick=False):
        client.force_login(played.world.heads[0])
        address = reverse("declare", args=[played.row.pk])
        assert client.post(address, {"outcome": "dissent", "statement": "No."}).status_code == 403
    decision = declared_as_told(played)
    assert (decision.outcome, decision.declared_as) == (Outcome.DISSENT, "the secretariat")


@pytest.mark.parametrize("mode", ["explicit", "unanimous"])
def test_case_09_all_abstain_the_quorum_is_met_and_the_support_insufficient(mode):
    call = a_call(*all_say("abstain", ELEVEN), electorate=ELEVEN, mode=mode)

    played = said_by_both(call)

    assert (played.told["outcome"], played.told["response_percent"]) == (
        "insufficient_support",
        100.0,
    )
    assert declared_as_told(played).outcome == Outcome.INSUFFICIENT_SUPPORT


@pytest.mark.parametrize("mode", ["explicit", "unanimous"])
def test_case_10_four_of_eleven_answer_and_there_is_no_quorum(mode):
    call = a_call(*all_say("concur", ELEVEN[:4]), electorate=ELEVEN, mode=mode)

    played = said_by_both(call)

    assert (played.told["outcome"], played.told["responded"]) == ("no_quorum", 4)
    decision = declared_as_told(played)
    assert (decision.record["percent"], decision.record["no_response"]) == ("36.4", ELEVEN[4:])


@pytest.mark.parametrize("mode", ["explicit", "unanimous"])
def test_case_11_the_objector_leaves_the_product_and_the_call_goes_on_without_it(mode):
    call = a_call(
        *all_say("concur", ["CNES", "JAXA"]),
        entry("ESA", EARLY, "object", "Clause 4 promises funds."),
        entry("ESA", LATER, "leave"),
        electorate=["CNES", "ESA", "JAXA"],
        mode=mode,
    )

    played = said_by_both(call)

    assert (played.told["outcome"], played.told["of"], played.told["lapsed"]) == (
        "consensus",
        2,
        ["ESA"],
    )
    decision = declared_as_told(played)
    assert (decision.record["electorate"], decision.record["left"]) == (["CNES", "JAXA"], ["ESA"])
    # The objection is history, and still to be read.
    assert "Clause 4 promises funds." in played.page().content.decode()


# --- 12: the ledger ----------------------------------------------------------------------------


def test_case_12_a_condition_makes_the_consensus_provisional_and_holds_the_release(client):
    call = a_call(
        entry("CNES", EARLY, "concur"),
        entry("ESA", EARLY, "condition", "Say who pays."),
        electorate=["CNES", "ESA"],
    )

    played = said_by_both(call)

    decision = declared_as_told(played)
    assert decision.record["conditions"] == [{"agency": "ESA", "text": "Say who pays."}]
    with time_machine.travel(AFTER, tick=False):
        client.force_login(played.world.secretariat)
        address = reverse("product_release", args=[played.world.product.code])
        held = client.post(address, {"reason": "It is ready."})
    assert held.status_code == 422
    assert not Release.objects.exists()


# --- 13, 14, 20: relations ---------------------------------------------------------------------


def test_case_13_a_supplement_to_a_superseded_base_warns(client, desk):
    old = ProductFactory(code="OLD", state=State.SUPERSEDED)
    new = ProductFactory(code="NEW", state=State.RELEASED)
    Relation(product=new, kind="supersedes", target=old).save_as(None, "test")
    ProductFactory(code="SUP")

    sheet = client.post(
        reverse("relation_new", args=["SUP"]),
        {"kind": "supplements", "target": old.pk, "reason": "It says so."},
    )

    assert sheet.status_code == 200
    assert "SUP supplements OLD, which is superseded by NEW." in sheet.content.decode()
    assert not Relation.objects.filter(kind="supplements").exists()


def test_case_14_a_summary_is_released_and_its_full_paper_withdrawn(client, desk):
    full = ProductFactory(code="FULL", state=State.WITHDRAWN)
    summary = ProductFactory(code="SUM", state=State.RELEASED)
    Relation(product=summary, kind="summary_of", target=full).save_as(None, "test")

    pages = [client.get(product.get_absolute_url()) for product in (full, summary)]

    for page in pages:
        assert "SUM is a summary of FULL, which was withdrawn." in page.content.decode()


def test_case_20_two_successors_claimed_for_one_edition_are_refused(client, desk):
    old = ProductFactory(code="OLD", state=State.RELEASED)
    for code in ("NEW-1", "NEW-2"):
        ProductFactory(code=code)
    typed = {"kind": "supersedes", "target": old.pk, "reason": "The next edition."}

    first, second = (
        client.post(reverse("relation_new", args=[code]), typed) for code in ("NEW-1", "NEW-2")
    )

    assert (first.status_code, second.status_code) == (302, 422)
    assert second.context["form"].non_field_errors() == ["OLD has a successor already: NEW-1."]
    assert Relation.objects.get().product.code == "NEW-1"


# --- 15 and 19: the release gate ---------------------------------------------------------------


def agreed(**given):
    world = make_call(2, **given)
    world.say(0, Stand.CONCUR)
    world.say(1, Stand.CONCUR)
    decisions.declare(
        world.product, outcome=Outcome.CONSENSUS, statement="Agreed.", by=world.secretariat
    )
    return world


def test_case_15_an_agency_renamed_between_sign_off_and_release_is_named_as_on_each_day(client):
    with time_machine.travel(NOON, tick=False) as traveller:
        world = agreed(codes=["BNSC", "ESA"])
        traveller.move_to(NOON + timedelta(days=30))
        agencies.rename_agency(
            world.agencies[0],
            code="UKSA",
            name="UK Space Agency",
            first_day=date(2026, 3, 20),
            source="",
            reason="A law.",
            by=world.secretariat,
        )
        client.force_login(world.secretariat)
        address = reverse("product_release", args=[world.product.code])
        done = client.post(address, {"reason": "It is ready."})

    assert done.status_code == 302
    assert Decision.objects.get().record["electorate"] == ["BNSC", "ESA"]
    codes = Release.objects.get().participants.values_list("code", flat=True)
    assert sorted(codes) == ["ESA", "UKSA"]


def test_case_19_text_with_studied_or_analyzed_in_brackets_is_held_at_the_release_gate(client):
    world = make_world(2)
    version = write_version(world.product, text="The gap is [studied/ analyzed].")
    circulate(version, opened_at=clock.now() - timedelta(days=20))
    world.call = calls.open_call(
        world.product,
        question="Agreed?",
        deadline=clock.now() + timedelta(days=10),
        time_zone="UTC",
        by=world.secretariat,
    )
    world.say(0, Stand.CONCUR)
    world.say(1, Stand.CONCUR)
    decisions.declare(
        world.product, outcome=Outcome.CONSENSUS, statement="Agreed.", by=world.secretariat
    )
    client.force_login(world.secretariat)

    address = reverse("product_release", args=[world.product.code])
    held = client.post(address, {"reason": "It is ready."})

    assert held.status_code == 422
    assert "[studied/ analyzed]" in held.content.decode()
    assert Product.objects.get().state == State.AGREED


# --- 16 and 17: zones --------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("at", "outcome"),
    [
        ("2026-03-30T10:00:00Z", "consensus"),
        ("2026-03-30T10:00:01Z", "no_quorum"),
    ],
)
def test_case_16_a_deadline_set_in_amsterdam_across_the_march_change(client, at, outcome):
    # At noon there: at 10:00 UTC, not 11:00 as when it was set.
    with time_machine.travel("2026-03-20T09:00:00Z", tick=False) as traveller:
        world = make_world(codes=["ESA"])
        client.force_login(world.secretariat)
        address = reverse("call_new", args=[world.product.code])
        typed = {
            "question": "Agreed?",
            "mode": "explicit",
            "day": "2026-03-30",
            "time": "12:00",
            "time_zone": "Europe/Amsterdam",
        }
        sheet = client.post(address, typed).content.decode()
        client.post(address, typed | {"confirm": "yes"})
        call = world.product.calls.get()
        traveller.move_to(at)
        client.force_login(world.heads[0])
        position = reverse("call_position", args=[call.pk, "esa"])
        client.post(position, {"esa-stand": "concur", "esa-text": ""})
        traveller.move_to("2026-03-30T10:00:02Z")
        client.force_login(world.secretariat)
        page = client.get(call.get_absolute_url())

    assert "30 Mar 2026 12:00 <abbr" in sheet
    assert call.deadline == datetime(2026, 3, 30, 10, tzinfo=UTC)
    assert page.context["reading"].outcome == outcome
    told = rehearsed(
        a_call(
            entry("ESA", at, "concur"),
            electorate=["ESA"],
            deadline="2026-03-30T12:00:00+02:00",
            at="2026-03-30T10:00:02Z",
        )
    )
    assert told["outcome"] == outcome


@pytest.mark.parametrize(
    ("zone", "shown"),
    [
        # Half an hour off the full ones, and still on summer time in March.
        ("Australia/Adelaide", "17 Mar 2026 03:30 <abbr"),
        ("Europe/Kyiv", "16 Mar 2026 19:00 <abbr"),
    ],
)
def test_case_17_a_deadline_is_shown_in_adelaide_and_in_kyiv(zone, shown):
    played = Played.of(a_call(electorate=["ESA"]))
    reader = played.world.heads[0]
    reader.time_zone = zone
    reader.save_as(None, "moved")

    text = played.page(reader, at=EARLY).content.decode()

    assert shown in text
    assert "16 Mar 2026 17:00 <abbr" in text  # and beside it in UTC


# --- 21 and 22: who is asked -------------------------------------------------------------------


def test_case_21_a_call_opened_in_error_with_three_positions_in_is_recalled():
    call = a_call(
        *all_say("concur", ["ASI", "CNES"]),
        entry("ESA", EARLY, "object"),
        electorate=["ASI", "CNES", "ESA", "JAXA"],
    )
    played = Played.of(call)
    told = Letter.objects.filter(kind="call.opened").values_list("recipient", flat=True)

    with time_machine.travel(LATER, tick=False):
        calls.recall_call(
            played.world.product, reason="The wrong version.", by=played.world.secretariat
        )

    played.world.product.refresh_from_db()
    assert (played.row.state, played.world.product.state) == ("recalled", State.SHARED)
    assert not Decision.objects.exists()
    # The positions are kept, and count for nothing.
    assert PositionEntry.objects.count() == 3
    ended = Letter.objects.filter(kind="call.recalled").values_list("recipient", flat=True)
    assert sorted(ended) == sorted(told)
    assert "Opened in error" in played.page().content.decode()


# --- 18 and 23: the clock and the calendar ------------------------------------------------------


def test_case_18_the_reminder_job_run_twice_or_down_for_two_days_reminds_once(desk):
    starts_at = NOON + timedelta(days=30)

    def ticks(*moments):
        for moment in moments:
            traveller.move_to(moment)
            clockwork.tick()
        letters = Letter.objects.filter(kind=REMINDER, recipient=person)
        return [letter.sent_at for letter in letters.order_by("sent_at")]

    with time_machine.travel(NOON, tick=False) as traveller:
        person = MandateFactory().person
        add_meeting(
            "Monthly call",
            kind="teleconference",
            starts_at=starts_at,
            time_zone="Europe/Paris",
            duration_minutes=60,
            reason="Agreed",
            by=desk,
        )
        week, day = starts_at - timedelta(days=7), starts_at - timedelta(days=1)
        assert ticks(week, week, week + SECOND) == [week]
        # Down for two days, and back two hours before the meeting.
        assert ticks(day + timedelta(hours=22)) == [week, day + timedelta(hours=22)]
        assert len(ticks(starts_at)) == 2


def test_case_23_partial_dates_sort_and_filter(client):
    days = {"YEAR": "2013", "MONTH": "2013-08", "DAY": "2013-08-20", "NEXT": "2014", "NONE": ""}
    for code, day in days.items():
        product = ProductFactory(code=code, series="GER", state=State.RELEASED)
        Release(product=product, day=day).save_as(None, "test")
    for code, start in {"SINCE": "2013", "LATE": "2013-09"}.items():
        MembershipFactory(agency=AgencyFactory(code=code, member=False), start=start)

    page = client.get(reverse("publications")).content.decode()

    # Newest first; what is known to the month or the year stands at its beginning.
    found = re.findall(r'href="/publications/([A-Z]+)/"', page)
    assert list(dict.fromkeys(found)) == ["NEXT", "DAY", "MONTH", "YEAR", "NONE"]
    for words in ("20 August 2013", "August 2013", "2014"):
        assert words in page
    members = Agency.objects.members_on(date(2013, 8, 20)).values_list("code", flat=True)
    assert list(members) == ["SINCE"]
