"""Coming in with an address and a password, and what becomes of a forgotten one."""

import re
from datetime import timedelta

import pytest
import time_machine
from allauth.account.models import EmailAddress
from allauth.mfa.models import Authenticator
from allauth.mfa.totp.internal.auth import TOTP
from allauth.usersessions.models import UserSession
from django.contrib.auth.hashers import make_password
from django.db import IntegrityError, transaction
from django.test import Client, override_settings
from django.urls import URLPattern, get_resolver, reverse

from isecg import clock, stale
from isecg.events.models import Event
from isecg.mail.models import Letter
from tests.factories import UserFactory
from workgroups.models import User
from workgroups.services import people

pytestmark = pytest.mark.django_db

PASSWORD = "a long enough password"
OTHER = "another long password"


@pytest.fixture
def person():
    return UserFactory(email="anna@example.org", password=make_password(PASSWORD))


def sign_in(client, email, password, *, to="/agencies/"):
    typed = {"login": email, "password": password, "next": to}
    return client.post(reverse("account_login"), typed)


def errors(response):
    return response.context_data["form"].non_field_errors()


def is_in(client):
    return client.get(reverse("agencies")).status_code == 200


def letters_to(address):
    return list(Letter.objects.filter(address__iexact=address).order_by("pk"))


# --- In and out ---------------------------------------------------------------------------


def test_sign_in_takes_an_address_in_any_case(client, person):
    assert sign_in(client, "ANNA@EXAMPLE.ORG", PASSWORD).url == reverse("agencies")
    assert is_in(client)


@pytest.mark.parametrize(
    ("email", "password"), [("anna@example.org", "wrong"), ("nobody@example.org", PASSWORD)]
)
def test_sign_in_fails_with_one_sentence_that_tells_nothing(client, person, email, password):
    response = sign_in(client, email, password)

    assert errors(response) == [
        "No account opens with this address and password. The address may be in any case; "
        "the password may not. If you should have an account, ask the secretariat."
    ]
    assert not is_in(client)


def test_sign_in_tells_of_a_suspension_only_whoever_knows_the_password(client):
    UserFactory(email="anna@example.org", password=make_password(PASSWORD), is_active=False)

    right = sign_in(client, "anna@example.org", PASSWORD)
    wrong = sign_in(client, "anna@example.org", "wrong")

    assert right.url == reverse("account_inactive")
    assert "No account opens" in errors(wrong)[0]
    assert not is_in(client)


@pytest.mark.parametrize(
    "to",
    [
        "//evil.example",
        "https://evil.example/",
        "https:evil.example",
        "\\\\evil.example",
        "/\\evil",
    ],
)
def test_sign_in_leads_nowhere_else(client, person, to):
    assert sign_in(client, "anna@example.org", PASSWORD, to=to).url == reverse("home")


def test_sign_in_begins_a_new_session(client, person):
    client.get(reverse("account_login"))
    session = client.session
    session["planted"] = "by somebody else"
    session.save()
    before = session.session_key
    client.cookies["sessionid"] = before

    sign_in(client, "anna@example.org", PASSWORD)

    assert client.session.session_key != before


def test_nobody_opens_an_account_for_themselves(client):
    for path in ("/sign-up/", "/signup/", "/accounts/signup/"):
        assert client.post(path, {"email": "x@example.org", "password1": PASSWORD}).status_code in {
            302,
            404,
        }

    assert not User.objects.exists()


def test_sign_out_asks_and_takes_a_post(client, person):
    client.force_login(person)

    asked = client.get(reverse("account_logout"))

    assert (asked.status_code, is_in(client)) == (200, True)
    assert client.post(reverse("account_logout")).url == reverse("account_login")
    assert not is_in(client)


@override_settings(
    PASSWORD_HASHERS=[
        "django.contrib.auth.hashers.MD5PasswordHasher",
        "django.contrib.auth.hashers.PBKDF2PasswordHasher",
    ]
)
def test_sign_in_keeps_an_old_password_by_the_newer_method(client):
    UserFactory(email="anna@example.org", password=make_password(PASSWORD, hasher="pbkdf2_sha256"))

    assert sign_in(client, "anna@example.org", PASSWORD).status_code == 302
    assert User.objects.get().password.startswith("md5$")


# --- Tries are counted ----------------------------------------------------------------------


