"""Once a person is erased, no page and no column of the database knows their name."""

from datetime import timedelta

import pytest
import time_machine
from django.contrib.sessions.models import Session
from django.test import Client
from django.urls import reverse

from isecg.events import log
from isecg.events.models import Event
from isecg.mail.models import Letter
from tests.fuzzed_site import ADDRESSES, NOW, Site, make_rows
from tests.leaver import WORDS, columns_with, end_all, make_leaver
from workgroups.models import User
from workgroups.services import erasure

pytestmark = pytest.mark.django_db

REASON = "Asked for it by mail."


@pytest.fixture
def traveller():
    with time_machine.travel(NOW, tick=False) as moved:
        yield moved


@pytest.fixture
def left(traveller):
    """Return the site after somebody took a full part in it and left."""
    world, given = make_rows()
    person = make_leaver(world, traveller=traveller)
    traveller.shift(timedelta(minutes=1))
    end_all(person, by=world.secretariat)
    traveller.shift(timedelta(hours=1))
    site = Site(given={**given, "person_edit": [*given["person_edit"], [person.pk]]})
    site.given["person_erase"] = [[person.pk]]
    site.given["decision"] = [[one.year, one.serial] for one in person.decisions.all()] + given[
        "decision"
    ]
    for name in ("decision_json", "decision_pdf"):
        site.given[name] = site.given["decision"]
    site.given["meeting"] = [*given["meeting"], [person.agenda_items.get().meeting.key]]
    version = person.versions.get()
    site.given["version"] = [*given["version"], [version.product.code, version.number]]
    site.given["call"] = [*given["call"], [person.decisions.get().call_id]]
    site.given["letter"] = [[letter.pk] for letter in Letter.objects.all()]
    return world, person, site


def pages_with_them(world, site):
    """Return the names of the pages on which somebody of the site reads of them."""
    found = set()
    for reader in (world.secretariat, world.heads[0]):
        client = Client()
        client.force_login(reader)
        for name in ADDRESSES:
            for url in site.urls_of(name):
                for query in ("", "?view=record") if name == "product_history" else ("",):
                    answer = client.get(url + query)
                    content = answer.getvalue() if answer.streaming else answer.content
                    assert answer.status_code < 500, url
                    if any(word.encode() in content for word in WORDS):
                        found.add(name)
    return found


def test_no_page_and_no_column_knows_who_was_erased(left, settings):
    settings.MAILBOX_PAGE = True
    world, person, site = left
    # They stand where they should, or nothing could leak.
    assert {
        "call",
        "decision",
        "decision_json",
        "meeting",
        "people",
        "product_history",
        "version",
    } <= (pages_with_them(world, site))
    assert columns_with(WORDS) == {
        "mfa.Authenticator.data",
        "socialaccount.SocialAccount.provider",
        "socialaccount.SocialAccount.uid",
        "usersessions.UserSession.user_agent",
        "workgroups.AddressChange.new_email",
        "workgroups.HistoricalInvitation.email",
        "workgroups.HistoricalInvitation.name",
        "workgroups.Invitation.email",
        "workgroups.Invitation.name",
        "mail.Letter.address",
        "mail.Letter.attachments",
        "mail.Letter.html",
        "mail.Letter.subject",
        "mail.Letter.text",
        "products.Comment.author_name",
        "products.HistoricalComment.author_name",
        "workgroups.ChairTerm.person_name",
        "workgroups.HistoricalChairTerm.person_name",
        "workgroups.HistoricalMandate.granted_by",
        "workgroups.HistoricalUser.email",
        "workgroups.HistoricalUser.name",
        "workgroups.Mandate.granted_by",
        "workgroups.User.email",
        "workgroups.User.name",
    }

    erasure.erase_person(person, reason=REASON, by=world.secretariat)

    assert columns_with(WORDS) == set()
    assert pages_with_them(world, site) == set()
    assert log.verify()[2] is None


def test_the_record_stays_and_names_the_capacity(left, client):
    world, person, _ = left
    counts = (person.positions.count(), person.versions.count(), Event.objects.count())
    decision, agency = person.decisions.get(), world.agencies[0]

    erasure.erase_person(person, reason=REASON, by=world.secretariat)

    name = f"Former head of delegation of {agency.code}"
    assert str(User.objects.get(pk=person.pk)) == name
    assert (person.positions.count(), person.versions.count(), Event.objects.count()) == (
        counts[0],
        counts[1],
        counts[2] + 1,
    )
    client.force_login(world.secretariat)
    page = client.get(decision.get_absolute_url()).content.decode()
    assert f"recorded by {name} for" in page
    assert f"Declared by {name} as" in page
    call = client.get(world.call.get_absolute_url()).content.decode()
    assert f"by {name}" in call
    assert person.chair_terms.get().person_name == name


def test_letters_to_them_are_emptied_and_those_that_wait_are_dropped(left):
    world, person, _ = left
    before = dict(Letter.objects.filter(recipient=person).values_list("pk", "state"))
    assert set(before.values()) == {"queued", "sent"}

    erasure.erase_person(person, reason=REASON, by=world.secretariat)

    after = Letter.objects.filter(recipient=person).values_list(
        *["pk", "state", "note", "address", "subject", "text", "html", "why", "attachments"]
    )
    nothing = ("", "", "", "", "", [])
    assert list(after.order_by("pk")) == [
        (pk, "sent", "", *nothing)
        if state == "sent"
        else (pk, "dropped", "The person's data was erased.", *nothing)
        for pk, state in sorted(before.items())
    ]


def test_open_sign_ins_of_the_person_end_and_no_others(left):
    world, person, _ = left
    desk, theirs = Client(), Client()
    desk.force_login(world.secretariat)
    theirs.force_login(person)

    erasure.erase_person(person, reason=REASON, by=world.secretariat)

    signed_in = {session.get_decoded()["_auth_user_id"] for session in Session.objects.all()}
    assert str(person.pk) not in signed_in
    assert desk.get(reverse("people")).status_code == 200
    assert theirs.get(reverse("profile")).status_code == 302
