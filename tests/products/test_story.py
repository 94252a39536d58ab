"""One product from its proposal to its release, through HTTP, as the five people."""

import re
from collections import Counter
from datetime import UTC, datetime, timedelta

import pytest
import time_machine
from django.urls import reverse

from isecg.events import log
from isecg.events.models import Event
from isecg.mail.models import Letter
from products.models import Call, Decision, Product
from products.workflow import State
from tests.factories import (
    AgencyFactory,
    ChairTermFactory,
    MandateFactory,
    ProductFactory,
    UserFactory,
    WorkingGroupFactory,
)
from workgroups.models import Agency
from workgroups.roles import Capacity

pytestmark = pytest.mark.django_db

START = datetime(2026, 3, 2, 9, 0, tzinfo=UTC)
TEXT = "# Surface power\n\nAgencies share their *plans*.\n\nThe gap is [studied/ analyzed]."
BETTER = "# Surface power\n\nAgencies share their *plans*.\n\nThe gap is studied."


class Cast:
    """The five people, and what they send."""

    def __init__(self, client_class):
        self.client = client_class()
        esa, jaxa, csa = (
            AgencyFactory(code=code, key=code.lower()) for code in ("ESA", "JAXA", "CSA")
        )
        AgencyFactory(code="UAESA", key="uaesa")
        self.secretariat = UserFactory(name="Secretariat", is_secretariat=True)
        self.chair = MandateFactory(agency=esa).person
        self.delegate = MandateFactory(agency=jaxa).person
        self.alternate = MandateFactory(agency=csa, capacity=Capacity.ALTERNATE).person
        self.staff = MandateFactory(agency=jaxa, capacity=Capacity.STAFF).person
        self.group = WorkingGroupFactory(code="TWG")
        ChairTermFactory(agency=esa, person=self.chair)

    def send(self, who, name, *args, **fields):
        self.client.force_login(who)
        return self.client.post(reverse(name, args=args), fields)

    def done(self, who, name, *args, **fields):
        """Send what must be taken: it redirects."""
        answer = self.send(who, name, *args, **fields)
        assert answer.status_code == 302, errors_of(answer)
        return answer

    def refused(self, who, name, *args, **fields):
        """Send what must be refused, and return (status, the sentences shown)."""
        before = (Event.objects.count(), Letter.objects.count(), state())
        answer = self.send(who, name, *args, **fields)
        assert (Event.objects.count(), Letter.objects.count(), state()) == before
        return answer.status_code, errors_of(answer)

    def act(self, who, act, **fields):
        return self.done(who, "product_act", "POWER-2026", act, **fields)

    def circulate(self, who, close, note):
        fields = {**local(close), "note": note, "confirm": "yes"}
        return self.done(who, "circulation_new", "POWER-2026", **fields)

    def circulate_refused(self, who, close):
        fields = {**local(close), "note": "Please read"}
        return self.refused(who, "circulation_new", "POWER-2026", **fields)

    def act_refused(self, who, act, **fields):
        return self.refused(who, "product_act", "POWER-2026", act, **fields)

    def release_refused(self, who, **fields):
        return self.refused(who, "product_release", "POWER-2026", **fields)

    def version(self, who, text, *, expected, note):
        return {
            "how": "write",
            "text": text,
            "change_class": "substantive",
            "note": note,
            "expected_latest": expected,
        }


def errors_of(answer):
    context = answer.context or {}
    for key in ("form", "refused_form"):
        if key in context and getattr(context[key], "errors", None):
            return [text for texts in context[key].errors.values() for text in texts]
    html = answer.content.decode()
    found = re.findall(r"<main.*?</main>", html, re.S)
    text = re.sub(r"<[^>]+>", " ", found[0] if found else html)
    return [re.sub(r"\s+", " ", text).strip()]


def state():
    return Product.objects.filter(code="POWER-2026").values_list("state", flat=True).first()


def product():
    return Product.objects.get(code="POWER-2026")


@pytest.fixture
def travel():
    with time_machine.travel(START, tick=False) as traveller:
        yield traveller


@pytest.fixture
def cast(travel):
    from django.test import Client  # noqa: PLC0415 - keeps the class beside its use

    return Cast(Client)


def local(at):
    return {"day": at.date().isoformat(), "time": f"{at:%H:%M}", "time_zone": "UTC"}


