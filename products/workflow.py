"""The life of a product as a table (rules.md, section 3)."""

from collections.abc import Collection
from dataclasses import dataclass

from django.db.models import TextChoices

from workgroups.roles import Ability


class State(TextChoices):
    """Where a product stands."""

    PROPOSED = "proposed", "Proposed"
    DRAFTING = "drafting", "Drafting"
    SHARED = "shared", "Shared"
    IN_CONSENSUS = "in_consensus", "In consensus"
    AGREED = "agreed", "Agreed"
    RELEASED = "released", "Released"
    SUPERSEDED = "superseded", "Superseded"
    WITHDRAWN = "withdrawn", "Withdrawn"


# The way that a product goes when nothing turns it aside, in order.
PATH = (
    State.PROPOSED,
    State.DRAFTING,
    State.SHARED,
    State.IN_CONSENSUS,
    State.AGREED,
    State.RELEASED,
)
UNRELEASED = PATH[:-1]
PUBLIC = (State.RELEASED, State.SUPERSEDED, State.WITHDRAWN)
FINAL = (State.SUPERSEDED, State.WITHDRAWN)


class Action(TextChoices):
    """A move of a product from one state to another."""

    START_DRAFTING = "start_drafting", "Start drafting"
    CIRCULATE = "circulate", "Circulate to all members"
    TAKE_BACK = "take_back", "Take back to drafting"
    OPEN_CALL = "open_call", "Open a call"
    DECLARE = "declare", "Declare the outcome"
    RETURN = "return", "Return to drafting"
    RECALL = "recall", "Recall the call"
    REVISE = "revise", "Revise the text"
    LAPSE = "lapse", "Return without participants"
    RELEASE = "release", "Release"
    SUPERSEDE = "supersede", "Mark as superseded"
    WITHDRAW = "withdraw", "Withdraw"


@dataclass(frozen=True, kw_only=True)
class Transition:
    """One row of the table: from where, to where, and by whom."""

    sources: Collection[State]
    target: State
    ability: Ability


TRANSITIONS: dict[Action, Transition] = {
    Action.START_DRAFTING: Transition(
        sources={State.PROPOSED}, target=State.DRAFTING, ability=Ability.START_DRAFTING
    ),
    # From shared as well: an editorial version, or members that were missed (ADR 13).
    Action.CIRCULATE: Transition(
        sources={State.DRAFTING, State.SHARED}, target=State.SHARED, ability=Ability.CIRCULATE
    ),
    Action.TAKE_BACK: Transition(
        sources={State.SHARED}, target=State.DRAFTING, ability=Ability.RETURN_SHARED
    ),
    Action.OPEN_CALL: Transition(
        sources={State.SHARED}, target=State.IN_CONSENSUS, ability=Ability.OPEN_CALL
    ),
    Action.DECLARE: Transition(
        sources={State.IN_CONSENSUS}, target=State.AGREED, ability=Ability.DECLARE
    ),
    Action.RETURN: Transition(
        sources={State.IN_CONSENSUS}, target=State.DRAFTING, ability=Ability.RETURN_CALL
    ),
    # A call opened in error leaves the product where it was (rule 28; ADR 16).
    Action.RECALL: Transition(
        sources={State.IN_CONSENSUS}, target=State.SHARED, ability=Ability.RECALL_CALL
    ),
    # A substantive version does this by itself, from wherever the text was fixed.
    Action.REVISE: Transition(
        sources={State.SHARED, State.IN_CONSENSUS, State.AGREED},
        target=State.DRAFTING,
        ability=Ability.WRITE_VERSION,
    ),
    # The departure of the last participating agency does this by itself (rule 32).
    Action.LAPSE: Transition(
        sources={State.SHARED, State.IN_CONSENSUS, State.AGREED},
        target=State.DRAFTING,
        ability=Ability.JOIN_PRODUCT,
    ),
    Action.RELEASE: Transition(
        sources={State.AGREED}, target=State.RELEASED, ability=Ability.RELEASE
    ),
    Action.SUPERSEDE: Transition(
        sources={State.RELEASED}, target=State.SUPERSEDED, ability=Ability.SUPERSEDE
    ),
    Action.WITHDRAW: Transition(
        sources={*UNRELEASED, State.RELEASED}, target=State.WITHDRAWN, ability=Ability.WITHDRAW
    ),
}

# Where a product takes a version; from the later ones a substantive version takes it back.
WRITABLE = (State.PROPOSED, State.DRAFTING, *TRANSITIONS[Action.REVISE].sources)


def actions(state: State, granted: Collection[Ability]) -> list[Action]:
    """Return what someone with these abilities may do next, in the table's order."""
    return [
        action
        for action, step in TRANSITIONS.items()
        if state in step.sources and step.ability in granted
    ]
