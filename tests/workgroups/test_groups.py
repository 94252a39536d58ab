"""Working groups: setting up, members, duties, closing (rule 8)."""

from datetime import UTC, datetime, timedelta

import pytest
import time_machine
from django.core.exceptions import PermissionDenied
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from isecg import stale
from isecg.events.models import Event
from tests.factories import (
    AgencyFactory,
    GroupRoleFactory,
    MandateFactory,
    UserFactory,
    WorkingGroupFactory,
)
from workgroups import openwork
from workgroups.models import GroupMember, GroupRole, WorkingGroup
from workgroups.permissions import Standing
from workgroups.roles import GroupDuty, Role
from workgroups.services import groups as services
from workgroups.services.errors import RefusedError

pytestmark = pytest.mark.django_db

NOON = datetime(2026, 3, 6, 12, tzinfo=UTC)
HOUR = timedelta(hours=1)


@pytest.fixture
def secretariat():
    return UserFactory(name="Sofia", is_secretariat=True, time_zone="Europe/Paris")


@pytest.fixture
def open_products(monkeypatch):
    """Let a test say how many open products a group has."""
    counts = {}
    monkeypatch.setattr(openwork, "_counters", [lambda group: counts.get(group.code, 0)])
    return counts


# --- Services ---------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "act",
    [
        lambda group, by: services.add_group("X", name="X", reason="r", by=by),
        lambda group, by: services.edit_group(group, revision=0, reason="r", by=by, name="X"),
        lambda group, by: services.close_group(group, end="2026", reason="r", by=by),
        lambda group, by: services.add_group_member(
            group, agency=AgencyFactory(), start="", reason="r", by=by
        ),
        lambda group, by: services.end_group_member(
            group.members.get(), end="2026", reason="r", by=by
        ),
        lambda group, by: services.add_group_role(
            group, person=by, duty="editor", starts_at=NOON, reason="r", by=by
        ),
        lambda group, by: services.end_group_role(group.roles.get(), reason="r", by=by),
    ],
)
def test_only_the_secretariat_keeps_groups_not_even_co_chairs(act):
    role = GroupRoleFactory(duty=GroupDuty.CO_CHAIR)
    GroupMember(group=role.group, agency=AgencyFactory()).save_as(None, "a test")
    events = Event.objects.count()

    with pytest.raises(PermissionDenied, match="Only the secretariat may keep the roster"):
        act(role.group, role.person)

    assert Event.objects.count() == events


def test_add_group_keeps_who_and_why(secretariat):
    group = services.add_group("ERWG", name="Roadmap", reason="Berlin.", by=secretariat)

    row, event = group.history.get(), Event.objects.order_by("-seq").first()
    assert (row.history_user, row.history_change_reason) == (secretariat, "Berlin.")
    assert (event.event, event.subject) == ("group.added", f"workinggroup:{group.pk}")


@pytest.mark.parametrize("code", ["IAWG", "iawg", "new", "New"])
def test_add_group_refuses_a_code_that_is_taken(secretariat, code):
    WorkingGroupFactory(code="IAWG")

    with pytest.raises(RefusedError, match="already"):
        services.add_group(code, name="X", reason="r", by=secretariat)


@pytest.mark.parametrize(
    ("link", "says"), [("predecessor", "its own predecessor"), ("parent", "part of itself")]
)
def test_edit_group_refuses_a_circle(secretariat, link, says):
    first = WorkingGroupFactory(code="ISWG")
    second = WorkingGroupFactory(code="IAWG", **{link: first})

    with pytest.raises(RefusedError, match=says):
        services.edit_group(
            first, revision=stale.revision(first), reason="r", by=secretariat, **{link: second}
        )

    first.refresh_from_db()
    assert getattr(first, link) is None


def test_edit_group_refuses_a_stale_form(secretariat):
    group = WorkingGroupFactory(name="Old")

    with pytest.raises(stale.StaleError):
        services.edit_group(group, revision=0, reason="r", by=secretariat, name="Young")


def test_close_group_is_refused_while_it_has_open_products(secretariat, open_products):
    group = WorkingGroupFactory(code="IAWG")
    open_products["IAWG"] = 2

    with pytest.raises(RefusedError, match=r"^IAWG has 2 open products: move them to another"):
        services.close_group(group, end="2026-03-06", reason="r", by=secretariat)

    group.refresh_from_db()
    assert group.end == ""


