"""The silence procedure and the unanimous mode, with who comes and goes (rules 23 and 32)."""

from datetime import UTC, datetime, timedelta

import pytest
import time_machine
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from isecg import clock
from isecg.events.models import Event
from isecg.mail.models import Letter
from products.call_reading import read_call
from products.consensus import End, Mode, Outcome, Stand
from products.models import Decision, PositionEntry
from products.models.interventions import InterventionKind
from products.models.products import Degree
from products.services import call_notices, calls, decisions, interventions, participation
from products.services.errors import ProductError
from products.workflow import State
from products.your_turn import your_turn
from tests.factories import AgencyFactory, MandateFactory
from tests.products.world import give_chair, make_call
from workgroups.permissions import Standing

pytestmark = pytest.mark.django_db

NOON = datetime(2026, 3, 2, 12, tzinfo=UTC)
SECOND, HOUR = timedelta(seconds=1), timedelta(hours=1)
DEADLINE = NOON + timedelta(days=10)
BREAKING = ["object", "condition", "more_time", "propose_amendment"]


@pytest.fixture(autouse=True)
def traveller():
    with time_machine.travel(NOON, tick=False) as moved:
        yield moved


def deliver(world):
    """Let the letters of the opening go, as a worker does at once."""
    letters = Letter.objects.filter(kind="call.opened", state="queued")
    letters.update(state="sent", sent_at=clock.now())


def make_silence(*codes, mode=Mode.SILENCE, **given):
    world = make_call(codes=codes or ["ASI", "CNES", "ESA"], mode=mode, **given)
    deliver(world)
    return world


def read(world):
    return read_call(world.call, at=clock.now())


def act(world, what, at=0, text="Clause 4 promises funds."):
    """Have an agency do what breaks a silence."""
    if what in Stand.values:
        world.say(at, Stand(what), text)
    else:
        interventions.intervene(
            world.call,
            agency=world.agencies[at],
            kind=InterventionKind(what),
            text=text,
            by=world.heads[at],
        )


def declare(world, outcome=Outcome.CONSENSUS):
    return decisions.declare(
        world.product, outcome=outcome, statement="So be it.", by=world.secretariat
    )


def kinds(response):
    return {row.elector.code: (row.kind, row.label) for row in response.context["rows"]}


def words(response):
    """Return the text of a page with its white space made even."""
    return " ".join(response.content.decode().split())


def page(client, world, reader=None):
    """Return the page of the call, as somebody sees it who has just signed in."""
    client.force_login(reader or world.secretariat)
    response = client.get(world.call.get_absolute_url())
    assert response.status_code == 200
    return response


# --- Breaking it ---------------------------------------------------------------------------------


@pytest.mark.parametrize("what", BREAKING)
def test_silence_is_broken_at_once_and_everybody_is_told(traveller, what):
    world = make_silence()
    chair = give_chair(AgencyFactory(code="CNSA")).agency
    speaker = MandateFactory(agency=chair).person
    bystander = MandateFactory().person
    traveller.move_to(NOON + HOUR)

    act(world, what)

    reading = read(world)
    assert (reading.ended_at, reading.tally.ended_by) == (NOON + HOUR, End.BREAK)
    assert (reading.tally.broken_by, reading.outcome) == (("ASI",), Outcome.SILENCE_BROKEN)
    letters = Letter.objects.filter(kind="call.silence_broken")
    told = set(letters.values_list("recipient", flat=True))
    assert told == {one.pk for one in [*world.heads, speaker, world.secretariat]}
    assert bystander.pk not in told
    letter = letters.first()
    assert "is broken by ASI" in letter.text
    assert "Nothing is adopted." in letter.text
    assert "Clause 4 promises funds." in letter.text
    event = Event.objects.get(event="call.silence_broken")
    assert (event.user, event.payload["on_behalf_of"]) == (world.heads[0], "ASI")
    # What breaks the silence counts: it is not late.
    assert not Event.objects.filter(event="position.late").exists()
    assert reading.tally.late == ()


