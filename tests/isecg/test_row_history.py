"""The history of rows in words."""

import pytest
import time_machine
from django.db import connection
from django.template.loader import render_to_string
from django.test.utils import CaptureQueriesContext

from isecg import clock, row_history
from isecg.row_history import FieldChange
from tests.factories import AgencyFactory, MandateFactory, UserFactory, WorkingGroupFactory
from workgroups.models import WorkingGroup

pytestmark = pytest.mark.django_db


def test_changes_name_fields_in_words_newest_first():
    with time_machine.travel("2026-03-06T12:00:00Z", tick=False):
        person = UserFactory(name="Anna")
        nasa, esa = AgencyFactory(code="NASA"), AgencyFactory(code="ESA")
        group = WorkingGroupFactory(code="IAWG", lead_agency=nasa)
        group.lead_agency, group.kind, group.start = esa, "sub_team", "2008-07"
        group.save_as(person, "Agreed in Montreal.")
        now = clock.now()

    newest, first = row_history.of(group.history)

    assert (newest.at, newest.by, newest.reason) == (now, "Anna", "Agreed in Montreal.")
    assert (newest.what, newest.kind) == ("working group", "changed")
    assert sorted(newest.fields, key=lambda field: field.label) == [
        FieldChange(label="From", before="", after="July 2008"),
        FieldChange(label="Kind", before="Working group", after="Sub-team"),
        FieldChange(label="Lead agency", before="NASA", after="ESA"),
    ]
    assert (first.by, first.kind, first.reason) == ("The program", "added", "factory")


def test_first_state_says_what_was_given_and_leaves_defaults_out():
    group = WorkingGroupFactory(code="IAWG", name="Architecture")

    [added] = row_history.of(group.history)

    assert [(field.label, field.before, field.after) for field in added.fields] == [
        ("Code", "", "IAWG"),
        ("Name", "", "Architecture"),
    ]


def test_changes_compare_each_row_with_its_own_former_state():
    one, other = WorkingGroupFactory(name="One"), WorkingGroupFactory(name="Other")
    one.name = "One anew"
    one.save_as(None, "renamed")

    newest = row_history.changes(WorkingGroup.history.select_related("history_user"))[0]

    assert newest.fields == (FieldChange(label="Name", before="One", after="One anew"),)
    assert other.name == "Other"


def test_each_change_is_told_from_the_one_just_before():
    group = WorkingGroupFactory(name="One")
    for name in ("Two", "Three"):
        group.name = name
        group.save_as(None, "renamed")

    told = [change.fields for change in row_history.of(group.history)[:2]]

    assert told == [
        (FieldChange(label="Name", before="Two", after="Three"),),
        (FieldChange(label="Name", before="One", after="Two"),),
    ]


def test_instants_stay_instants():
    mandate = MandateFactory()
    mandate.ends_at = clock.now()
    mandate.save_as(None, "ended")

    [field] = row_history.of(mandate.history)[0].fields

    assert (field.label, field.before, field.after) == ("To", "", mandate.ends_at)
    assert field.is_instant


def test_removed_reference_keeps_its_number():
    agency = AgencyFactory(member=False)
    group = WorkingGroupFactory(lead_agency=agency)
    group.lead_agency = None
    group.save_as(None, "none leads")
    key = agency.pk
    agency._change_reason = "A test removes it."
    agency.delete()

    [field] = row_history.of(group.history)[0].fields

    assert (field.before, field.after) == (f"no. {key}", "")


def _queries(count):
    group = WorkingGroupFactory()
    for number in range(count):
        group.lead_agency = AgencyFactory(member=False)
        group.save_as(UserFactory(), f"change {number}")
    with CaptureQueriesContext(connection) as queries:
        found = row_history.of(group.history)
    assert len(found) == count + 1
    return len(queries)


def test_queries_do_not_grow_with_the_history():
    assert (_queries(1), _queries(50)) == (2, 2)


def test_component_shows_instants_in_the_readers_zone():
    mandate = MandateFactory()
    with time_machine.travel("2027-03-06T12:00:00Z", tick=False):
        mandate.ends_at = clock.now()
        mandate.save_as(None, "She <left>.")

    shown = render_to_string(
        "components/history.html",
        {"changes": row_history.of(mandate.history)[:1], "zone": "Asia/Tokyo"},
    )

    assert shown.count("6 Mar 2027 21:00") == 2
    assert "She &lt;left&gt;." in shown
