"""The yearly confirmation of a seat: by whom, when it is due, who is reminded (rules 4, 43)."""

from datetime import UTC, datetime, timedelta

import pytest
import time_machine
from django.core.exceptions import PermissionDenied
from django.db import DatabaseError, connection, transaction
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from isecg.events.models import Event
from isecg.mail import outbox, registry
from isecg.mail.models import Letter
from products.your_turn import your_turn
from tests.factories import AgencyFactory, MandateFactory, UserFactory
from workgroups import confirmations, seat_notices
from workgroups.models import Agency, SeatConfirmation
from workgroups.permissions import Standing
from workgroups.roles import Capacity
from workgroups.services import people
from workgroups.services import seats as services
from workgroups.services.errors import RefusedError

pytestmark = pytest.mark.django_db

NOON = datetime(2026, 3, 6, 12, tzinfo=UTC)
YEAR, DAY, SECOND = timedelta(days=365), timedelta(days=1), timedelta(seconds=1)


@pytest.fixture
def traveller():
    with time_machine.travel(NOON, tick=False) as traveller:
        yield traveller


@pytest.fixture
def agency():
    return AgencyFactory(code="ESA")


@pytest.fixture
def head(traveller, agency):
    person = UserFactory(name="Hanna Head", email="hanna@example.org")
    return MandateFactory(agency=agency, person=person, starts_at=NOON - YEAR).person


def desk():
    return UserFactory(name="Sam", is_secretariat=True, email="sam@example.org")


def confirm(agency, by, holders=None):
    keys = [mandate.pk for mandate in agency.mandates.all()]
    return services.confirm_seat(agency, holders=keys if holders is None else holders, by=by)


def due_at(agency):
    (row,) = confirmations.read(Agency.objects.filter(pk=agency.pk), at=confirmations.clock.now())
    return row.due_at


# --- The act --------------------------------------------------------------------------------


def test_the_head_confirms_and_the_holders_are_kept_without_names(agency, head):
    staff = MandateFactory(
        agency=agency, capacity=Capacity.STAFF, limited_to="GER-2026", ends_at=NOON + YEAR
    )

    kept = confirm(agency, head)

    first = agency.mandates.earliest("pk")
    assert (kept.by, kept.at, kept.on_behalf) == (head, NOON, False)
    assert kept.holders == [
        {
            "mandate": first.pk,
            "person": head.pk,
            "capacity": "head",
            "limited_to": "",
            "starts_at": first.starts_at.isoformat(),
            "ends_at": "",
        },
        {
            "mandate": staff.pk,
            "person": staff.person.pk,
            "capacity": "staff",
            "limited_to": "GER-2026",
            "starts_at": staff.starts_at.isoformat(),
            "ends_at": (NOON + YEAR).isoformat(),
        },
    ]
    event = Event.objects.get(event="seat.confirmed")
    assert (event.subject, event.payload["on_behalf_of"]) == (f"agency:{agency.pk}", "ESA")
    assert event.payload["after"] == {"holders": kept.holders, "on_behalf": False}


def test_an_alternate_confirms_and_the_secretariat_on_behalf(agency, head):
    alternate = MandateFactory(agency=agency, capacity=Capacity.ALTERNATE).person

    assert confirm(agency, alternate).on_behalf is False
    MandateFactory(agency=agency)
    assert confirm(agency, desk()).on_behalf is True


@pytest.mark.parametrize(
    "held",
    [
        {"capacity": Capacity.STAFF},
        {"capacity": Capacity.HEAD, "limited_to": "GER-2026"},
        {"capacity": Capacity.HEAD, "ends_at": NOON},
    ],
)
def test_nobody_else_confirms(agency, head, held):
    person = MandateFactory(agency=agency, **held).person

    with pytest.raises(PermissionDenied, match="Only ESA's head of delegation or an alternate, or"):
        confirm(agency, person)

    assert not SeatConfirmation.objects.exists()


def test_what_has_changed_since_the_page_was_shown_is_not_confirmed(agency, head):
    shown = [mandate.pk for mandate in agency.mandates.all()]
    MandateFactory(agency=agency)

    with pytest.raises(RefusedError, match="has changed since this page was shown"):
        confirm(agency, head, holders=shown)


def test_pressed_twice_it_confirms_once_and_again_where_holders_changed(agency, head):
    confirm(agency, head)

    with pytest.raises(RefusedError, match="Hanna Head has confirmed the same holders today"):
        confirm(agency, head)
    MandateFactory(agency=agency)
    confirm(agency, head)

    assert agency.seat_confirmations.count() == 2


