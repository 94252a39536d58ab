"""The release gate, and what a release freezes and supersedes."""

import hashlib
from datetime import timedelta

import pytest

from isecg import clock
from isecg.events import log
from isecg.events.models import Event
from products.consensus import Outcome, Stand
from products.models import Decision, Relation, Release
from products.relations import RelationKind
from products.services import calls, decisions, relations, releases
from products.services.errors import ProductError
from products.workflow import State
from tests.factories import (
    CommentFactory,
    CommentWindowFactory,
    ProductFactory,
    PublicCommentFactory,
    UserFactory,
)
from tests.products.world import circulate, make_world, write_version
from workgroups.services import agencies

pytestmark = pytest.mark.django_db


def _agreed(*, conditions=False, reserved="", text=None, **given):
    world = make_world(2, **given)
    if text is not None:
        sent = clock.now() - timedelta(days=15)
        circulate(write_version(world.product, text=text), opened_at=sent)
    open_call(world)
    world.say(0, Stand.RESERVATION if reserved else Stand.CONCUR, reserved)
    world.say(1, Stand.CONDITION if conditions else Stand.CONCUR)
    decisions.declare(
        world.product,
        outcome=Outcome.PROVISIONAL
        if conditions
        else Outcome.WITH_RESERVATIONS
        if reserved
        else Outcome.CONSENSUS,
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
        with pytest.raises(ProductError, match="C-1 of ESA is open: no disposition yet"):
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


def test_every_end_of_a_product_names_the_version_it_stood_at():
    old = _agreed(series="GER")
    _release(old)
    new = _agreed(series="GER")
    _release(new)
    releases.withdraw(new.product, reason="It was a mistake.", by=new.secretariat)

    wanted = ["product.release", "product.supersede", "product.withdraw"]
    rows = Event.objects.filter(event__in=wanted).order_by("seq")
    assert [(row.event, row.payload["version"]) for row in rows] == [
        ("product.release", "v1"),
        ("product.release", "v1"),
        ("product.supersede", "v1"),
        ("product.withdraw", "v1"),
    ]


def test_a_file_without_text_is_not_called_free_of_residue():
    world = _agreed(text="")

    with pytest.raises(ProductError, match="could look through its text"):
        _release(world)
    row = _release(world, overrides={"no_drafting_residue": "The scan was read on paper."})

    assert row.overrides == {"no_drafting_residue": "The scan was read on paper."}


def test_the_next_edition_supersedes_the_one_it_names():
    old = _agreed(series="GER")
    _release(old)
    new = _agreed(series="GER")
    relations.relate(
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
    relations.relate(new.product, kind=kind, target=old, reason="Known.", by=new.secretariat)

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


# --- The annex --------------------------------------------------------------------------


RESERVED = "Section 2 says  more\nthan we may."


def test_the_annex_prints_reservations_verbatim_with_the_codes_of_the_day():
    signed = clock.now().replace(microsecond=0) - timedelta(days=30)
    with clock.at(signed):
        world = _agreed(reserved=RESERVED, codes=["BNSC", "ESA"])
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

    row.refresh_from_db()
    assert row.annex == [
        {
            "agency": "UKSA",
            "name": "UK Space Agency",
            "text": RESERVED,
            "given_at": signed.isoformat(),
        }
    ]
    assert row.decision.record["reservations"] == [{"agency": "BNSC", "text": RESERVED}]
    assert log.about(world.product).first().payload["after"]["annex"] == ["UKSA"]


def test_without_a_reservation_there_is_no_annex():
    assert _release(_agreed()).annex == []


# --- Comments -----------------------------------------------------------------------------


def test_a_comment_without_a_disposition_holds_the_release():
    world = _agreed()
    version = world.product.versions.get()
    author = UserFactory()
    for _ in range(4):
        CommentFactory(version=version, agency=world.agencies[0], author=author)
    # A draft is nobody's business yet, and what was answered is answered.
    CommentFactory(version=version, number=None, submitted_at=None)
    done = world.product.comments.get(number=2)
    done.disposition, done.disposed_at = "noted", clock.now()
    done.save_as(None, "test")
    CommentFactory(version=write_version(ProductFactory()))

    with pytest.raises(ProductError) as refused:
        _release(world)

    assert str(refused.value) == "3 comments have no disposition: C-1, C-3 and 1 more."
    row = _release(world, overrides={"comments_disposed": "For the next edition."})
    assert row.overrides == {"comments_disposed": "For the next edition."}


def test_what_the_public_said_of_a_draft_is_answered_before_its_release():
    world = _agreed()
    window = CommentWindowFactory(version=world.product.versions.get())
    said = PublicCommentFactory(window=window)
    # What was refused is no comment.
    PublicCommentFactory(
        window=window, moderation="refused", moderation_reason="Spam.", moderated_at=clock.now()
    )

    with pytest.raises(ProductError, match=r"^1 public comment has no disposition\.$"):
        _release(world)
    said.disposition, said.disposed_at = "next", clock.now()
    said.save_as(None, "test")

    assert _release(world).overrides == {}


def test_an_action_pending_is_not_yet_a_disposition():
    world = _agreed()
    comment = CommentFactory(version=world.product.versions.get(), agency=world.agencies[0])
    comment.disposition, comment.disposed_at = "pending", clock.now()
    comment.action_owner, comment.action_due = world.agencies[0], clock.now().date()
    comment.save_as(None, "test")

    with pytest.raises(ProductError, match=r"^1 comment has no disposition: C-1\.$"):
        _release(world)


def test_consensus_on_exactly_this_version_is_never_passed_over():
    world = _agreed()
    write_version(world.product, text="Another text.", change_class="editorial")

    with pytest.raises(ProductError, match="no decision on exactly this version"):
        _release(world, overrides={"consensus_on_this_version": "It is nearly the same."})

    assert not Release.objects.exists()


# --- The edition before --------------------------------------------------------------------


def _edition(**fields):
    """Make a released edition of a past day."""
    day = fields.pop("day", "2024-08")
    row = ProductFactory(**{"state": State.RELEASED, "series": "GER", "kind": "roadmap", **fields})
    Release(product=row, day=day).save_as(None, "test")
    return row


def _state_of(product):
    product.refresh_from_db()
    return product.state


def test_the_latest_edition_of_the_series_is_superseded_without_being_named():
    first, second = _edition(day="2018-01"), _edition()
    world = _agreed(series="GER", kind="roadmap")

    _release(world)

    assert (_state_of(first), _state_of(second)) == (State.RELEASED, State.SUPERSEDED)
    link = Relation.objects.get()
    assert (link.product, link.kind, link.target) == (world.product, "supersedes", second)
    assert link.history.get().history_change_reason == "The next edition"
    event = log.about(world.product).filter(event="product.related").get()
    assert event.payload["after"] == {"kind": "supersedes", "target": second.code}


@pytest.mark.parametrize(
    "fields",
    [
        {"series": "OTHER"},
        {"kind": "roadmap_supplement"},
        {"state": State.WITHDRAWN},
        {"state": State.SUPERSEDED},
    ],
)
def test_nothing_but_a_released_edition_of_its_kind_and_series_is_superseded(fields):
    other = _edition(**fields)
    before = other.state

    _release(_agreed(series="GER", kind="roadmap"))

    assert (_state_of(other), Relation.objects.count()) == (before, 0)


def test_a_product_without_a_series_supersedes_nothing_unnamed():
    other = _edition(series="")

    _release(_agreed(series="", kind="roadmap"))

    assert _state_of(other) == State.RELEASED


def test_an_annual_report_does_not_take_the_place_of_another_year():
    other = _edition(series="AR", kind="annual_report")

    _release(_agreed(series="AR", kind="annual_report"))

    assert _state_of(other) == State.RELEASED


def test_a_supplement_does_not_supersede_what_it_supplements():
    base = _edition()
    world = _agreed(series="GER", kind="roadmap")
    Relation(product=world.product, kind="supplements", target=base).save_as(None, "test")

    _release(world)

    assert _state_of(base) == State.RELEASED


def test_a_supplement_may_supersede_a_supplement():
    before = _edition(kind="roadmap_supplement")

    _release(_agreed(series="GER", kind="roadmap_supplement"))

    assert _state_of(before) == State.SUPERSEDED


@pytest.mark.parametrize("named", [True, False])
def test_told_otherwise_a_release_supersedes_nothing(named):
    old = _edition()
    world = _agreed(series="GER", kind="roadmap")
    if named:
        Relation(product=world.product, kind="supersedes", target=old).save_as(None, "test")

    _release(world, supersede=False)

    assert _state_of(old) == State.RELEASED
    assert Relation.objects.count() == int(named)


def test_an_edition_keeps_the_successor_that_it_has():
    old, heir = _edition(), ProductFactory()
    Relation(product=heir, kind="supersedes", target=old).save_as(None, "test")

    _release(_agreed(series="GER", kind="roadmap"))

    assert _state_of(old) == State.RELEASED
    assert Relation.objects.get().product == heir


def test_a_named_edition_goes_before_the_latest_of_the_series():
    named, latest = _edition(day="2018-01"), _edition()
    world = _agreed(series="GER", kind="roadmap")
    Relation(product=world.product, kind="supersedes", target=named).save_as(None, "test")

    _release(world)

    assert (_state_of(named), _state_of(latest)) == (State.SUPERSEDED, State.RELEASED)
