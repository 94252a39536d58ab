from datetime import timedelta

import pytest
import time_machine

from isecg import clock
from isecg.events.models import Event
from products import files, ledger, ledger_reading
from products.consensus import Outcome, Stand
from products.ledger import LedgerState
from products.models.versions import ChangeClass
from products.services import calls, decisions
from products.services import ledger as services
from products.services.versions import submit_version
from products.workflow import State
from tests.products.world import circulate, make_call, write_version

pytestmark = pytest.mark.django_db

SECOND = timedelta(seconds=1)
DAY = timedelta(days=1)


@pytest.fixture
def traveller():
    """Stop the clock, to be moved to where a test wants it."""
    with time_machine.travel("2026-03-02T12:00:00Z", tick=False) as moved:
        yield moved


def withdraw_position(world, at):
    calls.record_position(
        world.call, agency=world.agencies[at], stand=None, text="", by=world.heads[at]
    )


def ledger_of(world):
    """Return the items: label, standing, why it ended, whether it is open."""
    at = ledger_reading.moment(world.product, at=clock.now())
    found = []
    for row in ledger_reading.rows(at=at).filter(product=world.product).order_by("registered_at"):
        item = ledger_reading.item_of(row)
        found.append((row.label, ledger.standing(item, at).value, ledger.is_open(item, at)))
    return found


def ends(world):
    return list(
        world.product.ledger.order_by("registered_at").values_list("ended_because", flat=True)
    )


def the_item(world, label="C-1"):
    return next(row for row in world.product.ledger.all() if row.label == label)


def dispose(world, label="C-1", **given):
    given = {"disposition": "Clause 4 names who pays.", "by": world.secretariat, **given}
    return services.propose_disposition(the_item(world, label), **given)


def answer(world, label="C-1", answer=LedgerState.ACCEPTED, text="", by=None, **given):
    by = by or world.heads[0]
    return services.answer_disposition(
        the_item(world, label), answer=answer, text=text, by=by, **given
    )


def provisional(*, codes=("CSA", "ESA"), text="Say who pays."):
    """Make a world that agreed provisionally, with a condition of its first agency."""
    world = make_call(codes=list(codes))
    world.say(0, Stand.CONDITION, text)
    for at in range(1, len(codes)):
        world.say(at, Stand.CONCUR)
    decisions.declare(
        world.product, outcome=Outcome.PROVISIONAL, statement="So be it.", by=world.secretariat
    )
    world.product.refresh_from_db()
    return world


def next_call(world, *, days=10):
    """Return the product to a new call, on a version that came in between."""
    if world.product.state == State.IN_CONSENSUS:
        calls.return_to_drafting(world.product, reason="Again.", by=world.secretariat)
    world.product.refresh_from_db()
    world.product.state = State.SHARED
    world.product.save_as(None, "test")
    number = world.product.versions.count() + 1
    version = write_version(world.product, text=f"Text {number}.")
    circulate(version, opened_at=clock.now() - timedelta(days=20))
    world.call = calls.open_call(
        world.product,
        question="And now?",
        deadline=clock.now() + timedelta(days=days),
        time_zone="UTC",
        by=world.secretariat,
    )
    return version


# --- Registering -------------------------------------------------------------------------------


def test_objections_and_conditions_are_registered_with_what_they_are_about(traveller):
    world = make_call(codes=["CSA", "ESA", "JAXA"])
    world.say(0, Stand.CONDITION, "Say who pays.")
    world.say(1, Stand.OBJECT, "Clause 4.")
    world.say(2, Stand.RESERVATION, "For study.")

    rows = world.product.ledger.order_by("pk").values_list(
        "kind", "number", "code", "text", "version__number", "call", "entry__stand", "state"
    )
    assert list(rows) == [
        ("condition", 1, "CSA", "Say who pays.", 1, world.call.pk, "condition", "registered"),
        ("object", 1, "ESA", "Clause 4.", 1, world.call.pk, "object", "registered"),
    ]
    assert Event.objects.filter(event="position.taken").first().payload["after"] == {
        "stand": "condition",
        "text": "Say who pays.",
        "registered": "C-1",
    }


def test_a_late_position_registers_nothing_and_ends_nothing(traveller):
    world = make_call(codes=["CSA", "ESA"])
    world.say(0, Stand.OBJECT)
    traveller.move_to(world.call.deadline + SECOND)
    world.say(0, Stand.CONCUR)
    world.say(1, Stand.CONDITION)

    assert ledger_of(world) == [("O-1", "registered", True)]


