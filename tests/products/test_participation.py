"""Joining and leaving a product, before, during and after a call (rules 11 and 32)."""

from datetime import timedelta

import pytest
from django.core.exceptions import PermissionDenied

from isecg import clock
from isecg.events import log
from isecg.mail.models import Letter
from products.call_reading import read_call
from products.consensus import Outcome, Stand
from products.models import Elector, ProductEditor
from products.models.products import Degree
from products.services import calls, decisions, participation
from products.services.errors import ProductError
from products.workflow import State
from tests.factories import (
    AgencyFactory,
    MandateFactory,
    ParticipationFactory,
    ProductFactory,
    UserFactory,
)
from tests.products.world import make_call, make_world

pytestmark = pytest.mark.django_db


def _told(kind):
    rows = Letter.objects.filter(kind=kind).select_related("recipient")
    return sorted(letter.recipient.name for letter in rows)


def _join(world, mandate):
    participation.join(
        world.product,
        agency=mandate.agency,
        degree=Degree.CONTRIBUTING,
        reason="We join.",
        by=mandate.person,
    )


def _leave(world, at, *, by=None):
    participation.leave(
        world.product, agency=world.agencies[at], reason="Our act.", by=by or world.heads[at]
    )


def test_a_head_joins_for_the_own_agency_alone():
    product, own, other = ProductFactory(), AgencyFactory(), AgencyFactory()
    head = MandateFactory(agency=own).person

    participation.join(product, agency=own, degree=Degree.LEAD, reason="Ours.", by=head)
    with pytest.raises(PermissionDenied, match="you hold no mandate of"):
        participation.join(product, agency=other, degree=Degree.LEAD, reason="Ours.", by=head)

    assert [(row.agency, row.degree) for row in product.participations.all()] == [(own, "lead")]


def test_a_second_time_and_a_non_member_are_refused():
    product, own = ProductFactory(), AgencyFactory(code="OWN")
    stranger = AgencyFactory(code="STR", member=False)
    desk = UserFactory(is_secretariat=True)
    join = {"degree": Degree.FOLLOWING, "reason": "Letter.", "by": desk}

    participation.join(product, agency=own, **join)
    with pytest.raises(ProductError, match=f"OWN takes part in {product} already"):
        participation.join(product, agency=own, **join)
    with pytest.raises(ProductError, match="STR is no member agency today"):
        participation.join(product, agency=stranger, **join)

    assert product.participations.count() == 1


@pytest.mark.parametrize("state", [State.RELEASED, State.SUPERSEDED, State.WITHDRAWN])
def test_the_participants_of_a_released_product_are_frozen(state):
    product = ProductFactory(state=state)
    own = ParticipationFactory(product=product).agency
    desk = UserFactory(is_secretariat=True)

    with pytest.raises(ProductError, match="its participants are frozen"):
        participation.leave(product, agency=own, reason="Late.", by=desk)
    with pytest.raises(ProductError, match="its participants are frozen"):
        participation.join(
            product, agency=AgencyFactory(), degree=Degree.LEAD, reason="Late.", by=desk
        )


def test_who_left_may_come_back():
    product, own = ProductFactory(), AgencyFactory()
    desk = UserFactory(is_secretariat=True)
    for _ in range(2):
        participation.join(product, agency=own, degree=Degree.LEAD, reason="In.", by=desk)
        participation.leave(product, agency=own, reason="Out.", by=desk)

    assert product.participations.count() == 2
    with pytest.raises(ProductError, match="takes no part"):
        participation.leave(product, agency=own, reason="Out.", by=desk)


