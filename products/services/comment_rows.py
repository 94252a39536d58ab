"""The rows of comments, within a transaction that somebody else began (rules 37 and 38).

An act on one comment and an import of many write them by the same functions. Each wants the
product locked, and leaves the event and the letters to its caller.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date, datetime

from django.core.exceptions import PermissionDenied
from django.db.models import Max

from products import rendering
from products.models import Comment, Product, Version
from products.remarks import CommentFields, Disposition
from products.services import comment_places
from products.services.errors import ProductError
from products.workflow import PUBLIC
from workgroups.models import Agency, Mandate, Succession, User
from workgroups.permissions import Standing
from workgroups.roles import Ability

_QUOTED = 300


@dataclass(frozen=True, kw_only=True)
class Ruling:
    """What is decided about a comment, with what that decision needs (rule 38)."""

    disposition: Disposition
    response: str = ""
    duplicate_of: Comment | None = None
    action_owner: Agency | None = None
    action_due: date | None = None


def require_moving(product: Product) -> None:
    """Refuse to change the comments of a product whose text is settled.

    :raises ProductError: if it is released, superseded or withdrawn.
    """
    if product.state in PUBLIC:
        raise ProductError(
            f"{product} is “{product.get_state_display()}”: its comments do not change any more."
        )


def require_commenter(
    standing: Standing, product: Product, *, agency: Agency, source: str = ""
) -> None:
    """Refuse whoever neither belongs to ``agency`` nor enters its comment on its behalf.

    Staff comment for their agency as heads and alternates do (rule 4). With ``source`` the
    secretariat enters a comment for any agency, always shown as such (rule 6).

    :raises PermissionDenied: naming whose act it is.
    """
    if source:
        if not standing.is_secretariat:
            raise PermissionDenied("Only the secretariat enters comments on behalf of an agency.")
        return
    standing.require(Ability.COMMENT, limit=product.code)
    if agency not in standing.agencies_on(product.code):
        raise PermissionDenied(
            f"Only people of {agency} comment for it: you hold no mandate of {agency} that is "
            f"valid today for {product}."
        )


def heirs(agency: Agency) -> list[Agency]:
    """Return ``agency`` and who came into its place since, the last one last (rule 3)."""
    found = [agency]
    while row := Succession.objects.filter(former=found[-1]).select_related("successor").first():
        found.append(row.successor)
    return found


def require_own(standing: Standing, comment: Comment) -> None:
    """Refuse whoever does not belong to the agency of ``comment``, or to its successor.

    :raises PermissionDenied: naming whose act it is.
    """
    own = set(standing.agencies_on(comment.product.code))
    if own.isdisjoint(heirs(comment.agency)):
        raise PermissionDenied(f"Only people of {heirs(comment.agency)[-1]} may do this.")


def require_author(standing: Standing, comment: Comment) -> None:
    """Refuse whoever may not answer for the author (rule 38).

    It is the author's own act. Where the author has no account or speaks for the agency no
    more, anybody of the agency answers, or of its successor.

    :raises PermissionDenied: naming whose act it is.
    """
    require_own(standing, comment)
    if comment.author_id == standing.user.pk or not author_is_there(comment, at=standing.at):
        return
    raise PermissionDenied(f"Only {comment.author_name}, who wrote it, may confirm or dispute it.")


def author_is_there(comment: Comment, *, at: datetime) -> bool:
    """Whether who wrote ``comment`` has an account and still belongs to its agency."""
    if comment.author_id is None:
        return False
    held = Mandate.objects.valid_at(at).covering(comment.product.code)
    return held.filter(person=comment.author_id, agency__in=heirs(comment.agency)).exists()


def draft(
    version: Version, *, agency: Agency, fields: CommentFields, by: User, at: datetime
) -> Comment:
    """Write a comment that only the agency's own people see.

    :raises ProductError: if the version has no such paragraph.
    """
    comment = new(version, agency, fields, by=by, at=at)
    comment.save_as(by, "Drafted")
    return comment


def submit(
    version: Version,
    *,
    agency: Agency,
    fields: CommentFields,
    by: User,
    at: datetime,
    source: str = "",
) -> Comment:
    """Write a comment as the agency's own, with the next number of its product.

    ``source`` says where the secretariat has it from.

    :raises ProductError: if the version has no such paragraph.
    """
    comment = new(version, agency, fields, by=by, at=at)
    comment.source = source
    if source:
        # The secretariat enters what somebody else wrote.
        comment.author = None
        comment.author_name = fields.author_name or agency.code
    comment.number, comment.submitted_at = next_number(comment.product), at
    comment.save_as(by, f"Submitted, source: {source}" if source else "Submitted")
    comment_places.catch_up([comment])
    return comment


def submit_drafts(comments: Iterable[Comment], *, by: User, at: datetime) -> list[Comment]:
    """Make drafts the agency's comments, numbered in the order in which they were written.

    :raises ProductError: if one of them was given in already.
    """
    rows = sorted(comments, key=lambda comment: (comment.written_at, comment.pk))
    for comment in rows:
        if not comment.is_draft:
            raise ProductError(f"{comment.label} was submitted already.")
        comment.number, comment.submitted_at = next_number(comment.product), at
        comment.save_as(by, "Submitted")
    comment_places.catch_up(rows)
    return rows


def write(comment: Comment, fields: CommentFields, *, by: User) -> None:
    """Put ``fields`` into ``comment``; who is said to have written it follows from them.

    :raises ProductError: if its version has no such paragraph.
    """
    comment.kind, comment.text = fields.kind, fields.text
    comment.clause, comment.place, comment.line = fields.clause, fields.place, fields.line
    comment.proposal, comment.anchor = fields.proposal, fields.anchor
    comment.quote = quote_of(comment.version, fields.anchor)
    name = fields.author_name.strip()
    if name and name not in (comment.author_name, by.name):
        comment.author, comment.author_name = None, name


def repeated(version: Version, *, agency: Agency, fields: CommentFields) -> Comment | None:
    """Return the agency's comment on ``version`` that says the same in the same place."""
    rows = Comment.objects.filter(version=version, agency=agency).exclude(
        disposition=Disposition.WITHDRAWN
    )
    return rows.filter(
        kind=fields.kind,
        text=fields.text,
        proposal=fields.proposal,
        clause=fields.clause,
        place=fields.place,
        line=fields.line,
        anchor=fields.anchor,
    ).first()


