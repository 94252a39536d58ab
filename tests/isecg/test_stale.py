"""Forms that were opened before somebody else changed the row."""

import pytest
import time_machine
from django.http import QueryDict

from isecg import stale
from tests.factories import AgencyFactory, UserFactory

pytestmark = pytest.mark.django_db


def test_require_current_passes_what_nobody_changed():
    agency = AgencyFactory(member=False)

    stale.require_current(agency, stale.revision(agency))


def test_require_current_names_who_changed_it_and_when():
    agency = AgencyFactory(member=False)
    seen = stale.revision(agency)
    with time_machine.travel("2026-03-06T12:00:00Z", tick=False):
        agency.save_as(UserFactory(name="Anna"), "changed")

    with pytest.raises(stale.StaleError) as refused:
        stale.require_current(agency, seen)

    assert refused.value.words("Europe/Paris").startswith(
        "Anna changed this on 6 Mar 2026 13:00 CET while you were writing."
    )


def test_form_carries_the_revision_it_was_opened_on():
    agency = AgencyFactory(member=False)

    assert stale.StaleGuard(row=agency)["revision"].value() == stale.revision(agency)


def test_add_stale_keeps_what_was_typed_and_lets_it_be_sent_again():
    agency = AgencyFactory(member=False)
    form = stale.StaleGuard(QueryDict(f"revision={stale.revision(agency)}&name=typed"), row=agency)
    agency.save_as(UserFactory(name="Anna"), "changed")
    with pytest.raises(stale.StaleError) as refused:
        stale.require_current(agency, int(form.data["revision"]))

    form.add_stale(refused.value)

    assert form["revision"].value() == str(stale.revision(agency))
    assert form.data["name"] == "typed"
    assert form.non_field_errors()[0].startswith("Anna changed this on ")
