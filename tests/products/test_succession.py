"""What a successor takes over of products and calls (rules 3, 18, 32 and 34)."""

from datetime import UTC, date, datetime, timedelta

import pytest
import time_machine
from django.core.exceptions import PermissionDenied
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from isecg import clock, instants
from isecg.events import log
from isecg.mail.models import Letter
from products.call_reading import read_call
from products.consensus import Outcome, Stand
from products.dossier import Dossier
from products.ledger import LedgerState
from products.models import PositionEntry
from products.models.products import Degree, ElectorateRule
from products.services import calls, decisions, ledger, participation, releases
from products.services import succession as upstairs
from products.services.errors import ProductError
from products.workflow import State
from products.your_turn import your_turn
from tests.factories import (
    AgencyFactory,
    MandateFactory,
    ParticipationFactory,
    ProductFactory,
)
from tests.products.world import circulate, make_call, make_world, write_version
from workgroups.permissions import Standing
from workgroups.roles import Capacity
from workgroups.services import agencies
from workgroups.services.succession import succeed

pytestmark = pytest.mark.django_db

NOON = datetime(2026, 3, 2, 12, tzinfo=UTC)


@pytest.fixture(autouse=True)
def traveller():
    with time_machine.travel(NOON, tick=False) as moved:
        yield moved


def heir(code="NEO", **fields):
    return AgencyFactory(code=code, name=f"{code} Agency", member=False, **fields)


def pass_seat(world, successor, former=None, **changed):
    given = {"first_day": clock.now().date(), "source": "Note 12", "reason": "A law."} | changed
    former = former or world.agencies[0]
    return succeed(former, successor=successor, **given, by=world.secretariat)


def parts_of(product):
    rows = product.participations.order_by("pk")
    return [(row.agency.code, row.degree, row.joined_at, row.left_at) for row in rows]


def electorate(world):
    rows = world.call.electors.select_related("succeeds").order_by("code")
    return [(row.code, row.left_at, str(row.succeeds or "")) for row in rows]


def reading_of(world):
    return read_call(world.call, at=clock.now())


def say(world, agency, stand, text="", **given):
    person = agency.mandates.valid_at(clock.now()).get().person
    return calls.record_position(
        world.call, agency=agency, stand=stand, text=text, by=person, **given
    )


# --- Products -------------------------------------------------------------------------


@pytest.mark.parametrize(
    "state", [State.PROPOSED, State.DRAFTING, State.SHARED, State.IN_CONSENSUS, State.AGREED]
)
def test_participations_pass_in_the_same_degree_until_the_release(state):
    world, new = make_world(1), heir()
    product = ProductFactory(state=state)
    part = ParticipationFactory(product=product, agency=world.agencies[0], degree=Degree.LEAD)

    pass_seat(world, new)

    assert parts_of(product) == [
        (world.agencies[0].code, "lead", part.joined_at, NOON),
        ("NEO", "lead", NOON, None),
    ]
    event = log.about(product).get()
    assert (event.event, event.payload["before"], event.payload["after"]) == (
        "product.succeeded",
        {"agency": world.agencies[0].code},
        {"agency": "NEO", "degree": "lead"},
    )


@pytest.mark.parametrize("state", [State.RELEASED, State.SUPERSEDED, State.WITHDRAWN])
def test_what_is_released_or_ended_keeps_its_participants(state):
    world, new = make_world(1), heir()
    product = ProductFactory(state=state)
    part = ParticipationFactory(product=product, agency=world.agencies[0])

    pass_seat(world, new)

    assert parts_of(product) == [(part.agency.code, "contributing", part.joined_at, None)]
    assert not log.about(product).exists()


def test_a_successor_that_takes_part_keeps_its_own_degree():
    world = make_world(2)
    old, new = world.agencies

    pass_seat(world, new)

    assert [(code, left) for code, _, _, left in parts_of(world.product)] == [
        (old.code, NOON),
        (new.code, None),
    ]
    assert log.about(world.product).first().payload["after"]["degree"] == "as before"


def test_a_part_that_had_ended_is_no_part_of_the_successors():
    world, new = make_world(1), heir()
    part = world.product.participations.get()
    part.left_at = NOON - timedelta(days=1)
    part.save_as(None, "test")

    pass_seat(world, new)

    assert len(parts_of(world.product)) == 1


