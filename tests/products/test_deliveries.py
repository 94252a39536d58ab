"""The delivery matrix of a circulation: seat by seat."""

from datetime import timedelta

import pytest

from isecg import clock
from isecg.events.log import reference
from isecg.mail.models import Letter
from isecg.mail.models import State as LetterState
from products import deliveries
from products.deliveries import Fate
from products.models import CirculationRecipient
from products.services import circulations
from products.workflow import State
from tests.factories import AgencyFactory, MandateFactory, ProductFactory, UserFactory
from tests.products.world import circulate, make_world, write_version

L = LetterState


@pytest.mark.parametrize(
    ("letters", "is_held", "found"),
    [
        ([L.SENT], True, Fate.SENT),
        ([L.FAILED, L.SENT, L.QUEUED], True, Fate.SENT),
        ([L.FAILED, L.QUEUED], True, Fate.QUEUED),
        ([L.FAILED, L.DROPPED], True, Fate.FAILED),
        ([L.DROPPED], True, Fate.NOT_TOLD),
        ([], True, Fate.NOT_TOLD),
        ([], False, Fate.VACANT),
    ],
)
def test_a_seat_is_reached_where_one_of_its_people_is(letters, is_held, found):
    assert deliveries.fate(letters, is_held=is_held) == found


def _send(product, by):
    return circulations.circulate(
        product,
        closes_at=clock.now() + timedelta(days=20),
        time_zone="UTC",
        note="",
        by=by,
    )


def _mark(letter, state, *, error="", note=""):
    letter.state, letter.last_error, letter.note = state, error, note
    letter.sent_at = clock.now() if state == L.SENT else None
    letter.save()


def _letter_to(person, circulation):
    prefix = f"circulation.opened|{reference(circulation)}|"
    return Letter.objects.get(recipient=person, key__startswith=prefix)


def _rows(circulation):
    rows = deliveries.read(circulation, product=circulation.version.product)
    return {row.code: row for row in rows}


@pytest.mark.django_db
def test_each_seat_shows_what_came_of_its_letters():
    world = make_world(codes=["ASI", "CNES", "ESA", "JAXA"], state=State.DRAFTING)
    asi, cnes, esa, _ = world.heads
    second = MandateFactory(agency=world.agencies[0], capacity="staff").person
    AgencyFactory(code="KARI")
    MandateFactory(agency=AgencyFactory(code="NASA"), capacity="staff")
    sent = _send(world.product, world.secretariat)
    _mark(_letter_to(asi, sent), L.FAILED, error="No such box.")
    _mark(_letter_to(second, sent), L.SENT)
    _mark(_letter_to(cnes, sent), L.FAILED, error="Mailbox is full.")
    _mark(_letter_to(esa, sent), L.DROPPED, note="Its subject is over.")

    rows = _rows(sent)

    assert {code: (row.fate, row.is_vacant) for code, row in rows.items()} == {
        "ASI": (Fate.SENT, False),
        "CNES": (Fate.FAILED, False),
        "ESA": (Fate.NOT_TOLD, False),
        "JAXA": (Fate.QUEUED, False),
        "KARI": (Fate.VACANT, True),
        "NASA": (Fate.QUEUED, True),
    }
    assert [(copy.person, copy.label, copy.note) for copy in rows["ASI"].copies] == [
        (asi, "Failed", "No such box."),
        (second, "Sent", ""),
    ]
    assert [copy.note for copy in rows["ESA"].copies] == ["Its subject is over."]
    assert deliveries.count(rows.values()) == [
        (Fate.SENT, 1),
        (Fate.QUEUED, 2),
        (Fate.FAILED, 1),
        (Fate.VACANT, 1),
        (Fate.NOT_TOLD, 1),
    ]


@pytest.mark.django_db
def test_the_letters_are_those_of_this_circulation_alone():
    world = make_world(1, state=State.DRAFTING)
    first = _send(world.product, world.secretariat)
    circulations.take_back(world.product, reason="A flaw.", by=world.secretariat)
    second = _send(world.product, world.secretariat)
    _mark(_letter_to(world.heads[0], first), L.SENT)
    code = world.agencies[0].code

    assert (_rows(first)[code].fate, _rows(second)[code].fate) == (Fate.SENT, Fate.QUEUED)


@pytest.mark.django_db
def test_who_holds_the_seat_later_changes_nothing_of_the_matrix():
    world = make_world(codes=["ASI"], state=State.DRAFTING)
    empty = AgencyFactory(code="KARI")
    sent = _send(world.product, world.secretariat)
    mandate = world.heads[0].mandates.get()
    mandate.ends_at = clock.now() + timedelta(seconds=1)
    mandate.save_as(None, "left")
    for agency in (world.agencies[0], empty):
        MandateFactory(agency=agency, starts_at=clock.now() + timedelta(hours=1))

    rows = _rows(sent)

    assert [copy.person for copy in rows["ASI"].copies] == [world.heads[0]]
    assert {code: (row.fate, row.is_vacant) for code, row in rows.items()} == {
        "ASI": (Fate.QUEUED, False),
        "KARI": (Fate.VACANT, True),
    }


@pytest.mark.django_db
def test_a_seat_is_shown_under_the_code_of_that_day():
    world = make_world(codes=["BNSC"], state=State.DRAFTING)
    sent = _send(world.product, world.secretariat)
    agency = world.agencies[0]
    agency.code = "UKSA"
    agency.save_as(None, "renamed")

    assert list(_rows(sent)) == ["BNSC"]


@pytest.mark.django_db
def test_a_member_of_that_day_that_was_entered_later_is_shown_as_missed():
    product = ProductFactory(state=State.SHARED)
    sent = circulate(write_version(product), opened_at=clock.now())
    MandateFactory(agency=AgencyFactory(code="ASA"))
    CirculationRecipient.objects.create(
        circulation=sent, agency=AgencyFactory(code="ESA"), code="ESA"
    )

    rows = _rows(sent)

    assert {code: (row.fate, row.was_missed) for code, row in rows.items()} == {
        "ASA": (Fate.NOT_TOLD, True),
        "ESA": (Fate.VACANT, False),
    }


@pytest.mark.django_db
def test_the_matrix_costs_the_same_for_one_seat_and_for_twenty_seven(django_assert_num_queries):
    desk = UserFactory(is_secretariat=True)
    for count in (1, 26):
        for _ in range(count):
            MandateFactory()
        product = ProductFactory(state=State.DRAFTING)
        write_version(product)
        sent = _send(product, desk)
        with django_assert_num_queries(4):
            rows = deliveries.read(sent, product=product)
    assert len(rows) == 27
