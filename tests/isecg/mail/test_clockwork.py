from datetime import UTC, datetime, timedelta
from io import StringIO

import pytest
import time_machine
from django.core.management import call_command
from structlog.testing import capture_logs

from isecg import clock
from isecg.celery import app
from isecg.mail import clockwork
from isecg.mail.models import Heartbeat, Letter, State
from tests.factories import UserFactory
from tests.isecg.mail.post import make_letter, make_notice

pytestmark = pytest.mark.django_db

NOON = datetime(2026, 3, 1, 12, tzinfo=UTC)


@pytest.fixture
def noon():
    with time_machine.travel(NOON, tick=False) as traveller:
        yield traveller


def test_tick_sends_what_the_planners_find_due_once(noon, backend, own_registry):
    person = UserFactory()
    asked = []

    def plan(now):
        asked.append(now)
        return [make_notice(recipient=person), make_notice(recipient=person, occurrence="other")]

    own_registry.register_planner("reminders", plan)

    assert [clockwork.tick(), clockwork.tick()] == [2, 0]

    assert asked == [NOON, NOON]
    assert len(backend.taken) == 2


def test_tick_goes_on_behind_a_broken_planner(noon, backend, own_registry):
    person = UserFactory()

    def broken(now):
        yield make_notice(recipient=person, occurrence="half")
        raise LookupError("no such meeting")

    own_registry.register_planner("broken", broken)
    own_registry.register_planner("sound", lambda now: [make_notice(recipient=person)])

    with capture_logs() as lines:
        assert clockwork.tick() == 1

    assert [line["planner"] for line in lines if line["event"] == "mail.planner_broken"] == [
        "broken"
    ]
    assert [letter.key for letter in Letter.objects.all()] == [make_notice(recipient=person).key]


def test_tick_keeps_one_heartbeat(noon, own_registry):
    clockwork.tick()
    noon.shift(timedelta(seconds=30))
    clockwork.tick()

    assert list(Heartbeat.objects.values_list("id", "ticked_at")) == [
        (1, NOON + timedelta(seconds=30))
    ]


def test_two_days_without_a_tick_change_only_the_hour(noon, backend, own_registry):
    person = UserFactory()
    hours = [NOON + timedelta(hours=hour) for hour in range(0, 48, 6)]

    def plan(now):
        return [
            make_notice(recipient=person, occurrence=at.isoformat(), due_at=at)
            for at in reversed(hours)
            if at <= now
        ]

    own_registry.register_planner("reminders", plan)
    clockwork.tick()
    noon.shift(timedelta(days=2))

    assert [clockwork.tick(), clockwork.tick()] == [7, 0]

    sent = [message_id for _, message_id in backend.taken]
    assert sent == list(Letter.objects.order_by("due_at").values_list("message_id", flat=True))


def test_beat_names_real_tasks(settings):
    app.loader.import_default_modules()

    assert {entry["task"] for entry in settings.CELERY_BEAT_SCHEDULE.values()} <= set(app.tasks)
    assert "isecg.mail.tasks.deliver_pending" in app.tasks


def test_tick_command_says_how_many_went(backend, own_registry):
    make_letter()
    out = StringIO()

    call_command("tick", stdout=out)

    assert out.getvalue() == "1 letter sent.\n"


def test_mail_status_counts_and_names_the_dead(noon):
    make_letter(due_at=NOON - timedelta(hours=2))
    make_letter(due_at=NOON + timedelta(hours=2))
    make_letter(state=State.SENT, sent_at=clock.now())
    dead = make_letter(state=State.FAILED, last_error="SMTPDataError: no", due_at=NOON)
    Heartbeat.objects.create(ticked_at=NOON)
    out = StringIO()

    call_command("mail_status", stdout=out)

    oldest = Letter.objects.order_by("due_at").first()
    assert out.getvalue().splitlines() == [
        "Queued:  2",
        "Sent:    1",
        "Failed:  1",
        "Dropped: 0",
        f"Oldest due: 2026-03-01 10:00 UTC, letter {oldest.pk}",
        "Last tick: 2026-03-01 12:00:00 UTC",
        f"Failed: letter {dead.pk} (test.reminder): SMTPDataError: no",
    ]
