"""What the logs say of sign-ins, refusals and attempts."""

import json
import logging

import pytest
import structlog
from django.contrib.auth.hashers import make_password
from django.test import Client

from isecg import logs
from tests.factories import UserFactory

pytestmark = pytest.mark.django_db

PASSWORD = "a long enough password"


class Lines(logging.Handler):
    """Keeps each record as production would write it."""

    def __init__(self):
        super().__init__()
        settings = logs.config(json=True)["formatters"]["lines"]
        self.setFormatter(settings.pop("()")(**settings))
        self.written = []

    def emit(self, record):
        self.written.append(self.format(record))

    def said(self, *names):
        lines = [json.loads(line) for line in self.written]
        return [tuple(line.get(name) for name in ("event", *names)) for line in lines]


@pytest.fixture
def lines():
    # What the last test's request left for its own lines.
    structlog.contextvars.clear_contextvars()
    handler = Lines()
    logging.getLogger().addHandler(handler)
    yield handler
    logging.getLogger().removeHandler(handler)


def test_signing_in_and_out_is_logged_by_key(client, lines):
    person = UserFactory(password=make_password(PASSWORD))

    client.login(username=person.email, password="wrong")
    client.login(username=person.email, password=PASSWORD)
    client.logout()

    assert lines.said("level", "person") == [
        ("sign_in.refused", "warning", None),
        ("sign_in.done", "info", person.pk),
        ("sign_out.done", "info", person.pk),
    ]
    assert person.email not in str(lines.written)
    assert "wrong" not in str(lines.written)


def test_refusals_are_logged_with_the_person(client, lines):
    person = UserFactory()
    client.force_login(person)
    lines.written.clear()

    client.get("/agencies/new/")

    assert lines.said("level", "person") == [
        ("Forbidden (Permission denied): /agencies/new/", "warning", person.pk)
    ]


def test_attempts_are_logged(lines):
    client = Client(enforce_csrf_checks=True)

    client.post("/profile/")
    client.get("/profile/", headers={"host": "evil.example"})
    client.post("/profile/", CONTENT_LENGTH="999999999999")

    events = [event for (event,) in lines.said()]
    assert events[0].startswith("Forbidden (CSRF cookie not set.): /profile/")
    assert any(event.startswith("Invalid HTTP_HOST header: 'evil.example'") for event in events)
    assert any("larger than ISECG_REQUEST_LIMIT_MB" in event for event in events)


def test_a_line_break_makes_no_line(client, lines):
    logging.getLogger("isecg").warning("one\ntwo")
    assert [len(line.splitlines()) for line in lines.written] == [1]
    lines.written.clear()

    client.get('/nowhere/%0A{"event":"sign_in.done"}/')

    (event,) = [event for (event,) in lines.said()]
    # Django has escaped it once, and JSON would.
    assert event == 'Not Found: /nowhere/\\n{"event":"sign_in.done"}/'
    assert [len(line.splitlines()) for line in lines.written] == [1]
