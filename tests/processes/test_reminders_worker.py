"""A real worker and a real beat send a real teleconference reminder (rule 43)."""

import queue

import icalendar
import pytest

from tests.isecg.mail.post import Recorder, serve
from tests.isecg.mail.site import PATIENCE, Site

pytestmark = pytest.mark.processes

SET_UP = """
from tests.factories import AgencyFactory, AgendaItemFactory, MandateFactory, UserFactory
from workgroups.services.meetings import add_meeting, cancel_meeting
desk = UserFactory(name="Desk", is_secretariat=True, email="desk@example.org")
emi = UserFactory(name="Emi", email="emi@example.org", time_zone="Asia/Tokyo")
MandateFactory(agency=AgencyFactory(code="JAXA"), person=emi)
soon = clock.now().replace(second=0, microsecond=0) + timedelta(minutes=31)
# Set up two hours ago: of its reminders only that of one hour before is owed.
with clock.at(clock.now() - timedelta(hours=2)):
    meetings = [
        add_meeting(
            title, kind="teleconference", starts_at=soon, time_zone="Europe/Paris",
            duration_minutes=60, reason="Agreed", by=desk,
        )
        for title in ("Monthly call", "Called off")
    ]
AgendaItemFactory(meeting=meetings[0], title="Roadmap")
cancel_meeting(meetings[1], reason="Off", by=desk)
from isecg import instants
answer = [meetings[0].uid, soon.isoformat(), instants.words(soon, "Asia/Tokyo")]
"""
TICKED = "answer = Heartbeat.objects.get().ticked_at.isoformat()"
LETTERS = "answer = sorted(Letter.objects.values_list('address', 'kind', 'state', 'failures'))"


@pytest.fixture
def site(tmp_path):
    site = Site(tmp_path)
    yield site
    site.close()


def test_worker_and_beat_send_a_teleconference_reminder_once(site):
    uid, starts_at, tokyo = site.ask(SET_UP)

    with serve(Recorder(), site.smtp_port) as server:
        site.worker(threads=2)
        site.beat()
        arrived = [server.arrived.get(timeout=PATIENCE) for _ in range(2)]
        first = site.ask(TICKED)
        for _ in range(PATIENCE):
            ticked, letters = site.ask(TICKED), site.ask(LETTERS)
            if ticked > first and {state for _, _, state, _ in letters} == {"sent"}:
                break
        # The ticks after these letters found nothing more to send.
        with pytest.raises(queue.Empty):
            server.arrived.get_nowait()

    assert letters == [
        ["desk@example.org", "meeting.reminder", "sent", 0],
        ["emi@example.org", "meeting.reminder", "sent", 0],
    ]
    messages = {message["To"]: message for _, message in arrived}
    message = messages["emi@example.org"]
    assert message["Subject"] == f"Reminder: Monthly call, {tokyo}"
    (part,) = [part for part in message.walk() if part.get_content_type() == "text/calendar"]
    event = icalendar.Calendar.from_ical(part.get_payload(decode=True)).walk("VEVENT")[0]
    assert event["UID"] == uid
    assert event["DTSTART"].dt.isoformat() == starts_at
    text = message.get_body(preferencelist=("plain",)).get_content()
    assert "1. Roadmap" in text
    assert "because JAXA is invited" in text
