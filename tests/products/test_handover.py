"""The handover sheet: what is open in somebody's hands, and to whom it passes (rule 5)."""

from datetime import UTC, datetime, timedelta

import pytest
import time_machine
from django.core.exceptions import PermissionDenied
from django.urls import reverse

from isecg.events.log import verify
from isecg.events.models import Event
from isecg.mail.models import Letter
from products.consensus import Outcome, Stand
from products.models import ProductEditor
from products.services import decisions
from products.workflow import State
from tests.factories import (
    AgencyFactory,
    AgendaItemFactory,
    ChairTermFactory,
    GroupRoleFactory,
    MandateFactory,
    MeetingFactory,
    ProductFactory,
    UserFactory,
)
from tests.products.world import make_call
from workgroups import handover
from workgroups.handover import Leaving
from workgroups.roles import Capacity
from workgroups.services.errors import RefusedError
from workgroups.services.handover import hand_over

pytestmark = pytest.mark.django_db

NOON = datetime(2026, 3, 6, 12, tzinfo=UTC)
DAY = timedelta(days=1)


@pytest.fixture(autouse=True)
def traveller():
    with time_machine.travel(NOON, tick=False) as traveller:
        yield traveller


@pytest.fixture
def world():
    return make_call(2, code="DRAFT", codes=["ESA", "JAXA"])


@pytest.fixture
def agency(world):
    return world.agencies[0]


@pytest.fixture
def mandate(agency):
    """Return the mandate of an alternate who leaves."""
    person = UserFactory(name="Lea Leaver", email="lea@example.org")
    return MandateFactory(agency=agency, person=person, capacity=Capacity.ALTERNATE)


@pytest.fixture
def successor(agency):
    person = UserFactory(name="Sven Successor", email="sven@example.org")
    return MandateFactory(agency=agency, person=person, capacity=Capacity.ALTERNATE).person


def edits(person, product):
    row = ProductEditor(product=product, person=person)
    row.save_as(None, "test")
    return row


def leave(mandate, successor, by, **said):
    hand_over(mandate, successor=successor, by=by, **{"reason": "Another post.", **said})
    mandate.refresh_from_db()


def sheet(mandate, ends_at=NOON):
    matters = handover.sheet(Leaving.of(mandate, ends_at=ends_at))
    return [(matter.kind, matter.label, matter.fate.name) for matter in matters]


def editors(product):
    return list(product.editors.filter(ended_at=None).values_list("person__name", flat=True))


# --- The sheet ----------------------------------------------------------------------------------


def test_the_sheet_lists_what_passes_what_stays_and_what_is_anothers_act(world, mandate):
    person = mandate.person
    edits(person, world.product)
    edits(person, ProductFactory(code="ENDED", state=State.WITHDRAWN))
    former = edits(person, ProductFactory(code="FORMER"))
    former.ended_at = NOON
    former.save_as(None, "test")
    world.heads[0] = person
    world.say(0, Stand.OBJECT)
    item = AgendaItemFactory(speaker=person, title="Gaps", meeting__title="Telecon")
    AgendaItemFactory(speaker=person, meeting=MeetingFactory(starts_at=NOON - DAY))
    AgendaItemFactory(speaker=person, meeting=MeetingFactory(status="cancelled"))
    role = GroupRoleFactory(person=person)
    GroupRoleFactory(person=person, ends_at=NOON)
    term = ChairTermFactory(agency=mandate.agency, person=person)

    assert sheet(mandate) == [
        ("Speaker", f"Gaps, at {item.meeting.title}", "PASSES"),
        ("Editor", "DRAFT, Product DRAFT", "PASSES"),
        ("Position", f"{Stand.OBJECT.label}, in the call on DRAFT", "STAYS"),
        ("Editor", f"{role.group.code}, {role.group.name}", "OTHERS"),
        ("Chair", str(term), "OTHERS"),
    ]


def test_positions_of_others_are_listed_only_where_they_block(world, mandate):
    world.say(0, Stand.CONCUR)
    assert sheet(mandate) == []

    world.say(0, Stand.CONDITION)
    assert sheet(mandate) == [
        ("Position", f"{Stand.CONDITION.label}, in the call on DRAFT", "STAYS")
    ]


