"""Erasing a person who left: who may, when, and what they are called afterwards."""

from datetime import timedelta

import pytest
from django.core.exceptions import PermissionDenied, ValidationError
from django.db import IntegrityError, transaction
from django.urls import reverse

from isecg import clock, stale
from isecg.events.models import Event
from products.models import ProductEditor
from tests.factories import (
    AgencyFactory,
    ChairTermFactory,
    GroupRoleFactory,
    MandateFactory,
    ProductFactory,
    UserFactory,
    WorkingGroupFactory,
)
from workgroups.models import User
from workgroups.services import erasure, people
from workgroups.services.errors import RefusedError

pytestmark = pytest.mark.django_db

DAY = timedelta(days=1)


@pytest.fixture
def desk():
    return UserFactory(name="Sofia", is_secretariat=True)


@pytest.fixture
def person():
    return UserFactory(name="Anna Leaver", email="anna@leaver.example", time_zone="Asia/Tokyo")


def erase(person, by, reason="Asked for it."):
    erasure.erase_person(person, reason=reason, by=by)


def ended(**fields):
    return {"ends_at": clock.now() - DAY, **fields}


def test_erase_closes_the_account_and_rewrites_its_history(desk, person):
    person.name = "Anna Married"
    person.save_as(person, "Changed on their own profile.")

    erase(person, desk)

    row = User.objects.get(pk=person.pk)
    name, address = f"Former user {row.pk}", f"erased-{row.pk}@erased.invalid"
    assert (row.name, row.email, row.time_zone, row.is_active) == (name, address, "UTC", False)
    assert row.erased_at is not None
    assert not row.has_usable_password()
    assert list(row.history.values_list("name", "email", "time_zone", "history_change_reason")) == [
        (name, address, "UTC", reason)
        for reason in ("Asked for it.", "Changed on their own profile.", "factory")
    ]


def test_erase_records_an_event_without_any_former_value(desk, person):
    erase(person, desk)

    event = Event.objects.get()
    assert (event.event, event.user, event.subject, event.payload) == (
        "person.erased",
        desk,
        f"user:{person.pk}",
        {
            "on_behalf_of": "",
            "version": "",
            "before": {},
            "after": {},
            "reason": "Asked for it.",
            "also": [],
        },
    )


def test_the_name_says_the_last_capacity_at_each_agency(desk, person):
    esa, csa = AgencyFactory(code="ESA"), AgencyFactory(code="CSA")
    start = clock.now() - 100 * DAY
    for agency, capacity, days in ((esa, "head", 20), (csa, "alternate", 10), (esa, "staff", 0)):
        MandateFactory(
            **ended(
                agency=agency,
                person=person,
                capacity=capacity,
                starts_at=start + days * DAY,
            )
        )

    erase(person, desk)

    assert person.name == "Former alternate of CSA and head of delegation of ESA"


def test_a_name_that_would_not_fit_counts_the_agencies(person):
    for number in range(12):
        MandateFactory(person=person, agency=AgencyFactory(code=f"A-LONG-CODE-{number}"))

    assert erasure.name_after(person) == "Former delegate of 12 agencies"


HELD = {
    "a mandate": (
        lambda person, ends_at: MandateFactory(
            person=person, agency=AgencyFactory(code="ESA"), ends_at=ends_at
        ),
        "Head of delegation of ESA: the secretariat ends the mandate on the agency's page.",
    ),
    "a duty": (
        lambda person, ends_at: GroupRoleFactory(
            person=person, group=WorkingGroupFactory(code="TWG"), ends_at=ends_at
        ),
        "Editor of TWG: the secretariat ends the duty on the group's page.",
    ),
    "the chair": (
        lambda person, ends_at: ChairTermFactory(
            person=person, agency=AgencyFactory(code="CNES"), ends_at=ends_at
        ),
        "The person of CNES's term in the chair: the secretariat ends it, or hands the chair over.",
    ),
    "an editorship": (
        lambda person, ends_at: ProductEditor(
            person=person, product=ProductFactory(code="GER"), ended_at=ends_at
        ).save_as(None, "test"),
        "Editor of GER: the secretariat, the group's co-chairs or the product's editors may end it "
        "on the product's page.",
    ),
}


