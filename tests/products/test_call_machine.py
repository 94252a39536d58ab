"""Whatever is done in a call, by whomever and at whatever time: what must hold of it.

Hypothesis makes up the lives of a product, act by act, many of them impossible. An act that is
refused changes nothing; one that a page offers succeeds, and one that a guard blocks is refused
in the guard's words. After each, :class:`tests.products.call_life.Life` looks at the tables.

To look further: ``ARGS="--hypothesis-profile=explore tests/products/test_call_machine.py"``.
"""

from datetime import timedelta

import pytest
from django.core.exceptions import PermissionDenied
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import (
    RuleBasedStateMachine,
    initialize,
    invariant,
    precondition,
    rule,
    run_state_machine_as_test,
)

from isecg import clock
from isecg.mail.delivery import deliver_pending
from isecg.rules import blocking
from products import consensus, defaults, files, guards
from products.call_reading import read_call
from products.consensus import DECLARABLE, SILENCE_FAILED, Mode, Stand
from products.dossier import Dossier
from products.models import PositionEntry
from products.models.calls import CallState
from products.models.products import Degree, ElectorateRule
from products.models.versions import ChangeClass
from products.services import calls, circulations, decisions, participation, releases, versions
from products.services.errors import ProductError
from products.workflow import TRANSITIONS, Action, State
from tests.products.call_life import Life

pytestmark = pytest.mark.django_db

SECOND, DAY = timedelta(seconds=1), timedelta(days=1)
seat = st.integers(0, 4)
anybody = st.sampled_from(["desk", "co-chair", "staff", "head 0", "head 1", "head 4"])
leaders = st.sampled_from(["desk", "desk", "head 0", "head 1", "co-chair"])


