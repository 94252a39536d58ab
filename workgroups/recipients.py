"""Who is reached when an agency, or everybody, is told something (rules 4, 43 and 45)."""

from collections.abc import Collection
from datetime import datetime

from workgroups.models import Agency, ChairTerm, Mandate, User


def people_of(
    agencies: Collection[Agency], *, at: datetime, on: str = "", speaking: bool = False
) -> list[User]:
    """Return the people who hold these agencies' seats at ``at``, each once, in one query.

    ``on`` is the code of the product that they are told of: it reaches those whose mandate
    is limited to it, and no others with a limited mandate. With ``speaking`` only heads of
    delegation and alternates.
    """
    mandates = Mandate.objects.valid_at(at).covering(on).filter(agency__in=agencies)
    if speaking:
        mandates = mandates.speaking()
    return list(User.objects.filter(mandates__in=mandates).distinct().order_by("pk"))


def secretariat() -> list[User]:
    """Return the people of the secretariat who may sign in."""
    return list(User.objects.filter(is_secretariat=True, is_active=True).order_by("pk"))


def chair_people(*, at: datetime, term: ChairTerm | None = None) -> list[User]:
    """Return who speaks for the chair in office at ``at``, as :attr:`Standing.is_chair` says.

    ``term`` is the term in office, where it was read before.
    """
    found = term or ChairTerm.objects.in_office_at(at).select_related("agency", "person").first()
    if found is None:
        return []
    if found.person is not None:
        return [found.person] if found.person.is_active else []
    return people_of([found.agency], at=at, speaking=True) if found.agency else []
