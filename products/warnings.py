"""What to think of before a deadline is set, as pure functions of plain values (rule 19)."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, datetime, timedelta

from isecg import instants

FEWEST_WORKING_DAYS = 5
SATURDAY = 5


@dataclass(frozen=True, kw_only=True)
class Occasion:
    """What the deadline is set for, in words; ``vacant`` ends what is said of a vacant seat.

    ``cut_off`` follows what is said of seats that letters do not reach.
    """

    name: str
    vacant: str
    cut_off: str = ""


CALL = Occasion(name="The call", vacant="nobody there can take a position")
SILENCE = Occasion(
    name="The silence procedure",
    vacant="their silence is no consent, and makes the procedure invalid unless somebody holds "
    "the seat and is served in time, or it is waived with a reason",
    cut_off=" Their silence is no consent, and makes the procedure invalid unless they are "
    "served in time, or it is waived with a reason.",
)
CIRCULATION = Occasion(name="The circulation", vacant="nobody there speaks for the agency")


@dataclass(frozen=True, kw_only=True)
class SeatFacts:
    """One seat: its agency's code and zone, how many may speak for it, whether letters reach it."""

    agency: str
    zone: str
    speakers: int
    reachable: bool


def working_days(start: date, end: date) -> int:
    """Return how many days from Monday to Friday follow ``start``, up to ``end`` included."""
    days = (start + timedelta(days=count) for count in range(1, (end - start).days + 1))
    return sum(day.weekday() < SATURDAY for day in days)


def overlaps_year_end(start: date, end: date) -> bool:
    """Whether a day from ``start`` to ``end`` lies from 20 December to 6 January."""
    return any(
        start <= date(year + 1, 1, 6) and date(year, 12, 20) <= end
        for year in range(start.year - 1, end.year + 1)
    )


def warnings(
    *,
    opens_at: datetime,
    deadline: datetime,
    zone: str,
    seats: Iterable[SeatFacts],
    occasion: Occasion = CALL,
) -> list[str]:
    """Return what speaks against a deadline and the state of the seats; none of it forbids it.

    Days are those of ``zone``, in which the deadline was set; weekends also those of the
    seats.
    """
    seats = list(seats)
    start, end = (instants.to_zone(at, zone).date() for at in (opens_at, deadline))
    found = []
    if (days := working_days(start, end)) < FEWEST_WORKING_DAYS:
        found.append(
            f"{days} working day{'' if days == 1 else 's'} until the deadline: "
            f"fewer than {FEWEST_WORKING_DAYS}."
        )
    if end.weekday() >= SATURDAY:
        found.append(f"The deadline is on a {end:%A} ({zone}).")
    elif away := [seat.agency for seat in seats if _is_weekend(deadline, seat.zone)]:
        found.append(f"The deadline is at the weekend for {_names(away)}, on their own clocks.")
    if overlaps_year_end(start, end):
        found.append(f"{occasion.name} runs into the days from 20 December to 6 January.")
    if vacant := [seat.agency for seat in seats if not seat.speakers]:
        found.append(
            f"Vacant: {_names(vacant)}. Without a head of delegation or an alternate, "
            f"{occasion.vacant}."
        )
    if cut_off := [seat.agency for seat in seats if seat.speakers and not seat.reachable]:
        found.append(
            f"Letters do not reach {_names(cut_off)}: the last ones failed.{occasion.cut_off}"
        )
    return found


def _is_weekend(at: datetime, zone: str) -> bool:
    return instants.to_zone(at, zone).weekday() >= SATURDAY


def _names(agencies: list[str]) -> str:
    return ", ".join(sorted(agencies))
