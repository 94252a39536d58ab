"""The chair: one at a time, from an instant, by a handover (rule 7)."""

from datetime import UTC, datetime, timedelta

import pytest
import time_machine
from django.core.exceptions import PermissionDenied
from django.db import IntegrityError, connection, transaction
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from isecg.events.models import Event
from tests.factories import (
    AgencyFactory,
    ChairTermFactory,
    MandateFactory,
    MeetingFactory,
    UserFactory,
)
from workgroups.models import ChairTerm
from workgroups.permissions import Standing
from workgroups.services import chair as services
from workgroups.services.errors import RefusedError

pytestmark = pytest.mark.django_db

NOW = datetime(2026, 3, 6, 12, tzinfo=UTC)
DAY = timedelta(days=1)
SECOND = timedelta(seconds=1)


@pytest.fixture(autouse=True)
def frozen():
    with time_machine.travel(NOW, tick=False):
        yield


@pytest.fixture
def secretariat():
    return UserFactory(name="Sofia", is_secretariat=True, time_zone="Europe/Paris")


@pytest.fixture
def esa():
    return AgencyFactory(code="ESA")


@pytest.fixture
def nasa():
    return AgencyFactory(code="NASA")


@pytest.fixture
def meeting():
    return MeetingFactory(title="A teleconference", starts_at=NOW + DAY)


def hand_over(agency, by, at, meeting, *, person=None, zone="Europe/Paris", **said):
    return services.hand_over(
        agency,
        person=person,
        at=at,
        zone=zone,
        meeting=meeting,
        reason="Agreed in Cologne.",
        by=by,
        **said,
    )


def terms():
    """Return every term that has instants: agency, start and end."""
    found = ChairTerm.objects.filter(starts_at__isnull=False).order_by("starts_at")
    return list(found.values_list("agency__code", "starts_at", "ends_at"))


def in_office(at):
    term = ChairTerm.objects.in_office_at(at).first()
    return term.agency.code if term else None


# --- The handover -------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "act",
    [
        lambda term, by: hand_over(AgencyFactory(), by, NOW + DAY, MeetingFactory()),
        lambda term, by: services.end_term(term, at=None, zone="UTC", reason="r", by=by),
    ],
)
def test_only_the_secretariat_hands_over(esa, act):
    head = MandateFactory(agency=esa).person
    term = ChairTermFactory(agency=esa, person=head, starts_at=NOW - DAY)

    with pytest.raises(PermissionDenied, match="Only the secretariat may hand over the chair"):
        act(term, head)

    assert terms() == [("ESA", NOW - DAY, None)]


def test_powers_move_at_the_instant(secretariat, esa, nasa, meeting):
    speakers = {
        code: MandateFactory(agency=agency).person
        for code, agency in (("ESA", esa), ("NASA", nasa))
    }
    hand_over(esa, secretariat, NOW - DAY, meeting)

    hand_over(nasa, secretariat, NOW + DAY, meeting)

    chairs = [
        {code: Standing.of(person, at=at).is_chair for code, person in speakers.items()}
        for at in (NOW - DAY - SECOND, NOW - DAY, NOW + DAY - SECOND, NOW + DAY)
    ]
    assert chairs == [
        {"ESA": False, "NASA": False},
        {"ESA": True, "NASA": False},
        {"ESA": True, "NASA": False},
        {"ESA": False, "NASA": True},
    ]


def test_hand_over_ends_the_former_term_there_and_prints_local_days(
    secretariat, esa, nasa, meeting
):
    hand_over(esa, secretariat, NOW - DAY, meeting, planned_end="2026-09")
    late = datetime(2026, 3, 9, 23, 30, tzinfo=UTC)

    hand_over(nasa, secretariat, late, meeting)

    former, present = ChairTerm.objects.order_by("position")
    assert (former.ends_at, former.end, former.planned_end) == (late, "2026-03-10", "2026-09")
    assert (present.starts_at, present.start, present.handover) == (late, "2026-03-10", meeting)