def test_a_released_product_keeps_the_frozen_name():
    world, new = make_call(1, codes=["OLD"]), heir()
    world.say(0, Stand.CONCUR)
    decisions.declare(
        world.product, outcome=Outcome.CONSENSUS, statement="Yes.", by=world.secretariat
    )
    releases.release(world.product, reason="Agreed.", by=world.secretariat)

    pass_seat(world, new)

    row = world.product.release.participants.get()
    assert (row.code, row.name, row.agency) == ("OLD", "Agency OLD", world.agencies[0])


def test_a_product_agreed_before_is_released_under_the_successors_name():
    world, new = make_call(1, codes=["OLD"]), heir()
    world.say(0, Stand.CONCUR)
    decision = decisions.declare(
        world.product, outcome=Outcome.CONSENSUS, statement="Yes.", by=world.secretariat
    )

    pass_seat(world, new)
    releases.release(world.product, reason="Agreed.", by=world.secretariat)

    assert list(world.product.release.participants.values_list("code", flat=True)) == ["NEO"]
    decision.refresh_from_db()
    assert decision.record["positions"]["concur"] == ["OLD"]


def test_what_was_circulated_to_an_agency_has_reached_its_successor():
    world, new = make_world(1), heir()
    circulate(world.product.versions.get(), opened_at=NOON)
    head = world.heads[0]

    pass_seat(world, new, first_day=NOON.date())

    dossier = Dossier(world.product, NOON)
    assert dossier.missed == ()
    assert [turn.label for turn in your_turn(Standing.of(head))] == ["Circulated"]


def test_an_agency_nobody_circulated_to_is_missed_all_the_same():
    world, new = make_world(1), heir()
    version = write_version(world.product)
    row = circulate(version, opened_at=NOON - timedelta(days=1))
    assert row.recipients.count() == 1
    AgencyFactory(code="GAP")

    pass_seat(world, new)

    assert Dossier(world.product, NOON).missed == ("GAP",)


# --- Open calls ----------------------------------------------------------------------


def test_the_successor_enters_the_electorate_and_the_position_counts_no_more():
    world, new = make_call(codes=["OLD", "ESA"]), heir()
    world.say(0, Stand.RESERVATION, "Clause 2.")
    world.say(1, Stand.CONCUR)

    pass_seat(world, new)

    reading = reading_of(world)
    assert electorate(world) == [("ESA", None, ""), ("NEO", None, "OLD"), ("OLD", NOON, "")]
    assert reading.tally.electorate == ("ESA", "NEO")
    assert reading.tally.stands == {"ESA": Stand.CONCUR}
    assert reading.tally.no_response == ["NEO"]
    assert PositionEntry.objects.count() == 2
    place = reading.inherited["NEO"]
    assert (place.former.code, place.held.code, place.entry.text) == ("OLD", "OLD", "Clause 2.")
    event = log.about(world.call).exclude(event__startswith="position.").first()
    assert (event.event, event.payload["before"], event.payload["after"]) == (
        "call.succeeded",
        {"agency": "OLD", "position": "Concur with reservation"},
        {"agency": "NEO", "position": "not confirmed"},
    )


def test_confirmed_the_position_is_the_successors_own():
    world, new = make_call(codes=["OLD", "ESA"]), heir()
    world.say(0, Stand.RESERVATION, "Clause 2.")
    pass_seat(world, new)

    say(world, new, Stand.RESERVATION, "Clause 2.")

    reading = reading_of(world)
    assert reading.tally.stands == {"NEO": Stand.RESERVATION}
    assert reading.inherited == {}
    rows = PositionEntry.objects.values_list("agency__code", "stand", "text", "on_behalf")
    assert list(rows) == [
        ("OLD", "reservation", "Clause 2.", False),
        ("NEO", "reservation", "Clause 2.", False),
    ]