@pytest.mark.parametrize("what", ["concur", "reservation", "abstain"])
def test_what_does_not_break_a_silence(what):
    world = make_silence()

    act(world, what)

    assert read(world).takes_positions
    assert not Letter.objects.filter(kind="call.silence_broken").exists()


def test_a_concern_does_not_break_a_silence():
    other = MandateFactory(agency__code="KARI")
    world = make_silence()

    interventions.intervene(
        world.call,
        agency=other.agency,
        kind=InterventionKind.CONCERN,
        text="It binds us.",
        by=other.person,
    )

    assert read(world).takes_positions
    assert not Letter.objects.filter(kind="call.silence_broken").exists()


@pytest.mark.parametrize("what", BREAKING)
@pytest.mark.parametrize("mode", [Mode.EXPLICIT, Mode.UNANIMOUS])
def test_no_other_mode_is_broken(mode, what):
    world = make_silence(mode=mode)

    act(world, what)

    assert read(world).takes_positions
    assert not Letter.objects.filter(kind="call.silence_broken").exists()


@pytest.mark.parametrize("what", BREAKING)
@pytest.mark.parametrize(("late", "breaks"), [(timedelta(), True), (SECOND, False)])
def test_silence_is_broken_until_the_deadline_that_instant_included(traveller, what, late, breaks):
    world = make_silence()
    traveller.move_to(DEADLINE + late)

    if not breaks and what not in Stand.values:
        with pytest.raises(ProductError, match="The deadline of the call passed"):
            act(world, what)
    else:
        act(world, what)

    traveller.move_to(DEADLINE + HOUR)
    expected = Outcome.SILENCE_BROKEN if breaks else Outcome.CONSENSUS
    assert read(world).outcome == expected
    assert Letter.objects.filter(kind="call.silence_broken").exists() == breaks


def test_an_objection_that_is_taken_back_has_broken_the_silence_all_the_same(traveller):
    world = make_silence()
    act(world, "object")
    traveller.move_to(NOON + HOUR)

    world.say(0, Stand.CONCUR)

    reading = read(world)
    assert (reading.outcome, reading.tally.late) == (Outcome.SILENCE_BROKEN, ("ASI",))
    assert reading.tally.stands == {"ASI": Stand.OBJECT}


def test_what_is_said_after_a_break_is_kept_and_marked_late(client, traveller):
    world = make_silence()
    act(world, "more_time")
    traveller.move_to(NOON + HOUR)
    client.force_login(world.heads[1])
    key = world.agencies[1].key
    url = reverse("call_position", args=[world.call.pk, key])

    response = client.post(url, {f"{key}-stand": "object", f"{key}-text": "We too."}, follow=True)

    assert PositionEntry.objects.get().text == "We too."
    assert Event.objects.get(event="position.late")
    text = response.content.decode()
    assert "is kept, marked late; it does not count" in text
    assert "Late, not counted" in text
    # It is broken once: nobody is told again.
    assert Letter.objects.filter(kind="call.silence_broken").count() == 4
    assert read(world).tally.broken_by == ("ASI",)


def test_nothing_is_said_beside_after_a_break(client, traveller):
    world = make_silence()
    act(world, "object")
    traveller.move_to(NOON + HOUR)

    with pytest.raises(ProductError, match="The silence was broken by ASI: the call has ended"):
        act(world, "more_time", at=1)
    with pytest.raises(ProductError, match=r"^The silence was broken by ASI: .* never after\.$"):
        calls.extend_call(world.call, deadline=DEADLINE + HOUR, reason="Why.", by=world.secretariat)


@pytest.mark.parametrize("count", [3, 30])
def test_breaking_a_silence_costs_the_same_however_many_are_told(client, count):
    """It is a sign-off, which has 25 queries, and tells everybody beside."""
    world = make_call(count, mode=Mode.SILENCE)
    give_chair(world.agencies[2])
    client.force_login(world.heads[0])
    key = world.agencies[0].key
    url = reverse("call_position", args=[world.call.pk, key])

    with CaptureQueriesContext(connection) as context:
        response = client.post(url, {f"{key}-stand": "object", f"{key}-text": "Clause 4."})

    assert response.status_code == 302
    assert Letter.objects.filter(kind="call.silence_broken").count() == count + 1
    assert len(context) <= 33, [query["sql"][:90] for query in context]


