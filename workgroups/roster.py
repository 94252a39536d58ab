"""Which agencies had a seat at a meeting, and whether the sources settle that (rule 2)."""

from dataclasses import dataclass
from datetime import date

from isecg.partial_dates import PartialDate
from workgroups.models import Agency, GroupMember, Meeting, Membership, MembershipCount


@dataclass(frozen=True, kw_only=True)
class Roster:
    """The agencies that belong to a meeting on its day; ``certain`` if sources settle them."""

    agencies: tuple[Agency, ...]
    certain: bool


def of_meeting(meeting: Meeting, *, today: date) -> Roster:
    """Return the agencies of a meeting: its group's, or every member, on its first day.

    Where no day is known they are those of today, and never certain.
    """
    day = meeting.first_day or today
    agencies = Agency.objects.members_on(day).prefetch_related("names")
    if meeting.group_id is None:
        certain = meeting.first_day is not None and is_certain(day)
        return Roster(agencies=tuple(agencies), certain=certain)
    held = list(GroupMember.objects.filter(group=meeting.group_id))
    ids = {row.agency_id for row in held if _may_cover(row, day)}
    return Roster(
        agencies=tuple(agencies.filter(pk__in=ids)),
        certain=meeting.first_day is not None
        and all(row.start and _is_settled(row.start, row.end, day) for row in held),
    )


def is_certain(day: date) -> bool:
    """Whether the sources settle who was a member on ``day``.

    A membership whose start is not known leaves every day before it is attested open,
    unless a source counted the members on that day or later and the count is that of
    the roster without it.
    """
    memberships = list(Membership.objects.all())
    text = day.isoformat()
    late = [
        row
        for row in memberships
        if not row.start and (not row.attested_on or row.attested_on > text)
    ]
    settled = [row for row in memberships if row not in late]
    if not all(_is_settled(row.start, row.end, day) for row in settled):
        return False
    return not late or any(
        _bears_out(count, memberships, late)
        for count in MembershipCount.objects.filter(as_of__gte=text)
    )


def _bears_out(
    count: MembershipCount, memberships: list[Membership], late: list[Membership]
) -> bool:
    counted_on = PartialDate.parse(count.as_of).latest.isoformat()
    if any(row.attested_on <= counted_on for row in late):
        return False
    members = [
        row
        for row in memberships
        if (row.start or row.attested_on) <= counted_on and (not row.end or row.end > counted_on)
    ]
    return count.count == len(members)


def _is_settled(start: str, end: str, day: date) -> bool:
    """Whether partial dates leave open on which side of them ``day`` lies."""
    edges = [PartialDate.parse(text) for text in (start, end) if text]
    return not any(edge.earliest <= day < edge.latest for edge in edges)


def _may_cover(row: GroupMember, day: date) -> bool:
    text = day.isoformat()
    return row.start <= text and (not row.end or row.end > text)
