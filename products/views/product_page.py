"""What the page of a product shows: read once, and the same for the acts on it."""

from dataclasses import dataclass
from datetime import date
from functools import cached_property
from typing import Any

from django.db.models import OuterRef, Q, Subquery
from django.http import Http404
from django.shortcuts import get_object_or_404
from django.urls import reverse

from isecg.partial_dates import PartialDate
from isecg.rules import Finding, blocking
from products import (
    call_guards,
    call_request_reading,
    call_sheet,
    comment_reading,
    guards,
    ledger_reading,
    permissions,
)
from products.dossier import Dossier
from products.models import (
    Call,
    Comment,
    Decision,
    Draft,
    LiaisonStatement,
    Milestone,
    Participation,
    Product,
    Relation,
    ReleaseParticipant,
    Version,
)
from products.models.products import Degree, ElectorateRule
from products.related import link_of, successor_of, with_successors
from products.relations import REVERSED, RelationKind, caution
from products.views import call_request_on_product, public_comments_on_product
from products.views.product_steps import steps
from products.workflow import PUBLIC, UNRELEASED, Action, State
from workgroups import roster
from workgroups.models import Agency
from workgroups.permissions import Standing, labels
from workgroups.roles import Ability
from workgroups.views.form_pages import AuthedRequest, Trail

FULLY_SHOWN = 10
# In the other states every query of the budget is needed; the history page has them always.
_TOLD_IN = (State.PROPOSED, State.DRAFTING, *PUBLIC)


def get_product(standing: Standing, code: str) -> Product:
    """Return a product this person may see; to anyone else it does not exist."""
    calls = Call.objects.filter(product=OuterRef("pk")).order_by("-opened_at")
    decisions = Decision.objects.filter(call__product=OuterRef("pk")).order_by(
        "-declared_at", "-revision"
    )
    statements = LiaisonStatement.objects.filter(version__product=OuterRef("pk")).order_by(
        "-given_at"
    )
    drafts = Draft.objects.visible_to(standing).filter(product=OuterRef("pk"))
    products = (
        Product.objects.visible_to(standing)
        .select_related("group", "release__version", "release__decision")
        .defer("release__version__text")
        .annotate(
            last_call=Subquery(calls.values("pk")[:1]),
            comments_given=comment_reading.counted(Comment.objects.submitted()),
            comments_open=comment_reading.counted(Comment.objects.open()),
            on_ledger=ledger_reading.beside("pk", at=standing.at),
            stated_on=Subquery(statements.values("version__number")[:1]),
            draft_saved_at=Subquery(drafts.values("saved_at")[:1]),
            **public_comments_on_product.annotations(standing),
            **call_request_reading.annotations(),
            **{
                f"decision_{name}": Subquery(decisions.values(name)[:1])
                for name in ("year", "serial", "revision", "outcome")
            },
        )
    )
    return get_object_or_404(products, code=code)


def get_version(standing: Standing, code: str, number: int) -> Version:
    """Return a version this person may read, with its product (rules 9 and 14).

    A contact of a liaison organisation reads the version that was sent to it, and sees
    nothing else of the product: ask :func:`get_product` for that.
    """
    rows = Version.objects.visible_to(standing).select_related(
        "product", "author", "carry_over__contested_for"
    )
    return get_object_or_404(rows, product__code=code, number=number)


def get_editable(request: AuthedRequest, code: str) -> tuple[Standing, Product]:
    """Return who asks, and a product that this person may edit.

    :raises PermissionDenied: if it is not theirs to edit.
    """
    standing = Standing.of(request.user)
    product = get_product(standing, code)
    permissions.require(standing, Ability.EDIT_PRODUCT, product)
    return standing, product


def way_to(product: Product, *last: tuple[str, str]) -> Trail:
    """Return the breadcrumbs that lead to ``product``, and on to ``last``: labels, addresses."""
    return [("Products", reverse("products")), (product.code, product.get_absolute_url()), *last]


