"""To what a mandate may be limited: named by the room that knows products (rule 4)."""

from collections.abc import Callable, Collection, Iterable
from dataclasses import dataclass

from workgroups.models import Mandate
from workgroups.permissions import Standing


@dataclass(frozen=True, kw_only=True)
class Limit:
    """One product for which alone a mandate may hold: its code, its name and its page."""

    code: str
    label: str
    href: str = ""


# Given who asks and codes, or ``None`` for those to which a new mandate may be limited.
Provider = Callable[[Standing, Collection[str] | None], Iterable[Limit]]

# What a reader is told of a product that does not exist for them.
HIDDEN = Limit(code="", label="one product")

_providers: list[Provider] = []


def register(provider: Provider) -> None:
    """Have ``provider`` name the products to which a mandate may be limited."""
    if provider not in _providers:
        _providers.append(provider)


def open_to(standing: Standing) -> list[Limit]:
    """Return the products to which this person may limit a new mandate."""
    return [limit for provider in _providers for limit in provider(standing, None)]


def name(mandates: Iterable[Mandate], standing: Standing) -> None:
    """Give each mandate its ``limit`` as this reader may know it; ``None`` without one."""
    mandates = list(mandates)
    codes = {mandate.limited_to for mandate in mandates if mandate.limited_to}
    known = {}
    if codes:
        found = (limit for provider in _providers for limit in provider(standing, codes))
        known = {limit.code: limit for limit in found}
    for mandate in mandates:
        limit = known.get(mandate.limited_to, HIDDEN) if mandate.limited_to else None
        mandate.limit = limit  # type: ignore[attr-defined]
