"""What a new version does to an open call or an agreement: pure, in words as well (rule 29)."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

from isecg import instants
from products.consensus import End, Stand
from products.facts import CallFacts, Facts
from products.warnings import SATURDAY
from products.workflow import State


@dataclass(frozen=True, kw_only=True)
class Effects:
    """What each class of version would do to a product now; ``warns`` of the editorial one."""

    substantive: str
    editorial: str
    warns: bool = False


def working_days_later(at: datetime, *, days: int, zone: str) -> datetime:
    """Return the instant that many working days after ``at``, at the same time of day.

    Days are those of ``zone``, from Monday to Friday. A time of day that its clocks skip
    or show twice there is taken late rather than early.
    """
    local = instants.to_zone(at, zone)
    day = local.date()
    while days > 0:
        day += timedelta(days=1)
        days -= day.weekday() < SATURDAY
    there = datetime.combine(day, local.time(), tzinfo=ZoneInfo(zone))
    return max(instants.to_zone(there.replace(fold=fold), "UTC") for fold in (0, 1))


def contest_until(
    at: datetime, *, days: int, zone: str, no_sooner_than: datetime | None = None
) -> datetime:
    """Return until when an editorial version of ``at`` may be contested.

    ``no_sooner_than`` is until when the one before it could be: who contests the last
    contests them all, and nobody loses time by it.
    """
    until = working_days_later(at, days=days, zone=zone)
    return max(until, no_sooner_than) if no_sooner_than else until


def objecting(call: CallFacts) -> list[str]:
    """Return the agencies whose objection keeps positions from being carried over."""
    return call.tally.of(Stand.OBJECT)


def editorial_lack(facts: Facts, *, letters_at: datetime | None) -> str:
    """Return why the product takes no editorial version now, as a sentence, or nothing.

    ``letters_at`` is when the letters of the call go, while its opening can be undone.
    """
    if facts.state == State.AGREED:
        return (
            f"Version {facts.version} is agreed as it stands, to the letter: another text is a "
            "substantive version, and goes to a new call."
        )
    if facts.call is None:
        return ""
    if letters_at:
        return (
            f"The letters of the call go at {instants.words(letters_at)}, and name version "
            f"{facts.call.version}: undo the opening for another text, or wait until they are gone."
        )
    if facts.call.tally.ended_at is None:
        return ""
    ended = (
        "its silence was broken"
        if facts.call.tally.ended_by == End.BREAK
        else f"its deadline passed on {instants.words(facts.call.deadline)}"
    )
    return (
        f"The call on version {facts.call.version} takes no positions any more: {ended}. "
        "Its outcome is declared on that text; only a substantive version overtakes it."
    )


def effects(
    facts: Facts, *, until: datetime | None, letters_at: datetime | None = None
) -> Effects | None:
    """Say what each class of version does to an open call, or to an agreement.

    ``until`` is until when an editorial one could be contested. Nothing is said where
    there is neither.
    """
    lack = editorial_lack(facts, letters_at=letters_at)
    if facts.state == State.AGREED:
        return Effects(
            substantive=f"The agreement on version {facts.version} lapses, and the product is "
            "drafted again.",
            editorial=lack,
            warns=True,
        )
    if facts.call is None:
        return None
    on = f"the call on version {facts.call.version}"
    substantive = (
        f"It ends {on}: its positions count for nothing, and the product is drafted again."
    )
    if lack:
        return Effects(substantive=substantive, editorial=lack, warns=True)
    if against := objecting(facts.call):
        return Effects(
            substantive=substantive,
            editorial=f"No position is carried over while an agency objects, and "
            f"{', '.join(against)} {'does' if len(against) == 1 else 'do'}: it ends {on} as well, "
            "like a substantive version.",
            warns=True,
        )
    last = f" until {instants.words(until)}" if until else ""
    return Effects(
        substantive=substantive,
        editorial=f"{on[0].upper()}{on[1:]} goes on, on the new version: the positions given so "
        f"far go along. Any elector may say{last} that the version is not editorial; then it "
        "ends the call.",
    )
