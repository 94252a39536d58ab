"""Coming in through an agency's OpenID provider: a real one, in a process of its own."""

import json
import threading
from datetime import timedelta
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from urllib.parse import parse_qs, urlencode, urlsplit

import pytest
import time_machine
from allauth.account.models import EmailAddress
from allauth.mfa.totp.internal.auth import TOTP
from allauth.socialaccount.models import SocialAccount, SocialToken
from django.contrib.auth.hashers import make_password
from django.core.exceptions import ImproperlyConfigured
from django.test import Client
from django.urls import reverse

from isecg import clock, stale
from isecg.events.models import Event
from isecg.mail.models import Letter
from tests.factories import AgencyFactory, UserFactory
from tests.openid.process import SECRET, free_port
from workgroups import identity_providers
from workgroups.models import IdentityProvider, User
from workgroups.roles import InvitedAs
from workgroups.services import identity_providers as services
from workgroups.services import invitations, people

pytestmark = pytest.mark.django_db

ANNA = {"email": "anna@esa.example", "email_verified": True, "name": "Anna as they know her"}


@pytest.fixture
def provider(openid_provider, settings):
    """Two agencies sign in through it: each speaks for its own domain."""
    settings.ISECG_OIDC = [
        {"key": "esa", "name": "ESA", "domains": ["esa.example"], **openid_provider.client},
        {"key": "jaxa", "name": "JAXA", "domains": ["jaxa.example"], **openid_provider.client},
    ]
    openid_provider.know(anna=ANNA)
    return openid_provider


@pytest.fixture
def anna():
    return UserFactory(email="anna@esa.example", password=make_password("a long enough password"))


def begin(client, key="esa", **typed):
    return client.post(reverse("openid_connect_login", args=[key]), typed)


def path_back(provider, address, username="anna"):
    back = provider.confirm(address, username)
    return back.removeprefix("http://testserver")


def sign_in(client, provider, *, key="esa", username="anna", **typed):
    asked = begin(client, key, **typed)
    assert asked.status_code == 302, asked.content.decode()
    return client.get(path_back(provider, asked.url, username))


def is_in(client):
    return client.get(reverse("agencies")).status_code == 200


def sentence(response):
    return (response.status_code, response.context["reason"])


def kept():
    """Return what the database knows of anybody's sign-in through a provider."""
    return (
        [(one.user.email, one.provider, one.extra_data) for one in SocialAccount.objects.all()],
        SocialToken.objects.count(),
        EmailAddress.objects.count(),
    )


NOTHING = ([], 0, 0)


# --- Let in ----------------------------------------------------------------------------------


def test_a_known_person_is_let_in_and_nothing_told_of_them_is_kept(client, provider, anna):
    done = sign_in(client, provider, next="/agencies/")

    assert done.url == "/agencies/"
    assert is_in(client)
    assert kept() == ([("anna@esa.example", "esa", {})], 0, 0)
    event = Event.objects.get(event="person.linked")
    assert (event.actor, event.payload["after"]) == (f"user:{anna.pk}", {"provider": "esa"})
    anna.refresh_from_db()
    assert anna.name != ANNA["name"]
    assert anna.check_password("a long enough password")


def test_a_second_time_links_nothing_again(client, provider, anna):
    sign_in(client, provider)
    sign_in(Client(), provider)

    assert kept() == ([("anna@esa.example", "esa", {})], 0, 0)
    assert Event.objects.filter(event="person.linked").count() == 1


def test_the_case_of_an_address_does_not_matter(client, provider, anna):
    provider.know(anna=ANNA | {"email": "Anna@ESA.Example"})

    assert sign_in(client, provider).status_code == 302
    assert is_in(client)


def test_the_browser_is_sent_with_a_challenge_and_a_state(client, provider):
    asked = parse_qs(urlsplit(begin(client).url).query)

    assert asked["code_challenge_method"] == ["S256"]
    assert sorted(asked["scope"][0].split()) == ["email", "openid", "profile"]
    assert asked["state"][0]
    assert asked["redirect_uri"] == ["http://testserver/sign-in/with/esa/back/"]


