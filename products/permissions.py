"""Who may do what to a product (section 3 of the rules, and rule 14)."""

from products.models import Product
from workgroups.permissions import Standing
from workgroups.roles import Ability


def granted(standing: Standing, product: Product) -> set[Ability]:
    """Return what a person may do to ``product``, as its editor, in its group, or at all."""
    return standing.granted(
        group_id=product.group_id, edits=_edits(standing, product), limit=product.code
    )


def reads_drafts(standing: Standing, product: Product) -> bool:
    """Whether a person reads every version of ``product`` (rule 14)."""
    return standing.may(Ability.READ_DRAFTS, limit=product.code)


def require(standing: Standing, ability: Ability, product: Product) -> None:
    """Refuse, naming whose act it is.

    :raises PermissionDenied: if no role held for this product allows ``ability``.
    """
    standing.require(
        ability,
        group_id=product.group_id,
        edits=_edits(standing, product),
        limit=product.code,
    )


def _edits(standing: Standing, product: Product) -> bool:
    return any(row.person_id == standing.user.pk for row in product.current_editors)
