from datetime import UTC, datetime, timedelta

import pytest
import time_machine
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from isecg import clock
from isecg.mail.models import Heartbeat, Letter
from products.consensus import Outcome, Stand
from products.models import Decision
from products.services import calls, decisions, ledger, participation
from products.workflow import State
from products.your_turn import vacant_seats, your_turn
from tests.factories import (
    AgencyFactory,
    CommentFactory,
    GroupRoleFactory,
    MandateFactory,
    MeetingFactory,
    ParticipationFactory,
    ProductFactory,
    UserFactory,
    WorkingGroupFactory,
)
from tests.products.world import circulate, give_chair, make_call, make_world, write_version
from workgroups.models import GroupMember
from workgroups.permissions import Standing
from workgroups.roles import Capacity

pytestmark = pytest.mark.django_db

NOON = datetime(2026, 3, 2, 12, tzinfo=UTC)
SECOND = timedelta(seconds=1)


@pytest.fixture
def traveller():
    with time_machine.travel(NOON, tick=False) as moved:
        yield moved


def turns(user):
    """Return what is due from a person: badge, sentence, whether it is their own act."""
    return [(turn.badge, turn.sentence, turn.own) for turn in your_turn(Standing.of(user))]


# --- Your turn ---------------------------------------------------------------------------------


def test_an_open_call_is_due_from_the_agencies_without_a_position(traveller):
    world = make_call(codes=["CNES", "ESA"])
    world.say(0, Stand.CONCUR)
    outsider = MandateFactory().person

    assert turns(world.heads[0]) == []
    assert turns(world.heads[1]) == [("none", "Waiting for ESA: no position.", True)]
    assert turns(outsider) == []
    assert turns(UserFactory()) == []
    turn = your_turn(Standing.of(world.heads[1]))[0]
    assert (turn.since, turn.due, turn.href) == (
        NOON,
        world.call.deadline,
        world.call.get_absolute_url(),
    )


def test_staff_are_told_and_do_not_act(traveller):
    world = make_call(codes=["ESA"])
    staff = MandateFactory(agency=world.agencies[0], capacity=Capacity.STAFF).person

    assert turns(staff) == [("none", "Waiting for ESA: no position.", False)]


@pytest.mark.parametrize(("seconds", "due"), [(0, True), (1, False)])
def test_a_call_is_due_until_its_deadline(traveller, seconds, due):
    world = make_call(1)
    traveller.move_to(world.call.deadline + seconds * SECOND)

    assert bool(turns(world.heads[0])) is due


def test_own_objections_and_conditions_are_shown_while_the_call_is_open(traveller):
    world = make_call(codes=["CNES", "ESA", "JAXA"])
    world.say(0, Stand.OBJECT, "Clause 4.")
    world.say(1, Stand.CONDITION, "Clause 5.")

    assert turns(world.heads[0]) == [("object", "CNES objects: Clause 4.", True)]
    assert turns(world.heads[1]) == [("condition", "ESA concurs on condition: Clause 5.", True)]
    traveller.move_to(world.call.deadline + SECOND)
    assert turns(world.heads[0]) == []
    assert turns(world.heads[1]) == []


def test_who_left_the_product_is_waited_for_no_more(traveller):
    world = make_call(2)
    participation.leave(world.product, agency=world.agencies[0], reason="Ours.", by=world.heads[0])

    assert turns(world.heads[0]) == []


def test_a_closed_call_is_due_from_the_one_who_declares(traveller):
    world = make_call(2)
    chair = give_chair(world.agencies[0])
    world.say(1, Stand.CONCUR)
    assert turns(world.secretariat) == []
    traveller.move_to(world.call.deadline + SECOND)

    assert turns(world.heads[0]) == [
        ("consensus", "The call is closed: its outcome is to be declared.", True)
    ]
    assert turns(world.secretariat) == turns(world.heads[1]) == []

    chair.ends_at = clock.now()
    chair.save_as(None, "ended")
    assert turns(world.heads[0]) == []
    assert [badge for badge, *_ in turns(world.secretariat)] == ["consensus"]


def test_a_closed_call_is_due_from_the_secretariat_where_the_chairs_agency_objects(traveller):
    world = make_call(2)
    give_chair(world.agencies[0])
    world.say(0, Stand.OBJECT, "No.")
    world.say(1, Stand.CONCUR)
    traveller.move_to(world.call.deadline + SECOND)

    assert [badge for badge, *_ in turns(world.secretariat)] == ["dissent"]
    assert turns(world.heads[0]) == []


def agree(world, outcome):
    return decisions.declare(
        world.product, outcome=outcome, statement="Agreed.", by=world.secretariat
    )


def test_an_agreed_product_is_due_from_the_secretariat(traveller):
    world = make_call(1)
    world.say(0, Stand.CONCUR)
    agree(world, Outcome.CONSENSUS)

    assert turns(world.secretariat) == [("agreed", "It can be released.", True)]
    assert turns(world.heads[0]) == []