def test_a_look_at_the_address_asks_first(client, provider):
    page = client.get(reverse("openid_connect_login", args=["esa"]))

    assert page.status_code == 200
    # The browser asks the policy of this page where its form may lead.
    assert provider.origin in page.headers["Content-Security-Policy"]


def test_a_second_factor_is_still_asked_for(client, provider, anna):
    TOTP.activate(anna, "JBSWY3DPEHPK3PXPJBSWY3DPEHPK3PXP")

    assert sign_in(client, provider).url == reverse("mfa_authenticate")
    assert not is_in(client)


def test_an_account_accepted_without_a_password_opens_through_it(client, provider):
    secretariat = UserFactory(is_secretariat=True)
    agency = AgencyFactory(code="ESA")
    invitations.invite(
        "anna@esa.example",
        invited_as=InvitedAs.STAFF,
        agency=agency,
        reason="She joins us.",
        by=secretariat,
    )
    letter = path_of_invitation("anna@esa.example")

    accepted = client.post(letter, {"name": "Anna", "time_zone": "UTC", "password": ""})
    assert accepted.url == reverse("account_login")
    assert not is_in(client)
    sign_in(client, provider)

    assert is_in(client)
    person = User.objects.get(email="anna@esa.example")
    assert not person.has_usable_password()
    assert [row.agency for row in person.mandates.all()] == [agency]


def path_of_invitation(address):
    letter = Letter.objects.get(address=address)
    return "/invitation/" + letter.text.split("/invitation/")[1].split()[0]


def test_whoever_has_no_password_confirms_through_it_and_what_was_typed_is_kept(
    client, provider, anna, settings
):
    settings.ISECG_REAUTHENTICATE_MINUTES = 60
    anna.set_password(None)
    anna.save_as(None, "test")
    sign_in(client, provider)
    session_key = client.session.session_key

    with time_machine.travel(clock.now() + timedelta(minutes=61)):
        asked = client.post(reverse("address_change"), {"email": "new@esa.example"})
        assert not anna.address_changes.exists()
        assert "what you typed before is kept" in client.get(asked.url).content.decode()
        led = client.post(asked.url)
        done = client.get(path_back(provider, led.url))

    assert done.url == reverse("profile")
    assert anna.address_changes.get().new_email == "new@esa.example"
    assert client.session.session_key == session_key
    assert kept() == ([("anna@esa.example", "esa", {})], 0, 0)


@pytest.mark.parametrize("is_signed_in", [False, True])
@pytest.mark.parametrize("to", ["//evil.example", "https://evil.example/", "/\\evil.example", ""])
def test_it_leads_nowhere_else(client, provider, anna, is_signed_in, to):
    if is_signed_in:
        client.force_login(anna)

    assert sign_in(client, provider, next=to).url == reverse("home")


def test_whoever_confirms_as_somebody_else_signs_in_as_them_and_nothing_is_done(
    client, provider, anna, settings
):
    settings.ISECG_REAUTHENTICATE_MINUTES = 60
    berta = UserFactory(email="berta@esa.example", password=make_password(None))
    provider.know(anna=ANNA, berta={"email": "berta@esa.example", "email_verified": True})
    sign_in(client, provider, username="berta")

    with time_machine.travel(clock.now() + timedelta(minutes=61)):
        asked = client.post(reverse("address_change"), {"email": "new@esa.example"})
        led = client.post(asked.url)
        client.get(path_back(provider, led.url, "anna"))

    assert client.session["_auth_user_id"] == str(anna.pk)
    assert (anna.address_changes.count(), berta.address_changes.count()) == (0, 0)


# --- Refused ---------------------------------------------------------------------------------

NOT_VERIFIED = (403, "ESA did not say that your address is verified.")


@pytest.mark.parametrize(
    "claims",
    [
        {"email_verified": False},
        {"email_verified": "true"},
        {"email_verified": 1},
        {"email_verified": None},
        {"email": ""},
        {"email": None},
    ],
)
def test_an_address_that_is_not_verified_is_refused(client, provider, anna, claims):
    provider.know(anna=ANNA | claims)

    assert sentence(sign_in(client, provider)) == NOT_VERIFIED
    assert (kept(), is_in(client)) == (NOTHING, False)


