"""Comments of agencies: drafted, submitted, disposed of, answered, carried (rules 37 and 38)."""

from collections.abc import Sequence
from datetime import date

from django.db import transaction

from isecg.events import log
from products import comment_notices, permissions
from products.models import Comment, Product, Version
from products.remarks import Answer, CommentFields, Disposition
from products.services import comment_places, comment_rows, moves
from products.services.comment_rows import Ruling
from products.services.errors import ProductError
from workgroups.models import Agency, User
from workgroups.permissions import Standing
from workgroups.roles import Ability


def _enter(product: Product, by: User) -> Standing:
    """Lock ``product`` and return who acts."""
    moves.lock(product)
    return Standing.of(by)


@transaction.atomic(durable=True)
def draft_comment(version: Version, *, agency: Agency, fields: CommentFields, by: User) -> Comment:
    """Write a comment that only the agency's own people see, until they submit it.

    :raises PermissionDenied: if ``by`` does not belong to ``agency``.
    :raises ProductError: if the text is settled, or has no such paragraph.
    """
    standing = _enter(version.product, by)
    comment_rows.require_commenter(standing, version.product, agency=agency)
    comment_rows.require_moving(version.product)
    comment = comment_rows.draft(version, agency=agency, fields=fields, by=by, at=standing.at)
    record_draft("comment.drafted", comment, by=by)
    return comment


@transaction.atomic(durable=True)
def edit_draft(comment: Comment, *, fields: CommentFields, by: User) -> Comment:
    """Change a draft: anybody of its agency may.

    :raises PermissionDenied: if ``by`` does not belong to the agency.
    :raises ProductError: if it was submitted, or its version has no such paragraph.
    """
    row = _enter_draft(comment, by)
    comment_rows.require_moving(row.product)
    comment_rows.write(row, fields, by=by)
    row.save_as(by, "Changed")
    record_draft("comment.draft_changed", row, by=by)
    return row


@transaction.atomic(durable=True)
def discard_draft(comment: Comment, *, by: User) -> None:
    """Throw a draft away: anybody of its agency may.

    :raises PermissionDenied: if ``by`` does not belong to the agency.
    :raises ProductError: if it was submitted.
    """
    row = _enter_draft(comment, by)
    record_draft("comment.draft_discarded", row, by=by)
    row.delete_as(by, "Discarded")


def _enter_draft(comment: Comment, by: User) -> Comment:
    product = comment.product
    standing = _enter(product, by)
    [row] = comment_rows.fresh(product, [comment])
    comment_rows.require_own(standing, row)
    if not row.is_draft:
        raise ProductError(f"It was submitted as {row.label}: a comment does not change any more.")
    return row


def record_draft(event: str, comment: Comment, *, by: User) -> None:
    """Record what was done to a draft, where its agency alone reads it.

    Call it in the transaction that wrote it.
    """
    # The product's own history is read by everybody: it tells nothing of drafts.
    log.record(event, by=by, subject=comment, on_behalf_of=comment.agency_code)


@transaction.atomic(durable=True)
def submit_comment(
    version: Version, *, agency: Agency, fields: CommentFields, by: User, source: str = ""
) -> Comment:
    """Give in a comment as the agency's, and tell the product's editors.

    With ``source`` the secretariat enters it on behalf of the agency, always shown as such
    (rule 6). It is accepted on every version while the product is on its way.

    :raises PermissionDenied: if ``by`` does not belong to ``agency``, and is not the
        secretariat with a source.
    :raises ProductError: if the text is settled, has no such paragraph, or the agency said
        the same there already.
    """
    product = version.product
    standing = _enter(product, by)
    comment_rows.require_commenter(standing, product, agency=agency, source=source)
    comment_rows.require_moving(product)
    twin = comment_rows.repeated(version, agency=agency, fields=fields)
    # The secretariat is told nothing of an agency's drafts.
    if twin and not (source and twin.is_draft):
        where = f"It is {twin.label}" if twin.number else "It lies among the drafts"
        raise ProductError(f"{agency} has said this already, in the same words. {where}.")
    comment = comment_rows.submit(
        version, agency=agency, fields=fields, by=by, at=standing.at, source=source
    )
    announce(product, agency=agency, comments=[comment], by=by, source=source)
    return comment


