import pytest
from django.urls import reverse

from isecg.mail.outbox import Attachment
from tests.factories import UserFactory
from tests.isecg.mail.post import make_letter

pytestmark = pytest.mark.django_db


@pytest.fixture
def reader(client, settings):
    settings.MAILBOX_PAGE = True
    client.force_login(UserFactory())
    return client


def subjects(response):
    return [letter.subject for letter in response.context["page"]]


def test_mailbox_lists_everyone_latest_first(reader):
    make_letter(subject="First")
    make_letter(subject="Second")

    response = reader.get("/mailbox/")

    assert response.status_code == 200
    assert subjects(response) == ["Second", "First"]


def test_mailbox_shows_one_recipient(reader):
    letter = make_letter(subject="Mine")
    make_letter(subject="Somebody else's")

    assert subjects(reader.get(f"/mailbox/?recipient={letter.recipient_id}")) == ["Mine"]


@pytest.mark.parametrize("recipient", ["x", "0", "9" * 40])
def test_mailbox_knows_no_such_recipient(reader, recipient):
    make_letter(subject="Somebody else's")

    response = reader.get("/mailbox/", {"recipient": recipient})

    assert (response.status_code, subjects(response)) == (200, [])
    assert "Select a valid choice" in response.content.decode()


def test_mailbox_costs_the_same_for_many(reader, django_assert_max_num_queries):
    for number in range(10):
        make_letter(occurrence=str(number))

    with django_assert_max_num_queries(6):
        reader.get("/mailbox/")


def test_letter_is_shown_as_it_goes(reader):
    calendar = Attachment(name="call.ics", content="BEGIN:VCALENDAR", content_type="text/calendar")
    letter = make_letter(attachments=(calendar,), text="<script>alert(1)</script>")

    response = reader.get(reverse("letter", args=[letter.pk]))

    page = response.content.decode()
    assert response.status_code == 200
    assert "&lt;script&gt;alert(1)" in page
    assert "<script>alert" not in page
    assert dict(response.context["headers"]) == {
        "From": "ISECG tracker <tracker@isecg.invalid>",
        "To": letter.address,
        "Subject": letter.subject,
        "Message-ID": letter.message_id,
        "In-Reply-To": letter.thread_id,
        "References": letter.thread_id,
        "List-Id": letter.list_id,
        "Auto-Submitted": "auto-generated",
    }
    for shown in ("You are invited to this teleconference.", "call.ics", "BEGIN:VCALENDAR"):
        assert shown in page


def test_letter_that_is_not_there_is_not_found(reader):
    assert reader.get("/mailbox/4711/").status_code == 404


@pytest.mark.parametrize("address", ["/mailbox/", "/mailbox/{pk}/"])
def test_mailbox_does_not_exist_outside_the_demo(reader, settings, address):
    letter = make_letter()
    settings.MAILBOX_PAGE = False

    assert reader.get(address.format(pk=letter.pk)).status_code == 404


@pytest.mark.parametrize("address", ["/mailbox/", "/mailbox/{pk}/"])
def test_mailbox_is_for_those_who_signed_in(client, settings, address):
    settings.MAILBOX_PAGE = True
    letter = make_letter()

    response = client.get(address.format(pk=letter.pk))

    assert response.status_code == 302
    assert response["Location"].startswith(reverse("account_login"))


@pytest.mark.parametrize("address", ["/mailbox/", "/mailbox/{pk}/"])
def test_mailbox_is_only_read(reader, address):
    letter = make_letter()

    assert reader.post(address.format(pk=letter.pk)).status_code == 405
