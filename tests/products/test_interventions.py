"""What is said beside the positions, and its answers (rules 18, 20 and 23)."""

from datetime import UTC, datetime, timedelta

import pytest
import time_machine
from django.core.exceptions import PermissionDenied
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from isecg import clock
from isecg.events.models import Event
from isecg.mail.models import Letter
from products.call_reading import read_call
from products.consensus import Mode, Outcome, Stand
from products.models import Intervention, ProductEditor
from products.models.calls import CallState
from products.models.interventions import InterventionKind
from products.services import calls, decisions, participation
from products.services import interventions as services
from products.services.errors import ProductError
from products.workflow import State
from products.your_turn import your_turn
from tests.factories import AgencyFactory, GroupRoleFactory, MandateFactory, UserFactory
from tests.products.world import give_chair, make_call
from workgroups.permissions import Standing
from workgroups.roles import Capacity, GroupDuty

pytestmark = pytest.mark.django_db

NOON = datetime(2026, 3, 2, 12, tzinfo=UTC)
SECOND = timedelta(seconds=1)
MORE_TIME, AMENDMENT, CONCERN = InterventionKind


@pytest.fixture(autouse=True)
def traveller():
    with time_machine.travel(NOON, tick=False) as moved:
        yield moved


def outsider(code="KARI"):
    """Return a member agency that takes no part, and its head."""
    mandate = MandateFactory(agency=AgencyFactory(code=code))
    return mandate.agency, mandate.person


def intervene(world, kind=MORE_TIME, text="Our director is away.", *, at=0, by=None, **given):
    return services.intervene(
        world.call,
        **{"agency": world.agencies[at], "kind": kind, "text": text} | given,
        by=by or world.heads[at],
    )


def told(kind="call.intervention"):
    return set(Letter.objects.filter(kind=kind).values_list("recipient", flat=True))


def keys(*people):
    return {person.pk for person in people}


def turns(person):
    return [
        (turn.badge, turn.sentence)
        for turn in your_turn(Standing.of(person))
        if turn.badge in InterventionKind.values
    ]


# --- Saying it -----------------------------------------------------------------------------------


def test_a_request_for_more_time_goes_to_chair_and_secretariat():
    world = make_call(codes=["ASI", "ESA"])
    chair = give_chair(AgencyFactory(code="CNSA")).agency
    speaker = MandateFactory(agency=chair).person
    MandateFactory(agency=chair, capacity=Capacity.STAFF)

    row = intervene(world)

    assert told() == keys(speaker, world.secretariat)
    letter = Letter.objects.get(recipient=speaker, kind="call.intervention")
    assert letter.subject == f"[{world.product}] ASI asks for more time"
    assert "Our director is away." in letter.text
    assert (row.code, row.kind, row.given_at, row.given_by, row.on_behalf) == (
        "ASI",
        "more_time",
        NOON,
        world.heads[0],
        False,
    )
    event = Event.objects.get(event="call.more_time")
    assert (event.user, event.payload["on_behalf_of"]) == (world.heads[0], "ASI")
    assert event.payload["after"]["text"] == "Our director is away."
    assert row.history.get().history_change_reason == "Request for more time in the call"


def test_a_proposed_amendment_goes_to_the_whole_electorate():
    world = make_call(codes=["ASI", "ESA", "JAXA"])
    outsider()

    intervene(world, AMENDMENT, "Strike clause 4.")

    assert told() == keys(world.heads[1], world.heads[2], world.secretariat)


def test_a_concern_goes_to_those_who_may_answer_it():
    world = make_call(codes=["ASI", "ESA"])
    agency, head = outsider()
    editor = UserFactory()
    ProductEditor(product=world.product, person=editor).save_as(None, "test")

    row = intervene(world, CONCERN, "It binds us too.", agency=agency, by=head)

    assert told() == keys(editor, world.secretariat)
    assert (row.code, row.agency) == ("KARI", agency)


def test_nothing_said_beside_is_a_position():
    world = make_call(codes=["ASI", "ESA"])
    intervene(world)
    intervene(world, AMENDMENT, at=1)

    reading = read_call(world.call, at=clock.now())

    assert (reading.tally.stands, reading.takes_positions) == ({}, True)
    assert reading.outcome == Outcome.NO_QUORUM


