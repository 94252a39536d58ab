"""An agency that takes over the seat of another (rules 1 to 4): the act and its page."""

from datetime import UTC, date, datetime, timedelta

import pytest
import time_machine
from django.core.exceptions import PermissionDenied
from django.db import IntegrityError, transaction
from django.urls import reverse

from isecg import clock
from isecg.events.models import Event
from isecg.mail.models import Letter
from tests.factories import (
    AgencyFactory,
    ChairTermFactory,
    MandateFactory,
    MeetingFactory,
    MembershipFactory,
    UserFactory,
    WorkingGroupFactory,
)
from workgroups.models import Agency, AgencyName, GroupMember, Mandate, Succession
from workgroups.permissions import Standing
from workgroups.roles import Capacity
from workgroups.services import chair
from workgroups.services.errors import RefusedError
from workgroups.services.succession import succeed

pytestmark = pytest.mark.django_db

NOON = datetime(2026, 3, 2, 12, tzinfo=UTC)
TODAY, FIRST_DAY = NOON.date(), date(2026, 2, 20)


@pytest.fixture(autouse=True)
def _noon():
    with time_machine.travel(NOON, tick=False):
        yield


@pytest.fixture
def secretariat():
    return UserFactory(name="Sofia", is_secretariat=True)


@pytest.fixture
def old():
    return AgencyFactory(code="OLD", name="Old Agency")


@pytest.fixture
def new():
    return AgencyFactory(code="NEO", name="New Agency", member=False)


def enter(old, new, secretariat, **changed):
    given = {"successor": new, "first_day": FIRST_DAY, "source": "Note 12", "reason": "A law."}
    return succeed(old, **given | changed, by=secretariat)


def memberships(agency):
    return list(agency.memberships.values_list("start", "end"))


def mandates(agency):
    rows = agency.mandates.order_by("person__name", "starts_at")
    return [(row.person.name, row.capacity, row.starts_at, row.ends_at) for row in rows]


def member_of(group, agency, start="2020", end=""):
    GroupMember(group=group, agency=agency, start=start, end=end).save_as(None, "factory")


def parts_in(group):
    return list(group.members.values_list("agency__code", "start", "end").order_by("pk"))


# --- What passes --------------------------------------------------------------------


def test_the_membership_passes_on_the_first_day(old, new, secretariat):
    row = enter(old, new, secretariat)

    assert (row.former, row.successor, row.first_day, row.entered_at, row.source) == (
        old,
        new,
        FIRST_DAY,
        NOON,
        "Note 12",
    )
    assert memberships(old) == [("2007-11", "2026-02-20")]
    assert memberships(new) == [("2026-02-20", "")]
    for day, member in ((date(2026, 2, 19), old), (FIRST_DAY, new), (TODAY, new)):
        assert list(Agency.objects.members_on(day)) == [member]


def test_a_successor_that_is_a_member_stays_one(old, secretariat):
    new = AgencyFactory()

    enter(old, new, secretariat)

    assert memberships(new) == [("2007-11", "")]
    assert memberships(old) == [("2007-11", "2026-02-20")]


def test_a_former_member_takes_over_as_a_member_again(old, new, secretariat):
    MembershipFactory(agency=new, start="2010", end="2026-02-20")

    enter(old, new, secretariat)

    assert memberships(new) == [("2010", "2026-02-20"), ("2026-02-20", "")]


def test_the_people_hold_the_same_capacity_of_the_successor_from_now(old, new, secretariat):
    until, since = NOON + timedelta(days=90), NOON - timedelta(days=200)
    head = MandateFactory(agency=old, person__name="Ada")
    MandateFactory(agency=old, person__name="Bob", capacity=Capacity.STAFF, ends_at=until)
    MandateFactory(agency=old, person__name="Eve", ends_at=NOON - timedelta(days=1))

    enter(old, new, secretariat)

    assert mandates(old) == [
        ("Ada", "head", since, NOON),
        ("Bob", "staff", since, NOON),
        ("Eve", "head", since, NOON - timedelta(days=1)),
    ]
    assert mandates(new) == [("Ada", "head", NOON, None), ("Bob", "staff", NOON, until)]
    granted = new.mandates.order_by().values_list("granted_by", "reference").distinct()
    assert list(granted) == [("Succession of OLD by NEO", "Note 12")]
    assert Standing.of(head.person).voices == [new]


