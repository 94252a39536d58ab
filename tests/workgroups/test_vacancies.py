"""A seat that became vacant is reported once, to the secretariat and who is left (rule 5)."""

from datetime import UTC, datetime, timedelta

import pytest
import time_machine
from django.db import connection
from django.test.utils import CaptureQueriesContext

from isecg import stale
from isecg.mail import outbox, registry
from isecg.mail.models import Letter
from tests.factories import AgencyFactory, MandateFactory, UserFactory
from workgroups import vacancies
from workgroups.roles import Capacity
from workgroups.services import people

pytestmark = pytest.mark.django_db

NOON = datetime(2026, 3, 6, 12, tzinfo=UTC)
DAY, SECOND = timedelta(days=1), timedelta(seconds=1)


@pytest.fixture(autouse=True)
def traveller():
    with time_machine.travel(NOON, tick=False) as traveller:
        yield traveller


@pytest.fixture
def desk(traveller):
    return UserFactory(is_secretariat=True, email="desk@example.org")


@pytest.fixture
def agency(desk):
    """Return an agency with one who speaks for it, and two who do not on everything."""
    agency = AgencyFactory(code="ESA")
    MandateFactory(agency=agency, person=UserFactory(name="Hanna", email="head@example.org"))
    staff, limited = (UserFactory(email=f"{name}@example.org") for name in ("staff", "limited"))
    MandateFactory(agency=agency, person=staff, capacity=Capacity.STAFF)
    MandateFactory(agency=agency, person=limited, limited_to="GER-2026")
    return agency


def speaker(agency):
    return agency.mandates.earliest("pk")


def tick(at=NOON):
    notices = list(vacancies.plan(at))
    outbox.enqueue(notices, nudge=False)
    return sorted(notice.address for notice in notices)


ALL = ["desk@example.org", "limited@example.org", "staff@example.org"]


def suspend(person, desk, *, is_active=False):
    people.edit_person(
        person,
        revision=stale.revision(person),
        reason="On leave.",
        by=desk,
        is_active=is_active,
    )


def test_a_held_seat_is_not_reported(agency):
    assert tick() == []


def test_the_end_of_the_last_speaking_mandate_is_reported_once(agency, desk):
    people.end_mandate(speaker(agency), ends_at=NOON + DAY, reason="Left.", by=desk)

    assert tick(NOON + DAY - SECOND) == []
    assert tick(NOON + DAY) == ALL
    assert tick(NOON + 9 * DAY) == []
    # Nor is somebody who came later told of what is long known.
    UserFactory(is_secretariat=True)
    assert tick(NOON + 10 * DAY) == []


def test_another_speaker_keeps_the_seat(agency, desk):
    MandateFactory(agency=agency, capacity=Capacity.ALTERNATE)
    people.end_mandate(speaker(agency), reason="Left.", by=desk)

    assert tick() == []


def test_the_suspension_of_the_last_holder_is_reported_each_time(agency, desk, traveller):
    person = speaker(agency).person
    traveller.move_to(NOON + DAY)
    suspend(person, desk)
    assert tick(NOON + DAY) == ALL
    assert [row.since for row in vacancies.read(at=NOON + DAY)] == [NOON + DAY]

    traveller.move_to(NOON + 2 * DAY)
    person.refresh_from_db()
    suspend(person, desk, is_active=True)
    assert tick(NOON + 2 * DAY) == []
    traveller.move_to(NOON + 3 * DAY)
    suspend(person, desk)

    assert tick(NOON + 3 * DAY) == ALL
    assert [row.since for row in vacancies.read(at=NOON + 3 * DAY)] == [NOON + 3 * DAY]


def test_a_change_of_the_suspended_account_is_no_second_vacancy(agency, desk, traveller):
    person = speaker(agency).person
    suspend(person, desk)
    tick()
    traveller.move_to(NOON + DAY)
    people.edit_person(person, revision=stale.revision(person), reason="r", by=desk, name="Other")
    people.end_mandate(speaker(agency), reason="Left for good.", by=desk)

    assert tick(NOON + 2 * DAY) == []


@pytest.mark.parametrize(
    "held",
    [
        {"capacity": Capacity.STAFF, "ends_at": NOON - DAY},
        {"limited_to": "GER-2026", "ends_at": NOON - DAY},
        {"starts_at": NOON + DAY},
    ],
)
def test_a_seat_that_never_had_a_holder_did_not_become_vacant(desk, held):
    MandateFactory(**held)

    assert tick() == []


def test_a_seat_of_no_member_is_not_reported(desk):
    MandateFactory(agency=AgencyFactory(member=False), ends_at=NOON - DAY)

    assert tick() == []


def test_a_seat_that_is_filled_and_vacated_again_is_reported_again(agency, desk, traveller):
    people.end_mandate(speaker(agency), reason="Left.", by=desk)
    tick()
    MandateFactory(agency=agency, starts_at=NOON + DAY, ends_at=NOON + 5 * DAY)

    assert tick(NOON + 2 * DAY) == []
    assert tick(NOON + 5 * DAY) == ALL


def test_letters_that_have_not_gone_are_dropped_once_it_is_filled(agency, desk):
    people.end_mandate(speaker(agency), reason="Left.", by=desk)
    tick()
    letters = list(Letter.objects.filter(kind="seat.vacant"))
    assert [registry.reason_to_drop(letter) for letter in letters] == [None] * 3

    MandateFactory(agency=agency)

    reasons = {registry.reason_to_drop(letter) for letter in letters}
    assert reasons == {"The seat is held again."}


def test_the_letter_says_since_when_and_who_held_it_last(agency, desk):
    people.end_mandate(speaker(agency), reason="Left.", by=desk)

    notices = {notice.address: notice for notice in vacancies.plan(NOON)}

    letter = notices["staff@example.org"]
    assert letter.subject == "The seat of ESA is vacant"
    assert "vacant since 6 Mar 2026 12:00 UTC. Hanna held it last, as head of" in letter.text
    assert letter.why == "You get this because you hold a mandate of ESA."
    assert "secretariat" in notices["desk@example.org"].why


def test_the_planner_is_asked_and_costs_the_same_at_any_length(desk):
    assert dict(registry.planners())["vacant seats"] is vacancies.plan

    def cost(count):
        for _ in range(count):
            MandateFactory(ends_at=NOON - DAY)
            MandateFactory(person=UserFactory(is_active=False))
        with CaptureQueriesContext(connection) as queries:
            list(vacancies.plan(NOON))
        return len(queries)

    assert cost(3) == cost(30)
