"""Agencies: names by date, memberships by day, and what the secretariat may do to them."""

from datetime import date

import pytest
import time_machine
from django.core.exceptions import PermissionDenied, ValidationError
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from isecg import stale
from isecg.events.models import Event
from tests.factories import (
    AgencyFactory,
    ChairTermFactory,
    GroupRoleFactory,
    MandateFactory,
    MeetingFactory,
    MembershipFactory,
    ParticipationFactory,
    UserFactory,
    WorkingGroupFactory,
)
from workgroups.models import Agency, AgencyName, Attendance, Membership
from workgroups.services import agencies as services
from workgroups.services.errors import RefusedError

pytestmark = pytest.mark.django_db


@pytest.fixture
def secretariat():
    return UserFactory(name="Sofia", is_secretariat=True, time_zone="Europe/Paris")


@pytest.fixture
def uksa():
    agency = AgencyFactory(code="UKSA", name="UK Space Agency")
    for code, name, start, end in (
        ("BNSC", "British National Space Centre", "", "2010-03-31"),
        ("UKSA", "UK Space Agency", "2010-04-01", ""),
    ):
        former = AgencyName(agency=agency, code=code, name=name, start=start, end=end)
        former.save_as(None, "a test")
    return agency


def last_event():
    return Event.objects.order_by("-seq").first()


# --- Names by date (rule 1) -------------------------------------------------------


@pytest.mark.parametrize(
    ("day", "code"),
    [
        (date(2007, 5, 31), "BNSC"),
        (date(2010, 3, 31), "BNSC"),
        (date(2010, 4, 1), "UKSA"),
        (date(2013, 8, 20), "UKSA"),
    ],
)
def test_name_on_gives_the_code_of_the_day(uksa, day, code):
    assert uksa.name_on(day)[0] == code


def test_name_on_guesses_no_unknown_date():
    ssau = AgencyFactory(code="SSAU", name="State Space Agency of Ukraine")
    AgencyName(agency=ssau, code="NSAU", name="National Space Agency").save_as(None, "a test")

    assert ssau.name_on(date(2007, 5, 31)) == ("SSAU", "State Space Agency of Ukraine")


def test_name_on_keeps_the_code_where_the_former_one_is_not_known():
    nosa = AgencyFactory(code="NOSA", name="Norwegian Space Agency")
    AgencyName(agency=nosa, name="Norwegian Space Centre", end="2019").save_as(None, "a test")

    assert nosa.name_on(date(2015, 1, 1)) == ("NOSA", "Norwegian Space Centre")


@pytest.mark.parametrize("text", ["BNSC", "bnsc", "British Nat", "uksa", "UK Space"])
def test_matching_finds_former_and_present_names(uksa, text):
    AgencyFactory(code="NASA", name="National Aeronautics")

    assert list(Agency.objects.matching(text)) == [uksa]


# --- Memberships by day (rule 2) ----------------------------------------------------


@pytest.mark.parametrize(
    ("start", "attested_on", "end", "day", "member"),
    [
        ("2015-10-05", "", "", date(2015, 10, 4), False),
        ("2015-10-05", "", "", date(2015, 10, 5), True),
        ("2007-11", "", "", date(2007, 10, 31), False),
        ("2007-11", "", "", date(2007, 11, 1), True),
        ("2007-11", "", "2012-06-30", date(2012, 6, 29), True),
        ("2007-11", "", "2012-06-30", date(2012, 6, 30), False),
        ("", "2013-08", "", date(2013, 7, 31), False),
        ("", "2013-08", "", date(2013, 8, 1), True),
        ("", "", "", date(2020, 1, 1), False),
    ],
)
def test_members_on_holds_from_start_until_before_end(start, attested_on, end, day, member):
    agency = AgencyFactory(member=False)
    MembershipFactory(agency=agency, start=start, attested_on=attested_on, end=end)

    assert (agency in Agency.objects.members_on(day)) is member


@pytest.mark.parametrize(
    ("start", "end", "day", "certain"),
    [
        ("2019", "", date(2018, 12, 31), True),
        ("2019", "", date(2019, 1, 1), False),
        ("2019", "", date(2019, 12, 30), False),
        ("2019", "", date(2019, 12, 31), True),
        ("2019-06-01", "", date(2019, 6, 1), True),
        ("2007-11", "2012", date(2012, 6, 1), False),
    ],
)
def test_is_certain_on_says_whether_the_sources_decide(start, end, day, certain):
    membership = MembershipFactory.build(agency=AgencyFactory(member=False), start=start, end=end)

    assert membership.is_certain_on(day) is certain


