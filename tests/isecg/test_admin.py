"""Django's admin: a window for who may open it, a door for nobody."""

import pytest
from django.contrib import admin

from tests.factories import UserFactory, WorkingGroupFactory

pytestmark = pytest.mark.django_db


@pytest.fixture
def pages():
    return sorted(
        f"/admin/{model._meta.app_label}/{model._meta.model_name}/"
        for model in admin.site._registry
    )


def test_admin_shows_every_record_to_who_may_open_it(client, pages):
    client.force_login(UserFactory(is_staff=True))

    answers = {page: client.get(page).status_code for page in pages}

    assert answers == dict.fromkeys(pages, 200)
    assert "/admin/workgroups/agency/" in pages


def test_admin_adds_changes_and_deletes_nothing_even_for_a_superuser(client, pages):
    client.force_login(UserFactory(is_staff=True, is_superuser=True))
    group = WorkingGroupFactory(name="Before")
    own = f"/admin/workgroups/workinggroup/{group.pk}"

    adding = {page: client.post(f"{page}add/").status_code for page in pages}
    changing = [
        client.post(f"{own}/change/", {"name": "After"}).status_code,
        client.post(f"{own}/delete/", {"post": "yes"}).status_code,
    ]

    group.refresh_from_db()
    assert adding == dict.fromkeys(pages, 403)
    assert (changing, group.name) == ([403, 403], "Before")


def test_admin_is_closed_to_others(client, pages):
    client.force_login(UserFactory(is_secretariat=True))

    answers = {client.get(page).status_code for page in pages}

    assert answers == {302}


def test_admin_leads_to_our_own_change_of_password(client):
    client.force_login(UserFactory(is_staff=True))

    assert client.get("/admin/password_change/").url == "/profile/password/"