def test_a_position_at_the_deadline_registers(traveller):
    world = make_call(codes=["CSA"])
    traveller.move_to(world.call.deadline)
    world.say(0, Stand.OBJECT)

    assert ledger_of(world) == [("O-1", "registered", True)]


@pytest.mark.parametrize("stand", [Stand.OBJECT, Stand.CONDITION])
def test_other_words_or_another_kind_replace_what_stood_there(traveller, stand):
    world = make_call(codes=["CSA"])
    world.say(0, Stand.CONDITION, "Say who pays.")
    traveller.shift(60)
    world.say(0, stand, "Say who pays, and when.")

    label = "O-1" if stand == Stand.OBJECT else "C-2"
    assert ledger_of(world) == [("C-1", "withdrawn", False), (label, "registered", True)]
    assert ends(world) == [f"replaced by {label}", ""]


@pytest.mark.parametrize("stand", [Stand.CONCUR, Stand.RESERVATION, Stand.ABSTAIN])
def test_another_position_settles_all_that_the_agency_had_open(traveller, stand):
    world = make_call(codes=["CSA", "ESA"])
    world.say(0, Stand.OBJECT, "Clause 4.")
    world.say(1, Stand.OBJECT, "Clause 5.")
    next_call(world)
    world.say(0, stand)

    assert ledger_of(world) == [("O-1", "withdrawn", False), ("O-2", "registered", True)]
    row = the_item(world, "O-1")
    assert row.converted_to == stand
    assert row.ended_because == (
        f"“{stand.label}” on version 2, in the call opened on 2 Mar 2026 12:00 UTC"
    )
    assert row.ended_at == clock.now()


def test_the_same_words_again_leave_the_open_item(traveller):
    world = make_call(codes=["CSA"])
    world.say(0, Stand.OBJECT, "Clause 4.")
    first = world.call
    next_call(world)
    world.say(0, Stand.OBJECT, "Clause 4.")

    assert ledger_of(world) == [("O-1", "registered", True)]
    assert the_item(world, "O-1").call == first


def test_withdrawing_a_position_ends_what_it_registered_in_this_call_alone(traveller):
    world = make_call(codes=["CSA", "ESA"])
    world.say(0, Stand.OBJECT, "Clause 4.")
    next_call(world)
    world.say(0, Stand.OBJECT, "Clause 4.")
    world.say(1, Stand.CONDITION)
    withdraw_position(world, 0)
    withdraw_position(world, 1)

    assert ledger_of(world) == [("O-1", "registered", True), ("C-1", "withdrawn", False)]
    assert ends(world) == ["", "ESA withdrew its position"]


@pytest.mark.parametrize("end", ["returned", "overtaken", "declared"])
def test_what_is_registered_outlasts_its_call(traveller, end):
    world = make_call(codes=["CSA", "ESA"])
    world.say(0, Stand.OBJECT)
    world.say(1, Stand.CONCUR)
    if end == "returned":
        calls.return_to_drafting(world.product, reason="Again.", by=world.secretariat)
    elif end == "declared":
        decisions.declare(
            world.product, outcome=Outcome.DISSENT, statement="No.", by=world.secretariat
        )
    else:
        submit_version(
            world.product,
            main=files.from_text("# Other", name="other.md"),
            change_class=ChangeClass.SUBSTANTIVE,
            note="New.",
            by=world.secretariat,
            expected_latest=1,
        )

    assert ledger_of(world) == [("O-1", "registered", True)]


def test_a_call_opened_in_error_leaves_the_ledger_as_it_was(traveller):
    world = make_call(codes=["CSA", "ESA", "JAXA"])
    for at in range(3):
        world.say(at, Stand.OBJECT, f"Clause {at}.")
    dispose(world, "O-2")
    next_call(world)
    traveller.shift(60)
    world.say(0, Stand.OBJECT, "Other words.")
    world.say(1, Stand.CONCUR)
    services.withdraw_item(the_item(world, "O-3"), reason="Solved.", by=world.heads[2])
    traveller.shift(60)
    calls.recall_call(world.product, reason="Wrong text.", by=world.secretariat)

    assert ledger_of(world) == [
        ("O-1", "registered", True),
        ("O-2", "proposed", True),
        ("O-3", "withdrawn", False),
        ("O-4", "lapsed", False),
    ]
    assert the_item(world, "O-4").ended_because == "the call was opened in error"
    events = Event.objects.filter(event__startswith="ledger.").order_by("seq")
    assert [(row.event, row.payload["after"].get("items")) for row in events][-2:] == [
        ("ledger.lapsed", ["O-4"]),
        ("ledger.restored", ["O-1", "O-2"]),
    ]
