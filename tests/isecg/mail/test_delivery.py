from datetime import UTC, datetime, timedelta
from smtplib import (
    SMTPDataError,
    SMTPRecipientsRefused,
    SMTPSenderRefused,
    SMTPServerDisconnected,
)

import pytest
import time_machine

from isecg import clock
from isecg.mail import delivery
from isecg.mail.models import Letter, State
from isecg.mail.outbox import drop
from tests.factories import UserFactory
from tests.isecg.mail.post import make_letter

pytestmark = pytest.mark.django_db

NOON = datetime(2026, 3, 1, 12, tzinfo=UTC)


@pytest.fixture
def noon():
    with time_machine.travel(NOON, tick=False) as traveller:
        yield traveller


def due(minutes):
    """Return a letter that has been due for so many minutes."""
    return make_letter(
        occurrence=f"due {minutes}",
        recipient=UserFactory(email=f"due{minutes}@example.org"),
        due_at=clock.now() - timedelta(minutes=minutes),
    )


def keys(letters):
    return [letter.pk for letter in letters]


def test_claim_takes_the_first_due_and_no_more_than_its_limit(noon):
    last, middle, first, _future = due(1), due(2), due(3), due(-1)

    assert keys(delivery.claim(limit=2)) == [first.pk, middle.pk]
    assert keys(delivery.claim(limit=2)) == [last.pk]
    assert keys(delivery.claim(limit=2)) == []


def test_claim_orders_letters_of_one_instant_by_age(noon):
    first = make_letter(due_at=NOON)
    second = make_letter(due_at=NOON)

    assert keys(delivery.claim()) == [first.pk, second.pk]


def test_claim_leaves_a_leased_letter_until_its_lease_has_run_out(noon):
    letter = due(1)
    (first,) = delivery.claim()

    noon.shift(delivery.lease() - timedelta(seconds=1))
    assert delivery.claim() == []
    noon.shift(timedelta(seconds=1))
    (second,) = delivery.claim()

    assert first.pk == second.pk == letter.pk
    assert first.claimed_by != second.claimed_by
    letter.refresh_from_db()
    assert (letter.claims, letter.failures) == (2, 0)


def test_lease_is_longer_than_a_slow_mail_server_and_database(settings):
    settings.EMAIL_TIMEOUT = 10

    assert delivery.lease() == timedelta(seconds=200)


def test_claim_sends_a_suspect_alone(noon):
    before, suspect, after = due(3), due(2), due(1)
    Letter.objects.filter(pk=suspect.pk).update(claims=6)

    assert [keys(delivery.claim()) for _ in range(3)] == [[before.pk], [suspect.pk], [after.pk]]


def test_claim_lets_five_crashes_travel_in_company(noon):
    innocent, neighbour = due(2), due(1)
    Letter.objects.filter(pk=innocent.pk).update(claims=5)

    assert keys(delivery.claim()) == [innocent.pk, neighbour.pk]


def test_deliver_pending_sends_all_that_is_due_in_order(noon, backend):
    letters = [due(minutes) for minutes in range(12, 0, -1)]
    due(-1)

    assert delivery.deliver_pending() == 12

    assert backend.taken == [(letter.address, letter.message_id) for letter in letters]
    assert list(
        Letter.objects.values_list(
            "state", "sent_at", "claims", "failures", "claimed_by", "lease_until"
        )
    ) == [("sent", NOON, 0, 0, "", None)] * 12 + [("queued", None, 0, 0, "", None)]


def test_deliver_pending_sends_nothing_twice(noon, backend):
    due(1)

    assert (delivery.deliver_pending(), delivery.deliver_pending()) == (1, 0)
    assert len(backend.taken) == 1


@pytest.mark.parametrize(
    ("failures", "minutes"),
    [(1, 1), (2, 2), (3, 4), (9, 256), (10, 360), (24, 360), (4000, 360)],
)
def test_rests_grow_from_a_minute_to_six_hours(failures, minutes):
    assert delivery.rest_after(failures) == timedelta(minutes=minutes)


@pytest.mark.parametrize(
    "error",
    [
        SMTPRecipientsRefused({"due2@example.org": (450, b"mailbox busy")}),
        SMTPDataError(451, b"try later"),
        SMTPSenderRefused(550, b"not you", "tracker@isecg.invalid"),
        SMTPServerDisconnected("gone"),
        TimeoutError("slow"),
    ],
    ids=lambda error: type(error).__name__,
)
def test_passing_failure_rests_the_letter_and_no_other(noon, backend, error):
    letter, other = due(2), due(1)
    backend.errors[letter.address] = [error]

    assert delivery.deliver_pending() == 1

    letter.refresh_from_db()
    assert (letter.state, letter.failures, letter.claims, letter.claimed_by) == (
        State.QUEUED,
        1,
        0,
        "",
    )
    assert letter.next_try_at == NOON + timedelta(minutes=1)
    assert letter.last_error == f"{type(error).__name__}: {error}"
    assert backend.taken == [(other.address, other.message_id)]

    noon.shift(timedelta(seconds=59))
    assert delivery.deliver_pending() == 0
    noon.shift(timedelta(seconds=1))
    assert delivery.deliver_pending() == 1
    assert backend.taken[1:] == [(letter.address, letter.message_id)]


@pytest.mark.parametrize(
    "error",
    [
        SMTPRecipientsRefused({"due2@example.org": (550, b"no such person")}),
        SMTPDataError(554, b"refused"),
    ],
    ids=lambda error: type(error).__name__,
)
def test_refusal_for_good_is_a_dead_letter(noon, backend, error):
    letter, other = due(2), due(1)
    backend.errors[letter.address] = [error]

    assert delivery.deliver_pending() == 1

    letter.refresh_from_db()
    assert (letter.state, letter.failures, letter.next_try_at) == (State.FAILED, 1, None)
    assert letter.last_error == f"{type(error).__name__}: {error}"
    noon.shift(timedelta(days=30))
    assert delivery.deliver_pending() == 0
    assert [address for address, _ in backend.taken] == [other.address]