def test_an_empty_seat_and_one_of_no_member_are_not_confirmed(traveller):
    outside = MandateFactory(agency=AgencyFactory(member=False)).agency

    for agency in (AgencyFactory(), outside):
        with pytest.raises(RefusedError, match="Nobody holds the seat"):
            confirm(agency, UserFactory(is_secretariat=True))


def test_the_database_keeps_a_confirmation_as_it_is(agency, head):
    kept = confirm(agency, head)

    kept.on_behalf = True
    with pytest.raises(DatabaseError, match="append-only"), transaction.atomic():
        kept.save()


# --- When it is due ----------------------------------------------------------------------------


def test_it_is_due_a_year_after_the_oldest_mandate_in_force_began(traveller, agency):
    assert due_at(agency) is None
    MandateFactory(agency=agency, starts_at=NOON - 900 * DAY, ends_at=NOON)
    MandateFactory(agency=agency, starts_at=NOON - 30 * DAY, capacity=Capacity.STAFF)
    MandateFactory(agency=agency, starts_at=NOON - 20 * DAY)

    assert due_at(agency) == NOON - 30 * DAY + YEAR


def test_it_is_due_a_year_after_the_last_confirmation(agency, head, traveller):
    confirm(agency, head)
    traveller.move_to(NOON + 100 * DAY)
    MandateFactory(agency=agency)
    confirm(agency, head)

    assert due_at(agency) == NOON + 100 * DAY + YEAR


def test_the_setting_decides_how_long_it_holds(agency, head, settings):
    settings.ISECG_SEAT_CONFIRM_DAYS = 30

    assert due_at(agency) == NOON - YEAR + 30 * DAY


@pytest.mark.parametrize(("moment", "due"), [(NOON - SECOND, []), (NOON, ["Seat"])])
def test_it_is_the_heads_turn_at_that_instant_and_nobody_elses(
    agency, head, traveller, moment, due
):
    alternate = MandateFactory(agency=agency, capacity=Capacity.ALTERNATE).person
    traveller.move_to(moment)

    turns = your_turn(Standing.of(head))

    assert [turn.label for turn in turns] == due
    assert [(turn.href, turn.since, turn.title) for turn in turns] == [
        (agency.get_absolute_url(), NOON, "ESA, Agency ESA")
    ] * len(due)
    assert your_turn(Standing.of(alternate)) == []


def test_confirmed_it_is_nobodys_turn(agency, head):
    confirm(agency, head)

    assert your_turn(Standing.of(head)) == []


# --- The pages -----------------------------------------------------------------------------------


def test_one_press_on_the_agencys_page_confirms(client, agency, head):
    client.force_login(head)
    form = client.get(agency.get_absolute_url()).context["confirmation"]["form"]

    response = client.post(reverse("seat_confirm", args=["esa"]), form.initial)

    assert (response.status_code, response.url) == (302, agency.get_absolute_url())
    html = client.get(agency.get_absolute_url()).content.decode()
    assert "Confirmed by Hanna Head." in html
    assert "Hanna Head, head of delegation" in html


def test_the_secretariats_confirmation_is_shown_as_such(client, agency, head):
    sam = desk()
    client.force_login(sam)
    page = client.get(agency.get_absolute_url())
    assert "Confirm who holds the seat, on behalf of ESA" in page.content.decode()

    client.post(reverse("seat_confirm", args=["esa"]), page.context["confirmation"]["form"].initial)

    html = client.get(agency.get_absolute_url()).content.decode()
    assert "Confirmed by Sam of the secretariat, on behalf of ESA." in html


def test_a_refused_confirmation_offers_the_holders_of_now(client, agency, head):
    client.force_login(head)
    stale = client.get(agency.get_absolute_url()).context["confirmation"]["form"].initial
    other = MandateFactory(agency=agency, person=UserFactory(name="Nils New"))

    refused = client.post(reverse("seat_confirm", args=["esa"]), stale)

    form = refused.context["confirmation"]["form"]
    assert refused.status_code == 422
    assert "has changed since this page was shown" in refused.content.decode()
    assert form["holders"].value().split(",")[-1] == str(other.pk)
    again = client.post(reverse("seat_confirm", args=["esa"]), {"holders": form["holders"].value()})
    assert again.status_code == 302


