"""Writing a version (rule 13); what follows from it is in :mod:`carry_overs` (rule 29)."""

from collections.abc import Iterable

from django.db import transaction

from isecg.events import log
from products import permissions
from products.dossier import Dossier
from products.files import Checked, store
from products.models import Product, Version, VersionFile
from products.models.versions import ChangeClass, FileRole
from products.services import carry_overs, comments, drafts, moves
from products.services.errors import ProductError
from workgroups.models import User
from workgroups.permissions import Standing
from workgroups.roles import Ability


@store.keeping()
@transaction.atomic(durable=True)
def submit_version(
    product: Product,
    *,
    main: Checked,
    renditions: Iterable[Checked] = (),
    change_class: ChangeClass,
    note: str,
    by: User,
    expected_latest: int | None,
    draft_revision: int | None = None,
) -> Version:
    """Add an immutable version (rule 13).

    ``expected_latest`` is the number of the version that the author worked from, ``None``
    for the first. ``draft_revision`` names the draft that this version is made of, which
    is deleted with it; where it is ``None`` a draft of the author stays. A substantive
    version takes a product that was shared, in consensus or agreed back to drafting: a
    circulation, a call or an agreement does not carry over. To an editorial one the
    positions of an open call go along, unless an agency objects.

    :raises PermissionDenied: if ``by`` may not write versions of this product.
    :raises ProductError: if the product takes no version, another version came in
        between, an editorial one is not possible in its state, or two files have one
        name. Then no file is kept.
    :raises DraftConflictError: if the draft was saved in another window since.
    """
    moves.lock(product)
    standing = Standing.of(by)
    permissions.require(standing, Ability.WRITE_VERSION, product)
    dossier = Dossier(product, standing.at)
    _check(product, dossier, change_class, expected_latest, main)

    version = Version.objects.create(
        product=product,
        number=dossier.latest.number + 1 if dossier.latest else 1,
        text=main.text,
        text_format=main.text_format,
        change_class=change_class,
        note=note,
        author=by,
        created_at=standing.at,
        sha256=main.sha256,
    )
    _keep_files(version, main, renditions)
    if draft_revision is not None:
        drafts.use_up(product, revision=draft_revision, by=by)
    label = f"v{version.number}"
    log.record(
        "version.submitted",
        by=by,
        subject=product,
        reason=note,
        version=label,
        after={"change_class": change_class.value, "sha256": version.sha256},
    )
    comments.carry(version, previous=dossier.latest)
    carry_overs.follow(dossier, version, by=by)
    return version


def _check(
    product: Product,
    dossier: Dossier,
    change_class: ChangeClass,
    expected_latest: int | None,
    main: Checked,
) -> None:
    moves.check_writable(product)
    latest = dossier.latest
    if expected_latest != (latest.number if latest else None):
        raise ProductError(
            f"Version {latest.number if latest else 0} came in while you were writing. "
            "Look at it, then submit yours again."
        )
    if latest and latest.sha256 == main.sha256:
        raise ProductError(f"This is the same text as version {latest.number}, byte for byte.")
    if change_class == ChangeClass.EDITORIAL:
        carry_overs.check_editorial(dossier)


def _keep_files(version: Version, main: Checked, renditions: Iterable[Checked]) -> None:
    names: set[str] = set()
    for role, checked in [
        (FileRole.MAIN, main),
        *((FileRole.RENDITION, other) for other in renditions),
    ]:
        if checked.name in names:
            raise ProductError(f"Two files are named “{checked.name}”: rename one.")
        names.add(checked.name)
        VersionFile.objects.create(
            version=version,
            role=role,
            name=checked.name,
            path=store.keep(checked.content, sha256=checked.sha256),
            media_type=checked.media_type,
            size=checked.size,
            sha256=checked.sha256,
        )