def test_a_successor_may_say_something_else_and_take_it_back():
    world, new = make_call(codes=["OLD", "ESA"]), heir()
    world.say(0, Stand.CONCUR)
    pass_seat(world, new)

    say(world, new, Stand.OBJECT, "Not so.")
    say(world, new, None)

    reading = reading_of(world)
    # What it found in its place is not brought up again.
    assert (reading.tally.stands, reading.inherited) == ({}, {})


def test_an_objection_is_not_sustained_in_anothers_name():
    world, new = make_call(codes=["OLD", "ESA"]), heir()
    world.say(0, Stand.OBJECT, "No.")
    world.say(1, Stand.CONCUR)

    pass_seat(world, new)

    assert reading_of(world).outcome == Outcome.CONSENSUS


@pytest.mark.parametrize("said", [[], [Stand.CONCUR, None]])
def test_without_a_position_there_is_nothing_to_confirm(said):
    world, new = make_call(codes=["OLD", "ESA"]), heir()
    for stand in said:
        say(world, world.agencies[0], stand)

    pass_seat(world, new)

    place = reading_of(world).inherited["NEO"]
    assert (place.former.code, place.entry) == ("OLD", None)


def test_an_elector_that_succeeds_another_has_one_voice():
    world = make_call(codes=["OLD", "ESA"])
    world.say(0, Stand.CONCUR)
    world.say(1, Stand.ABSTAIN)

    pass_seat(world, world.agencies[1])

    reading = reading_of(world)
    assert electorate(world) == [("ESA", None, ""), ("OLD", NOON, "")]
    assert (reading.tally.electorate, reading.tally.stands) == (("ESA",), {"ESA": Stand.ABSTAIN})
    assert reading.inherited == {}
    assert reading.electors[1].successor == world.agencies[1]


def test_a_successor_that_left_the_product_counts_from_the_next_call():
    world = make_call(codes=["OLD", "ESA", "JAXA"])
    world.say(1, Stand.CONCUR)
    participation.leave(world.product, agency=world.agencies[1], reason="Out.", by=world.heads[1])

    pass_seat(world, world.agencies[1])

    assert reading_of(world).tally.electorate == ("JAXA",)
    assert reading_of(world).tally.stands == {}
    assert [code for code, _, _, left in parts_of(world.product) if not left] == ["JAXA", "ESA"]


def test_an_agency_that_left_by_itself_is_succeeded_by_nobody_there(traveller):
    world, new = make_call(codes=["OLD", "ESA"]), heir()
    participation.leave(world.product, agency=world.agencies[0], reason="Out.", by=world.heads[0])
    traveller.shift(60)

    pass_seat(world, new)

    assert electorate(world) == [("ESA", None, ""), ("OLD", NOON, "")]
    assert [row.successor for row in reading_of(world).electors] == [None, None]
    assert parts_of(world.product)[0][3] == NOON
    assert len(parts_of(world.product)) == 2


def test_all_members_are_asked_the_successor_among_them():
    world = make_call(codes=["OLD", "ESA"], electorate_rule=ElectorateRule.ALL_MEMBERS)
    apart, new = world.agencies[0], heir()
    world.product.participations.get(agency=apart).delete_as(None, "test")

    pass_seat(world, new)

    assert ("NEO", None, "OLD") in electorate(world)
    assert [part[0] for part in parts_of(world.product)] == ["ESA"]


def test_a_call_past_its_deadline_keeps_what_was_given_in_time(traveller):
    world, new = make_call(codes=["OLD", "ESA"]), heir()
    world.say(0, Stand.CONCUR)
    world.say(1, Stand.CONCUR)
    traveller.move_to(world.call.deadline + timedelta(seconds=1))

    pass_seat(world, new)

    assert electorate(world) == [("ESA", None, ""), ("OLD", None, "")]
    decision = decisions.declare(
        world.product, outcome=Outcome.CONSENSUS, statement="Yes.", by=world.secretariat
    )
    assert decision.record["positions"]["concur"] == ["ESA", "OLD"]
    told = Letter.objects.filter(kind="decision.declared").values_list("recipient", flat=True)
    assert world.heads[0].pk in told  # who speaks for the successor now


def test_at_the_deadline_itself_the_call_is_open(traveller):
    world, new = make_call(codes=["OLD", "ESA"]), heir()
    traveller.move_to(world.call.deadline)

    pass_seat(world, new)

    assert ("NEO", None, "OLD") in electorate(world)