@time_machine.travel(NOON, tick=False)
def test_close_group_ends_its_duties(secretariat, open_products):
    open_products["IAWG"] = 2
    role = GroupRoleFactory(
        group=WorkingGroupFactory(code="ERWG"), starts_at=NOON - HOUR, duty=GroupDuty.EDITOR
    )

    services.close_group(role.group, end="2026-03-06", reason="Done.", by=secretariat)

    role.refresh_from_db()
    assert (role.group.end, role.ends_at) == ("2026-03-06", NOON)
    assert not Standing.of(role.person).holds(Role.EDITOR, group_id=role.group_id)


def test_closed_group_takes_nothing_more(secretariat):
    group = WorkingGroupFactory(code="EPE", end="2010")

    with pytest.raises(RefusedError, match="EPE was closed on 2010"):
        services.close_group(group, end="2026", reason="r", by=secretariat)
    with pytest.raises(RefusedError, match="EPE was closed on 2010"):
        services.add_group_member(
            group, agency=AgencyFactory(), start="", reason="r", by=secretariat
        )
    with pytest.raises(RefusedError, match="EPE was closed on 2010"):
        services.add_group_role(
            group, person=UserFactory(), duty="editor", starts_at=NOON, reason="r", by=secretariat
        )


def test_group_members_come_go_and_come_back(secretariat):
    group, agency = WorkingGroupFactory(code="IAWG"), AgencyFactory(code="JAXA")
    member = services.add_group_member(
        group, agency=agency, start="2009", reason="r", by=secretariat
    )

    with pytest.raises(RefusedError, match="JAXA is in IAWG already"):
        services.add_group_member(group, agency=agency, start="", reason="r", by=secretariat)
    with pytest.raises(RefusedError, match="JAXA in IAWG starts on 2009"):
        services.end_group_member(member, end="2008", reason="r", by=secretariat)
    services.end_group_member(member, end="2011", reason="r", by=secretariat)
    with pytest.raises(RefusedError, match="ended on 2011"):
        services.end_group_member(member, end="2012", reason="r", by=secretariat)
    services.add_group_member(group, agency=agency, start="2013", reason="r", by=secretariat)

    assert list(group.members.values_list("start", "end").order_by("start")) == [
        ("2009", "2011"),
        ("2013", ""),
    ]


@pytest.mark.parametrize(
    ("duty", "starts_at", "free"),
    [
        ("editor", NOON, False),
        ("editor", NOON + HOUR, True),
        ("co_chair", NOON, True),
    ],
)
def test_a_person_has_a_duty_once_at_a_time(secretariat, duty, starts_at, free):
    group, person = WorkingGroupFactory(), UserFactory()
    said = {"person": person, "reason": "r", "by": secretariat}
    services.add_group_role(group, duty="editor", starts_at=NOON, ends_at=NOON + HOUR, **said)

    if free:
        services.add_group_role(group, duty=duty, starts_at=starts_at, **said)
    else:
        with pytest.raises(RefusedError, match="in that time"):
            services.add_group_role(group, duty=duty, starts_at=starts_at, **said)

    assert group.roles.count() == (2 if free else 1)


@time_machine.travel(NOON, tick=False)
def test_end_group_role_ends_it_now_once(secretariat):
    role = GroupRoleFactory(starts_at=NOON - HOUR)

    with pytest.raises(RefusedError, match="now or later"):
        services.end_group_role(role, ends_at=NOON - HOUR / 2, reason="r", by=secretariat)
    services.end_group_role(role, reason="r", by=secretariat)
    with pytest.raises(RefusedError, match="ended on 6 Mar 2026 12:00 UTC"):
        services.end_group_role(role, reason="r", by=secretariat)

    assert GroupRole.objects.get().ends_at == NOON


# --- Pages --------------------------------------------------------------------------------------


def list_queries(client, count):
    for _ in range(count):
        parent = WorkingGroupFactory(lead_agency=AgencyFactory())
        group = WorkingGroupFactory(parent=parent, predecessor=parent)
        GroupMember(group=group, agency=AgencyFactory()).save_as(None, "a test")
    with CaptureQueriesContext(connection) as queries:
        client.get(reverse("groups"))
    return len(queries)


def test_groups_costs_the_same_at_any_length(client):
    client.force_login(UserFactory())

    assert list_queries(client, 5) == list_queries(client, 45)


