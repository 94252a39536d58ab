"""Whatever people do in whatever order: what must hold of versions, comments and releases.

The acts are those of the services, with their refusals; what is asked afterwards is asked of
the tables alone, and knows nothing of the guards.
"""

import hashlib
from datetime import UTC, datetime, timedelta

import pytest
import time_machine
from django.core.exceptions import PermissionDenied
from django.core.files.storage import default_storage
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from isecg import clock
from products import files, residue
from products.consensus import AGREEING, Outcome, Stand
from products.models import CommentPlace, Release, VersionFile
from products.models.products import Degree
from products.models.versions import ChangeClass
from products.remarks import OPEN, CommentKind, Disposition
from products.services import (
    calls,
    circulations,
    comments,
    decisions,
    participation,
    releases,
    versions,
)
from products.services.comments import CommentFields
from products.services.errors import ProductError
from products.workflow import State
from tests.factories import (
    AgencyFactory,
    MandateFactory,
    ParticipationFactory,
    ProductFactory,
    UserFactory,
)
from workgroups.models import Agency

pytestmark = pytest.mark.django_db

START = datetime(2026, 3, 2, 9, 0, tzinfo=UTC)
CLEAN = "# Power\n\nAgencies share plans.\n\nThe gap is studied.\n"
BRACKETS = "# Power\n\nAgencies share plans.\n\nThe gap is [studied/ analyzed].\n"
MOVED = "# Power\n\nThe gap is studied.\n\nAgencies share plans.\n\nMore.\n"
WRITTEN = ("version", MOVED, ChangeClass.SUBSTANTIVE)
GATE = ("no_drafting_residue", "comments_disposed", "no_open_condition")


class Life:
    """One product with three participating agencies, and all that may be done to it."""

    def __init__(self, traveller):
        self.traveller = traveller
        self.product = ProductFactory(state=State.DRAFTING)
        self.desk = UserFactory(is_secretariat=True)
        self.agencies = [AgencyFactory() for _ in range(3)]
        self.heads = [MandateFactory(agency=agency).person for agency in self.agencies]
        for agency in self.agencies:
            ParticipationFactory(product=self.product, agency=agency)
        self.written, self.asked, self.done = {}, {}, []

    def act(self, name, *given):
        """Do one act, or have it refused; then look whether what must hold does."""
        try:
            getattr(self, name)(*given)
        except (ProductError, PermissionDenied):
            pass
        else:
            self.done.append(name)
        self.product.refresh_from_db()
        self.check_versions()
        self.check_comments()

    def version(self, text, change):
        latest = self.product.versions.count()
        versions.submit_version(
            self.product,
            main=files.from_text(f"{text}\nAs of {latest}.\n", name="main.md"),
            renditions=[files.from_text(f"Copy {latest}", name="copy.md")],
            change_class=change,
            note="Said otherwise.",
            expected_latest=latest or None,
            by=self.desk,
        )

    def circulate(self):
        closes_at = clock.now() + timedelta(days=15)
        circulations.circulate(
            self.product, closes_at=closes_at, time_zone="UTC", note="", by=self.desk
        )

    def take_back(self):
        circulations.take_back(self.product, reason="Not yet.", by=self.desk)

    def wait(self, days):
        self.traveller.shift(timedelta(days=days))

    def open_call(self):
        calls.open_call(
            self.product,
            question="Agreed?",
            deadline=clock.now() + timedelta(days=5),
            time_zone="UTC",
            by=self.desk,
        )

    def say(self, at, stand):
        text = "" if stand in (Stand.CONCUR, Stand.ABSTAIN) else "Because."
        call = self.product.calls.order_by("-opened_at").first()
        if call:
            calls.record_position(
                call, agency=self.agencies[at], stand=stand, text=text, by=self.heads[at]
            )

    def declare(self, outcome):
        decisions.declare(
            self.product, outcome=outcome, statement="So it is.", reason="So.", by=self.desk
        )

    def give_back(self):
        calls.return_to_drafting(self.product, reason="Unclear.", by=self.desk)

    def release(self, passed_over):
        releases.release(
            self.product,
            reason="Agreed.",
            overrides=dict.fromkeys(passed_over, "It is meant so."),
            by=self.desk,
        )

    def withdraw(self):
        releases.withdraw(self.product, reason="No more.", by=self.desk)

    def leave(self, at):
        participation.leave(
            self.product, agency=self.agencies[at], reason="No more.", by=self.heads[at]
        )

    def join(self, at):
        participation.join(
            self.product,
            agency=self.agencies[at],
            degree=Degree.CONTRIBUTING,
            reason="Again.",
            by=self.heads[at],
        )

    def comment(self, at, paragraph):
        latest = self.product.versions.order_by("-number").first()
        if latest:
            fields = CommentFields(
                kind=CommentKind.TECHNICAL, text="This is not so.", anchor=paragraph
            )
            row = comments.submit_comment(
                latest, agency=self.agencies[at], fields=fields, by=self.heads[at]
            )
            self.asked[row.pk] = (row.number, row.text)

    def dispose(self, disposition):
        rows = self.product.comments.filter(disposition="")[:1]
        comments.dispose(
            self.product, comments=rows, disposition=disposition, response="Seen.", by=self.desk
        )

    def check_versions(self):
        """Hold that no version and no file is other than when it was written (rule 13)."""
        rows = [*self.product.versions.all()]
        rows += VersionFile.objects.filter(version__product=self.product)
        for row in rows:
            fields = {field.attname: getattr(row, field.attname) for field in row._meta.fields}
            if isinstance(row, VersionFile):
                with default_storage.open(row.path) as kept:
                    fields["bytes"] = hashlib.sha256(kept.read()).hexdigest()
                assert fields["bytes"] == row.sha256
            assert self.written.setdefault((type(row), row.pk), fields) == fields
        assert len(self.written) == len(rows)

    def check_comments(self):
        """Hold that no comment is lost, and each open one has its place in each later version."""
        rows = {row.pk: row for row in self.product.comments.select_related("version")}
        assert {pk: (row.number, row.text) for pk, row in rows.items()} == self.asked
        numbers = list(self.product.versions.values_list("number", flat=True))
        places = set(CommentPlace.objects.values_list("comment", "version__number"))
        for row in rows.values():
            later = {number for number in numbers if number > row.version.number}
            if row.disposition in OPEN:
                assert {number for pk, number in places if pk == row.pk} == later

    def check_release(self):
        """Hold that a release rests on an agreement, and names what it passed over (rule 34)."""
        row = Release.objects.filter(product=self.product).select_related("version").first()
        assert (row is None) == ("release" not in self.done)
        if row is None:
            return
        decision, version = row.decision, row.version
        assert version == self.product.versions.order_by("-number").first()
        assert Outcome(decision.outcome) in AGREEING
        assert decision.call.version.sha256 == version.sha256
        call, sent = decision.call, decision.call.circulation
        members = Agency.objects.members_on(sent.opened_at.date()).values_list("pk", flat=True)
        assert sent.version == version
        assert {one.agency_id for one in sent.recipients.all()} == set(members)
        assert call.opened_at >= sent.opened_at + timedelta(days=sent.share_days)
        unmet = {
            "no_drafting_residue": residue.scan(version.text),
            "comments_disposed": self.product.comments.filter(disposition__in=OPEN),
            "no_open_condition": decision.record["conditions"],
        }
        reasons = {rule: "It is meant so." for rule, found in unmet.items() if found}
        assert row.overrides == reasons