def test_what_was_confirmed_is_for_the_agencys_people(client, agency, head):
    confirm(agency, head)
    for person, sees in (
        (MandateFactory(agency=agency, capacity=Capacity.STAFF).person, True),
        (MandateFactory().person, False),
        (UserFactory(), False),
    ):
        client.force_login(person)
        page = client.get(agency.get_absolute_url())

        assert ("Yearly confirmation" in page.content.decode()) is sees
        assert "seat/confirm" not in page.content.decode()


def test_the_secretariats_list_has_what_waits_first(client, agency, head):
    MandateFactory(agency=AgencyFactory(code="ASI"), starts_at=NOON - DAY)
    AgencyFactory(code="BNSC")
    long = MandateFactory(agency=AgencyFactory(code="ZZZ"), starts_at=NOON - 2 * YEAR).agency
    client.force_login(desk())

    rows = client.get(reverse("seats")).context["rows"]

    assert [(row["due"].agency.code, row["is_due"], row["is_vacant"]) for row in rows] == [
        (long.code, True, False),
        ("ESA", True, False),
        ("ASI", False, False),
        ("BNSC", False, True),
    ]


def test_the_list_costs_the_same_at_any_length(client, traveller):
    client.force_login(desk())

    def cost(count):
        for _ in range(count):
            MandateFactory()
            MandateFactory(ends_at=NOON - DAY)
        with CaptureQueriesContext(connection) as queries:
            client.get(reverse("seats"))
        return len(queries)

    assert cost(5) == cost(45)


# --- The reminder --------------------------------------------------------------------------------


def tick(at):
    """Queue what the planner owes at an instant, and return to whom."""
    notices = list(confirmations.plan(at))
    outbox.enqueue(notices, nudge=False)
    return [notice.address for notice in notices]


def test_one_reminder_goes_to_the_head_when_it_becomes_due(agency, head):
    MandateFactory(agency=agency, capacity=Capacity.ALTERNATE)

    assert tick(NOON - SECOND) == []
    assert tick(NOON) == ["hanna@example.org"]
    assert tick(NOON + DAY) == []
    # Another head asks for no second letter of the same year.
    MandateFactory(agency=agency)
    assert tick(NOON + 2 * DAY) == []


def test_where_there_is_no_head_the_alternates_are_reminded(traveller, agency):
    for address in ("a@example.org", "b@example.org"):
        MandateFactory(
            agency=agency,
            capacity=Capacity.ALTERNATE,
            person=UserFactory(email=address),
            starts_at=NOON - YEAR,
        )

    assert tick(NOON) == ["a@example.org", "b@example.org"]


def test_the_next_year_has_its_own_reminder(agency, head, traveller):
    tick(NOON)
    confirm(agency, head)

    assert tick(NOON + YEAR - SECOND) == []
    assert tick(NOON + YEAR) == ["hanna@example.org"]


def test_the_reminder_says_what_to_do_and_where(agency, head):
    (notice,) = confirmations.plan(NOON)

    assert notice.subject == "Confirm who holds the seat of ESA"
    assert "ESA has not done so yet" in notice.text
    assert "http://testserver/agencies/esa/" in notice.text
    assert "once in 365 days" in notice.why


def test_a_reminder_is_dropped_where_another_is_asked_who_gets_it_instead(agency, head):
    MandateFactory(agency=agency, capacity=Capacity.STAFF, starts_at=NOON - YEAR)
    tick(NOON)
    letter = Letter.objects.get(kind=seat_notices.CONFIRM)
    assert registry.reason_to_drop(letter) is None

    MandateFactory(agency=agency, person=UserFactory(email="new@example.org"))
    people.end_mandate(agency.mandates.earliest("pk"), reason="Left.", by=desk())

    reason = registry.reason_to_drop(letter)
    assert reason == "Another person is asked to confirm the seat of ESA."
    outbox.drop(letter.about, note=reason)
    assert tick(NOON) == ["new@example.org"]


def test_a_reminder_is_dropped_once_the_seat_is_confirmed(agency, head):
    tick(NOON)
    confirm(agency, head)

    letter = Letter.objects.get(kind=seat_notices.CONFIRM)
    assert registry.reason_to_drop(letter) == "The seat was confirmed, or nobody holds it."


def test_the_planner_is_asked_and_costs_the_same_at_any_length(traveller):
    assert dict(registry.planners())["seat confirmations"] is confirmations.plan

    def cost(count):
        for _ in range(count):
            MandateFactory(starts_at=NOON - YEAR)
        with CaptureQueriesContext(connection) as queries:
            list(confirmations.plan(NOON))
        return len(queries)

    assert cost(3) == cost(30)
