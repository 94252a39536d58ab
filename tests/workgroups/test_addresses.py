"""A change of address, confirmed on both ends."""

import re
from datetime import timedelta

import pytest
import time_machine
from django.contrib.auth.hashers import make_password
from django.test import Client
from django.urls import reverse

from isecg import clock
from isecg.events.models import Event
from isecg.mail.models import Letter
from tests.factories import UserFactory
from workgroups.services import addresses as services
from workgroups.services.errors import RefusedError

pytestmark = pytest.mark.django_db

PASSWORD = "a long enough password"


@pytest.fixture
def person():
    return UserFactory(email="old@example.org", password=make_password(PASSWORD))


def path_to(address):
    letter = Letter.objects.filter(address=address, kind="address.change").latest("pk")
    (path,) = re.findall(r"http://testserver(/address/\S+)", letter.text)
    return path


def test_the_change_is_made_once_both_have_confirmed(client, person):
    client.force_login(person)
    client.post(reverse("address_change"), {"email": "New@example.org"})

    for address, held in (("new@example.org", "old@example.org"), ("old@example.org", None)):
        assert Client().post(path_to(address)).status_code == 200
        person.refresh_from_db()
        assert person.email == (held or "new@example.org")

    told = Letter.objects.filter(kind="account.address_changed")
    assert {letter.address for letter in told} == {"old@example.org", "new@example.org"}
    assert Event.objects.latest("seq").payload["after"] == {"email": "changed"}
    assert "example.org" not in str(Event.objects.values_list())


@pytest.mark.parametrize("twice", ["old@example.org", "new@example.org"])
def test_one_end_cannot_confirm_for_the_other(person, twice):
    services.ask_for_change(person, email="new@example.org")

    for _ in range(2):
        Client().post(path_to(twice))

    person.refresh_from_db()
    assert person.email == "old@example.org"


def test_looking_at_a_link_confirms_nothing(person):
    services.ask_for_change(person, email="new@example.org")

    for address in ("old@example.org", "new@example.org"):
        assert Client().get(path_to(address)).status_code == 200

    change = person.address_changes.get()
    assert (change.old_confirmed_at, change.new_confirmed_at) == (None, None)


def test_links_run_out_and_a_second_change_replaces_the_first(person):
    services.ask_for_change(person, email="new@example.org")
    former = path_to("old@example.org")
    services.ask_for_change(person, email="newer@example.org")

    assert Client().post(former).status_code == 404
    with time_machine.travel(clock.now() + timedelta(days=1, seconds=1)):
        assert Client().post(path_to("old@example.org")).status_code == 404


def test_asking_does_not_tell_whose_address_it_is(client, person):
    UserFactory(email="taken@example.org")
    client.force_login(person)

    free = client.post(reverse("address_change"), {"email": "free@example.org"}, follow=True)
    taken = client.post(reverse("address_change"), {"email": "taken@example.org"}, follow=True)

    said = [[str(message) for message in answer.context["messages"]] for answer in (free, taken)]
    assert said[0] == said[1]
    assert not Letter.objects.filter(address="taken@example.org").exists()


def test_the_change_is_refused_when_somebody_has_the_address_by_then(person):
    services.ask_for_change(person, email="new@example.org")
    Client().post(path_to("new@example.org"))
    UserFactory(email="new@example.org")

    refused = Client().post(path_to("old@example.org"))

    person.refresh_from_db()
    assert refused.status_code == 422
    assert "Somebody else has this address by now" in refused.content.decode()
    assert person.email == "old@example.org"


def test_the_present_address_is_no_new_one(person):
    with pytest.raises(RefusedError, match="your address already"):
        services.ask_for_change(person, email="OLD@example.org")


def test_the_change_ends_every_session(client, person):
    client.force_login(person)
    Client().post(reverse("account_login"), {"login": "old@example.org", "password": PASSWORD})
    browser = Client()
    browser.post(reverse("account_login"), {"login": "old@example.org", "password": PASSWORD})
    services.ask_for_change(person, email="new@example.org")

    for address in ("old@example.org", "new@example.org"):
        Client().post(path_to(address))

    assert browser.get(reverse("profile")).status_code == 302


def test_a_suspension_ends_the_change(person):
    services.ask_for_change(person, email="new@example.org")
    path = path_to("old@example.org")
    person.is_active = False
    person.save_as(None, "test")

    assert Client().post(path).status_code == 422