def test_sign_in_stops_guessing_one_password_after_another(client, person):
    for _ in range(5):
        sign_in(client, "anna@example.org", "wrong")

    # The right one does not come through either, from wherever it comes.
    late = sign_in(Client(REMOTE_ADDR="192.0.2.7"), "ANNA@example.org", PASSWORD)

    assert errors(late) == ["Too many tries did not succeed. Try again in a few minutes."]
    with time_machine.travel(clock.now() + timedelta(minutes=6)):
        assert sign_in(client, "anna@example.org", PASSWORD).status_code == 302


def test_resets_are_counted_for_each_sender(client):
    answers = [
        client.post(reverse("account_reset_password"), {"email": f"{number}@example.org"})
        for number in range(21)
    ]

    assert [answer.status_code for answer in answers] == [302] * 20 + [429]
    assert "Too many tries" in answers[-1].content.decode()


@pytest.mark.parametrize(
    ("proxies", "forwarded", "limited"),
    [
        # Each visitor's own, which the proxy wrote last.
        (1, "{number}.0.2.1", False),
        # One visitor who writes others before it.
        (1, "{number}.0.2.1, 192.0.2.9", True),
        # Nobody stands before the site: whoever sends the header wrote it.
        (0, "{number}.0.2.1", True),
    ],
)
def test_a_visitor_is_known_behind_as_many_proxies_as_there_are(
    client, settings, proxies, forwarded, limited
):
    settings.ALLAUTH_TRUSTED_PROXY_COUNT = proxies

    answers = [
        client.post(
            reverse("account_reset_password"),
            {"email": f"{number}@example.org"},
            headers={"x-forwarded-for": forwarded.format(number=number)},
        ).status_code
        for number in range(1, 22)
    ]

    assert answers == [302] * 20 + [429 if limited else 302]


# --- A new password ---------------------------------------------------------------------------


def ask_for_a_new_password(client, email="anna@example.org"):
    return client.post(reverse("account_reset_password"), {"email": email})


def link_in(letter):
    (path,) = re.findall(r"http://testserver(/\S+)", letter.text)[:1]
    return path


def follow(client, path):
    """Open the link of a letter, and return the address of the form behind it."""
    return client.get(path).url


def test_a_reset_tells_everybody_the_same(client, person):
    known = ask_for_a_new_password(client)
    unknown = ask_for_a_new_password(client, "nobody@example.org")

    assert [known.url, unknown.url] == [reverse("account_reset_password_done")] * 2
    assert [letter.address for letter in Letter.objects.all()] == ["anna@example.org"]


def test_a_reset_goes_by_a_link_that_names_this_site_whatever_was_asked(client, person, settings):
    settings.ALLOWED_HOSTS = ["*"]

    client.post(
        reverse("account_reset_password"),
        {"email": "anna@example.org"},
        headers={"host": "evil.example"},
    )

    (letter,) = letters_to("anna@example.org")
    assert "evil.example" not in letter.text
    assert letter.is_secret


def test_a_reset_chooses_a_password_once_and_ends_the_sessions(client, person):
    other = Client()
    sign_in(other, "anna@example.org", PASSWORD)
    ask_for_a_new_password(client)
    path = link_in(letters_to("anna@example.org")[-1])

    done = client.post(follow(client, path), {"password1": OTHER})
    again = Client().get(path)

    person.refresh_from_db()
    assert done.url == reverse("account_reset_password_from_key_done")
    assert person.check_password(OTHER)
    assert "opens nothing any more" in again.content.decode()
    assert not is_in(other)
    # Nobody gets past a second factor this way.
    assert not is_in(client)
    assert [letter.subject for letter in letters_to("anna@example.org")][-1] != ""
    assert EmailAddress.objects.count() == 0


def test_a_password_is_taken_as_typed_however_long(client, person):
    long = f" {'é' * 80} "
    ask_for_a_new_password(client)

    client.post(follow(client, link_in(letters_to("anna@example.org")[-1])), {"password1": long})

    for cut in (long.strip(), long[:64], long[:72]):
        assert sign_in(client, "anna@example.org", cut).status_code == 200
        assert not is_in(client)
    assert sign_in(client, "anna@example.org", long).status_code == 302


