"""Whose act the declaration of an outcome is (rule 26)."""

from django.core.exceptions import PermissionDenied

from products.call_reading import CallReading
from products.consensus import Stand
from workgroups.models import ChairTerm
from workgroups.permissions import Standing
from workgroups.roles import Ability

SECRETARIAT = "the secretariat"


def declarer(chair: ChairTerm | None, reading: CallReading) -> str:
    """Return who declares the outcome of a call: "the chair (CNES)" (rule 26).

    The chair in office does; where its own agency objects, or there is no chair, the
    secretariat does.
    """
    if chair is None or _objects(chair, reading):
        return SECRETARIAT
    return f"the chair ({chair.agency})"


def secretariat_because(chair: ChairTerm | None, reading: CallReading) -> str:
    """Return why the secretariat declares, and not the chair; nothing where the chair does."""
    if chair is None:
        return "because the chair is vacant"
    if _objects(chair, reading):
        return f"because {chair.agency}, which holds the chair, objects"
    return ""


def declaring_role(standing: Standing, reading: CallReading) -> str:
    """Return as whom a person may declare the outcome of a call (rule 26).

    :raises PermissionDenied: if it is not this person's act, saying whose it is.
    """
    standing.require(Ability.DECLARE)
    role = declarer(standing.chair, reading)
    if role == SECRETARIAT:
        if not standing.is_secretariat:
            raise PermissionDenied(
                "The chair's own agency objects: the secretariat declares this outcome."
            )
    elif not standing.is_chair:
        raise PermissionDenied(f"It is {role}, in office today, that declares this outcome.")
    return role


def _objects(chair: ChairTerm, reading: CallReading) -> bool:
    return any(
        elector.agency_id == chair.agency_id
        and reading.tally.stands.get(elector.code) == Stand.OBJECT
        for elector in reading.electors
    )
