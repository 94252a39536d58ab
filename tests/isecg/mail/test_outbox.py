from datetime import UTC, datetime, timedelta

import pytest
from django.db import IntegrityError, transaction
from structlog.testing import capture_logs

from isecg import clock
from isecg.celery import app
from isecg.mail.models import Letter, State
from isecg.mail.outbox import Attachment, drop, enqueue
from tests.factories import UserFactory
from tests.isecg.mail.post import free_port, make_letter, make_notice

pytestmark = pytest.mark.django_db


def test_enqueue_writes_what_the_notice_says(settings):
    settings.SITE_URL = "https://tracker.example:8000"
    person = UserFactory(email="amina@example.org")
    due_at = datetime(2026, 3, 1, 13, tzinfo=UTC)
    calendar = Attachment(name="call.ics", content="BEGIN:VCALENDAR", content_type="text/calendar")

    assert enqueue([make_notice(recipient=person, due_at=due_at, attachments=(calendar,))]) == 1

    letter = Letter.objects.get()
    assert (letter.recipient, letter.address, letter.due_at, letter.state) == (
        person,
        "amina@example.org",
        due_at,
        State.QUEUED,
    )
    assert letter.key == f"test.reminder|meeting:42@2026-03-01|{person.pk}|mail"
    assert letter.thread_id == "<thread.meeting-42@tracker.example>"
    assert letter.list_id == "<meeting-42.tracker.example>"
    assert letter.message_id.startswith("<")
    assert letter.message_id.endswith("@tracker.example>")
    assert letter.attachments == [
        {"name": "call.ics", "content": "BEGIN:VCALENDAR", "content_type": "text/calendar"}
    ]


def test_enqueue_counts_only_what_is_new():
    first, second = UserFactory(), UserFactory()
    enqueue([make_notice(recipient=first)])

    again = enqueue(
        [
            make_notice(recipient=first, subject="Other words"),
            make_notice(recipient=second),
            make_notice(recipient=second),
            make_notice(recipient=first, occurrence="meeting:42@2026-03-08"),
        ]
    )

    assert again == 2
    assert sorted(Letter.objects.values_list("recipient_id", "subject")) == sorted(
        [
            (first.pk, "Teleconference tomorrow"),
            (first.pk, "Teleconference tomorrow"),
            (second.pk, "Teleconference tomorrow"),
        ]
    )


@pytest.mark.parametrize("state", [State.SENT, State.FAILED, State.DROPPED])
def test_enqueue_leaves_a_letter_that_is_over(state):
    letter = make_letter(
        state=state,
        sent_at=clock.now() if state == State.SENT else None,
        note="over",
        last_error="over",
    )

    assert enqueue([make_notice(recipient=letter.recipient)]) == 0

    letter.refresh_from_db()
    assert letter.state == state


def test_database_refuses_a_second_row_of_one_key():
    letter = make_letter()
    letter.pk, letter.message_id = None, "<other@example>"

    with pytest.raises(IntegrityError):
        letter.save()


def test_letter_falls_with_its_fact():
    person = UserFactory()

    with pytest.raises(ZeroDivisionError), transaction.atomic():
        enqueue([make_notice(recipient=person)])
        _ = 1 / 0

    assert Letter.objects.count() == 0


@pytest.mark.parametrize(
    ("due_in", "wakes"), [(timedelta(0), 1), (timedelta(hours=1), 0)], ids=["due", "later"]
)
def test_enqueue_wakes_the_worker_only_for_what_is_due(
    due_in, wakes, django_capture_on_commit_callbacks
):
    person = UserFactory()

    with django_capture_on_commit_callbacks() as callbacks:
        enqueue([make_notice(recipient=person, due_at=clock.now() + due_in)])

    assert len(callbacks) == wakes


def test_enqueue_without_a_nudge_wakes_nobody(django_capture_on_commit_callbacks):
    with django_capture_on_commit_callbacks() as callbacks:
        enqueue([make_notice()], nudge=False)

    assert callbacks == []


def test_dead_broker_is_no_error(monkeypatch, django_capture_on_commit_callbacks):
    monkeypatch.setitem(app.conf, "broker_url", f"redis://127.0.0.1:{free_port()}/0")
    monkeypatch.setitem(app.conf, "broker_transport_options", {})

    with capture_logs() as lines, django_capture_on_commit_callbacks(execute=True) as callbacks:
        assert enqueue([make_notice()]) == 1

    assert len(callbacks) == 1
    assert Letter.objects.get().state == State.QUEUED
    assert [line["event"] for line in lines] == ["mail.broker_away"]


@pytest.mark.parametrize("field", ["kind", "occurrence", "about", "subject", "thread"])
@pytest.mark.parametrize("mark", ["\r", "\n", "\r\nBcc: all@example.org"])
def test_notice_refuses_line_breaks_in_headers(field, mark):
    with pytest.raises(ValueError, match=f"The {field} of a notice must be one line"):
        make_notice(**{field: f"one{mark}two"})


@pytest.mark.parametrize("field", ["kind", "occurrence", "about", "subject", "text", "why"])
def test_notice_refuses_blanks(field):
    with pytest.raises(ValueError, match=f"A notice needs its {field}"):
        make_notice(**{field: " "})


@pytest.mark.parametrize("content_type", ["application/pdf", "text", "image/png"])
def test_attachment_refuses_what_is_not_text(content_type):
    with pytest.raises(ValueError, match="must be text"):
        Attachment(name="x", content="x", content_type=content_type)


def test_drop_takes_only_pending_letters_of_the_subject():
    pending = make_letter()
    other = make_letter(about="meeting:7", occurrence="meeting:7")
    sent = make_letter(occurrence="sent", state=State.SENT, sent_at=clock.now())

    assert drop("meeting:42", note="The teleconference is cancelled.") == 1

    assert list(Letter.objects.order_by("pk").values_list("pk", "state", "note")) == [
        (pending.pk, "dropped", "The teleconference is cancelled."),
        (other.pk, "queued", ""),
        (sent.pk, "sent", ""),
    ]


def test_drop_needs_a_note():
    with pytest.raises(ValueError, match="says why"):
        drop("meeting:42", note=" ")


@pytest.mark.parametrize(
    ("name", "fields"),
    [
        ("letter_state_is_known", {"state": "lost"}),
        ("letter_sent_at_iff_sent", {"state": "sent"}),
        ("letter_sent_at_iff_sent", {"sent_at": datetime(2026, 3, 1, tzinfo=UTC)}),
        ("letter_dropped_says_why", {"state": "dropped"}),
        ("letter_failed_says_why", {"state": "failed"}),
        ("letter_claim_has_a_lease", {"claimed_by": "someone"}),
    ],
)
def test_database_refuses_a_letter_that_cannot_be(name, fields):
    letter = make_letter()

    with pytest.raises(IntegrityError, match=name):
        Letter.objects.filter(pk=letter.pk).update(**fields)
