"""The one rule engine (rules.md, section 3).

A rule is data plus one predicate. The same evaluation is the guard of an act, the
explanation on the page, each agency's "Your turn" and the API's answer, so that a
guard and its explanation cannot disagree.
"""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Generic, TypeVar

Subject = TypeVar("Subject")


def _always(_subject: object) -> bool:
    return True


def _not_dated(_subject: object) -> datetime | None:
    return None


@dataclass(frozen=True, kw_only=True)
class Rule(Generic[Subject]):
    """One condition, asked of plain values.

    ``satisfied``, ``sentence``, ``who_acts`` and ``since`` are asked only where
    ``applies`` says yes. ``who_acts`` gives keys, lowest first the one who can end
    the wait: ``"role:secretariat"``, ``"agency:ESA"``. ``since`` is in UTC.
    An ``overridable`` rule may be passed over with a written reason that is printed.
    """

    id: str
    basis: str
    satisfied: Callable[[Subject], bool]
    sentence: Callable[[Subject], str]
    who_acts: Callable[[Subject], Sequence[str]]
    applies: Callable[[Subject], bool] = _always
    since: Callable[[Subject], datetime | None] = _not_dated
    overridable: bool = False


@dataclass(frozen=True, kw_only=True)
class Finding:
    """What one rule said of one subject at one time."""

    rule: str
    basis: str
    satisfied: bool
    sentence: str
    who: tuple[str, ...]
    since: datetime | None
    overridable: bool
    override: str = ""

    @property
    def blocks(self) -> bool:
        """Whether this finding keeps the act from happening."""
        return not self.satisfied and not self.override


def evaluate(
    rules: Iterable[Rule[Subject]], subject: Subject, *, overrides: Mapping[str, str] | None = None
) -> list[Finding]:
    """Return one finding for each rule that applies, in the order of the rules.

    ``overrides`` maps the id of a rule to the written reason for passing it over;
    an entry for a rule that is not overridable changes nothing.
    """
    overrides = overrides or {}
    return [
        Finding(
            rule=rule.id,
            basis=rule.basis,
            satisfied=(satisfied := rule.satisfied(subject)),
            sentence=rule.sentence(subject),
            who=() if satisfied else tuple(rule.who_acts(subject)),
            since=None if satisfied else rule.since(subject),
            overridable=rule.overridable,
            override=overrides.get(rule.id, "").strip() if rule.overridable else "",
        )
        for rule in rules
        if rule.applies(subject)
    ]


def blocking(findings: Iterable[Finding]) -> list[Finding]:
    """Return the findings that keep an act from happening."""
    return [finding for finding in findings if finding.blocks]
