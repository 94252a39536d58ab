"""Correcting what a decision record says, never what was counted (rule 33)."""

from django.db import transaction

from isecg.events import log
from products import decision_notices, permissions
from products.consensus import Outcome
from products.decision_record import action_after
from products.decision_sheet.declared import action_of
from products.models import Decision
from products.services import moves
from products.services.declaring import SECRETARIAT
from products.services.errors import ProductError
from workgroups.models import User
from workgroups.permissions import Standing
from workgroups.roles import Ability


@transaction.atomic(durable=True)
def correct(
    decision: Decision,
    *,
    statement: str,
    interpretation: str,
    action: str,
    correction: str,
    by: User,
) -> Decision:
    """Make the next revision of a decision record; the one that it corrects stays.

    Outcome, counts and what the agencies said are those of the declaration, and so are its
    instant, its author and its call. ``correction`` is what was corrected, and why.

    :raises PermissionDenied: if ``by`` is neither the chair in office nor the secretariat.
    :raises ProductError: if another revision came meanwhile, nothing changes, or it is not
        said what was corrected.
    """
    product = decision.call.product
    moves.lock(product)
    standing = Standing.of(by)
    permissions.require(standing, Ability.CORRECT_DECISION, product)
    texts = {
        "statement": statement.strip(),
        "interpretation": interpretation.strip(),
        "action": action.strip() or _follows(decision),
    }
    before = {
        "statement": decision.statement,
        "interpretation": decision.interpretation,
        "action": action_of(decision),
    }
    _check(decision, before, texts, correction)
    role = _role(standing)
    revision = Decision.objects.create(
        call=decision.call,
        year=decision.year,
        serial=decision.serial,
        revision=decision.revision + 1,
        computed=decision.computed,
        outcome=decision.outcome,
        reason=decision.reason,
        correction=correction.strip(),
        declared_at=decision.declared_at,
        declared_by=decision.declared_by,
        declared_as=decision.declared_as,
        record={
            **decision.record,
            "corrected": {
                "at": standing.at.isoformat(),
                "by": log.reference(by),
                "as": role,
            },
        },
        **texts,
    )
    changed = [name for name in texts if _plain(texts[name]) != _plain(before[name])]
    log.record(
        "decision.corrected",
        by=by,
        subject=product,
        reason=revision.correction,
        on_behalf_of=role,
        version=f"v{decision.record['version']}",
        before={name: before[name] for name in changed},
        after={"decision": revision.number, **{name: texts[name] for name in changed}},
        also=[decision.call],
    )
    decision_notices.corrected(revision, by=by)
    return revision


def _follows(decision: Decision) -> str:
    """Return what follows from the outcome by itself: what stands where nobody says otherwise."""
    return action_after(
        Outcome(decision.outcome),
        version=decision.record["version"],
        product=decision.call.product,
    )


def _role(standing: Standing) -> str:
    if standing.is_secretariat or standing.chair is None:
        return SECRETARIAT
    return f"the chair ({standing.chair.agency})"


def _check(
    decision: Decision, before: dict[str, str], texts: dict[str, str], correction: str
) -> None:
    newest = Decision.objects.filter(year=decision.year, serial=decision.serial).first()
    if newest is None or newest.pk != decision.pk:
        raise ProductError(
            f"This record was corrected meanwhile: {newest} is its latest revision. Correct that."
        )
    if not texts["statement"]:
        raise ProductError("A decision record needs its outcome statement.")
    if not correction.strip():
        raise ProductError("Say what is corrected, and why: it is printed on the record.")
    if {key: _plain(text) for key, text in texts.items()} == {
        key: _plain(text) for key, text in before.items()
    }:
        raise ProductError("Nothing is corrected: these are the words of the record.")


def _plain(text: str) -> str:
    """Return a text as it is compared: a browser sends other ends of lines than were kept."""
    return text.replace("\r\n", "\n").strip()
