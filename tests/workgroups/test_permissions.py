"""Who somebody is at an instant (rules 4 to 9)."""

from datetime import UTC, datetime, timedelta

import pytest
from django.contrib.auth.models import AnonymousUser
from django.core.exceptions import PermissionDenied

from tests.factories import (
    AgencyFactory,
    ChairTermFactory,
    GroupRoleFactory,
    MandateFactory,
    MembershipFactory,
    UserFactory,
    WorkingGroupFactory,
)
from workgroups import permissions
from workgroups.permissions import Standing
from workgroups.roles import Ability, Capacity, GroupDuty, Role

pytestmark = pytest.mark.django_db

NOON = datetime(2026, 3, 6, 12, tzinfo=UTC)
SECOND = timedelta(seconds=1)


def held(standing, **about):
    return {role for role in Role if standing.holds(role, **about)}


def test_nobody_holds_a_role_signed_out():
    assert held(Standing.of(AnonymousUser(), at=NOON)) == set()


def test_a_person_without_mandate_holds_no_role():
    assert held(Standing.of(UserFactory(), at=NOON)) == set()


def test_a_superuser_keeps_accounts_and_holds_no_other_role():
    superuser = UserFactory(is_superuser=True, is_staff=True)
    MandateFactory(person=superuser, starts_at=NOON)

    assert held(Standing.of(superuser, at=NOON)) == {Role.SUPERUSER}


@pytest.mark.parametrize(
    ("capacity", "roles"),
    [
        (Capacity.HEAD, {Role.MEMBER, Role.SPEAKER, Role.HEAD}),
        (Capacity.ALTERNATE, {Role.MEMBER, Role.SPEAKER}),
        (Capacity.STAFF, {Role.MEMBER}),
    ],
)
def test_a_mandate_gives_the_roles_of_its_capacity(capacity, roles):
    mandate = MandateFactory(capacity=capacity, starts_at=NOON)

    assert held(Standing.of(mandate.person, at=NOON)) == roles


@pytest.mark.parametrize(
    ("at", "valid"),
    [
        (NOON - SECOND, False),
        (NOON, True),
        (NOON + timedelta(hours=1) - SECOND, True),
        (NOON + timedelta(hours=1), False),
    ],
)
def test_a_mandate_holds_from_its_start_until_before_its_end(at, valid):
    mandate = MandateFactory(starts_at=NOON, ends_at=NOON + timedelta(hours=1))

    assert (Standing.of(mandate.person, at=at).voices == [mandate.agency]) is valid


def test_a_suspended_person_holds_nothing():
    mandate = MandateFactory(
        person=UserFactory(is_active=False, is_secretariat=True), starts_at=NOON
    )
    GroupRoleFactory(person=mandate.person, starts_at=NOON)
    ChairTermFactory(agency=mandate.agency, person=mandate.person, starts_at=NOON)
    standing = Standing.of(mandate.person, at=NOON)

    assert held(standing) == set()
    assert (standing.voices, standing.duties) == ([], ())


@pytest.mark.parametrize(("day", "valid"), [(4, False), (5, True)])
def test_a_mandate_counts_only_while_its_agency_is_a_member(day, valid):
    agency = AgencyFactory(code="UAESA", member=False)
    MembershipFactory(agency=agency, start="2015-10-05")
    mandate = MandateFactory(agency=agency, starts_at=datetime(2015, 1, 1, tzinfo=UTC))

    at = datetime(2015, 10, day, 12, tzinfo=UTC)

    assert (Standing.of(mandate.person, at=at).agencies == [agency]) is valid


def test_a_duty_counts_in_its_own_group_alone():
    duty = GroupRoleFactory(duty=GroupDuty.CO_CHAIR, starts_at=NOON)
    standing = Standing.of(duty.person, at=NOON)
    other = WorkingGroupFactory()

    assert held(standing, group_id=duty.group_id) == {Role.GROUP_CHAIR}
    assert held(standing, group_id=other.pk) == set()
    assert held(standing) == set()


def test_an_editor_of_a_product_edits_it():
    assert held(Standing.of(UserFactory(), at=NOON), edits=True) == {Role.EDITOR}


def test_the_chairs_person_is_the_chair_and_not_their_agencys_others():
    agency = AgencyFactory()
    person = MandateFactory(agency=agency, starts_at=NOON).person
    other = MandateFactory(agency=agency, starts_at=NOON).person
    ChairTermFactory(agency=agency, person=person, starts_at=NOON)

    assert Standing.of(person, at=NOON).is_chair
    assert not Standing.of(other, at=NOON).is_chair


def test_where_no_person_is_named_the_agencys_speakers_are_the_chair():
    agency = AgencyFactory()
    speaker = MandateFactory(agency=agency, capacity=Capacity.ALTERNATE, starts_at=NOON).person
    staff = MandateFactory(agency=agency, capacity=Capacity.STAFF, starts_at=NOON).person
    ChairTermFactory(agency=agency, starts_at=NOON)

    assert Standing.of(speaker, at=NOON).is_chair
    assert not Standing.of(staff, at=NOON).is_chair


def test_require_names_whose_act_it_is():
    with pytest.raises(
        PermissionDenied, match=r"^Only the secretariat or the chair may open a call\.$"
    ):
        permissions.require(UserFactory(), Ability.OPEN_CALL)


def test_require_voice_passes_heads_of_the_agency():
    mandate = MandateFactory(starts_at=NOON)

    Standing.of(mandate.person, at=NOON).require_voice(mandate.agency)


def test_require_voice_names_the_capacity_that_falls_short():
    mandate = MandateFactory(
        agency=AgencyFactory(code="ESA"), capacity=Capacity.STAFF, starts_at=NOON
    )

    with pytest.raises(PermissionDenied, match=r"takes ESA's position: your mandate .* of staff"):
        Standing.of(mandate.person, at=NOON).require_voice(mandate.agency)


def test_require_voice_names_the_mandate_that_is_missing():
    esa, nasa = AgencyFactory(code="ESA"), AgencyFactory(code="NASA")
    head_of_nasa = MandateFactory(agency=nasa, starts_at=NOON).person

    with pytest.raises(PermissionDenied, match=r"you hold no mandate of ESA that is valid today"):
        Standing.of(head_of_nasa, at=NOON).require_voice(esa)


def test_voices_stand_in_order_of_their_codes_each_once():
    person = UserFactory()
    for code in ("NASA", "ESA"):
        MandateFactory(agency=AgencyFactory(code=code), person=person, starts_at=NOON)

    assert [agency.code for agency in Standing.of(person, at=NOON).voices] == ["ESA", "NASA"]


def test_labels_turn_keys_into_words():
    assert permissions.labels(["agency:JAXA", "role:chair", "role:secretariat"]) == [
        "JAXA",
        "the chair",
        "the secretariat",
    ]
