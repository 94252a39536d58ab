"""The page of liaison organisations (rule 9)."""

from datetime import timedelta

import pytest
from django.urls import reverse

from isecg import clock, stale
from isecg.events import log
from isecg.events.models import Event
from tests.factories import (
    AgencyFactory,
    LiaisonContactFactory,
    LiaisonOrganisationFactory,
    MandateFactory,
    UserFactory,
)
from workgroups.models import LiaisonOrganisation
from workgroups.permissions import Standing
from workgroups.roles import Role
from workgroups.services import liaison as services
from workgroups.services import people
from workgroups.services.errors import RefusedError

pytestmark = pytest.mark.django_db


def test_liaison_shows_each_with_its_source_and_what_is_unknown(client):
    LiaisonOrganisation(
        code="COSPAR",
        name="Committee on Space Research",
        relation="Joint workshop.",
        source="A page of 2016",
        confidence="high",
    ).save_as(None, "a test")
    client.force_login(UserFactory())

    shown = client.get(reverse("liaison")).content.decode()

    for text in ("COSPAR", "Joint workshop.", "A page of 2016", "high confidence", "not known"):
        assert text in shown
    assert "hold no position" in shown


def test_liaison_wants_a_sign_in(client):
    assert (
        client.get(reverse("liaison")).url
        == f"{reverse('account_login')}?next={reverse('liaison')}"
    )


def test_liaison_takes_no_post(client):
    client.force_login(UserFactory())

    assert client.post(reverse("liaison")).status_code == 405


FIELDS = {
    "name": "Committee on Space Research",
    "relation": "Joint workshop.",
    "founded": "1958",
    "confidence": "own",
    "reason": "Agreed at the plenary",
}


@pytest.fixture
def secretariat(client):
    person = UserFactory(is_secretariat=True)
    client.force_login(person)
    return person


def test_liaison_is_entered_with_its_reason(client, secretariat):
    answer = client.post(reverse("liaison_new"), {"code": "COSPAR"} | FIELDS)

    assert answer.url == reverse("liaison")
    row = LiaisonOrganisation.objects.get(code="COSPAR")
    assert (row.name, row.founded) == ("Committee on Space Research", "1958")
    kept = row.history.get()
    assert (kept.history_user, kept.history_change_reason) == (
        secretariat,
        "Agreed at the plenary",
    )
    assert Event.objects.get().event == "liaison.added"


@pytest.mark.parametrize(
    ("change", "field", "sentence"),
    [
        ({"code": "cospar"}, "__all__", "There is an organisation “cospar” already."),
        ({"code": "new"}, "__all__", "There is an organisation “new” already."),
        ({"founded": "1958-13"}, "founded", "“1958-13” is not a day of the calendar."),
        ({"reason": ""}, "reason", "This field is required."),
    ],
)
def test_liaison_is_refused_and_what_was_typed_is_kept(
    client, secretariat, change, field, sentence
):
    client.post(reverse("liaison_new"), {"code": "COSPAR"} | FIELDS)
    sent = {"code": "ILEWG"} | FIELDS | change

    answer = client.post(reverse("liaison_new"), sent)

    assert answer.status_code == 422
    assert answer.context["form"].errors == {field: [sentence]}
    assert answer.context["form"]["relation"].value() == "Joint workshop."
    assert LiaisonOrganisation.objects.count() == 1


def test_liaison_edit_refuses_a_stale_form(client, secretariat):
    client.post(reverse("liaison_new"), {"code": "COSPAR"} | FIELDS)
    row = LiaisonOrganisation.objects.get()
    address = reverse("liaison_edit", args=["COSPAR"])
    first = FIELDS | {"revision": stale.revision(row), "relation": "Two workshops."}

    done = client.post(address, first)
    late = client.post(address, first | {"relation": "Three workshops."})

    assert (done.status_code, late.status_code) == (302, 422)
    row.refresh_from_db()
    assert row.relation == "Two workshops."
    assert late.context["form"]["relation"].value() == "Three workshops."


def test_liaison_is_kept_by_the_secretariat_alone(client):
    LiaisonOrganisation(code="COSPAR", name="C", relation="R").save_as(None, "a test")
    client.force_login(UserFactory())

    answers = [
        client.post(reverse("liaison_new"), {"code": "ILEWG"} | FIELDS),
        client.post(reverse("liaison_edit", args=["COSPAR"]), FIELDS),
    ]

    assert [answer.status_code for answer in answers] == [403, 403]
    assert list(LiaisonOrganisation.objects.values_list("code", "name")) == [("COSPAR", "C")]
    assert reverse("liaison_new") not in client.get(reverse("liaison")).content.decode()


# --- Contacts ---------------------------------------------------------------------


@pytest.fixture
def ilewg():
    return LiaisonOrganisationFactory(code="ILEWG")


def enter(client, organisation, person, **fields):
    sent = {"person": person.pk, "first_day": "2026-01-01", "until": "", "reason": "Letter of May"}
    address = reverse("liaison_contact_new", args=[organisation.code])
    return client.post(address, sent | fields)


