"""Opening and closing the windows in which the public comments (rules 14 and 36)."""

from datetime import datetime, timedelta

from django.db import transaction

from isecg import instants
from isecg.events import log
from products import defaults, permissions, public_notices
from products.models import CommentWindow, Product, Version
from products.services import moves
from products.services.errors import ProductError
from products.workflow import State
from workgroups.models import User
from workgroups.permissions import Standing
from workgroups.roles import Ability

_ENDED = (State.SUPERSEDED, State.WITHDRAWN)


def window_lack(closes_at: datetime, *, at: datetime, days: int) -> str:
    """Return what a window opened at ``at`` lacks, as a sentence, or nothing."""
    earliest = at + timedelta(days=days)
    if closes_at >= earliest:
        return ""
    return f"The public is given at least {days} days: until {instants.words(earliest)} or later."


def lack(product: Product, version: Version | None, *, at: datetime) -> str:
    """Return why a window cannot be opened on a version now, as a sentence, or nothing.

    A product that was released is commented as it was released: without a version, where
    that happened before the tracker was kept.
    """
    if product.state in _ENDED:
        return (
            f"{product} is “{product.get_state_display()}”: the public is asked for comments "
            "on what is in force, or on its way."
        )
    release = getattr(product, "release", None)
    if release is None and version is None:
        return f"{product} has no version that could be posted."
    if release is not None and (version.pk if version else None) != release.version_id:
        return f"{product} is released: the public comments on what was released."
    if version is not None and version.product_id != product.pk:
        return f"{version} is no version of {product}."
    if running := CommentWindow.objects.open_at(at).filter(product=product).first():
        return (
            "The public may comment until "
            f"{instants.words(running.closes_at, running.time_zone)} already: close that first."
        )
    return ""


@transaction.atomic(durable=True)
def open_window(
    product: Product,
    *,
    version: Version | None,
    closes_at: datetime,
    time_zone: str,
    note: str,
    by: User,
) -> CommentWindow:
    """Ask the public for comments on one version, from now on (rule 36).

    A version that is not released becomes public with its files as long as the window is
    open (rule 14). ``closes_at`` is in UTC and was set in ``time_zone``.

    :raises PermissionDenied: if ``by`` is not of the secretariat.
    :raises ProductError: if the product has ended, was released in another version, has a
        window that is open, or the window is shorter than ``ISECG_PUBLIC_COMMENT_DAYS``.
    """
    moves.lock(product)
    standing = Standing.of(by)
    permissions.require(standing, Ability.INVITE_PUBLIC_COMMENT, product)
    days = defaults.public_comment_days()
    if sentence := lack(product, version, at=standing.at) or window_lack(
        closes_at, at=standing.at, days=days
    ):
        raise ProductError(sentence)
    window = CommentWindow(
        product=product,
        version=version,
        opens_at=standing.at,
        closes_at=closes_at,
        time_zone=time_zone,
        note=note,
    )
    what = f"version {version.number}" if version else "the released edition"
    window.save_as(by, f"Asked the public for comments on {what}")
    log.record(
        "product.public_comment_opened",
        by=by,
        subject=product,
        reason=note,
        version=f"v{version.number}" if version else "",
        after={
            "closes_at": closes_at,
            # The setting in force, so that a later change of it alters nothing (rule 51).
            "minimum_days": days,
            "sha256": version.sha256 if version else "",
        },
    )
    public_notices.window_opened(window, by=by)
    return window


@transaction.atomic(durable=True)
def close_window(window: CommentWindow, *, reason: str, by: User) -> None:
    """Close a window before its time; a draft that was posted is not public any more.

    :raises PermissionDenied: if ``by`` is not of the secretariat.
    :raises ProductError: if it is over.
    """
    moves.lock(window.product)
    window.refresh_from_db(fields=["closes_at", "ended_at"])
    standing = Standing.of(by)
    permissions.require(standing, Ability.INVITE_PUBLIC_COMMENT, window.product)
    if not window.is_open_at(standing.at):
        raise ProductError("This window is over already.")
    window.ended_at = standing.at
    window.save_as(by, f"Closed early: {reason}")
    log.record(
        "product.public_comment_closed",
        by=by,
        subject=window.product,
        reason=reason,
        version=f"v{window.version.number}" if window.version else "",
        before={"closes_at": window.closes_at},
        after={"ended_at": window.ended_at},
    )