@pytest.mark.parametrize(
    ("at", "event"),
    [(NOW, "chair.handed_over"), (NOW + SECOND, "chair.handover_scheduled")],
)
def test_hand_over_is_recorded_with_agency_and_meeting(secretariat, esa, meeting, at, event):
    term = hand_over(esa, secretariat, at, meeting)

    row = Event.objects.order_by("-seq").first()
    assert (row.event, row.subject) == (event, f"chairterm:{term.pk}")
    assert row.payload["also"] == [f"agency:{esa.pk}", f"meeting:{meeting.pk}"]
    assert term.history.get().history_change_reason == "Agreed in Cologne."


@pytest.mark.parametrize("at", [NOW - DAY, NOW - 2 * DAY])
def test_terms_never_overlap(secretariat, esa, nasa, meeting, at):
    hand_over(esa, secretariat, NOW - DAY, meeting)

    with pytest.raises(RefusedError, match=r"^ESA has the chair from 5 Mar 2026 13:00 CET: "):
        hand_over(nasa, secretariat, at, meeting)

    assert terms() == [("ESA", NOW - DAY, None)]


def test_a_handover_entered_twice_is_one(secretariat, esa, nasa, meeting):
    hand_over(esa, secretariat, NOW - DAY, meeting)
    hand_over(nasa, secretariat, NOW + DAY, meeting)

    with pytest.raises(RefusedError, match="This handover to NASA is entered already"):
        hand_over(nasa, secretariat, NOW + DAY, meeting)

    assert terms() == [("ESA", NOW - DAY, NOW + DAY), ("NASA", NOW + DAY, None)]


@pytest.mark.parametrize("at", [NOW - SECOND, NOW + DAY / 2, NOW + 3 * DAY])
def test_another_handover_replaces_the_scheduled_one(secretariat, esa, nasa, meeting, at):
    hand_over(esa, secretariat, NOW - DAY, meeting)
    hand_over(nasa, secretariat, NOW + DAY, meeting)

    hand_over(AgencyFactory(code="CSA"), secretariat, at, meeting)

    assert terms() == [("ESA", NOW - DAY, at), ("CSA", at, None)]


def test_hand_over_leaves_a_gap_where_there_was_one(secretariat, esa, nasa, meeting):
    ChairTermFactory(agency=esa, starts_at=NOW - 9 * DAY, ends_at=NOW - 5 * DAY)

    hand_over(nasa, secretariat, NOW, meeting)

    assert terms() == [("ESA", NOW - 9 * DAY, NOW - 5 * DAY), ("NASA", NOW, None)]
    assert [in_office(at) for at in (NOW - 6 * DAY, NOW - 5 * DAY, NOW)] == ["ESA", None, "NASA"]


def test_hand_over_leaves_terms_of_unknown_dates_alone(secretariat, esa, nasa, meeting):
    ChairTermFactory(position=12, agency=None, starts_at=None, start="2022")

    term = hand_over(nasa, secretariat, NOW, meeting)

    unknown = ChairTerm.objects.get(position=12)
    assert (unknown.end, unknown.ends_at, term.position) == ("", None, 13)


def test_hand_over_refuses_an_agency_that_is_no_member_then(secretariat, meeting):
    with pytest.raises(RefusedError, match="AEB is not a member at that instant"):
        hand_over(AgencyFactory(code="AEB", member=False), secretariat, NOW, meeting)


def test_hand_over_refuses_a_person_without_mandate_there(secretariat, esa, nasa, meeting):
    person = MandateFactory(agency=esa, person=UserFactory(name="Anna")).person
    MandateFactory(agency=nasa, person=person, limited_to="GER-2026")

    with pytest.raises(RefusedError, match="Anna holds no mandate of NASA"):
        hand_over(nasa, secretariat, NOW, meeting, person=person)


def test_hand_over_refuses_a_cancelled_meeting(secretariat, esa):
    with pytest.raises(RefusedError, match="was cancelled"):
        hand_over(esa, secretariat, NOW, MeetingFactory(status="cancelled"))


