"""People: accounts, mandates, their own profile, signing in."""

from datetime import UTC, datetime, timedelta

import pytest
import time_machine
from django.core.exceptions import PermissionDenied, ValidationError
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from isecg import stale
from isecg.events.models import Event
from tests.factories import AgencyFactory, MandateFactory, ProductFactory, UserFactory
from workgroups.models import Mandate, User
from workgroups.permissions import Standing
from workgroups.services import people as services
from workgroups.services.errors import RefusedError

pytestmark = pytest.mark.django_db

NOON = datetime(2026, 3, 6, 12, tzinfo=UTC)
HOUR = timedelta(hours=1)
PASSWORD = "a long enough password"


@pytest.fixture
def secretariat():
    return UserFactory(name="Sofia", is_secretariat=True, time_zone="Europe/Paris")


def grant(agency, person, by, **said):
    plain = {
        "capacity": "head",
        "starts_at": NOON,
        "granted_by": "The Director",
        "reason": "By letter.",
    }
    return services.grant_mandate(agency, person=person, by=by, **plain | said)


# --- Accounts ---------------------------------------------------------------------------


@pytest.mark.parametrize(
    "act",
    [
        lambda mandate: services.add_person(
            "x@example.org", name="X", password="", reason="r", by=mandate.person
        ),
    ],
)
def test_only_the_secretariat_keeps_people(act):
    mandate = MandateFactory()

    with pytest.raises(PermissionDenied, match="Only the secretariat may keep the roster"):
        act(mandate)

    assert not User.objects.filter(is_secretariat=True).exists()
    assert Mandate.objects.get().ends_at is None


def test_add_person_lets_them_sign_in_in_any_case(client, secretariat):
    services.add_person(
        "Anna@Example.org", name="Anna", password=PASSWORD, reason="Invited.", by=secretariat
    )

    assert client.login(email="anna@EXAMPLE.org", password=PASSWORD)


def test_add_person_without_password_opens_nothing(client, secretariat):
    person = services.add_person(
        "anna@example.org", name="Anna", password="", reason="Invited.", by=secretariat
    )

    assert not person.has_usable_password()
    assert not client.login(email="anna@example.org", password="")


def test_add_person_refuses_an_address_in_another_case(secretariat):
    UserFactory(email="anna@example.org")

    with pytest.raises(ValidationError, match="Somebody has an account with this address"):
        services.add_person(
            "ANNA@example.org", name="Anna", password="", reason="r", by=secretariat
        )


def test_events_keep_no_address(secretariat):
    person = UserFactory(email="old@example.org")
    revised(person, secretariat, name="Anna")

    payload = Event.objects.order_by("-seq").first().payload
    assert payload["after"] == {"name": "changed"}
    assert "Anna" not in str(Event.objects.values_list())


@pytest.mark.parametrize("field", ["email", "password", "is_superuser", "is_staff"])
def test_nobody_changes_for_others_what_only_its_owner_may(secretariat, field):
    person = UserFactory(email="old@example.org")

    with pytest.raises(TypeError, match=f"Not for others to change: {field}"):
        revised(person, secretariat, **{field: "new@example.org"})


def test_suspending_ends_powers_and_keeps_the_mandate(secretariat):
    mandate = MandateFactory()
    person = mandate.person

    services.edit_person(
        person,
        revision=stale.revision(person),
        reason="Left.",
        by=secretariat,
        is_active=False,
    )

    mandate.refresh_from_db()
    assert (Standing.of(person).voices, mandate.ends_at) == ([], None)


@pytest.mark.parametrize("lost", [{"is_active": False}, {"is_secretariat": False}])
def test_nobody_of_the_secretariat_locks_themselves_out(secretariat, lost):
    with pytest.raises(RefusedError, match="Somebody else has to"):
        services.edit_person(
            secretariat,
            revision=stale.revision(secretariat),
            reason="r",
            by=secretariat,
            **lost,
        )

    assert User.objects.filter(is_active=True, is_secretariat=True).count() == 1


