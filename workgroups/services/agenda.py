"""The agenda of a meeting, item by item (rule 39)."""

from django.db import transaction

from isecg import stale
from isecg.events import log
from workgroups import permissions
from workgroups.models import AgendaItem, Meeting, User
from workgroups.models.meetings import MeetingStatus
from workgroups.roles import Ability
from workgroups.services.errors import RefusedError
from workgroups.services.rows import amend, check, lock


@transaction.atomic(durable=True)
def add_item(
    meeting: Meeting,
    *,
    title: str,
    reason: str,
    by: User,
    speaker: User | None = None,
    minutes: int | None = None,
    position: int | None = None,
) -> AgendaItem:
    """Put an item on the agenda: at its end, or before the one at ``position``.

    :raises PermissionDenied: if ``by`` may not keep the meetings.
    :raises RefusedError: if the meeting is cancelled, or has an item of that title.
    """
    permissions.require(by, Ability.KEEP_MEETINGS)
    items = _lock_agenda(meeting)
    # A form that is sent twice must not make two items.
    if any(item.title == title for item in items):
        raise RefusedError("An item of this title is on the agenda already.")
    last = len(items) + 1
    place = min(max(position or last, 1), last)
    for other in reversed(items[place - 1 :]):
        _put(other, other.position + 1, by=by, reason=reason)
    item = AgendaItem(
        meeting=meeting, title=title, speaker=speaker, minutes=minutes, position=place
    )
    check(item).save_as(by, reason)
    log.record(
        "meeting.item_added",
        by=by,
        subject=meeting,
        reason=reason,
        after={"title": title, "position": place},
    )
    return item


@transaction.atomic(durable=True)
def edit_item(
    item: AgendaItem,
    *,
    title: str,
    revision: int,
    reason: str,
    by: User,
    speaker: User | None = None,
    minutes: int | None = None,
    position: int | None = None,
) -> None:
    """Correct an item, or put it at another place.

    :raises PermissionDenied: if ``by`` may not keep the meetings.
    :raises RefusedError: if the meeting is cancelled, or another item has that title.
    :raises StaleError: if somebody changed it since ``revision``.
    """
    permissions.require(by, Ability.KEEP_MEETINGS)
    items = _lock_agenda(item.meeting)
    lock(item)
    stale.require_current(item, revision)
    if any(other.title == title for other in items if other.pk != item.pk):
        raise RefusedError("An item of this title is on the agenda already.")
    former = item.position
    place = min(max(position or former, 1), len(items))
    before, after = amend(item, {"title": title, "speaker": speaker, "minutes": minutes})
    if place != former:
        before["position"], after["position"] = former, place
        _make_way(item, items, place=place, by=by, reason=reason)
    if not after:
        return
    item.position = place
    check(item).save_as(by, reason)
    log.record(
        "meeting.item_edited",
        by=by,
        subject=item.meeting,
        reason=reason,
        before=before,
        after=after | {"item": item.pk},
    )


@transaction.atomic(durable=True)
def remove_item(item: AgendaItem, *, reason: str, by: User) -> None:
    """Take an item off the agenda; its history stays.

    :raises PermissionDenied: if ``by`` may not keep the meetings.
    :raises RefusedError: if the meeting is cancelled.
    """
    permissions.require(by, Ability.KEEP_MEETINGS)
    meeting = item.meeting
    items = _lock_agenda(meeting)
    lock(item)
    title, place = item.title, item.position
    item.delete_as(by, reason)
    for other in items[place:]:
        _put(other, other.position - 1, by=by, reason=reason)
    log.record(
        "meeting.item_removed",
        by=by,
        subject=meeting,
        reason=reason,
        before={"title": title, "position": place},
    )


def _lock_agenda(meeting: Meeting) -> list[AgendaItem]:
    """Lock the meeting, which stands for its agenda, and return the items in order."""
    lock(meeting)
    if meeting.status == MeetingStatus.CANCELLED:
        raise RefusedError("The meeting is cancelled: its agenda is closed.")
    return list(meeting.agenda.order_by("position"))


def _make_way(
    item: AgendaItem, items: list[AgendaItem], *, place: int, by: User, reason: str
) -> None:
    """Shift the items between the old place and the new one, never two on one place."""
    former = item.position
    # No two items may share a place even for an instant, so this one steps aside first.
    _put(AgendaItem.objects.get(pk=item.pk), len(items) + 1, by=by, reason=reason)
    if place < former:
        between, step = reversed(items[place - 1 : former - 1]), 1
    else:
        between, step = iter(items[former:place]), -1
    for other in between:
        _put(other, other.position + step, by=by, reason=reason)


def _put(item: AgendaItem, position: int, *, by: User, reason: str) -> None:
    item.position = position
    item.save_as(by, reason)
