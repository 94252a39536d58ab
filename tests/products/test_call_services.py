from datetime import timedelta

import pytest
import time_machine
from django.core.exceptions import PermissionDenied
from django.db import IntegrityError, transaction

from isecg import clock
from isecg.events.models import Event
from isecg.mail.models import Letter
from products.call_reading import read_call
from products.consensus import Outcome, Stand
from products.models import Call, Decision, Elector, PositionEntry
from products.models.calls import CallState
from products.models.products import Degree
from products.services import calls, decisions, participation
from products.services.errors import ProductError
from products.workflow import State
from tests.factories import (
    AgencyFactory,
    MandateFactory,
    MembershipFactory,
    ParticipationFactory,
    UserFactory,
)
from tests.products.world import circulate, give_chair, make_call, make_world, write_version
from workgroups.roles import Capacity

pytestmark = pytest.mark.django_db

SECOND = timedelta(seconds=1)


@pytest.fixture
def traveller():
    """Stop the clock, to be moved to where a test wants it."""
    with time_machine.travel("2026-03-02T12:00:00Z", tick=False) as moved:
        yield moved


def open_call(world, by=None, **fields):
    return calls.open_call(
        world.product,
        **{
            "question": "Is this agreed?",
            "deadline": clock.now() + timedelta(days=10),
            "time_zone": "Europe/Paris",
            "by": by or world.secretariat,
            **fields,
        },
    )


def declare(world, outcome, *, by, **fields):
    return decisions.declare(
        world.product, **{"outcome": outcome, "statement": "So be it.", "by": by, **fields}
    )


def close(world, traveller):
    traveller.move_to(world.call.deadline + SECOND)


def outcome_now(call):
    return read_call(call, at=clock.now()).outcome


# --- Opening -----------------------------------------------------------------------------------


def test_open_call_freezes_electorate_version_and_thresholds(traveller, settings):
    world = make_world(codes=["CNES", "ESA"])

    call = open_call(world)
    settings.ISECG_QUORUM = 0.9
    world.agencies[0].code = "NEW"
    world.agencies[0].save_as(None, "renamed")
    newcomer = ParticipationFactory(product=world.product)
    traveller.move_to(clock.now() + timedelta(days=1))

    call.refresh_from_db()
    world.product.refresh_from_db()
    reading = read_call(call, at=clock.now())
    assert reading.tally.electorate == ("CNES", "ESA")
    assert newcomer.agency_id not in {row.agency_id for row in reading.electors}
    assert (call.version.number, float(call.quorum), float(call.minimum_support)) == (1, 0.5, 0.5)
    assert (world.product.state, call.state) == (State.IN_CONSENSUS, CallState.OPEN)


def test_open_call_leaves_out_who_is_no_member_and_who_left():
    former = AgencyFactory()
    world = make_world(1)
    ParticipationFactory(product=world.product, agency=AgencyFactory(member=False))
    left_at = clock.now() - timedelta(days=30)
    ParticipationFactory(product=world.product, agency=former, left_at=left_at)

    call = open_call(world)

    assert [row.code for row in call.electors.all()] == [world.agencies[0].code]


def test_open_call_asks_all_members_where_the_product_says_so():
    world = make_world(1, electorate_rule="all_members")
    other = AgencyFactory(code="ZZ")
    # It became a member after the circulation, which is not held against the call.
    other.memberships.get().delete_as(None, "test")
    MembershipFactory(agency=other, start=clock.now().date().isoformat())

    call = open_call(world)

    assert [row.code for row in call.electors.all()] == [world.agencies[0].code, "ZZ"]


def test_open_call_tells_the_electorate_alone():
    outsider = MandateFactory().person
    world = make_world(2)

    call = open_call(world)

    told = Letter.objects.filter(kind="call.opened").values_list("recipient", flat=True)
    assert sorted(told) == sorted(head.pk for head in world.heads)
    assert outsider.pk not in told
    assert Event.objects.get(event="call.opened").payload["after"]["electorate"] == sorted(
        row.code for row in call.electors.all()
    )


