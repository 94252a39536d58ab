"""What is done about objections and conditions: disposed of, answered, ended (rules 30 and 31)."""

from datetime import timedelta

from django.core.exceptions import PermissionDenied
from django.db import transaction

from isecg.events import log
from products import defaults, ledger, ledger_notices, ledger_reading, permissions
from products.consensus import Stand
from products.ledger import LedgerAct, LedgerState
from products.models import LedgerItem, Version
from products.services import moves
from products.services.errors import ProductError
from workgroups.models import User
from workgroups.permissions import Standing
from workgroups.roles import Ability

ANSWERS = (LedgerState.ACCEPTED, LedgerState.MODIFIED, LedgerState.REJECTED)
# What an objection or a condition may be turned into by its agency (rule 31).
CONVERTED = (Stand.RESERVATION, Stand.ABSTAIN)

ABILITIES = {
    LedgerAct.DISPOSE: Ability.PROPOSE_DISPOSITION,
    LedgerAct.NAME_VERSION: Ability.PROPOSE_DISPOSITION,
    LedgerAct.CONSIDER: Ability.CONSIDER,
    LedgerAct.ESCALATE: Ability.ESCALATE,
}


def require(act: LedgerAct, standing: Standing, item: LedgerItem, *, source: str = "") -> None:
    """Refuse whoever may not take ``act`` on ``item``, naming whose it is.

    What resolves an item is the act of its agency alone, or of the secretariat on behalf of
    it with a ``source`` (rules 6 and 30).

    :raises PermissionDenied: if it is not theirs.
    """
    if act in ABILITIES:
        permissions.require(standing, ABILITIES[act], item.product)
    elif source:
        standing.require(Ability.RECORD_POSITION)
    else:
        _require_own(standing, item)


def _require_own(standing: Standing, item: LedgerItem) -> None:
    if item.agency not in standing.voices_on(item.product.code):
        raise PermissionDenied(
            f"Only the head of delegation or an alternate of {item.agency} resolves {item.label}, "
            f"or the secretariat on behalf of {item.agency}, with its source."
        )


def may(act: LedgerAct, standing: Standing, item: LedgerItem) -> bool:
    """Whether a person may take ``act``, with a source where it is on behalf."""
    source = "" if item.agency in standing.voices_on(item.product.code) else "yes"
    try:
        require(act, standing, item, source=source)
    except PermissionDenied:
        return False
    return True


def _enter(
    act: LedgerAct, item: LedgerItem, by: User, *, source: str = ""
) -> tuple[Standing, LedgerItem]:
    """Lock the product, and return who acts and the item as it is now.

    :raises PermissionDenied: if it is not the act of ``by``.
    :raises ProductError: if it is impossible now.
    """
    product = item.product
    moves.lock(product)
    standing = Standing.of(by)
    rows = ledger_reading.rows(at=standing.at).select_related(
        "version", "implemented_in", "disposed_by"
    )
    row: LedgerItem = rows.get(pk=item.pk)
    row.product = product
    require(act, standing, row, source=source)
    is_held = act in (LedgerAct.WITHDRAW, LedgerAct.CONVERT) and ledger_reading.is_held(
        row, at=standing.at
    )
    if lack := ledger.lack(act, ledger_reading.item_of(row, is_held=is_held), standing.at):
        raise ProductError(lack)
    return standing, row


def _record(
    event: str, row: LedgerItem, *, by: User, text: str, behalf: bool = False, **after: object
) -> None:
    log.record(
        f"ledger.{event}",
        by=by,
        subject=row.product,
        reason=text,
        on_behalf_of=row.agency.code if behalf else "",
        after={"item": row.label, **after},
        also=[row],
    )


def _check_version(row: LedgerItem, version: Version) -> None:
    if version.product_id != row.product_id:
        raise ProductError(f"That version is none of {row.product}.")
    if version.number < row.version.number:
        raise ProductError(
            f"{row.label} was given on version {row.version.number}: "
            "an earlier version cannot implement what is done about it."
        )


