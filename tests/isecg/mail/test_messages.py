from email import message_from_bytes
from email.policy import default

import pytest

from isecg.mail import messages
from isecg.mail.outbox import Attachment
from tests.isecg.mail.post import make_letter

pytestmark = pytest.mark.django_db

CALENDAR = "BEGIN:VCALENDAR\r\nSUMMARY:Téléconférence\r\nEND:VCALENDAR\r\n"


def on_the_wire(letter):
    return message_from_bytes(messages.build(letter).message().as_bytes(), policy=default)


def test_headers_thread_the_letter_and_hold_off_robots(settings):
    settings.SITE_URL = "https://tracker.example"
    letter = make_letter()

    message = on_the_wire(letter)

    assert {
        name: message[name]
        for name in ("To", "Subject", "Message-ID", "In-Reply-To", "References", "List-Id")
    } == {
        "To": letter.address,
        "Subject": "Teleconference tomorrow",
        "Message-ID": letter.message_id,
        "In-Reply-To": "<thread.meeting-42@tracker.example>",
        "References": "<thread.meeting-42@tracker.example>",
        "List-Id": "<meeting-42.tracker.example>",
    }
    assert message["Auto-Submitted"] == "auto-generated"


def test_text_says_why_it_came():
    message = on_the_wire(make_letter(text="The agenda is ready.\n\n"))

    assert message.get_content_type() == "text/plain"
    assert message.get_content() == (
        "The agenda is ready.\n\n-- \nYou are invited to this teleconference.\n"
    )


def test_html_goes_beside_the_text_and_says_why_escaped():
    message = on_the_wire(make_letter(html="<p>Ready.</p>", why="Because 1 < 2.", subject="A & B"))

    text, html = message.iter_parts()
    assert message.get_content_type() == "multipart/alternative"
    assert (text.get_content_type(), html.get_content_type()) == ("text/plain", "text/html")
    assert html.get_content().strip() == (
        '<!doctype html><html lang="en"><head><meta charset="utf-8"><title>A &amp; B</title></head>'
        "<body><p>Ready.</p><hr><p>Because 1 &lt; 2.</p></body></html>"
    )


def test_calendar_keeps_its_method_and_one_charset():
    calendar = Attachment(
        name="teleconference.ics",
        content=CALENDAR,
        content_type="text/calendar; method=REQUEST; charset=utf-8",
    )

    message = on_the_wire(make_letter(attachments=(calendar,)))

    (part,) = message.iter_attachments()
    assert part.get_content_type() == "text/calendar"
    assert dict(part["Content-Type"].params) == {"method": "REQUEST", "charset": "utf-8"}
    assert str(part["Content-Type"]).lower().count("charset") == 1
    assert part.get_filename() == "teleconference.ics"
    assert part.get_payload(decode=True).decode() == CALENDAR


def test_two_builds_carry_the_same_message_id():
    letter = make_letter()

    assert on_the_wire(letter)["Message-ID"] == on_the_wire(letter)["Message-ID"]
