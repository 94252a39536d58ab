"""A second factor: who needs one, how it is set up, and what it opens."""

import time
from datetime import timedelta

import pytest
import time_machine
from allauth.mfa.models import Authenticator
from allauth.mfa.totp.internal.auth import TOTP, format_hotp_value, hotp_value
from django.contrib.auth.hashers import make_password
from django.core.exceptions import PermissionDenied
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from isecg import clock
from isecg.events.models import Event
from isecg.mail.models import Letter
from tests.factories import ChairTermFactory, MandateFactory, UserFactory
from tests.passkeys import make_passkey
from workgroups.services import people
from workgroups.services.errors import RefusedError
from workgroups.sign_in import second_factor

pytestmark = pytest.mark.django_db

PASSWORD = "a long enough password"
SECRET = "JBSWY3DPEHPK3PXPJBSWY3DPEHPK3PXP"
ALL = ["head", "alternate", "chair", "secretariat", "superuser"]


@pytest.fixture(autouse=True)
def _needed(settings):
    settings.ISECG_SECOND_FACTOR = ALL


def code_of(secret=SECRET):
    return format_hotp_value(hotp_value(secret, int(time.time()) // 30))


def give_app(person):
    return TOTP.activate(person, SECRET)


def sign_in(client, person):
    return client.post(reverse("account_login"), {"login": person.email, "password": PASSWORD})


def made(**fields):
    return UserFactory(password=make_password(PASSWORD), **fields)


def chair_person():
    mandate = MandateFactory(capacity="staff", person=made())
    ChairTermFactory(agency=mandate.agency, person=mandate.person)
    return mandate.person


PEOPLE = {
    "head": lambda: MandateFactory(person=made()).person,
    "alternate": lambda: MandateFactory(capacity="alternate", person=made()).person,
    "chair": chair_person,
    "secretariat": lambda: made(is_secretariat=True),
    "superuser": lambda: made(is_superuser=True),
    "staff": lambda: MandateFactory(capacity="staff", person=made()).person,
    "outsider": made,
}


# --- Who needs one -----------------------------------------------------------------------


@pytest.mark.parametrize("wanted", [ALL, *([role] for role in ALL), []], ids=str)
@pytest.mark.parametrize("role", PEOPLE)
def test_the_setting_says_whose_account_needs_one(settings, role, wanted):
    settings.ISECG_SECOND_FACTOR = wanted

    assert second_factor.is_missing(PEOPLE[role]()) == (role in wanted)


def test_a_mandate_that_has_ended_needs_none():
    ended = MandateFactory(ends_at=clock.now() - timedelta(seconds=1))

    assert not second_factor.is_missing(ended.person)


def test_recovery_codes_alone_are_no_factor():
    person = PEOPLE["head"]()
    Authenticator.objects.create(user=person, type="recovery_codes", data={})

    assert second_factor.is_missing(person)


def test_whoever_lacks_one_gets_no_further_than_to_get_one(client):
    person = PEOPLE["head"]()
    sign_in(client, person)

    for name in ("home", "agencies", "products", "profile", "address_change"):
        assert client.get(reverse(name)).url == reverse("mfa_index")
    assert client.get(reverse("mfa_index")).status_code == 200
    assert client.post(reverse("profile"), {"name": "X"}).url == reverse("mfa_index")
    assert client.post(reverse("account_logout")).status_code == 302


def test_staff_go_on_without_one(client):
    sign_in(client, PEOPLE["staff"]())

    assert client.get(reverse("home")).status_code == 200


def test_it_costs_a_query_until_it_was_shown_and_none_afterwards(client):
    person = PEOPLE["head"]()
    give_app(person)

    def queries():
        with CaptureQueriesContext(connection) as seen:
            client.get(reverse("liaison"))
        return len(seen)

    client.force_login(person)
    before = queries()
    client.logout()
    sign_in(client, person)
    client.post(reverse("mfa_authenticate"), {"code": code_of()})

    assert queries() == before - 1


# --- Setting one up ----------------------------------------------------------------------


def test_an_app_is_set_up_and_its_key_lies_sealed(client, django_capture_on_commit_callbacks):
    person = PEOPLE["head"]()
    sign_in(client, person)
    page = client.get(reverse("mfa_activate_totp"))
    secret = page.context["form"].secret

    wrong = client.post(reverse("mfa_activate_totp"), {"code": "000000"})
    with django_capture_on_commit_callbacks(execute=True):
        right = client.post(reverse("mfa_activate_totp"), {"code": code_of(secret)})

    assert wrong.context_data["form"].errors == {"code": ["Incorrect code."]}
    assert right.url == reverse("mfa_view_recovery_codes")
    kept = {row.type: row.data for row in Authenticator.objects.filter(user=person)}
    assert sorted(kept) == ["recovery_codes", "totp"]
    assert secret not in str(kept)
    assert client.get(reverse("home")).status_code == 200
    letters = Letter.objects.filter(recipient=person).values_list("kind", flat=True)
    assert "account.totp_activated" in letters


def test_recovery_codes_are_shown_once_and_open_once():
    person, client = PEOPLE["head"](), Client()
    sign_in(client, person)
    secret = client.get(reverse("mfa_activate_totp")).context["form"].secret
    client.post(reverse("mfa_activate_totp"), {"code": code_of(secret)})

    codes = client.get(reverse("mfa_view_recovery_codes")).context["unused_codes"]
    again = client.get(reverse("mfa_view_recovery_codes"))

    assert len(codes) == 10
    assert codes[0] not in again.content.decode()
    opened = []
    for _ in range(2):
        browser = Client()
        sign_in(browser, person)
        browser.post(reverse("mfa_authenticate"), {"code": codes[0]})
        opened.append(browser.get(reverse("home")).status_code)
    assert opened == [200, 302]


# --- Showing it --------------------------------------------------------------------------


def test_the_password_alone_opens_nothing(client):
    person = PEOPLE["staff"]()
    give_app(person)

    asked = sign_in(client, person)

    assert asked.url == reverse("mfa_authenticate")
    assert client.get(reverse("home")).status_code == 302
    assert client.post(reverse("mfa_authenticate"), {"code": "000000"}).status_code == 200
    assert client.get(reverse("home")).status_code == 302
    client.post(reverse("mfa_authenticate"), {"code": code_of()})
    assert client.get(reverse("home")).status_code == 200


def test_a_passkey_is_offered_to_whoever_has_one_alone():
    person = made(is_secretariat=True)
    give_app(person)
    pages = []
    for _ in range(2):
        client = Client()
        sign_in(client, person)
        pages.append(client.get(reverse("mfa_authenticate")).content.decode())
        make_passkey(person)

    assert ["Use a passkey" in page for page in pages] == [False, True]


def test_a_code_opens_once():
    person = PEOPLE["staff"]()
    give_app(person)
    code, opened = code_of(), []

    for _ in range(2):
        browser = Client()
        sign_in(browser, person)
        browser.post(reverse("mfa_authenticate"), {"code": code})
        opened.append(browser.get(reverse("home")).status_code)

    assert opened == [200, 302]


def test_guessing_codes_is_counted(client):
    person = PEOPLE["staff"]()
    give_app(person)
    sign_in(client, person)
    for number in range(5):
        client.post(reverse("mfa_authenticate"), {"code": f"{number:06}"})

    client.post(reverse("mfa_authenticate"), {"code": code_of()})

    assert client.get(reverse("home")).status_code == 302


def test_the_admins_window_asks_for_it_too(client):
    person = made(is_staff=True, is_superuser=True)

    led_on = client.get(reverse("admin:login"))
    sign_in(client, person)

    assert led_on.url.startswith(reverse("account_login"))
    assert client.get("/admin/").url == reverse("mfa_index")


# --- Asked again -------------------------------------------------------------------------


def test_a_binding_act_can_be_confirmed_by_a_code(client, settings):
    settings.ISECG_REAUTHENTICATE_MINUTES = 60
    person = PEOPLE["head"]()
    give_app(person)
    sign_in(client, person)
    client.post(reverse("mfa_authenticate"), {"code": code_of()})

    with time_machine.travel(clock.now() + timedelta(minutes=61), tick=False):
        client.post(reverse("address_change"), {"email": "new@example.org"})
        done = client.post(
            reverse("mfa_reauthenticate"), {"code": code_of(), "next": reverse("address_change")}
        )

    assert done.url == reverse("profile")
    assert person.address_changes.exists()


# --- Lost --------------------------------------------------------------------------------


def test_whoever_lost_theirs_gets_rid_of_it_by_those_who_keep_accounts(client):
    keeper, person = made(is_superuser=True), PEOPLE["staff"]()
    give_app(person)
    sign_in(client, person)
    client.post(reverse("mfa_authenticate"), {"code": code_of()})

    people.remove_second_factor(person, reason="Lost telephone.", by=keeper)

    assert not Authenticator.objects.filter(user=person).exists()
    assert client.get(reverse("home")).status_code == 302
    assert Event.objects.latest("seq").event == "person.second_factor_removed"
    (letter,) = Letter.objects.filter(kind="account.second_factor_removed")
    assert "Lost telephone." in letter.text
    with pytest.raises(RefusedError, match="has no second factor"):
        people.remove_second_factor(person, reason="Again.", by=keeper)
    with pytest.raises(PermissionDenied, match="on one's profile"):
        people.remove_second_factor(keeper, reason="Mine.", by=keeper)


def test_nobody_sees_or_removes_the_passkey_of_another(client):
    other = make_passkey(made())
    client.force_login(PEOPLE["outsider"]())

    for name in ("mfa_edit_webauthn", "mfa_remove_webauthn"):
        assert client.post(reverse(name, args=[other.pk]), {"name": "X"}).status_code == 404
    assert Authenticator.objects.filter(pk=other.pk).exists()