def test_without_the_mandates_the_seat_of_the_successor_is_vacant(old, new, secretariat):
    head = MandateFactory(agency=old).person

    enter(old, new, secretariat, carry_mandates=False)

    assert mandates(new) == []
    assert old.mandates.get().ends_at == NOON
    assert Standing.of(head).agencies == []


def test_who_holds_a_mandate_of_the_successor_keeps_that_one(old, secretariat):
    new = AgencyFactory()
    both = MandateFactory(agency=old).person
    MandateFactory(agency=new, person=both, capacity=Capacity.STAFF)
    MandateFactory(agency=old, person=both, starts_at=NOON + timedelta(days=9))

    enter(old, new, secretariat)

    held = new.mandates.get()
    assert (held.person, held.capacity, held.granted_by) == (both, "staff", "The Director")
    assert old.mandates.earliest("starts_at").ends_at == NOON


def test_who_may_not_sign_in_gets_no_mandate(old, new, secretariat):
    MandateFactory(agency=old, person=UserFactory(is_active=False))

    enter(old, new, secretariat)

    assert mandates(new) == []
    assert old.mandates.get().ends_at == NOON


@pytest.mark.parametrize("carry", [True, False])
def test_a_mandate_that_has_not_begun_becomes_the_successors(old, new, secretariat, carry):
    ahead = NOON + timedelta(days=9)
    mandate = MandateFactory(agency=old, starts_at=ahead)

    enter(old, new, secretariat, carry_mandates=carry)

    mandate.refresh_from_db()
    assert (mandate.agency, mandate.starts_at, mandate.ends_at) == (
        new if carry else old,
        ahead,
        None,
    )
    assert Mandate.objects.count() == 1
    with clock.at(ahead):
        assert Standing.of(mandate.person).voices == ([new] if carry else [])


def test_groups_pass_and_a_group_of_both_keeps_one(old, new, secretariat):
    mine, shared, late, left = (WorkingGroupFactory() for _ in range(4))
    closed = WorkingGroupFactory(start="2010", end="2015")
    member_of(mine, old, end="2026-12-31")
    member_of(shared, new)
    member_of(shared, old)
    member_of(late, old, start="2026-02-25")
    member_of(left, old, end="2025-01-01")
    member_of(closed, old)

    enter(old, new, secretariat)

    day = "2026-02-20"
    assert parts_in(mine) == [("OLD", "2020", day), ("NEO", day, "2026-12-31")]
    assert parts_in(shared) == [("NEO", "2020", ""), ("OLD", "2020", day)]
    assert parts_in(late) == [("OLD", "2026-02-25", "2026-02-25"), ("NEO", "2026-02-25", "")]
    assert parts_in(left) == [("OLD", "2020", "2025-01-01")]
    assert parts_in(closed) == [("OLD", "2020", "")]


def test_led_groups_get_the_new_lead_agency(old, new, secretariat):
    led = WorkingGroupFactory(lead_agency=old)
    closed = WorkingGroupFactory(lead_agency=old, start="2010", end="2015")

    enter(old, new, secretariat)

    led.refresh_from_db()
    closed.refresh_from_db()
    assert (led.lead_agency, closed.lead_agency) == (new, old)


def test_the_event_stands_on_both_agencies(old, new, secretariat):
    head = MandateFactory(agency=old).person
    group = WorkingGroupFactory(code="WGX", lead_agency=old)
    member_of(group, old)

    enter(old, new, secretariat)

    first, second = Event.objects.order_by("seq")
    assert (first.event, first.subject, first.actor) == (
        "agency.succeeded",
        f"agency:{old.pk}",
        f"user:{secretariat.pk}",
    )
    assert (second.event, second.subject) == ("agency.took_over", f"agency:{new.pk}")
    passed = {
        "first_day": "2026-02-20",
        "source": "Note 12",
        "mandates": [{"person": f"user:{head.pk}", "capacity": "head"}],
        "groups": ["WGX"],
        "led_groups": ["WGX"],
    }
    assert first.payload["after"] == {
        "successor": "NEO",
        "mandates_ended": passed["mandates"],
        **passed,
    }
    assert first.payload["also"] == [f"agency:{new.pk}", f"user:{head.pk}"]
    assert second.payload["after"] == {"former": "OLD", "became_member": True, **passed}
    assert old.memberships.get().history.latest().history_change_reason == (
        "Succession of OLD by NEO: A law."
    )