def test_an_address_that_is_not_said_to_be_verified_is_refused(client, provider, anna):
    provider.know(anna={"email": "anna@esa.example"})

    assert sentence(sign_in(client, provider)) == NOT_VERIFIED
    assert (kept(), is_in(client)) == (NOTHING, False)


@pytest.mark.parametrize(
    "address", ["anna@jaxa.example", "anna@evil-esa.example", "anna@mail.esa.example"]
)
def test_a_provider_speaks_for_its_own_domains_alone(client, provider, address):
    UserFactory(email=address)
    provider.know(anna=ANNA | {"email": address})

    refused = sign_in(client, provider)

    assert sentence(refused) == (403, "ESA does not speak for the domain of your address.")
    assert (kept(), is_in(client)) == (NOTHING, False)


def test_whoever_has_no_account_gets_none(client, provider):
    refused = sign_in(client, provider)

    assert sentence(refused) == (403, "No account opens with your address. Ask for an invitation.")
    assert (kept(), User.objects.count()) == (NOTHING, 0)


@pytest.mark.parametrize("linked", [False, True])
def test_a_suspended_account_stays_shut(client, provider, anna, linked):
    if linked:
        sign_in(Client(), provider)
    before = kept()
    people.edit_person(
        anna,
        is_active=False,
        revision=stale.revision(anna),
        reason="Left.",
        by=UserFactory(is_secretariat=True),
    )

    refused = sign_in(client, provider)

    assert refused.url == reverse("account_inactive")
    assert (kept(), is_in(client)) == (before, False)


def test_a_link_of_before_opens_no_account_that_has_another_address_now(client, provider, anna):
    sign_in(Client(), provider)
    anna.email = "anna@elsewhere.example"
    anna.save_as(None, "test")

    gone = sign_in(client, provider)
    assert sentence(gone) == (403, "No account opens with your address. Ask for an invitation.")

    # Somebody else has the address by now: the old link does not lead to them either.
    UserFactory(email="anna@esa.example")
    other = sign_in(client, provider)
    assert sentence(other) == (403, "What ESA says of you belongs to another account.")
    assert kept() == ([("anna@elsewhere.example", "esa", {})], 0, 0)
    assert not is_in(client)


@pytest.mark.parametrize("process", ["connect", "redirect"])
def test_a_provider_is_for_signing_in_alone(client, provider, anna, process):
    client.force_login(anna)

    refused = sign_in(client, provider, process=process, next="/agencies/")

    assert sentence(refused) == (403, "This is no way to sign in.")
    assert kept() == NOTHING


NOT_CONFIRMED = (403, "The provider did not confirm who you are. Try again, or sign in here.")


def test_a_state_that_is_not_ours_is_refused(client, provider, anna):
    back = path_back(provider, begin(client).url)
    code = parse_qs(urlsplit(back).query)["code"][0]
    address = reverse("openid_connect_callback", args=["esa"])

    forged = client.get(address, {"code": code, "state": "forged"})
    elsewhere = Client().get(back)

    assert [sentence(forged), sentence(elsewhere)] == [NOT_CONFIRMED] * 2
    assert (kept(), is_in(client)) == (NOTHING, False)


def test_a_state_is_good_for_the_provider_that_it_was_made_for(client, provider, anna):
    back = path_back(provider, begin(client).url)

    refused = client.get(back.replace("/esa/", "/jaxa/"))

    assert sentence(refused) == NOT_CONFIRMED
    assert kept() == NOTHING


def test_a_code_is_good_once(client, provider, anna):
    back = path_back(provider, begin(client).url)
    client.get(back)
    client.logout()
    code = parse_qs(urlsplit(back).query)["code"][0]
    state = parse_qs(urlsplit(begin(client).url).query)["state"][0]
    address = reverse("openid_connect_callback", args=["esa"])

    again = client.get(back)
    with_another_state = client.get(f"{address}?{urlencode({'code': code, 'state': state})}")

    assert [sentence(again), sentence(with_another_state)] == [NOT_CONFIRMED] * 2
    assert not is_in(client)


@pytest.mark.parametrize(
    "wrong",
    [
        {"aud": "another-site"},
        {"iss": "https://evil.example"},
        {"exp": 1},
        # The token and the answer about the person are of two people.
        {"sub": "another-person"},
    ],
)
def test_an_id_token_that_is_not_for_this_sign_in_is_refused(client, provider, anna, wrong):
    provider.know(anna=ANNA | {"id_token": wrong})

    assert sentence(sign_in(client, provider)) == NOT_CONFIRMED
    assert (kept(), is_in(client)) == (NOTHING, False)