def test_product_from_proposal_to_release(cast, travel):
    secretariat, chair, staff = cast.secretariat, cast.chair, cast.staff

    # Proposed: by the secretariat alone, then by nobody twice.
    fields = {
        "code": "POWER-2026",
        "title": "Surface power gap assessment",
        "kind": "gap_assessment",
        "group": cast.group.pk,
        "electorate_rule": "participants",
        "purpose": "To see the gaps.",
        "reason": "Asked for by the senior agency managers",
    }
    assert cast.refused(staff, "product_new", **fields)[0] == 403
    cast.done(secretariat, "product_new", **fields)
    status, said = cast.refused(secretariat, "product_new", **fields)
    assert (status, state()) == (422, "proposed")
    assert said == ["Product with this Code already exists."]

    # Not on the Workplan: the guard refuses in the words of the page.
    status, said = cast.act_refused(chair, "start-drafting", reason="go")
    assert (status, said) == (422, ["It must stand on the Workplan before drafting starts."])
    item = {
        "kind": "product",
        "title": "Surface power",
        "product": product().pk,
        "group": cast.group.pk,
        "status": "active",
        "agencies": [agency.pk for agency in Agency.objects.filter(code__in=["ESA", "JAXA"])],
        "forecast": "2026-10",
        "reason": "Adopted",
    }
    cast.done(secretariat, "workplan_item_new", **item)
    cast.act(chair, "start-drafting", reason="On the Workplan now")

    # Nobody writes without the role; the editor writes; no version, no circulation.
    close = START + timedelta(days=15)
    assert cast.refused(staff, "version_new", "POWER-2026", how="write")[0] == 403
    cast.done(secretariat, "editor_new", "POWER-2026", person=staff.pk, reason="Named by the group")
    status, said = cast.circulate_refused(staff, close)
    assert status == 422
    assert said == ["There is no version yet: an editor writes or uploads the first."]
    first = cast.version(staff, TEXT, expected="", note="First draft")
    cast.done(staff, "version_new", "POWER-2026", **first)

    # A window shorter than the minimum share period is refused where it was typed.
    status, said = cast.circulate_refused(staff, START + timedelta(days=13))
    assert status == 422
    assert said == ["The window must last at least 14 days: until 16 Mar 2026 09:00 UTC or later."]
    cast.circulate(staff, close, "Please read")
    for who, key in ((cast.delegate, "jaxa"), (cast.alternate, "csa"), (chair, "esa")):
        cast.act(who, "join", agency=key, degree="contributing", reason="We contribute")

    # The window has not run; a delegate opens no call.
    question = {"question": "Does your agency concur?", "mode": "explicit", "confirm": "yes"}
    deadline = local(START + timedelta(days=30))
    status, said = cast.refused(chair, "call_new", "POWER-2026", **question, **deadline)
    assert status == 422
    assert "The minimum share period of 14 days runs until 16 Mar 2026 09:00 UTC." in said[0]
    assert cast.refused(cast.delegate, "call_new", "POWER-2026", **question, **deadline)[0] == 403

    # A substantive version takes it back: what was circulated is another text.
    second = cast.version(staff, BETTER + " [TBC]", expected="1", note="Brackets settled")
    cast.done(staff, "version_new", "POWER-2026", **second)
    assert state() == State.DRAFTING
    status, said = cast.refused(chair, "call_new", "POWER-2026", **question, **deadline)
    assert (status, state()) == (422, State.DRAFTING)
    cast.circulate(staff, close, "Version 2")

    travel.move_to(START + timedelta(days=14))
    past = local(START)
    status, said = cast.refused(chair, "call_new", "POWER-2026", **question, **past)
    assert (status, said) == (422, ["This lies in the past: choose a later day or time."])
    cast.done(chair, "call_new", "POWER-2026", **question, **deadline)
    call = Call.objects.get()

    # Positions: staff may not, the delegate and the alternate may, an objection needs its text.
    def position(key, stand, text=""):
        fields = {f"{key}-stand": stand, f"{key}-text": text}
        return {"args": ("call_position", call.pk, key), "fields": fields}

    concur = position("jaxa", "concur")
    for who in (staff, secretariat, chair):
        assert cast.refused(who, *concur["args"], **concur["fields"])[0] == 403
    objection = position("jaxa", "object", " ")
    status, said = cast.refused(cast.delegate, *objection["args"], **objection["fields"])
    assert status == 422
    assert said == ["“Object” needs its text: what, where, why, and what change would resolve it."]
    cast.done(cast.delegate, *concur["args"], **concur["fields"])
    reserved = position("csa", "reservation", "CSA reserves.")
    cast.done(cast.alternate, *reserved["args"], **reserved["fields"])
    assert cast.refused(chair, "declare", call.pk, outcome="consensus", statement="Yes")[0] == 422

    # After the deadline, the chair declares what was computed, and nobody else does.
    travel.move_to(START + timedelta(days=30, seconds=1))
    outcome = {"outcome": "consensus_with_reservations", "statement": "We agree.", "reason": ""}
    assert cast.refused(secretariat, "declare", call.pk, **outcome)[0] == 403
    stronger = outcome | {"outcome": "consensus"}
    assert cast.refused(chair, "declare", call.pk, **stronger)[0] == 422
    cast.done(chair, "declare", call.pk, **outcome)
    assert (Decision.objects.get().number, state()) == ("ISECG-D-2026-001", State.AGREED)

    # The gate finds the residue; the chair does not release; with a reason it goes out.
    assert cast.release_refused(chair, reason="Out")[0] == 403
    status, said = cast.release_refused(secretariat, reason="Out")
    assert (status, said) == (422, ["This field is required."])
    cast.done(
        secretariat,
        "product_release",
        "POWER-2026",
        reason="Out",
        override_no_drafting_residue="The bracket is a citation",
    )
    status, said = cast.release_refused(secretariat, reason="Out")
    assert status == 422
    assert said == ["POWER-2026 is “Released” now: “Release” is not possible from there."]

    assert_record(cast)