@transaction.atomic(durable=True)
def propose_disposition(
    item: LedgerItem,
    *,
    disposition: str,
    version: Version | None = None,
    prints_both_views: bool = False,
    by: User,
) -> LedgerItem:
    """Say what is to be done about an item: the clock of its agency starts (rule 30).

    ``version`` implements it, where there is one already. With ``prints_both_views`` that
    version prints the view of the agency beside the others' (rule 31).

    :raises PermissionDenied: if ``by`` does not write this product.
    :raises ProductError: if it is accepted or has ended, or says nothing new, or the version
        is missing where both views are printed.
    """
    standing, row = _enter(LedgerAct.DISPOSE, item, by)
    text = disposition.strip()
    if not text:
        raise ProductError("Say what is to be done about it.")
    if prints_both_views and version is None:
        raise ProductError("Name the version that prints both views.")
    if version:
        _check_version(row, version)
    same = (text, version, prints_both_views) == (
        row.disposition,
        row.implemented_in,
        row.prints_both_views,
    )
    if same and row.state == LedgerState.PROPOSED:
        raise ProductError(f"This is what is proposed about {row.label} already.")
    row.state, row.disposition = LedgerState.PROPOSED, text
    row.implemented_in, row.prints_both_views = version, prints_both_views
    row.disposed_at, row.disposed_by = standing.at, by
    row.answer_due_at = standing.at + timedelta(days=defaults.disposition_days())
    row.answer, row.answered_at, row.answered_by, row.source = "", None, None, ""
    row.save_as(by, f"Disposition proposed: {text}")
    _record(
        "disposed",
        row,
        by=by,
        text=text,
        answer_due_at=row.answer_due_at,
        version=version.number if version else "",
        prints_both_views=prints_both_views,
    )
    ledger_notices.disposed(row, by=by)
    return row


@transaction.atomic(durable=True)
def name_version(item: LedgerItem, *, version: Version, by: User) -> LedgerItem:
    """Name the version that implements what was accepted: that closes the item (rule 30).

    :raises PermissionDenied: if ``by`` does not write this product.
    :raises ProductError: if nothing is accepted, or this is the version already.
    """
    _, row = _enter(LedgerAct.NAME_VERSION, item, by)
    _check_version(row, version)
    if row.implemented_in_id == version.pk:
        raise ProductError(f"Version {version.number} is named already.")
    row.implemented_in = version
    row.save_as(by, f"Implemented in version {version.number}")
    _record("implemented", row, by=by, text="", version=version.number)
    return row


@transaction.atomic(durable=True)
def answer_disposition(
    item: LedgerItem, *, answer: LedgerState, text: str, by: User, source: str = ""
) -> LedgerItem:
    """Accept a disposition for the agency of an item, as it is or modified, or reject it.

    What is deemed accepted is still answered, until the product is released (rule 30).

    :raises PermissionDenied: if ``by`` neither speaks for the agency nor is the secretariat
        with a ``source``.
    :raises ProductError: if there is no disposition, it was answered, or words are missing.
    """
    standing, row = _enter(LedgerAct.ANSWER, item, by, source=source)
    text = text.strip()
    if lack := missing_words(answer, text):
        raise ProductError(lack)
    row.state, row.answer, row.source = answer, text, source
    row.answered_at, row.answered_by = standing.at, by
    row.save_as(by, f"{answer.label}: {text}" if text else answer.label)
    _record("answered", row, by=by, text=text, behalf=True, answer=answer.value, source=source)
    ledger_notices.resolved(row, words=answer.label.lower(), text=text, by=by)
    return row


def missing_words(answer: LedgerState | None, text: str) -> str:
    """Return what an answer to a disposition lacks, as a sentence, or nothing."""
    if text.strip() or answer not in (LedgerState.MODIFIED, LedgerState.REJECTED):
        return ""
    if answer == LedgerState.MODIFIED:
        return "Say with what modification it is accepted."
    return "Say why it is rejected, and what would resolve it."


