"""What waits for one reader: read from the facts that the guards read (section 3, rule 43).

Everything here costs the same number of queries however many calls and products there are.
"""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, time
from typing import Any

from django.core.exceptions import PermissionDenied
from django.db.models import OuterRef, Q, Subquery
from django.urls import reverse

from isecg.rules import blocking
from products import (
    call_guards,
    call_request_reading,
    comment_reading,
    guards,
    ledger_turns,
    public_turns,
    residue,
    turns_beside,
)
from products.call_reading import CallReading, read_open_calls
from products.consensus import Mode
from products.dossier import decision_facts
from products.facts import Facts
from products.models import Circulation, Decision, Product, Version
from products.release_gate import comment_facts, ledger_facts, with_what_holds
from products.services import declaring
from products.workflow import Action, State
from workgroups import confirmations
from workgroups.confirmations import Due
from workgroups.models import Agency
from workgroups.permissions import Standing
from workgroups.roles import Ability


@dataclass(frozen=True, kw_only=True)
class Turn:
    """One thing that is due from a reader or the reader's agency.

    ``badge`` and ``label`` say what it is about, ``due`` until when, ``own`` whether the
    reader may do it; else somebody else of the agency may. ``about`` is what the reader
    is led to, where that is no product.
    """

    badge: str
    label: str
    sentence: str
    product: Product | None = None
    about: str = ""
    href: str = ""
    since: datetime | None = None
    due: datetime | None = None
    own: bool = True

    @property
    def title(self) -> str:
        """What stands on the link."""
        return f"{self.product.code}, {self.product.title}" if self.product else self.about


def your_turn(
    standing: Standing,
    seats: Sequence[Due] | None = None,
    products: Iterable[Product] | None = None,
) -> list[Turn]:
    """Return what is due from the reader, the most urgent first.

    ``seats`` are those that the reader is told about, and ``products`` those of
    :func:`products.public_turns.moving_or_waiting`, where they were read before.
    """
    rows = list(public_turns.moving_or_waiting(standing) if products is None else products)
    readings = read_open_calls(at=standing.at)
    turns = [
        *_positions(standing, readings),
        *_beside(standing, readings, rows),
        *_declarations(standing, readings),
        *_requested_calls(standing, rows),
        *_agreed(standing),
        *_ledger(standing, rows, readings),
        *_circulations(standing),
        *_comments(standing),
        *_public_comments(standing, rows),
        *_seats(standing, confirmations.shown_to(standing) if seats is None else seats),
    ]
    # What has no deadline waits for somebody already.
    return sorted(turns, key=lambda turn: turn.due or turn.since or standing.at)


def _positions(standing: Standing, readings: list[CallReading]) -> Iterator[Turn]:
    """Yield open calls without a position, and own objections and conditions in them."""
    for reading in readings:
        code = reading.call.product.code
        mine = {agency.pk for agency in standing.agencies_on(code)}
        voices = {agency.pk for agency in standing.voices_on(code)}
        if reading.ended_at:
            continue
        in_silence = reading.tally.mode == Mode.SILENCE
        silent = ("silent", "Silent so far") if in_silence else ("none", "No position")
        for elector in reading.electors:
            if elector.agency_id not in mine or elector.left_at:
                continue
            for finding in call_guards.waiting_for_elector(elector.code, reading.facts):
                stand = reading.tally.stands.get(elector.code)
                yield Turn(
                    badge=stand.value if stand else silent[0],
                    label=stand.label if stand else silent[1],
                    sentence=finding.sentence,
                    product=reading.call.product,
                    href=reading.call.get_absolute_url(),
                    since=finding.since,
                    due=reading.call.deadline,
                    own=elector.agency_id in voices,
                )


def _beside(
    standing: Standing, readings: list[CallReading], products: Iterable[Any]
) -> Iterator[Turn]:
    """Yield what was said in calls beside the positions and waits for an answer."""
    written = {product.pk for product in products if product.writes} if readings else set()
    for reading in readings:
        for said in turns_beside.waiting(reading, standing, written=written):
            yield Turn(
                badge=said.kind.value,
                label=said.kind.label,
                sentence=said.sentence,
                product=reading.call.product,
                href=f"{reading.call.get_absolute_url()}#beside",
                since=said.since,
                due=said.due,
            )