def assert_record(cast):
    release = product().release
    assert state() == State.RELEASED
    assert sorted(release.participants.values_list("code", flat=True)) == ["CSA", "ESA", "JAXA"]
    assert release.overrides == {"no_drafting_residue": "The bracket is a citation"}
    assert release.version.sha256 == product().versions.get(number=2).sha256

    assert log.verify()[2] is None
    names = Event.objects.order_by("seq").values_list("event", flat=True)
    assert list(names) == [
        "product.proposed",
        "workplan.item_added",
        "product.start_drafting",
        "product.editor_added",
        "version.submitted",
        "product.circulate",
        "product.joined",
        "product.joined",
        "product.joined",
        "version.submitted",
        "product.revise",
        "product.circulate",
        "call.opened",
        "product.open_call",
        "position.taken",
        "position.taken",
        "call.declared",
        "product.declare",
        "product.release",
    ]
    rows = product().history.order_by("history_date", "history_id")
    assert [(row.state, row.history_change_reason, row.history_user.name) for row in rows] == [
        ("proposed", "Proposed: Asked for by the senior agency managers", "Secretariat"),
        ("drafting", "Start drafting: On the Workplan now", cast.chair.name),
        ("shared", "Circulate to all members: Please read", cast.staff.name),
        ("drafting", "Revise the text: version 2 is substantive", cast.staff.name),
        ("shared", "Circulate to all members: Version 2", cast.staff.name),
        ("in_consensus", "Open a call: Does your agency concur?", cast.chair.name),
        (
            "agreed",
            "Declare the outcome: ISECG-D-2026-001: consensus with reservations",
            cast.chair.name,
        ),
        ("released", "Release: Out", "Secretariat"),
    ]

    # Four people hold mandates; the secretariat is told of the decision as well, and the editor,
    # who is staff of JAXA, of each agency that joins.
    assert Counter(Letter.objects.values_list("kind", flat=True)) == {
        "product.joined": 3,
        "circulation.opened": 8,
        "call.opened": 4,
        "position.recorded": 1,
        "decision.declared": 5,
        "product.moved": 4,
    }


@pytest.mark.parametrize("who", ["secretariat", "chair", "delegate", "alternate", "staff"])
def test_not_circulated_opens_no_call(cast, travel, who):
    ProductFactory(code="POWER-2026", state=State.SHARED)
    person = getattr(cast, who)

    status, said = cast.refused(
        person,
        "call_new",
        "POWER-2026",
        question="Concur?",
        mode="explicit",
        confirm="yes",
        **local(START + timedelta(days=30)),
    )

    if who in ("secretariat", "chair"):
        assert status == 422
        assert "has not been circulated to all member agencies" in said[0]
    else:
        assert (status, "Only the secretariat or the chair may open a call." in said[0]) == (
            403,
            True,
        )
