"""Taking a table of comments: looked at first, then all its good rows or none (rule 37)."""

import re
import secrets
from collections import defaultdict
from dataclasses import dataclass, field
from datetime import datetime

from django.core.cache import cache
from django.core.exceptions import PermissionDenied
from django.db import transaction

from products import comment_table, permissions
from products.exchange import keeping
from products.exchange.matching import plan
from products.exchange.plans import NewComment, NewDisposal, Plan, Sent
from products.models import Comment, Product, Version
from products.remarks import CommentFields
from products.services import comment_places, comment_rows, comments, moves
from products.services.comment_rows import Ruling
from products.services.errors import ProductError
from workgroups.models import Agency, User
from workgroups.permissions import Standing, who_may
from workgroups.roles import Ability

KEPT_SECONDS = 3600
_NAME = re.compile(r"[A-Za-z0-9_-]{32}")


class ChangedError(ProductError):
    """What would be written is not any more what the person looked at."""


@dataclass(kw_only=True)
class Taken:
    """What an import wrote."""

    new: list[Comment] = field(default_factory=list)
    drafts: list[Comment] = field(default_factory=list)
    disposed: list[Comment] = field(default_factory=list)


def require_sender(standing: Standing, product: Product) -> None:
    """Refuse whoever neither comments on ``product`` nor disposes of comments there.

    :raises PermissionDenied: naming whose act it is.
    """
    granted = permissions.granted(standing, product)
    if granted.isdisjoint({Ability.COMMENT, Ability.DISPOSE_COMMENT}):
        raise PermissionDenied(
            f"Only {who_may(Ability.COMMENT)} import comments, and dispositions "
            f"{who_may(Ability.DISPOSE_COMMENT)}."
        )


def look(product: Product, sent: Sent, *, by: User) -> Plan:
    """Return what :func:`take` would write, and write nothing.

    :raises PermissionDenied: if ``by`` may import nothing here.
    :raises ProductError: if the text is settled.
    """
    return _look(product, sent, Standing.of(by))


def _look(product: Product, sent: Sent, standing: Standing) -> Plan:
    require_sender(standing, product)
    comment_rows.require_moving(product)
    return plan(sent.rows, comment_table.known(product, sent, standing))


def keep(product: Product, sent: Sent, *, by: User) -> str:
    """Keep what was read for an hour, for this person and product alone; return its name."""
    name = secrets.token_urlsafe(24)
    cache.set(_key(product, name, by), keeping.pack(sent), KEPT_SECONDS)
    return name


def kept(product: Product, name: str, *, by: User) -> Sent:
    """Return what was kept under ``name``.

    :raises ProductError: if it is gone, or another's.
    """
    data = cache.get(_key(product, name, by)) if _NAME.fullmatch(name) else None
    if data is None:
        raise ProductError("What was read is kept for an hour, and is gone: choose the file again.")
    return keeping.unpack(data)


def forget(product: Product, name: str, *, by: User) -> None:
    """Keep it no longer."""
    cache.delete(_key(product, name, by))


def _key(product: Product, name: str, by: User) -> str:
    return f"comment-import:{product.pk}:{by.pk}:{name}"


@transaction.atomic(durable=True)
def take(product: Product, sent: Sent, *, expected: str, by: User) -> Taken:
    """Write the good rows of a file, all of them in one act.

    ``expected`` is the fingerprint of the plan that the person looked at. New comments of the
    sender's own agencies are theirs; the secretariat's are entered on behalf of the agency,
    with the name of the file as their source (rule 6).

    :raises PermissionDenied: if ``by`` may import nothing here.
    :raises ChangedError: if something else would be written than what was looked at.
    :raises ProductError: if the text is settled, there is nothing to write, or one row
        stands in the way of another.
    """
    moves.lock(product)
    standing = Standing.of(by)
    found = _look(product, sent, standing)
    if found.fingerprint != expected:
        raise ChangedError(
            "The comments changed since you looked: this is what would be taken now."
        )
    if not found.changes:
        raise ProductError("There is nothing to take: no row is new and right.")
    taken, rulings = Taken(), defaultdict[NewDisposal, list[Comment]](list)
    writing = _Writing(product, sent, standing, by, [row.new for row in found.changes if row.new])
    for row in found.changes:
        if row.new:
            comment = writing.write(row.new)
            (taken.drafts if sent.as_drafts else taken.new).append(comment)
        elif row.comment:
            comment = Comment(pk=row.comment.pk)
        if row.disposal:
            rulings[row.disposal].append(comment)
    writing.finish()
    for disposal, about in rulings.items():
        taken.disposed += _dispose(product, disposal, about, by=by, at=standing.at)
    return taken