def test_a_password_is_masked(client, person):
    ask_for_a_new_password(client)
    new = follow(client, link_in(letters_to("anna@example.org")[-1]))
    pages = [client.get(reverse("account_login")), client.get(new)]
    sign_in(client, "anna@example.org", PASSWORD)
    pages.append(client.get(reverse("account_change_password")))

    shown = [
        re.findall(r'type="(\w+)" name="(?:\w*password\w*)"', page.content.decode())
        for page in pages
    ]

    assert shown == [["password"], ["password"], ["password"] * 2]


def test_opening_the_link_alone_uses_nothing_up(client, person):
    ask_for_a_new_password(client)
    path = link_in(letters_to("anna@example.org")[-1])
    for _ in range(3):
        Client().get(path)

    assert client.post(follow(client, path), {"password1": OTHER}).status_code == 302


def test_a_reset_refuses_a_common_password_beside_the_field(client, person):
    ask_for_a_new_password(client)
    form = follow(client, link_in(letters_to("anna@example.org")[-1]))

    refused = client.post(form, {"password1": "password1234"})

    assert refused.context_data["form"].errors == {"password1": ["This password is too common."]}


@pytest.mark.parametrize("after", ["an hour", "a new address", "a suspension"])
def test_a_reset_dies(client, person, after):
    ask_for_a_new_password(client)
    path = link_in(letters_to("anna@example.org")[-1])
    if after == "a new address":
        person.email = "b@example.org"
    elif after == "a suspension":
        person.is_active = False
    person.save_as(None, "test")

    late = clock.now() + timedelta(minutes=61 if after == "an hour" else 1)
    with time_machine.travel(late):
        response = Client().get(path)

    assert "opens nothing any more" in response.content.decode()


def test_a_new_password_is_told_to_the_owner_and_kept_in_the_history(client, person):
    sign_in(client, "anna@example.org", PASSWORD)

    done = client.post(
        reverse("account_change_password"), {"oldpassword": PASSWORD, "password1": OTHER}
    )

    assert done.status_code == 302
    person.refresh_from_db()
    assert person.check_password(OTHER)
    assert is_in(client)
    assert Event.objects.get(event="person.edited").payload["after"] == {"password": "changed"}
    (letter,) = letters_to("anna@example.org")
    assert "Your password has been changed" in letter.text
    assert "UTC" in letter.text


def test_a_new_password_wants_the_present_one(client, person):
    sign_in(client, "anna@example.org", PASSWORD)

    refused = client.post(
        reverse("account_change_password"), {"oldpassword": "wrong", "password1": OTHER}
    )

    assert refused.context_data["form"].errors == {
        "oldpassword": ["This is not your present password."]
    }
    person.refresh_from_db()
    assert person.check_password(PASSWORD)


# --- Sessions ---------------------------------------------------------------------------------


def test_sessions_are_listed_and_the_others_can_be_ended(client, person):
    other = Client(headers={"user-agent": "Elsewhere/1.0"})
    for browser in (client, other):
        sign_in(browser, "anna@example.org", PASSWORD)
    sign_in(Client(), UserFactory(password=make_password(PASSWORD)).email, PASSWORD)

    page = client.get(reverse("usersessions_list")).content.decode()
    client.post(reverse("usersessions_list"))

    assert "Elsewhere/1.0" in page
    assert (is_in(client), is_in(other)) == (True, False)
    assert UserSession.objects.filter(user=person).count() == 1


def test_suspending_ends_every_session_and_they_stay_ended(client, person):
    secretariat = UserFactory(is_secretariat=True)
    sign_in(client, "anna@example.org", PASSWORD)

    for active in (False, True):
        people.edit_person(
            person,
            revision=stale.revision(person),
            reason="Left.",
            by=secretariat,
            is_active=active,
        )
        person.refresh_from_db()
        assert not is_in(client)

    assert sign_in(client, "anna@example.org", PASSWORD).status_code == 302


def test_the_sessions_of_others_are_ended_by_those_who_keep_accounts(client, person):
    keeper = Client()
    keeper.force_login(UserFactory(is_superuser=True))
    sign_in(client, "anna@example.org", PASSWORD)

    keeper.post(reverse("person_sessions_end", args=[person.pk]), {"reason": "Lost laptop."})

    assert not is_in(client)
    assert Event.objects.get(event="person.sessions_ended").payload["reason"] == "Lost laptop."


# --- Asked again before what binds --------------------------------------------------------------


@pytest.fixture
def asked_again(settings):
    settings.ISECG_REAUTHENTICATE_MINUTES = 60