@pytest.mark.parametrize("carry", [True, False])
def test_the_people_of_both_agencies_are_told(old, new, secretariat, carry):
    people = [MandateFactory(agency=agency).person.pk for agency in (old, old, new)]
    MandateFactory()

    enter(old, new, secretariat, carry_mandates=carry)

    letters = Letter.objects.filter(kind="agency.succeeded")
    assert sorted(letters.values_list("recipient", flat=True)) == people
    letter = letters.first()
    assert letter.subject == "NEO takes the place of OLD"
    assert (
        "New Agency (NEO) takes the place of Old Agency (OLD) in ISECG from 20 February"
        in letter.text
    )
    assert "Source: Note 12\nA law." in letter.text


def test_a_chain_of_successions_is_possible_and_forks_are_not(old, new, secretariat):
    last = AgencyFactory(code="LAST", member=False)
    enter(old, new, secretariat)
    enter(new, last, secretariat, first_day=date(2026, 2, 25))

    assert list(Succession.objects.values_list("former__code", "successor__code")) == [
        ("OLD", "NEO"),
        ("NEO", "LAST"),
    ]
    with pytest.raises(RefusedError, match="OLD was succeeded by NEO on 20 February 2026"):
        enter(last, old, secretariat)
    with pytest.raises(RefusedError, match="OLD was succeeded by NEO"):
        enter(old, last, secretariat)


# --- What is refused ----------------------------------------------------------------


def refused(old, new, secretariat, words, **changed):
    with pytest.raises(RefusedError, match=words):
        enter(old, new, secretariat, **changed)
    assert not Succession.objects.exists()
    assert memberships(old) in ([("2007-11", "")], [])
    assert not Event.objects.exists()


def test_an_agency_does_not_succeed_itself(old, secretariat):
    refused(old, Agency.objects.get(pk=old.pk), secretariat, "does not succeed itself")


def test_the_database_refuses_what_must_never_be(old, new):
    def save(former, successor):
        row = Succession(former=former, successor=successor, first_day=TODAY, entered_at=NOON)
        with transaction.atomic():
            row.save_as(None, "test")

    with pytest.raises(IntegrityError):
        save(old, old)
    save(old, new)
    with pytest.raises(IntegrityError):
        save(old, AgencyFactory())


def test_a_succession_is_not_entered_ahead_of_its_day(old, new, secretariat):
    refused(old, new, secretariat, "not ahead of it", first_day=TODAY + timedelta(days=1))

    assert enter(old, new, secretariat, first_day=TODAY).first_day == TODAY


def test_who_is_no_member_has_no_seat_that_could_pass(new, secretariat):
    never = AgencyFactory(member=False)

    refused(never, new, secretariat, "is not a member today")


def test_a_membership_that_ended_has_no_seat_that_could_pass(new, secretariat):
    gone = AgencyFactory(member=False)
    MembershipFactory(agency=gone, end="2026-03-02")

    with pytest.raises(RefusedError, match="is not a member today"):
        enter(gone, new, secretariat)


@pytest.mark.parametrize(
    "known", [{"start": "2026-02-20"}, {"start": "", "attested_on": "2026-02-20"}]
)
def test_a_successor_comes_after_the_membership_began(new, secretariat, known):
    young = AgencyFactory(member=False)
    MembershipFactory(agency=young, **known)

    with pytest.raises(RefusedError, match="is a member since 20 February 2026"):
        enter(young, new, secretariat)
    enter(young, new, secretariat, first_day=date(2026, 2, 21))