def test_a_contact_is_entered_with_its_reason(client, secretariat, ilewg):
    person = UserFactory()

    answer = enter(client, ilewg, person)

    assert answer.url == reverse("liaison")
    contact = ilewg.contacts.get()
    assert (contact.person, contact.ends_at) == (person, None)
    kept = contact.history.get()
    assert (kept.history_user, kept.history_change_reason) == (secretariat, "Letter of May")
    event = Event.objects.get()
    assert (event.event, event.subject) == ("liaison.contact_added", log.reference(ilewg))
    standing = Standing.of(person)
    assert (standing.liaisons, standing.holds(Role.LIAISON)) == ((ilewg,), True)
    assert (standing.agencies, standing.voices) == ([], [])


def test_a_contact_is_refused_to_who_has_a_voice_and_the_other_way_round(
    client, secretariat, ilewg
):
    head = MandateFactory(agency=AgencyFactory(code="JAXA")).person
    contact = LiaisonContactFactory(organisation=ilewg).person

    as_contact = enter(client, ilewg, head)
    with pytest.raises(RefusedError) as refused:
        people.grant_mandate(
            AgencyFactory(),
            person=contact,
            capacity="staff",
            starts_at=clock.now(),
            granted_by="The Director",
            reason="Asked for",
            by=secretariat,
        )

    assert as_contact.status_code == 422
    assert as_contact.context["form"].errors["__all__"] == [
        f"{head} is head of delegation of JAXA in that time, and a contact never has a voice: "
        "end that mandate first."
    ]
    assert str(refused.value) == (
        f"{contact} is a contact of ILEWG in that time, and a contact never has a voice: "
        "end that first."
    )
    assert not contact.mandates.exists()
    assert not head.liaison_contacts.exists()


def test_who_held_a_mandate_before_may_be_a_contact_after_it(client, secretariat, ilewg):
    now = clock.now()
    former = MandateFactory(ends_at=now - timedelta(days=2)).person

    answer = enter(client, ilewg, former, first_day=now.date().isoformat())

    assert answer.status_code == 302


@pytest.mark.parametrize(
    ("who", "sentence"),
    [
        ("again", "is a contact of ILEWG in that time."),
        ("suspended", "Select a valid choice."),
        ("secretariat", "Select a valid choice."),
    ],
)
def test_a_contact_is_refused(client, secretariat, ilewg, who, sentence):
    person = {
        "again": lambda: LiaisonContactFactory(organisation=ilewg).person,
        "suspended": lambda: UserFactory(is_active=False),
        "secretariat": lambda: secretariat,
    }[who]()
    before = ilewg.contacts.count()

    answer = enter(client, ilewg, person)

    assert answer.status_code == 422
    assert sentence in str(answer.context["form"].errors)
    assert ilewg.contacts.count() == before


@pytest.mark.parametrize("fields", [{"is_active": False}, {"is_secretariat": True}])
def test_the_service_refuses_as_contact_who_needs_none(secretariat, ilewg, fields):
    with pytest.raises(RefusedError):
        services.add_contact(
            ilewg,
            person=UserFactory(**fields),
            starts_at=clock.now(),
            reason="Asked for",
            by=secretariat,
        )


def test_a_contact_ends_and_reads_nothing_more(client, secretariat, ilewg):
    contact = LiaisonContactFactory(organisation=ilewg)
    address = reverse("liaison_contact_end", args=["ILEWG", contact.pk])

    done = client.post(address, {"ends_on": "", "reason": "Retired"})
    again = client.post(address, {"ends_on": "", "reason": "Retired"})

    assert (done.status_code, again.status_code) == (302, 422)
    assert Standing.of(contact.person).liaisons == ()
    assert Event.objects.get().event == "liaison.contact_ended"


def test_a_contact_does_not_end_in_the_past(secretariat, ilewg):
    contact = LiaisonContactFactory(organisation=ilewg)

    with pytest.raises(RefusedError, match="ends now or later"):
        services.end_contact(
            contact, ends_at=clock.now() - timedelta(days=1), reason="Late", by=secretariat
        )
    contact.refresh_from_db()
    assert contact.ends_at is None


def test_a_contact_is_of_nothing_while_a_mandate_is_in_force(ilewg):
    # The services refuse it; should the rows say so all the same, the mandate alone counts.
    contact = LiaisonContactFactory(organisation=ilewg)
    MandateFactory(person=contact.person)

    assert Standing.of(contact.person).liaisons == ()


def test_contacts_are_shown_to_who_may_see_people_and_to_themselves(client, ilewg):
    contact = LiaisonContactFactory(organisation=ilewg, person__name="Bernard Foing")
    LiaisonContactFactory(organisation=ilewg, person__name="Carla Other")
    ended = clock.now() - timedelta(days=1)
    LiaisonContactFactory(organisation=ilewg, person__name="Long Gone", ends_at=ended)
    readers = {
        "member": MandateFactory().person,
        "outsider": UserFactory(),
        "contact": contact.person,
    }

    shown = {}
    for who, person in readers.items():
        client.force_login(person)
        html = client.get(reverse("liaison")).content.decode()
        main = html[html.index("<main") : html.index("</main>")]
        shown[who] = [name for name in ("Foing", "Other", "Gone", "/end/") if name in main]

    assert shown == {"member": ["Foing", "Other"], "outsider": [], "contact": ["Foing"]}


def test_the_page_asks_no_more_for_more_organisations(client, django_assert_max_num_queries):
    for _ in range(20):
        LiaisonContactFactory()
    client.force_login(MandateFactory().person)

    with django_assert_max_num_queries(10):
        client.get(reverse("liaison"))