agency = st.integers(0, 2)
one_act = st.one_of(
    st.tuples(
        st.just("version"), st.sampled_from([CLEAN, BRACKETS, MOVED]), st.sampled_from(ChangeClass)
    ),
    st.sampled_from(
        [("circulate",), ("take_back",), ("open_call",), ("give_back",), ("withdraw",)]
    ),
    st.tuples(st.just("wait"), st.sampled_from([1, 6, 15])),
    st.tuples(st.just("say"), agency, st.sampled_from(Stand)),
    st.tuples(st.just("declare"), st.sampled_from(Outcome)),
    st.tuples(st.just("release"), st.sets(st.sampled_from(GATE))),
    st.tuples(st.sampled_from(["leave", "join"]), agency),
    st.tuples(st.just("comment"), agency, st.sampled_from([None, 2, 3])),
    st.tuples(
        st.just("dispose"),
        st.sampled_from([Disposition.ACCEPTED, Disposition.NOTED, Disposition.REJECTED]),
    ),
)


def way_to(*, text=CLEAN, stand=Stand.CONCUR, outcome=Outcome.CONSENSUS):
    """Return the acts that bring a draft to an agreement."""
    return [
        ("version", text, ChangeClass.SUBSTANTIVE),
        ("circulate",),
        ("wait", 15),
        ("open_call",),
        *(("say", at, stand) for at in range(3)),
        ("declare", outcome),
    ]


def live(acts):
    """Do the acts in the life of a product, and return it."""
    with time_machine.travel(START, tick=False) as traveller:
        life = Life(traveller)
        for act in acts:
            life.act(*act)
        life.check_release()
        return life


@settings(
    max_examples=30,
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)
@given(st.lists(one_act, max_size=12), st.booleans(), st.lists(one_act, max_size=6))
@example(before=[], agreed=True, after=[("release", set())])
@example(before=[("comment", 0, 2)], agreed=True, after=[("release", set(GATE))])
@example(before=[("comment", 0, 3), WRITTEN, ("comment", 1, None)], agreed=False, after=[WRITTEN])
def test_no_order_of_acts_loses_or_passes_over_anything(before, agreed, after):
    # Without a first version most acts would have nothing to be done to.
    live([WRITTEN, *before, *(way_to() if agreed else []), *after])


@pytest.mark.parametrize(
    ("acts", "rule"),
    [
        (way_to(text=BRACKETS), "no_drafting_residue"),
        (
            [*way_to()[:1], ("comment", 1, 2), *way_to()[1:]],
            "comments_disposed",
        ),
        (
            way_to(stand=Stand.CONDITION, outcome=Outcome.PROVISIONAL),
            "no_open_condition",
        ),
    ],
)
def test_each_unmet_rule_holds_the_release_until_it_is_passed_over(acts, rule):
    held = live([*acts, ("release", set(GATE) - {rule})])
    passed = live([*acts, ("release", {rule})])

    assert (held.product.state, passed.product.state) == (State.AGREED, State.RELEASED)
    assert passed.product.release.overrides == {rule: "It is meant so."}


def test_an_agreement_on_another_text_releases_nothing():
    life = live([*way_to(), ("version", MOVED, ChangeClass.SUBSTANTIVE), ("release", set(GATE))])

    assert life.product.state == State.DRAFTING
