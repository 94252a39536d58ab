"""How an instant is written: its local time, and always the name of its zone (rule 40)."""

from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo


def offset_words(local: datetime) -> str:
    """Return how far the aware ``local`` is from UTC: ``UTC+05:30``."""
    offset = local.utcoffset() or timedelta()
    sign = "-" if offset < timedelta() else "+"
    minutes = abs(offset) // timedelta(minutes=1)
    return f"UTC{sign}{minutes // 60:02}:{minutes % 60:02}"


def zone_name(local: datetime) -> str:
    """Return what people call the zone of the aware ``local``: ``CEST``, ``UTC+03:00``."""
    name = local.tzname() or ""
    # Where no abbreviation is in use the database of zones has a bare "+03".
    return name if name.isalpha() else offset_words(local)


def words(instant: datetime, zone: str = "UTC") -> str:
    """Return ``instant`` as the clocks in ``zone`` show it: ``14 Sep 2016 15:00 CEST``.

    :raises ValueError: if ``instant`` is naive.
    """
    local = to_zone(instant, zone)
    return f"{day_and_time(local)} {zone_name(local)}"


def to_zone(instant: datetime, zone: str) -> datetime:
    """Return ``instant`` on the clocks of ``zone``.

    :raises ValueError: if ``instant`` is naive: it would be read in the server's zone.
    """
    if instant.utcoffset() is None:
        raise ValueError(f"{instant!r} names no instant: it has no zone.")
    return instant.astimezone(UTC if zone == "UTC" else ZoneInfo(zone))


def day_and_time(local: datetime) -> str:
    """Return ``14 Sep 2016 15:00``."""
    return f"{local.day} {local:%b %Y %H:%M}"