# --- Services -------------------------------------------------------------------------


@pytest.mark.parametrize(
    "act",
    [
        lambda agency, by: services.add_agency("X", name="X", country="X", reason="r", by=by),
        lambda agency, by: services.edit_agency(agency, revision=0, reason="r", by=by),
        lambda agency, by: services.rename_agency(
            agency, code="N", name="N", first_day=date(2020, 1, 1), source="", reason="r", by=by
        ),
        lambda agency, by: services.start_membership(
            agency, start="2020", attested_on="", reason="r", by=by
        ),
        lambda agency, by: services.end_membership(
            agency.memberships.get(), end="2020", reason="r", by=by
        ),
    ],
)
def test_only_the_secretariat_keeps_the_roster(act):
    head = MandateFactory()
    events = Event.objects.count()

    with pytest.raises(PermissionDenied, match=r"^Only the secretariat may keep the roster\.$"):
        act(head.agency, head.person)

    assert Event.objects.count() == events


def test_add_agency_makes_its_key_and_keeps_who_and_why(secretariat):
    agency = services.add_agency(
        "ISA 2", name="New Agency", country="Nowhere", reason="It joined.", by=secretariat
    )

    row = agency.history.get()
    assert (agency.key, agency.code) == ("isa-2", "ISA 2")
    assert (row.history_user, row.history_change_reason) == (secretariat, "It joined.")
    assert (last_event().event, last_event().subject) == ("agency.added", f"agency:{agency.pk}")


@pytest.mark.parametrize("code", ["ESA", "esa", "new", "§"])
def test_add_agency_refuses_a_key_that_is_taken_or_cannot_be(secretariat, code):
    AgencyFactory(code="ESA")

    with pytest.raises(RefusedError):
        services.add_agency(code, name="X", country="X", reason="r", by=secretariat)

    assert Agency.objects.count() == 1


def test_add_agency_twice_adds_one(secretariat):
    fields = {"name": "X", "country": "X", "reason": "r", "by": secretariat}
    services.add_agency("X", **fields)

    with pytest.raises(RefusedError, match="already"):
        services.add_agency("X", **fields)


def test_edit_agency_records_before_and_after(secretariat):
    agency = AgencyFactory(hq_city="Rome", country="Italy")

    services.edit_agency(
        agency,
        revision=stale.revision(agency),
        hq_city="Milan",
        country="Italy",
        reason="It moved.",
        by=secretariat,
    )

    agency.refresh_from_db()
    payload = last_event().payload
    assert agency.hq_city == "Milan"
    assert (payload["before"], payload["after"]) == ({"hq_city": "Rome"}, {"hq_city": "Milan"})


def test_edit_agency_refuses_a_stale_form(secretariat):
    agency = AgencyFactory(hq_city="Rome")
    seen = stale.revision(agency)
    services.edit_agency(agency, revision=seen, hq_city="Milan", reason="r", by=secretariat)

    with pytest.raises(stale.StaleError, match=r"^Sofia changed this on "):
        services.edit_agency(agency, revision=seen, hq_city="Turin", reason="r", by=secretariat)

    agency.refresh_from_db()
    assert agency.hq_city == "Milan"


def test_rename_agency_closes_the_former_name_the_day_before(secretariat, uksa):
    services.rename_agency(
        uksa,
        code="UKSX",
        name="UK Space Exploration",
        first_day=date(2026, 4, 1),
        source="gov.uk",
        reason="An Act.",
        by=secretariat,
    )

    uksa.refresh_from_db()
    assert (uksa.key, uksa.code, uksa.name) == ("uksa", "UKSX", "UK Space Exploration")
    assert list(uksa.names.values_list("code", "start", "end")) == [
        ("BNSC", "", "2010-03-31"),
        ("UKSA", "2010-04-01", "2026-03-31"),
        ("UKSX", "2026-04-01", ""),
    ]
    assert [uksa.name_on(date(2026, *day))[0] for day in ((3, 31), (4, 1))] == ["UKSA", "UKSX"]


def test_rename_agency_dates_a_name_that_stood_alone(secretariat):
    agency = AgencyFactory(code="OLD", name="Old")

    services.rename_agency(
        agency,
        code="NEW2",
        name="Young",
        first_day=date(2026, 4, 1),
        source="",
        reason="r",
        by=secretariat,
    )

    assert list(agency.names.values_list("code", "start", "end")) == [
        ("OLD", "", "2026-03-31"),
        ("NEW2", "2026-04-01", ""),
    ]