@pytest.mark.parametrize(("give", "sentence"), HELD.values(), ids=HELD)
def test_erase_is_refused_while_the_person_may_act(desk, person, give, sentence):
    give(person, None)

    with pytest.raises(RefusedError) as refusal:
        erase(person, desk)

    assert str(refusal.value) == sentence
    assert User.objects.get(pk=person.pk).name == "Anna Leaver"
    assert Event.objects.count() == 0


@pytest.mark.parametrize(("give", "sentence"), HELD.values(), ids=HELD)
def test_erase_goes_on_once_it_has_ended(desk, person, give, sentence):
    give(person, clock.now() - DAY)

    erase(person, desk)

    assert User.objects.get(pk=person.pk).erased_at


@pytest.mark.parametrize("kind", ["a mandate", "a duty", "the chair"])
def test_erase_is_refused_for_what_ends_later_and_what_is_to_come(desk, person, kind):
    give, sentence = HELD[kind]
    given = give(person, clock.now() + DAY)
    given.starts_at = clock.now() + DAY / 2
    given.save_as(None, "test")

    with pytest.raises(RefusedError, match=sentence.split(":")[0]):
        erase(person, desk)


def test_nobody_erases_themselves_and_the_last_of_the_secretariat_stays(desk):
    with pytest.raises(RefusedError) as refusal:
        erase(desk, desk)

    assert str(refusal.value) == (
        "This is your own account: somebody else of the secretariat erases it. "
        "Nobody else works for the secretariat: give somebody an account first."
    )


def test_only_the_secretariat_erases_and_not_by_an_account_that_was_closed(desk, person):
    with pytest.raises(PermissionDenied, match="Only the secretariat may keep the roster"):
        erase(desk, person)

    second = UserFactory(is_secretariat=True)
    erase(User.objects.get(pk=second.pk), desk)
    # Who was erased a moment ago still holds their old row in hand.
    with pytest.raises(PermissionDenied):
        erase(desk, second)


def test_erasing_again_and_editing_are_refused(desk, person):
    erase(person, desk)

    with pytest.raises(RefusedError, match="erased already"):
        erase(person, desk)
    with pytest.raises(RefusedError, match="the account stays as it is"):
        people.edit_person(
            person,
            revision=stale.revision(person),
            reason="r",
            by=desk,
            name="Anna Leaver",
        )

    assert Event.objects.filter(event="person.erased").count() == 1


@pytest.mark.parametrize("word", ["Anna Leaver", "ANNA@leaver.example", "Anna Before"])
def test_the_reason_must_not_name_the_person(desk, word):
    person = UserFactory(name="Anna Before", email="anna@leaver.example")
    person.name = "Anna Leaver"
    person.save_as(None, "test")

    with pytest.raises(RefusedError, match="do not name the person"):
        erase(person, desk, reason=f"Mail of {word}, today.")


def test_an_erased_account_stays_closed_by_the_database(desk, person):
    erase(person, desk)
    person.is_active = True

    with pytest.raises(ValidationError, match="the account stays closed"):
        person.full_clean()
    with pytest.raises(IntegrityError), transaction.atomic():
        person.save_as(None, "test")


def test_the_page_says_what_goes_and_what_stays_and_does_it(client, desk, person):
    client.force_login(desk)
    address = reverse("person_erase", args=[person.pk])
    assert address in client.get(reverse("person_edit", args=[person.pk])).content.decode()

    page = client.get(address).content.decode()
    half = client.post(address, {"reason": "Asked for it."})
    done = client.post(address, {"reason": "Asked for it.", "understood": "on"}, follow=True)

    assert "Every open sign-in." in page
    assert "The event log, which names people by the account" in page
    assert f"Former user {person.pk}" in page
    assert (half.status_code, list(half.context["form"].errors)) == (422, ["understood"])
    assert done.redirect_chain == [(reverse("people"), 302)]
    text = done.content.decode()
    assert "Anna Leaver" not in text
    assert "Erased" in text


def test_the_page_names_what_stands_against_it_and_offers_no_form(client, desk, person):
    MandateFactory(person=person, agency=AgencyFactory(code="ESA"))
    client.force_login(desk)
    address = reverse("person_erase", args=[person.pk])

    page = client.get(address).content.decode()
    answer = client.post(address, {"reason": "Asked.", "understood": "on"})

    assert "Head of delegation of ESA: the secretariat ends the mandate" in page
    assert 'name="understood"' not in page
    assert answer.status_code == 422
    assert User.objects.get(pk=person.pk).erased_at is None
