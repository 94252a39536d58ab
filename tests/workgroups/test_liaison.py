"""The page of liaison organisations (rule 9)."""

import pytest
from django.urls import reverse

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
    assert client.get(reverse("liaison")).url == f"{reverse('sign_in')}?next={reverse('liaison')}"


def test_liaison_takes_no_post(client):
    client.force_login(UserFactory())

    assert client.post(reverse("liaison")).status_code == 405
