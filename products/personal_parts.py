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
            *["year", "serial", "revision", "outcome", "statement", "reason"],
            *["declared_at", "declared_as"],
        )
    )


def _editorships_held(person: User, at: datetime) -> Iterator[str]:
    for editor in person.edited_products.filter(ended_at=None).select_related("product"):
        yield (
            f"Editor of {editor.product}: {who_may(Ability.EDIT_PRODUCT)} may end it on the "
            "product's page."
        )
