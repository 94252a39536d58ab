"""Two people of the secretariat at once: one act, one refusal. PostgreSQL alone proves it."""

from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from functools import partial
from threading import Barrier

import pytest
from django.db import connection

from isecg import clock, stale
from tests.factories import AgencyFactory, ChairTermFactory, MeetingFactory, UserFactory
from workgroups.models import Agency, ChairTerm, Mandate, Succession
from workgroups.services import agencies, chair, people, succession
from workgroups.services.errors import RefusedError

pytestmark = [pytest.mark.services, pytest.mark.django_db(transaction=True)]


def at_once(*acts):
    """Carry out the acts at the same time; return what each raised, in the order of its name."""
    ready = Barrier(len(acts))

    def run(act):
        ready.wait()
        try:
            act()
        except (RefusedError, stale.StaleError) as error:
            return type(error).__name__
        else:
            return "done"
        finally:
            connection.close()

    with ThreadPoolExecutor(len(acts)) as pool:
        return sorted(pool.map(run, acts))


def test_two_handovers_at_once_make_one_term():
    secretariat = UserFactory(is_secretariat=True)
    now = clock.now()
    ChairTermFactory(starts_at=now - timedelta(days=9))
    meeting = MeetingFactory()
    handovers = [
        partial(
            chair.hand_over,
            AgencyFactory(),
            person=None,
            at=now - timedelta(days=1),
            zone="UTC",
            meeting=meeting,
            reason="Agreed.",
            by=secretariat,
        )
        for _ in range(2)
    ]

    assert at_once(*handovers) == ["RefusedError", "done"]
    assert list(ChairTerm.objects.values_list("position", "ends_at").order_by("starts_at"))[1:] == [
        (ChairTerm.objects.latest("starts_at").position, None)
    ]


def test_two_grants_of_one_mandate_at_once_make_one():
    secretariat, person, agency = UserFactory(is_secretariat=True), UserFactory(), AgencyFactory()
    grants = [
        partial(
            people.grant_mandate,
            Agency.objects.get(pk=agency.pk),
            person=person,
            capacity="head",
            starts_at=clock.now(),
            granted_by="The Director",
            reason="By letter.",
            by=secretariat,
        )
        for _ in range(2)
    ]

    assert at_once(*grants) == ["RefusedError", "done"]
    assert Mandate.objects.count() == 1


def test_two_edits_of_one_state_at_once_are_one_edit():
    secretariat, agency = UserFactory(is_secretariat=True), AgencyFactory()
    seen = stale.revision(agency)
    edits = [
        partial(
            agencies.edit_agency,
            Agency.objects.get(pk=agency.pk),
            revision=seen,
            hq_city=city,
            reason="It moved.",
            by=secretariat,
        )
        for city in ("Rome", "Paris")
    ]

    assert at_once(*edits) == ["StaleError", "done"]
    assert agency.history.count() == 2


def test_two_successors_at_once_are_one_successor():
    secretariat, agency = UserFactory(is_secretariat=True), AgencyFactory()
    acts = [
        partial(
            succession.succeed,
            Agency.objects.get(pk=agency.pk),
            successor=AgencyFactory(member=False),
            first_day=clock.now().date(),
            source="A note.",
            reason="A law.",
            by=secretariat,
        )
        for _ in range(2)
    ]

    assert at_once(*acts) == ["RefusedError", "done"]
    assert Succession.objects.count() == 1


def test_an_agency_that_goes_gets_no_chair_at_once():
    secretariat, agency = UserFactory(is_secretariat=True), AgencyFactory()
    now = clock.now()
    ChairTermFactory(starts_at=now - timedelta(days=9))
    handover = partial(
        chair.hand_over,
        Agency.objects.get(pk=agency.pk),
        person=None,
        at=now,
        zone="UTC",
        meeting=MeetingFactory(),
        reason="Agreed.",
        by=secretariat,
    )
    passing = partial(
        succession.succeed,
        Agency.objects.get(pk=agency.pk),
        successor=AgencyFactory(member=False),
        first_day=now.date(),
        source="A note.",
        reason="A law.",
        by=secretariat,
    )

    assert at_once(handover, passing) == ["RefusedError", "done"]