def test_a_broken_silence_is_shown_and_declared_as_it_is(client, traveller):
    world = make_silence()
    traveller.move_to(NOON + HOUR)
    act(world, "condition")

    response = page(client, world)
    text = words(response)
    product = words(client.get(world.product.get_absolute_url()))

    for shown in (text, product):
        assert "Silence broken</span> by <strong>ASI</strong>," in shown
        assert "Nothing is adopted." in shown
        assert "2 Mar 2026 13:00" in shown
    assert kinds(response) == {
        "ASI": ("condition", "Concur subject to conditions"),
        "CNES": ("none", "No response"),
        "ESA": ("none", "No response"),
    }
    assert "Provisional" not in text
    url = reverse("declare", args=[world.call.pk])
    choices = client.get(url).context["form"].fields["outcome"].choices
    assert [value for value, _ in choices] == ["silence_broken"]
    for outcome in (Outcome.CONSENSUS, Outcome.DISSENT):
        with pytest.raises(ProductError, match=r"“Silence broken”: .* is declared as it is"):
            declare(world, outcome)

    done = client.post(url, {"outcome": "silence_broken", "statement": "Not now."}, follow=True)

    record = words(done)
    assert "The silence was broken by: ASI." in record
    assert "goes back to drafting." in record
    world.product.refresh_from_db()
    assert world.product.state == State.DRAFTING
    kept = Decision.objects.get().record
    assert (kept["broken_by"], kept["closed_at"]) == (["ASI"], "2026-03-02T13:00:00+00:00")
    assert (kept["tacit"], kept["no_response"]) == ([], ["CNES", "ESA"])


# --- While it runs, and after --------------------------------------------------------------------


def test_a_silence_that_runs_is_provisional_and_nobody_has_agreed(client):
    world = make_silence()
    world.say(0, Stand.CONCUR)

    response = page(client, world)

    text = words(response)
    assert kinds(response) == {
        "ASI": ("concur", "Concur"),
        "CNES": ("silent", "Silent so far"),
        "ESA": ("silent", "Silent so far"),
    }
    assert "Provisional</span> If nobody breaks the silence until" in text
    assert "who is silent has not agreed" in text
    assert "Tacit consent" not in text
    assert [(one.number, one.of, one.words) for one in response.context["figures"]] == [
        (1, 3, "answered (33.3 %)"),
        (2, 3, "silent so far"),
    ]
    assert "Who says nothing until the deadline consents tacitly" in text
    assert "must answer" not in text
    assert "72 hours, as it was in force" in text
    assert response.context["may_be_declared"] is False
    product = client.get(world.product.get_absolute_url())
    cells = {row["header"]: row["cells"][0]["label"] for row in product.context["matrix"]}
    assert cells == {"ASI": "Concur", "CNES": "Silent so far", "ESA": "Silent so far"}


def test_tacit_consent_is_shown_apart_until_and_after_it_is_declared(client, traveller):
    world = make_silence()
    world.say(0, Stand.CONCUR)
    world.say(1, Stand.RESERVATION, "For study.")
    traveller.move_to(DEADLINE + SECOND)

    response = page(client, world)

    text = response.content.decode()
    assert kinds(response)["ESA"] == ("tacit", "Tacit consent")
    assert "Provisional until declared" in text
    assert "and tacit consent of ESA." in text
    figures = [
        (2, "answered (66.7 %)"),
        (2, "consent explicitly"),
        (1, "consent tacitly, by silence"),
        (0, "no response"),
    ]
    assert [(one.number, one.words) for one in response.context["figures"]] == figures
    product = client.get(world.product.get_absolute_url())
    cells = {row["header"]: row["cells"][0]["kind"] for row in product.context["matrix"]}
    assert cells == {"ASI": "concur", "CNES": "reservation", "ESA": "tacit"}

    decision = declare(world, Outcome.WITH_RESERVATIONS)

    assert decision.record["tacit"] == ["ESA"]
    assert decision.record["positions"]["concur"] == ["ASI"]
    assert "Tacit consent" in words(client.get(decision.get_absolute_url()))
    assert kinds(page(client, world))["ESA"] == ("tacit", "Tacit consent")