def test_a_product_with_residue_is_on_the_desk_with_the_reason_it_needs(traveller):
    world = make_world(1)
    circulate(
        write_version(world.product, text="To be [studied/ analyzed]."),
        opened_at=clock.now() - timedelta(days=20),
    )
    world.call = calls.open_call(
        world.product,
        question="Agreed?",
        deadline=clock.now() + timedelta(days=9),
        time_zone="UTC",
        by=world.secretariat,
    )
    world.say(0, Stand.CONCUR)
    agree(world, Outcome.CONSENSUS)

    ((badge, sentence, own),) = turns(world.secretariat)
    assert (badge, own) == ("agreed", True)
    assert "Drafting residue in the text: “[studied/ analyzed]”" in sentence


def test_an_open_condition_holds_the_release_and_its_agency_answers(traveller):
    world = make_call(codes=["CNES", "ESA"])
    world.say(0, Stand.CONDITION, "Say who pays.")
    world.say(1, Stand.CONCUR)
    agree(world, Outcome.PROVISIONAL)
    # The condition is the seat's, whatever the agency is called now.
    world.agencies[0].code = "NEW"
    world.agencies[0].save_as(None, "renamed")

    assert turns(world.secretariat) == []
    # Until something is proposed there is nothing that it could answer.
    assert turns(world.heads[0]) == []
    ledger.propose_disposition(
        world.product.ledger.get(), disposition="Clause 4.", by=world.secretariat
    )
    assert turns(world.secretariat) == []
    assert turns(world.heads[0]) == [
        ("condition", "CNES's condition C-1: NEW to answer by 1 Apr 2026 12:00 UTC.", True)
    ]
    assert turns(world.heads[1]) == []


def test_a_decision_that_was_corrected_waits_once(traveller):
    world = make_call(1)
    world.say(0, Stand.CONCUR)
    decision = Decision.objects.get(pk=agree(world, Outcome.CONSENSUS).pk)
    decision.pk, decision.revision, decision.correction = None, 1, "A slip."
    decision.save(force_insert=True)

    assert len(turns(world.secretariat)) == 1


@pytest.mark.parametrize(("seconds", "due"), [(-1, True), (0, False)])
def test_a_circulation_is_due_from_every_member_until_it_closes(traveller, seconds, due):
    member = MandateFactory().person
    world = make_world(1)
    circulation = circulate(world.product.versions.get(), opened_at=NOON)
    late = MandateFactory().person
    traveller.move_to(circulation.closes_at + seconds * SECOND)

    expected = [("shared", "Version 1 is open for comments.", True)] if due else []
    assert turns(member) == expected
    assert turns(world.heads[0]) == expected
    assert turns(late) == []


def test_a_circulation_of_a_product_that_was_taken_back_is_not_due(traveller):
    world = make_world(1)
    circulate(world.product.versions.get(), opened_at=NOON)
    world.product.state = State.DRAFTING
    world.product.save_as(None, "taken back")

    assert turns(world.heads[0]) == []


def test_the_most_urgent_comes_first(traveller):
    world = make_call(1, days=30)
    other = make_world(1)
    ParticipationFactory(product=other.product, agency=world.agencies[0])
    circulate(other.product.versions.get(), opened_at=NOON)

    assert [badge for badge, *_ in turns(world.heads[0])] == ["shared", "none"]


# --- Vacant seats ------------------------------------------------------------------------------


def test_a_vacant_seat_is_shown_to_its_people_and_the_secretariat():
    held = MandateFactory(agency=AgencyFactory(code="ESA"))
    staff = MandateFactory(agency=AgencyFactory(code="CSA"), capacity=Capacity.STAFF).person
    AgencyFactory(code="OLD", member=False)
    secretariat = UserFactory(is_secretariat=True)

    def seen(user):
        return [agency.code for agency in vacant_seats(Standing.of(user))]

    assert seen(secretariat) == ["CSA"]
    assert seen(staff) == ["CSA"]
    assert seen(held.person) == []
    assert seen(UserFactory()) == []


# --- The page ----------------------------------------------------------------------------------


def test_home_shows_the_turn_and_what_moves(client, traveller):
    world = make_call(codes=["ESA"])
    ProductFactory(code="OUT", state=State.RELEASED)
    client.force_login(world.heads[0])

    response = client.get(reverse("home"))

    text = response.content.decode()
    assert "Waiting for ESA: no position." in text
    assert [product.code for product in response.context["moving"]] == [world.product.code]
    assert "Moved into consensus" in text
    assert "non-binding" in text


def test_home_says_so_where_there_is_no_mandate(client):
    make_call(1)
    client.force_login(UserFactory())

    response = client.get(reverse("home"))

    text = response.content.decode()
    assert "You hold no mandate" in text
    assert (response.context["moving"], response.context["happened"]) == ([], [])
    assert "On their way" not in text