def test_groups_counts_present_members_and_parts_closed_groups(client):
    WorkingGroupFactory(code="TWG")
    group = WorkingGroupFactory(code="IAWG")
    WorkingGroupFactory(code="EPE", end="2010")
    for end in ("", "", "2011"):
        GroupMember(group=group, agency=AgencyFactory(), end=end).save_as(None, "a test")
    client.force_login(UserFactory())

    response = client.get(reverse("groups"))

    assert [(row.code, row.member_count) for row in response.context["open_groups"]] == [
        ("IAWG", 2),
        ("TWG", 0),
    ]
    assert [row.code for row in response.context["closed_groups"]] == ["EPE"]


def group_queries(client, count):
    group = WorkingGroupFactory(lead_agency=AgencyFactory())
    for _ in range(count):
        GroupMember(group=group, agency=AgencyFactory()).save_as(None, "a test")
        GroupRoleFactory(group=group)
        WorkingGroupFactory(parent=group, predecessor=group)
    with CaptureQueriesContext(connection) as queries:
        client.get(group.get_absolute_url())
    return len(queries)


def test_group_costs_the_same_at_any_length(client, secretariat):
    client.force_login(secretariat)

    assert group_queries(client, 1) == group_queries(client, 10)


def test_group_shows_duties_to_people_of_members_only(client):
    role = GroupRoleFactory(person=UserFactory(name="Edda Editor", email="edda@example.org"))
    pages = []
    for reader in (MandateFactory().person, UserFactory()):
        client.force_login(reader)
        pages.append(client.get(role.group.get_absolute_url()).content.decode())

    assert ["Edda Editor" in page for page in pages] == [True, False]
    assert ["edda@example.org" in page for page in pages] == [False, False]


def test_group_shows_what_it_became(client):
    first = WorkingGroupFactory(code="ISWG")
    WorkingGroupFactory(code="IAWG", predecessor=first)
    client.force_login(UserFactory())

    assert "/groups/IAWG/" in client.get("/groups/ISWG/").content.decode()
    assert "/groups/ISWG/" in client.get("/groups/IAWG/").content.decode()
    assert client.get("/groups/NONE/").status_code == 404


PAGES = ["group_edit", "group_close", "group_member_add", "group_role_add"]


@pytest.mark.parametrize("name", PAGES)
@pytest.mark.parametrize("method", ["get", "post"])
def test_forms_are_refused_to_others(client, name, method):
    role = GroupRoleFactory(duty=GroupDuty.CO_CHAIR)
    client.force_login(role.person)

    response = getattr(client, method)(reverse(name, args=[role.group.code]))

    assert response.status_code == 403


@pytest.mark.parametrize("name", PAGES)
def test_forms_open_for_the_secretariat(client, secretariat, name):
    client.force_login(secretariat)

    assert client.get(reverse(name, args=[WorkingGroupFactory().code])).status_code == 200


def test_group_pages_carry_a_group_through_its_life(client, secretariat, open_products):
    agency, person = AgencyFactory(code="JAXA"), UserFactory()
    client.force_login(secretariat)

    def post(page, /, *args, **typed):
        return client.post(reverse(page, args=args), typed | {"reason": "Agreed."})

    new = {"code": "TWG", "name": "Technology", "kind": "working_group", "confidence": "own"}
    answers = [post("group_new", **new)]
    answers.append(post("group_member_add", "TWG", agency=agency.pk, start="2026"))
    answers.append(
        post("group_role_add", "TWG", person=person.pk, duty="editor", first_day="2026-03-06")
    )
    group = WorkingGroup.objects.get()
    role, member = group.roles.get(), group.members.get()
    answers.append(post("group_role_end", "TWG", role.pk))
    answers.append(post("group_member_end", "TWG", member.pk, end="2026"))
    answers.append(post("group_close", "TWG", end="2026-11"))

    group.refresh_from_db()
    assert [(answer.status_code, answer.url) for answer in answers] == [(302, "/groups/TWG/")] * 6
    # Midnight where the secretariat's person is.
    assert role.starts_at == datetime(2026, 3, 5, 23, tzinfo=UTC)
    assert group.end == "2026-11"


def test_group_close_shows_the_refusal_and_keeps_what_was_typed(client, secretariat, open_products):
    group = WorkingGroupFactory(code="IAWG")
    open_products["IAWG"] = 1
    client.force_login(secretariat)

    response = client.post(
        reverse("group_close", args=["IAWG"]), {"end": "2026-03", "reason": "Work is done."}
    )

    shown = response.content.decode()
    assert response.status_code == 422
    assert "IAWG has 1 open product: move them to another group first." in shown
    assert 'value="2026-03"' in shown
    assert 'value="Work is done."' in shown
    assert WorkingGroup.objects.get(pk=group.pk).end == ""