def quote_of(version: Version, anchor: int | None) -> str:
    """Return how the paragraph of ``version`` begins that ``anchor`` numbers.

    :raises ProductError: if there is none of that number.
    """
    if anchor is None:
        return ""
    if len(version.text) > rendering.LONGEST:
        raise ProductError(f"The paragraphs of version {version.number} have no numbers.")
    parts = rendering.paragraphs(version.text, version.text_format)
    if not 0 < anchor <= len(parts):
        raise ProductError(f"Version {version.number} has no paragraph {anchor}.")
    words = parts[anchor - 1].words
    return words if len(words) <= _QUOTED else f"{words[: _QUOTED - 1]}…"


def check_ruling(product: Product, ruling: Ruling, *, at: datetime) -> Ruling:
    """Return ``ruling`` with what its disposition needs, and nothing else.

    A comment that is itself a duplicate is replaced by the one that it repeats.

    :raises ProductError: naming what is missing.
    """
    kind, head = ruling.disposition, ruling.duplicate_of
    if kind == Disposition.WITHDRAWN:
        raise ProductError("Only its own agency withdraws a comment.")
    if kind == Disposition.REJECTED and not ruling.response.strip():
        raise ProductError("A rejection needs its reason.")
    if kind == Disposition.DUPLICATE:
        head = _head(product, head)
    owner, due = ruling.action_owner, ruling.action_due
    if kind == Disposition.PENDING:
        if owner is None or due is None:
            raise ProductError("A pending action names its owner and its due date.")
        if due < at.date():
            raise ProductError("The due date lies in the past: choose a later one.")
        if not Agency.objects.members_on(at.date()).contains(owner):
            raise ProductError(f"{owner} is no member agency: it cannot own an action.")
    pending = kind == Disposition.PENDING
    return Ruling(
        disposition=kind,
        response=ruling.response.strip(),
        duplicate_of=head if kind == Disposition.DUPLICATE else None,
        action_owner=owner if pending else None,
        action_due=due if pending else None,
    )


def _head(product: Product, named: Comment | None) -> Comment:
    if named is None:
        raise ProductError("Name the comment that it repeats.")
    rows = Comment.objects.filter(product=product).submitted().select_related("duplicate_of")
    row = rows.filter(pk=named.pk).first()
    if row is None:
        raise ProductError(f"There is no such comment on {product}.")
    head = row.duplicate_of or row
    if head.disposition == Disposition.WITHDRAWN:
        raise ProductError(f"{head.label} was withdrawn: what repeats it is answered by itself.")
    return head