def test_edit_person_refuses_a_stale_form(secretariat):
    person = UserFactory()

    with pytest.raises(stale.StaleError):
        services.edit_person(person, revision=0, reason="r", by=secretariat, name="Other")


def revised(person, by, **fields):
    services.edit_person(person, revision=stale.revision(person), reason="r", by=by, **fields)


def test_a_superuser_keeps_accounts_and_makes_nobody_of_the_secretariat():
    superuser, person = UserFactory(is_superuser=True), UserFactory()

    revised(person, superuser, is_active=False)
    with pytest.raises(PermissionDenied, match="Only the secretariat may keep the roster"):
        revised(person, superuser, is_secretariat=True)

    person.refresh_from_db()
    assert (person.is_active, person.is_secretariat) == (False, False)


@pytest.mark.parametrize(
    "act",
    [
        lambda person, by: revised(person, by, name="Other"),
        lambda person, by: services.end_sessions(person, reason="r", by=by),
        lambda person, by: services.remove_second_factor(person, reason="r", by=by),
    ],
)
def test_accounts_are_kept_by_the_secretariat_and_superusers_alone(act):
    with pytest.raises(PermissionDenied, match="Only the secretariat or a superuser may keep"):
        act(UserFactory(), MandateFactory().person)


def test_a_superuser_gets_no_mandate_and_would_have_no_voice(secretariat):
    superuser = UserFactory(is_superuser=True)

    with pytest.raises(RefusedError, match="has no voice"):
        grant(AgencyFactory(), superuser, secretariat)

    MandateFactory(person=superuser)
    assert (Standing.of(superuser).voices, Standing.of(superuser).mandates) == ([], ())


# --- Mandates (rule 4) ---------------------------------------------------------------------


def test_grant_mandate_gives_a_voice_and_keeps_who_and_why(secretariat):
    agency, person = AgencyFactory(code="ESA"), UserFactory()

    mandate = grant(agency, person, secretariat)

    event = Event.objects.order_by("-seq").first()
    assert Standing.of(person, at=NOON).voices == [agency]
    assert mandate.history.get().history_change_reason == "By letter."
    assert (event.event, event.subject) == ("mandate.granted", f"agency:{agency.pk}")
    assert event.payload["on_behalf_of"] == "ESA"
    assert event.payload["also"] == [f"user:{person.pk}"]


@pytest.mark.parametrize(
    ("starts_at", "ends_at", "free"),
    [
        (NOON - HOUR, NOON, True),
        (NOON - HOUR, NOON + timedelta(seconds=1), False),
        (NOON + HOUR, None, False),
        (NOON + 2 * HOUR, None, True),
        (NOON - HOUR, None, False),
        (NOON, NOON + 2 * HOUR, False),
    ],
)
def test_a_person_holds_one_mandate_of_an_agency_at_a_time(secretariat, starts_at, ends_at, free):
    agency, person = AgencyFactory(), UserFactory()
    grant(agency, person, secretariat, ends_at=NOON + 2 * HOUR)

    if free:
        grant(agency, person, secretariat, starts_at=starts_at, ends_at=ends_at)
    else:
        with pytest.raises(RefusedError, match="end that mandate first"):
            grant(agency, person, secretariat, starts_at=starts_at, ends_at=ends_at)

    assert agency.mandates.count() == (2 if free else 1)


def test_a_person_may_speak_for_two_agencies_and_an_agency_have_two_speakers(secretariat):
    one, other = AgencyFactory(), AgencyFactory()
    person = UserFactory()

    grant(one, person, secretariat)
    grant(other, person, secretariat)
    grant(one, UserFactory(), secretariat)

    assert Mandate.objects.count() == 3


def test_grant_mandate_refuses_who_may_not_sign_in(secretariat):
    with pytest.raises(RefusedError, match="may not sign in"):
        grant(AgencyFactory(), UserFactory(is_active=False), secretariat)