def test_a_returned_silence_is_consent_of_nobody(client, traveller):
    world = make_silence()
    traveller.move_to(DEADLINE + SECOND)
    calls.return_to_drafting(world.product, reason="Wrong.", by=world.secretariat)

    assert set(kinds(page(client, world)).values()) == {("none", "No response")}


def test_a_silence_that_did_not_reach_a_seat_is_not_valid_until_waived(client, traveller):
    world = make_silence()
    Letter.objects.filter(kind="call.opened", recipient=world.heads[2]).update(
        state="failed", sent_at=None, last_error="No such box."
    )
    running = page(client, world).content.decode()
    assert "The notice has not reached ESA" in running
    assert "is served again or waived" in running
    traveller.move_to(DEADLINE + SECOND)

    response = page(client, world)
    assert kinds(response)["ESA"] == ("none", "No response")
    assert "Silence not valid: the notice did not reach ESA." in response.content.decode()
    with pytest.raises(ProductError, match=r"“Silence not valid”: .* is declared as it is"):
        declare(world)

    call_notices.waive_notice(
        world.call, agency=world.agencies[2], reason="By telephone.", by=world.secretariat
    )
    shown = page(client, world)
    assert kinds(shown)["ESA"] == ("tacit", "Tacit consent")
    assert "its notice was waived: By telephone." in shown.content.decode()
    decision = declare(world)
    assert decision.record["waived"] == [
        {
            "agency": "ESA",
            "by": f"user:{world.secretariat.pk}",
            "reason": "By telephone.",
        }
    ]
    record = words(client.get(decision.get_absolute_url()))
    assert "ESA: its silence counts though the notice did not reach it, waived by" in record
    assert "By telephone." in record


def test_an_elector_that_answered_needs_no_notice(traveller):
    world = make_silence()
    Letter.objects.filter(kind="call.opened", recipient=world.heads[0]).update(
        state="queued", sent_at=None
    )
    world.say(0, Stand.CONCUR)
    traveller.move_to(DEADLINE + SECOND)

    assert read(world).outcome == Outcome.CONSENSUS


def test_a_silence_is_never_closed_early_though_all_have_answered(client):
    world = make_silence("ASI", "ESA")
    world.say(0, Stand.CONCUR)
    world.say(1, Stand.CONCUR)

    with pytest.raises(ProductError, match=r"runs until 12 Mar 2026 12:00 UTC, whoever has"):
        declare(world)

    assert page(client, world).context["may_be_declared"] is False


@pytest.mark.parametrize("count", [3, 50])
def test_the_page_of_a_silence_keeps_its_budget(client, count):
    world = make_call(count, mode=Mode.SILENCE)
    give_chair(world.agencies[0])

    for reader in (world.heads[0], world.secretariat):
        client.force_login(reader)
        with CaptureQueriesContext(connection) as context:
            response = client.get(world.call.get_absolute_url())
        assert len(context) <= 10
        assert len(response.content) < 100_000


def test_your_turn_tells_what_silence_will_mean():
    world = make_silence("ASI", "ESA")
    world.say(0, Stand.CONCUR)

    def turns(person):
        return [(turn.badge, turn.label, turn.sentence) for turn in your_turn(Standing.of(person))]

    assert turns(world.heads[0]) == []
    sentence = "ESA is silent so far: at the deadline that is tacit consent."
    assert turns(world.heads[1]) == [("silent", "Silent so far", sentence)]


def test_nothing_is_still_needed_of_who_is_silent(client):
    world = make_silence("ASI", "ESA")

    sentences = [one.sentence for one in page(client, world).context["findings"]]

    assert sentences == [
        "The silence procedure runs until 12 Mar 2026 12:00 UTC, whoever has answered."
    ]


