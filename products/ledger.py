"""The ledger of objections and conditions as pure functions of plain values (rules 29 to 31).

**Item**: an objection or a condition of one agency, from the position that registered it.
**Disposition**: what is to be done about it. It starts the clock of the item's agency; what
comes at the end of the clock still counts. **Deemed accepted**: nobody answered until then;
computed when it is read, and reversible until the product is released. **Closed**: accepted
in any way, and a version is named that implements it. **Lapsed**: its agency left the product
or ISECG. **Open**: neither closed nor withdrawn nor lapsed.

An item that is open ceases to be so by an act of its own agency, by that agency's leaving, or,
once it has a disposition and a version that implements it, by the answer or the silence of
that agency; and where the call in which it was registered was opened in error.
"""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum

from django.db.models import TextChoices

from isecg import instants


class LedgerKind(TextChoices):
    """What stands on the ledger."""

    OBJECTION = "object", "Objection"
    CONDITION = "condition", "Condition"


class LedgerState(TextChoices):
    """Where an objection or a condition stands; what its clock adds is computed when read."""

    REGISTERED = "registered", "Registered"
    PROPOSED = "proposed", "Disposition proposed"
    ACCEPTED = "accepted", "Accepted"
    MODIFIED = "modified", "Accepted with modification"
    REJECTED = "rejected", "Disposition rejected"
    WITHDRAWN = "withdrawn", "Withdrawn"
    LAPSED = "lapsed", "Lapsed"


class LedgerStanding(TextChoices):
    """Where an item stands at an instant: its state, and what the clock makes of it."""

    REGISTERED = "registered", "No disposition"
    PROPOSED = "proposed", "Disposition proposed"
    DEEMED = "deemed", "Deemed accepted"
    ACCEPTED = "accepted", "Accepted"
    MODIFIED = "modified", "Accepted with modification"
    REJECTED = "rejected", "Disposition rejected"
    WITHDRAWN = "withdrawn", "Withdrawn"
    LAPSED = "lapsed", "Lapsed"


ANSWERED = (LedgerState.ACCEPTED, LedgerState.MODIFIED, LedgerState.REJECTED)
ENDED = (LedgerState.WITHDRAWN, LedgerState.LAPSED)
# How the end of an item begins that became a reservation; its statement follows.
TO_RESERVATION = "converted to a reservation"
AGREED = (LedgerStanding.DEEMED, LedgerStanding.ACCEPTED, LedgerStanding.MODIFIED)
GONE = (LedgerStanding.WITHDRAWN, LedgerStanding.LAPSED)


class LedgerAct(StrEnum):
    """What may be done about an item."""

    DISPOSE = "dispose"
    NAME_VERSION = "name-version"
    ANSWER = "answer"
    WITHDRAW = "withdraw"
    CONVERT = "convert"
    CONSIDER = "consider"
    ESCALATE = "escalate"


@dataclass(frozen=True, kw_only=True)
class Item:
    """An objection or a condition as plain values.

    ``agency`` is the code under which it was registered, ``speaker`` that of who answers for
    it now. ``implemented_in`` is the number of the version that implements it. ``is_member``
    says whether the speaker belongs to ISECG, ``is_settled`` that the product's ledger
    changes no more, ``is_held`` that an objection or a condition of the speaker counts in a
    call that is open. ``pk``, ``owner`` and ``call`` are keys of rows, for who reads them.
    """

    label: str
    kind: LedgerKind
    agency: str
    state: LedgerState
    registered_at: datetime
    speaker: str = ""
    disposed_at: datetime | None = None
    answer_due_at: datetime | None = None
    answered_at: datetime | None = None
    implemented_in: int | None = None
    ended_because: str = ""
    is_member: bool = True
    is_settled: bool = False
    is_held: bool = False
    pk: int = 0
    owner: int = 0
    call: int = 0

    @property
    def name(self) -> str:
        """What a sentence calls it: ``CSA's condition C-2``."""
        return f"{self.agency}'s {self.kind.label.lower()} {self.label}"

    @property
    def answers(self) -> str:
        """The code of who answers for it."""
        return self.speaker or self.agency


def standing(item: Item, at: datetime) -> LedgerStanding:
    """Return where an item stands at ``at``."""
    if item.state in ENDED:
        return LedgerStanding(item.state)
    found = LedgerStanding(item.state)
    if item.state == LedgerState.PROPOSED and item.answer_due_at and at > item.answer_due_at:
        found = LedgerStanding.DEEMED
    if not item.is_member and not (found in AGREED and item.implemented_in is not None):
        return LedgerStanding.LAPSED
    return found


def is_closed(item: Item, at: datetime) -> bool:
    """Whether it is accepted in any way, and a version implements it."""
    return standing(item, at) in AGREED and item.implemented_in is not None


def is_open(item: Item, at: datetime) -> bool:
    """Whether it still holds the release."""
    return standing(item, at) not in GONE and not is_closed(item, at)