def test_the_secretariat_enters_it_on_behalf_with_its_source(client):
    world = make_call(codes=["ASI"])

    row = intervene(world, by=world.secretariat, source="teleconference 12 Mar 2026")

    assert (row.on_behalf, row.source) == (True, "teleconference 12 Mar 2026")
    client.force_login(world.heads[0])
    text = client.get(world.call.get_absolute_url()).content.decode()
    assert "entered by Sam Secretariat for ASI, source: teleconference 12 Mar 2026" in text


@pytest.mark.parametrize("source", ["", "a letter"])
def test_who_has_no_voice_says_nothing_for_an_agency(source):
    world = make_call(codes=["ASI", "ESA"])
    staff = MandateFactory(agency=world.agencies[0], capacity=Capacity.STAFF).person
    superuser = UserFactory(is_superuser=True, is_staff=True)

    for by in (staff, world.heads[1], superuser):
        with pytest.raises(PermissionDenied, match="Only the "):
            intervene(world, by=by, source=source)

    assert not Intervention.objects.exists()


def test_the_secretariat_without_a_source_says_nothing():
    world = make_call(codes=["ASI"])

    with pytest.raises(PermissionDenied, match="you hold no mandate of ASI"):
        intervene(world, by=world.secretariat)


@pytest.mark.parametrize("kind", [MORE_TIME, AMENDMENT])
def test_who_is_outside_the_electorate_is_led_to_a_concern(kind):
    world = make_call(codes=["ASI"])
    agency, head = outsider()

    with pytest.raises(
        ProductError,
        match=r"^KARI is not in the electorate of this call: .* may file a concern\.$",
    ):
        intervene(world, kind, agency=agency, by=head)


def test_an_elector_files_no_concern():
    world = make_call(codes=["ASI"])

    with pytest.raises(ProductError, match="ASI is in the electorate: it takes a position, asks"):
        intervene(world, CONCERN)


def test_who_is_no_member_files_no_concern():
    world = make_call(codes=["ASI"])
    former = AgencyFactory(code="NSAU", member=False)

    with pytest.raises(ProductError, match="NSAU is no member agency today"):
        intervene(world, CONCERN, agency=former, by=world.secretariat, source="a letter")


def test_who_left_the_product_may_file_a_concern_alone():
    world = make_call(codes=["ASI", "ESA"])
    participation.leave(world.product, agency=world.agencies[0], reason="Why.", by=world.heads[0])

    with pytest.raises(ProductError, match="ASI is not in the electorate of this call any more"):
        intervene(world)

    assert intervene(world, CONCERN, "Clause 4.").kind == CONCERN


@pytest.mark.parametrize("text", ["", "  \n"])
def test_what_is_empty_is_refused(text):
    world = make_call(codes=["ASI"])

    with pytest.raises(ProductError, match=r"^Say what it is about\.$"):
        intervene(world, text=text)


def test_what_was_said_already_is_refused():
    world = make_call(codes=["ASI", "ESA"])
    intervene(world, AMENDMENT, "Strike clause 4.")
    intervene(world)

    with pytest.raises(ProductError, match="ASI has said this already, in the same words"):
        intervene(world, AMENDMENT, "Strike clause 4.")
    with pytest.raises(ProductError, match="ASI has asked for more time: the request waits"):
        intervene(world, text="Another reason.")

    intervene(world, AMENDMENT, "Strike clause 5.")
    intervene(world, AMENDMENT, "Strike clause 4.", at=1)
    assert Intervention.objects.count() == 4


@pytest.mark.parametrize("late", [timedelta(), SECOND])
def test_nothing_is_said_beside_after_the_deadline(traveller, late):
    world = make_call(codes=["ASI"])
    agency, head = outsider()
    traveller.move_to(world.call.deadline + late)

    if late:
        with pytest.raises(ProductError, match="The deadline of the call passed on 12 Mar 2026"):
            intervene(world)
        with pytest.raises(ProductError, match="The deadline of the call passed on 12 Mar 2026"):
            intervene(world, CONCERN, agency=agency, by=head)
    else:
        intervene(world)
        intervene(world, CONCERN, agency=agency, by=head)

    assert Intervention.objects.count() == (0 if late else 2)


@pytest.mark.parametrize(
    ("end", "words"),
    [
        (calls.recall_call, "it was opened in error"),
        (calls.return_to_drafting, "it was returned"),
    ],
)
def test_nothing_is_said_beside_or_answered_once_the_call_is_over(end, words):
    world = make_call(codes=["ASI"])
    row = intervene(world)
    end(world.product, reason="Why.", by=world.secretariat)

    with pytest.raises(ProductError, match=words):
        intervene(world, AMENDMENT)
    with pytest.raises(ProductError, match=words):
        services.answer_intervention(row, answer="Yes.", by=world.secretariat)


