"""Every act on a product in every state, and keeping what is said of it."""

from datetime import timedelta

import pytest
from django.core.exceptions import PermissionDenied

from isecg import clock
from isecg.events import log
from isecg.events.models import Event
from isecg.mail.models import Letter
from isecg.stale import StaleError, revision
from products import files, guards
from products.consensus import Outcome, Stand
from products.models import Product
from products.models.versions import ChangeClass
from products.services import (
    calls,
    circulations,
    decisions,
    participation,
    products,
    releases,
    versions,
)
from products.services.errors import ProductError
from products.workflow import TRANSITIONS, Action, State
from tests.factories import (
    AgencyFactory,
    GroupRoleFactory,
    MandateFactory,
    ParticipationFactory,
    ProductFactory,
    UserFactory,
)
from tests.products.world import make_world
from workgroups.permissions import Standing

pytestmark = pytest.mark.django_db


def _revise(product, *, by):
    versions.submit_version(
        product,
        main=files.from_text("Another text.", name="a.md"),
        change_class=ChangeClass.SUBSTANTIVE,
        note="Rewritten.",
        by=by,
        expected_latest=1,
    )


def _empty(product, *, by):
    for part in product.participations.filter(left_at=None).select_related("agency"):
        participation.leave(product, agency=part.agency, reason="Out.", by=by)


ACTS = {
    Action.START_DRAFTING: lambda product, by: products.start_drafting(
        product, reason="Agreed.", by=by
    ),
    Action.CIRCULATE: lambda product, by: circulations.circulate(
        product, closes_at=clock.now() + timedelta(days=30), time_zone="UTC", note="", by=by
    ),
    Action.TAKE_BACK: lambda product, by: circulations.take_back(product, reason="Flaw.", by=by),
    Action.OPEN_CALL: lambda product, by: calls.open_call(
        product,
        question="Agreed?",
        deadline=clock.now() + timedelta(days=10),
        time_zone="UTC",
        by=by,
    ),
    Action.DECLARE: lambda product, by: decisions.declare(
        product, outcome=Outcome.CONSENSUS, statement="So it is.", by=by
    ),
    Action.RETURN: lambda product, by: calls.return_to_drafting(product, reason="Flaw.", by=by),
    Action.RECALL: lambda product, by: calls.recall_call(product, reason="In error.", by=by),
    Action.REVISE: lambda product, by: _revise(product, by=by),
    Action.LAPSE: lambda product, by: _empty(product, by=by),
    Action.RELEASE: lambda product, by: releases.release(product, reason="Agreed.", by=by),
    Action.SUPERSEDE: lambda product, by: releases.supersede(product, reason="Old.", by=by),
    Action.WITHDRAW: lambda product, by: releases.withdraw(product, reason="Dropped.", by=by),
}


def _world_in(state):
    """Make a product that came to ``state`` by the acts that lead there."""
    world = make_world(2)
    product, desk = world.product, world.secretariat
    if state in (State.IN_CONSENSUS, State.AGREED, State.RELEASED, State.SUPERSEDED):
        world.call = calls.open_call(
            product,
            question="Agreed?",
            deadline=clock.now() + timedelta(days=10),
            time_zone="UTC",
            by=desk,
        )
        for index in range(2):
            world.say(index, Stand.CONCUR)
    if state in (State.AGREED, State.RELEASED, State.SUPERSEDED):
        ACTS[Action.DECLARE](product, desk)
    if state in (State.RELEASED, State.SUPERSEDED):
        ACTS[Action.RELEASE](product, desk)
    if product.state != state:
        product.state = state
        product.save_as(None, "for the test")
    return world


@pytest.mark.parametrize("state", State)
@pytest.mark.parametrize("action", Action)
def test_every_act_follows_the_table_from_every_state(action, state, monkeypatch):
    step = TRANSITIONS[action]
    # A text may also be written before it is shared: then nothing moves.
    # So may agencies leave.
    stays = action in (Action.REVISE, Action.LAPSE) and state in (State.PROPOSED, State.DRAFTING)
    possible = state in step.sources or stays
    product = _world_in(state).product if possible else ProductFactory(state=state)
    if not possible:
        ParticipationFactory(product=product)
    desk = UserFactory(is_secretariat=True)
    monkeypatch.setattr(guards, "GUARDS", {})
    events = Event.objects.count()

    if possible:
        ACTS[action](product, desk)
    else:
        with pytest.raises(ProductError, match=state.label):
            ACTS[action](product, desk)
        assert Event.objects.count() == events

    product.refresh_from_db()
    assert product.state == (step.target if state in step.sources else state)


