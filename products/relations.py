"""How products relate: what is refused, and what is said of one, as pure functions (rule 12)."""

from collections.abc import Collection, Iterable
from dataclasses import dataclass

from django.db.models import TextChoices

from products.workflow import FINAL, UNRELEASED, State


class RelationKind(TextChoices):
    """How one product relates to another (rule 12)."""

    SUPERSEDES = "supersedes", "Supersedes"
    SUPPLEMENTS = "supplements", "Supplements"
    SUMMARY_OF = "summary_of", "Is a summary of"
    BUILDS_ON = "builds_on", "Builds on"
    UPDATES = "updates", "Updates"


# How the other product stands to this one.
REVERSED = {
    RelationKind.SUPERSEDES: "Superseded by",
    RelationKind.SUPPLEMENTS: "Supplemented by",
    RelationKind.SUMMARY_OF: "Summarised by",
    RelationKind.BUILDS_ON: "Built on by",
    RelationKind.UPDATES: "Updated by",
}


# What says that the other one is still in force; to build on an old edition is nothing amiss.
_LEANING = (RelationKind.SUPPLEMENTS, RelationKind.SUMMARY_OF, RelationKind.UPDATES)


@dataclass(frozen=True, kw_only=True)
class Edge:
    """One relation, as the codes of its two products."""

    product: str
    kind: RelationKind
    target: str

    def __str__(self) -> str:
        return f"{self.product} {self.kind.label.lower()} {self.target}"


@dataclass(frozen=True, kw_only=True)
class Link:
    """One relation, with where its two products stand.

    ``successor`` is the product that is named as superseding the target, if one is.
    """

    edge: Edge
    product_state: State
    target_state: State
    successor: str = ""


def refusal(new: Edge, edges: Collection[Edge]) -> str:
    """Return why a relation cannot be recorded beside ``edges``, as a sentence, or nothing.

    No circle is closed, whatever the kinds on the way: each kind says that one product
    came after another, or leans on it.
    """
    if new.product == new.target:
        return "A product does not relate to itself."
    if new in edges:
        return "This relation is recorded already."
    if new.kind == RelationKind.SUPERSEDES:
        for edge in edges:
            if edge.kind == new.kind and edge.target == new.target:
                return f"{new.target} has a successor already: {edge.product}."
    if displaced := _displaced_base([*edges, new]):
        return (
            f"{displaced.product} supplements {displaced.target}: a supplement does not "
            "supersede its base."
        )
    if way := _way(new.target, new.product, edges):
        return f"{', '.join(map(str, way))}: no circles."
    return ""


def _displaced_base(edges: Collection[Edge]) -> Edge | None:
    """Return a supplement that would supersede what it supplements, at whatever remove."""
    supplements = [edge for edge in edges if edge.kind == RelationKind.SUPPLEMENTS]
    for edge in edges:
        if edge.kind == RelationKind.SUPERSEDES and _way(edge.product, edge.target, supplements):
            return edge
    return None


def _way(start: str, goal: str, edges: Iterable[Edge]) -> list[Edge]:
    """Return the shortest way along relations from one product to another, or nothing."""
    leads: dict[str, list[Edge]] = {}
    for edge in edges:
        leads.setdefault(edge.product, []).append(edge)
    ways: dict[str, list[Edge]] = {start: []}
    waiting = [start]
    for here in waiting:
        for edge in leads.get(here, []):
            if edge.target not in ways:
                ways[edge.target] = [*ways[here], edge]
                waiting.append(edge.target)
    return ways.get(goal, [])


def caution(link: Link) -> str:
    """Return what is to be known of a relation, as a sentence, or nothing; none is forbidden."""
    if link.edge.kind == RelationKind.SUPERSEDES:
        return _caution_of_successor(link)
    if link.product_state in FINAL:
        return ""
    if link.target_state == State.WITHDRAWN:
        return f"{link.edge}, which was withdrawn."
    leans = link.edge.kind in _LEANING or link.product_state in UNRELEASED
    if leans and link.target_state == State.SUPERSEDED:
        by = f" by {link.successor}" if link.successor else ""
        return f"{link.edge}, which is superseded{by}."
    return ""


def _caution_of_successor(link: Link) -> str:
    if link.target_state == State.WITHDRAWN:
        return f"{link.edge}, which was withdrawn."
    if link.product_state == State.WITHDRAWN:
        return f"{link.edge.target} is superseded by {link.edge.product}, which was withdrawn."
    if link.target_state in UNRELEASED:
        return f"{link.edge}, which is not released."
    return ""


def superseded_by_release(product: str, links: Iterable[Link]) -> list[str]:
    """Return which editions the release of ``product`` supersedes, unless told otherwise.

    A supplement supersedes no base: such a relation is never recorded.
    """
    return [
        link.edge.target
        for link in links
        if link.edge.product == product
        and link.edge.kind == RelationKind.SUPERSEDES
        and link.target_state == State.RELEASED
    ]


def hold(link: Link) -> str:
    """Return why a relation that was entered in error has to stay, or nothing."""
    if link.edge.kind == RelationKind.SUPERSEDES and link.target_state == State.SUPERSEDED:
        return (
            f"{link.edge.target} is superseded, and nothing leaves that state: its record "
            f"names {link.edge.product}."
        )
    return ""