def test_an_alternate_and_the_secretariat_join_and_leave_and_staff_does_not():
    product, own = ProductFactory(), AgencyFactory()
    desk = UserFactory(is_secretariat=True)
    alternate = MandateFactory(agency=own, capacity="alternate").person
    staff = MandateFactory(agency=own, capacity="staff").person
    for person in (alternate, desk):
        join = {"agency": own, "degree": Degree.LEAD, "reason": "In."}
        with pytest.raises(PermissionDenied, match=r"^Only .* may join or leave a product"):
            participation.join(product, **join, by=staff)
        participation.join(product, **join, by=person)
        with pytest.raises(PermissionDenied, match=r"^Only .* may join or leave a product"):
            participation.leave(product, agency=own, reason="Out.", by=staff)
        participation.leave(product, agency=own, reason="Out.", by=person)

    events = [event.payload["on_behalf_of"] for event in log.about(product)]
    assert events == [own.code] * 4


def test_who_joins_during_a_call_counts_from_the_next_and_the_record_says_so():
    world = make_call(1)

    _join(world, MandateFactory())

    event = log.about(world.product).first()
    assert (event.event, event.payload["after"]) == (
        "product.joined",
        {"degree": "contributing", "counts_from": "the next call"},
    )
    assert Elector.objects.count() == 1


@pytest.mark.parametrize(
    "product", [{"state": State.SHARED}, {"electorate_rule": "all_members", "state": State.SHARED}]
)
def test_who_joins_without_being_kept_waiting_is_not_said_to_be(product):
    world = make_world(1, **product)
    if product.get("electorate_rule"):
        world = make_call(1, electorate_rule="all_members")

    _join(world, MandateFactory())

    assert log.about(world.product).first().payload["after"] == {"degree": "contributing"}


def test_joining_is_told_to_the_agencys_own_people_and_the_editors():
    world = make_world(1)
    mandate = MandateFactory(person=UserFactory(name="Ada Acts"))
    MandateFactory(
        agency=mandate.agency, capacity="staff", person=UserFactory(name="Cora Colleague")
    )
    editor = UserFactory(name="Erik Editor")
    ProductEditor(product=world.product, person=editor).save_as(None, "test")

    _join(world, mandate)

    assert _told("product.joined") == ["Cora Colleague", "Erik Editor"]
    letter = Letter.objects.filter(kind="product.joined").first()
    assert "as contributing. It counts from the next call." in letter.text
    assert letter.why == f"You hold a mandate of {mandate.agency}, or edit this product."


def test_leaving_during_a_call_shrinks_the_quorum_base_and_lapses_the_objection():
    # Case 11 of the rules: the objector leaves, and the call goes on without its name.
    world = make_call(4)
    for at in (0, 1):
        world.say(at, Stand.CONCUR)
    world.say(3, Stand.OBJECT)
    before = read_call(world.call, at=clock.now())

    _leave(world, 3)

    reading = read_call(world.call, at=clock.now())
    assert (before.outcome, reading.outcome) == (Outcome.DISSENT, Outcome.CONSENSUS)
    assert (len(before.tally.electorate), len(reading.tally.electorate)) == (4, 3)
    assert len(reading.entries) == 3
    elector = Elector.objects.get(agency=world.agencies[3])
    assert elector.left_at is not None
    assert elector.history.first().history_change_reason == "Left the product: Our act."
    event = log.about(world.call).first()
    code = world.agencies[3].code
    assert (event.event, event.payload["on_behalf_of"], event.payload["reason"]) == (
        "call.left",
        code,
        f"{code} left the product: it is not counted, and the electorate is smaller by one. "
        "Our act.",
    )


def test_leaving_is_told_to_the_agency_the_others_and_the_secretariat():
    world = make_call(3)
    world.heads[1].name = "Ada Acts"
    world.heads[1].save_as(None, "test")
    outsider = MandateFactory().person

    _leave(world, 1)

    told = Letter.objects.filter(kind="product.left")
    assert {letter.recipient for letter in told} == {
        world.heads[0],
        world.heads[2],
        world.secretariat,
    }
    assert outsider not in {letter.recipient for letter in told}
    assert "the electorate is smaller by one" in told[0].text
    assert "last participating agency" not in told[0].text


