"""The event log in the database: written once, checked as a whole."""

import re
from datetime import UTC, datetime

import pytest
import time_machine
from django.core.management import call_command
from django.db import IntegrityError, InternalError, connection, transaction

from isecg.events import chain, log
from isecg.events.models import Event, Head
from tests.factories import ProductFactory, UserFactory

pytestmark = pytest.mark.django_db


def three_events():
    user, product = UserFactory(name="Ada"), ProductFactory()
    for n in (1, 2, 3):
        log.record("thing.done", by=user, subject=product, reason=f"reason {n}", after={"n": n})
    return product


def flip_one_byte(seq):
    """Change an event behind the back of the triggers, as somebody at the database could."""
    table = Event._meta.db_table
    on_table = f" ON {table}" if connection.vendor == "postgresql" else ""
    with connection.cursor() as cursor:
        cursor.execute(f"DROP TRIGGER {table}_refuses_update{on_table}")
        cursor.execute(f"UPDATE {table} SET actor = 'Adb' WHERE seq = {int(seq)}")  # noqa: S608 - our own table


@time_machine.travel(datetime(2026, 3, 1, 9, 0, tzinfo=UTC), tick=False)
def test_record_keeps_who_what_when_and_why():
    user, product = UserFactory(name="Ada"), ProductFactory()

    event = log.record(
        "thing.done",
        by=user,
        subject=product,
        reason="because",
        on_behalf_of="ESA",
        version="v2",
        before={"state": "drafting"},
        after={"at": datetime(2026, 3, 2, tzinfo=UTC), "of": product},
        also=[user],
    )

    event.refresh_from_db()
    assert (event.seq, event.user, event.actor, event.event, event.at, event.subject) == (
        1,
        user,
        f"user:{user.pk}",
        "thing.done",
        datetime(2026, 3, 1, 9, 0, tzinfo=UTC),
        f"product:{product.pk}",
    )
    assert event.payload == {
        "on_behalf_of": "ESA",
        "version": "v2",
        "before": {"state": "drafting"},
        "after": {"at": "2026-03-02T00:00:00+00:00", "of": f"product:{product.pk}"},
        "reason": "because",
        "also": [f"user:{user.pk}"],
    }


def test_record_by_nobody_names_the_program():
    event = log.record("thing.done", by=None, subject=ProductFactory())

    assert (event.user, event.actor) == (None, "the program")


def test_record_keeps_the_person_by_reference_and_shows_the_present_name():
    user, other, product = UserFactory(name="Ada"), UserFactory(name="Bea"), ProductFactory()
    log.record(
        "thing.done", by=user, subject=product, before={"person": user}, after={"person": other}
    )

    user.name = "Ada King"
    user.save_as(None, "test")

    event = Event.objects.get()
    assert "Ada" not in str((event.actor, event.payload))
    assert (event.by, log.verify()[2]) == ("Ada King", None)


def test_an_event_that_holds_a_name_still_verifies_and_shows_the_present_one():
    user, product = UserFactory(name="Ada King"), ProductFactory()
    link = chain.Link(
        seq=1,
        at=datetime(2026, 3, 1, tzinfo=UTC),
        actor="Ada",
        event="thing.done",
        payload={"reason": "", "subject": log.reference(product), "user": user.pk},
        prev=chain.GENESIS,
    )
    Event.objects.create(
        seq=1,
        at=link.at,
        user=user,
        actor="Ada",
        event="thing.done",
        subject=log.reference(product),
        payload={"reason": ""},
        prev=link.prev,
        hash=chain.digest(link),
    )
    Head.objects.create(pk=1, seq=1, hash=chain.digest(link))

    log.record("thing.done", by=user, subject=product)

    assert log.verify()[::2] == (2, None)
    assert [event.by for event in Event.objects.all()] == ["Ada King", "Ada King"]


def test_names_of_asks_once_for_accounts_and_never_for_what_is_none(django_assert_num_queries):
    ada, bea = UserFactory(name="Ada"), UserFactory(name="Bea")

    with django_assert_num_queries(1):
        found = log.names_of([f"user:{ada.pk}", f"user:{bea.pk}", "user:0", "Cleo", None, 3])
    with django_assert_num_queries(0):
        log.names_of(["Cleo", f"product:{ada.pk}"])

    assert found == {f"user:{ada.pk}": "Ada", f"user:{bea.pk}": "Bea"}


@pytest.mark.django_db(transaction=True)
def test_record_outside_a_transaction_is_refused():
    product = ProductFactory()

    with pytest.raises(log.NotInTransactionError):
        log.record("thing.done", by=None, subject=product)

    assert Event.objects.count() == 0


def test_about_gives_the_events_of_one_row_newest_first():
    product = three_events()
    log.record("other.done", by=None, subject=ProductFactory())

    assert [event.payload["after"]["n"] for event in log.about(product)] == [3, 2, 1]


def test_event_refuses_to_be_changed():
    three_events()

    with pytest.raises((IntegrityError, InternalError)), transaction.atomic():
        Event.objects.filter(seq=2).update(actor="Eve")

    event = Event.objects.get(seq=2)
    assert event.actor == f"user:{event.user_id}"


def test_verify_events_prints_the_number_and_the_head(capsys):
    three_events()

    call_command("verify_events")

    head = Head.objects.get()
    assert capsys.readouterr().out == f"3 events are whole. Head: 3 {head.hash}\n"
    assert re.fullmatch(r"[0-9a-f]{64}", head.hash)


def test_verify_events_names_one_flipped_byte_and_exits_with_1(capsys):
    three_events()
    flip_one_byte(2)

    with pytest.raises(SystemExit) as stop:
        call_command("verify_events")

    assert stop.value.code == 1
    assert capsys.readouterr().err == ("Event 2 was changed after it was written. 2 read.\n")


def test_verify_events_names_a_changed_user(capsys):
    three_events()
    table = Event._meta.db_table
    other = UserFactory()
    on_table = f" ON {table}" if connection.vendor == "postgresql" else ""
    with connection.cursor() as cursor:
        cursor.execute(f"DROP TRIGGER {table}_refuses_update{on_table}")
        cursor.execute(f"UPDATE {table} SET user_id = {int(other.pk)} WHERE seq = 3")  # noqa: S608 - our own table

    assert log.verify()[2] == "Event 3 was changed after it was written."
