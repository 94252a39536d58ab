"""Which seats became vacant, since when, and who is told once (rule 5)."""

from collections import defaultdict
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import datetime

from isecg import clock
from isecg.events.log import reference
from isecg.mail import registry
from isecg.mail.models import Letter
from isecg.mail.notices import Notice
from workgroups import seat_notices
from workgroups.models import Agency, Mandate, User
from workgroups.recipients import secretariat


@dataclass(frozen=True, kw_only=True)
class Vacancy:
    """A seat that nobody holds who speaks for everything, and who held it last, until when."""

    agency: Agency
    since: datetime
    last: Mandate

    @property
    def occurrence(self) -> str:
        """What names this vacancy, and no other one of the same seat."""
        return f"{reference(self.agency)}@{self.since.isoformat()}"


def register() -> None:
    """Have the clockwork ask for vacancies, and ask again before each letter goes."""
    registry.register_planner("vacant seats", plan)
    registry.register(seat_notices.VACANT, still_due=still_due)


def read(*, at: datetime) -> list[Vacancy]:
    """Return the seats of members that became vacant, in order, in two queries at most.

    A seat becomes vacant when the last mandate that speaks for everything ends, or its
    holder is suspended. One that never had a holder did not become vacant.
    """
    mandates = (
        Mandate.objects.speaking()
        .general()
        .filter(
            starts_at__lte=at,
            person__is_superuser=False,
            agency__in=Agency.objects.vacant_at(at),
        )
        .select_related("agency", "person")
        .order_by("agency__code", "pk")
    )
    found = list(mandates)
    suspended = _suspended({row.person_id for row in found if not row.person.is_active})
    last: dict[int, Vacancy] = {}
    for row in found:
        ends = [moment for moment in (row.ends_at, suspended.get(row.person_id)) if moment]
        # Nobody knows when an account lost its powers that was closed from the start.
        since = min(ends, default=row.starts_at)
        known = last.get(row.agency_id)
        if known is None or known.since < since:
            last[row.agency_id] = Vacancy(agency=row.agency, since=since, last=row)
    return list(last.values())


def _suspended(people: Iterable[int]) -> dict[int, datetime]:
    """Return since when each of these people may not sign in, as their history tells."""
    keys = list(people)
    if not keys:
        return {}
    since: dict[int, datetime] = {}
    rows = User.history.filter(id__in=keys).order_by("history_date", "history_id")
    for key, is_active, day in rows.values_list("id", "is_active", "history_date"):
        if is_active:
            since.pop(key, None)
        else:
            since.setdefault(key, day)
    return since


def plan(now: datetime) -> Iterator[Notice]:
    """Yield the letters of each vacancy of which nobody has been told: once, to all."""
    vacant = read(at=now)
    if not vacant:
        return
    told = seat_notices.told(seat_notices.VACANT, [row.agency for row in vacant])
    owed = [row for row in vacant if row.occurrence not in told]
    if not owed:
        return
    left = _remaining([row.agency for row in owed], at=now)
    desk = secretariat()
    for row in owed:
        people = {person.pk: person for person in [*left[row.agency.pk], *desk]}
        for person in people.values():
            yield seat_notices.vacant(
                row.agency,
                to=person,
                occurrence=row.occurrence,
                since=row.since,
                last=row.last,
                at=now,
            )


def _remaining(agencies: Iterable[Agency], *, at: datetime) -> dict[int, list[User]]:
    """Return the people who still hold a mandate of each agency, a limited one too."""
    rows = Mandate.objects.valid_at(at).filter(agency__in=list(agencies))
    people: dict[int, list[User]] = defaultdict(list)
    for mandate in rows.select_related("person").order_by("pk"):
        people[mandate.agency_id].append(mandate.person)
    return people


def still_due(letter: Letter) -> str | None:
    """Return why a report of a vacancy is over, or ``None`` (rule 44)."""
    occurrence = letter.key.split("|")[1]
    if any(row.occurrence == occurrence for row in read(at=clock.now())):
        return None
    return "The seat is held again."
