"""The page of liaison organisations (rule 9)."""

import pytest
from django.urls import reverse

from isecg import stale
from isecg.events.models import Event
from tests.factories import UserFactory
from workgroups.models import LiaisonOrganisation

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
