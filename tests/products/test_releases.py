"""The release gate, and what a release freezes and supersedes."""

import hashlib
from datetime import timedelta

import pytest

from isecg import clock
from isecg.events import log
from products.consensus import Outcome, Stand
from products.models import Decision, Release
from products.models.products import RelationKind
from products.services import calls, decisions, products, releases
from products.services.errors import ProductError
from products.workflow import State
from tests.factories import ProductFactory, UserFactory
from tests.products.world import circulate, make_world, write_version
from workgroups.services import agencies

pytestmark = pytest.mark.django_db


def _agreed(*, conditions=False, text="", **given):
    world = make_world(2, **given)
    if text:
        sent = clock.now() - timedelta(days=15)
        circulate(write_version(world.product, text=text), opened_at=sent)
    open_call(world)
    world.say(0, Stand.CONCUR)
    world.say(1, Stand.CONDITION if conditions else Stand.CONCUR)
    decisions.declare(
        world.product,
        outcome=Outcome.PROVISIONAL if conditions else Outcome.CONSENSUS,
        statement="So it is.",
        by=world.secretariat,
    )
    return world


def open_call(world):
    world.call = calls.open_call(
        world.product,
        question="Is this agreed?",
        deadline=clock.now() + timedelta(days=10),
        time_zone="Europe/Paris",
        by=world.secretariat,
    )
    return world


def _release(world, **given):
    return releases.release(world.product, reason="Agreed.", by=world.secretariat, **given)


def test_a_release_freezes_its_version_its_decision_and_its_names():
    world = _agreed(codes=["BNSC", "ESA"])

    row = _release(world)
    agencies.rename_agency(
        world.agencies[0],
        code="UKSA",
        name="UK Space Agency",
        first_day=clock.now().date(),
        source="",
        reason="Renamed.",
        by=world.secretariat,
    )

    world.product.refresh_from_db()
    assert world.product.state == State.RELEASED
    assert (row.version.number, row.version.sha256) == (
        1,
        hashlib.sha256(b"One paragraph.").hexdigest(),
    )
    assert row.decision.call == world.call
    assert row.day == clock.now().date().isoformat()
    assert [(part.code, part.agency.code) for part in row.participants.order_by("code")] == [
        ("BNSC", "UKSA"),
        ("ESA", "ESA"),
    ]
    event = log.about(world.product).first()
    assert (event.event, event.payload["after"]["participants"], event.payload["version"]) == (
        "product.release",
        ["BNSC", "ESA"],
        "v1",
    )


def test_case_15_an_agency_renamed_between_sign_off_and_release(client):
    signed = clock.now() - timedelta(days=30)
    with clock.at(signed):
        world = _agreed(codes=["BNSC", "ESA"])
    decision = Decision.objects.get()
    agencies.rename_agency(
        world.agencies[0],
        code="UKSA",
        name="UK Space Agency",
        first_day=(signed + timedelta(days=20)).date(),
        source="",
        reason="Renamed.",
        by=world.secretariat,
    )

    row = _release(world)

    assert list(row.participants.values_list("code", "name")) == [
        ("ESA", "Agency ESA"),
        ("UKSA", "UK Space Agency"),
    ]
    decision.refresh_from_db()
    assert decision.record["electorate"] == ["BNSC", "ESA"]
    assert decision.record["positions"]["concur"] == ["BNSC", "ESA"]
    client.force_login(UserFactory())
    page = client.get(world.product.get_absolute_url()).content.decode()
    assert "UK Space Agency" in page
    assert "BNSC" not in page
    assert "BNSC, ESA" in client.get(decision.get_absolute_url()).content.decode()


def test_an_open_condition_is_passed_over_with_a_written_reason_alone():
    world = _agreed(conditions=True, codes=["CSA", "ESA"])

    for reasons in ({}, {"no_open_condition": " "}, {"comments_disposed": "It is."}):
        with pytest.raises(ProductError, match="Conditions are open: ESA"):
            _release(world, overrides=reasons)
    assert not Release.objects.exists()
    row = _release(world, overrides={"no_open_condition": "Met by a letter of 3 March."})

    assert row.overrides == {"no_open_condition": "Met by a letter of 3 March."}


def test_residue_is_passed_over_with_a_written_reason_that_is_kept():
    world = _agreed(text="The site is [studied/ analyzed] twice.")

    with pytest.raises(ProductError, match=r"“\[studied/ analyzed\]” in line 1"):
        _release(world)
    with pytest.raises(ProductError, match="Drafting residue"):
        _release(world, overrides={"no_drafting_residue": "   "})
    row = _release(world, overrides={"no_drafting_residue": "A quotation."})

    assert row.overrides == {"no_drafting_residue": "A quotation."}


def test_the_next_edition_supersedes_the_one_it_names():
    old = _agreed(series="GER")
    _release(old)
    new = _agreed(series="GER")
    products.relate(
        new.product,
        kind=RelationKind.SUPERSEDES,
        target=old.product,
        reason="Next edition.",
        by=new.secretariat,
    )

    with pytest.raises(ProductError, match="is not released yet"):
        releases.supersede(old.product, reason="Old.", by=new.secretariat)
    _release(new)

    old.product.refresh_from_db()
    assert old.product.state == State.SUPERSEDED
    assert old.product.history.first().history_change_reason == (
        f"Mark as superseded: Superseded by {new.product}"
    )


@pytest.mark.parametrize("kind", [kind for kind in RelationKind if kind != "supersedes"])
def test_no_other_relation_supersedes(kind):
    old = ProductFactory(state=State.RELEASED)
    new = _agreed()
    products.relate(new.product, kind=kind, target=old, reason="Known.", by=new.secretariat)

    _release(new)

    old.refresh_from_db()
    assert old.state == State.RELEASED


def test_a_withdrawn_call_ends_with_its_product():
    world = open_call(make_world(2))

    releases.withdraw(world.product, reason="No more interest.", by=world.secretariat)

    world.call.refresh_from_db()
    assert (world.call.state, world.product.state) == ("returned", State.WITHDRAWN)


def test_a_second_release_gets_a_clear_refusal():
    world = _agreed()
    _release(world)

    with pytest.raises(ProductError, match="is “Released” now: “Release” is not possible"):
        releases.release(world.product, reason="Again.", by=UserFactory(is_secretariat=True))

    assert Release.objects.count() == 1
