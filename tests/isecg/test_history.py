"""Audited rows: every saving leaves who and why."""

import pytest
import time_machine
from django.db import IntegrityError, transaction

from isecg import clock
from tests.factories import AgencyFactory, UserFactory

pytestmark = pytest.mark.django_db


def test_save_as_keeps_actor_reason_and_instant():
    person = UserFactory()
    agency = AgencyFactory(member=False)
    agency.country = "Elsewhere"

    with time_machine.travel("2026-03-06T12:00:00Z", tick=False):
        agency.save_as(person, "It moved.")
        now = clock.now()

    row = agency.history.order_by("-history_id").first()
    assert (row.history_user, row.history_change_reason) == (person, "It moved.")
    assert (row.history_date, row.history_type, row.country) == (now, "~", "Elsewhere")


@pytest.mark.parametrize("reason", ["", "  \n"])
def test_save_as_refuses_a_blank_reason(reason):
    agency = AgencyFactory(member=False)

    with pytest.raises(ValueError, match="needs a reason"):
        agency.save_as(None, reason)

    assert agency.history.count() == 1


def test_database_refuses_a_plain_save_after_a_reasoned_one():
    agency = AgencyFactory(member=False)
    agency.country = "Elsewhere"
    agency.save_as(None, "It moved.")
    agency.country = "Nowhere at all"

    with pytest.raises(IntegrityError), transaction.atomic():
        agency.save()

    agency.refresh_from_db()
    assert agency.country == "Elsewhere"


def test_password_stays_out_of_the_history():
    person = UserFactory()

    assert not hasattr(person.history.first(), "password")
