"""The product, and the version to be read, that an agenda item names (rule 39)."""

import pytest
from django.urls import reverse

from products.models import AgendaLink
from tests.factories import MeetingFactory, ProductFactory, UserFactory, VersionFactory
from workgroups.models import AgendaItem

pytestmark = pytest.mark.django_db


@pytest.fixture
def item():
    item = AgendaItem(meeting=MeetingFactory(), position=1, title="Surface power")
    item.save_as(None, "test")
    return item


@pytest.fixture
def secretariat(client):
    client.force_login(UserFactory(is_secretariat=True))
    return client


def send(client, item, **fields):
    return client.post(reverse("agenda_link", args=[item.pk]), fields)


def test_agenda_link_is_shown_on_the_meetings_page(secretariat, item):
    version = VersionFactory(product=ProductFactory(code="POWER-1", title="Power"))

    answer = send(secretariat, item, product=version.product_id, number="1")

    assert answer["Location"] == item.meeting.get_absolute_url()
    page = secretariat.get(item.meeting.get_absolute_url()).content.decode()
    assert f'href="{version.get_absolute_url()}"' in page
    assert "POWER-1, Power" in page


def test_agenda_link_is_taken_away(secretariat, item):
    AgendaLink.objects.create(item=item, product=ProductFactory())

    send(secretariat, item, product="", number="")

    assert not AgendaLink.objects.exists()


@pytest.mark.parametrize(
    ("number", "with_product", "sentence"),
    [
        ("7", True, "POWER-1 has no version 7."),
        ("1", False, "Choose the product whose version this is."),
        ("0", True, "Ensure this value is greater than or equal to 1."),
        ("9" * 30, True, "Ensure this value is less than or equal to 100000."),
    ],
)
def test_agenda_link_refuses_beside_the_number(secretariat, item, number, with_product, sentence):
    product = ProductFactory(code="POWER-1")

    answer = send(secretariat, item, product=product.pk if with_product else "", number=number)

    assert answer.status_code == 422
    assert answer.context["form"].errors == {"number": [sentence]}
    assert not AgendaLink.objects.exists()


def test_agenda_link_is_the_secretariats(client, item):
    client.force_login(UserFactory())

    assert send(client, item, product=ProductFactory().pk).status_code == 403
    assert not AgendaLink.objects.exists()