def test_open_call_is_the_act_of_chair_and_secretariat():
    world = make_world(2)

    with pytest.raises(PermissionDenied, match="Only the secretariat or the chair may open a call"):
        open_call(world, by=world.heads[0])

    give_chair(world.agencies[0])
    assert open_call(world, by=world.heads[0]).state == CallState.OPEN


def test_open_call_needs_a_circulation_of_this_version():
    world = make_world(1)
    write_version(world.product, text="Another text.")

    with pytest.raises(ProductError, match="has not been circulated to all member agencies"):
        open_call(world)


def test_open_call_needs_a_circulation_that_missed_nobody():
    world = make_world(1)
    late = AgencyFactory(code="ASA")

    with pytest.raises(ProductError, match=r"The circulation missed ASA\."):
        open_call(world)

    assert not Call.objects.filter(electors__agency=late).exists()


@pytest.mark.parametrize(("seconds", "opens"), [(-1, False), (0, True)])
def test_open_call_waits_for_the_share_period(traveller, seconds, opens):
    world = make_world(1)
    circulation = circulate(world.product.versions.get(), opened_at=clock.now())
    traveller.move_to(circulation.opened_at + timedelta(days=14, seconds=seconds))

    if opens:
        assert open_call(world).state == CallState.OPEN
    else:
        with pytest.raises(ProductError, match="period of 14 days runs until 16 Mar 2026 12:00"):
            open_call(world)
        assert not Call.objects.exists()


@pytest.mark.parametrize("seconds", [-1, 0])
def test_open_call_refuses_a_deadline_that_is_not_ahead(traveller, seconds):
    world = make_world(1)

    with pytest.raises(ProductError, match="The deadline lies in the past"):
        open_call(world, deadline=clock.now() + timedelta(seconds=seconds))


def test_open_call_refuses_a_second_one():
    world = make_call(1)

    with pytest.raises(ProductError, match="is “In consensus” now"):
        open_call(world)

    assert Call.objects.count() == 1


def test_one_open_call_per_product_by_the_database():
    world = make_call(1)
    twin = Call.objects.get()
    twin.pk = None
    twin._state.adding = True

    with pytest.raises(IntegrityError), transaction.atomic():
        twin.save_as(None, "around the service")

    assert Call.objects.filter(product=world.product).count() == 1


# --- Positions ---------------------------------------------------------------------------------


def test_record_position_needs_a_mandate_of_that_agency():
    world = make_call(codes=["CNES", "ESA"])

    with pytest.raises(PermissionDenied, match="you hold no mandate of ESA that is valid today"):
        calls.record_position(
            world.call, agency=world.agencies[1], stand=Stand.CONCUR, text="", by=world.heads[0]
        )

    assert not PositionEntry.objects.exists()


def test_record_position_is_not_the_act_of_staff():
    world = make_call(codes=["CNES"])
    staff = MandateFactory(agency=world.agencies[0], capacity=Capacity.STAFF).person

    with pytest.raises(PermissionDenied, match="your mandate there is that of staff"):
        calls.record_position(
            world.call, agency=world.agencies[0], stand=Stand.CONCUR, text="", by=staff
        )


def test_record_position_needs_a_mandate_that_has_not_ended():
    world = make_call(1)
    mandate = world.heads[0].mandates.get()
    mandate.ends_at = clock.now()
    mandate.save_as(None, "ended")

    with pytest.raises(PermissionDenied, match="you hold no mandate"):
        world.say(0, Stand.CONCUR)


@pytest.mark.parametrize("source", ["", "letter of 3 March"])
def test_record_position_is_not_the_act_of_a_superuser(source):
    world = make_call(1)
    root = UserFactory(is_superuser=True, is_staff=True)

    with pytest.raises(PermissionDenied):
        calls.record_position(
            world.call,
            agency=world.agencies[0],
            stand=Stand.CONCUR,
            text="",
            by=root,
            source=source,
        )

    assert not PositionEntry.objects.exists()