def ask_for_another_address(client):
    return client.post(reverse("address_change"), {"email": "new@example.org"})


def test_a_binding_act_goes_through_shortly_after_signing_in(client, person, asked_again):
    sign_in(client, "anna@example.org", PASSWORD)

    assert ask_for_another_address(client).url == reverse("profile")


def test_a_binding_act_later_asks_for_the_password_and_keeps_what_was_typed(
    client, person, asked_again
):
    sign_in(client, "anna@example.org", PASSWORD)
    with time_machine.travel(clock.now() + timedelta(minutes=61)):
        asked = ask_for_another_address(client)
        assert asked.url.startswith(f"{reverse('account_reauthenticate')}?next=")
        assert not person.address_changes.exists()

        wrong = client.post(asked.url, {"password": "wrong", "next": reverse("address_change")})
        assert wrong.context_data["form"].errors == {
            "password": ["This is not your present password."]
        }
        right = client.post(asked.url, {"password": PASSWORD, "next": reverse("address_change")})

    assert right.url == reverse("profile")
    assert person.address_changes.get().new_email == "new@example.org"


@pytest.mark.parametrize(
    "name",
    ["mfa_activate_totp", "mfa_add_webauthn", "mfa_generate_recovery_codes"],
)
def test_a_factor_changes_only_after_being_asked(client, person, asked_again, name):
    if name == "mfa_generate_recovery_codes":
        TOTP.activate(person, "JBSWY3DPEHPK3PXP")
    client.force_login(person)

    for asked in (client.get(reverse(name)), client.post(reverse(name), {"code": "1"})):
        assert asked.url.startswith("/confirm/")
    assert not Authenticator.objects.exclude(type=Authenticator.Type.TOTP).exists()


def test_looking_is_never_asked_for(client, person, asked_again):
    client.force_login(person)

    assert client.get(reverse("address_change")).status_code == 200


# --- Addresses -----------------------------------------------------------------------------------


def test_an_address_is_kept_in_small_letters():
    made = User.objects.create_user("Anna@Example.ORG", PASSWORD, name="Anna")

    assert made.email == "anna@example.org"


def test_the_database_refuses_an_address_that_the_sign_in_would_not_find():
    with pytest.raises(IntegrityError), transaction.atomic():
        UserFactory(email="Anna@example.org")


BINDING = {
    "address_change",
    "agency_succession",
    "call_contest",
    "call_extend",
    "call_intervene",
    "call_intervene_on_behalf",
    "call_new",
    "call_on_behalf",
    "call_position",
    "call_reaffirm",
    "call_recall",
    "call_return",
    "call_serve_again",
    "call_waive_notice",
    "call_withdraw",
    "chair_end",
    "chair_hand_over",
    "circulation_new",
    "decision_correct",
    "declare",
    "identity_provider_edit",
    "identity_provider_new",
    "intervention_answer",
    "invitation_new",
    "ledger_act",
    "mandate_end",
    "mandate_grant",
    "mandate_handover",
    "membership_end",
    "membership_start",
    "person_edit",
    "person_erase",
    "person_factor_remove",
    "person_sessions_end",
    "product_act",
    "product_release",
    "public_comment_erase",
    "public_comments_close",
    "public_comments_open",
    "seat_confirm",
}


def every_pattern(resolver):
    for entry in resolver.url_patterns:
        if isinstance(entry, URLPattern):
            yield entry
        else:
            yield from every_pattern(entry)


def test_the_acts_that_bind_are_those_named_here():
    binding = {
        one.name
        for one in every_pattern(get_resolver())
        if getattr(one.callback, "is_binding", False)
    }

    assert binding == BINDING


@pytest.mark.parametrize("name", sorted(BINDING))
def test_a_binding_act_is_not_reached_without_being_asked(client, asked_again, name):
    client.force_login(UserFactory(is_secretariat=True))
    wanted = {"<int:pk>": "1", "<slug:key>": "esa", "<slug:code>": "GER", "<slug:act>": "withdraw"}
    wanted |= {f"<int:{name}>": "1" for name in ("number", "year", "serial")}
    (route,) = {str(one.pattern) for one in every_pattern(get_resolver()) if one.name == name}
    for parameter, value in wanted.items():
        route = route.replace(parameter, value)

    asked = client.post(f"/{route}", {"reason": "r"})

    assert (asked.status_code, asked.url.partition("?")[0]) == (302, "/confirm/")