def test_home_shows_meetings_to_whom_they_invite(client, traveller):
    head = MandateFactory().person
    head.time_zone = "Asia/Tokyo"
    head.save_as(None, "moved")
    mine, other = WorkingGroupFactory(), WorkingGroupFactory()
    GroupMember(group=mine, agency=head.mandates.get().agency).save_as(None, "test")
    at = NOON + timedelta(days=3)
    MeetingFactory(title="Of all", starts_at=at)
    MeetingFactory(title="Of mine", starts_at=at + SECOND, group=mine)
    MeetingFactory(title="Of others", starts_at=at, group=other)
    MeetingFactory(title="Of the past", starts_at=NOON - SECOND)
    MeetingFactory(title="Cancelled", starts_at=at, status="cancelled")
    client.force_login(head)

    response = client.get(reverse("home"))

    assert [row.title for row in response.context["meetings"]] == ["Of all", "Of mine"]
    assert "5 Mar 2026 21:00 <abbr" in response.content.decode()


def test_comments_wait_for_their_authors_editors_and_owners(traveller):
    version = make_world(1, code="DUST").product.versions.get()
    head = MandateFactory(agency__code="JAXA").person
    agency = head.mandates.get().agency
    colleague = MandateFactory(agency=agency, capacity=Capacity.STAFF).person
    editor = GroupRoleFactory(group=version.product.group).person
    decided = {"disposed_at": NOON, "disposed_by": editor}
    own = {"version": version, "agency": agency}
    CommentFactory(**own, author=head, disposition="noted", **decided)
    CommentFactory(**own, author=head, disposition="noted", **decided, answer="confirmed")
    CommentFactory(**own, author=head, disposition="withdrawn", **decided)
    CommentFactory(**own, author=None, author_name="N. N.", entered_by=head)
    CommentFactory(**own, author=head, number=None, submitted_at=None)
    other = MandateFactory()
    action = {"action_owner": agency, "action_due": NOON.date()}
    CommentFactory(
        version=version,
        agency=other.agency,
        author=other.person,
        disposition="pending",
        **decided,
        **action,
    )

    act = ("queued", "Your agency is to act on 1 comment.", True)
    confirm = ("info", "Confirm what was decided about 1 comment of yours.", True)
    assert turns(head) == [confirm, act]
    assert turns(colleague) == [act]
    assert turns(editor) == [("info", "1 comment without a disposition.", True)]
    assert turns(other.person) == [confirm]
    assert turns(UserFactory(is_secretariat=True)) == []

    mandate = head.mandates.get()
    mandate.ends_at = clock.now()
    mandate.save_as(None, "left")
    assert turns(head) == []
    assert turns(colleague) == [confirm, act]

    write_version(version.product)
    assert turns(editor) == [
        ("info", "1 comment without a disposition.", True),
        ("warn", "2 comments carried along, to be checked.", True),
    ]
    version.product.state = State.WITHDRAWN
    version.product.save_as(None, "for the test")
    assert turns(editor) == turns(colleague) == []


def test_home_warns_the_secretariat_of_a_late_clockwork_and_failed_letters(client, traveller):
    world = make_call(2)
    Heartbeat.objects.create(ticked_at=NOON - timedelta(minutes=16))
    letter = Letter.objects.filter(kind="call.opened").first()
    letter.state, letter.last_error = "failed", "No such box."
    letter.save()

    client.force_login(world.secretariat)
    told = client.get(reverse("home")).content.decode()
    client.force_login(world.heads[0])
    others = client.get(reverse("home")).content.decode()

    assert "Nothing has ticked for 15 minutes" in told
    assert "1 letter could not be delivered" in told
    assert "Nothing has ticked" not in others
    assert "could not be delivered" not in others


def test_home_costs_fifteen_queries_at_most_for_everybody(client, traveller):
    Heartbeat.objects.create(ticked_at=NOON)
    world = make_call(2)
    agency = world.agencies[0]
    both = MandateFactory(agency=agency, person=UserFactory(is_secretariat=True)).person
    give_chair(world.agencies[1])
    readers = [world.heads[0], world.heads[1], world.secretariat, both, UserFactory()]

    def fill():
        """Make one of everything that can be due from the agency."""
        for row in (make_call(2).product, make_world(1).product, make_call(1).product):
            ParticipationFactory(product=row, agency=agency)
        circulate(make_world(1).product.versions.get(), opened_at=NOON)
        agreed = make_call(1)
        ParticipationFactory(product=agreed.product, agency=agency)
        agreed.say(0, Stand.CONDITION, "Say who pays.")
        decision = decisions.declare(
            agreed.product, outcome=Outcome.PROVISIONAL, statement="Yes.", by=world.heads[1]
        )
        assert decision.record["conditions"]
        MeetingFactory()
        CommentFactory(
            version=make_world(1).product.versions.get(),
            agency=agency,
            author=world.heads[0],
            disposition="noted",
            disposed_at=NOON,
            disposed_by=world.secretariat,
        )

    def costs():
        found = []
        for reader in readers:
            client.force_login(reader)
            with CaptureQueriesContext(connection) as context:
                assert client.get(reverse("home")).status_code == 200
            found.append(len(context))
        return found

    fill()
    before = costs()
    for _ in range(7):
        fill()

    assert costs() == before
    assert max(before) <= 15, before