# --- Answering -----------------------------------------------------------------------------------


def answer(row, by, text="We shall see to it."):
    services.answer_intervention(row, answer=text, by=by)


def test_answer_is_kept_and_the_agency_is_told():
    world = make_call(codes=["ASI", "ESA"])
    row = intervene(world, AMENDMENT, "Strike clause 4.")
    staff = MandateFactory(agency=world.agencies[0], capacity=Capacity.STAFF).person

    answer(row, world.secretariat)

    row.refresh_from_db()
    assert (row.answer, row.answered_at, row.answered_by) == (
        "We shall see to it.",
        NOON,
        world.secretariat,
    )
    assert told("call.answered") == keys(world.heads[0], staff)
    assert Event.objects.get(event="call.answered").payload["on_behalf_of"] == "ASI"


def test_answers_are_given_by_those_who_write_and_those_who_lead():
    world = make_call(codes=["ASI", "ESA"])
    give_chair(world.agencies[1])
    editor, group = UserFactory(), world.product.group
    ProductEditor(product=world.product, person=editor).save_as(None, "test")
    co_chair = GroupRoleFactory(group=group, duty=GroupDuty.CO_CHAIR).person
    elsewhere = GroupRoleFactory(duty=GroupDuty.CO_CHAIR).person
    rows = [intervene(world, AMENDMENT, f"Strike clause {at}.") for at in range(4)]

    for by in (world.heads[0], elsewhere, UserFactory(is_superuser=True)):
        with pytest.raises(PermissionDenied, match="answer what was said beside the positions"):
            answer(rows[0], by)
    for row, by in zip(rows, (editor, co_chair, world.heads[1], world.secretariat), strict=True):
        answer(row, by)

    assert not Intervention.objects.filter(answered_at=None).exists()


def test_answer_is_given_once_and_says_something():
    world = make_call(codes=["ASI"])
    row = intervene(world)

    with pytest.raises(ProductError, match=r"^The answer is empty\.$"):
        answer(row, world.secretariat, "  ")
    answer(row, world.secretariat)
    with pytest.raises(ProductError, match="Sam Secretariat has answered this already"):
        answer(row, world.secretariat, "Otherwise.")

    row.refresh_from_db()
    assert row.answer == "We shall see to it."


def test_an_extension_answers_the_requests_that_wait():
    world = make_call(codes=["ASI", "ESA", "JAXA"])
    first, second = intervene(world), intervene(world, at=1)
    answer(first, world.secretariat, "Let us see.")
    amendment = intervene(world, AMENDMENT, at=2)

    calls.extend_call(
        world.call,
        deadline=NOON + timedelta(days=20),
        reason="ESA asked.",
        by=world.secretariat,
    )

    for row in (first, second, amendment):
        row.refresh_from_db()
    assert [row.answer for row in (first, second, amendment)] == [
        "Let us see.",
        "The deadline has moved to 22 Mar 2026 12:00 UTC.",
        "",
    ]
    # Of the extension all electors are told: no second letter says the same.
    assert told("call.answered") == keys(world.heads[0])
    assert world.heads[1].pk in told("call.extended")


# --- Whose turn it is ----------------------------------------------------------------------------


def test_a_request_for_more_time_is_the_turn_of_chair_and_secretariat(traveller):
    world = make_call(codes=["ASI", "ESA"])
    give_chair(world.agencies[1])
    row = intervene(world)
    asked = [("more_time", "ASI asks for more time: extend the call, or answer.")]

    assert turns(world.secretariat) == turns(world.heads[1]) == asked
    assert turns(world.heads[0]) == []

    answer(row, world.heads[1])
    assert turns(world.secretariat) == []
    intervene(world, text="Still away.")
    assert turns(world.secretariat) == asked
    traveller.move_to(world.call.deadline + SECOND)
    assert turns(world.secretariat) == []


def test_a_concern_is_the_turn_of_who_may_answer_it(traveller):
    world = make_call(codes=["ASI", "ESA"])
    agency, head = outsider()
    editor = MandateFactory(agency=agency, capacity=Capacity.STAFF).person
    ProductEditor(product=world.product, person=editor).save_as(None, "test")
    intervene(world, CONCERN, "It binds us too.", agency=agency, by=head)

    for moment in (NOON, world.call.deadline + SECOND):
        traveller.move_to(moment)
        assert [badge for badge, _ in turns(world.secretariat)] == ["concern"]
        assert [badge for badge, _ in turns(editor)] == ["concern"]
        assert turns(head) == turns(world.heads[0]) == []

    answer(Intervention.objects.get(), editor)
    assert turns(world.secretariat) == turns(editor) == []


