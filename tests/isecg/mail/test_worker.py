"""Real processes, a real mail server, and real ends: what rule 44 promises."""

import os
import signal
import time
from collections import Counter

import pytest

from tests.isecg.mail.planned.apps import HOURS
from tests.isecg.mail.post import Recorder, serve
from tests.isecg.mail.site import PATIENCE, Site


@pytest.fixture
def site(tmp_path):
    site = Site(tmp_path)
    yield site
    site.close()


QUEUE_EIGHT = """
person = User.objects.create_user("amina@example.org", name="Amina")
answer = enqueue([
    Notice(
        kind="test", occurrence=str(number), recipient=person, about="meeting:1",
        subject=f"Letter {number}", text="Text.", why="You are invited.", thread="meeting:1",
        due_at=clock.now() - timedelta(hours=8 - number),
    )
    for number in range(8)
])
"""


def test_killed_worker_loses_no_letter_and_doubles_at_most_one(site):
    assert site.ask(QUEUE_EIGHT) == 8

    def kill_after_the_third(message):
        if message["Subject"] == "Letter 3" and worker.poll() is None:
            # The server has the letter; the worker never hears that it does.
            os.kill(worker.pid, signal.SIGKILL)
            worker.wait(PATIENCE)

    with serve(Recorder(kill_after_the_third), site.smtp_port) as server:
        worker = site.worker(threads=2)
        assert worker.wait(PATIENCE) == -signal.SIGKILL
        arrived = [server.arrived.get(timeout=PATIENCE) for _ in range(4)]
        left = site.ask(
            # The lease of the dead worker runs out.
            "Letter.objects.exclude(lease_until=None).update(lease_until=clock.now())\n"
            "answer = list(Letter.objects.values_list('state', 'claims', 'failures'))\n"
            "wake()"
        )
        second = site.worker(threads=2)
        arrived += [server.arrived.get(timeout=PATIENCE) for _ in range(5)]
        site.stop(second)
        assert server.arrived.empty()

    assert left == [["sent", 0, 0]] * 3 + [["queued", 1, 0]] * 2 + [["queued", 0, 0]] * 3
    assert [message["Subject"] for _, message in arrived] == [
        f"Letter {number}" for number in (0, 1, 2, 3, 3, 4, 5, 6, 7)
    ]
    ids = Counter(message["Message-ID"] for _, message in arrived)
    assert sorted(ids.values()) == [1] * 7 + [2]
    assert site.ask(
        "answer = list(Letter.objects.values_list('message_id', 'state', 'claimed_by'))"
    ) == [[message_id, "sent", ""] for message_id in ids]


def test_two_days_down_change_only_the_hour_of_arrival(site):
    site.ask(
        "for name in ('planned1', 'planned2'):\n"
        "    User.objects.create_user(f'{name}@example.org', name=clock.now().isoformat())"
    )

    # The mail server is down; then the worker, beat and what the broker held go as well.
    down = [site.worker(threads=1), site.beat()]
    refused = _wait(site, "answer = Letter.objects.exclude(last_error='').count() >= 5")
    for process in down:
        process.kill()
        process.wait(PATIENCE)
    for message in (site.place / "broker").glob("*.msg"):
        message.unlink()
    site.ask(
        "Heartbeat.objects.update(ticked_at=clock.now() - timedelta(days=2))\n"
        "Letter.objects.exclude(lease_until=None).update(lease_until=clock.now())"
    )

    with serve(Recorder(), site.smtp_port) as server:
        up = [site.worker(threads=1), site.beat()]
        expected = [hours for hours in reversed(HOURS) if hours != 24]
        arrived = [server.arrived.get(timeout=PATIENCE) for _ in range(2 * len(expected))]
        seen = site.ask("answer = Heartbeat.objects.get().ticked_at.isoformat()")
        more = _wait(site, f"answer = Heartbeat.objects.get().ticked_at.isoformat() > '{seen}'")
        for process in reversed(up):
            site.stop(process)
        assert server.arrived.empty()

    assert refused
    assert more
    for person in ("planned1@example.org", "planned2@example.org"):
        assert [message["Subject"] for (to,), message in arrived if to == person] == [
            f"{hours} hours late" for hours in expected
        ]
    assert site.ask(
        "answer = list(Letter.objects.order_by('state', 'note')"
        ".values_list('state', 'note', 'failures').distinct())"
    ) == [["dropped", "It was cancelled.", 0], ["sent", "", 0]]


def _wait(site, question):
    """Ask until the answer is yes; each question takes a process its time."""
    until = time.monotonic() + PATIENCE
    while time.monotonic() < until:
        if site.ask(question):
            return True
    return False