def test_a_chain_of_successors_hands_on_what_the_last_speaker_said():
    world, new, last = make_call(codes=["OLD", "ESA"]), heir(), heir("LAST")
    world.say(0, Stand.CONCUR)
    pass_seat(world, new, first_day=date(2026, 3, 1))

    pass_seat(world, last, former=new)

    place = reading_of(world).inherited["LAST"]
    assert (place.former.code, place.held.code, place.entry.stand) == ("NEO", "OLD", "concur")
    assert list(reading_of(world).inherited) == ["LAST"]


def test_a_chain_does_not_reach_behind_who_spoke():
    world, new, last = make_call(codes=["OLD", "ESA"]), heir(), heir("LAST")
    world.say(0, Stand.CONCUR)
    pass_seat(world, new, first_day=date(2026, 3, 1))
    say(world, new, Stand.OBJECT, "No.")
    say(world, new, None)

    pass_seat(world, last, former=new)

    place = reading_of(world).inherited["LAST"]
    assert (place.held.code, place.entry) == ("NEO", None)


def test_nobody_speaks_in_the_former_name_any_more():
    world, new = make_call(codes=["OLD", "ESA"]), heir()
    old = world.agencies[0]
    pass_seat(world, new)

    with pytest.raises(PermissionDenied, match="no mandate of OLD"):
        calls.record_position(
            world.call, agency=old, stand=Stand.CONCUR, text="", by=world.heads[0]
        )
    with pytest.raises(ProductError, match="NEO takes the place of OLD in this call"):
        calls.record_position(
            world.call,
            agency=old,
            stand=Stand.CONCUR,
            text="",
            by=world.secretariat,
            source="letter",
        )


def test_two_agencies_of_one_code_never_meet_in_one_call():
    world, old = make_call(codes=["NSAU", "ESA"]), None
    old = world.agencies[0]
    agencies.rename_agency(
        old,
        code="SSAU",
        name="Renamed",
        first_day=NOON.date(),
        source="",
        reason="x",
        by=world.secretariat,
    )
    new = AgencyFactory(key="other", code="NSAU", member=False)

    with pytest.raises(ProductError, match="knows another agency as NSAU"):
        pass_seat(world, new)

    assert electorate(world) == [("ESA", None, ""), ("NSAU", None, "")]
    assert parts_of(world.product)[0][3] is None


def test_everybody_of_both_and_of_the_electorate_is_told():
    world, new = make_call(codes=["OLD", "ESA"]), heir()
    other = MandateFactory(agency=new).person
    staff = MandateFactory(agency=world.agencies[0], capacity=Capacity.STAFF).person
    MandateFactory()
    world.say(0, Stand.CONCUR)

    pass_seat(world, new, carry_mandates=False)

    letters = Letter.objects.filter(kind="call.succeeded")
    people = sorted(person.pk for person in (*world.heads, other, staff))
    assert sorted(letters.values_list("recipient", flat=True)) == people
    letter = letters.get(recipient=other)
    assert letter.subject == f"[{world.product}] NEO takes the place of OLD in the call"
    assert "OLD's position was: Concur. It stays in the record" in letter.text
    assert "Until NEO confirms it as its own, or takes another, NEO has not answered." in (
        letter.text
    )


def test_the_letter_says_when_the_successor_had_a_place_of_its_own():
    world = make_call(codes=["OLD", "ESA"])

    pass_seat(world, world.agencies[1])

    text = Letter.objects.filter(kind="call.succeeded").first().text
    assert "OLD had taken no position." in text
    assert "ESA has had a place of its own in this call: one agency, one voice." in text


def test_the_successors_turn_asks_to_confirm():
    world, new = make_call(codes=["OLD", "ESA"]), heir()
    world.say(0, Stand.CONCUR)
    pass_seat(world, new)

    (turn,) = your_turn(Standing.of(world.heads[0]))

    assert (turn.sentence, turn.own, turn.since) == (
        "Waiting for NEO, in place of OLD: OLD's position, “Concur”, is not counted until "
        "NEO confirms it or takes another.",
        True,
        NOON,
    )
    say(world, new, Stand.CONCUR)
    assert your_turn(Standing.of(world.heads[0])) == []