def _declarations(standing: Standing, readings: list[CallReading]) -> Iterator[Turn]:
    """Yield closed calls whose outcome this reader declares (rule 26)."""
    for reading in readings:
        facts = Facts(at=standing.at, state=State.IN_CONSENSUS, call=reading.facts)
        if blocking(guards.guard(Action.DECLARE, facts)):
            continue
        try:
            declaring.declaring_role(standing, reading)
        except PermissionDenied:
            continue
        call = reading.call
        yield Turn(
            badge=reading.outcome.value,
            label=reading.outcome.label,
            sentence="The call is closed: its outcome is to be declared.",
            product=call.product,
            href=call.get_absolute_url(),
            since=reading.ended_at or standing.at,
        )


def _requested_calls(standing: Standing, products: Iterable[Product]) -> Iterator[Turn]:
    """Yield the calls that groups ask for, to who opens calls (rule 16)."""
    if not standing.may(Ability.OPEN_CALL):
        return
    for product in products:
        asked = call_request_reading.read(product)
        if asked and asked.is_waiting:
            yield Turn(
                badge="info",
                label="Call requested",
                sentence=f"{asked.requested_by} asks for a call: {asked.question}",
                product=product,
                href=f"{product.get_absolute_url()}#call-request",
                since=asked.requested_at,
            )


def _agreed(standing: Standing) -> Iterator[Turn]:
    """Yield what is ready for release, to who releases it."""
    if not standing.is_secretariat:
        return
    latest = Version.objects.filter(product=OuterRef("call__product")).order_by("-number")
    rows = (
        with_what_holds(Decision.objects.filter(call__product__state=State.AGREED), at=standing.at)
        .select_related("call__version", "call__product")
        .annotate(
            latest_number=Subquery(latest.values("number")[:1]),
            latest_sha256=Subquery(latest.values("sha256")[:1]),
        )
        .order_by("call__product", "-declared_at", "-revision")
    )
    decisions = {row.call.product_id: row for row in reversed(rows)}.values()
    yield from (_releasable(row, standing) for row in decisions if _is_ready(row, standing))


def _is_ready(decision: Any, standing: Standing) -> bool:
    return not [
        finding
        for finding in blocking(guards.guard(Action.RELEASE, _release_facts(decision, standing)))
        # What may be passed over with a reason does not take the act off the desk; but a
        # condition is met by a new version, which is the editors' turn.
        if not finding.overridable or finding.rule == guards.NO_OPEN_CONDITION.id
    ]


def _release_facts(decision: Any, standing: Standing) -> Facts:
    return Facts(
        at=standing.at,
        state=State.AGREED,
        version=decision.latest_number,
        sha256=decision.latest_sha256,
        decision=decision_facts(decision),
        comments=comment_facts(decision),
        ledger=ledger_facts(decision),
        residue=tuple(residue.scan(decision.call.version.text)),
        unread=not decision.call.version.text,
    )


def _releasable(decision: Any, standing: Standing) -> Turn:
    held = blocking(guards.guard(Action.RELEASE, _release_facts(decision, standing)))
    return Turn(
        badge="agreed",
        label="Agreed",
        sentence=" ".join(["It can be released.", *(finding.sentence for finding in held)]),
        product=decision.call.product,
        href=decision.call.product.get_absolute_url(),
        since=decision.declared_at,
    )


def _ledger(
    standing: Standing, products: Iterable[Product], readings: list[CallReading]
) -> Iterator[Turn]:
    """Yield the objections and conditions that wait for an answer, or for a disposition."""
    ends = {reading.call.pk: reading.ended_at for reading in readings}
    for product in products:
        for row in ledger_turns.owed(product, standing, ends):
            yield Turn(
                badge=row.item.kind.value,
                label=row.item.kind.label,
                sentence=row.sentence,
                product=product,
                href=reverse("ledger_item", args=[product.code, row.item.pk]),
                since=row.since,
                due=row.due,
                own=row.own,
            )