def test_an_open_condition_of_an_agreed_product_stays(world, mandate):
    world.say(0, Stand.CONDITION, "Say who pays.")
    world.say(1, Stand.CONCUR)
    decisions.declare(
        world.product, outcome=Outcome.PROVISIONAL, statement="Yes.", by=world.secretariat
    )

    assert sheet(mandate) == [("Condition", "DRAFT, C-1: Say who pays.", "STAYS")]
    other = MandateFactory(agency=world.agencies[1], capacity=Capacity.STAFF)
    assert sheet(other) == []


def test_who_keeps_another_mandate_keeps_what_it_covers(world, mandate):
    edits(mandate.person, world.product)
    AgendaItemFactory(speaker=mandate.person)
    limited = MandateFactory(person=mandate.person, limited_to="DRAFT")

    assert [kind for kind, *_ in sheet(mandate)] == ["Speaker"]
    assert sheet(limited) == []
    MandateFactory(person=mandate.person)
    assert sheet(mandate) == []


def test_a_limited_mandate_hands_over_its_product_alone(world, agency):
    mandate = MandateFactory(agency=agency, limited_to="DRAFT", capacity=Capacity.STAFF)
    edits(mandate.person, world.product)
    edits(mandate.person, ProductFactory(code="OTHER"))
    AgendaItemFactory(speaker=mandate.person)

    assert [label for _, label, _ in sheet(mandate)] == ["DRAFT, Product DRAFT"]


# --- The act ------------------------------------------------------------------------------------


def test_the_act_ends_the_mandate_and_passes_editorships_and_places(world, mandate, successor):
    edits(mandate.person, world.product)
    second = ProductFactory(code="SECOND")
    edits(mandate.person, second)
    edits(successor, second)
    item = AgendaItemFactory(speaker=mandate.person)
    world.heads[0] = mandate.person
    world.say(0, Stand.OBJECT)
    head = MandateFactory(agency=mandate.agency).person

    leave(mandate, successor, head)

    item.refresh_from_db()
    assert mandate.ends_at == NOON
    assert (editors(world.product), editors(second)) == (["Sven Successor"], ["Sven Successor"])
    assert item.speaker == successor
    assert item.history.first().history_change_reason == "Another post."
    # The position stays with the seat, by who gave it.
    (entry,) = world.call.entries.all()
    assert (entry.agency, entry.given_by) == (mandate.agency, mandate.person)


def test_it_is_recorded_on_agency_person_and_products(world, mandate, successor):
    edits(mandate.person, world.product)
    AgendaItemFactory(speaker=mandate.person, title="Gaps", meeting__title="Telecon")

    leave(mandate, successor, world.secretariat)

    names = list(Event.objects.order_by("seq").values_list("event", flat=True))[-4:]
    assert names == [
        "mandate.ended",
        "meeting.item_edited",
        "product.editor_passed",
        "seat.handed_over",
    ]
    event = Event.objects.get(event="seat.handed_over")
    assert event.subject == f"agency:{mandate.agency.pk}"
    assert event.payload["also"] == [f"user:{mandate.person.pk}", f"user:{successor.pk}"]
    assert event.payload["after"]["passed"] == [
        "Speaker: Gaps, at Telecon",
        "Editor: DRAFT, Product DRAFT",
    ]
    assert verify()[2] is None


def test_the_successor_gets_the_list(world, mandate, successor):
    edits(mandate.person, world.product)
    GroupRoleFactory(person=mandate.person, group__code="TWG")

    leave(mandate, successor, world.secretariat)

    letter = Letter.objects.get(kind="seat.handed_over")
    assert letter.address == "sven@example.org"
    assert letter.subject == "Lea Leaver leaves, and hands over to you"
    assert "Passes to the successor:\n- Editor: DRAFT, Product DRAFT\n" in letter.text
    assert "http://testserver/products/DRAFT/" in letter.text
    assert "The secretariat ends the duty" in letter.text