def test_grant_mandate_refuses_an_end_before_its_start(secretariat):
    with pytest.raises(ValidationError, match="A mandate ends after it starts"):
        grant(AgencyFactory(), UserFactory(), secretariat, ends_at=NOON)


def test_grant_mandate_refuses_who_keeps_accounts_and_has_no_voice(secretariat):
    with pytest.raises(RefusedError, match="keeps accounts and has no voice"):
        grant(AgencyFactory(), UserFactory(is_superuser=True), secretariat)

    assert not Mandate.objects.exists()


def test_grant_mandate_refuses_a_product_that_takes_none(secretariat):
    with pytest.raises(RefusedError, match="limited to a product that is on its way"):
        grant(AgencyFactory(), UserFactory(), secretariat, limited_to="NOWHERE")


def test_a_person_may_hold_one_mandate_for_everything_and_one_for_a_product(secretariat):
    agency, person = AgencyFactory(), UserFactory()
    ProductFactory(code="ONE"), ProductFactory(code="TWO")
    grant(agency, person, secretariat, capacity="staff")

    grant(agency, person, secretariat, capacity="alternate", limited_to="ONE")
    grant(agency, person, secretariat, capacity="alternate", limited_to="TWO")
    with pytest.raises(RefusedError, match=r"\(.*, alternate of .*, for ONE alone\): end that"):
        grant(agency, person, secretariat, capacity="head", limited_to="ONE")

    assert [mandate.limited_to for mandate in agency.mandates.order_by("pk")] == ["", "ONE", "TWO"]
    payload = Event.objects.filter(event="mandate.granted").order_by("-seq").first().payload
    assert payload["after"]["limited_to"] == "TWO"


@time_machine.travel(NOON, tick=False)
def test_end_mandate_ends_it_now_once(secretariat):
    mandate = MandateFactory(starts_at=NOON - HOUR)
    services.end_mandate(mandate, reason="Left.", by=secretariat)

    with pytest.raises(RefusedError, match=r"ended on 6 Mar 2026 12:00 UTC"):
        services.end_mandate(mandate, reason="Again.", by=secretariat)

    assert Mandate.objects.get().ends_at == NOON
    assert Standing.of(mandate.person).voices == []


@time_machine.travel(NOON, tick=False)
def test_end_mandate_ends_it_later_and_never_earlier(secretariat):
    mandate = MandateFactory(starts_at=NOON - 3 * HOUR)

    with pytest.raises(RefusedError, match="now or later"):
        services.end_mandate(mandate, ends_at=NOON - HOUR, reason="r", by=secretariat)
    services.end_mandate(mandate, ends_at=NOON + HOUR, reason="r", by=secretariat)

    assert Standing.of(mandate.person).voices == [mandate.agency]
    assert Standing.of(mandate.person, at=NOON + HOUR).voices == []


# --- The secretariat's pages ------------------------------------------------------------------


@pytest.mark.parametrize("name", ["people", "identity_providers", "invitations"])
def test_people_are_the_secretariats(client, name):
    client.force_login(MandateFactory(capacity="alternate").person)

    assert client.get(reverse(name)).status_code == 403


def test_people_shows_addresses_and_seats(client, secretariat):
    mandate = MandateFactory(
        agency=AgencyFactory(code="JAXA"), person=UserFactory(email="hana@example.org")
    )
    client.force_login(secretariat)

    response = client.get(reverse("people"), {"q": "hana"})

    assert list(response.context["page"]) == [mandate.person]
    assert "JAXA" in response.content.decode()
    assert "hana@example.org" in response.content.decode()


def people_queries(client, count):
    for _ in range(count):
        MandateFactory()
    with CaptureQueriesContext(connection) as queries:
        client.get(reverse("people"))
    return len(queries)


def test_people_costs_the_same_at_any_length(client, secretariat):
    client.force_login(secretariat)

    assert people_queries(client, 10) == people_queries(client, 90)


