"""Who names those who hold an agency's seat: its head, and the secretariat (rule 4)."""

from datetime import UTC, datetime, timedelta

import pytest
from django.core.exceptions import PermissionDenied
from django.urls import reverse

from tests.factories import AgencyFactory, MandateFactory, UserFactory
from workgroups.models import Mandate
from workgroups.permissions import Standing
from workgroups.roles import Capacity
from workgroups.services import people as services

pytestmark = pytest.mark.django_db

NOON, DAY = datetime(2026, 3, 6, 12, tzinfo=UTC), timedelta(days=1)


@pytest.fixture
def agency():
    return AgencyFactory(code="ESA")


@pytest.fixture
def head(agency):
    return MandateFactory(agency=agency, person=UserFactory(name="Hanna Head")).person


def former_holder(agency, **person):
    ended = MandateFactory(
        agency=agency, person=UserFactory(**person), starts_at=NOON - DAY, ends_at=NOON
    )
    return ended.person


def grant(agency, by, capacity=Capacity.ALTERNATE, **said):
    plain = {"person": UserFactory(), "starts_at": NOON, "reason": "Needed."}
    return services.grant_mandate(agency, capacity=capacity, by=by, **plain | said)


@pytest.mark.parametrize("capacity", [Capacity.ALTERNATE, Capacity.STAFF])
def test_a_head_names_alternates_and_staff_in_their_own_name(agency, head, capacity):
    mandate = grant(agency, head, capacity, granted_by="The Director General")
    services.end_mandate(mandate, reason="Left.", by=head)

    assert (mandate.capacity, mandate.granted_by) == (capacity, "Hanna Head")
    assert mandate.ends_at is not None


def test_a_head_neither_names_nor_ends_a_head(agency, head):
    other = MandateFactory(agency=agency)

    with pytest.raises(PermissionDenied, match="Only the secretariat may enter or end a head"):
        grant(agency, head, Capacity.HEAD)
    with pytest.raises(PermissionDenied, match="Only the secretariat may enter or end a head"):
        services.end_mandate(other, reason="r", by=head)

    assert agency.mandates.count() == 2
    assert not agency.mandates.exclude(ends_at=None).exists()


def test_a_head_of_another_agency_names_nobody_here(agency, head):
    mine = MandateFactory(agency=agency, capacity=Capacity.STAFF)
    stranger = MandateFactory().person

    with pytest.raises(PermissionDenied, match="Only the secretariat or ESA's own head"):
        grant(agency, stranger)
    with pytest.raises(PermissionDenied, match="Only the secretariat or ESA's own head"):
        services.end_mandate(mine, reason="r", by=stranger)


@pytest.mark.parametrize(
    "held",
    [
        {"capacity": Capacity.ALTERNATE},
        {"capacity": Capacity.STAFF},
        {"capacity": Capacity.HEAD, "limited_to": "GER-2026"},
        {"capacity": Capacity.HEAD, "starts_at": NOON - DAY, "ends_at": NOON},
    ],
)
def test_others_name_nobody(agency, held):
    person = MandateFactory(agency=agency, **held).person

    assert not Standing.of(person).may_name(agency, Capacity.STAFF)
    with pytest.raises(
        PermissionDenied,
        match=r"^Only the secretariat or an agency's head of delegation may name the alternates",
    ):
        grant(agency, person)


def test_the_secretariat_enters_heads_in_the_name_that_it_gives(agency):
    desk = UserFactory(is_secretariat=True)

    mandate = grant(agency, desk, Capacity.HEAD, granted_by="The Director General")

    assert (mandate.capacity, mandate.granted_by) == (Capacity.HEAD, "The Director General")


# --- The pages ------------------------------------------------------------------------------


def typed(**said):
    return {"capacity": "alternate", "first_day": "2026-03-06", "reason": "Needed."} | said