def waits_for_agency(item: Item, at: datetime) -> bool:
    """Whether its agency's clock runs."""
    return standing(item, at) == LedgerStanding.PROPOSED


def waits_for_writers(item: Item, at: datetime) -> bool:
    """Whether whoever writes the product owes a disposition, or the version that implements it."""
    return is_open(item, at) and not waits_for_agency(item, at)


def waiting_since(item: Item, at: datetime) -> datetime:
    """Return since when it waits for whom it waits for."""
    found = standing(item, at)
    since = {
        LedgerStanding.PROPOSED: item.disposed_at,
        LedgerStanding.DEEMED: item.answer_due_at,
        LedgerStanding.ACCEPTED: item.answered_at,
        LedgerStanding.MODIFIED: item.answered_at,
        LedgerStanding.REJECTED: item.answered_at,
    }
    return since.get(found) or item.registered_at


def words(item: Item, at: datetime) -> str:
    """Return where an item stands, as the end of a sentence without its stop."""
    found = standing(item, at)
    if found in AGREED:
        return f"{_agreed(item, found)}{_implemented(item)}"
    if found == LedgerStanding.REGISTERED:
        return f"no disposition yet{_for(at - item.registered_at)}"
    if found == LedgerStanding.PROPOSED:
        assert item.answer_due_at is not None  # a disposition starts a clock
        return f"{item.answers} to answer by {instants.words(item.answer_due_at)}"
    if found == LedgerStanding.REJECTED:
        since = _for(at - item.answered_at) if item.answered_at else ""
        return f"{item.answers} rejected the disposition, and there is no other yet{since}"
    because = item.ended_because
    if found == LedgerStanding.LAPSED and item.state != LedgerState.LAPSED:
        because = f"{item.answers} is no member of ISECG any more"
    return f"{found.label.lower()}: {because.rstrip('.')}" if because else found.label.lower()


def sentence(item: Item, at: datetime) -> str:
    """Return where an item stands, as in "CSA's condition C-2: no disposition yet, 6 days."."""
    return f"{item.name}: {words(item, at)}."


def gate_sentence(item: Item, at: datetime) -> str:
    """Return why an open item holds a release: ``C-2 of CSA is open: …``."""
    return f"{item.label} of {item.agency} is open: {words(item, at)}."


def _agreed(item: Item, found: LedgerStanding) -> str:
    if found == LedgerStanding.DEEMED:
        assert item.answer_due_at is not None  # its clock has run out
        until = "" if item.is_settled else ", reversible until release"
        return f"deemed accepted since {instants.words(item.answer_due_at)}{until}"
    return f"{found.label.lower()} by {item.answers}"


def _implemented(item: Item) -> str:
    if item.implemented_in is None:
        return "; no version is named that implements it"
    return f"; version {item.implemented_in} implements it"


def _for(span: timedelta) -> str:
    return f", {span.days} day{'' if span.days == 1 else 's'}" if span.days > 0 else ""


def lack(act: LedgerAct, item: Item, at: datetime) -> str:
    """Return why ``act`` is impossible at ``at``, as a sentence, or nothing."""
    if item.is_settled:
        return "The ledger of this product does not change any more."
    if standing(item, at) in GONE:
        return f"{sentence(item, at)}"
    return _LACKS[act](item, at)


def _to_dispose(item: Item, at: datetime) -> str:
    if standing(item, at) not in AGREED:
        return ""
    if item.implemented_in is None:
        return f"{sentence(item, at)} Name the version instead."
    return sentence(item, at)


def _to_name(item: Item, at: datetime) -> str:
    if standing(item, at) in AGREED:
        return ""
    return "Nothing is accepted yet that a version could implement."


def _to_answer(item: Item, at: datetime) -> str:
    found = standing(item, at)
    if found in (LedgerStanding.PROPOSED, LedgerStanding.DEEMED):
        return ""
    if found in AGREED:
        return f"{item.answers} has answered: {found.label.lower()}."
    return "There is no disposition that could be answered."


def _to_end(item: Item, at: datetime) -> str:
    if item.is_held:
        return (
            f"While the call is open {item.answers} changes its position there: "
            f"that settles {item.label} as well."
        )
    return _to_press(item, at)


def _to_press(item: Item, at: datetime) -> str:
    return "" if is_open(item, at) else f"{item.label} is closed."


_LACKS: dict[LedgerAct, Callable[[Item, datetime], str]] = {
    LedgerAct.DISPOSE: _to_dispose,
    LedgerAct.NAME_VERSION: _to_name,
    LedgerAct.ANSWER: _to_answer,
    LedgerAct.WITHDRAW: _to_end,
    LedgerAct.CONVERT: _to_end,
    LedgerAct.CONSIDER: _to_press,
    LedgerAct.ESCALATE: _to_press,
}