@pytest.mark.parametrize("action", Action)
def test_who_has_no_part_in_an_act_is_refused_and_changes_nothing(action):
    source = sorted(TRANSITIONS[action].sources)[0]
    world = _world_in(source)
    staff = MandateFactory(agency=world.agencies[0], capacity="staff").person
    before = (Event.objects.count(), world.product.history.count(), Letter.objects.count())

    with pytest.raises(PermissionDenied, match=r"^Only "):
        ACTS[action](world.product, staff)

    world.product.refresh_from_db()
    assert world.product.state == source
    assert (
        Event.objects.count(),
        world.product.history.count(),
        Letter.objects.count(),
    ) == before


def test_a_move_leaves_its_reason_its_event_and_a_letter_to_each_participant():
    world = _world_in(State.SHARED)

    circulations.take_back(world.product, reason="A table is wrong.", by=world.secretariat)

    latest = world.product.history.first()
    assert (latest.state, latest.history_change_reason) == (
        State.DRAFTING,
        "Take back to drafting: A table is wrong.",
    )
    event = log.about(world.product).first()
    assert (event.event, event.by, event.payload["reason"]) == (
        "product.take_back",
        "Sam Secretariat",
        "A table is wrong.",
    )
    assert (event.payload["before"], event.payload["after"]) == (
        {"state": "shared"},
        {"state": "drafting"},
    )
    told = Letter.objects.filter(kind="product.moved").values_list("recipient", flat=True)
    assert set(told) == {head.pk for head in world.heads}
    assert log.verify()[2] is None


def test_a_guard_in_the_way_says_the_sentence_of_the_page():
    product = ProductFactory(state=State.PROPOSED, group=None)
    desk = UserFactory(is_secretariat=True)

    with pytest.raises(ProductError) as refused:
        products.start_drafting(product, reason="Now.", by=desk)

    assert str(refused.value) == (
        "A working group must be responsible. It must stand on the Workplan before drafting starts."
    )
    assert [finding.rule for finding in refused.value.findings] == ["group_set", "on_workplan"]


class TestEditing:
    def test_writes_the_fields_with_their_reason(self):
        product = ProductFactory(title="Old")
        editor = GroupRoleFactory(group=product.group).person

        products.edit(
            product, revision=revision(product), title="New", reason="Clearer.", by=editor
        )

        event = log.about(product).first()
        assert (event.event, event.payload["before"], event.payload["after"]) == (
            "product.edited",
            {"title": "Old"},
            {"title": "New"},
        )
        assert product.history.first().history_change_reason == "Edited: Clearer."

    def test_refuses_what_was_written_against_an_older_state(self):
        product = ProductFactory(title="Old")
        desk = UserFactory(is_secretariat=True, name="Sam")
        seen = revision(product)
        products.edit(product, revision=seen, title="First", reason="One.", by=desk)

        with pytest.raises(StaleError, match="Sam changed this"):
            products.edit(product, revision=seen, title="Second", reason="Two.", by=desk)

        assert Product.objects.get().title == "First"

    def test_refuses_to_change_a_released_product(self):
        product = ProductFactory(state=State.RELEASED)

        with pytest.raises(ProductError, match="what it says does not change"):
            products.edit(
                product,
                revision=revision(product),
                title="New",
                reason="Late.",
                by=UserFactory(is_secretariat=True),
            )

    def test_an_editor_writes_until_taken_off(self):
        product, person = ProductFactory(), UserFactory()
        desk = UserFactory(is_secretariat=True)
        products.add_editor(product, person=person, reason="Named.", by=desk)
        with pytest.raises(ProductError, match="is an editor of"):
            products.add_editor(product, person=person, reason="Named.", by=desk)
        editor = product.editors.get()

        products.end_editor(product, editor=editor, reason="Moved on.", by=desk)

        with pytest.raises(ProductError, match="no editor of"):
            products.end_editor(product, editor=editor, reason="Moved on.", by=desk)
        with pytest.raises(PermissionDenied):
            products.add_editor(
                Product.objects.get(), person=UserFactory(), reason="Mine.", by=person
            )


def test_outsiders_see_released_products_alone_and_members_all():
    draft, withdrawn = ProductFactory(), ProductFactory(state=State.WITHDRAWN)
    world = _world_in(State.RELEASED)
    stranger = MandateFactory(agency=AgencyFactory(member=False)).person

    def seen(person):
        return set(Product.objects.visible_to(Standing.of(person)))

    assert seen(UserFactory()) == seen(stranger) == {world.product}
    assert seen(world.heads[0]) == {world.product, draft, withdrawn}