def test_breaking_off_at_the_provider_leads_back_with_a_page(client, provider):
    state = parse_qs(urlsplit(begin(client).url).query)["state"][0]
    address = reverse("openid_connect_callback", args=["esa"])

    back = client.get(address, {"error": "access_denied", "state": state})

    assert back.url == reverse("socialaccount_login_cancelled")
    assert "You did not sign in" in client.get(back.url).content.decode()


# --- Taken out of use, away, or talking nonsense ---------------------------------------------


def test_a_provider_that_is_not_known_is_no_page(client, provider):
    for name in ("openid_connect_login", "openid_connect_callback"):
        assert client.get(reverse(name, args=["nasa"])).status_code == 404


AWAY = (403, "The provider does not answer. Try again later, or sign in another way.")


def test_a_provider_that_is_away_is_named_with_a_sentence(client, provider, settings):
    settings.ISECG_OIDC[0]["server_url"] = f"http://localhost:{free_port()}"

    assert sentence(begin(client)) == AWAY


class Talker:
    """Something that answers as it is told, by path; it is no provider."""

    def __init__(self):
        talker = self

        class Handler(BaseHTTPRequestHandler):
            def do_GET(self):
                status, body, kind = talker.answers[self.path]
                self.send_response(status)
                if kind:
                    self.send_header("Content-Type", kind)
                if status == 302:
                    self.send_header("Location", f"{talker.url}/elsewhere")
                self.end_headers()
                self.wfile.write(body.encode())

            do_POST = do_GET  # noqa: N815 - the name that the server asks for

            def log_message(self, *_):
                """Say nothing."""

        self.answers = {}
        self.server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.url = f"http://127.0.0.1:{self.server.server_port}"
        self.says("/.well-known/openid-configuration", self.configuration())
        self.says("/token", {"access_token": "x"})
        self.says("/userinfo", {"sub": "1", **ANNA})

    def says(self, path, body, *, status=200, kind="application/json"):
        self.answers[path] = (status, body if isinstance(body, str) else json.dumps(body), kind)

    def configuration(self):
        return {
            "issuer": self.url,
            "authorization_endpoint": f"{self.url}/authorize",
            "token_endpoint": f"{self.url}/token",
            "userinfo_endpoint": f"{self.url}/userinfo",
            "jwks_uri": f"{self.url}/keys",
        }


@pytest.fixture
def talker(settings):
    found = Talker()
    settings.ISECG_OIDC = [
        {
            "key": "esa",
            "name": "ESA",
            "domains": ["esa.example"],
            "server_url": found.url,
            "client_id": "x",
            "secret": "x",
        }
    ]
    thread = threading.Thread(target=found.server.serve_forever, kwargs={"poll_interval": 0.02})
    thread.start()
    yield found
    found.server.shutdown()
    thread.join()
    found.server.server_close()


@pytest.mark.parametrize("body", ["", "<html>Hello</html>", [], 5, None, {}, {"issuer": 5}])
def test_a_configuration_that_is_none_is_a_sentence(client, talker, body):
    talker.says("/.well-known/openid-configuration", body)

    assert sentence(begin(client)) == AWAY


@pytest.mark.parametrize("path", ["/.well-known/openid-configuration", "/userinfo"])
def test_the_site_is_sent_nowhere_else(client, talker, anna, path):
    talker.says("/elsewhere", talker.answers[path][1])
    talker.says(path, "", status=302)

    if path == "/userinfo":
        assert sentence(come_back(client)) == NOT_CONFIRMED
    else:
        assert sentence(begin(client)) == AWAY
    assert (kept(), is_in(client)) == (NOTHING, False)


def come_back(client):
    state = parse_qs(urlsplit(begin(client).url).query)["state"][0]
    return client.get(
        reverse("openid_connect_callback", args=["esa"]), {"code": "x", "state": state}
    )


