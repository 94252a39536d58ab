"""One product that is called on, its people, and what must hold of it whatever they do.

What is asked of the tables knows nothing of the guards, nor of how the program reads a call.
"""

from contextlib import contextmanager
from datetime import UTC, datetime, timedelta

import time_machine
from django.core.exceptions import PermissionDenied
from django.test import Client, TestCase
from django.urls import reverse

from isecg import clock
from isecg.events import log
from isecg.events.models import Head
from isecg.mail.models import Letter
from products.call_reading import read_call
from products.consensus import AGREEING, Outcome, Stand
from products.models import (
    Call,
    CarryOver,
    Decision,
    Elector,
    Intervention,
    LedgerItem,
    Participation,
    PositionEntry,
    Product,
    Release,
    Version,
)
from products.models.calls import CallState
from products.models.versions import ChangeClass
from products.services.errors import ProductError
from products.workflow import State
from tests.factories import (
    AgencyFactory,
    GroupRoleFactory,
    MandateFactory,
    ParticipationFactory,
    ProductFactory,
    UserFactory,
)
from tests.products.world import circulate, give_chair, write_version
from workgroups.roles import Capacity, GroupDuty

START = datetime(2026, 3, 2, 9, 0, tzinfo=UTC)
CHANGING = (
    Product,
    Participation,
    Call,
    Elector,
    Intervention,
    CarryOver,
    LedgerItem,
)
GROWING = (PositionEntry, Decision, Version, Release, Letter)
ON_LEDGER = ("registered", "proposed")