def test_an_end_to_come_passes_the_places_from_then_on(world, mandate, successor):
    edits(mandate.person, world.product)
    before, after = (
        AgendaItemFactory(
            speaker=mandate.person, meeting=MeetingFactory(starts_at=NOON + days * DAY)
        )
        for days in (5, 15)
    )

    leave(mandate, successor, world.secretariat, ends_at=NOON + 10 * DAY)

    for item in (before, after):
        item.refresh_from_db()
    assert mandate.ends_at == NOON + 10 * DAY
    assert (before.speaker, after.speaker) == (mandate.person, successor)
    assert editors(world.product) == ["Sven Successor"]


def test_without_a_successor_the_mandate_ends_and_nothing_passes(world, mandate):
    edits(mandate.person, world.product)

    leave(mandate, None, world.secretariat)

    assert mandate.ends_at == NOON
    assert editors(world.product) == ["Lea Leaver"]
    assert not Letter.objects.filter(kind="seat.handed_over").exists()


@pytest.mark.parametrize(
    "held",
    [
        {"ends_at": NOON},
        {"starts_at": NOON + DAY},
        {"ends_at": NOON + 2 * DAY},
        {"limited_to": "DRAFT"},
        {"person__is_active": False},
        {"person__is_superuser": True},
    ],
)
def test_a_successor_holds_the_seat_now_and_then_to_the_same_extent(world, mandate, held):
    edits(mandate.person, world.product)
    other = MandateFactory(agency=mandate.agency, capacity=Capacity.STAFF, **held).person

    for person in (other, MandateFactory().person, mandate.person):
        with pytest.raises(RefusedError, match="choose another successor"):
            leave(mandate, person, world.secretariat, ends_at=NOON + 2 * DAY)

    mandate.refresh_from_db()
    assert mandate.ends_at is None
    assert editors(world.product) == ["Lea Leaver"]


def test_what_has_ended_is_not_handed_over(world, mandate, successor):
    edits(mandate.person, world.product)
    leave(mandate, None, world.secretariat)

    with pytest.raises(RefusedError, match="This mandate ended on 6 Mar 2026"):
        leave(mandate, successor, world.secretariat)

    assert editors(world.product) == ["Lea Leaver"]


def test_only_the_secretariat_hands_over_what_a_head_has(world, mandate, successor):
    of_head = world.agencies[0].mandates.get(capacity=Capacity.HEAD)

    for by in (world.heads[0], mandate.person):
        with pytest.raises(PermissionDenied):
            leave(of_head, successor, by)
    leave(of_head, successor, world.secretariat)

    assert of_head.ends_at == NOON


# --- The page -----------------------------------------------------------------------------------


def test_the_page_shows_the_sheet_and_proposes_an_alternate(client, world, mandate):
    MandateFactory(agency=mandate.agency, capacity=Capacity.STAFF, person__name="Aaron")
    alternate = MandateFactory(
        agency=mandate.agency, capacity=Capacity.ALTERNATE, person__name="Zoe"
    ).person
    edits(mandate.person, world.product)
    client.force_login(world.heads[0])
    page = reverse("mandate_handover", args=["esa", mandate.pk])

    shown = client.get(page)

    form = shown.context["form"]
    assert form.fields["successor"].initial == alternate
    assert next(person.name for person in form.fields["successor"].queryset) == "Zoe"
    assert "DRAFT, Product DRAFT" in shown.content.decode()
    response = client.post(page, {"successor": alternate.pk, "reason": "Another post."})
    assert (response.status_code, response.url) == (302, mandate.agency.get_absolute_url())
    assert editors(world.product) == ["Zoe"]


def test_the_page_says_where_nothing_is_open_and_nobody_takes_over(client, world, mandate):
    AgencyFactory()
    world.agencies[0].mandates.get(capacity=Capacity.HEAD).delete_as(None, "test")
    client.force_login(world.secretariat)

    shown = client.get(reverse("mandate_handover", args=["esa", mandate.pk]))

    assert "Nothing is open" in shown.content.decode()
    assert list(shown.context["form"].fields["successor"].queryset) == []


def test_ending_a_mandate_and_the_seat_lead_to_the_sheet(client, world, mandate):
    page = reverse("mandate_handover", args=["esa", mandate.pk])
    client.force_login(world.heads[0])

    for path in (
        reverse("mandate_end", args=["esa", mandate.pk]),
        mandate.agency.get_absolute_url(),
    ):
        assert f'href="{page}"' in client.get(path).content.decode()