def dispose(
    comment: Comment, *, ruling: Ruling, latest: Version | None, by: User, at: datetime
) -> bool:
    """Write a checked ruling on ``comment``; return whether anything changed.

    An answer that was given to the ruling before does not hold for this one. What repeats
    a comment that is now itself a duplicate repeats its head.

    :raises ProductError: if it was withdrawn, or would repeat itself.
    """
    if comment.is_draft or comment.disposition == Disposition.WITHDRAWN:
        raise ProductError(f"{comment.label} was withdrawn by its agency.")
    if ruling.duplicate_of and ruling.duplicate_of.pk == comment.pk:
        raise ProductError(f"{comment.label} cannot repeat itself.")
    if _ruling_of(comment) == ruling:
        return False
    _rule(comment, ruling, by=by, at=at)
    comment.checked_on = _later(comment, latest)
    words = ruling.disposition.label
    comment.save_as(by, f"{words}: {ruling.response}" if ruling.response else words)
    comment_places.catch_up([comment])
    if ruling.duplicate_of:
        for other in comment.duplicates.all():
            other.duplicate_of = ruling.duplicate_of
            other.save_as(by, f"{comment.label} repeats {ruling.duplicate_of.label}")
    return True


def withdraw(comment: Comment, *, reason: str, by: User, at: datetime) -> list[Comment]:
    """Take ``comment`` back; return what repeated it, which is open again.

    :raises ProductError: if it was withdrawn already.
    """
    if comment.disposition == Disposition.WITHDRAWN:
        raise ProductError(f"{comment.label} was withdrawn already.")
    _rule(comment, Ruling(disposition=Disposition.WITHDRAWN, response=reason), by=by, at=at)
    comment.save_as(by, f"Withdrawn: {reason}")
    # What was answered by pointing at it has no answer any more.
    left = list(comment.duplicates.all())
    for other in left:
        other.disposition, other.response, other.duplicate_of = "", "", None
        other.disposed_at = other.disposed_by = None
        _clear_answer(other)
        other.save_as(by, f"{comment.label}, which it repeats, was withdrawn")
    comment_places.catch_up(left)
    return left


def _ruling_of(comment: Comment) -> Ruling | None:
    if not comment.disposition:
        return None
    return Ruling(
        disposition=Disposition(comment.disposition),
        response=comment.response,
        duplicate_of=comment.duplicate_of,
        action_owner=comment.action_owner,
        action_due=comment.action_due,
    )


def _rule(comment: Comment, ruling: Ruling, *, by: User, at: datetime) -> None:
    comment.disposition, comment.response = ruling.disposition, ruling.response
    comment.disposed_at, comment.disposed_by = at, by
    comment.duplicate_of = ruling.duplicate_of
    comment.action_owner, comment.action_due = ruling.action_owner, ruling.action_due
    _clear_answer(comment)


def _clear_answer(comment: Comment) -> None:
    comment.answer = comment.answer_text = ""
    comment.answered_at = comment.answered_by = None


def _later(comment: Comment, latest: Version | None) -> Version | None:
    """Return the version on which a comment was last looked at, now that it is again."""
    return latest if latest and latest.pk != comment.version_id else comment.checked_on


def new(
    version: Version, agency: Agency, fields: CommentFields, *, by: User, at: datetime
) -> Comment:
    """Return a comment that is not written yet.

    :raises ProductError: if the version has no such paragraph.
    """
    comment = Comment(
        product=version.product,
        version=version,
        agency=agency,
        agency_code=agency.code,
        author=by,
        author_name=by.name,
        entered_by=by,
        written_at=at,
    )
    write(comment, fields, by=by)
    return comment


def next_number(product: Product) -> int:
    """Return the number that the next comment on ``product`` is given."""
    rows = Comment.objects.filter(product=product)
    return int(rows.aggregate(last=Max("number"))["last"] or 0) + 1


def fresh(product: Product, comments: Sequence[Comment]) -> list[Comment]:
    """Read comments of ``product`` again under its lock, in order of their numbers.

    :raises ProductError: if one of them is not there any more.
    """
    rows = Comment.objects.filter(product=product, pk__in=[row.pk for row in comments])
    found = list(
        rows.select_related(
            "agency", "author", "version", "duplicate_of", "action_owner", "checked_on"
        )
        .defer("version__text", "checked_on__text")
        .order_by("number", "pk")
    )
    if len(found) != len({row.pk for row in comments}):
        raise ProductError("One of these comments is not there any more: load the page again.")
    for row in found:
        row.product = product
        row.version.product = product
    return found