# --- The page ------------------------------------------------------------------------------------


def say(client, world, agency, **given):
    prefix = f"beside-{agency.key}"
    url = reverse("call_intervene", args=[world.call.pk, agency.key])
    return client.post(url, {f"{prefix}-{name}": value for name, value in given.items()})


def test_the_page_offers_each_reader_what_is_theirs(client):
    world = make_call(codes=["ASI"])
    agency, head = outsider()
    staff = MandateFactory(agency=agency, capacity=Capacity.STAFF).person
    intervene(world)

    def offered(user):
        client.force_login(user)
        beside = client.get(world.call.get_absolute_url()).context["beside"]
        return (
            [(own["agency"].code, own["label"]) for own in beside["speak"]],
            [bool(said["answer"]) for said in beside["rows"]],
            beside["on_behalf"],
        )

    elector = [("ASI", "Ask for more time, or propose an amendment")]
    assert offered(world.heads[0]) == (elector, [False], False)
    assert offered(head) == ([("KARI", "File a concern")], [False], False)
    assert offered(staff) == ([], [False], False)
    assert offered(world.secretariat) == ([], [True], True)


def test_call_intervene_says_it_through_the_form(client):
    world = make_call(codes=["ASI"])
    client.force_login(world.heads[0])

    response = say(client, world, world.agencies[0], kind="propose_amendment", text="Strike it.")

    assert (response.status_code, response["Location"]) == (302, world.call.get_absolute_url())
    text = client.get(world.call.get_absolute_url()).content.decode()
    assert "Proposed amendment" in text
    assert "Strike it." in text
    assert "Not answered." in text
    assert "proposed an amendment for ASI" in text


def test_call_intervene_is_never_a_kind_that_is_not_the_readers(client):
    """Whoever is outside the electorate files a concern, whatever the request says."""
    world = make_call(codes=["ASI"])
    agency, head = outsider()
    client.force_login(head)

    say(client, world, agency, kind="more_time", text="It binds us too.")
    client.force_login(world.heads[0])
    refused = say(client, world, world.agencies[0], kind="concern", text="It binds us.")

    assert [row.kind for row in Intervention.objects.all()] == ["concern"]
    assert refused.status_code == 422


@pytest.mark.parametrize(
    ("given", "field"),
    [
        ({"kind": "more_time", "text": " "}, "text"),
        ({"text": "Why."}, "kind"),
        ({"kind": "x", "text": "Why."}, "kind"),
    ],
)
def test_call_intervene_refuses_beside_the_field_and_keeps_the_text(client, given, field):
    world = make_call(codes=["ASI"])
    client.force_login(world.heads[0])

    response = say(client, world, world.agencies[0], **given)

    form = response.context["beside"]["speak"][0]["form"]
    assert (response.status_code, list(form.errors)) == (422, [field])
    assert form["text"].value() == given["text"]
    assert not Intervention.objects.exists()


def test_call_intervene_keeps_what_was_typed_when_the_call_has_ended(client, traveller):
    world = make_call(codes=["ASI"])
    traveller.move_to(world.call.deadline + SECOND)
    client.force_login(world.heads[0])

    response = say(client, world, world.agencies[0], kind="more_time", text="Too late.")

    assert response.status_code == 422
    assert "The deadline of the call passed on" in response.content.decode()


def test_call_intervene_is_for_a_voice_and_does_not_exist_for_others(client):
    world = make_call(codes=["ASI", "ESA"])
    client.force_login(world.heads[1])
    assert say(client, world, world.agencies[0], kind="more_time", text="x").status_code == 403

    client.force_login(UserFactory())
    assert say(client, world, world.agencies[0], kind="more_time", text="x").status_code == 404


def test_call_intervene_on_behalf_takes_a_source(client):
    world = make_call(codes=["ASI"])
    agency, _ = outsider()
    url = reverse("call_intervene_on_behalf", args=[world.call.pk])
    given = {"agency": agency.pk, "kind": "concern", "text": "It binds us.", "source": ""}
    client.force_login(world.secretariat)

    shown, empty = client.get(url), client.post(url, given)
    wrong = client.post(url, given | {"source": "a letter", "kind": "more_time"})
    done = client.post(url, given | {"source": "a letter"})

    assert [shown.status_code, empty.status_code, wrong.status_code, done.status_code] == [
        200,
        422,
        422,
        302,
    ]
    assert list(empty.context["form"].errors) == ["source"]
    assert "KARI is not in the electorate" in wrong.context["form"].non_field_errors()[0]
    row = Intervention.objects.get()
    assert (row.kind, row.source, row.given_by) == ("concern", "a letter", world.secretariat)
    client.force_login(world.heads[0])
    assert (client.get(url).status_code, client.post(url, given).status_code) == (403, 403)


