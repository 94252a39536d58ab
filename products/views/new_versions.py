"""What a call's page offers where its version changed, or an earlier call went before (rule 29)."""

from collections.abc import Iterable
from dataclasses import dataclass

from products.call_reading import CallReading
from products.earlier_positions import earlier_positions
from products.forms.carry_overs import ContestForm
from products.models import CarryOver, Elector, PositionEntry
from products.models.calls import CallState
from workgroups.permissions import Standing
from workgroups.roles import Ability


@dataclass(frozen=True, kw_only=True)
class Earlier:
    """What an elector said in an earlier call; ``own`` if the reader may say it again."""

    elector: Elector
    entry: PositionEntry
    own: bool

    @property
    def said_itself(self) -> bool:
        return self.entry.agency_id == self.elector.agency_id


def earlier(standing: Standing, reading: CallReading) -> list[Earlier]:
    """Return what the reader's agencies may reaffirm: those that said nothing here yet.

    It costs one query, and none where there is nobody to ask about.
    """
    if not reading.takes_positions:
        return []
    code = reading.call.product.code
    spoken = {entry.agency_id for entry in reading.entries}
    mine, voices = standing.agencies_on(code), standing.voices_on(code)
    # What was said in this call by whom it succeeds goes first: that it confirms.
    confirms = {key for key, place in reading.inherited.items() if place.entry}
    asked = [
        elector
        for elector in reading.electors
        if elector.agency in mine
        and not elector.left_at
        and elector.agency_id not in spoken
        and elector.code not in confirms
    ]
    if not asked:
        return []
    held = earlier_positions(reading.call, [elector.agency for elector in asked])
    return [
        Earlier(elector=elector, entry=held[elector.agency_id], own=elector.agency in voices)
        for elector in asked
        if elector.agency_id in held
    ]


def contestants(standing: Standing, electors: Iterable[Elector], code: str) -> list[Elector]:
    """Return the electors for which the reader may contest a version: its own, or on behalf."""
    present = [elector for elector in electors if not elector.left_at]
    voices = standing.voices_on(code)
    own = [elector for elector in present if elector.agency in voices]
    return own or (present if standing.may(Ability.RECORD_POSITION) else [])


def is_on_behalf(standing: Standing, electors: Iterable[Elector], code: str) -> bool:
    """Whether the reader, if anybody, contests on behalf of these electors."""
    voices = standing.voices_on(code)
    return not any(elector.agency in voices for elector in electors)


def is_contestable(reading: CallReading) -> bool:
    """Whether an elector may say that the version under call is not editorial."""
    carried: CarryOver | None = getattr(reading.call.version, "carry_over", None)
    is_open = reading.call.state == CallState.OPEN
    return is_open and carried is not None and carried.is_contestable_at(reading.at)


def contest_form(standing: Standing, reading: CallReading) -> ContestForm | None:
    """Return the form in which the reader contests the version under call, if that is possible."""
    if not is_contestable(reading):
        return None
    code = reading.call.product.code
    electors = contestants(standing, reading.electors, code)
    if not electors:
        return None
    on_behalf = is_on_behalf(standing, electors, code)
    return ContestForm(electors=electors, on_behalf=on_behalf, prefix="contest")