def test_record_position_by_the_secretariat_names_its_source():
    world = make_call(1)
    given = {"agency": world.agencies[0], "stand": Stand.CONCUR, "text": ""}

    with pytest.raises(PermissionDenied, match="you hold no mandate"):
        calls.record_position(world.call, **given, by=world.secretariat)
    entry = calls.record_position(
        world.call, **given, by=world.secretariat, source="teleconference 12 Mar 2026"
    )

    assert (entry.on_behalf, entry.source, entry.given_by) == (
        True,
        "teleconference 12 Mar 2026",
        world.secretariat,
    )
    told = Letter.objects.get(kind="position.recorded")
    assert told.recipient == world.heads[0]
    assert "of the secretariat, on behalf of" in told.text
    assert Event.objects.get(event="position.taken").payload["on_behalf_of"] == (
        world.agencies[0].code
    )


def test_record_position_refuses_who_is_outside_the_electorate():
    world = make_call(1)
    outsider = MandateFactory(agency=AgencyFactory(code="KARI"))

    with pytest.raises(ProductError, match="KARI is not in the electorate of this call"):
        calls.record_position(
            world.call,
            agency=outsider.agency,
            stand=Stand.OBJECT,
            text="No.",
            by=outsider.person,
        )


@pytest.mark.parametrize("stand", [Stand.RESERVATION, Stand.CONDITION, Stand.OBJECT])
def test_record_position_needs_its_text(stand):
    world = make_call(1)

    with pytest.raises(ProductError, match="needs its"):
        world.say(0, stand, " ")

    assert not PositionEntry.objects.exists()


def test_record_position_refuses_the_same_words_twice():
    world = make_call(1)
    world.say(0, Stand.OBJECT, "Clause 4.")

    with pytest.raises(ProductError, match="position already"):
        world.say(0, Stand.OBJECT, "Clause 4.")

    assert PositionEntry.objects.count() == 1
    world.say(0, Stand.OBJECT, "Clause 5.")
    assert PositionEntry.objects.count() == 2


def test_a_position_can_be_withdrawn_once():
    world = make_call(1)
    given = {"agency": world.agencies[0], "stand": None, "text": "", "by": world.heads[0]}

    with pytest.raises(ProductError, match="has no position that could be withdrawn"):
        calls.record_position(world.call, **given)
    world.say(0, Stand.CONCUR)
    calls.record_position(world.call, **given)

    assert read_call(world.call, at=clock.now()).tally.stands == {}
    assert Event.objects.filter(event="position.withdrawn").count() == 1


@pytest.mark.parametrize(
    ("seconds", "outcome", "event"),
    [
        (-1, Outcome.DISSENT, "position.taken"),
        (0, Outcome.DISSENT, "position.taken"),
        (1, Outcome.CONSENSUS, "position.late"),
    ],
)
def test_an_objection_counts_until_the_deadline(traveller, seconds, outcome, event):
    world = make_call(2)
    world.say(0, Stand.CONCUR)
    traveller.move_to(world.call.deadline + timedelta(seconds=seconds))

    world.say(1, Stand.OBJECT)

    reading = read_call(world.call, at=clock.now())
    assert reading.outcome == outcome
    assert Event.objects.filter(event=event).exists()
    # Kept in any case.
    assert [entry.stand for entry in reading.entries] == ["concur", "object"]


def test_a_late_position_does_not_hide_the_one_that_counts(traveller):
    world = make_call(1)
    world.say(0, Stand.CONCUR)
    close(world, traveller)
    world.say(0, Stand.OBJECT)

    reading = read_call(world.call, at=clock.now())

    code = world.agencies[0].code
    assert reading.tally.stands == {code: Stand.CONCUR}
    assert reading.tally.late == (code,)
    assert reading.counting[code].stand == "concur"