def test_the_decision_record_names_both():
    world, new = make_call(codes=["OLD", "ESA"]), heir()
    world.say(0, Stand.CONCUR)
    world.say(1, Stand.CONCUR)
    pass_seat(world, new)
    say(world, new, Stand.ABSTAIN)

    record = decisions.declare(
        world.product, outcome=Outcome.CONSENSUS, statement="Yes.", by=world.secretariat
    ).record

    assert (record["electorate"], record["left"]) == (["ESA", "NEO"], [])
    assert record["succeeded"] == [{"agency": "OLD", "successor": "NEO", "stand": "Concur"}]
    assert (record["positions"]["concur"], record["positions"]["abstain"]) == (["ESA"], ["NEO"])


def test_the_record_names_an_elector_by_its_frozen_code():
    world = make_call(codes=["OLD", "BNSC"])
    world.say(1, Stand.CONCUR)
    uksa = world.agencies[1]
    agencies.rename_agency(
        uksa,
        code="UKSA",
        name="UK Space Agency",
        first_day=NOON.date(),
        source="",
        reason="Renamed.",
        by=world.secretariat,
    )
    pass_seat(world, uksa)

    record = decisions.declare(
        world.product, outcome=Outcome.CONSENSUS, statement="Yes.", by=world.secretariat
    ).record

    assert record["electorate"] == ["BNSC"]
    assert record["succeeded"] == [{"agency": "OLD", "successor": "BNSC", "stand": ""}]


def test_an_open_condition_of_the_former_is_its_successors_to_answer(traveller):
    world, new = make_call(codes=["OLD"]), heir()
    world.say(0, Stand.CONDITION, "CNES answers.")
    decisions.declare(
        world.product, outcome=Outcome.PROVISIONAL, statement="Yes.", by=world.secretariat
    )

    row = ledger.propose_disposition(
        world.product.ledger.get(), disposition="CNES does.", by=world.secretariat
    )
    due = instants.words(row.answer_due_at)

    pass_seat(world, new)

    turns = your_turn(Standing.of(world.heads[0]))
    assert [turn.sentence for turn in turns] == [
        f"OLD's condition C-1: {new.code} to answer by {due}."
    ]
    answered = ledger.answer_disposition(
        row, answer=LedgerState.ACCEPTED, text="", by=world.heads[0]
    )
    assert (answered.agency, answered.code, answered.state) == (new, "OLD", "accepted")


def test_what_is_foreseen():
    world = make_call(codes=["OLD", "ESA"])
    world.say(0, Stand.CONCUR)
    old, both, new = *world.agencies, heir()

    def foreseen(successor):
        return [
            (part.heading, part.label, part.detail)
            for part in upstairs.foresee(old, successor, NOON)
        ]

    product, call = str(world.product), str(world.call)
    assert foreseen(new) == [
        ("Products on their way", product, "Contributing"),
        (
            "Open calls",
            call,
            "OLD's position, “Concur”, does not count any more; NEO is asked to confirm it.",
        ),
    ]
    assert foreseen(both) == [
        ("Products on their way", product, "ESA takes part already"),
        (
            "Open calls",
            call,
            "OLD's position, “Concur”, does not count any more; ESA is an elector already and "
            "keeps its one voice.",
        ),
    ]


# --- Pages ---------------------------------------------------------------------------


def page_of(client, world):
    response = client.get(world.call.get_absolute_url())
    return response, " ".join(response.content.decode().split())


def test_the_sheet_names_products_and_open_calls(client):
    world, new = make_call(codes=["OLD", "ESA"]), heir()
    world.say(0, Stand.CONCUR)
    client.force_login(world.secretariat)

    response = client.post(
        reverse("agency_succession", args=["old"]),
        {"successor": new.pk, "first_day": "2026-03-02", "source": "Note 12", "reason": "A law."},
    )

    text = response.content.decode()
    assert response.status_code == 200
    assert f'<a href="/products/{world.product}/">{world.product}</a>' in text
    assert f'<a href="{world.call.get_absolute_url()}">{world.call}</a>' in text
    assert "NEO is asked to confirm it." in text