@pytest.mark.parametrize(
    ("path", "body"),
    [
        (path, body)
        for path in ("/token", "/userinfo")
        for body in ("", "<html>", [], 5, None, {}, "sub=1", [1], {"access_token": 5}, {"sub": ""})
    ]
    + [
        ("/token", {"access_token": "x", "expires_in": "soon"}),
        ("/token", {"access_token": "x", "id_token": "nonsense"}),
        ("/token", {"access_token": "x", "id_token": 5}),
        ("/userinfo", {"sub": "1", "email": 5, "email_verified": True}),
        ("/userinfo", {"sub": "1", "email": ["a@esa.example"], "email_verified": True}),
        ("/userinfo", {"sub": "x" * 5000, "email": "anna@esa.example", "email_verified": True}),
        ("/userinfo", {"sub": "1", "email": "anna@esa.example", "name": {"a": 1}}),
    ],
)
def test_nonsense_is_a_sentence(client, talker, anna, path, body):
    talker.says(path, body)

    answer = come_back(client)

    assert answer.status_code == 403
    assert answer.context["reason"]
    assert (kept(), is_in(client)) == (NOTHING, False)


def test_an_error_of_the_provider_is_a_sentence(client, talker):
    talker.says("/token", "Sorry", status=500, kind=None)

    assert sentence(come_back(client)) == NOT_CONFIRMED


# --- Kept by the secretariat -----------------------------------------------------------------


@pytest.fixture
def secretariat():
    return UserFactory(is_secretariat=True)


@pytest.fixture
def row(openid_provider, secretariat):
    openid_provider.know(anna=ANNA)
    return services.add_provider(
        "esa",
        agency=AgencyFactory(code="ESA"),
        name="ESA",
        domains=["esa.example"],
        reason="They asked.",
        by=secretariat,
        **openid_provider.client,
    )


def test_a_row_of_the_secretariat_lets_in(client, openid_provider, row, anna):
    sign_in(client, openid_provider)

    assert is_in(client)
    assert kept() == ([("anna@esa.example", "esa", {})], 0, 0)


def test_a_row_taken_out_of_use_is_no_page(client, openid_provider, row, anna, secretariat):
    back = path_back(openid_provider, begin(client).url)
    services.edit_provider(
        row,
        secret="",
        is_active=False,
        domains=row.domains,
        revision=stale.revision(row),
        reason="They left.",
        by=secretariat,
    )

    assert [begin(client).status_code, client.get(back).status_code] == [404, 404]
    assert kept() == NOTHING
    assert "Sign in with ESA" not in client.get(reverse("account_login")).content.decode()


def test_of_two_with_one_key_that_of_the_environment_counts(client, openid_provider, row, settings):
    configured = {"key": "esa", "name": "Configured", "domains": ["esa.example"]}
    settings.ISECG_OIDC = [configured | openid_provider.client]

    page = client.get(reverse("account_login")).content.decode()

    assert ("Sign in with Configured" in page, "Sign in with ESA" in page) == (True, False)
    assert begin(client).status_code == 302


def test_the_environment_names_no_provider_that_others_could_read_along_with(settings):
    settings.HTTPS = True
    entry = {"key": "esa", "name": "ESA", "domains": [], "client_id": "x", "secret": "x"}
    settings.ISECG_OIDC = [entry | {"server_url": "http://esa.example"}]

    with pytest.raises(ImproperlyConfigured, match="esa is not reached by https"):
        identity_providers.active()


def test_the_secret_is_sealed_and_stands_nowhere(client, row, secretariat):
    secretariat.is_superuser = secretariat.is_staff = True
    secretariat.save_as(None, "test")
    client.force_login(secretariat)
    row.refresh_from_db()

    pages = [
        client.get(path).content.decode()
        for path in (
            reverse("identity_providers"),
            reverse("identity_provider_edit", args=["esa"]),
            reverse("admin:workgroups_identityprovider_changelist"),
            reverse("admin:workgroups_identityprovider_change", args=[row.pk]),
            reverse("admin:workgroups_identityprovider_history", args=[row.pk]),
        )
    ]

    assert row.sealed_secret
    assert SECRET not in row.sealed_secret
    for text in (
        *pages,
        str(list(IdentityProvider.history.values())),
        str(list(Event.objects.values())),
    ):
        assert SECRET not in text
        assert row.sealed_secret not in text