def _received_by(agencies: Sequence[Agency]) -> Q:
    """Return the condition on circulations that reached agencies, or those before them."""
    return Q(recipients__agency__in=agencies) | Q(
        recipients__agency__succession__successor__in=agencies
    )


def _circulations(standing: Standing) -> Iterator[Turn]:
    """Yield the circulations in which the reader's agencies may still comment (rule 17)."""
    if not standing.mandates:
        return
    received = _received_by(standing.agencies)
    for mandate in standing.mandates:
        if mandate.limited_to:
            product = Q(version__product__code=mandate.limited_to)
            received |= _received_by([mandate.agency]) & product
    rows = (
        Circulation.objects.filter(received, version__product__state=State.SHARED)
        .select_related("version__product")
        .defer("version__text")
        .order_by("opened_at")
        .distinct()
    )
    latest = {row.version.product_id: row for row in rows}
    for row in latest.values():
        if row.is_open_at(standing.at):
            yield Turn(
                badge="shared",
                label="Circulated",
                sentence=f"Version {row.version.number} is open for comments.",
                product=row.version.product,
                href=row.version.get_absolute_url(),
                since=row.opened_at,
                due=row.closes_at,
            )


def _comments(standing: Standing) -> Iterator[Turn]:
    """Yield what comments wait for: their authors, the editors, who owes an action (rule 38)."""
    for row in comment_reading.waiting(standing):
        table = reverse("comments", args=[row.product.code])
        if row.confirm:
            yield Turn(
                badge="info",
                label="Comments",
                sentence=f"Confirm what was decided about {_comment_count(row.confirm)} of yours.",
                product=row.product,
                href=f"{table}?state=unconfirmed",
                since=row.confirm_since,
            )
        if row.new:
            yield Turn(
                badge="info",
                label="Comments",
                sentence=f"{_comment_count(row.new)} without a disposition.",
                product=row.product,
                href=f"{table}?state=new",
                since=row.new_since,
            )
        if row.to_check:
            yield Turn(
                badge="warn",
                label="Comments",
                sentence=f"{_comment_count(row.to_check)} carried along, to be checked.",
                product=row.product,
                href=f"{table}?state=check",
                since=row.new_since,
            )
        if row.act:
            yield Turn(
                badge="queued",
                label="Action",
                sentence=f"Your agency is to act on {_comment_count(row.act)}.",
                product=row.product,
                href=f"{table}?state=actions",
                due=_end_of(row.act_due),
            )


def _comment_count(number: int) -> str:
    return f"{number} comment{'' if number == 1 else 's'}"


def _end_of(day: date | None) -> datetime | None:
    """Return when a day has ended everywhere that keeps UTC."""
    return datetime.combine(day, time(23, 59), tzinfo=UTC) if day else None


def _public_comments(standing: Standing, products: Iterable[Product]) -> Iterator[Turn]:
    """Yield what the public said and waits for the secretariat, or for who writes (rule 36)."""
    for product in products:
        for count, words in public_turns.waiting_for(product, standing):
            yield Turn(
                badge="info",
                label="Public comments",
                sentence=f"{count} public comment{' waits' if count == 1 else 's wait'} {words}.",
                product=product,
                href=reverse("public_comments", args=[product.code]),
                since=product.public_since,  # type: ignore[attr-defined]
            )


def _seats(standing: Standing, seats: Sequence[Due]) -> Iterator[Turn]:
    """Yield the seats whose yearly confirmation waits for this head of delegation (rule 4)."""
    for row in seats:
        if not row.is_due_at(standing.at) or row.agency not in standing.headed:
            continue
        yield Turn(
            badge="warn",
            label="Seat",
            sentence="Confirm who holds the seat: it is due once in "
            f"{confirmations.period().days} days.",
            about=f"{row.agency.code}, {row.agency.name}",
            href=row.agency.get_absolute_url(),
            since=row.due_at,
        )


def vacant_seats(standing: Standing, seats: Sequence[Due] | None = None) -> list[Agency]:
    """Return the vacant seats that this reader is shown, in one query or none (rule 5).

    ``seats`` are those that the reader is told about, where they were read before.
    """
    rows = confirmations.shown_to(standing) if seats is None else seats
    return [row.agency for row in rows if row.is_vacant]
