"""Time zones by their IANA names: the choices, and the local times that do not exist."""

from datetime import UTC, datetime, timedelta
from functools import cache
from zoneinfo import ZoneInfo, available_timezones

from django.core.exceptions import ValidationError


@cache
def names() -> tuple[str, ...]:
    """Return the zones a person may choose from, in order."""
    areas = ("Africa", "America", "Antarctica", "Asia", "Atlantic", "Australia", "Europe")
    return (
        "UTC",
        *sorted(
            name
            for name in available_timezones()
            if name.split("/")[0] in (*areas, "Indian", "Pacific")
        ),
    )


def validate_zone(name: str) -> None:
    """Refuse what is not the IANA name of a zone."""
    if name not in available_timezones():
        raise ValidationError(
            f"“{name}” is not a time zone: write it as in Europe/Paris.", code="zone"
        )


class ImpossibleTimeError(ValueError):
    """A local time that the clocks of its zone skip or show twice."""


def instant(local: datetime, zone: str) -> datetime:
    """Return the instant, in UTC, at which clocks in ``zone`` show the naive ``local``.

    :raises ImpossibleTimeError: if the clocks skip that time (spring) or show it
        twice (autumn), for then it names no instant (rule 40).
    """
    place = ZoneInfo(zone)
    first, second = (local.replace(tzinfo=place, fold=fold) for fold in (0, 1))
    if first.astimezone(UTC).astimezone(place).replace(tzinfo=None) != local:
        later = local + timedelta(hours=1)
        raise ImpossibleTimeError(
            f"{local:%d %b %Y %H:%M} does not exist in {zone}: the clocks go forward over it. "
            f"Write {later:%H:%M} or another time."
        )
    if first.utcoffset() != second.utcoffset():
        raise ImpossibleTimeError(
            f"{local:%d %b %Y %H:%M} comes twice in {zone}: the clocks go back over it. "
            "Choose another time."
        )
    return first.astimezone(UTC)