def test_where_all_members_are_asked_leaving_takes_nobody_out_of_the_call():
    world = make_call(2, electorate_rule="all_members")
    world.say(0, Stand.OBJECT)

    _leave(world, 0)

    assert read_call(world.call, at=clock.now()).outcome == Outcome.DISSENT
    assert not Elector.objects.exclude(left_at=None).exists()


def test_who_left_and_came_back_during_a_call_waits_for_the_next():
    world = make_call(2)

    _leave(world, 0)
    _join(world, world.heads[0].mandates.get())
    _leave(world, 0)

    assert log.about(world.call).filter(event="call.left").count() == 1


def test_a_call_whose_electorate_left_is_declared_without_a_quorum():
    world = make_call(1)
    _join(world, MandateFactory())

    _leave(world, 0)

    reading = read_call(world.call, at=clock.now())
    assert (reading.tally.electorate, reading.outcome) == ((), Outcome.NO_QUORUM)
    world.product.refresh_from_db()
    assert world.product.state == State.IN_CONSENSUS
    decisions.declare(
        world.product, outcome=Outcome.NO_QUORUM, statement="Nobody is left.", by=world.secretariat
    )
    assert world.product.state == State.DRAFTING


@pytest.mark.parametrize("state", [State.PROPOSED, State.DRAFTING])
def test_the_last_one_to_leave_a_draft_moves_nothing(state):
    part = ParticipationFactory(product__state=state)
    desk = UserFactory(is_secretariat=True)

    participation.leave(part.product, agency=part.agency, reason="Out.", by=desk)

    part.product.refresh_from_db()
    assert part.product.state == state


@pytest.mark.parametrize("state", [State.SHARED, State.IN_CONSENSUS, State.AGREED])
def test_the_last_participant_takes_the_product_back_to_drafting(state):
    world = make_world(2)
    if state != State.SHARED:
        world.call = calls.open_call(
            world.product,
            question="Agreed?",
            deadline=clock.now() + timedelta(days=10),
            time_zone="UTC",
            by=world.secretariat,
        )
    if state == State.AGREED:
        for at in (0, 1):
            world.say(at, Stand.CONCUR)
        decisions.declare(
            world.product, outcome=Outcome.CONSENSUS, statement="Yes.", by=world.secretariat
        )

    _leave(world, 0)
    assert world.product.state == state
    _leave(world, 1)

    world.product.refresh_from_db()
    assert world.product.state == State.DRAFTING
    event = log.about(world.product).first()
    assert (event.event, event.payload["version"], event.payload["reason"]) == (
        "product.lapse",
        "v1",
        "its last participating agency left",
    )
    assert world.product.history.first().history_change_reason == (
        "Return without participants: its last participating agency left"
    )
    if world.call:
        world.call.refresh_from_db()
        expected = "returned" if state == State.IN_CONSENSUS else "declared"
        assert world.call.state == expected
    told = Letter.objects.filter(kind="product.left", recipient=world.secretariat).latest("pk")
    assert "It was the last participating agency. The product is now drafting." in told.text
    assert "A call is open" not in told.text


def test_the_page_says_who_counts_from_the_next_call(client):
    world = make_call(1)
    mandate = MandateFactory()
    _join(world, mandate)
    client.force_login(mandate.person)

    page = client.get(world.product.get_absolute_url())

    assert {row["code"]: row["waits"] for row in page.context["participants"]} == {
        world.agencies[0].code: False,
        mandate.agency.code: True,
    }
    assert page.content.decode().count("counts from the next call") == 1


def test_the_forms_say_before_what_joining_and_leaving_come_to(client):
    world = make_call(1)
    newcomer = MandateFactory().person

    def said(person):
        client.force_login(person)
        (form,) = [row["form"] for row in client.get(address).context["acts"]]
        return form.fields["agency"].help_text

    address = world.product.get_absolute_url()
    assert said(newcomer) == (
        "A call is open: the agency reads and comments at once, and counts from the next call."
    )
    assert said(world.heads[0]) == (
        "A call is open: what the agency said stays in the record and is not counted, and the "
        "electorate is smaller by one. It is the last participating agency: the product returns "
        "to drafting."
    )
