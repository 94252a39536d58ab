from datetime import timedelta

import pytest
import time_machine
from django.core.exceptions import PermissionDenied

from isecg import clock
from isecg.events.models import Event
from isecg.mail import outbox, registry
from isecg.mail.models import Letter
from products import files, ledger, ledger_notices, ledger_reading
from products.consensus import Outcome, Stand
from products.ledger import LedgerState
from products.models import Product
from products.models.products import ElectorateRule
from products.models.versions import ChangeClass
from products.release_gate import annex_of
from products.services import calls, decisions, participation, releases
from products.services import ledger as services
from products.services.errors import ProductError
from products.services.versions import submit_version
from products.workflow import State
from tests.factories import MandateFactory
from tests.products.world import circulate, give_chair, make_call, write_version
from workgroups.roles import Capacity

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
    for row in (
        ledger_reading.rows(at=at).filter(product=world.product).order_by("registered_at", "pk")
    ):
        item = ledger_reading.item_of(row)
        found.append((row.label, ledger.standing(item, at).value, ledger.is_open(item, at)))
    return found


def ends(world):
    return list(
        world.product.ledger.order_by("registered_at", "pk").values_list("ended_because", flat=True)
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


# --- Dispositions and answers ------------------------------------------------------------------


def is_open(world, label="C-1"):
    return next(open_ for name, _, open_ in ledger_of(world) if name == label)


def test_a_disposition_starts_the_clock_and_asks_the_agency(traveller, settings):
    settings.ISECG_DISPOSITION_DAYS = 10
    world = provisional()

    row = dispose(world)

    assert (row.state, row.disposed_by, row.answer_due_at) == (
        "proposed",
        world.secretariat,
        clock.now() + timedelta(days=10),
    )
    letters = Letter.objects.filter(kind="ledger.disposed")
    assert list(letters.values_list("recipient", flat=True)) == [world.heads[0].pk]


def test_a_later_setting_leaves_a_clock_that_runs(traveller, settings):
    world = provisional()
    due = dispose(world).answer_due_at
    settings.ISECG_DISPOSITION_DAYS = 1

    assert the_item(world).answer_due_at == due


@pytest.mark.parametrize(
    ("given", "words"),
    [
        ({"disposition": "  "}, "Say what is to be done about it."),
        ({"prints_both_views": True}, "Name the version that prints both views."),
    ],
)
def test_a_disposition_lacks(traveller, given, words):
    world = provisional()

    with pytest.raises(ProductError, match=words):
        dispose(world, **given)

    assert the_item(world).state == "registered"


def test_a_disposition_is_not_proposed_twice_in_the_same_words(traveller):
    world = provisional()
    dispose(world)

    with pytest.raises(ProductError, match="This is what is proposed about C-1 already"):
        dispose(world)


def test_a_version_of_another_product_implements_nothing(traveller):
    world, other = provisional(), provisional(codes=("JAXA", "KARI"))

    with pytest.raises(ProductError, match="That version is none of"):
        dispose(world, version=other.call.version)


def test_only_who_writes_disposes(traveller):
    world = provisional()

    with pytest.raises(PermissionDenied):
        dispose(world, by=world.heads[0])


@pytest.mark.parametrize("who", ["another agency", "staff", "the chair", "the secretariat"])
def test_only_its_agency_resolves_an_item(traveller, who):
    world = provisional()
    dispose(world)
    give_chair(world.agencies[1])
    staff = MandateFactory(agency=world.agencies[0], capacity=Capacity.STAFF).person
    by = {"staff": staff, "the secretariat": world.secretariat}.get(who, world.heads[1])

    with pytest.raises(PermissionDenied):
        answer(world, by=by)
    with pytest.raises(PermissionDenied):
        services.withdraw_item(the_item(world), reason="Solved.", by=by)
    with pytest.raises(PermissionDenied):
        services.convert_item(the_item(world), stand=Stand.ABSTAIN, text="", by=by)

    assert is_open(world)


def test_the_secretariat_answers_on_behalf_with_its_source(traveller):
    world = provisional()
    dispose(world)

    row = answer(world, by=world.secretariat, source="teleconference 12 Mar 2026")

    assert (row.state, row.source) == ("accepted", "teleconference 12 Mar 2026")
    event = Event.objects.filter(event="ledger.answered").get()
    assert event.payload["on_behalf_of"] == "CSA"


@pytest.mark.parametrize("given", [LedgerState.MODIFIED, LedgerState.REJECTED])
def test_an_answer_needs_its_words(traveller, given):
    world = provisional()
    dispose(world)

    with pytest.raises(ProductError, match="Say "):
        answer(world, answer=given, text=" ")

    assert the_item(world).state == "proposed"


def test_there_is_nothing_to_answer_before_a_disposition_or_twice(traveller):
    world = provisional()
    with pytest.raises(ProductError, match="no disposition that could be answered"):
        answer(world)

    dispose(world)
    answer(world)
    with pytest.raises(ProductError, match="CSA has answered: accepted"):
        answer(world, answer=LedgerState.REJECTED, text="No.")


def test_a_rejection_asks_for_another_disposition_with_a_clock_of_its_own(traveller):
    world = provisional()
    first = dispose(world).answer_due_at
    traveller.shift(DAY)
    answer(world, answer=LedgerState.REJECTED, text="It names nobody.")
    assert is_open(world)

    again = dispose(world, disposition="Clause 4 names CNES.")

    assert (again.state, again.answer, again.answered_at) == ("proposed", "", None)
    assert again.answer_due_at == first + DAY


def test_an_accepted_item_closes_with_the_version_that_implements_it(traveller):
    world = provisional()
    dispose(world)
    answer(world)
    assert is_open(world)

    services.name_version(the_item(world), version=world.call.version, by=world.secretariat)

    assert not is_open(world)


@pytest.mark.parametrize(("seconds", "held"), [(-1, True), (0, True), (1, False)])
def test_case_12_a_condition_accepted_by_the_editor_and_not_confirmed_for_30_days(
    client, traveller, seconds, held
):
    world = provisional()
    row = dispose(world, version=world.call.version)
    assert row.answer_due_at == clock.now() + 30 * DAY

    # Nobody does anything, no worker runs: the clock alone decides, when it is read.
    traveller.move_to(row.answer_due_at + seconds * SECOND)

    client.force_login(world.heads[0])
    text = client.get(row.get_absolute_url()).content.decode()
    assert ("CSA to answer by 1 Apr 2026 12:00 UTC" in text) is held
    assert ("deemed accepted since 1 Apr 2026 12:00 UTC" in text) is not held
    assert the_item(world).state == "proposed"
    if held:
        with pytest.raises(ProductError, match="C-1 of CSA is open"):
            releases.release(world.product, reason="Agreed.", by=world.secretariat)
    else:
        releases.release(world.product, reason="Agreed.", by=world.secretariat)


def test_case_12_what_is_deemed_accepted_is_reversible_until_the_release(traveller):
    world = provisional()
    row = dispose(world, version=world.call.version)
    traveller.move_to(row.answer_due_at + SECOND)
    assert not is_open(world)

    answer(world, answer=LedgerState.REJECTED, text="It names nobody.")

    assert is_open(world)
    with pytest.raises(ProductError, match="C-1 of CSA is open: CSA rejected the disposition"):
        releases.release(world.product, reason="Agreed.", by=world.secretariat)


def test_a_released_product_keeps_the_ledger_that_it_had(traveller):
    world = provisional()
    row = dispose(world)
    reason = {"no_open_condition": "The plenary asked for it."}
    releases.release(world.product, reason="Now.", overrides=reason, by=world.secretariat)
    traveller.move_to(row.answer_due_at + SECOND)

    assert ledger_of(world) == [("C-1", "proposed", True)]
    with pytest.raises(ProductError, match="does not change any more"):
        answer(world)


# --- The ways out ------------------------------------------------------------------------------


def test_while_the_call_is_open_an_agency_changes_its_position_instead(traveller):
    world = make_call(codes=["CSA"])
    world.say(0, Stand.OBJECT)

    with pytest.raises(ProductError, match="changes its position there: that settles O-1"):
        services.withdraw_item(the_item(world, "O-1"), reason="Solved.", by=world.heads[0])

    assert is_open(world, "O-1")


def test_a_condition_becomes_a_reservation_that_is_printed_with_the_product(traveller):
    world = provisional()
    decision = world.call.decisions.get()

    row = services.convert_item(
        the_item(world), stand=Stand.RESERVATION, text="For study.", by=world.heads[0]
    )

    assert (row.state, row.converted_to) == ("withdrawn", "reservation")
    assert annex_of(decision) == [
        {
            "agency": "CSA",
            "name": world.agencies[0].name,
            "text": "For study.",
            "given_at": clock.now().isoformat(),
        }
    ]


def test_a_reservation_that_a_later_position_replaced_is_not_printed(traveller):
    world = make_call(codes=["CSA"])
    world.say(0, Stand.OBJECT, "Clause 4.")
    next_call(world)
    services.convert_item(
        the_item(world, "O-1"), stand=Stand.RESERVATION, text="For study.", by=world.heads[0]
    )
    traveller.shift(60)
    world.say(0, Stand.CONCUR)
    decision = decisions.declare(
        world.product, outcome=Outcome.CONSENSUS, statement="Yes.", by=world.secretariat
    )

    assert annex_of(decision) == []


def test_a_conversion_keeps_what_was_answered_before(traveller):
    world = provisional()
    dispose(world)
    answer(world, answer=LedgerState.REJECTED, text="It names nobody.")

    row = services.convert_item(the_item(world), stand=Stand.ABSTAIN, text="", by=world.heads[0])

    assert (row.answer, row.converted_to) == ("It names nobody.", "abstain")


@pytest.mark.parametrize(
    ("stand", "text", "words"),
    [
        (Stand.RESERVATION, " ", "A reservation needs its statement"),
        (Stand.CONCUR, "", "It becomes a reservation or an abstention"),
    ],
)
def test_a_conversion_is_refused(traveller, stand, text, words):
    world = provisional()

    with pytest.raises(ProductError, match=words):
        services.convert_item(the_item(world), stand=stand, text=text, by=world.heads[0])

    assert is_open(world)


def test_what_the_chair_and_the_managers_do_removes_nothing(traveller):
    world = provisional()
    give_chair(world.agencies[1])

    services.mark_considered(the_item(world), text="At length.", by=world.heads[1])
    services.escalate(the_item(world), reason="Who pays?", by=world.heads[1])

    assert ledger_of(world) == [("C-1", "registered", True)]
    told = Letter.objects.filter(kind="ledger.escalated").values_list("recipient", flat=True)
    assert list(told) == [world.heads[0].pk]
    with pytest.raises(PermissionDenied):
        services.mark_considered(the_item(world), text="Again.", by=world.secretariat)
    with pytest.raises(PermissionDenied):
        services.escalate(the_item(world), reason="Again?", by=world.heads[0])


def test_case_11_the_objector_leaves_and_its_objection_lapses_visibly(client, traveller):
    world = make_call(codes=["CSA", "ESA"])
    world.say(0, Stand.OBJECT)

    participation.leave(
        world.product, agency=world.agencies[0], reason="No funds.", by=world.heads[0]
    )

    assert ledger_of(world) == [("O-1", "lapsed", False)]
    client.force_login(world.heads[1])
    page = client.get(the_item(world, "O-1").get_absolute_url())
    assert page.context["sentence"] == "CSA's objection O-1: lapsed: CSA left the product."


def test_where_all_members_are_asked_leaving_the_product_settles_nothing(traveller):
    world = make_call(codes=["CSA", "ESA"], electorate_rule=ElectorateRule.ALL_MEMBERS)
    world.say(0, Stand.OBJECT)

    participation.leave(
        world.product, agency=world.agencies[0], reason="No funds.", by=world.heads[0]
    )

    assert is_open(world, "O-1")


def test_an_agency_that_leaves_isecg_holds_nothing_any_more(traveller):
    world = provisional()
    membership = world.agencies[0].memberships.get()
    membership.end = "2026-03-03"
    membership.save_as(None, "left")
    assert is_open(world)

    traveller.shift(DAY)

    assert ledger_of(world) == [("C-1", "lapsed", False)]


def test_what_is_read_beside_a_row_is_what_the_rows_say(traveller):
    world = provisional()
    dispose(world, version=world.call.version)
    at = clock.now()

    row = Product.objects.annotate(found=ledger_reading.beside("pk", at=at)).get(
        pk=world.product.pk
    )

    rows = ledger_reading.rows(at=at).select_related("product")
    assert ledger_reading.items(row.found) == tuple(map(ledger_reading.item_of, rows))


# --- The clock in letters ----------------------------------------------------------------------


@pytest.mark.parametrize(
    ("left", "subjects"),
    [
        (timedelta(days=7, seconds=1), []),
        (timedelta(days=7), ["7 days left to answer"]),
        # After an outage the last one alone.
        (timedelta(hours=3), ["1 day left to answer"]),
        (timedelta(0), ["1 day left to answer"]),
    ],
)
def test_the_agency_is_reminded_while_its_clock_runs(traveller, left, subjects):
    world = provisional()
    row = dispose(world)
    traveller.move_to(row.answer_due_at - left)

    found = list(ledger_notices.plan(clock.now()))

    assert [notice.subject.partition(": ")[2] for notice in found] == subjects
    assert {notice.recipient for notice in found} <= {world.heads[0]}


def test_both_sides_learn_once_what_is_deemed_accepted(traveller):
    world = provisional()
    row = dispose(world)
    traveller.move_to(row.answer_due_at + SECOND)

    outbox.enqueue(ledger_notices.plan(clock.now()))

    letters = Letter.objects.filter(kind="ledger.deemed")
    assert set(letters.values_list("recipient", flat=True)) == {
        world.heads[0].pk,
        world.secretariat.pk,
    }
    assert list(ledger_notices.plan(clock.now())) == []
    assert {registry.reason_to_drop(letter) for letter in letters} == {None}


def test_a_reminder_is_dropped_once_it_is_over(traveller):
    world = provisional()
    row = dispose(world)
    traveller.move_to(row.answer_due_at - DAY)
    outbox.enqueue(ledger_notices.plan(clock.now()))
    letter = Letter.objects.get(kind="ledger.reminder")
    assert registry.reason_to_drop(letter) is None

    answer(world)

    assert registry.reason_to_drop(letter).startswith("CSA's condition C-1: accepted by CSA")
