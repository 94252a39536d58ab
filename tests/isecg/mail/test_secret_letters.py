"""Letters that open something, and letters to addresses without an account."""

from dataclasses import replace

import pytest
from django.core import mail
from django.test import override_settings

from isecg.mail import delivery, outbox
from isecg.mail.models import Letter, State
from tests.factories import UserFactory
from tests.isecg.mail.post import make_letter, make_notice

pytestmark = pytest.mark.django_db

LINK = "http://testserver/invitation/tYk3/"


@pytest.fixture(autouse=True)
def _letters_stay_in_memory(settings):
    settings.EMAIL_BACKEND = "django.core.mail.backends.locmem.EmailBackend"


def secret(**fields):
    return make_letter(is_secret=True, text=f"Open {LINK}", html=f"<a>{LINK}</a>", **fields)


def test_text_that_opens_something_goes_and_is_struck():
    letter = secret()

    delivery.deliver_pending()

    letter.refresh_from_db()
    assert (letter.state, letter.text, letter.html) == (State.SENT, delivery.STRUCK, "")
    assert LINK in mail.outbox[0].body


def test_plain_text_stays_once_it_has_gone():
    letter = make_letter(text=f"Open {LINK}")

    delivery.deliver_pending()

    letter.refresh_from_db()
    assert letter.text == f"Open {LINK}"


@override_settings(MAILBOX_PAGE=True)
def test_mailbox_page_keeps_the_text():
    letter = secret()

    delivery.deliver_pending()

    letter.refresh_from_db()
    assert (letter.state, letter.text) == (State.SENT, f"Open {LINK}")


def test_text_of_a_letter_whose_recipient_is_suspended_is_struck():
    letter = secret(recipient=UserFactory(is_active=False))

    delivery.deliver_pending()

    letter.refresh_from_db()
    assert (letter.state, letter.text, letter.html) == (State.DROPPED, delivery.STRUCK, "")
    assert mail.outbox == []


def test_text_stays_while_the_letter_may_still_go(settings):
    settings.EMAIL_BACKEND = "tests.isecg.mail.test_secret_letters.Refuses"
    letter = secret()

    delivery.deliver_pending()

    letter.refresh_from_db()
    assert (letter.state, letter.text) == (State.QUEUED, f"Open {LINK}")


class Refuses(mail.backends.base.BaseEmailBackend):
    def send_messages(self, messages):
        return 0


def test_dropping_strikes_the_text():
    letter = secret()

    outbox.drop("meeting:42", note="The invitation was withdrawn.")

    letter.refresh_from_db()
    assert (letter.state, letter.text, letter.html) == (
        State.DROPPED,
        "The invitation was withdrawn.",
        "",
    )


def to_a_stranger(**fields):
    return replace(make_notice(), recipient=None, occurrence="invitation:1", **fields)


def test_letter_reaches_an_address_without_an_account():
    # The same occurrence is one letter, whoever asks again.
    for _ in range(2):
        outbox.enqueue([to_a_stranger(to="new@example.org")])

    delivery.deliver_pending()

    assert [message.to for message in mail.outbox] == [["new@example.org"]]
    assert Letter.objects.get().addressee == "new@example.org"


def test_notice_without_any_address_is_refused():
    with pytest.raises(ValueError, match="needs its address"):
        to_a_stranger()


def test_letter_can_go_to_another_address_of_its_recipient():
    letter = make_letter(to="other@example.org")

    assert letter.address == "other@example.org"
    assert letter.addressee == letter.recipient.name