class Life:
    """A shared product with four participating agencies; a fifth is a member outside it."""

    def __init__(self, *, chair, electorate_rule):
        # Each life begins with empty tables, and its acts may still be durable.
        self._atomics = TestCase._enter_atomics()
        self._travel = time_machine.travel(START, tick=False)
        self.traveller = self._travel.start()
        product = ProductFactory(state=State.SHARED, electorate_rule=electorate_rule)
        self.pk, self.client = product.pk, Client()
        self.agencies = [AgencyFactory() for _ in range(5)]
        self.heads = [MandateFactory(agency=agency).person for agency in self.agencies]
        for agency in self.agencies[:4]:
            ParticipationFactory(product=product, agency=agency)
        circulate(write_version(product, text="The first."), opened_at=START - timedelta(days=20))
        self.chair = self.agencies[chair] if chair is not None else None
        if self.chair:
            give_chair(self.chair)
        staff, writes = (
            MandateFactory(agency=agency, capacity=Capacity.STAFF).person
            for agency in (self.agencies[0], self.agencies[4])
        )
        GroupRoleFactory(group=product.group, person=writes, duty=GroupDuty.CO_CHAIR)
        desk = UserFactory(is_secretariat=True)
        self.people = {"desk": desk, "co-chair": writes, "staff": staff}
        self.people |= {f"head {at}": head for at, head in enumerate(self.heads)}
        self.entries, self.items = {}, {}

    def end(self):
        self._travel.stop()
        TestCase._rollback_atomics(self._atomics)

    @property
    def product(self):
        return Product.objects.get(pk=self.pk)

    @property
    def call(self):
        """The call that is open, or else the last one."""
        return Call.objects.order_by("-pk").first()

    @property
    def open_call(self):
        return Call.objects.filter(state=CallState.OPEN).first()

    # --- Acts ----------------------------------------------------------------------------------

    def act(self, service, *args, of=(), **given):
        """Do one act, or have it refused and nothing changed; return the refusal.

        ``of`` are the agencies whose own act it is.
        """
        before, held = self._fingerprint(), self._objecting()
        try:
            service(*args, **given)
        except (ProductError, PermissionDenied) as refusal:
            assert self._fingerprint() == before
            return refusal
        self._check_objections(held, of)
        return None

    @contextmanager
    def undone(self):
        """Take back whatever is done inside."""
        atomics = TestCase._enter_atomics()
        try:
            yield
        finally:
            TestCase._rollback_atomics(atomics)

    def would(self, service, *args, **given):
        """Whether an act would be taken now; nothing of it stays."""
        with self.undone():
            try:
                service(*args, **given)
            except (ProductError, PermissionDenied):
                return False
            return True

    def page(self, user, name, *args):
        """Return what a page says to a person."""
        self.client.force_login(user)
        response = self.client.get(reverse(name, args=args))
        assert response.status_code == 200
        return response.context

    def _fingerprint(self):
        """Return all that an act might change, but for what it only adds: that is counted."""
        return (
            list(Head.objects.values_list("hash", flat=True)),
            [list(model.objects.order_by("pk").values_list()) for model in CHANGING],
            [model.objects.count() for model in GROWING],
        )

    def _objecting(self):
        """Return who objects in the open call, and which objections the ledger holds open."""
        call = self.open_call
        objecting = {
            ("call", call.pk, agency)
            for agency, entry in (self.stands(call) if call else {}).items()
            if entry.stand == Stand.OBJECT
        }
        rows = LedgerItem.objects.filter(state__in=ON_LEDGER)
        return objecting | {("ledger", row.pk, row.agency_id) for row in rows}

    def _check_objections(self, held, of):
        """Hold that an objection went by its own agency's act alone, or with its call."""
        own = {agency.pk for agency in of}
        call = self.open_call
        for where, pk, agency in held - self._objecting():
            ended = where == "call" and (call is None or call.pk != pk)
            assert ended or agency in own, (where, pk, agency)

    # --- What the tables say -------------------------------------------------------------------

    def stands(self, call):
        """Return the entry that counts of each agency, by its key, as the tables have it."""
        end, _ = self.end_of(call)
        found = {}
        for entry in call.entries.filter(given_at__lte=end).order_by("given_at", "pk"):
            found[entry.agency_id] = entry
        present = set(call.electors.filter(left_at=None).values_list("agency", flat=True))
        return {key: row for key, row in found.items() if key in present and row.stand}

    def end_of(self, call):
        """Return the last instant that counts in a call, and whether that is over."""
        breaks = list(self._breaks(call)) if call.mode == "silence" else []
        end = min([call.deadline, *breaks])
        if call.ended_at:
            return min(end, call.ended_at), True
        return end, bool(breaks) or clock.now() > call.deadline

    def _breaks(self, call):
        left = dict(call.electors.values_list("agency", "left_at"))
        told = list(call.entries.filter(stand__in=["object", "condition"]))
        told += Intervention.objects.filter(call=call, kind__in=["more_time", "propose_amendment"])
        for one in told:
            gone = left[one.agency_id]
            if one.given_at <= call.deadline and (gone is None or one.given_at <= gone):
                yield one.given_at

    def answered(self, call):
        """Whether every agency that is left in a call holds a position in it."""
        return len(self.stands(call)) == call.electors.filter(left_at=None).count()

    @property
    def may_declare(self):
        """Who declares what the open call came to (rule 26)."""
        entry = self.stands(self.open_call).get(self.chair.pk) if self.chair else None
        if self.chair is None or (entry and entry.stand == Stand.OBJECT):
            return self.people["desk"]
        return self.heads[self.agencies.index(self.chair)]

    def leads(self, user):
        """Whether a person is the chair or of the secretariat."""
        chair = self.heads[self.agencies.index(self.chair)] if self.chair else None
        return user in (self.people["desk"], chair)

    # --- What must hold ------------------------------------------------------------------------

    def check(self):
        """Hold what must hold after every act, of the tables and of what is read from them."""
        self._check_entries()
        self._check_ledger()
        self._check_count()
        self._check_agreement()
        assert log.verify()[2] is None

    def _check_entries(self):
        """Hold that no position is gone or another one than it was given (rule 49)."""
        rows = {row["id"]: row for row in PositionEntry.objects.values()}
        assert {pk: rows.get(pk) for pk in self.entries} == self.entries
        self.entries = rows

    def _check_ledger(self):
        """Hold that nothing on the ledger is gone, or says something else (rule 30)."""
        rows = LedgerItem.objects.values("pk", "agency", "text", "kind", "entry", "version")
        found = {row["pk"]: row for row in rows}
        assert {pk: found.get(pk) for pk in self.items} == self.items
        self.items = found

    def _check_count(self):
        """Hold that the count of a call adds up to its electorate, and is what the tables say."""
        call = self.call
        if call is None:
            return
        reading = read_call(call, at=clock.now())
        count = reading.tally
        present = {row.code for row in call.electors.filter(left_at=None)}
        parts = [*count.stands, *count.tacit, *count.no_response]
        assert sorted(parts) == sorted(present) == sorted(count.electorate)
        codes = dict(call.electors.values_list("agency", "code"))
        stands = {codes[key]: entry.stand for key, entry in self.stands(call).items()}
        assert count.stands == stands
        end, over = self.end_of(call)
        if call.state == CallState.OPEN:
            assert (reading.ended_at is not None, reading.end) == (over, end)
        late = call.entries.filter(given_at__gt=end).values_list("agency", flat=True)
        assert count.late == tuple(sorted({codes[key] for key in late})) or call.ended_at

    def _check_agreement(self):
        """Hold that an agreement rests on positions of its own text and on enough (rule 29)."""
        product = self.product
        if product.state not in (State.AGREED, State.RELEASED):
            return
        decision = Decision.objects.order_by("-declared_at", "-pk").first()
        call, record = decision.call, decision.record
        latest = product.versions.order_by("-number").first()
        assert (Outcome(decision.outcome) in AGREEING, call.version) == (True, latest)
        contested = CarryOver.objects.exclude(contested_at=None).values("version")
        substantive = product.versions.filter(change_class=ChangeClass.SUBSTANTIVE)
        substantive |= product.versions.filter(pk__in=contested)
        last = substantive.order_by("-number").first().number
        held = self.stands(call)
        assert all(entry.version.number >= last for entry in held.values())
        by_stand = {stand: sorted(record["positions"][stand]) for stand in Stand}
        codes = dict(call.electors.values_list("agency", "code"))
        for stand, agencies in by_stand.items():
            assert agencies == sorted(codes[key] for key, row in held.items() if row.stand == stand)
        support = sum(len(by_stand[stand]) for stand in ("concur", "reservation", "condition"))
        of = record["of"]
        assert by_stand["object"] == []
        if call.mode == "silence":
            assert (record["no_response"], by_stand["condition"]) == ([], [])
        else:
            least = 1 if call.mode == "unanimous" else call.minimum_support
            assert (record["responded"] >= call.quorum * of, support >= least * of) == (True, True)
