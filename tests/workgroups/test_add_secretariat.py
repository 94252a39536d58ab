"""The first account of a new site."""

import getpass

import pytest
from django.core.management import CommandError, call_command

from isecg.events.models import Event
from tests.factories import PASSWORD, UserFactory
from workgroups.models import User

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def typed(monkeypatch):
    """Type the password at the prompt, as no test has a terminal."""
    answers = [PASSWORD]
    monkeypatch.setattr(getpass, "getpass", lambda prompt: answers[-1])
    return answers


def test_add_secretariat_opens_an_account_that_signs_in(client):
    call_command("add_secretariat", "first@example.org", "Ada")

    person = User.objects.get()
    assert (person.name, person.is_secretariat, person.is_superuser) == ("Ada", True, False)
    assert client.login(email="FIRST@example.org", password=PASSWORD)
    assert person.history.get().history_change_reason == "The first account of this site."
    assert Event.objects.get().event == "person.added"


def test_add_secretariat_is_refused_where_there_is_one():
    UserFactory(is_secretariat=True)

    with pytest.raises(CommandError, match="has an account already"):
        call_command("add_secretariat", "second@example.org", "Bea")

    assert User.objects.count() == 1


def test_add_secretariat_refuses_a_common_password(typed):
    typed.append("password1234")

    with pytest.raises(CommandError, match="too common"):
        call_command("add_secretariat", "first@example.org", "Ada")

    assert not User.objects.exists()


def test_add_secretariat_refuses_what_is_no_address():
    with pytest.raises(CommandError, match="valid email address"):
        call_command("add_secretariat", "first", "Ada")

    assert not User.objects.exists()
