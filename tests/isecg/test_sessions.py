"""Sessions end: absolutely, idle, with the password and with the role."""

from datetime import UTC, datetime, timedelta

import pytest
import time_machine
from django.contrib.auth.hashers import make_password
from django.contrib.sessions.models import Session
from django.db import connection
from django.test import Client, override_settings
from django.test.utils import CaptureQueriesContext
from django.utils.html import strip_tags

from isecg.sessions import SessionStore
from tests.factories import MandateFactory, UserFactory

pytestmark = pytest.mark.django_db

NOON = datetime(2026, 3, 6, 12, tzinfo=UTC)
ENDED = "Your sign-in has ended. Please sign in again."
LOST = "Your sign-in has ended. What you sent was not taken. Please sign in again."


@pytest.fixture
def clock():
    with time_machine.travel(NOON, tick=False) as traveller:
        yield traveller


@pytest.fixture
def signed_in(clock):
    client = Client()
    client.force_login(UserFactory())
    return client


def notes(response):
    return [str(message) for message in response.context["messages"]]


@pytest.mark.parametrize(("minutes", "status"), [(119, 200), (121, 302)])
def test_session_ends_after_two_hours_without_a_request(clock, signed_in, minutes, status):
    clock.shift(timedelta(minutes=minutes))

    assert signed_in.get("/profile/").status_code == status


@pytest.mark.parametrize(("hours", "status"), [(11, 200), (12, 302)])
def test_session_ends_after_twelve_hours_of_work(clock, signed_in, hours, status):
    for _ in range(hours):
        clock.shift(timedelta(hours=1))
        response = signed_in.get("/profile/")

    assert response.status_code == status


@pytest.mark.parametrize(
    ("changed", "minutes"),
    [({"ISECG_SESSION_IDLE_MINUTES": 10}, 11), ({"SESSION_COOKIE_AGE": 3600}, 61)],
)
def test_settings_decide_when_a_session_ends(clock, changed, minutes):
    with override_settings(**changed):
        client = Client()
        client.force_login(UserFactory())

        clock.shift(timedelta(minutes=minutes - 2))
        assert client.get("/profile/").status_code == 200
        clock.shift(timedelta(minutes=minutes))
        assert client.get("/profile/").status_code == 302


def test_work_keeps_a_session_and_is_noted_every_five_minutes(clock, signed_in):
    def writes():
        with CaptureQueriesContext(connection) as seen:
            assert signed_in.get("/profile/").status_code == 200
        return [one["sql"] for one in seen if one["sql"].startswith("UPDATE")]

    signed_in.get("/profile/")
    clock.shift(timedelta(minutes=4))
    assert writes() == []
    clock.shift(timedelta(minutes=2))
    assert len(writes()) == 1
    assert writes() == []


def test_who_comes_back_late_is_told_and_led_on(clock, signed_in):
    clock.shift(timedelta(hours=3))

    response = signed_in.get("/people/?q=anna", follow=True)

    assert response.redirect_chain == [("/sign-in/?next=/people/%3Fq%3Danna", 302)]
    assert notes(response) == [ENDED]
    assert ENDED in strip_tags(response.content.decode())
    # Told once: the dead session's cookie is gone.
    assert notes(signed_in.get("/people/", follow=True)) == []


def test_who_sends_a_form_late_is_led_back_to_its_page(clock, signed_in):
    clock.shift(timedelta(hours=3))

    response = signed_in.post(
        "/calls/1/extend/", headers={"referer": "http://testserver/calls/1/?on=x"}, follow=True
    )

    assert response.redirect_chain == [("/sign-in/?next=/calls/1/%3Fon%3Dx", 302)]
    assert notes(response) == [LOST]


@pytest.mark.parametrize("page", ["", "https://evil.example/", "//evil.example/", "javascript:x"])
def test_a_late_form_of_elsewhere_leads_home(clock, page):
    response = Client().post("/calls/1/extend/", headers={"referer": page})

    assert response["Location"] == "/sign-in/?next=/"


def test_a_late_form_of_a_page_with_a_hosts_name_in_its_path_stays_here(clock):
    headers = {"referer": "http://testserver//evil.example/"}

    response = Client().post("/calls/1/extend/", headers=headers)

    assert response["Location"] == "/sign-in/?next=/evil.example/"


def test_a_new_session_is_written_before_anything_is_in_it():
    store = SessionStore()
    store.create()

    assert SessionStore(store.session_key).load() == {}


def test_who_was_never_here_is_told_nothing(clock):
    assert notes(Client().get("/people/", follow=True)) == []


@pytest.mark.parametrize(
    "change", [{"is_secretariat": True}, {"is_staff": True}, {"is_superuser": True}]
)
def test_a_new_role_ends_the_sessions_that_did_not_have_it(client, change):
    person = UserFactory()
    client.force_login(person)
    assert client.get("/profile/").status_code == 200

    for name, value in change.items():
        setattr(person, name, value)
    person.save_as(None, "A new role.")

    assert client.get("/profile/").status_code == 302
    client.force_login(person)
    assert client.get("/profile/").status_code == 200


def test_a_change_of_name_ends_no_session(client):
    person = UserFactory()
    client.force_login(person)

    person.name = "Otherwise"
    person.save_as(None, "Married.")

    assert client.get("/profile/").status_code == 200


def test_the_id_changes_at_the_sign_in_and_the_old_one_is_dead(client):
    person = UserFactory(password=make_password("a long enough password"))
    # What an attacker had the browser take before.
    planted = client.session
    planted["planted"] = "yes"
    planted.save()
    client.cookies["sessionid"] = planted.session_key

    assert client.login(username=person.email, password="a long enough password")

    assert client.cookies["sessionid"].value != planted.session_key
    assert not Session.objects.filter(session_key=planted.session_key).exists()
    thief = Client()
    thief.cookies["sessionid"] = planted.session_key
    assert thief.get("/profile/").status_code == 302


def test_the_id_changes_with_the_person(client):
    client.force_login(MandateFactory().person)
    first = client.cookies["sessionid"].value
    client.force_login(UserFactory())

    assert client.cookies["sessionid"].value != first
    assert not Session.objects.filter(session_key=first).exists()


def test_signing_out_ends_the_session_for_whoever_has_its_id(client):
    client.force_login(UserFactory())
    kept = client.cookies["sessionid"].value

    client.post("/sign-out/")

    thief = Client()
    thief.cookies["sessionid"] = kept
    assert thief.get("/profile/").status_code == 302
    assert not Session.objects.filter(session_key=kept).exists()
