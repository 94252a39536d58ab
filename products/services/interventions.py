"""What agencies say in a call beside their positions, and the answers (rules 18, 20, 23)."""

from django.db import transaction

from isecg.events import log
from products import call_guards, intervention_notices, permissions
from products.call_reading import CallReading, read_call
from products.facts import Facts
from products.models import Call, Elector, Intervention
from products.models.calls import CallState
from products.models.interventions import InterventionKind
from products.services import aftermath, calls, moves
from products.services.errors import ProductError
from products.workflow import State
from workgroups.models import Agency, User
from workgroups.permissions import Standing
from workgroups.roles import Ability


@transaction.atomic(durable=True)
def intervene(
    call: Call, *, agency: Agency, kind: InterventionKind, text: str, by: User, source: str = ""
) -> Intervention:
    """Ask for more time, propose an amendment, or file a concern (rules 18 and 20).

    The first two are an elector's, and break a silence at once; a concern is that of a
    member agency which is none. With ``source`` the secretariat enters it on behalf.

    :raises PermissionDenied: without the mandate, naming what is missing.
    :raises ProductError: if the call has ended, it is not for this agency to say, it is
        said already, or there is no text.
    """
    moves.lock(call.product)
    call.refresh_from_db()
    standing = Standing.of(by)
    calls.require_may_speak(standing, agency, call, source=source)
    before = read_call(call, at=standing.at)
    check_takes_interventions(before)
    elector = _elector(before, agency)
    _check_whose(agency, kind, elector, standing)
    _check_news(call, agency, kind, text)

    row = Intervention(
        call=call,
        agency=agency,
        code=elector.code if elector else agency.code,
        kind=kind,
        text=text,
        given_at=standing.at,
        given_by=by,
        on_behalf=bool(source),
        source=source,
    )
    row.save_as(by, f"{kind.label} in the call")
    log.record(
        f"call.{kind.value}",
        by=by,
        subject=call,
        reason=source,
        on_behalf_of=row.code,
        version=f"v{call.version.number}",
        after={"intervention": row, "text": text},
        also=[call.product],
    )
    after = read_call(call, at=standing.at)
    # A letter that says that the silence is broken says also by what.
    if not aftermath.tell_of_break(
        after, what=f"{row.code}: {kind.label.lower()}", text=text, by=by, chair=standing.chair
    ):
        intervention_notices.intervened(row, reading=after, chair=standing.chair)
    return row


def check_takes_interventions(reading: CallReading) -> None:
    """Refuse to add anything to a call that has ended.

    :raises ProductError: saying what ended it.
    """
    call = reading.call
    if call.state != CallState.OPEN:
        raise ProductError(f"The call has ended: it was {call.get_state_display().lower()}.")
    if reading.ended_at:
        facts = Facts(at=reading.at, state=State.IN_CONSENSUS, call=reading.facts)
        raise ProductError(call_guards.CALL_CLOSED.sentence(facts))


def _elector(reading: CallReading, agency: Agency) -> Elector | None:
    return next((row for row in reading.electors if row.agency_id == agency.pk), None)


def _check_whose(
    agency: Agency, kind: InterventionKind, elector: Elector | None, standing: Standing
) -> None:
    votes = elector is not None and elector.left_at is None
    if kind == InterventionKind.CONCERN:
        if votes:
            raise ProductError(
                f"{agency} is in the electorate: it takes a position, asks for more time or "
                "proposes an amendment. A concern is for member agencies outside it."
            )
        if not Agency.objects.members_on(standing.at.date()).filter(pk=agency.pk).exists():
            raise ProductError(f"{agency} is no member agency today: it files no concern.")
    elif not votes:
        raise ProductError(
            f"{agency} is not in the electorate of this call{' any more' if elector else ''}: "
            "a member agency outside it may file a concern."
        )


def _check_news(call: Call, agency: Agency, kind: InterventionKind, text: str) -> None:
    """Refuse what is empty or said already: a form that was sent twice."""
    if not text.strip():
        raise ProductError("Say what it is about.")
    rows = call.interventions.filter(agency=agency, kind=kind)
    if kind == InterventionKind.MORE_TIME and rows.filter(answered_at=None).exists():
        raise ProductError(f"{agency} has asked for more time: the request waits for its answer.")
    if rows.filter(text=text).exists():
        raise ProductError(f"{agency} has said this already, in the same words.")


@transaction.atomic(durable=True)
def answer_intervention(intervention: Intervention, *, answer: str, by: User) -> None:
    """Answer what an agency said beside the positions, until the call is declared (rule 18).

    :raises PermissionDenied: if ``by`` neither writes the text nor is the chair.
    :raises ProductError: if it is answered, the call is over, or the answer is empty.
    """
    call = intervention.call
    moves.lock(call.product)
    intervention.refresh_from_db()
    call = intervention.call
    standing = Standing.of(by)
    permissions.require(standing, Ability.ANSWER_INTERVENTION, call.product)
    if call.state != CallState.OPEN:
        raise ProductError(
            f"The call has ended: it was {call.get_state_display().lower()}. "
            "What was not answered then stays so."
        )
    if intervention.answered_at:
        raise ProductError(f"{intervention.answered_by} has answered this already.")
    if not answer.strip():
        raise ProductError("The answer is empty.")
    aftermath.write_answer(intervention, answer=answer, by=by, at=standing.at)
    intervention_notices.answered(intervention)
