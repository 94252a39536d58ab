"""Circulating a version to every member, once and once more (rules 14 and 17)."""

from datetime import UTC, datetime, timedelta

import pytest
import time_machine
from django.core.exceptions import PermissionDenied

from isecg import clock
from isecg.events import log
from isecg.mail.models import Letter
from products import files
from products.dossier import Dossier
from products.models import Circulation
from products.models.versions import ChangeClass
from products.services import calls, circulations, versions
from products.services.errors import ProductError
from products.workflow import State
from tests.factories import AgencyFactory, MandateFactory, MembershipFactory, UserFactory
from tests.products.world import make_world

pytestmark = pytest.mark.django_db

NOON = datetime(2026, 3, 2, 12, tzinfo=UTC)


@pytest.fixture
def traveller():
    with time_machine.travel(NOON, tick=False) as traveller:
        yield traveller


def send(world, *, days=30, seconds=0, by=None, note=""):
    return circulations.circulate(
        world.product,
        closes_at=clock.now() + timedelta(days=days, seconds=seconds),
        time_zone="Europe/Paris",
        note=note,
        by=by or world.secretariat,
    )


def write(world, text, *, change=ChangeClass.EDITORIAL):
    return versions.submit_version(
        world.product,
        main=files.from_text(text, name="a.md"),
        change_class=change,
        note="Spelling.",
        by=world.secretariat,
        expected_latest=world.product.versions.count(),
    )


def open_call(world):
    return calls.open_call(
        world.product,
        question="Agreed?",
        deadline=clock.now() + timedelta(days=10),
        time_zone="UTC",
        by=world.secretariat,
    )


@pytest.mark.parametrize(("seconds", "is_long_enough"), [(-1, False), (0, True)])
def test_the_window_is_never_shorter_than_the_share_period(
    settings, traveller, seconds, is_long_enough
):
    settings.ISECG_SHARE_DAYS_BY_KIND = {"white_paper": 7}
    world = make_world(1, state=State.DRAFTING)

    if is_long_enough:
        assert send(world, days=7, seconds=seconds).share_days == 7
    else:
        with pytest.raises(ProductError) as refused:
            send(world, days=7, seconds=seconds)
        assert str(refused.value) == (
            "The window must last at least 7 days: until 9 Mar 2026 12:00 UTC or later."
        )
        assert [finding.rule for finding in refused.value.findings] == ["window_long_enough"]
        world.product.refresh_from_db()
        assert world.product.state == State.DRAFTING


def test_without_a_share_period_a_window_still_closes_after_it_opens(settings, traveller):
    settings.ISECG_SHARE_DAYS = 0
    world = make_world(1, state=State.DRAFTING)

    with pytest.raises(ProductError, match="must last"):
        send(world, days=0)
    assert send(world, days=0, seconds=1).share_days == 0


def test_it_goes_to_every_member_of_the_day_and_to_no_other():
    world = make_world(2, state=State.DRAFTING)
    AgencyFactory(code="APART")
    AgencyFactory(code="NONE", member=False)

    sent = send(world)

    codes = sorted([*(agency.code for agency in world.agencies), "APART"])
    assert [row.code for row in sent.recipients.all()] == codes
    assert log.about(world.product).first().payload["after"] == {
        "state": "shared",
        "closes_at": sent.closes_at.isoformat(),
        "agencies": codes,
    }


def test_who_joins_isecg_on_the_day_is_told_and_who_joins_the_day_after_is_not(traveller):
    # Case 4 of the rules; a member that leaves on the day is one no more.
    world = make_world(1, state=State.DRAFTING)
    for code, start, end in (
        ("TODAY", "2026-03-02", ""),
        ("LATER", "2026-03-03", ""),
        ("GONE", "2007-11", "2026-03-02"),
        ("MONTH", "2026-03", ""),
    ):
        agency = AgencyFactory(code=code, member=False)
        MembershipFactory(agency=agency, start=start, end=end)
        MandateFactory(agency=agency, person=UserFactory(name=code))

    sent = send(world)

    told = {row.code for row in sent.recipients.all()}
    assert told == {world.agencies[0].code, "TODAY", "MONTH"}
    letters = Letter.objects.filter(kind="circulation.opened")
    assert {letter.recipient.name for letter in letters} == {
        world.heads[0].name,
        "TODAY",
        "MONTH",
    }
    traveller.move_to(NOON + timedelta(days=20))
    # The one that joined since is not held against the call.
    assert Dossier(world.product, clock.now()).missed == ()
    assert open_call(world).circulation == sent


def test_a_member_of_the_day_entered_afterwards_was_missed_and_is_told_by_a_second_one(traveller):
    world = make_world(1, state=State.DRAFTING)
    send(world)
    late = AgencyFactory(code="ASA", member=False)
    MembershipFactory(agency=late, start="2026-03-02")
    traveller.move_to(NOON + timedelta(days=20))

    with pytest.raises(ProductError, match=r"The circulation missed ASA\."):
        open_call(world)
    again = send(world)

    assert "ASA" in {row.code for row in again.recipients.all()}
    with pytest.raises(ProductError, match="period of 14 days runs until 5 Apr 2026 12:00 UTC"):
        open_call(world)
    traveller.move_to(NOON + timedelta(days=34))
    assert open_call(world).circulation == again


def test_an_editorial_version_is_circulated_once_more_and_has_its_own_share_period(traveller):
    world = make_world(1, state=State.DRAFTING)
    first = send(world)
    write(world, "Better spelt.")
    traveller.move_to(NOON + timedelta(days=20))

    with pytest.raises(ProductError) as refused:
        open_call(world)
    assert str(refused.value) == (
        "Version 2 has not been circulated to all member agencies, version 1 was: it is "
        "circulated anew, and its share period starts then."
    )
    again = send(world, note="Spelling alone.")
    world.product.refresh_from_db()
    assert world.product.state == State.SHARED
    assert [(row.version.number, row.pk) for row in Circulation.objects.order_by("pk")][1:] == [
        (1, first.pk),
        (2, again.pk),
    ]
    event = log.about(world.product).first()
    assert (event.event, event.payload["version"], event.payload["before"]) == (
        "product.circulate",
        "v2",
        {"state": "shared"},
    )
    assert Letter.objects.filter(kind="circulation.opened").count() == 2
    traveller.move_to(NOON + timedelta(days=34))
    assert open_call(world).version.number == 2


def test_the_same_version_is_not_circulated_twice():
    world = make_world(1, state=State.DRAFTING)
    send(world)
    before = (Letter.objects.count(), Circulation.objects.count())

    with pytest.raises(ProductError) as refused:
        send(world)

    assert str(refused.value) == (
        "Version 1 is circulated to all member agencies already: another version can be."
    )
    assert (Letter.objects.count(), Circulation.objects.count()) == before


def test_after_it_was_taken_back_the_same_version_may_be_circulated():
    world = make_world(1, state=State.DRAFTING)
    send(world)

    circulations.take_back(world.product, reason="The note was wrong.", by=world.secretariat)
    event = log.about(world.product).first()
    assert (event.event, event.payload["version"]) == ("product.take_back", "v1")

    assert send(world).version.number == 1


def test_writing_needs_the_role_and_changes_nothing_without_it():
    world = make_world(1, state=State.DRAFTING)

    with pytest.raises(PermissionDenied, match=r"^Only .* may circulate a version\.$"):
        send(world, by=world.heads[0])

    assert not Letter.objects.exists()
