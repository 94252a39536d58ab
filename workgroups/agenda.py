"""What is to be read for an agenda item: known upstairs, shown on the meeting's page."""

from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import TypedDict

from workgroups.models import AgendaItem


class Link(TypedDict):
    """One thing to read: ``detail`` says which ("version 3"), ``href`` is on this site."""

    label: str
    href: str
    detail: str


Provider = Callable[[Sequence[AgendaItem]], Mapping[int, Iterable[Link]]]

_providers: list[Provider] = []


def register_links(provider: Provider) -> None:
    """Have ``provider(items)`` asked what belongs to agenda items, by their ids.

    It is asked once for all items of a page or a letter, so that it can use one query.
    """
    if provider not in _providers:
        _providers.append(provider)


def links(items: Iterable[AgendaItem]) -> dict[int, list[Link]]:
    """Return what is to be read for each of ``items``, an empty list where nothing is."""
    items = list(items)
    found: dict[int, list[Link]] = {item.pk: [] for item in items}
    if items:
        for provider in _providers:
            for pk, more in provider(items).items():
                found[pk].extend(more)
    return found
