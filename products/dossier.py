"""Reading a product's situation from the database: once, and only what is asked for."""

from dataclasses import dataclass
from datetime import datetime
from functools import cached_property
from typing import Any

from django.db.models import Exists, OuterRef, Q, QuerySet, Value

from products import defaults, residue
from products.call_reading import CallReading, read_open_call
from products.consensus import Outcome
from products.facts import CirculationFacts, DecisionFacts, Facts
from products.models import (
    Circulation,
    CirculationRecipient,
    Decision,
    Participation,
    Product,
    Relation,
    Version,
    VersionFile,
)
from products.models.products import ElectorateRule
from products.related import successor_of, with_successors
from products.release_gate import comment_facts, ledger_facts, with_what_holds
from products.workflow import PUBLIC, State
from workgroups.models import Agency, Membership


@dataclass(frozen=True)
class Dossier:
    """A product and what belongs to it at ``at``: each part is read once, when asked for.

    The guards of an act and the page that explains them read the same dossier.
    """

    product: Product
    at: datetime

    @cached_property
    def versions(self) -> list[Version]:
        """The versions without their text, newest first, each with its ``main`` file."""
        rows = VersionFile.objects.filter(version__product=self.product)
        versions: dict[int, Version] = {}
        for file in (
            rows.select_related("version__author", "version__carry_over__contested_for")
            .defer("version__text")
            .order_by("-version__number", "role", "id")
        ):
            version = versions.setdefault(file.version_id, file.version)
            version.product = self.product
            version.kept_files = [*getattr(version, "kept_files", []), file]  # type: ignore[attr-defined]
            file.version = version
        return list(versions.values())

    @property
    def latest(self) -> Version | None:
        return self.versions[0] if self.versions else None

    @property
    def version_label(self) -> str:
        """The latest version as an event names it: ``"v3"``; nothing where there is none."""
        return f"v{self.latest.number}" if self.latest else ""

    @cached_property
    def participations(self) -> list[Participation]:
        """The participating agencies, each knowing whether it ``is_member`` at ``at``."""
        members = Membership.objects.current_on(self.at.date()).filter(agency=OuterRef("agency"))
        rows = self.product.participations.filter(left_at=None).select_related("agency")
        return list(rows.annotate(is_member=Exists(members)))

    @cached_property
    def electors(self) -> list[Agency]:
        """The agencies whose positions a call opened at ``at`` would count (rule 18).

        Participating agencies that are no members any more have no voice.
        """
        if self.product.electorate_rule == ElectorateRule.ALL_MEMBERS:
            return [row for row in self.roster if row.is_member]  # type: ignore[attr-defined]
        return [row.agency for row in self.participations if row.is_member]  # type: ignore[attr-defined]

    @cached_property
    def relations(self) -> list[Relation]:
        """The relations in which the product stands on either side."""
        rows = Relation.objects.filter(Q(product=self.product) | Q(target=self.product))
        return list(with_successors(rows.select_related("product", "target")))

    @property
    def successor(self) -> Product | None:
        """The edition that supersedes this one, if one is named (rule 12)."""
        return successor_of(self.product, self.relations)

    @cached_property
    def circulation(self) -> Circulation | None:
        """The latest circulation, with its version."""
        rows = Circulation.objects.filter(version__product=self.product)
        return rows.select_related("version").order_by("-opened_at", "-pk").first()

    @cached_property
    def roster(self) -> list[Agency]:
        """Every agency: whether it ``is_member`` at ``at``, and was ``missed`` (rule 17).

        Missed is a member that the latest circulation did not reach.
        """
        current = Membership.objects.current_on
        missed: Any = Value(value=False)
        if self.circulation:
            then = current(self.circulation.opened_at.date()).of_outer_agency()
            missed = Exists(then) & ~Exists(reached_by(self.circulation))
        return list(
            Agency.objects.annotate(
                is_member=Exists(current(self.at.date()).of_outer_agency()), missed=missed
            )
        )

    @property
    def missed(self) -> tuple[str, ...]:
        """The members that the latest circulation did not reach (rule 17)."""
        if self.circulation is None:
            return ()
        return tuple(row.code for row in self.roster if row.missed)  # type: ignore[attr-defined]

    @cached_property
    def reading(self) -> CallReading | None:
        """The open call, if there is one."""
        if self.product.state != State.IN_CONSENSUS:
            return None
        return read_open_call(self.product, at=self.at)

    @cached_property
    def decision(self) -> Decision | None:
        """The last decision, in its last revision, with what may hold a release beside."""
        decisions = Decision.objects.filter(call__product=self.product)
        rows = with_what_holds(decisions, at=self.at)
        latest = rows.select_related("call__version").order_by("-declared_at", "-revision", "-pk")
        return latest.first()

    @cached_property
    def facts(self) -> Facts:
        """What the guards of the product's state look at, and no more."""
        state, product = State(self.product.state), self.product
        return Facts(
            at=self.at,
            state=state,
            group=str(product.group) if product.group else "",
            on_workplan=state == State.PROPOSED and product.workplan_items.exists(),
            electors=(
                tuple(agency.code for agency in self.electors) if state == State.SHARED else ()
            ),
            version=self.latest.number if self.latest else None,
            sha256=self.latest.sha256 if self.latest else "",
            circulation=(
                _circulation_facts(self.circulation, self.missed) if state == State.SHARED else None
            ),
            share_days=defaults.share_days(product.kind),
            call=self.reading.facts if self.reading else None,
            decision=decision_facts(self.decision) if state == State.AGREED else None,
            comments=comment_facts(self.decision) if state == State.AGREED else None,
            ledger=ledger_facts(self.decision) if state == State.AGREED else (),
            unread=bool(self.latest and state == State.AGREED and not self.latest.text),
            residue=(
                tuple(residue.scan(self.latest.text))
                if self.latest and state == State.AGREED
                else ()
            ),
            successor=str(self.successor) if state == State.RELEASED and self.successor else "",
            successor_released=bool(
                state == State.RELEASED and self.successor and self.successor.state in PUBLIC
            ),
        )


def reached_by(circulation: Circulation) -> QuerySet[CirculationRecipient]:
    """Return what says that an agency of an outer query got ``circulation``.

    What reached an agency has reached its successor.
    """
    return CirculationRecipient.objects.filter(
        Q(agency=OuterRef("pk")) | Q(agency__succession__successor=OuterRef("pk")),
        circulation=circulation,
    )


def _circulation_facts(
    circulation: Circulation | None, missed: tuple[str, ...]
) -> CirculationFacts | None:
    if circulation is None:
        return None
    return CirculationFacts(
        version=circulation.version.number,
        opened_at=circulation.opened_at,
        closes_at=circulation.closes_at,
        share_days=circulation.share_days,
        missed=missed,
    )


def decision_facts(decision: Decision | None) -> DecisionFacts | None:
    if decision is None:
        return None
    return DecisionFacts(
        number=decision.number,
        outcome=Outcome(decision.outcome),
        version=decision.call.version.number,
        sha256=decision.call.version.sha256,
        declared_at=decision.declared_at,
        conditions=tuple(entry["agency"] for entry in decision.record["conditions"]),
        objections=tuple(entry["agency"] for entry in decision.record["objections"]),
    )
