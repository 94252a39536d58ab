"""Whether a circulation reached each seat: the delivery matrix (rule 44)."""

from collections import defaultdict
from collections.abc import Collection, Iterable
from dataclasses import dataclass

from django.db.models import Exists, TextChoices

from isecg.events.log import reference
from isecg.mail.models import Letter
from isecg.mail.models import State as LetterState
from products.dossier import reached_by
from products.models import Circulation, Product
from workgroups.models import Agency, Mandate, User
from workgroups.roles import SPEAKING

KIND = "circulation.opened"


class Fate(TextChoices):
    """What came of telling one seat."""

    SENT = "sent", "Sent"
    QUEUED = "queued", "Queued"
    FAILED = "failed", "Failed"
    VACANT = "vacant", "Vacant"
    NOT_TOLD = "not_told", "Not told"


def fate(letters: Collection[LetterState], *, is_held: bool) -> Fate:
    """Return what came of a seat's letters: it is reached where one of its people is.

    A letter that was dropped tells nobody anything. Without letters the seat is vacant,
    unless somebody held it.
    """
    for state, found in (
        (LetterState.SENT, Fate.SENT),
        (LetterState.QUEUED, Fate.QUEUED),
        (LetterState.FAILED, Fate.FAILED),
    ):
        if state in letters:
            return found
    return Fate.NOT_TOLD if is_held or letters else Fate.VACANT


@dataclass(frozen=True, kw_only=True)
class Copy:
    """The letter to one person; ``note`` says why it failed or was dropped."""

    person: User
    state: LetterState
    note: str

    @property
    def label(self) -> str:
        return str(self.state.label)


@dataclass(frozen=True, kw_only=True)
class Delivery:
    """One row of the matrix: a seat, under the code of the day on which it was told.

    ``is_vacant`` says that nobody spoke for the agency then, whoever else was told.
    """

    agency: Agency
    code: str
    fate: Fate
    is_vacant: bool
    was_missed: bool
    copies: tuple[Copy, ...]


def read(circulation: Circulation, *, product: Product) -> list[Delivery]:
    """Return the delivery matrix of a circulation, in four queries however many seats.

    Members of that day that it missed, because they were entered later, are told of too.
    """
    told = [(row.agency, row.code) for row in circulation.recipients.select_related("agency")]
    missed = Agency.objects.members_on(circulation.opened_at.date()).exclude(
        Exists(reached_by(circulation))
    )
    held = _held(circulation, product)
    copies = _copies(circulation, product)
    rows = [_delivery(*seat, held, copies, was_missed=False) for seat in told]
    rows += [_delivery(row, row.code, held, copies, was_missed=True) for row in missed]
    return sorted(rows, key=lambda row: row.code)


def _delivery(
    agency: Agency,
    code: str,
    held: dict[int, list[Mandate]],
    copies: dict[int, Copy],
    *,
    was_missed: bool,
) -> Delivery:
    mandates = held.get(agency.pk, [])
    people = dict.fromkeys(mandate.person_id for mandate in mandates)
    own = () if was_missed else tuple(copies[key] for key in people if key in copies)
    return Delivery(
        agency=agency,
        code=code,
        fate=fate([copy.state for copy in own], is_held=bool(mandates) or was_missed),
        is_vacant=not any(mandate.capacity in SPEAKING for mandate in mandates),
        was_missed=was_missed,
        copies=own,
    )


def _held(circulation: Circulation, product: Product) -> dict[int, list[Mandate]]:
    """Read who held the seats when the version was circulated, by agency."""
    mandates = Mandate.objects.valid_at(circulation.opened_at).covering(product.code)
    found: dict[int, list[Mandate]] = defaultdict(list)
    for mandate in mandates.order_by("pk"):
        found[mandate.agency_id].append(mandate)
    return found


def _copies(circulation: Circulation, product: Product) -> dict[int, Copy]:
    """Read the letters of the circulation, by the person to whom each goes."""
    letters = Letter.objects.filter(
        about=reference(product),
        kind=KIND,
        key__startswith=f"{KIND}|{reference(circulation)}|",
    )
    rows = letters.select_related("recipient").defer("text", "html", "attachments")
    return {
        row.recipient.pk: Copy(
            person=row.recipient,
            state=LetterState(row.state),
            note=row.last_error if row.state == LetterState.FAILED else row.note,
        )
        for row in rows
        if row.recipient
    }


def count(rows: Iterable[Delivery]) -> list[tuple[Fate, int]]:
    """Return how many seats came to what, leaving out what none came to."""
    fates = [row.fate for row in rows]
    return [(one, fates.count(one)) for one in Fate if one in fates]
