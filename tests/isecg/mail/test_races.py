"""Two at once, on PostgreSQL."""

from concurrent.futures import ThreadPoolExecutor
from threading import Barrier

import pytest
from django.db import connection, transaction

from isecg.mail import clockwork, delivery
from isecg.mail.models import Letter
from isecg.mail.outbox import enqueue
from tests.factories import UserFactory
from tests.isecg.mail.post import make_letter, make_notice

pytestmark = [pytest.mark.services, pytest.mark.django_db(transaction=True)]


def both(act, *, times=2):
    """Run ``act`` in so many threads that start together; return what they return."""
    start = Barrier(times)

    def run(_):
        try:
            # Whoever waits for a row that the test holds should fail, not hang.
            with connection.cursor() as cursor:
                cursor.execute("SET lock_timeout = '10s'")
            start.wait()
            return act()
        finally:
            connection.close()

    with ThreadPoolExecutor(times) as pool:
        return list(pool.map(run, range(times)))


def test_two_deliverers_send_each_letter_once(backend):
    letters = [make_letter(occurrence=str(number)) for number in range(40)]

    sent = both(delivery.deliver_pending)

    assert sum(sent) == 40
    assert sorted(backend.taken) == sorted(
        (letter.address, letter.message_id) for letter in letters
    )
    assert set(Letter.objects.values_list("state", "claims")) == {("sent", 0)}


def test_claim_passes_over_rows_that_another_claim_holds():
    letters = [make_letter(occurrence=str(number)) for number in range(4)]

    with transaction.atomic():
        held = list(Letter.objects.filter(pk=letters[0].pk).select_for_update())
        (claimed, _) = both(lambda: [letter.pk for letter in delivery.claim(limit=1)])

    assert [letter.pk for letter in held] == [letters[0].pk]
    assert claimed in ([letters[1].pk], [letters[2].pk])


def test_two_rooms_queue_one_letter():
    person = UserFactory()

    counts = both(lambda: enqueue([make_notice(recipient=person)], nudge=False), times=4)

    assert sorted(counts) == [0, 0, 0, 1]
    assert Letter.objects.count() == 1


def test_two_ticks_at_once_send_each_letter_once(backend, own_registry):
    person = UserFactory()
    own_registry.register_planner(
        "reminders",
        lambda now: [make_notice(recipient=person, occurrence=str(n)) for n in range(20)],
    )

    assert sum(both(clockwork.tick)) == 20

    assert len(backend.taken) == len(set(backend.taken)) == 20