def test_person_edit_suspends(client, secretariat):
    person = UserFactory(email="anna@example.org", name="Anna")
    client.force_login(secretariat)

    response = client.post(
        reverse("person_edit", args=[person.pk]),
        {
            "revision": stale.revision(person),
            "name": "Anna",
            "time_zone": "UTC",
            "reason": "Left.",
        },
    )

    person.refresh_from_db()
    assert (response.status_code, person.is_active) == (302, False)


def test_mandate_pages_grant_from_midnight_in_the_agencys_zone_and_end(client, secretariat):
    agency = AgencyFactory(code="JAXA", time_zone="Asia/Tokyo")
    person = UserFactory()
    client.force_login(secretariat)

    granted = client.post(
        reverse("mandate_grant", args=["jaxa"]),
        {
            "person": person.pk,
            "capacity": "alternate",
            "first_day": "2026-03-06",
            "granted_by": "The Director",
            "reason": "By letter.",
        },
    )
    mandate = agency.mandates.get()
    ended = client.post(reverse("mandate_end", args=["jaxa", mandate.pk]), {"reason": "Left."})

    assert mandate.starts_at == datetime(2026, 3, 5, 15, tzinfo=UTC)
    assert [response.url for response in (granted, ended)] == ["/agencies/jaxa/"] * 2
    mandate.refresh_from_db()
    assert mandate.ends_at is not None


def test_mandate_grant_refuses_a_day_that_does_not_begin(client, secretariat):
    # In Beirut the clocks go forward at midnight.
    AgencyFactory(code="NCRS", time_zone="Asia/Beirut")
    client.force_login(secretariat)

    response = client.post(
        reverse("mandate_grant", args=["ncrs"]),
        {"first_day": "2026-03-29", "granted_by": "The Director", "reason": "r"},
    )

    errors = response.context["form"].errors
    assert response.status_code == 422
    assert "does not exist in Asia/Beirut" in errors["first_day"][0]
    assert 'value="The Director"' in response.content.decode()


# --- One's own account ------------------------------------------------------------------------


def test_profile_changes_name_and_zone_with_history(client):
    person = UserFactory(name="Anna")
    client.force_login(person)

    response = client.post(reverse("profile"), {"name": "Anna B.", "time_zone": "Asia/Tokyo"})

    person.refresh_from_db()
    assert (response.status_code, response.url) == (302, reverse("profile"))
    assert (person.name, person.time_zone) == ("Anna B.", "Asia/Tokyo")
    assert person.history.order_by("-history_id").first().history_user == person


def test_profile_sent_twice_changes_once(client):
    person = UserFactory(name="Anna")
    client.force_login(person)

    for _ in range(2):
        client.post(reverse("profile"), {"name": "Anna B.", "time_zone": "UTC"})

    assert person.history.count() == 2


def test_profile_changes_no_role(client):
    person = UserFactory()
    client.force_login(person)

    client.post(
        reverse("profile"),
        {"name": "Anna", "time_zone": "UTC", "is_secretariat": "on", "email": "x@example.org"},
    )

    changed = User.objects.get(pk=person.pk)
    assert (changed.is_secretariat, changed.email) == (False, person.email)


def test_profile_refuses_a_zone_that_is_none_and_keeps_the_name(client):
    client.force_login(UserFactory())

    response = client.post(reverse("profile"), {"name": "Typed", "time_zone": "Mars/Olympus"})

    assert response.status_code == 422
    assert 'value="Typed"' in response.content.decode()


def test_the_list_of_people_refuses_a_nul_character_beside_its_field(client):
    # PostgreSQL fails when it is asked for such a text.
    client.force_login(UserFactory(is_secretariat=True))

    page = client.get(reverse("people"), {"q": "a\x00b"})

    assert page.status_code == 200
    assert page.context["form"].errors == {"q": ["Null characters are not allowed."]}