@pytest.mark.parametrize(
    ("code", "name", "first_day", "says"),
    [
        ("UKSA", "UK Space Agency", date(2026, 4, 1), "bears this code"),
        ("BNSC", "British National Space Centre", date(2026, 4, 1), "before"),
        ("UKSX", "X", date(2010, 4, 1), "reach to 1 April 2010"),
        ("UKSX", "X", date(2026, 11, 24), "not ahead of it"),
    ],
)
@time_machine.travel("2026-11-23T12:00:00Z", tick=False)
def test_rename_agency_refuses_what_the_dates_forbid(
    secretariat, uksa, code, name, first_day, says
):
    with pytest.raises(RefusedError, match=says):
        services.rename_agency(
            uksa,
            code=code,
            name=name,
            first_day=first_day,
            source="",
            reason="r",
            by=secretariat,
        )

    assert uksa.names.count() == 2


def test_rename_agency_refuses_the_code_of_another_agency(secretariat, uksa):
    AgencyFactory(code="ESA")

    with pytest.raises(ValidationError, match="already exists"):
        services.rename_agency(
            uksa,
            code="ESA",
            name="X",
            first_day=date(2020, 1, 1),
            source="",
            reason="r",
            by=secretariat,
        )

    assert list(uksa.names.values_list("end", flat=True)) == ["2010-03-31", ""]


def test_start_membership_makes_a_member(secretariat):
    agency = AgencyFactory(member=False)

    services.start_membership(
        agency, start="2015-10-05", attested_on="", reason="Cologne.", by=secretariat
    )

    assert agency in Agency.objects.members_on(date(2015, 10, 5))
    assert last_event().event == "membership.started"


@pytest.mark.parametrize(
    ("former", "start", "says"),
    [
        ([], "", "Say from when"),
        ([("2007-11", "")], "2020", "is a member already"),
        ([("2007-11", "2012-06")], "2012-05", "was a member until June 2012"),
    ],
)
def test_start_membership_refuses(secretariat, former, start, says):
    agency = AgencyFactory(member=False)
    for one_start, end in former:
        MembershipFactory(agency=agency, start=one_start, end=end)

    with pytest.raises(RefusedError, match=says):
        services.start_membership(agency, start=start, attested_on="", reason="r", by=secretariat)

    assert agency.memberships.count() == len(former)


def test_an_agency_may_come_back(secretariat):
    agency = AgencyFactory(member=False)
    MembershipFactory(agency=agency, start="2007-11", end="2012-06-30")

    services.start_membership(
        agency, start="2012-06-30", attested_on="", reason="r", by=secretariat
    )

    assert agency.memberships.count() == 2


def test_end_membership_ends_it_once(secretariat):
    membership = MembershipFactory()
    services.end_membership(membership, end="2026-03-06", reason="It left.", by=secretariat)

    with pytest.raises(RefusedError, match="ended on 6 March 2026"):
        services.end_membership(membership, end="2026-03-07", reason="r", by=secretariat)

    assert Membership.objects.get().end == "2026-03-06"


def test_end_membership_refuses_an_end_before_the_start(secretariat):
    membership = MembershipFactory(start="2007-11")

    with pytest.raises(ValidationError, match="A membership ends after it starts"):
        services.end_membership(membership, end="2007-10", reason="r", by=secretariat)


# --- Pages ------------------------------------------------------------------------------


def rows(response):
    return [row["code"] for row in response.context["rows"]]


def test_agencies_finds_former_codes(client, uksa):
    AgencyFactory(code="NASA")
    client.force_login(UserFactory())

    response = client.get(reverse("agencies"), {"q": "BNSC"})

    assert rows(response) == ["UKSA"]


def test_agencies_lists_the_members_of_a_day_with_its_codes(client, uksa):
    uaesa = AgencyFactory(code="UAESA", member=False)
    MembershipFactory(agency=uaesa, start="2015-10-05")
    client.force_login(UserFactory())

    def on(day):
        return rows(client.get(reverse("agencies"), {"on": day}))

    assert [on("2009-12-02"), on("2015-10-04"), on("2015-10-05")] == [
        ["BNSC"],
        ["UKSA"],
        ["UAESA", "UKSA"],
    ]


def test_agencies_says_what_is_no_day(client, uksa):
    client.force_login(UserFactory())

    response = client.get(reverse("agencies"), {"on": "yesterday"})

    assert response.context["form"].errors == {"on": ["Enter a valid date."]}
    assert rows(response) == ["UKSA"]


