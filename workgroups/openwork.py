"""How many open products a group has: counted by the room that knows products."""

from collections.abc import Callable

from workgroups.models import WorkingGroup

Counter = Callable[[WorkingGroup], int]

_counters: list[Counter] = []


def register(count_open: Counter) -> None:
    """Have ``count_open`` asked before a group is closed (rule 8)."""
    if count_open not in _counters:
        _counters.append(count_open)


def open_products(group: WorkingGroup) -> int:
    """Return how many products of ``group`` are neither released nor ended."""
    return sum(count_open(group) for count_open in _counters)
