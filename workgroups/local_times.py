"""A meeting's start on the clocks of every seat (rule 40)."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, time, timedelta

from isecg import instants
from workgroups.models import Agency

DAY_STARTS, DAY_ENDS = time(7), time(21)


@dataclass(frozen=True, kw_only=True)
class LocalTime:
    """What one group of clocks shows; ``warning`` is empty within 07-21 h."""

    local: datetime
    zone: str
    zone_name: str
    offset: str
    agencies: tuple[Agency, ...]
    warning: str

    @property
    def words(self) -> str:
        """The day and the time on these clocks: a template would turn ``local`` into UTC."""
        return f"{self.local:%a} {self.local.day} {self.local:%b} {self.local:%H:%M}"


def warning(local: datetime, *, minutes: int | None) -> str:
    """Return in words how a meeting leaves the hours from 07 to 21, or nothing."""
    if local.time() < DAY_STARTS:
        return "before 07:00"
    if local.time() >= DAY_ENDS:
        return "after 21:00"
    # On the wall clock: an hour that the zone skips that evening changes nothing here.
    end = local.replace(tzinfo=None) + timedelta(minutes=minutes or 0)
    latest = datetime.combine(local.date(), DAY_ENDS)
    return "runs past 21:00" if end > latest else ""


def strip(agencies: Iterable[Agency], *, at: datetime, minutes: int | None) -> list[LocalTime]:
    """Return the local times of ``agencies``, west to east, equal clocks together."""
    clocks: dict[tuple[datetime, str], list[Agency]] = {}
    for agency in agencies:
        local = instants.to_zone(at, agency.time_zone)
        key = (local.replace(tzinfo=None), instants.zone_name(local))
        clocks.setdefault(key, []).append(agency)
    found = []
    for (_, name), seats in sorted(clocks.items(), key=lambda entry: entry[0]):
        zone = seats[0].time_zone
        local = instants.to_zone(at, zone)
        found.append(
            LocalTime(
                local=local,
                zone=zone,
                zone_name=name,
                offset=instants.offset_words(local),
                agencies=tuple(seats),
                warning=warning(local, minutes=minutes),
            )
        )
    return found