def test_the_agency_in_the_chair_hands_over_first(old, new, secretariat):
    ChairTermFactory(agency=old)

    refused(old, new, secretariat, "OLD has the chair: hand over the chair first")


def test_the_next_agency_in_the_chair_is_replaced_first(old, new, secretariat):
    ChairTermFactory(agency=old, starts_at=NOON + timedelta(days=30))

    refused(old, new, secretariat, "OLD is to take over the chair")


def test_a_term_that_ended_holds_nothing_up(old, new, secretariat):
    ChairTermFactory(agency=old, ends_at=NOON)

    assert enter(old, new, secretariat).successor == new


def test_the_chair_is_not_handed_to_who_was_succeeded(old, new, secretariat):
    enter(old, new, secretariat)

    with pytest.raises(RefusedError, match="OLD is not a member at that instant"):
        chair.hand_over(
            old,
            person=None,
            at=NOON + timedelta(days=1),
            zone="UTC",
            meeting=MeetingFactory(),
            reason="x",
            by=secretariat,
        )


@pytest.mark.parametrize(
    ("held", "words"),
    [
        ({"start": "2010", "end": "2026-02-25"}, "was a member until 25 February 2026"),
        ({"start": "2026-06-01"}, "that has not begun"),
    ],
)
def test_a_membership_of_the_successor_stands_in_the_way(old, new, secretariat, held, words):
    MembershipFactory(agency=new, **held)

    refused(old, new, secretariat, words)


@pytest.mark.parametrize("kind", ["superuser", "head", "chair"])
def test_it_is_an_act_of_the_secretariat_alone(old, new, kind):
    person = {
        "superuser": lambda: UserFactory(is_superuser=True, is_staff=True),
        "head": lambda: MandateFactory(agency=old).person,
        "chair": lambda: ChairTermFactory(person=MandateFactory().person).person,
    }[kind]()

    with pytest.raises(PermissionDenied, match="Only the secretariat may keep the roster"):
        enter(old, new, person)

    assert not Succession.objects.exists()


# --- Pages --------------------------------------------------------------------------


def url_of(agency):
    return reverse("agency_succession", args=[agency.key])


def typed(new, **changed):
    given = {"successor": new.pk, "first_day": "2026-02-20", "carry_mandates": "on"}
    return given | {"source": "Note 12", "reason": "A law."} | changed


def test_the_sheet_says_what_will_pass_and_enters_nothing(client, old, new, secretariat):
    MandateFactory(agency=old, person__name="Ada")
    MandateFactory(agency=old, person__name="Ben", starts_at=NOON + timedelta(days=9))
    member_of(WorkingGroupFactory(code="WGX"), old)
    WorkingGroupFactory(code="WGY", lead_agency=old)
    client.force_login(secretariat)

    response = client.post(url_of(old), typed(new))

    text = " ".join(response.content.decode().split())
    assert response.status_code == 200
    assert not Succession.objects.exists()
    for words in (
        "NEO in place of OLD?",
        "That of OLD ends. NEO is a member from that day on.",
        "<dd>WGX</dd>",
        "<dd>WGY</dd>",
        'Ada, head of delegation</span> <span class="row-side">passes to NEO',
        'Ben, head of delegation, not begun</span> <span class="row-side">passes to NEO',
        '<input type="hidden" name="carry_mandates" value="True"',
    ):
        assert words in text


def test_the_sheet_says_that_mandates_end(client, old, new, secretariat):
    MandateFactory(agency=old, person__name="Ada")
    client.force_login(secretariat)

    response = client.post(url_of(old), typed(new, carry_mandates=""))

    text = " ".join(response.content.decode().split())
    assert 'Ada, head of delegation</span> <span class="row-side">ends</span>' in text
    assert '<input type="hidden" name="carry_mandates" value="False"' in text