def test_intervention_answer_through_its_form(client):
    world = make_call(codes=["ASI"])
    row = intervene(world)
    url = reverse("intervention_answer", args=[row.pk])
    client.force_login(world.secretariat)

    empty = client.post(url, {f"answer-{row.pk}-answer": ""})
    first = client.post(url, {f"answer-{row.pk}-answer": "Two days more."})
    second = client.post(url, {f"answer-{row.pk}-answer": "None."})

    assert [empty.status_code, first.status_code, second.status_code] == [422, 302, 422]
    assert list(empty.context["beside"]["rows"][0]["answer"].errors) == ["answer"]
    assert "Two days more." in second.content.decode()
    client.force_login(world.heads[0])
    assert client.post(url).status_code == 403
    client.force_login(UserFactory())
    assert client.post(url).status_code == 404


@pytest.mark.parametrize("count", [1, 40])
def test_what_is_said_beside_costs_one_query_however_much_it_is(client, count):
    world = make_call(codes=["ASI"])
    client.force_login(world.secretariat)
    with CaptureQueriesContext(connection) as before:
        client.get(world.call.get_absolute_url())
    for at in range(count):
        intervene(world, AMENDMENT, f"Strike clause {at}.")

    with CaptureQueriesContext(connection) as after:
        response = client.get(world.call.get_absolute_url())

    assert len(response.context["beside"]["rows"]) == count
    assert len(after) <= len(before) <= 10
    assert len(response.content) < 100_000


def test_what_is_typed_beside_is_shown_as_text(client):
    world = make_call(codes=["ASI"])
    intervene(world, AMENDMENT, "<script>alert(1)</script>")
    client.force_login(world.secretariat)

    assert "<script>alert" not in client.get(world.call.get_absolute_url()).content.decode()


# --- Case 22: 12 participants of 14 members; one of the other two files a concern ---------------


@pytest.mark.parametrize("mode", Mode)
def test_case_22_a_concern_blocks_nothing_and_is_answered_first(client, traveller, mode):
    others = [outsider(f"OUT{at}") for at in range(2)]
    world = make_call(12, mode=mode)
    for letter in Letter.objects.filter(kind="call.opened"):
        letter.state, letter.sent_at = "sent", NOON
        letter.save()
    if mode != Mode.SILENCE:
        for at in range(12):
            world.say(at, Stand.CONCUR)
    agency, head = others[0]
    client.force_login(head)
    say(client, world, agency, text="It binds us too.")
    traveller.move_to(world.call.deadline + SECOND)
    client.force_login(world.secretariat)
    page, declaration = (
        world.call.get_absolute_url(),
        reverse("declare", args=[world.call.pk]),
    )
    form = {"outcome": "consensus", "statement": "So be it."}

    reading = read_call(world.call, at=clock.now())
    assert (len(reading.tally.electorate), reading.outcome) == (12, Outcome.CONSENSUS)
    sentence = (
        "1 concern of member agencies outside the electorate must be answered before the call "
        "is declared."
    )
    assert sentence in client.get(page).content.decode()
    refused = client.post(declaration, form)
    assert refused.status_code == 422
    assert sentence in refused.content.decode()

    row = Intervention.objects.get()
    client.post(
        reverse("intervention_answer", args=[row.pk]), {f"answer-{row.pk}-answer": "It does not."}
    )

    assert client.post(declaration, form).status_code == 302
    world.call.refresh_from_db()
    world.product.refresh_from_db()
    assert (world.call.state, world.product.state) == (CallState.DECLARED, State.AGREED)


def test_the_service_refuses_to_declare_over_a_concern():
    world = make_call(codes=["ASI"])
    agency, head = outsider()
    world.say(0, Stand.CONCUR)
    intervene(world, CONCERN, "It binds us too.", agency=agency, by=head)

    with pytest.raises(ProductError, match="1 concern of member agencies outside"):
        decisions.declare(
            world.product, outcome=Outcome.CONSENSUS, statement="Yes.", by=world.secretariat
        )
