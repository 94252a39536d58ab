"""One's own data, as one file: everything of the person, and nothing of anybody else."""

import json
from datetime import timedelta

import pytest
import time_machine
from allauth.socialaccount.models import SocialAccount
from allauth.usersessions.models import UserSession
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from isecg import clock
from isecg.mail import outbox
from products.models import ProductEditor
from tests.factories import (
    AgendaItemFactory,
    ChairTermFactory,
    GroupRoleFactory,
    MandateFactory,
    MeetingFactory,
    ProductFactory,
    UserFactory,
    VersionFactory,
    WorkingGroupFactory,
)
from tests.fuzzed_site import NOW, make_rows
from tests.leaver import make_leaver
from tests.passkeys import make_passkey
from workgroups.models import Invitation
from workgroups.services import people

pytestmark = pytest.mark.django_db


@pytest.fixture
def traveller():
    with time_machine.travel(NOW, tick=False) as moved:
        yield moved


def fetch(person):
    client = Client()
    client.force_login(person)
    return client.get(reverse("own_data"))


def take_part(person, *, mark, rows=1):
    """Give somebody ``rows`` of each kind whose texts all hold ``mark``."""
    for number in range(rows):
        at = clock.now() - timedelta(days=number + 1)
        text = f"{mark}-{number}"
        MandateFactory(person=person, granted_by=text, reference=text)
        GroupRoleFactory(person=person, group=WorkingGroupFactory(code=f"G-{text}"[:20]))
        ChairTermFactory(person=person, person_name=text, starts_at=at, ends_at=clock.now())
        AgendaItemFactory(speaker=person, title=text, meeting=MeetingFactory(title=text))
        product = ProductFactory(code=f"P-{text}")
        ProductEditor(product=product, person=person).save_as(None, "test")
        VersionFactory(product=product, author=person, note=text)
        people.edit_profile(person, name=text, time_zone="UTC")
        Invitation(
            email=f"{text}@invited.example",
            name=text,
            invited_as="none",
            invited_by=UserFactory(name=f"sender of {text}"),
            token_digest=text,
            sent_at=at,
            expires_at=at,
            accepted_at=at,
            accepted_by=person,
        ).save_as(None, "test")
        make_passkey(person)
        session = {"ip": "192.0.2.1", "session_key": text, "user_agent": text}
        UserSession.objects.create(user=person, **session)
        SocialAccount.objects.create(user=person, provider=text, uid=text)
        notice = outbox.Notice(
            kind="test",
            occurrence=text,
            recipient=person,
            about="test:1",
            subject=text,
            text=text,
            why=text,
            thread="test:1",
            due_at=clock.now(),
        )
        outbox.enqueue([notice], nudge=False)


def test_the_file_is_an_attachment_that_nobody_keeps():
    answer = fetch(UserFactory())

    assert answer.status_code == 200
    assert answer["Content-Type"] == "application/json"
    assert answer["Content-Disposition"] == 'attachment; filename="isecg-my-data.json"'
    assert "no-store" in answer["Cache-Control"]


def test_the_profile_links_to_it(client):
    client.force_login(UserFactory())

    assert f'href="{reverse("own_data")}"' in client.get(reverse("profile")).content.decode()


def test_it_holds_all_of_the_person_and_nothing_of_another(traveller):
    person, other = UserFactory(name="Mine", email="mine@own.example"), UserFactory()
    take_part(person, mark="mine")
    take_part(other, mark="theirs")
    other.email = "theirs@other.example"
    other.save_as(person, "theirs")
    person.time_zone = "Asia/Tokyo"
    person.save_as(other, "Set by the desk.")

    text = fetch(person).content.decode()

    assert "theirs" not in text
    assert str(other) not in text
    data = json.loads(text)
    instant = NOW.isoformat().replace("+00:00", "Z")
    assert data["made_at"] == instant
    assert data["account"] == {
        "number": person.pk,
        "name": "mine-0",
        "address": "mine@own.example",
        "time_zone": "Asia/Tokyo",
        "works_for_the_secretariat": False,
        "may_sign_in": True,
        "may_open_the_admins_window": False,
        "superuser": False,
    }
    assert [
        (row["at"], row["by"], row["name"], row["time_zone"]) for row in data["account_history"]
    ] == [
        (instant, "the program", "Mine", "UTC"),
        (instant, "yourself", "mine-0", "UTC"),
        (instant, "somebody else", "mine-0", "Asia/Tokyo"),
    ]
    marks = {
        "mandates": "reference",
        "duties": "group__code",
        "chair_terms": "person_name",
        "agenda_items": "title",
        "letters": "text",
        "invitations": "name",
        "editorships": "product__code",
        "versions": "note",
    }
    assert {name: [row[key] for row in data[name]] for name, key in marks.items()} == {
        "mandates": ["mine-0"],
        "duties": ["G-mine-0"],
        "chair_terms": ["mine-0"],
        "agenda_items": ["mine-0"],
        "letters": ["mine-0"],
        "invitations": ["mine-0"],
        "editorships": ["P-mine-0"],
        "versions": ["mine-0"],
    }
    assert [row["user_agent"] for row in data["sign_in"]["sessions"]] == ["mine-0"]
    assert [row["provider"] for row in data["sign_in"]["providers"]] == ["mine-0"]
    assert [row["type"] for row in data["sign_in"]["second_factors"]] == ["webauthn"]
    assert "sender of" not in text
    assert [(row["event"], row["subject"]) for row in data["events"]] == [
        ("person.edited", f"user:{person.pk}")
    ]


def test_it_holds_positions_and_decisions(traveller):
    world, _ = make_rows()
    person = make_leaver(world, traveller=traveller)

    data = json.loads(fetch(person).content)

    assert {name for name, rows in data.items() if not rows} == set()
    assert [(row["stand"], row["on_behalf"], row["source"]) for row in data["positions"]] == [
        ("concur", True, "by phone"),
        ("concur", True, "by phone"),
        ("concur", False, ""),
    ]
    assert [(row["outcome"], row["statement"]) for row in data["decisions"]] == [
        ("consensus", "So.")
    ]
    acts = ("said_in_calls", "answered_in_calls", "contests", "waivers", "ledger_acts")
    words = ("text", "answer", "contest", "waiver", "disposition")
    assert [data[name][0][word] for name, word in zip(acts, words, strict=True)] == [
        *["A word.", "So it is.", "It is not.", "By phone.", "Changed."]
    ]
    assert [row["question"] for row in data["call_requests"]] == ["Why?"]
    # Those who acted beside them are not in it.
    assert world.secretariat.email not in json.dumps(data)
    assert f'"{world.heads[1].name}"' not in json.dumps(data)


def test_it_costs_the_same_at_any_number_of_rows(traveller):
    few, many = UserFactory(), UserFactory()
    take_part(few, mark="few")
    take_part(many, mark="many", rows=12)

    counts = []
    for person in (few, many):
        with CaptureQueriesContext(
            connection,
        ) as queries:
            fetch(person)
        counts.append(len(queries))

    assert counts[0] == counts[1]
