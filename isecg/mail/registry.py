"""What the rooms upstairs tell the post: when a letter is over, and what is due."""

from collections.abc import Callable, Iterable
from datetime import datetime
from typing import TYPE_CHECKING

from isecg.mail.notices import Notice

if TYPE_CHECKING:
    from isecg.mail.models import Letter

StillDue = Callable[["Letter"], str | None]
Plan = Callable[[datetime], Iterable[Notice]]

_checks: dict[str, StillDue] = {}
_planners: dict[str, Plan] = {}


def register(kind: str, *, still_due: StillDue) -> None:
    """Have ``still_due`` asked before a letter of ``kind`` goes.

    It returns ``None``, or the reason to drop the letter because its subject is over.
    """
    _checks[kind] = still_due


def register_planner(name: str, plan: Plan) -> None:
    """Have ``plan`` asked at every tick for the notices that are due by then.

    It may return the same notice again: a person still gets one letter.
    """
    _planners[name] = plan


def planners() -> list[tuple[str, Plan]]:
    """Return the planners in the order in which they were registered."""
    return list(_planners.items())


def reason_to_drop(letter: "Letter") -> str | None:
    """Return why ``letter`` should not go any more, or ``None`` (rule 44)."""
    if letter.recipient is not None and not letter.recipient.is_active:
        return "The account is closed."
    check = _checks.get(letter.kind)
    return check(letter) if check else None