@pytest.mark.parametrize(("carry", "count"), [("True", 1), ("False", 0)])
def test_confirmed_it_is_entered(client, old, new, secretariat, carry, count):
    MandateFactory(agency=old)
    client.force_login(secretariat)

    sent = typed(new, carry_mandates=carry, confirm="yes")
    response = client.post(url_of(old), sent, follow=True)

    assert response.redirect_chain == [("/agencies/old/", 302)]
    assert "NEO takes the place of OLD." in response.content.decode()
    assert (Succession.objects.count(), new.mandates.count()) == (1, count)
    again = client.post(url_of(old), sent)
    assert again.status_code == 422
    assert again.context["form"].non_field_errors() == [
        "OLD was succeeded by NEO on 20 February 2026."
    ]


@pytest.mark.parametrize("confirm", [{}, {"confirm": "yes"}])
@pytest.mark.parametrize(
    ("changed", "field", "words"),
    [
        ({"first_day": "2026-03-03"}, "__all__", "not ahead of it"),
        ({"first_day": "2007-10-31"}, "__all__", "is a member since November 2007"),
        ({"first_day": "soon"}, "first_day", "Enter a valid date"),
        ({"successor": ""}, "successor", "This field is required"),
        ({"source": ""}, "source", "This field is required"),
        ({"reason": ""}, "reason", "This field is required"),
    ],
)
def test_refusals_stand_beside_their_field(
    client, old, new, secretariat, changed, field, words, confirm
):
    client.force_login(secretariat)

    response = client.post(url_of(old), typed(new) | changed | confirm)

    form = response.context["form"]
    assert response.status_code == 422
    assert list(form.errors) == [field]
    assert words in form.errors[field][0]
    assert form["source"].value() == (typed(new) | changed)["source"]
    assert not Succession.objects.exists()


def test_only_agencies_that_can_succeed_are_offered(client, old, new, secretariat):
    gone, heir = AgencyFactory(), AgencyFactory()
    enter(gone, heir, secretariat)
    client.force_login(secretariat)

    response = client.get(url_of(old))

    assert list(response.context["form"].fields["successor"].queryset) == [heir, new]


def test_the_page_is_the_secretariats_and_of_agencies_that_exist(client, old, secretariat):
    client.force_login(MandateFactory(agency=old).person)
    assert client.get(url_of(old)).status_code == 403
    assert client.post(url_of(old), {}).status_code == 403
    client.force_login(secretariat)
    assert client.get("/agencies/none/succession/").status_code == 404


def actions_of(client, agency):
    return dict(client.get(agency.get_absolute_url()).context["actions"])


def test_the_agencys_page_leads_to_the_form_while_it_can_be_succeeded(
    client, old, new, secretariat
):
    client.force_login(secretariat)
    assert actions_of(client, old)["Enter a successor"] == url_of(old)
    assert "Enter a successor" not in actions_of(client, new)

    enter(old, new, secretariat)

    assert "Enter a successor" not in actions_of(client, old)
    assert "Enter a successor" in actions_of(client, new)


def test_the_pages_of_both_lead_to_each_other_and_an_alias_to_the_former(
    client, old, new, secretariat
):
    AgencyName(agency=old, code="OLDER", name="Older Agency", end="2015").save_as(None, "test")
    enter(old, new, secretariat)
    client.force_login(UserFactory())

    found = client.get(reverse("agencies"), {"q": "older"})
    former = client.get("/agencies/old/").content.decode()
    successor = client.get("/agencies/neo/").content.decode()

    assert [row["agency"] for row in found.context["rows"]] == [old]
    assert 'succeeded by <a href="/agencies/neo/">NEO</a>' in found.content.decode()
    assert 'Succeeded by <a href="/agencies/neo/">New Agency (NEO)</a>' in former
    assert 'takes the place of <a href="/agencies/old/">Old Agency (OLD)</a>' in successor
    assert (old.name_on(date(2015, 6, 1))[0], old.name_on(TODAY)[0]) == ("OLDER", "OLD")


def test_members_of_a_day_are_listed_with_who_had_the_seat_then(client, old, new, secretariat):
    enter(old, new, secretariat)
    client.force_login(UserFactory())

    for day, code in (("2026-02-19", "OLD"), ("2026-02-20", "NEO")):
        response = client.get(reverse("agencies"), {"on": day})
        assert [row["code"] for row in response.context["rows"]] == [code]
