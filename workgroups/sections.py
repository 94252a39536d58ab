"""Parts of a page that another room provides: what is known upstairs, shown downstairs."""

from collections import defaultdict
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from typing import Any

from workgroups.permissions import Standing


@dataclass(frozen=True, kw_only=True)
class Section:
    """One part of a page, under ``title``: ``template`` finds ``context`` as ``part``.

    It is given ``zone``, the reader's, and nothing else.
    """

    title: str
    template: str
    context: dict[str, Any] = field(default_factory=dict)


Provider = Callable[[Any, Standing], Iterable[Section]]

_providers: dict[str, list[Provider]] = defaultdict(list)


def register(page: str, provider: Provider) -> None:
    """Have ``provider(subject, standing)`` add its sections to the pages named ``page``.

    The pages are ``"agency"``, ``"group"``, ``"meeting"`` and ``"liaison"``, whose subject is
    ``None``: it shows every organisation. An app registers when it is ready.
    """
    if provider not in _providers[page]:
        _providers[page].append(provider)


def sections(page: str, subject: Any, standing: Standing) -> list[Section]:
    """Return what was registered for ``page``, in the order of registration."""
    return [part for provider in _providers[page] for part in provider(subject, standing)]