class _Writing:
    """The new comments of one file, within the transaction that takes it."""

    def __init__(
        self, product: Product, sent: Sent, standing: Standing, by: User, new: list[NewComment]
    ) -> None:
        self.product, self.sent, self.by, self.at = product, sent, by, standing.at
        self._own = set(standing.agencies_on(product.code))
        self._agencies = Agency.objects.in_bulk({row.agency for row in new})
        numbers = {row.version for row in new}
        self._versions = {row.number: row for row in product.versions.filter(number__in=numbers)}
        for version in self._versions.values():
            version.product = product
        self._accounts = comment_table.accounts(self._agencies, code=product.code, at=standing.at)
        self._number = comment_rows.next_number(product) - 1
        self._written: dict[Agency, list[Comment]] = defaultdict(list)

    def _source(self, agency: Agency) -> str:
        return "" if agency in self._own else self.sent.name

    def write(self, new: NewComment) -> Comment:
        agency, version = self._agencies[new.agency], self._versions[new.version]
        made = comment_rows.new(version, agency, _fields(new), by=self.by, at=self.at)
        source = self._source(agency)
        if source:
            # The secretariat enters what somebody else wrote.
            made.source, made.author = source, None
            made.author_name = new.person or agency.code
        made.author = self._accounts.get((agency.pk, new.person), made.author)
        if self.sent.as_drafts:
            made.save_as(self.by, "Drafted")
            comments.record_draft("comment.drafted", made, by=self.by)
            return made
        self._number += 1
        made.number, made.submitted_at = self._number, self.at
        made.save_as(self.by, f"Submitted, source: {source}" if source else "Submitted")
        self._written[agency].append(made)
        return made

    def finish(self) -> None:
        """Find the places of all, record what each agency gave in, and tell the editors."""
        comment_places.catch_up([row for made in self._written.values() for row in made])
        for agency, made in self._written.items():
            comments.announce(
                self.product,
                agency=agency,
                comments=made,
                by=self.by,
                source=self._source(agency),
            )


def _fields(new: NewComment) -> CommentFields:
    return CommentFields(
        kind=new.kind,
        text=new.text,
        clause=new.clause,
        place=new.place,
        line=new.line,
        proposal=new.proposal,
        anchor=new.anchor,
        author_name=new.person,
    )


def _dispose(
    product: Product, disposal: NewDisposal, about: list[Comment], *, by: User, at: datetime
) -> list[Comment]:
    ruling = comment_rows.check_ruling(
        product,
        Ruling(
            disposition=disposal.disposition,
            response=disposal.response,
            duplicate_of=Comment(pk=disposal.duplicate_of) if disposal.duplicate_of else None,
            action_owner=Agency.objects.get(pk=disposal.owner) if disposal.owner else None,
            action_due=disposal.due,
        ),
        at=at,
    )
    latest = Version.objects.filter(product=product).defer("text").order_by("-number").first()
    changed = [
        row
        for row in comment_rows.fresh(product, about)
        if comment_rows.dispose(row, ruling=ruling, latest=latest, by=by, at=at)
    ]
    if changed:
        comments.announce_ruling(product, comments=changed, ruling=ruling, by=by)
    return changed