@pytest.mark.parametrize(("failures", "state"), [(23, State.QUEUED), (24, State.FAILED)])
def test_letter_is_given_up_after_its_last_failure(noon, backend, failures, state):
    letter = due(1)
    Letter.objects.filter(pk=letter.pk).update(failures=failures)
    backend.errors[letter.address] = [TimeoutError("slow")]

    delivery.deliver_pending()

    letter.refresh_from_db()
    assert (letter.state, letter.failures) == (state, failures + 1)


def test_outage_blames_no_letter_and_keeps_the_order(noon, backend):
    letters = [due(minutes) for minutes in range(7, 0, -1)]
    backend.down = ConnectionRefusedError("nobody there")

    for _ in range(200):
        assert delivery.deliver_pending() == 0
        noon.shift(timedelta(minutes=15))

    assert set(
        Letter.objects.values_list("state", "failures", "claims", "next_try_at", "claimed_by")
    ) == {("queued", 0, 0, None, "")}
    assert Letter.objects.first().last_error == "ConnectionRefusedError: nobody there"
    backend.down = None
    assert delivery.deliver_pending() == 7
    assert backend.taken == [(letter.address, letter.message_id) for letter in letters]


def test_crash_leaves_a_claim_and_costs_no_failure(noon, backend):
    letter = due(1)
    backend.errors[letter.address] = [SystemExit("killed")]

    with pytest.raises(SystemExit):
        delivery.deliver_pending()
    noon.shift(delivery.lease())
    assert delivery.deliver_pending() == 1

    letter.refresh_from_db()
    assert (letter.state, letter.failures, letter.claims) == (State.SENT, 0, 1)


def test_letter_whose_subject_is_over_is_dropped_with_a_note(noon, backend, own_registry):
    over, goes = due(2), due(1)
    own_registry.register(
        "test.reminder",
        still_due=lambda letter: "It was cancelled." if letter.pk == over.pk else None,
    )

    assert delivery.deliver_pending() == 1

    over.refresh_from_db()
    assert (over.state, over.note, over.sent_at, over.claimed_by) == (
        State.DROPPED,
        "It was cancelled.",
        None,
        "",
    )
    assert backend.taken == [(goes.address, goes.message_id)]


def test_letter_to_a_closed_account_is_dropped(noon, backend):
    letter = due(1)
    letter.recipient.is_active = False
    letter.recipient.save_as(None, "left")

    assert delivery.deliver_pending() == 0

    letter.refresh_from_db()
    assert (letter.state, letter.note) == (State.DROPPED, "The account is closed.")
    assert backend.taken == []


def test_broken_check_stops_no_other_letter(noon, backend, own_registry):
    broken, goes = due(2), due(1)

    def check(letter):
        if letter.pk == broken.pk:
            raise KeyError("meeting")

    own_registry.register("test.reminder", still_due=check)

    assert delivery.deliver_pending() == 1

    broken.refresh_from_db()
    assert (broken.state, broken.failures, broken.last_error) == (
        State.QUEUED,
        1,
        "KeyError: 'meeting'",
    )
    assert backend.taken == [(goes.address, goes.message_id)]


def test_letter_dropped_after_the_claim_does_not_go(noon, backend):
    due(1)
    (claimed,) = delivery.claim()
    drop("meeting:42", note="Cancelled.")

    assert delivery.deliver(claimed, connection=backend()) is False

    assert backend.taken == []
    assert Letter.objects.get().state == State.DROPPED


def test_letter_that_another_worker_took_over_does_not_go(noon, backend):
    due(1)
    (late,) = delivery.claim()
    noon.shift(delivery.lease())
    (current,) = delivery.claim()

    assert delivery.deliver(late, connection=backend()) is False
    assert delivery.deliver(current, connection=backend()) is True

    assert len(backend.taken) == 1


def test_each_letter_of_a_claim_gets_a_lease_of_its_own(noon, backend):
    due(1)
    (claimed,) = delivery.claim()
    noon.shift(timedelta(seconds=90))
    backend.errors[claimed.address] = [SystemExit("killed")]

    with pytest.raises(SystemExit):
        delivery.deliver(claimed, connection=backend())

    assert Letter.objects.get().lease_until == clock.now() + delivery.lease()


def test_letter_dropped_while_it_was_on_its_way_counts_as_sent(noon, backend, monkeypatch):
    due(1)
    sending = backend.send_messages

    def drop_meanwhile(self, email_messages):
        drop("meeting:42", note="Cancelled.")
        return sending(self, email_messages)

    monkeypatch.setattr(backend, "send_messages", drop_meanwhile)

    delivery.deliver_pending()

    letter = Letter.objects.get()
    assert (letter.state, letter.note, letter.sent_at) == (State.SENT, "", NOON)


def test_backend_that_takes_nothing_has_not_sent(noon, backend, monkeypatch):
    due(1)
    monkeypatch.setattr(backend, "send_messages", lambda self, email_messages: 0)

    assert delivery.deliver_pending() == 0

    letter = Letter.objects.get()
    assert (letter.state, letter.failures) == (State.QUEUED, 1)


def test_keep_backend_marks_letters_as_sent(noon, settings):
    settings.EMAIL_BACKEND = "isecg.mail.backends.KeepBackend"
    due(1)

    assert delivery.deliver_pending() == 1

    assert Letter.objects.get().state == State.SENT