def test_the_database_refuses_two_chairs_without_an_end(esa, nasa):
    ChairTermFactory(agency=esa, starts_at=NOW - DAY)

    with pytest.raises(IntegrityError), transaction.atomic():
        ChairTermFactory(agency=nasa, starts_at=NOW)


def test_end_term_leaves_the_chair_vacant(secretariat, esa):
    term = ChairTermFactory(agency=esa, starts_at=NOW - DAY)

    services.end_term(term, at=None, zone="Europe/Paris", reason="Resigned.", by=secretariat)

    assert terms() == [("ESA", NOW - DAY, NOW)]
    assert (in_office(NOW - SECOND), in_office(NOW)) == ("ESA", None)


@pytest.mark.parametrize(
    ("starts_at", "ends_at", "at", "says"),
    [
        (NOW + DAY, None, None, "Only the term in office"),
        (NOW - 2 * DAY, NOW - DAY, None, "Only the term in office"),
        (NOW - 2 * DAY, NOW + DAY, None, "This term ends on 7 Mar 2026 12:00 UTC"),
        (NOW - 2 * DAY, None, NOW - DAY, "now or later"),
    ],
)
def test_end_term_refuses(secretariat, esa, starts_at, ends_at, at, says):
    term = ChairTermFactory(agency=esa, starts_at=starts_at, ends_at=ends_at)

    with pytest.raises(RefusedError, match=says):
        services.end_term(term, at=at, zone="UTC", reason="r", by=secretariat)

    assert terms() == [("ESA", starts_at, ends_at)]


def test_suggested_agency_is_the_host_of_the_next_meeting(esa, nasa):
    MeetingFactory(host=nasa, starts_at=NOW + 5 * DAY)
    MeetingFactory(host=esa, starts_at=NOW + 9 * DAY)
    MeetingFactory(host=esa, starts_at=NOW - DAY)
    MeetingFactory(host=esa, starts_at=NOW + DAY, status="cancelled")
    MeetingFactory(host=None, starts_at=NOW + DAY)

    assert services.suggested_agency(NOW) == nasa
    assert services.suggested_agency(NOW + 10 * DAY) is None


# --- Pages --------------------------------------------------------------------------------------


def chair_page(client, person=None):
    client.force_login(person or UserFactory())
    return client.get(reverse("chair"))


def test_chair_says_that_it_is_vacant_and_who_is_suggested(client, esa):
    MeetingFactory(host=esa, starts_at=NOW + DAY)

    response = chair_page(client)

    assert "The chair is vacant" in response.content.decode()
    assert response.context["suggested"] == esa


def test_chair_shows_who_is_in_office_and_who_comes(client, esa, nasa, meeting, secretariat):
    hand_over(esa, secretariat, NOW - DAY, meeting)
    hand_over(nasa, secretariat, NOW + DAY, meeting)

    context = chair_page(client).context

    assert (context["in_office"].agency, context["scheduled"].agency) == (esa, nasa)
    assert [row["status"][1] for row in context["rows"]] == ["Scheduled", "In office"]


def test_chair_shows_unknown_terms_and_certain_gaps(client, esa):
    ChairTermFactory(position=1, agency=None, starts_at=None, start="2007-11")
    ChairTermFactory(position=2, agency=esa, starts_at=None, start="2009-05-20", end="2010")
    ChairTermFactory(position=3, agency=esa, starts_at=None, start="2010-06", end="2012-03")
    ChairTermFactory(position=4, agency=esa, starts_at=None, start="2012-05")

    response = chair_page(client)

    shown = [(row["term"].position, row["gap"]) for row in response.context["rows"]]
    assert shown == [(4, True), (3, False), (2, False), (1, False)]
    assert "not known" in response.content.decode()


def chair_queries(client, count):
    first = ChairTerm.objects.count()
    for number in range(first, first + count):
        ChairTermFactory(
            position=number + 1,
            agency=AgencyFactory(),
            person=UserFactory(),
            starts_at=None,
            handover=MeetingFactory(),
        )
    with CaptureQueriesContext(connection) as queries:
        client.get(reverse("chair"))
    return len(queries)


