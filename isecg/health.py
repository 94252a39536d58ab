"""How the program is: for probes, and for the pages that warn the secretariat."""

from datetime import datetime, timedelta

from django.contrib.auth.decorators import login_not_required
from django.db import DatabaseError, InterfaceError, connection
from django.db.migrations.executor import MigrationExecutor
from django.db.migrations.recorder import MigrationRecorder
from django.db.models import Count, Max, Min, Subquery
from django.http import HttpRequest, JsonResponse
from django.views.decorators.http import require_safe

from isecg import clock
from isecg.mail.models import Heartbeat, Letter, State

# Rule 44: a scheduler that has not ticked for so long is shown.
LATE_AFTER = timedelta(minutes=15)
# Answers are of this moment; the header also spares a probe the look at the session.
NOT_KEPT = {"Cache-Control": "no-store"}


@login_not_required
@require_safe
def healthz(request: HttpRequest) -> JsonResponse:
    """Say that the process answers; ask nobody else."""
    return JsonResponse({"alive": True}, headers=NOT_KEPT)


@login_not_required
@require_safe
def readyz(request: HttpRequest) -> JsonResponse:
    """Say whether the tracker can work: database, migrations, clockwork."""
    report: dict[str, object] = {
        "ready": False,
        "database": False,
        "unapplied_migrations": None,
        "last_tick_seconds": None,
        "oldest_due_letter_seconds": None,
    }
    try:
        unapplied = _unapplied_migrations()
        report |= {"database": True, "unapplied_migrations": unapplied}
        if not unapplied:
            now = clock.now()
            report |= {
                "last_tick_seconds": _seconds(_last_tick(), now),
                "oldest_due_letter_seconds": _seconds(_oldest_due(now), now),
                "ready": not scheduler_is_late(),
            }
    except (DatabaseError, InterfaceError):
        # The answer is the report: what could not be asked stays unknown in it.
        report |= {"ready": False, "database": False}
    return JsonResponse(report, status=200 if report["ready"] else 503, headers=NOT_KEPT)


def scheduler_is_late() -> bool:
    """Whether reminders wait because nothing has ticked for 15 minutes (rule 44).

    Before the first tick of all, the time since the last migration is what counts.
    """
    return _is_late(_last_tick())


def post() -> tuple[bool, int]:
    """Whether the scheduler is late, and how many letters failed: one query once it ticked."""
    failed = Letter.objects.filter(state=State.FAILED)
    # Counted within the row of the clockwork; without a tick there is none.
    counted = failed.order_by().values("state").annotate(of=Count("pk")).values("of")
    row = Heartbeat.objects.annotate(failed=Subquery(counted)).first()
    if row is None:
        return _is_late(None), failed.count()
    return _is_late(row.ticked_at), row.failed or 0


def _is_late(last_tick: datetime | None) -> bool:
    since = last_tick or _installed_at()
    return since is None or clock.now() - since > LATE_AFTER


def _last_tick() -> datetime | None:
    return Heartbeat.objects.values_list("ticked_at", flat=True).first()


def _installed_at() -> datetime | None:
    applied: datetime | None = MigrationRecorder(connection).migration_qs.aggregate(
        at=Max("applied")
    )["at"]
    return applied


def _oldest_due(now: datetime) -> datetime | None:
    due_at: datetime | None = Letter.objects.due(now).aggregate(at=Min("due_at"))["at"]
    return due_at


def _unapplied_migrations() -> int:
    executor = MigrationExecutor(connection)
    return len(executor.migration_plan(executor.loader.graph.leaf_nodes()))


def _seconds(since: datetime | None, now: datetime) -> int | None:
    return None if since is None else max(0, int((now - since).total_seconds()))