class CallMachine(RuleBasedStateMachine):
    """The acts on one product; each rule knows from the tables whether it must succeed."""

    life = None

    @initialize(
        chair=st.sampled_from([None, 0, 1]),
        electorate=st.sampled_from(
            [ElectorateRule.PARTICIPANTS, ElectorateRule.PARTICIPANTS, ElectorateRule.ALL_MEMBERS]
        ),
        mode=st.sampled_from(Mode),
        days=st.sampled_from([4, 10]),
    )
    def begin(self, chair, electorate, mode, days):
        self.life = Life(chair=chair, electorate_rule=electorate)
        # Most of what is of interest happens in a call.
        self.open_call(mode, days, "desk")

    def teardown(self):
        if self.life:
            self.life.end()

    @invariant()
    def what_must_hold_holds(self):
        if self.life:
            self.life.check()

    # --- Time ----------------------------------------------------------------------------------

    @rule(by=st.sampled_from([SECOND, DAY, 3 * DAY, 15 * DAY]))
    def wait(self, by):
        self.life.traveller.shift(by)

    @precondition(lambda self: self.life and self.life.open_call)
    @rule(seconds=st.sampled_from([-1, 0, 1]))
    def wait_for_the_deadline(self, seconds):
        moment = self.life.open_call.deadline + seconds * SECOND
        if moment > clock.now():
            self.life.traveller.move_to(moment)

    @rule()
    def letters_go(self):
        deliver_pending()

    # --- Acts on the product -------------------------------------------------------------------

    @rule(change=st.sampled_from(ChangeClass), by=leaders)
    def write(self, change, by):
        life, latest = self.life, self.life.product.versions.count()
        before = self.life.open_call
        refusal = life.act(
            versions.submit_version,
            life.product,
            main=files.from_text(f"The text of version {latest + 1}.\n", name="main.md"),
            change_class=change,
            note="Said otherwise.",
            expected_latest=latest,
            by=life.people[by],
        )
        if refusal is None and change == ChangeClass.SUBSTANTIVE and before:
            before.refresh_from_db()
            assert before.state == CallState.OVERTAKEN
            assert life.product.state == State.DRAFTING

    @rule(by=leaders)
    def circulate(self, by):
        self.move(
            Action.CIRCULATE,
            circulations.circulate,
            closes_at=clock.now() + 15 * DAY,
            time_zone="UTC",
            note="",
            by=by,
        )

    @rule(by=leaders)
    def take_back(self, by):
        self.move(Action.TAKE_BACK, circulations.take_back, reason="Not yet.", by=by)

    @rule(mode=st.sampled_from(Mode), days=st.sampled_from([2, 4, 10]), by=leaders)
    def open_call(self, mode, days, by):
        too_short = mode == Mode.SILENCE and days * 24 < defaults.silence_hours("white_paper")
        self.move(
            Action.OPEN_CALL,
            calls.open_call,
            question="Is this agreed?",
            mode=mode,
            deadline=clock.now() + days * DAY,
            time_zone="UTC",
            by=by,
            also=not too_short,
        )

    @rule(by=leaders)
    def release(self, by):
        self.move(Action.RELEASE, releases.release, reason="It is ready.", by=by)

    @rule(at=seat)
    def leave(self, at):
        agency = self.life.agencies[at]
        self.life.act(
            participation.leave,
            self.life.product,
            agency=agency,
            reason="Our own act.",
            by=self.life.heads[at],
            of=[agency],
        )

    @rule(at=seat)
    def join(self, at):
        self.life.act(
            participation.join,
            self.life.product,
            agency=self.life.agencies[at],
            degree=Degree.CONTRIBUTING,
            reason="We take part.",
            by=self.life.heads[at],
        )

    def move(self, action, service, *, by, also=True, **given):
        """Move the product; what the table and the guards say of it, and only that, happens."""
        life, user = self.life, self.life.people[by]
        product = life.product
        found = blocking(guards.guard(action, Dossier(product, clock.now()).facts))
        refusal = life.act(service, life.product, **given, by=user)
        if isinstance(refusal, PermissionDenied):
            return
        ready = product.state in TRANSITIONS[action].sources
        assert (refusal is None) == (ready and not found and also), (action, refusal, found)
        if ready and found:
            assert str(refusal) == " ".join(finding.sentence for finding in found)

    # --- Acts on the call ----------------------------------------------------------------------

    @precondition(lambda self: self.life and self.life.call)
    @rule(at=seat, stand=st.sampled_from([*Stand, Stand.CONCUR, None]), text=st.sampled_from("AB"))
    def say(self, at, stand, text):
        self.speak(at, stand, text, by=self.life.heads[at])

    @precondition(lambda self: self.life and self.life.call)
    @rule(stand=st.sampled_from([Stand.CONCUR, Stand.CONCUR, Stand.ABSTAIN]))
    def everybody_says(self, stand):
        for at in range(5):
            self.speak(at, stand, "", by=self.life.heads[at])

    @precondition(lambda self: self.life and self.life.call)
    @rule(at=seat, stand=st.sampled_from(Stand), by=anybody, source=st.sampled_from(["", "Post"]))
    def say_for_another(self, at, stand, by, source):
        self.speak(at, stand, "A", by=self.life.people[by], source=source)

    def speak(self, at, stand, text, *, by, source=""):
        """Have a person record a position; it is taken exactly where the rules allow it."""
        life, agency, call = self.life, self.life.agencies[at], self.life.call
        text = text if stand in consensus.NEEDS_TEXT else ""
        elector = call.electors.filter(agency=agency).first()
        before = call.entries.filter(agency=agency).order_by("given_at", "pk").last()
        held = (before.stand, before.text) if before else ("", "")
        speaks = by == life.heads[at] and not source
        expected = (
            (speaks or (bool(source) and by == life.people["desk"]))
            and call.state == CallState.OPEN
            and elector is not None
            and elector.left_at is None
            and (stand or "", text) != held
        )
        kept, over = PositionEntry.objects.count(), life.end_of(call)[1]
        refusal = life.act(
            calls.record_position,
            call,
            agency=agency,
            stand=stand,
            text=text,
            by=by,
            source=source,
            of=[agency],
        )
        assert (refusal is None) == expected, refusal
        assert PositionEntry.objects.count() == kept + expected
        if expected and over:
            # Kept, marked late, and without effect on who stands where.
            late = read_call(life.call, at=clock.now()).tally.late
            assert elector.code in late or call.entries.last().given_at == life.end_of(call)[0]

    @precondition(lambda self: self.life and self.life.call)
    @rule(days=st.sampled_from([-1, 1, 5]), by=leaders)
    def extend(self, days, by):
        life, call, user = self.life, self.life.call, self.life.people[by]
        open_yet = call.state == CallState.OPEN and not life.end_of(call)[1]
        refusal = life.act(
            calls.extend_call, call, deadline=call.deadline + days * DAY, reason="Time.", by=user
        )
        assert (refusal is None) == (life.leads(user) and open_yet and days > 0), refusal

    @rule(by=leaders)
    def recall(self, by):
        self.end_the_call(calls.recall_call, by, State.SHARED)

    @rule(by=leaders)
    def give_back(self, by):
        self.end_the_call(calls.return_to_drafting, by, State.DRAFTING)

    def end_the_call(self, service, by, target):
        life, user = self.life, self.life.people[by]
        in_consensus = life.product.state == State.IN_CONSENSUS
        refusal = life.act(service, life.product, reason="So.", by=user)
        assert (refusal is None) == (life.leads(user) and in_consensus), refusal
        if refusal is None:
            assert (life.product.state, life.open_call) == (target, None)

    @precondition(lambda self: self.life and self.life.open_call)
    @rule(
        outcome=st.sampled_from(["computed", "computed", "weaker", *DECLARABLE, *SILENCE_FAILED]),
        reason=st.sampled_from(["", "A doubt remains."]),
        by=st.sampled_from(["who may", "who may", "who may", "desk", "head 0", "head 1"]),
    )
    def declare(self, outcome, reason, by):
        life, call = self.life, self.life.open_call
        declares = life.may_declare
        user = declares if by == "who may" else life.people[by]
        computed = read_call(call, at=clock.now()).outcome
        possible = consensus.may_declare(computed)
        wanted = {"computed": possible[0], "weaker": possible[-1]}.get(outcome, outcome)
        found = blocking(guards.guard(Action.DECLARE, Dossier(life.product, clock.now()).facts))
        closed = life.end_of(call)[1] or (call.mode != Mode.SILENCE and life.answered(call))
        assert closed or found
        refusal = life.act(
            decisions.declare,
            life.product,
            outcome=wanted,
            statement="So it is.",
            reason=reason,
            by=user,
        )
        expected = (
            user == declares
            and not found
            and wanted in possible
            and (wanted == computed or bool(reason))
        )
        assert (refusal is None) == expected, refusal
        if found and isinstance(refusal, ProductError):
            assert str(refusal) == " ".join(finding.sentence for finding in found)

    # --- What the pages offer ------------------------------------------------------------------

    @rule(by=anybody)
    def look(self, by):
        """Hold that the pages offer a person what would be done, and nothing else."""
        life, user = self.life, self.life.people[by]
        offered = life.page(user, "product", life.product.code)
        links = {link["label"] for link in offered["links"]}
        drawn = {act["href"].rstrip("/").rpartition("/")[2] for act in offered["acts"]}
        assert {name: name in links | drawn for name in self.probes()} == {
            name: life.would(**probe, by=user) for name, probe in self.probes().items()
        }
        if life.open_call is None:
            return
        acts = life.page(user, "call", life.open_call.pk)["acts"]
        assert {name: name in acts for name in self.probes_of_the_call()} == {
            name: life.would(**probe, by=user) for name, probe in self.probes_of_the_call().items()
        }
        voices = {act["elector"].agency_id for act in acts["positions"]}
        assert voices == {
            agency.pk
            for agency in life.agencies
            if life.would(
                calls.record_position,
                life.open_call,
                agency=agency,
                stand=Stand.ABSTAIN,
                text="Something that nobody has said yet.",
                by=user,
            )
        }

    def probes(self):
        """Return the acts that a product's page offers, with what would be done, by name."""
        life, later = self.life, clock.now() + 15 * DAY
        return {
            "Circulate to all members": {
                "service": lambda **given: circulations.circulate(life.product, **given),
                "closes_at": later,
                "time_zone": "UTC",
                "note": "",
            },
            "Open a call": {
                "service": lambda **given: calls.open_call(life.product, **given),
                "question": "Is this agreed?",
                "deadline": later,
                "time_zone": "UTC",
            },
            "take-back": {
                "service": lambda **given: circulations.take_back(life.product, **given),
                "reason": "Not yet.",
            },
            "return": {
                "service": lambda **given: calls.return_to_drafting(life.product, **given),
                "reason": "So.",
            },
            "withdraw": {
                "service": lambda **given: releases.withdraw(life.product, **given),
                "reason": "So.",
            },
            "Declare the outcome": self.declaring(),
        }

    def probes_of_the_call(self):
        """Return the acts that a call's page offers, with what would be done, by name."""
        life, call = self.life, self.life.open_call
        return {
            "extend": {
                "service": lambda **given: calls.extend_call(call, **given),
                "deadline": call.deadline + DAY,
                "reason": "Time.",
            },
            "return": {
                "service": lambda **given: calls.return_to_drafting(life.product, **given),
                "reason": "So.",
            },
            "declare": self.declaring(),
        }

    def declaring(self):
        call = self.life.open_call
        computed = read_call(call, at=clock.now()).outcome if call else DECLARABLE[0]
        return {
            "service": lambda **given: decisions.declare(self.life.product, **given),
            "outcome": computed,
            "statement": "So it is.",
        }


def test_whatever_is_done_in_a_call_what_must_hold_of_it_holds():
    # A share of the profile's examples: each is the life of a product, of up to forty acts.
    lives = max(settings.default.max_examples // 5, 1)
    run_state_machine_as_test(
        CallMachine,
        settings=settings(
            max_examples=lives,
            stateful_step_count=40,
            suppress_health_check=list(HealthCheck),
        ),
    )