@transaction.atomic(durable=True)
def submit_drafts(
    product: Product, *, agency: Agency, comments: Sequence[Comment], by: User
) -> list[Comment]:
    """Give in drafts of ``agency`` as its comments, in one act.

    :raises PermissionDenied: if ``by`` does not belong to ``agency``.
    :raises ProductError: if the text is settled, none is named, or one is no draft of the
        agency any more.
    """
    standing = _enter(product, by)
    comment_rows.require_commenter(standing, product, agency=agency)
    comment_rows.require_moving(product)
    if not comments:
        raise ProductError("Choose the drafts that are to be submitted.")
    rows = comment_rows.fresh(product, comments)
    if any(row.agency_id != agency.pk for row in rows):
        raise ProductError(f"Only drafts of {agency} can be submitted as its comments.")
    made = comment_rows.submit_drafts(rows, by=by, at=standing.at)
    announce(product, agency=agency, comments=made, by=by)
    return made


def announce(
    product: Product, *, agency: Agency, comments: Sequence[Comment], by: User, source: str = ""
) -> None:
    """Record that ``agency`` submitted ``comments`` in one act, and tell the editors.

    Call it in the transaction that wrote them.
    """
    log.record(
        "comment.submitted",
        by=by,
        subject=product,
        reason=f"Source: {source}" if source else "",
        on_behalf_of=agency.code,
        version=", ".join(f"v{n}" for n in sorted({row.version.number for row in comments})),
        after={"comments": [row.label for row in comments]},
        also=comments,
    )
    comment_notices.submitted(comments, product=product, agency=agency, by=by)


@transaction.atomic(durable=True)
def dispose(
    product: Product,
    *,
    comments: Sequence[Comment],
    disposition: Disposition,
    response: str,
    duplicate_of: Comment | None = None,
    action_owner: Agency | None = None,
    action_due: date | None = None,
    by: User,
) -> list[Comment]:
    """Decide about one comment or many in one act, and ask their authors to confirm.

    Returns those about which the decision is new.

    :raises PermissionDenied: if ``by`` may not dispose of comments.
    :raises ProductError: if the text is settled, none is named, one was withdrawn, the
        disposition lacks what it needs, or nothing would change.
    """
    standing = _enter(product, by)
    permissions.require(standing, Ability.DISPOSE_COMMENT, product)
    comment_rows.require_moving(product)
    if not comments:
        raise ProductError("Choose the comments that this is about.")
    ruling = comment_rows.check_ruling(
        product,
        Ruling(
            disposition=disposition,
            response=response,
            duplicate_of=duplicate_of,
            action_owner=action_owner,
            action_due=action_due,
        ),
        at=standing.at,
    )
    latest = _latest(product)
    changed = [
        row
        for row in comment_rows.fresh(product, comments)
        if comment_rows.dispose(row, ruling=ruling, latest=latest, by=by, at=standing.at)
    ]
    if not changed:
        raise ProductError("This was decided already, in the same words.")
    announce_ruling(product, comments=changed, ruling=ruling, by=by)
    return changed


def announce_ruling(
    product: Product, *, comments: Sequence[Comment], ruling: Ruling, by: User
) -> None:
    """Record what was decided about ``comments`` in one act, and tell whom it concerns.

    Call it in the transaction that wrote it.
    """
    after: dict[str, object] = {
        "comments": [row.label for row in comments],
        "disposition": ruling.disposition.value,
    }
    if ruling.duplicate_of:
        after["duplicate_of"] = ruling.duplicate_of.label
    if ruling.action_owner:
        after |= {"action_owner": ruling.action_owner.code, "action_due": ruling.action_due}
    log.record(
        "comment.disposed",
        by=by,
        subject=product,
        reason=ruling.response,
        after=after,
        also=comments,
    )
    comment_notices.disposed(comments, product=product, ruling_owner=ruling.action_owner, by=by)


def _latest(product: Product) -> Version | None:
    return Version.objects.filter(product=product).defer("text").order_by("-number").first()