# --- Cases 5 and 9 -------------------------------------------------------------------------------


def submit(client, world, text="# Another text\n\nClause 4 is new."):
    """Write a substantive version by the form of its page."""
    client.force_login(world.secretariat)
    url = reverse("version_new", args=[world.product.code])
    given = {
        "text": text,
        "note": "Clause 4.",
        "change_class": "substantive",
        "expected_latest": world.product.versions.count(),
        "act": "submit",
    }
    form = client.get(url).context["form"]
    return client.post(url, {name: form[name].value() or "" for name in form.fields} | given)


def test_case_5_a_substantive_version_overtakes_a_silence(client, traveller):
    world = make_silence()
    world.say(0, Stand.CONCUR)
    traveller.move_to(NOON + HOUR)

    response = submit(client, world)

    assert response.status_code == 302
    traveller.move_to(DEADLINE + SECOND)
    world.call.refresh_from_db()
    world.product.refresh_from_db()
    reading = read(world)
    assert (reading.outcome, reading.tally.ended_by) == (Outcome.OVERTAKEN, End.VERSION)
    assert (world.call.state, world.product.state) == ("overtaken", State.DRAFTING)
    assert reading.tally.tacit == []
    shown = page(client, world)
    assert kinds(shown)["ESA"] == ("none", "No response")
    assert "Tacit consent" not in shown.content.decode()
    assert not Decision.objects.exists()


@pytest.mark.parametrize("mode", Mode)
def test_case_9_all_abstain(client, traveller, mode):
    world = make_silence(mode=mode)
    for at in range(3):
        world.say(at, Stand.ABSTAIN)
    traveller.move_to(DEADLINE + SECOND)

    response = page(client, world)

    assert response.context["reading"].outcome == Outcome.INSUFFICIENT_SUPPORT
    assert "Insufficient support" in response.content.decode()
    decision = declare(world, Outcome.INSUFFICIENT_SUPPORT)
    assert (decision.outcome, decision.record["responded"]) == ("insufficient_support", 3)


# --- Unanimity -----------------------------------------------------------------------------------


def test_unanimity_needs_everybody_and_says_so(client, traveller):
    world = make_silence(mode=Mode.UNANIMOUS)
    world.say(0, Stand.CONCUR)
    world.say(1, Stand.RESERVATION)
    world.say(2, Stand.ABSTAIN)

    response = page(client, world)

    text = response.content.decode()
    assert "Every agency of the electorate must concur." in text
    assert "everybody must concur: 3 of 3" in text
    assert [(one.number, one.of, one.words) for one in response.context["figures"]] == [
        (3, 3, "answered (100.0 %); 2 needed"),
        (2, 3, "concur in some way; everybody must concur"),
    ]
    assert response.context["reading"].outcome == Outcome.INSUFFICIENT_SUPPORT
    world.say(2, Stand.CONCUR)
    decision = declare(world, Outcome.WITH_RESERVATIONS)
    assert "all 3" in words(client.get(decision.get_absolute_url()))


@pytest.mark.parametrize("mode", [Mode.EXPLICIT, Mode.UNANIMOUS])
def test_no_response_is_not_agreement(client, traveller, mode):
    world = make_silence(mode=mode)
    world.say(0, Stand.CONCUR)
    world.say(1, Stand.CONCUR)
    traveller.move_to(DEADLINE + SECOND)

    response = page(client, world)

    assert kinds(response)["ESA"] == ("none", "No response")
    assert read(world).outcome == (
        Outcome.CONSENSUS if mode == Mode.EXPLICIT else Outcome.INSUFFICIENT_SUPPORT
    )


# --- Who comes and goes (rule 32) ----------------------------------------------------------------


def leave(world, at):
    participation.leave(world.product, agency=world.agencies[at], reason="Why.", by=world.heads[at])


