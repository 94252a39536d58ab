"""How the story is told: acts in the order of their time, each at its own instant."""

from collections.abc import Callable
from datetime import date, datetime, time, timedelta
from functools import cached_property, partial
from pathlib import Path
from typing import Any

from django.conf import settings

from isecg import clock, instants
from isecg.mail import delivery
from workgroups import zones
from workgroups.models import Agency, User, WorkingGroup

ZONE = "Europe/Paris"
INVENTED = "Invented for the demonstration."
_TEXTS = Path(__file__).parent / "texts"
# At this hour in Paris people are awake from Toronto to Tokyo.
_FIRST_ACT, _BETWEEN_ACTS = time(13), timedelta(minutes=7)
_KEEP = "isecg.mail.backends.KeepBackend"

Act = Callable[[], object]


class Story:
    """Acts, gathered in any order and told in that of their time.

    Days count working days from today, so that the story looks alive whenever it is
    told: -1 is the last one before today, 4 the fourth one from now.
    """

    def __init__(self, now: datetime) -> None:
        self.today = instants.to_zone(now, ZONE).date()
        self._acts: list[tuple[datetime, Act]] = []
        self._acts_on: dict[int, int] = {}
        self._people: dict[str, User] = {}

    def day(self, number: int) -> date:
        """Return the working day that lies ``number`` working days from today."""
        day, step = self.today, 1 if number >= 0 else -1
        left = abs(number)
        while left or day.weekday() > 4:
            day += timedelta(days=step)
            left -= day.weekday() < 5 and left > 0
        return day

    def instant(self, number: int, hour: int) -> datetime:
        """Return the instant at which the clocks in Paris show ``hour`` on that day."""
        return zones.instant(datetime.combine(self.day(number), time(hour)), ZONE)

    def on(self, number: int, act: Callable[..., object], *args: Any, **words: Any) -> None:
        """Have ``act(self, ...)`` told on a past day, after those put there before."""
        if number >= 0:
            raise ValueError("The story is told up to yesterday; today belongs to the visitor.")
        before = self._acts_on.get(number, 0)
        self._acts_on[number] = before + 1
        at = self.instant(number, _FIRST_ACT.hour) + before * _BETWEEN_ACTS
        self._acts.append((at, partial(act, self, *args, **words)))

    def tell(self) -> int:
        """Carry out every act at its instant, and return how many there were."""
        for at, act in sorted(self._acts, key=lambda entry: entry[0]):
            with clock.at(at):
                act()
                # With a mail server named, invented people's letters are for the worker.
                if settings.EMAIL_BACKEND == _KEEP:
                    delivery.deliver_pending()
        return len(self._acts)

    def add_person(self, key: str, person: User) -> None:
        self._people[key] = person

    def person(self, key: str) -> User:
        """Return one of the invented people, who must have an account by then."""
        return self._people[key]

    @property
    def secretariat(self) -> User:
        return self.person("secretariat")

    @cached_property
    def agencies(self) -> dict[str, Agency]:
        return {agency.code: agency for agency in Agency.objects.all()}

    @cached_property
    def groups(self) -> dict[str, WorkingGroup]:
        return {group.code: group for group in WorkingGroup.objects.all()}


def text(name: str) -> str:
    """Return one of the texts that the story's versions consist of."""
    return (_TEXTS / f"{name}.md").read_text(encoding="utf-8")
