"""Who took part in a meeting, agency by agency (rule 39)."""

from collections.abc import Mapping

from django.db import transaction

from isecg import clock, stale
from isecg.events import log
from workgroups import permissions
from workgroups.models import Agency, Attendance, Meeting, User
from workgroups.models.meetings import MeetingStatus, Presence
from workgroups.roles import Ability
from workgroups.services.errors import RefusedError
from workgroups.services.rows import amend, check, lock

TOOK_PART = frozenset({Presence.PRESENT, Presence.REMOTE})


@transaction.atomic(durable=True)
def record_attendance(
    meeting: Meeting,
    *,
    presences: Mapping[Agency, str],
    attending_count: int | None,
    attendance_note: str,
    revision: int,
    reason: str,
    by: User,
) -> None:
    """Record how agencies took part; an empty presence means *not recorded*.

    Agencies that ``presences`` does not name stay as they are. Excuses can be recorded
    ahead of the meeting. Counts are never forced to agree: sources conflict.

    :raises PermissionDenied: if ``by`` may not keep the meetings.
    :raises RefusedError: if it is cancelled, or somebody is present before it has begun.
    :raises StaleError: if somebody changed it since ``revision``.
    """
    permissions.require(by, Ability.KEEP_MEETINGS)
    lock(meeting)
    stale.require_current(meeting, revision)
    if meeting.status == MeetingStatus.CANCELLED:
        raise RefusedError("The meeting was cancelled: nobody took part.")
    if not meeting.has_begun(clock.now()) and (
        attending_count is not None or TOOK_PART.intersection(presences.values())
    ):
        raise RefusedError("The meeting has not begun: only excuses can be recorded ahead.")
    before, after = _write(meeting, presences, by=by, reason=reason)
    former, present = amend(
        meeting, {"attending_count": attending_count, "attendance_note": attendance_note}
    )
    before, after = before | former, after | present
    if not after:
        return
    # Saved even where only rows changed: the next form must see that there was a change.
    check(meeting).save_as(by, reason)
    log.record(
        "meeting.attendance_recorded",
        by=by,
        subject=meeting,
        reason=reason,
        before=before,
        after=after,
    )


def _write(
    meeting: Meeting, presences: Mapping[Agency, str], *, by: User, reason: str
) -> tuple[dict[str, object], dict[str, object]]:
    rows = {row.agency_id: row for row in meeting.attendance.all()}
    before: dict[str, object] = {}
    after: dict[str, object] = {}
    for agency, presence in presences.items():
        row = rows.get(agency.pk)
        former = row.presence if row else ""
        if former == presence:
            continue
        before[agency.code], after[agency.code] = former, presence
        if row is None:
            row = Attendance(meeting=meeting, agency=agency)
        if presence:
            row.presence = presence
            check(row).save_as(by, reason)
        else:
            row.delete_as(by, reason)
    return before, after