@dataclass(frozen=True)
class ProductPage:
    """One product, as one person sees it now."""

    product: Product
    standing: Standing

    @classmethod
    def of(cls, request: AuthedRequest, code: str) -> "ProductPage":
        standing = Standing.of(request.user)
        return cls(get_product(standing, code), standing)

    @cached_property
    def dossier(self) -> Dossier:
        return Dossier(self.product, self.standing.at)

    @property
    def is_public(self) -> bool:
        return self.product.state in PUBLIC

    @cached_property
    def reads_drafts(self) -> bool:
        return permissions.reads_drafts(self.standing, self.product)

    @cached_property
    def granted(self) -> set[Ability]:
        """What the person may do; nothing of a group's or an editor's where it is released."""
        if self.is_public:
            return self.standing.granted(limit=self.product.code)
        return permissions.granted(self.standing, self.product)

    def findings(self, action: Action) -> list[Finding]:
        """Return what the guards of an act find, as the act itself would."""
        return guards.guard(action, self.dossier.facts)

    def is_possible(self, action: Action) -> bool:
        """Whether nothing stands in the way that a written reason could not pass over."""
        return all(finding.overridable for finding in blocking(self.findings(action)))

    @cached_property
    def participations(self) -> list[Participation]:
        """The participating agencies of a product on its way."""
        return self.dossier.participations

    @property
    def voices(self) -> list[Agency]:
        """The agencies that the person speaks for where this product is concerned."""
        return self.standing.voices_on(self.product.code)

    @property
    def own_part(self) -> list[Agency]:
        """The agencies that the person speaks for and that take part."""
        taking_part = {row.agency_id for row in self.participations}
        return [agency for agency in self.voices if agency.pk in taking_part]

    @property
    def own_apart(self) -> list[Agency]:
        """The agencies that the person speaks for and that take no part."""
        taking_part = {row.agency_id for row in self.participations}
        return [agency for agency in self.voices if agency.pk not in taking_part]

    @cached_property
    def versions(self) -> list[Version]:
        """The versions that the person may read, newest first."""
        rows = self.dossier.versions
        if self.reads_drafts:
            return rows
        released = getattr(self.product, "release", None)
        return [row for row in rows if released and row.pk == released.version_id]

    def context(self) -> dict[str, Any]:
        """Return what the page's template wants, its acts left out."""
        product = self.product
        release = getattr(product, "release", None)
        return {
            "product": product,
            "release": release,
            "trail": [("Products", reverse("products")), (product.code, "")],
            "steps": steps(State(product.state), was_released=release is not None),
            "successor": self._successor() if product.state in PUBLIC else None,
            "needed": self._needed(),
            "next_act": guards.NEXT.get(State(product.state)),
            "participants": self._frozen() if release else self._taking_part(),
            "members_then": self._members_then() if release else None,
            "versions": self.versions[:FULLY_SHOWN],
            "older_versions": self.versions[FULLY_SHOWN:],
            "all_versions": self.versions,
            "reading": self.dossier.reading if self.reads_drafts else None,
            "matrix": self._matrix() if self.reads_drafts else [],
            "matrix_columns": ["Position"],
            "decision": self._decision(),
            "relations": self._relations(),
            "milestones": self._milestones(),
            "editors": [] if self.is_public else self.product.current_editors,
            "circulation": self._circulation(),
            # No query of the budget is left for what they say: the version's page has it.
            "stated_on": product.stated_on if self.reads_drafts else None,  # type: ignore[attr-defined]
            "public_comments": public_comments_on_product.section(
                product,
                reads_drafts=self.reads_drafts,
                invites=Ability.INVITE_PUBLIC_COMMENT in self.granted,
            ),
            "asked": call_request_on_product.section(
                product,
                reads_drafts=self.reads_drafts,
                answers=Ability.OPEN_CALL in self.granted,
                may_open=product.state == State.SHARED and self.is_possible(Action.OPEN_CALL),
            ),
            "reads_drafts": self.reads_drafts,
            "ledger": ledger_reading.count(self.product, self.product, at=self.standing.at)
            if self.reads_drafts
            else None,
            "own_agencies": self.standing.agencies_on(product.code),
            "overrides": [
                (rule.replace("_", " "), reason)
                for rule, reason in (release.overrides if release else {}).items()
            ],
            "unreleased": UNRELEASED,
            "may_edit": Ability.EDIT_PRODUCT in self.granted and not self.is_public,
        }

    def _needed(self) -> list[dict[str, Any]]:
        """Return what the next act waits for, and from whom (section 3 of the rules)."""
        action = guards.NEXT.get(State(self.product.state))
        if action is None:
            return []
        found = [*self.findings(action), *call_guards.waiting_for(self.dossier.facts)]
        return [{"finding": finding, "who": ", ".join(labels(finding.who))} for finding in found]

    def _taking_part(self) -> list[dict[str, Any]]:
        return [
            {
                "agency": row.agency,
                "code": row.agency.code,
                "name": row.agency.name,
                "degree": row.degree,
                "degree_label": row.get_degree_display(),
                "since": row.joined_at,
                "is_member": row.is_member,  # type: ignore[attr-defined]
                "waits": row.agency_id in self._waiting_for_a_call,
            }
            for row in self.participations
        ]

    @cached_property
    def _waiting_for_a_call(self) -> set[int]:
        """Who joined while the call was open, and counts from the next one (rule 32)."""
        reading = self.dossier.reading
        if reading is None or self.product.electorate_rule != ElectorateRule.PARTICIPANTS:
            return set()
        asked = {elector.agency_id for elector in reading.electors if not elector.left_at}
        return {row.agency_id for row in self.participations} - asked

    @cached_property
    def _frozen_rows(self) -> list[ReleaseParticipant]:
        part = Participation.objects.filter(
            product=self.product, agency=OuterRef("agency")
        ).order_by("-pk")
        return list(
            self.product.release.participants.select_related("agency").annotate(
                degree=Subquery(part.values("degree")[:1]),
                since=Subquery(part.values("joined_at")[:1]),
            )
        )

    def _frozen(self) -> list[dict[str, Any]]:
        """Return the participants with the codes of the day of release (rule 34)."""
        return [
            {
                "agency": row.agency,
                "code": row.code,
                "name": row.name,
                "degree": row.degree or "",  # type: ignore[attr-defined]
                "degree_label": Degree(row.degree or "").label,  # type: ignore[attr-defined]
                "since": row.since,  # type: ignore[attr-defined]
                "is_member": True,
                "waits": False,
            }
            for row in self._frozen_rows
        ]

    def _members_then(self) -> int | None:
        """Return how many members there were on the day of release, where that is settled."""
        day = _day(self.product.release.day)
        if day is None or not self._frozen_rows or not roster.is_certain(day):
            return None
        return Agency.objects.members_on(day).count()

    def _matrix(self) -> list[dict[str, Any]]:
        reading = self.dossier.reading
        if reading is None:
            return []
        rows = []
        for elector in reading.electors:
            kind, label = call_sheet.where_it_stands(elector, reading)
            rows.append(
                {
                    "header": elector.code,
                    "href": elector.agency.get_absolute_url(),
                    "title": elector.agency.name,
                    "cells": [{"kind": kind, "label": label}],
                }
            )
        return rows

    def _decision(self) -> Decision | None:
        product: Any = self.product
        release = getattr(product, "release", None)
        if release:
            found: Decision | None = release.decision
            return found
        if not self.reads_drafts or product.decision_year is None:
            return None
        return Decision(
            year=product.decision_year,
            serial=product.decision_serial,
            revision=product.decision_revision,
            outcome=product.decision_outcome,
        )

    def _relations(self) -> list[dict[str, Any]]:
        strikes = Ability.EDIT_PRODUCT in self.granted
        return [_relation(self.product, link, strikes=strikes) for link in self._links]

    @cached_property
    def _links(self) -> list[Relation]:
        """The relations to what the reader sees: a draft does not exist for others."""
        if self.standing.may(Ability.READ_DRAFTS):
            return self.dossier.relations
        seen = Relation.objects.visible_to(self.standing)
        rows = seen.filter(Q(product=self.product) | Q(target=self.product))
        return list(with_successors(rows.select_related("product", "target"), seen))

    def _successor(self) -> Product | None:
        return successor_of(self.product, self._links)

    def _milestones(self) -> list[Milestone]:
        return list(self.product.milestones.all()) if self.product.state in _TOLD_IN else []

    def _circulation(self) -> Any:
        if self.product.state not in (State.DRAFTING, State.SHARED):
            return None
        return self.dossier.circulation


def _relation(product: Product, link: Relation, *, strikes: bool) -> dict[str, Any]:
    kind = RelationKind(link.kind)
    is_own = link.product_id == product.pk
    return {
        "pk": link.pk,
        "words": kind.label if is_own else REVERSED[kind],
        "other": link.target if is_own else link.product,
        "caution": caution(link_of(link)),
        "may_strike": strikes and is_own,
    }


def _day(text: str) -> date | None:
    partial = PartialDate.parse(text) if text else None
    return partial.earliest if partial and partial.precision == "day" else None


def require_drafts(page: ProductPage) -> None:
    """Hide what is said of drafts from whoever may not read them.

    :raises Http404: for such a person these pages do not exist.
    """
    if not page.reads_drafts:
        raise Http404