def test_a_head_chooses_among_their_own_people_and_sees_no_others(client, agency, head):
    former = former_holder(agency, name="Fred Former")
    MandateFactory(person=UserFactory(name="Otto Other"))
    UserFactory(name="Nora Nobody")
    client.force_login(head)

    form = client.get(reverse("mandate_grant", args=["esa"])).context["form"]

    assert list(form.fields["person"].queryset) == [former, head]
    assert form.fields["capacity"].choices == [("alternate", "Alternate"), ("staff", "Staff")]
    assert "granted_by" not in form.fields


def test_a_head_names_the_owner_of_an_address_in_any_case(client, agency, head):
    person = UserFactory(email="anna@example.org")
    client.force_login(head)

    response = client.post(
        reverse("mandate_grant", args=["esa"]), typed(address="Anna@Example.org")
    )

    assert (response.status_code, response.url) == (302, agency.get_absolute_url())
    mandate = person.mandates.get()
    assert (mandate.agency, mandate.capacity, mandate.granted_by) == (
        agency,
        "alternate",
        "Hanna Head",
    )


@pytest.mark.parametrize(
    ("said", "field", "says"),
    [
        ({}, "person", "Choose a person, or type the address"),
        ({"address": "who@example.org"}, "address", "No account has this address"),
        ({"address": "gone@example.org"}, "address", "No account has this address"),
        ({"capacity": "head", "address": "anna@example.org"}, "capacity", "Select a valid choice"),
    ],
)
def test_what_a_head_types_is_refused_beside_its_field(client, agency, head, said, field, says):
    UserFactory(email="anna@example.org")
    UserFactory(email="gone@example.org", is_active=False)
    client.force_login(head)

    response = client.post(reverse("mandate_grant", args=["esa"]), typed(**said))

    errors = response.context["form"].errors
    assert (response.status_code, list(errors)) == (422, [field])
    assert says in errors[field][0]
    assert Mandate.objects.count() == 1


def test_a_person_and_anothers_address_are_two(client, agency, head):
    former = former_holder(agency)
    UserFactory(email="anna@example.org")
    client.force_login(head)

    response = client.post(
        reverse("mandate_grant", args=["esa"]),
        typed(person=former.pk, address="anna@example.org"),
    )

    assert list(response.context["form"].errors) == ["address"]


def test_a_head_cannot_choose_anybody_else_by_number(client, agency, head):
    stranger = UserFactory()
    client.force_login(head)

    response = client.post(reverse("mandate_grant", args=["esa"]), typed(person=stranger.pk))

    assert response.status_code == 422
    assert not stranger.mandates.exists()


def test_the_agencys_page_shows_each_reader_the_buttons_that_they_may_press(client, agency, head):
    staff = MandateFactory(agency=agency, capacity=Capacity.STAFF)
    grant_page = reverse("mandate_grant", args=["esa"])
    ends = [reverse("mandate_end", args=["esa", row.pk]) for row in agency.mandates.order_by("pk")]
    desk = UserFactory(is_secretariat=True)

    shown = {}
    for name, person in (("head", head), ("staff", staff.person), ("desk", desk)):
        client.force_login(person)
        html = client.get(agency.get_absolute_url()).content.decode()
        shown[name] = [f'href="{href}"' in html for href in (grant_page, *ends)]

    assert shown == {
        "head": [True, False, True],
        "staff": [False, False, False],
        "desk": [True, True, True],
    }


def test_the_seat_tells_for_what_from_when_to_when_and_by_whom(client, agency, head):
    MandateFactory(
        agency=agency,
        person=UserFactory(name="Aoi"),
        capacity=Capacity.ALTERNATE,
        starts_at=datetime(2026, 1, 5, 9, tzinfo=UTC),
        granted_by="Hanna Head",
    )
    client.force_login(head)

    html = client.get(agency.get_absolute_url()).content.decode()

    row = html[html.index("Aoi</th>") :]
    cells = [" ".join(cell.split("</td>")[0].split()) for cell in row.split("<td>")[1:6]]
    assert cells[:2] == ["Alternate", "everything"]
    assert "5 Jan 2026 09:00 " in cells[2]
    assert cells[3:] == ['<span class="unknown">no end is set</span>', "Hanna Head"]
