from email import message_from_bytes
from email.policy import default

import pytest
from django.core.exceptions import ValidationError
from django.core.mail import BadHeaderError

from isecg.mail import messages
from isecg.mail.outbox import Attachment
from tests.factories import UserFactory
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


# The email package breaks a header at each of these; a notice refuses only the first two.
BREAKS = ["\r", "\n", "\r\n", "\x0b", "\x0c", "\x1c", "\x1d", "\x1e", "\x85", "\u2028", "\u2029"]


@pytest.mark.parametrize("mark", BREAKS)
@pytest.mark.parametrize("words", ["Roadmap", "Überblick"])
def test_a_break_in_a_title_makes_no_header_and_stops_no_letter(mark, words):
    letter = make_letter()
    # On the row, past what a notice refuses.
    letter.subject = f"{words}{mark}Bcc: all@example.org"

    message = on_the_wire(letter)

    assert message["Subject"] == f"{words} Bcc: all@example.org"
    assert message["Bcc"] is None
    assert (message["To"], len(message.keys())) == (letter.address, len(set(message.keys())))


@pytest.mark.parametrize("mark", BREAKS)
def test_a_break_in_the_name_of_an_attachment_makes_no_header(mark):
    letter = make_letter()
    name = f'entry.ics"{mark}Bcc: all@example.org'
    letter.attachments = [{"name": name, "content": CALENDAR, "content_type": "text/calendar"}]

    message = on_the_wire(letter)

    (part,) = message.iter_attachments()
    assert message["Bcc"] is None
    assert part["Bcc"] is None
    assert part.get_content().splitlines() == CALENDAR.splitlines()


@pytest.mark.parametrize("mark", BREAKS[:3])
@pytest.mark.parametrize("field", ["address", "message_id", "thread_id", "list_id"])
def test_a_break_in_what_we_write_ourselves_stops_the_letter(mark, field):
    letter = make_letter()
    setattr(letter, field, f"<a@example.org>{mark}Bcc: all@example.org")

    with pytest.raises(BadHeaderError):
        on_the_wire(letter)


@pytest.mark.parametrize("mark", BREAKS[:3])
def test_no_account_has_a_break_in_its_address(mark):
    with pytest.raises(ValidationError):
        UserFactory.build(email=f"a@example.org{mark}Bcc: all@example.org").clean_fields()
