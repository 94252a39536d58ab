"""What a meeting's attendance amounts to, in words that no source contradicts (rule 39)."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any

from workgroups.models import Agency, Attendance, Meeting
from workgroups.models.meetings import Presence
from workgroups.roster import Roster

_TOOK_PART = frozenset({Presence.PRESENT, Presence.REMOTE})


@dataclass(frozen=True, kw_only=True)
class Summary:
    """The attendance in one phrase, what has to be said beside it, and each agency's row."""

    words: str
    remarks: tuple[str, ...]
    rows: tuple[dict[str, Any], ...]


def summarise(meeting: Meeting, *, recorded: Sequence[Attendance], roster: Roster) -> Summary:
    """Return what is known of who came: "10 of 14 present", or no more than the source says.

    ``recorded`` has agencies with their names prefetched. A number of members stands
    beside it only where the roster of that day is settled and the names are known.
    """
    came = [row.agency for row in recorded if row.presence in _TOOK_PART]
    seated = set(roster.agencies)
    guests = [agency for agency in came if agency not in seated]
    remarks: list[str] = []
    if not recorded:
        words = _count_alone(meeting, remarks)
    elif roster.certain and seated:
        words = f"{len(came) - len(guests)} of {len(seated)} present"
        if guests:
            remarks.append(f"Also there: {_codes(guests, meeting)}.")
    else:
        words = f"{len(came)} present"
        remarks.append("The sources do not settle who was a member on that day.")
    remarks += _remote(recorded) + _conflict(meeting, named=len(came), any_named=bool(recorded))
    return Summary(
        words=words,
        remarks=tuple(remarks),
        rows=tuple(_rows(meeting, recorded=recorded, roster=roster)) if recorded else (),
    )


def code_on(agency: Agency, day: date | None) -> tuple[str, str]:
    """Return the code and name that an agency bore on a day, or bears today (rule 1)."""
    return agency.name_on(day) if day else (agency.code, agency.name)


def _count_alone(meeting: Meeting, remarks: list[str]) -> str:
    if meeting.attending_count is None:
        return "Not recorded"
    remarks.append("The source gives a count, without names.")
    return f"{meeting.attending_count} present"


def _remote(recorded: Sequence[Attendance]) -> list[str]:
    remote = sum(row.presence == Presence.REMOTE for row in recorded)
    return [f"{remote} of them took part remotely."] if remote else []


def _conflict(meeting: Meeting, *, named: int, any_named: bool) -> list[str]:
    counted = meeting.attending_count
    if not any_named or counted is None or counted == named:
        return []
    return [f"The source counts {counted} and names {named}."]


def _codes(agencies: Sequence[Agency], meeting: Meeting) -> str:
    return ", ".join(sorted(code_on(agency, meeting.first_day)[0] for agency in agencies))


def _rows(
    meeting: Meeting, *, recorded: Sequence[Attendance], roster: Roster
) -> list[dict[str, Any]]:
    """Return a row for the matrix per agency, in the order of the codes of that day."""
    presences = {row.agency: row for row in recorded}
    # Who has no row is named only where it is settled that there was a seat.
    silent = [a for a in roster.agencies if a not in presences] if roster.certain else []
    rows = []
    for agency in [*presences, *silent]:
        code, name = code_on(agency, meeting.first_day)
        row = presences.get(agency)
        kind, label = ("neutral", "Not recorded")
        if row is not None:
            kind, label = row.presence, row.get_presence_display()
        rows.append(
            {
                "header": code,
                "href": agency.get_absolute_url(),
                "title": name,
                "cells": [{"kind": kind, "label": label}],
            }
        )
    return sorted(rows, key=lambda row: str(row["header"]))