def list_queries(client, count):
    for _ in range(count):
        agency = AgencyFactory()
        AgencyName(agency=agency, code="OLD", name="Old", end="2010").save_as(None, "a test")
    with CaptureQueriesContext(connection) as queries:
        client.get(reverse("agencies"))
    return len(queries)


def test_agencies_costs_the_same_at_any_length(client):
    client.force_login(UserFactory())

    assert list_queries(client, 10) == list_queries(client, 90)


def test_agency_is_shown_to_whoever_is_signed_in_only(client, uksa):
    assert client.get(uksa.get_absolute_url()).url.startswith(reverse("account_login"))


def test_agency_unknown_is_not_found(client):
    client.force_login(UserFactory())

    assert client.get(reverse("agency", args=["nobody"])).status_code == 404


def page(client, person, agency):
    client.force_login(person)
    return client.get(agency.get_absolute_url()).content.decode()


def test_agency_says_names_and_what_is_unknown_of_them(client, uksa):
    shown = page(client, UserFactory(), uksa)

    assert "British National Space Centre" in shown
    assert "31 March 2010" in shown
    assert "not known" in shown


def test_agency_shows_a_vacant_seat_to_its_people_and_the_secretariat(client, secretariat):
    agency = AgencyFactory(code="JAXA")
    staff = MandateFactory(agency=agency, capacity="staff").person
    stranger = MandateFactory().person
    MandateFactory(agency=agency, person=UserFactory(name="Gone Head", is_active=False))

    vacant = [
        "The seat is vacant" in page(client, person, agency)
        for person in (staff, secretariat, stranger, UserFactory())
    ]

    assert vacant == [True, True, False, False]


def test_agency_shows_holders_to_people_of_members_only(client, secretariat):
    agency = AgencyFactory(code="JAXA")
    MandateFactory(agency=agency, person=UserFactory(name="Hana Head", email="hana@example.org"))
    readers = (secretariat, MandateFactory().person, UserFactory())

    pages = [page(client, person, agency) for person in readers]

    assert ["Hana Head" in shown for shown in pages] == [True, True, False]
    assert ["hana@example.org" in shown for shown in pages] == [False, False, False]


def test_agency_shows_acts_and_history_to_the_secretariat_only(client, secretariat, uksa):
    head = MandateFactory(agency=uksa).person

    pages = [page(client, person, uksa) for person in (secretariat, head)]

    assert [reverse("agency_rename", args=["uksa"]) in shown for shown in pages] == [True, False]
    assert ["Changes of this record" in shown for shown in pages] == [True, False]


def agency_queries(client, secretariat, count):
    agency = AgencyFactory()
    for number in range(count):
        MandateFactory(agency=agency)
        meeting = MeetingFactory(host=agency)
        Attendance(meeting=meeting, agency=agency, presence="present").save_as(None, "a test")
        ChairTermFactory(agency=agency, starts_at=None)
        WorkingGroupFactory(lead_agency=agency).members.model(
            group=WorkingGroupFactory(), agency=agency
        ).save_as(None, "a test")
        AgencyName(agency=agency, code=f"F{number}", name="Former").save_as(None, "a test")
    with CaptureQueriesContext(connection) as queries:
        client.get(agency.get_absolute_url())
    return len(queries)


def test_agency_costs_the_same_at_any_length(client, secretariat):
    client.force_login(secretariat)

    assert agency_queries(client, secretariat, 1) == agency_queries(client, secretariat, 10)


def test_agency_shows_what_other_rooms_register(client, uksa):
    participation = ParticipationFactory(agency=uksa, product__title="Science White Paper")

    shown = page(client, MandateFactory().person, uksa)

    assert participation.product.get_absolute_url() in shown
    assert "Science White Paper" in shown


ROSTER_PAGES = ["agency_edit", "agency_rename", "membership_start"]


@pytest.mark.parametrize("name", ROSTER_PAGES)
@pytest.mark.parametrize("method", ["get", "post"])
def test_forms_are_refused_to_others_by_name(client, uksa, name, method):
    client.force_login(MandateFactory(agency=uksa).person)

    response = getattr(client, method)(reverse(name, args=["uksa"]))

    assert response.status_code == 403
    assert "Only the secretariat may keep the roster." in response.content.decode()


@pytest.mark.parametrize("name", ROSTER_PAGES)
def test_forms_open_for_the_secretariat(client, secretariat, uksa, name):
    client.force_login(secretariat)

    response = client.get(reverse(name, args=["uksa"]))

    assert (response.status_code, response.context["form"].is_bound) == (200, False)