@transaction.atomic(durable=True)
def withdraw_item(item: LedgerItem, *, reason: str, by: User, source: str = "") -> LedgerItem:
    """Take an objection or a condition back for its agency.

    :raises PermissionDenied: as for :func:`answer_disposition`.
    :raises ProductError: if it is not open, or counts as a position in a call that is open.
    """
    standing, row = _enter(LedgerAct.WITHDRAW, item, by, source=source)
    return _end(row, standing, because=f"by {row.agency}: {reason.strip()}", by=by, source=source)


@transaction.atomic(durable=True)
def convert_item(
    item: LedgerItem, *, stand: Stand, text: str, by: User, source: str = ""
) -> LedgerItem:
    """Turn an objection or a condition into a reservation or an abstention (rule 31).

    :raises PermissionDenied: as for :func:`answer_disposition`.
    :raises ProductError: as for :func:`withdraw_item`, or a reservation lacks its statement.
    """
    standing, row = _enter(LedgerAct.CONVERT, item, by, source=source)
    text = text.strip()
    if stand not in CONVERTED:
        raise ProductError("It becomes a reservation or an abstention.")
    if stand == Stand.RESERVATION and not text:
        raise ProductError("A reservation needs its statement: it is printed with the product.")
    words = {
        Stand.RESERVATION: ledger.TO_RESERVATION,
        Stand.ABSTAIN: "converted to an abstention",
    }[stand]
    because = f"{words}: {text}" if text else words
    return _end(row, standing, because=because, by=by, source=source, stand=stand)


def _end(
    row: LedgerItem,
    standing: Standing,
    *,
    because: str,
    by: User,
    source: str,
    stand: Stand | None = None,
) -> LedgerItem:
    row.state, row.ended_at, row.ended_because = LedgerState.WITHDRAWN, standing.at, because
    row.converted_to, row.source = stand or "", source
    row.save_as(by, f"Withdrawn: {because}")
    _record(
        "converted" if stand else "withdrawn",
        row,
        by=by,
        text=because,
        behalf=True,
        source=source,
        **({"converted_to": stand.value} if stand else {}),
    )
    words = f"now “{stand.label.lower()}”" if stand else "withdrawn"
    ledger_notices.resolved(row, words=words, text=because, by=by)
    return row


@transaction.atomic(durable=True)
def mark_considered(item: LedgerItem, *, text: str, by: User) -> LedgerItem:
    """Note for the chair that an item was duly considered: it removes nothing (rule 30).

    :raises PermissionDenied: if ``by`` is not the chair.
    :raises ProductError: if it is not open, or nothing is said.
    """
    standing, row = _enter(LedgerAct.CONSIDER, item, by)
    text = text.strip()
    if not text:
        raise ProductError("Say how it was considered.")
    row.considered, row.considered_at, row.considered_by = text, standing.at, by
    row.save_as(by, f"Duly considered: {text}")
    _record("considered", row, by=by, text=text)
    ledger_notices.considered(row, by=by)
    return row


@transaction.atomic(durable=True)
def escalate(item: LedgerItem, *, reason: str, by: User) -> LedgerItem:
    """Put an item before the senior agency managers (rule 31): it stays open.

    :raises PermissionDenied: if ``by`` is neither the chair nor the secretariat.
    :raises ProductError: if it is not open, or nothing is said, or the same as before.
    """
    standing, row = _enter(LedgerAct.ESCALATE, item, by)
    reason = reason.strip()
    if not reason:
        raise ProductError("Say what the senior agency managers are asked.")
    if reason == row.escalation:
        raise ProductError(f"{row.label} is before the senior agency managers with this already.")
    row.escalation, row.escalated_at, row.escalated_by = reason, standing.at, by
    row.save_as(by, f"Escalated: {reason}")
    _record("escalated", row, by=by, text=reason)
    ledger_notices.escalated(row, by=by)
    return row