@transaction.atomic(durable=True)
def answer(comment: Comment, *, answer: Answer, text: str, by: User) -> Comment:
    """Say for the author whether a disposition is agreed with (rule 38).

    :raises PermissionDenied: if it is not for ``by`` to answer.
    :raises ProductError: if the text is settled, nothing was decided, the comment was
        withdrawn, or a disagreement lacks its words.
    """
    product = comment.product
    standing = _enter(product, by)
    [row] = comment_rows.fresh(product, [comment])
    comment_rows.require_author(standing, row)
    comment_rows.require_moving(product)
    if not row.disposition or row.disposition == Disposition.WITHDRAWN:
        raise ProductError(f"There is no disposition of {row.label} to be answered.")
    if answer == Answer.DISPUTED and not text.strip():
        raise ProductError("Say what you do not agree with.")
    if (row.answer, row.answer_text) == (answer.value, text.strip()):
        raise ProductError(f"This is the answer to {row.label} already.")
    row.answer, row.answer_text = answer.value, text.strip()
    row.answered_at, row.answered_by = standing.at, by
    row.save_as(by, f"{answer.label}: {row.answer_text}" if row.answer_text else answer.label)
    log.record(
        "comment.answered",
        by=by,
        subject=product,
        reason=row.answer_text,
        on_behalf_of=row.agency_code,
        after={"comment": row.label, "answer": answer.value},
        also=[row],
    )
    if answer == Answer.DISPUTED:
        comment_notices.disputed(row, product=product, by=by)
    return row


@transaction.atomic(durable=True)
def withdraw(comment: Comment, *, reason: str, by: User) -> Comment:
    """Take a submitted comment back for its agency; it stays on record (rule 38).

    What was disposed of as its duplicate is open again.

    :raises PermissionDenied: if ``by`` does not belong to the agency.
    :raises ProductError: if the text is settled, or it is a draft or withdrawn already.
    """
    product = comment.product
    standing = _enter(product, by)
    [row] = comment_rows.fresh(product, [comment])
    comment_rows.require_own(standing, row)
    comment_rows.require_moving(product)
    if row.is_draft:
        raise ProductError("A draft is discarded, not withdrawn.")
    reopened = comment_rows.withdraw(row, reason=reason, by=by, at=standing.at)
    after: dict[str, object] = {"comment": row.label}
    if reopened:
        after["open_again"] = [other.label for other in reopened]
    log.record(
        "comment.withdrawn",
        by=by,
        subject=product,
        reason=reason,
        on_behalf_of=row.agency_code,
        after=after,
        also=[row, *reopened],
    )
    return row


@transaction.atomic(durable=True)
def check(comment: Comment, *, version: Version, by: User) -> Comment:
    """Note that a carried comment was looked at in ``version`` and is still open (rule 38).

    :raises PermissionDenied: if ``by`` may not dispose of comments.
    :raises ProductError: if the text is settled, a newer version came in, or nothing is
        to be checked.
    """
    [row] = _check(comment.product, [comment], version, by=by)
    return row


@transaction.atomic(durable=True)
def check_all(
    product: Product, *, comments: Sequence[Comment], version: Version, by: User
) -> list[Comment]:
    """Note the same of several comments in one act; see :func:`check`."""
    if not comments:
        raise ProductError("Choose the comments that this is about.")
    return _check(product, comments, version, by=by)


def _check(
    product: Product, comments: Sequence[Comment], version: Version, *, by: User
) -> list[Comment]:
    standing = _enter(product, by)
    permissions.require(standing, Ability.DISPOSE_COMMENT, product)
    comment_rows.require_moving(product)
    latest = _latest(product)
    if latest is None or latest.pk != version.pk:
        raise ProductError("A newer version came in: look at the comments there.")
    waiting = Comment.objects.filter(pk__in=[row.pk for row in comments]).to_be_checked()
    rows = comment_rows.fresh(product, list(waiting))
    if not rows:
        raise ProductError("None of these comments is to be checked.")
    for row in rows:
        row.checked_on = latest
        row.save_as(by, f"Looked at in version {latest.number}: still open")
    log.record(
        "comment.checked",
        by=by,
        subject=product,
        version=f"v{latest.number}",
        after={"comments": [row.label for row in rows]},
        also=rows,
    )
    return rows


def carry(version: Version, *, previous: Version | None) -> list[Comment]:
    """Carry every open comment to a version that is just being written (rule 38).

    Called in that transaction. Each comment keeps its place, moved with its paragraph, or
    is said to have lost it, and is to be checked.
    """
    if previous is None:
        return []
    carried = comment_places.carry_open(version)
    if carried:
        log.record(
            "comment.carried",
            by=version.author,
            subject=version.product,
            version=f"v{version.number}",
            after={"comments": [row.label for row in carried]},
            also=carried,
        )
    return carried