def test_agency_new_adds_and_leads_to_its_page(client, secretariat):
    client.force_login(secretariat)
    typed = {
        "code": "ISA",
        "name": "Irish Space Agency",
        "country": "Ireland",
        "kind": "national",
        "time_zone": "Europe/Dublin",
        "confidence": "own",
        "reason": "It joined.",
    }

    response = client.post(reverse("agency_new"), typed)
    again = client.post(reverse("agency_new"), typed)

    assert (response.status_code, response.url) == (302, "/agencies/isa/")
    assert again.status_code == 422
    assert Agency.objects.get().time_zone == "Europe/Dublin"


def test_agency_new_keeps_what_was_typed_and_names_the_fields(client, secretariat):
    client.force_login(secretariat)

    response = client.post(reverse("agency_new"), {"code": "ISA", "time_zone": "Dublin"})

    form = response.context["form"]
    assert response.status_code == 422
    assert set(form.errors) == {"name", "country", "kind", "time_zone", "confidence", "reason"}
    assert 'value="ISA"' in response.content.decode()
    assert not Agency.objects.exists()


def test_agency_edit_refuses_a_stale_form_and_keeps_what_was_typed(client, secretariat):
    agency = AgencyFactory(code="ESA", hq_city="Rome")
    client.force_login(secretariat)
    form = client.get(reverse("agency_edit", args=["esa"])).context["form"]
    typed = {name: form[name].value() or "" for name in form.fields} | {
        "hq_city": "Typed here",
        "reason": "r",
    }
    with time_machine.travel("2027-03-06T12:00:00Z", tick=False):
        agency.save_as(UserFactory(name="Anna"), "changed meanwhile")

    refused = client.post(reverse("agency_edit", args=["esa"]), typed)
    typed["revision"] = refused.context["form"]["revision"].value()
    taken = client.post(reverse("agency_edit", args=["esa"]), typed)

    shown = refused.content.decode()
    agency.refresh_from_db()
    assert (refused.status_code, taken.status_code) == (422, 302)
    assert "Anna changed this on 6 Mar 2027 13:00 CET while you were writing." in shown
    assert 'value="Typed here"' in shown
    assert agency.hq_city == "Typed here"


def test_agency_rename_leads_back_and_dates_the_former_name(client, secretariat, uksa):
    client.force_login(secretariat)

    response = client.post(
        reverse("agency_rename", args=["uksa"]),
        {"code": "UKSX", "name": "UK SX", "first_day": "2026-04-01", "reason": "An Act."},
    )

    assert (response.status_code, response.url) == (302, "/agencies/uksa/")
    assert Agency.objects.get().code == "UKSX"


def test_agency_rename_shows_the_refusal_in_the_form(client, secretariat, uksa):
    AgencyFactory(code="ESA")
    client.force_login(secretariat)

    response = client.post(
        reverse("agency_rename", args=["uksa"]),
        {"code": "ESA", "name": "UK SX", "first_day": "2026-04-01", "reason": "An Act."},
    )

    assert response.status_code == 422
    assert response.context["form"].errors == {"code": ["Agency with this Code already exists."]}
    assert 'value="UK SX"' in response.content.decode()


def test_membership_pages_start_and_end(client, secretariat):
    agency = AgencyFactory(code="NZSA", member=False)
    client.force_login(secretariat)

    client.post(reverse("membership_start", args=["nzsa"]), {"start": "2021", "reason": "r"})
    membership = agency.memberships.get()
    wrong = client.post(
        reverse("membership_end", args=["nzsa", membership.pk]), {"end": "soon", "reason": "r"}
    )
    client.post(
        reverse("membership_end", args=["nzsa", membership.pk]), {"end": "2025-02", "reason": "r"}
    )

    membership.refresh_from_db()
    assert wrong.status_code == 422
    assert wrong.context["form"].errors == {
        "end": ["“soon” is not a date: write 2007, 2007-11 or 2007-11-06."]
    }
    assert (membership.start, membership.end) == ("2021", "2025-02")


def test_membership_of_another_agency_is_not_found(client, secretariat, uksa):
    membership = MembershipFactory()
    client.force_login(secretariat)

    assert client.get(f"/agencies/uksa/memberships/{membership.pk}/end/").status_code == 404


def test_group_duties_are_none_of_the_roster(client, uksa):
    client.force_login(GroupRoleFactory(duty="co_chair").person)

    assert client.get(reverse("agency_new")).status_code == 403