def test_the_call_shows_whose_place_it_is_and_one_click_confirms(client):
    world, new = make_call(codes=["OLD", "ESA"]), heir()
    world.say(0, Stand.CONDITION, "Line 1.\r\n“Line” <2>.")
    pass_seat(world, new)
    client.force_login(world.heads[0])

    response, text = page_of(client, world)

    assert "NEO takes part in place of OLD since" in text
    assert "not counted until NEO confirms it." in text
    assert "Succeeded by NEO" in text
    assert "Confirm OLD’s position as NEO’s own" in text
    confirm = response.context["acts"]["positions"][0]["confirm"]
    sent = {field.html_name: field.value() for field in confirm}
    assert sent == {"neo-stand": "condition", "neo-text": "Line 1.\r\n“Line” <2>."}
    assert 'id="id_neo-text"' in text
    assert text.count('id="id_neo-text"') == 1

    done = client.post(reverse("call_position", args=[world.call.pk, "neo"]), sent, follow=True)

    old, own = PositionEntry.objects.order_by("pk")
    assert (own.agency, own.stand, own.text, own.given_by) == (
        new,
        old.stand,
        old.text,
        world.heads[0],
    )
    after = " ".join(done.content.decode().split())
    assert "The position of NEO is recorded." in after
    assert "Confirm OLD’s position" not in after
    assert "In place of OLD." in after


def test_the_form_offers_the_position_of_the_former(client):
    world, new = make_call(codes=["OLD", "ESA"]), heir()
    world.say(0, Stand.OBJECT, "Not so.")
    pass_seat(world, new)
    client.force_login(world.heads[0])

    response, text = page_of(client, world)

    form = response.context["acts"]["positions"][0]["form"]
    assert form.initial == {"stand": "object", "text": "Not so."}
    assert "Take another position" in text


@pytest.mark.parametrize("capacity", [Capacity.STAFF, None])
def test_only_who_speaks_for_the_successor_confirms(client, capacity):
    world, new = make_call(codes=["OLD", "ESA"]), heir()
    world.say(0, Stand.CONCUR)
    pass_seat(world, new)
    person = MandateFactory(agency=new, capacity=capacity).person if capacity else world.heads[1]
    client.force_login(person)

    _, text = page_of(client, world)
    response = client.post(
        reverse("call_position", args=[world.call.pk, "neo"]),
        {"neo-stand": "concur", "neo-text": ""},
    )

    assert "Confirm OLD’s position" not in text
    assert "not counted until NEO confirms it." in text
    assert response.status_code == 403
    assert PositionEntry.objects.count() == 1


def test_the_product_and_the_decision_name_both(client):
    world, new = make_call(codes=["OLD", "ESA"]), heir()
    world.say(0, Stand.CONCUR)
    world.say(1, Stand.CONCUR)
    pass_seat(world, new)
    client.force_login(world.heads[1])

    product = client.get(world.product.get_absolute_url()).content.decode()
    history = client.get(reverse("product_history", args=[world.product.code])).content.decode()
    say(world, new, Stand.CONCUR)
    decision = decisions.declare(
        world.product, outcome=Outcome.CONSENSUS, statement="Yes.", by=world.secretariat
    )
    record = client.get(decision.get_absolute_url()).content.decode()

    assert "Succeeded by NEO" in product
    assert "An agency took another&#x27;s place in the call" in history
    assert "NEO took the place of OLD while the call was open." in record
    assert "OLD’s position, “Concur”, is not counted." in record


@pytest.mark.parametrize("count", [1, 8])
def test_a_call_with_successors_costs_ten_queries_at_most(client, count):
    world = make_call(count + 1)
    for at in range(count):
        world.say(at, Stand.RESERVATION)
        pass_seat(world, heir(f"NEO{at}"), former=world.agencies[at])

    for person in (world.heads[0], world.heads[count], world.secretariat):
        client.force_login(person)
        with CaptureQueriesContext(connection) as context:
            response = client.get(world.call.get_absolute_url())
        assert response.status_code == 200
        assert response.content.decode().count("Succeeded by NEO") == count
        assert len(context) <= 10
