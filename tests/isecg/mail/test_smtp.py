import pytest

from isecg.mail import delivery
from isecg.mail.models import Letter, State
from isecg.mail.outbox import Attachment
from tests.factories import UserFactory
from tests.isecg.mail.post import Recorder, free_port, make_letter, serve

pytestmark = pytest.mark.django_db


@pytest.fixture
def port(settings):
    settings.EMAIL_BACKEND = "django.core.mail.backends.smtp.EmailBackend"
    settings.EMAIL_HOST, settings.EMAIL_PORT = "127.0.0.1", free_port()
    settings.EMAIL_TIMEOUT = 5
    return settings.EMAIL_PORT


def test_letters_arrive_whole_and_in_order(port):
    calendar = Attachment(
        name="call.ics", content="BEGIN:VCALENDAR", content_type="text/calendar; method=REQUEST"
    )
    first = make_letter(subject="Überblick", attachments=(calendar,), html="<p>Ready.</p>")
    second = make_letter(occurrence="second")

    with serve(Recorder(), port) as server:
        assert delivery.deliver_pending() == 2

    (to_first, message), (to_second, other) = server.arrived.get(), server.arrived.get()
    assert (to_first, to_second) == ([first.address], [second.address])
    assert (message["Message-ID"], other["Message-ID"]) == (first.message_id, second.message_id)
    assert message["Subject"] == "Überblick"
    assert [part.get_content_type() for part in message.walk()] == [
        "multipart/mixed",
        "multipart/alternative",
        "text/plain",
        "text/html",
        "text/calendar",
    ]


def test_refused_letters_do_not_hold_up_the_next(port):
    def answer(message):
        return {
            "never@example.org": "554 5.7.1 Refused",
            "later@example.org": "451 4.3.0 Try later",
        }.get(message["To"])

    for name in ("never", "later", "fine"):
        make_letter(recipient=UserFactory(email=f"{name}@example.org"), occurrence=name)

    with serve(Recorder(answer), port):
        assert delivery.deliver_pending() == 1

    assert list(
        Letter.objects.order_by("pk").values_list("address", "state", "failures", "last_error")
    ) == [
        ("never@example.org", State.FAILED, 1, "SMTPDataError: (554, b'5.7.1 Refused')"),
        ("later@example.org", State.QUEUED, 1, "SMTPDataError: (451, b'4.3.0 Try later')"),
        ("fine@example.org", State.SENT, 0, ""),
    ]


def test_no_server_leaves_the_letters_as_they_are(port):
    make_letter()

    assert delivery.deliver_pending() == 0

    letter = Letter.objects.get()
    assert (letter.state, letter.failures, letter.next_try_at) == (State.QUEUED, 0, None)
    assert letter.last_error.startswith("ConnectionRefusedError")