def test_chair_costs_the_same_at_any_length(client, secretariat):
    client.force_login(secretariat)

    assert chair_queries(client, 5) == chair_queries(client, 45)


@pytest.mark.parametrize("name", ["chair_hand_over", "chair_end"])
def test_forms_are_refused_to_the_chair_itself(client, esa, name):
    head = MandateFactory(agency=esa).person
    ChairTermFactory(agency=esa, starts_at=NOW - DAY)
    client.force_login(head)

    response = client.get(reverse(name))

    assert response.status_code == 403
    assert "Only the secretariat may hand over the chair." in response.content.decode()


def test_chair_end_of_a_vacant_chair_is_not_found(client, secretariat):
    client.force_login(secretariat)

    assert client.get(reverse("chair_end")).status_code == 404


def test_chair_end_ends_the_term(client, secretariat, esa):
    ChairTermFactory(agency=esa, starts_at=NOW - DAY)
    client.force_login(secretariat)

    response = client.post(reverse("chair_end"), {"reason": "Resigned."})

    assert (response.status_code, response.url) == (302, reverse("chair"))
    assert terms() == [("ESA", NOW - DAY, NOW)]


def typed(agency, meeting, **said):
    return {
        "agency": agency.pk,
        "meeting": meeting.pk,
        "day": "2026-03-10",
        "time": "15:00",
        "zone": "Asia/Tokyo",
        "reason": "Agreed.",
    } | said


def test_chair_hand_over_reads_the_clocks_of_the_zone(client, secretariat, esa, meeting):
    client.force_login(secretariat)

    response = client.post(reverse("chair_hand_over"), typed(esa, meeting))

    assert (response.status_code, response.url) == (302, reverse("chair"))
    assert terms() == [("ESA", datetime(2026, 3, 10, 6, tzinfo=UTC), None)]


def test_chair_hand_over_proposes_the_next_host_and_meeting(client, secretariat, esa):
    meeting = MeetingFactory(host=esa, starts_at=NOW + DAY)
    client.force_login(secretariat)

    form = client.get(reverse("chair_hand_over")).context["form"]

    assert (form["agency"].value(), form["meeting"].value()) == (esa.pk, meeting.pk)


def test_chair_hand_over_refuses_a_time_that_does_not_exist(client, secretariat, esa, meeting):
    client.force_login(secretariat)

    response = client.post(
        reverse("chair_hand_over"),
        typed(esa, meeting, day="2026-03-29", time="02:30", zone="Europe/Amsterdam"),
    )

    shown = response.content.decode()
    assert response.status_code == 422
    assert "02:30 does not exist in Europe/Amsterdam" in response.context["form"].errors["time"][0]
    assert 'value="02:30"' in shown
    assert 'value="Agreed."' in shown
    assert terms() == []


def test_chair_hand_over_shows_the_refusal_and_keeps_what_was_typed(
    client, secretariat, esa, nasa, meeting
):
    ChairTermFactory(agency=nasa, starts_at=NOW - DAY)
    client.force_login(secretariat)

    response = client.post(
        reverse("chair_hand_over"), typed(esa, meeting, day="2026-03-01", planned_end="2027")
    )

    assert response.status_code == 422
    assert response.context["form"].non_field_errors() == [
        "NASA has the chair from 5 Mar 2026 21:00 JST: the handover comes later than that."
    ]
    assert 'value="2027"' in response.content.decode()


def test_chair_page_shows_acts_to_the_secretariat_only(client, secretariat, esa):
    ChairTermFactory(agency=esa, starts_at=NOW - DAY)
    readers = (secretariat, MandateFactory(agency=esa).person)

    pages = [chair_page(client, person).content.decode() for person in readers]

    assert [reverse("chair_hand_over") in page for page in pages] == [True, False]
    assert ["Changes of this record" in page for page in pages] == [True, False]
