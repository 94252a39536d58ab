"""What this room keeps about a person: exported, and by what they may still act."""

from collections.abc import Iterator, Mapping
from datetime import datetime
from typing import Any

from products.models import Comment, Draft
from workgroups import personal_data
from workgroups.models import User
from workgroups.permissions import who_may
from workgroups.personal_data import Erasure
from workgroups.roles import Ability

Rows = list[Mapping[str, Any]]


def register() -> None:
    """Register the parts in the order in which an export prints them."""
    personal_data.register(
        "positions",
        export=_positions,
        stays="Positions, versions, decisions and what was written in them: they belong to the "
        "agency's seat and to the product.",
    )
    personal_data.register("versions", export=_versions)
    personal_data.register(
        "drafts", export=_drafts, erase=_throw_drafts_away, removes="Drafts of versions."
    )
    personal_data.register("comments", export=_comments, erase=_rename_commenter)
    personal_data.register("editorships", export=_editorships, holds=_editorships_held)
    personal_data.register("decisions", export=_decisions)
    personal_data.register(
        "said_in_calls",
        export=_interventions,
        stays="What was said in calls beside the positions, asked of the chair, contested, "
        "answered and waived: it belongs to the agency's seat and to the call.",
    )
    personal_data.register("answered_in_calls", export=_answers)
    personal_data.register("call_requests", export=_call_requests)
    personal_data.register("contests", export=_contests)
    personal_data.register("waivers", export=_waivers)
    personal_data.register("ledger_acts", export=_ledger_acts)


def _positions(person: User) -> Rows:
    rows = person.positions.order_by("given_at", "pk")
    return list(
        rows.values(
            *["call__product__code", "call_id", "agency__code", "stand", "text", "given_at"],
            *["on_behalf", "source"],
        )
    )


def _versions(person: User) -> Rows:
    """Return what is said of each version; its text and files are on its page."""
    rows = person.versions.order_by("created_at", "pk")
    return list(
        rows.values("product__code", "number", "change_class", "note", "created_at", "sha256")
    )


def _drafts(person: User) -> Rows:
    rows = person.drafts.order_by("pk")
    return list(rows.values("product__code", "text", "note", "change_class", "saved_at"))


def _throw_drafts_away(erasure: Erasure) -> None:
    Draft.objects.filter(author=erasure.person).delete()


def _comments(person: User) -> Rows:
    rows = person.comments.order_by("written_at", "pk")
    return list(
        rows.values(
            *["product__code", "number", "agency_code", "version__number", "clause", "place"],
            *["line", "kind", "text", "proposal", "written_at", "submitted_at"],
            *["disposition", "response", "answer", "answer_text"],
        )
    )


def _rename_commenter(erasure: Erasure) -> None:
    person, name = erasure.person, erasure.name
    for comment in Comment.objects.filter(author=person).exclude(author_name=name):
        comment.author_name = name
        comment.save_as(erasure.by, erasure.reason)
    # A history that kept the name would have erased nothing.
    Comment.history.filter(author=person).update(author_name=name)


def _editorships(person: User) -> Rows:
    return list(person.edited_products.order_by("pk").values("product__code", "ended_at"))


def _decisions(person: User) -> Rows:
    rows = person.decisions.order_by("declared_at", "pk")
    return list(
        rows.values(
            *["year", "serial", "revision", "outcome", "statement", "interpretation", "action"],
            *["reason", "declared_at", "declared_as"],
        )
    )


def _interventions(person: User) -> Rows:
    rows = person.interventions.order_by("given_at", "pk")
    return list(
        rows.values(
            *["call__product__code", "call_id", "code", "kind", "text", "given_at"],
            *["on_behalf", "source"],
        )
    )


def _answers(person: User) -> Rows:
    """Return what they answered: to whom, and not what the others had written."""
    rows = person.answered_interventions.order_by("answered_at", "pk")
    return list(
        rows.values("call__product__code", "call_id", "code", "kind", "answer", "answered_at")
    )


def _call_requests(person: User) -> Rows:
    """Return the calls that they asked for, and what they answered to such a request."""
    asked = person.call_requests.order_by("requested_at", "pk")
    answered = person.answered_call_requests.order_by("answered_at", "pk")
    return [
        *asked.values("product__code", "question", "reason", "requested_at", "state"),
        *answered.values("product__code", "state", "answer", "answered_at"),
    ]


def _contests(person: User) -> Rows:
    rows = person.contests.order_by("contested_at", "pk")
    return list(
        rows.values(
            *["call__product__code", "call_id", "version__number", "contested_for__code"],
            *["contest", "contested_at"],
        )
    )


def _waivers(person: User) -> Rows:
    rows = person.waivers.order_by("waived_at", "pk")
    return list(rows.values("call__product__code", "call_id", "code", "waiver", "waived_at"))


def _ledger_acts(person: User) -> Rows:
    """Return what they did to objections and conditions, each act by its own words."""
    item = ("product__code", "kind", "number", "code")
    acts = (
        (person.ledger_dispositions, ("disposition", "disposed_at")),
        (person.ledger_answers, ("answer", "answered_at", "source")),
        (person.ledger_considered, ("considered", "considered_at")),
        (person.ledger_escalated, ("escalation", "escalated_at")),
    )
    return [row for rows, own in acts for row in rows.order_by("pk").values(*item, *own)]


def _editorships_held(person: User, at: datetime) -> Iterator[str]:
    for editor in person.edited_products.filter(ended_at=None).select_related("product"):
        yield (
            f"Editor of {editor.product}: {who_may(Ability.EDIT_PRODUCT)} may end it on the "
            "product's page."
        )