def test_two_delegates_who_differ_are_both_told():
    world = make_call(1)
    alternate = MandateFactory(agency=world.agencies[0], capacity=Capacity.ALTERNATE).person
    world.say(0, Stand.CONCUR)
    entry = calls.record_position(
        world.call, agency=world.agencies[0], stand=Stand.OBJECT, text="No.", by=alternate
    )

    letters = Letter.objects.filter(kind="position.recorded").order_by("pk")
    assert [letter.recipient for letter in letters] == [alternate, world.heads[0]]
    assert f"“Concur”, given by {world.heads[0]}" in letters[1].text
    assert read_call(world.call, at=clock.now()).tally.stands == {entry.agency.code: Stand.OBJECT}


def test_who_gave_a_position_is_told_of_the_next_even_without_a_mandate():
    world = make_call(1)
    world.say(0, Stand.CONCUR)
    mandate = world.heads[0].mandates.get()
    mandate.ends_at = clock.now()
    mandate.save_as(None, "ended")
    successor = MandateFactory(agency=world.agencies[0]).person

    calls.record_position(
        world.call, agency=world.agencies[0], stand=Stand.OBJECT, text="No.", by=successor
    )

    told = Letter.objects.filter(kind="position.recorded").values_list("recipient", flat=True)
    assert list(told) == [world.heads[0].pk]


def test_who_leaves_the_product_is_out_of_the_count():
    world = make_call(2)
    world.say(0, Stand.CONCUR)
    world.say(1, Stand.OBJECT)

    participation.leave(
        world.product, agency=world.agencies[1], reason="Our act.", by=world.heads[1]
    )

    reading = read_call(world.call, at=clock.now())
    assert (reading.outcome, len(reading.entries)) == (Outcome.CONSENSUS, 2)
    with pytest.raises(ProductError, match="left the product: its position is not counted"):
        world.say(1, Stand.CONCUR)


def test_who_joins_counts_from_the_next_call():
    world = make_call(1)
    newcomer = MandateFactory()

    participation.join(
        world.product,
        agency=newcomer.agency,
        degree=Degree.CONTRIBUTING,
        reason="We join.",
        by=newcomer.person,
    )

    with pytest.raises(ProductError, match="is not in the electorate"):
        calls.record_position(
            world.call, agency=newcomer.agency, stand=Stand.CONCUR, text="", by=newcomer.person
        )
    assert Elector.objects.count() == 1


# --- Extending and returning -------------------------------------------------------------------


def extend(world, *, days=1, by=None):
    calls.extend_call(
        world.call,
        deadline=world.call.deadline + timedelta(days=days),
        reason="Spring holidays.",
        by=by or world.secretariat,
    )


@pytest.mark.parametrize(("seconds", "possible"), [(0, True), (1, False)])
def test_extend_call_is_possible_before_the_deadline_only(traveller, seconds, possible):
    world = make_call(1)
    before = world.call.deadline
    traveller.move_to(before + timedelta(seconds=seconds))

    if possible:
        extend(world)
    else:
        with pytest.raises(ProductError, match="extended before it, never after"):
            extend(world)

    world.call.refresh_from_db()
    assert world.call.deadline == before + timedelta(days=possible)
    assert Letter.objects.filter(kind="call.extended").exists() == possible


@pytest.mark.parametrize("days", [0, -1])
def test_extend_call_moves_the_deadline_onward(days):
    world = make_call(1)

    with pytest.raises(ProductError, match="to a later instant"):
        extend(world, days=days)


def test_extend_call_is_not_the_act_of_a_delegate():
    world = make_call(1)

    with pytest.raises(PermissionDenied, match="the secretariat or the chair may extend a call"):
        extend(world, by=world.heads[0])


