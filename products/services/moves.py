"""The one way in which a product changes its state (section 3 of the rules)."""

from collections.abc import Mapping

from isecg.events import log
from isecg.rules import blocking
from products import guards, permissions
from products.dossier import Dossier
from products.facts import Facts
from products.models import Product
from products.models.interventions import RequestState
from products.services import call_answers
from products.services.errors import ProductError
from products.workflow import TRANSITIONS, WRITABLE, Action, State
from workgroups.models import User
from workgroups.permissions import Standing


def lock(product: Product) -> None:
    """Refresh ``product`` and keep others off it until the transaction ends."""
    rows = Product.objects.select_for_update(of=("self",)).select_related("group")
    product.refresh_from_db(from_queryset=rows)
    # What was read before the lock may have changed since.
    product.__dict__.pop("current_editors", None)


def enter(
    product: Product, action: Action, *, by: User, overrides: Mapping[str, str] | None = None
) -> tuple[Standing, Dossier]:
    """Lock ``product`` and check that ``by`` may take ``action`` on it now.

    :raises PermissionDenied: if it is not the act of ``by``.
    :raises ProductError: if the product is in another state, or a guard stands in the way.
    """
    lock(product)
    standing = Standing.of(by)
    step = TRANSITIONS[action]
    permissions.require(standing, step.ability, product)
    check_source(product, action)
    dossier = Dossier(product, standing.at)
    check_guards(action, dossier.facts, overrides=overrides)
    return standing, dossier


def check_source(product: Product, action: Action) -> None:
    """Refuse a move that does not start from the product's state.

    :raises ProductError: naming the state it is in.
    """
    if product.state not in TRANSITIONS[action].sources:
        raise ProductError(
            f"{product} is “{product.get_state_display()}” now: "
            f"“{action.label}” is not possible from there."
        )


def check_writable(product: Product) -> None:
    """Refuse to write a text that does not change any more.

    :raises ProductError: naming the state that the product is in.
    """
    if product.state not in WRITABLE:
        raise ProductError(
            f"{product} is “{product.get_state_display()}”: its text does not change any more."
        )


def check_guards(
    action: Action, facts: Facts, *, overrides: Mapping[str, str] | None = None
) -> None:
    """Refuse a move that a guard stands in the way of, in the words of its page.

    :raises ProductError: with the findings that block.
    """
    if found := blocking(guards.guard(action, facts, overrides=overrides)):
        raise ProductError(" ".join(finding.sentence for finding in found), findings=tuple(found))


def move(
    product: Product,
    action: Action,
    *,
    by: User,
    reason: str,
    target: State | None = None,
    version: str = "",
    on_behalf_of: str = "",
    after: dict[str, object] | None = None,
) -> None:
    """Write the new state with its reason, and the event of it.

    A request for a call is over with a product that is not shared any more. ``target`` is
    given where an act leads elsewhere than the table's target: the declaration of a call
    that found no consensus leads back to drafting.
    """
    before = product.state
    product.state = target or TRANSITIONS[action].target
    product.save_as(by, f"{action.label}: {reason}")
    log.record(
        f"product.{action.value}",
        by=by,
        subject=product,
        reason=reason,
        on_behalf_of=on_behalf_of,
        version=version,
        before={"state": before},
        after={"state": product.state, **(after or {})},
    )
    if before == State.SHARED and product.state not in (State.SHARED, State.IN_CONSENSUS):
        call_answers.answer_waiting(
            product,
            state=RequestState.DECLINED,
            answer=f"{product} is “{product.get_state_display()}” now: {reason}",
            by=by,
        )
