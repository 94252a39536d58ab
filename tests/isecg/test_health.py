from datetime import UTC, datetime, timedelta

import pytest
import time_machine
from django.db import connection, connections
from django.db.migrations.recorder import MigrationRecorder

from isecg import health
from isecg.mail.models import Heartbeat
from tests.factories import UserFactory
from tests.isecg.mail.post import make_letter

NOON = datetime(2026, 3, 1, 12, tzinfo=UTC)


@pytest.fixture
def noon():
    with time_machine.travel(NOON, tick=False) as traveller:
        yield traveller


@pytest.fixture
def dead_database(db, monkeypatch):
    """Make the next connection to the database fail for real."""
    # The test's own transaction must not see its connection end.
    broken = connections.create_connection("default")
    broken.settings_dict = {
        **connection.settings_dict,
        "NAME": "/nowhere/at/all" if connection.vendor == "sqlite" else "no_such_database",
        "OPTIONS": {},
    }
    ours = connections["default"]
    connections["default"] = broken
    yield
    broken.close()
    connections["default"] = ours


def test_healthz_asks_nobody(client):
    response = client.get("/healthz")

    assert (response.status_code, response.json()) == (200, {"alive": True})


@pytest.mark.django_db
def test_readyz_reports_what_works(client, noon):
    Heartbeat.objects.create(ticked_at=NOON - timedelta(seconds=40))
    make_letter(due_at=NOON - timedelta(seconds=90))
    make_letter(due_at=NOON - timedelta(seconds=30))
    make_letter(due_at=NOON + timedelta(seconds=30))

    response = client.get("/readyz")

    assert (response.status_code, response.json()) == (
        200,
        {
            "ready": True,
            "database": True,
            "unapplied_migrations": 0,
            "last_tick_seconds": 40,
            "oldest_due_letter_seconds": 90,
        },
    )
    assert response["Cache-Control"] == "no-store"


@pytest.mark.django_db
@pytest.mark.parametrize(
    ("age", "late"), [(timedelta(minutes=15), False), (timedelta(minutes=15, seconds=1), True)]
)
def test_scheduler_is_late_after_fifteen_minutes(client, noon, age, late):
    Heartbeat.objects.create(ticked_at=NOON - age)

    assert health.scheduler_is_late() is late
    assert client.get("/readyz").status_code == (503 if late else 200)


@pytest.mark.django_db
def test_scheduler_that_never_ticked_has_time_from_the_last_migration(noon):
    MigrationRecorder.Migration.objects.update(applied=NOON - timedelta(minutes=14))
    assert health.scheduler_is_late() is False

    MigrationRecorder.Migration.objects.update(applied=NOON - timedelta(minutes=16))
    assert health.scheduler_is_late() is True


@pytest.mark.django_db
def test_scheduler_is_late_costs_one_query(django_assert_num_queries):
    Heartbeat.objects.create(ticked_at=NOON)

    with django_assert_num_queries(1):
        health.scheduler_is_late()


@pytest.mark.django_db
def test_readyz_counts_missing_migrations(client, noon):
    Heartbeat.objects.create(ticked_at=NOON)
    MigrationRecorder.Migration.objects.filter(app="mail").delete()

    response = client.get("/readyz")

    assert response.status_code == 503
    assert (response.json()["ready"], response.json()["database"]) == (False, True)
    assert response.json()["unapplied_migrations"] >= 1


def test_readyz_survives_a_dead_database(client, dead_database):
    response = client.get("/readyz")

    assert (response.status_code, response.json()) == (
        503,
        {
            "ready": False,
            "database": False,
            "unapplied_migrations": None,
            "last_tick_seconds": None,
            "oldest_due_letter_seconds": None,
        },
    )
    assert client.get("/healthz").status_code == 200


@pytest.mark.django_db
@pytest.mark.parametrize("address", ["/healthz", "/readyz"])
def test_probes_do_not_look_at_the_person(client, address):
    Heartbeat.objects.create(ticked_at=NOON)
    client.force_login(UserFactory())
    queries = []

    def note(execute, sql, params, many, context):
        queries.append(sql)
        return execute(sql, params, many, context)

    with connection.execute_wrapper(note):
        client.get(address)

    assert [sql for sql in queries if "session" in sql or "workgroups_user" in sql] == []


@pytest.mark.django_db
@pytest.mark.parametrize("address", ["/healthz", "/readyz"])
def test_probes_only_read(client, address):
    assert client.post(address).status_code == 405