def test_return_to_drafting_ends_the_call_without_a_decision():
    world = make_call(2)
    world.say(0, Stand.CONCUR)

    calls.return_to_drafting(world.product, reason="Figures are wrong.", by=world.secretariat)

    world.call.refresh_from_db()
    assert (world.call.state, world.product.state) == (CallState.RETURNED, State.DRAFTING)
    assert not Decision.objects.exists()
    assert Letter.objects.filter(kind="call.ended").count() == 2
    with pytest.raises(ProductError, match="The call has ended: it was returned"):
        world.say(1, Stand.CONCUR)
    assert PositionEntry.objects.count() == 1


def test_acts_meant_for_an_ended_call_do_not_touch_the_next_one(traveller):
    world = make_call(1)
    former = world.call
    calls.return_to_drafting(world.product, reason="Again.", by=world.secretariat)
    world.product.state = State.SHARED
    world.product.save_as(None, "shared again")
    world.call = open_call(world)
    world.say(0, Stand.CONCUR)

    with pytest.raises(ProductError, match="This call has ended"):
        calls.return_to_drafting(world.product, reason="Twice.", by=world.secretariat, call=former)
    with pytest.raises(ProductError, match="This call has ended"):
        declare(world, Outcome.CONSENSUS, by=world.secretariat, call=former)

    world.call.refresh_from_db()
    assert world.call.state == CallState.OPEN


# --- Declaring ---------------------------------------------------------------------------------


def test_declare_waits_for_the_deadline(traveller):
    world = make_call(2)
    world.say(0, Stand.CONCUR)
    traveller.move_to(world.call.deadline)

    with pytest.raises(ProductError, match="1 of 2 have answered"):
        declare(world, Outcome.CONSENSUS, by=world.secretariat)

    close(world, traveller)
    assert declare(world, Outcome.CONSENSUS, by=world.secretariat).outcome == Outcome.CONSENSUS


def test_declare_goes_early_once_everybody_has_answered():
    world = make_call(2)
    world.say(0, Stand.CONCUR)
    world.say(1, Stand.ABSTAIN)

    decision = declare(world, Outcome.CONSENSUS, by=world.secretariat)

    world.product.refresh_from_db()
    assert (decision.computed, world.product.state) == (Outcome.CONSENSUS, State.AGREED)


def test_declare_is_the_act_of_the_chair_in_office(traveller):
    world = make_call(codes=["CNES", "ESA"])
    give_chair(world.agencies[0])
    world.say(0, Stand.CONCUR)
    close(world, traveller)

    for by in (world.secretariat, world.heads[1]):
        with pytest.raises(PermissionDenied):
            declare(world, Outcome.CONSENSUS, by=by)
    decision = declare(world, Outcome.CONSENSUS, by=world.heads[0])

    assert decision.declared_as == "the chair (CNES)"


def test_declare_passes_to_the_new_chair_at_the_handover(traveller):
    # Case 7: the chair changes between the deadline and the declaration.
    world = make_call(2)
    handover = world.call.deadline + timedelta(hours=1)
    give_chair(world.agencies[0], ends_at=handover)
    give_chair(world.agencies[1], starts_at=handover)
    world.say(0, Stand.CONCUR)
    traveller.move_to(handover)

    with pytest.raises(PermissionDenied):
        declare(world, Outcome.CONSENSUS, by=world.heads[0])
    decision = declare(world, Outcome.CONSENSUS, by=world.heads[1])

    assert decision.declared_by == world.heads[1]


def test_declare_is_the_secretariats_where_the_chairs_agency_objects(traveller):
    # Case 8.
    world = make_call(2)
    give_chair(world.agencies[0])
    world.say(0, Stand.OBJECT)
    world.say(1, Stand.CONCUR)
    close(world, traveller)

    with pytest.raises(PermissionDenied, match="own agency objects: the secretariat declares"):
        declare(world, Outcome.DISSENT, by=world.heads[0])
    decision = declare(world, Outcome.DISSENT, by=world.secretariat)

    world.product.refresh_from_db()
    assert (decision.declared_as, world.product.state) == ("the secretariat", State.DRAFTING)


