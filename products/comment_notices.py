"""Who is told what of comments, and in what words (rules 38 and 44): one letter an act."""

from collections.abc import Iterable, Sequence
from typing import Any

from django.conf import settings
from django.db.models import Q
from django.template.loader import render_to_string
from django.urls import reverse

from isecg import clock
from isecg.events.log import reference
from isecg.mail.outbox import Notice, enqueue
from products.models import Comment, Product
from workgroups.models import Agency, GroupRole, Succession, User
from workgroups.recipients import people_of


def _notice(
    person: User,
    *,
    kind: str,
    product: Product,
    comments: Sequence[Comment],
    subject: str,
    why: str,
    context: dict[str, Any],
) -> Notice:
    at = clock.now()
    return Notice(
        kind=kind,
        # Several acts may follow each other at one instant: each is about other comments,
        # or says something else of them.
        occurrence=f"{reference(product)}@{at.isoformat()}:{comments[0].pk}",
        recipient=person,
        about=reference(product),
        subject=f"[{product}] {subject}",
        text=render_to_string(
            f"emails/products/{kind.replace('.', '_')}.txt",
            {
                "product": product,
                "person": person,
                "comments": comments,
                "site": settings.SITE_URL,
                "table": reverse("comments", args=[product.code]),
                **context,
            },
        ),
        why=why,
        thread=reference(product),
        due_at=at,
    )


def submitted(comments: Sequence[Comment], *, product: Product, agency: Agency, by: User) -> None:
    """Tell the product's editors what an agency gave in, in one letter."""
    enqueue(
        _notice(
            person,
            kind="comment.submitted",
            product=product,
            comments=comments,
            subject=f"{agency}: {_number(comments)}",
            why="You edit this product.",
            context={"agency": agency, "by": by},
        )
        for person in editors(product)
        if person.pk != by.pk
    )


def disposed(
    comments: Sequence[Comment], *, product: Product, ruling_owner: Agency | None, by: User
) -> None:
    """Tell each author of the decisions on their comments, and who owes an action.

    Where the author has no account, or does not belong to the agency any more, the people
    of the agency are told, or of its successor.
    """
    at = clock.now()
    mine: dict[User, list[Comment]] = {}
    agencies = {row.agency_id: row.agency for row in comments}
    people = {key: _people(agency, product) for key, agency in agencies.items()}
    for row in comments:
        told = people[row.agency_id]
        authors = [person for person in told if person.pk == row.author_id]
        for person in authors or told:
            mine.setdefault(person, []).append(row)
    owners = people_of([ruling_owner], at=at, on=product.code) if ruling_owner else []
    for person in owners:
        mine.setdefault(person, [])
    mine.pop(by, None)
    enqueue(
        _notice(
            person,
            kind="comment.disposed",
            product=product,
            comments=rows or comments,
            subject=f"{_number(rows or comments)}: {comments[0].get_disposition_display()}",
            why="You wrote these comments, or belong to the agency that did."
            if rows
            else "Your agency is to act on these comments.",
            context={"ruling": comments[0], "owns": person in owners, "wrote": rows, "by": by},
        )
        for person, rows in mine.items()
    )


def disputed(comment: Comment, *, product: Product, by: User) -> None:
    """Tell whoever decided about a comment that its author does not agree."""
    person = comment.disposed_by
    if person is None or person.pk == by.pk or not person.is_active:
        return
    enqueue(
        [
            _notice(
                person,
                kind="comment.disputed",
                product=product,
                comments=[comment],
                subject=f"{comment.label}: the disposition is not agreed with",
                why="You decided about this comment.",
                context={"comment": comment, "by": by},
            )
        ]
    )


def _number(comments: Sequence[Comment]) -> str:
    return comments[0].label if len(comments) == 1 else f"{len(comments)} comments"


def _people(agency: Agency, product: Product) -> list[User]:
    """Return the people of ``agency``, or of who came into its place."""
    heir = agency
    while row := Succession.objects.filter(former=heir).select_related("successor").first():
        heir = row.successor
    return people_of([heir], at=clock.now(), on=product.code)


def editors(product: Product) -> Iterable[User]:
    """Return who writes the product: its editors, or the group's where none is named."""
    if product.current_editors:
        return [row.person for row in product.current_editors if row.person.is_active]
    duties = GroupRole.objects.valid_at(clock.now()).filter(group=product.group_id)
    return User.objects.filter(Q(group_roles__in=duties), is_active=True).distinct().order_by("pk")