@pytest.mark.parametrize("mode", Mode)
def test_who_joins_counts_from_the_next_call(client, traveller, mode):
    newcomer = MandateFactory(agency__code="KARI")
    world = make_silence(mode=mode)
    participation.join(
        world.product,
        agency=newcomer.agency,
        degree=Degree.CONTRIBUTING,
        reason="Why.",
        by=newcomer.person,
    )

    with pytest.raises(ProductError, match="KARI is not in the electorate of this call"):
        calls.record_position(
            world.call, agency=newcomer.agency, stand=Stand.OBJECT, text="No.", by=newcomer.person
        )
    with pytest.raises(ProductError, match="a member agency outside it may file a concern"):
        interventions.intervene(
            world.call,
            agency=newcomer.agency,
            kind=InterventionKind.MORE_TIME,
            text="Wait.",
            by=newcomer.person,
        )
    for at in range(3):
        world.say(at, Stand.CONCUR)
    traveller.move_to(DEADLINE + SECOND)
    reading = read(world)
    assert reading.tally.electorate == ("ASI", "CNES", "ESA")
    assert reading.outcome == Outcome.CONSENSUS


@pytest.mark.parametrize(
    ("mode", "outcome"),
    [
        (Mode.SILENCE, Outcome.CONSENSUS),
        (Mode.UNANIMOUS, Outcome.CONSENSUS),
        (Mode.EXPLICIT, Outcome.CONSENSUS),
    ],
)
def test_who_leaves_is_not_counted_and_the_electorate_shrinks(client, traveller, mode, outcome):
    world = make_silence(mode=mode)
    world.say(0, Stand.CONCUR)
    world.say(1, Stand.CONCUR)
    leave(world, 2)
    traveller.move_to(DEADLINE + SECOND)

    reading = read(world)

    assert (reading.tally.electorate, reading.outcome) == (("ASI", "CNES"), outcome)
    response = page(client, world)
    assert kinds(response)["ESA"] == ("neutral", "Left the product")
    assert declare(world).record["left"] == ["ESA"]


def test_an_unreached_seat_that_leaves_does_not_make_a_silence_invalid(traveller):
    world = make_silence()
    Letter.objects.filter(kind="call.opened", recipient=world.heads[2]).update(
        state="queued", sent_at=None
    )
    leave(world, 2)
    traveller.move_to(DEADLINE + SECOND)

    assert read(world).outcome == Outcome.CONSENSUS
    assert read(world).tally.tacit == ["ASI", "CNES"]


@pytest.mark.parametrize("what", BREAKING)
def test_who_broke_a_silence_and_leaves_does_not_mend_it(traveller, what):
    world = make_silence()
    act(world, what)
    traveller.move_to(NOON + HOUR)
    leave(world, 0)
    traveller.move_to(DEADLINE + SECOND)

    reading = read(world)

    assert (reading.outcome, reading.tally.broken_by) == (Outcome.SILENCE_BROKEN, ("ASI",))
    # What was given in time stays: who leaves after the end leaves no call.
    assert reading.tally.electorate == ("ASI", "CNES", "ESA")
    assert reading.tally.lapsed == ()
    assert world.call.electors.get(code="ASI").left_at is None


def test_the_objection_of_who_leaves_lapses_under_unanimity(traveller):
    world = make_silence(mode=Mode.UNANIMOUS)
    world.say(0, Stand.OBJECT)
    world.say(1, Stand.CONCUR)
    world.say(2, Stand.CONCUR)
    leave(world, 0)
    traveller.move_to(DEADLINE + SECOND)

    reading = read(world)

    assert (reading.outcome, reading.tally.lapsed) == (Outcome.CONSENSUS, ("ASI",))


def test_who_asked_for_more_time_and_leaves_waits_for_no_answer():
    world = make_silence(mode=Mode.EXPLICIT)
    act(world, "more_time")
    assert read(world).asks_time == {"ASI": NOON}

    leave(world, 0)

    assert read(world).asks_time == {}


@pytest.mark.parametrize("mode", Mode)
def test_the_last_to_leave_takes_the_product_back(mode):
    world = make_silence("ASI", mode=mode)

    leave(world, 0)

    world.call.refresh_from_db()
    world.product.refresh_from_db()
    assert (world.call.state, world.product.state) == ("returned", State.DRAFTING)
