"""Sending versions to liaison organisations, and taking what they say (rule 9)."""

from django.db import transaction

from isecg.events import log
from products import notifications, permissions
from products.models import LiaisonSending, LiaisonStatement, Version
from products.services import moves
from products.services.errors import ProductError
from workgroups.models import LiaisonOrganisation, User
from workgroups.permissions import Standing
from workgroups.roles import Ability
from workgroups.services.rows import lock


@transaction.atomic(durable=True)
def send_version(
    version: Version, *, organisation: LiaisonOrganisation, permission: str, by: User
) -> LiaisonSending:
    """Let an organisation's contacts read this one version, and tell them (rule 9).

    ``permission`` says who permitted it.

    :raises PermissionDenied: if ``by`` may not send versions to liaison organisations.
    :raises ProductError: if it was sent to this organisation, or nobody there could read it.
    """
    product = version.product
    moves.lock(product)
    lock(organisation)
    standing = Standing.of(by)
    permissions.require(standing, Ability.SEND_TO_LIAISON, product)
    if version.sendings.filter(organisation=organisation).exists():
        raise ProductError(f"Version {version.number} was sent to {organisation} already.")
    held = organisation.contacts.valid_at(standing.at).select_related("person")
    contacts = list(dict.fromkeys(row.person for row in held))
    if not contacts:
        raise ProductError(f"{organisation} has no contact who could read it: enter one first.")
    sending = LiaisonSending.objects.create(
        version=version,
        organisation=organisation,
        permission=permission,
        sent_at=standing.at,
        sent_by=by,
    )
    log.record(
        "product.sent_to_liaison",
        by=by,
        subject=product,
        reason=f"Permitted by {permission}",
        version=f"v{version.number}",
        after={"organisation": organisation.code},
        also=[organisation],
    )
    notifications.sent_to_liaison(sending, contacts=contacts, by=by)
    return sending


@transaction.atomic(durable=True)
def make_statement(
    organisation: LiaisonOrganisation,
    *,
    text: str,
    version: Version | None = None,
    source: str = "",
    by: User,
) -> LiaisonStatement:
    """Keep what an organisation says, in general or to a version that was sent to it.

    A contact says it in person. The secretariat enters it on behalf, and names in ``source``
    where it has it from.

    :raises PermissionDenied: if ``by`` is neither a contact of it nor the secretariat.
    :raises ProductError: if the version was not sent to it, or the source is missing.
    """
    if version is not None:
        moves.lock(version.product)
    lock(organisation)
    standing = Standing.of(by)
    standing.require(Ability.MAKE_STATEMENT)
    standing.require_contact(organisation)
    on_behalf = standing.is_secretariat
    if on_behalf and not source:
        raise ProductError("Say where you have the statement from.")
    if version and not version.sendings.filter(organisation=organisation).exists():
        raise ProductError(f"{version} was not sent to {organisation}.")
    statement = LiaisonStatement.objects.create(
        organisation=organisation,
        version=version,
        text=text,
        given_at=standing.at,
        given_by=by,
        on_behalf=on_behalf,
        source=source if on_behalf else "",
    )
    log.record(
        "product.liaison_statement" if version else "liaison.statement",
        by=by,
        subject=version.product if version else organisation,
        reason=f"Source: {source}" if on_behalf else "",
        on_behalf_of=organisation.code,
        version=f"v{version.number}" if version else "",
        after={"organisation": organisation.code},
        also=[organisation],
    )
    notifications.liaison_statement(statement, by=by)
    return statement