def test_declare_is_the_secretariats_where_the_chair_is_vacant(traveller):
    world = make_call(1)
    world.say(0, Stand.CONCUR)
    close(world, traveller)

    decision = declare(world, Outcome.CONSENSUS, by=world.secretariat)

    assert decision.declared_as == "the secretariat"


def test_declare_goes_weaker_with_a_reason_and_never_stronger(traveller):
    world = make_call(2)
    world.say(0, Stand.RESERVATION)
    world.say(1, Stand.CONCUR)
    close(world, traveller)

    with pytest.raises(ProductError, match="may be weaker, never stronger"):
        declare(world, Outcome.CONSENSUS, by=world.secretariat, reason="We like it.")
    with pytest.raises(ProductError, match="a weaker outcome needs a reason"):
        declare(world, Outcome.INSUFFICIENT_SUPPORT, by=world.secretariat, reason=" ")
    assert not Decision.objects.exists()
    decision = declare(
        world, Outcome.INSUFFICIENT_SUPPORT, by=world.secretariat, reason="A doubt remains."
    )

    world.product.refresh_from_db()
    assert (decision.computed, decision.outcome, decision.reason, world.product.state) == (
        Outcome.WITH_RESERVATIONS,
        Outcome.INSUFFICIENT_SUPPORT,
        "A doubt remains.",
        State.DRAFTING,
    )


def test_declare_keeps_the_whole_record(traveller):
    world = make_call(codes=["ASI", "CNES", "ESA", "JAXA"])
    world.say(0, Stand.CONCUR)
    world.say(1, Stand.RESERVATION, "Clause 2 is for study.")
    calls.record_position(
        world.call,
        agency=world.agencies[2],
        stand=Stand.CONCUR,
        text="",
        by=world.secretariat,
        source="letter of 3 March",
    )
    close(world, traveller)
    world.say(3, Stand.OBJECT, "Too late.")

    decision = declare(world, Outcome.WITH_RESERVATIONS, by=world.secretariat)

    decision.refresh_from_db()
    assert decision.number == "ISECG-D-2026-001"
    assert decision.record == {
        "question": "Is this agreed?",
        "version": 1,
        "sha256": world.call.version.sha256,
        "mode": "explicit",
        "opened_at": "2026-03-02T12:00:00+00:00",
        "deadline": "2026-03-12T12:00:00+00:00",
        "quorum": "0.5000",
        "minimum_support": "0.5000",
        "electorate": ["ASI", "CNES", "ESA", "JAXA"],
        "left": [],
        "succeeded": [],
        "positions": {
            "concur": ["ASI", "ESA"],
            "reservation": ["CNES"],
            "condition": [],
            "abstain": [],
            "object": [],
        },
        "carried": [],
        "no_response": ["JAXA"],
        "late": ["JAXA"],
        "responded": 3,
        "of": 4,
        "percent": "75.0",
        "reservations": [{"agency": "CNES", "text": "Clause 2 is for study."}],
        "conditions": [],
        "objections": [],
        "on_behalf": [
            {"agency": "ESA", "by": f"user:{world.secretariat.pk}", "source": "letter of 3 March"}
        ],
    }


def test_decisions_are_numbered_within_their_year(traveller):
    numbers = []
    for day in ("2026-03-02", "2026-06-01", "2027-01-05"):
        traveller.move_to(f"{day}T12:00:00Z")
        world = make_call(1)
        world.say(0, Stand.CONCUR)
        numbers.append(declare(world, Outcome.CONSENSUS, by=world.secretariat).number)

    assert numbers == ["ISECG-D-2026-001", "ISECG-D-2026-002", "ISECG-D-2027-001"]


def test_declare_refuses_a_second_time(traveller):
    world = make_call(1)
    world.say(0, Stand.CONCUR)
    declare(world, Outcome.CONSENSUS, by=world.secretariat)

    with pytest.raises(ProductError, match="is “Agreed” now"):
        declare(world, Outcome.CONSENSUS, by=world.secretariat)

    assert Decision.objects.count() == 1
