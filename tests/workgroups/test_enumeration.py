"""Nobody learns at the door who has an account: one answer for all, at one price."""

import re

import pytest
from django.contrib.auth.hashers import MD5PasswordHasher, make_password
from django.db import transaction
from django.test import Client
from django.urls import reverse

from tests.factories import AgencyFactory, MandateFactory, UserFactory
from workgroups.models import Invitation

pytestmark = pytest.mark.django_db

PASSWORD = "a long enough password"
KNOWN = ["anna@example.org", "suspended@example.org", "provider-only@example.org"]


def unknown_like(email):
    """Return an address that nobody has, of the same length: a page says how long it is."""
    name, _, domain = email.partition("@")
    return f"{'n' * len(name)}@{domain}"


class CountingHasher(MD5PasswordHasher):
    """Counts what costs the time by which an answer could be told from another."""

    count = 0

    def encode(self, password, salt):
        CountingHasher.count += 1
        return super().encode(password, salt)


@pytest.fixture(autouse=True)
def _people(settings):
    settings.PASSWORD_HASHERS = [f"{__name__}.CountingHasher"]
    UserFactory(email=KNOWN[0], password=make_password(PASSWORD))
    UserFactory(email=KNOWN[1], password=make_password(PASSWORD), is_active=False)
    UserFactory(email=KNOWN[2], password=make_password(None))


def outside_of(response):
    """Return what somebody outside sees of an answer, less what differs each time."""
    body = re.sub(r'name="csrfmiddlewaretoken" value="\w+"', "", response.content.decode())
    body = re.sub(r"<time.*?</time>", "", body)
    passing = {"X-Request-ID", "Expires"}
    headers = {name: value for name, value in response.headers.items() if name not in passing}
    # Each policy lists its parts in an order of its own.
    policy = headers["Content-Security-Policy"].split("; ")
    headers["Content-Security-Policy"] = sorted(sorted(part.split()) for part in policy)
    cookies = sorted(response.cookies)
    return (response.status_code, headers, cookies, body)


def answered(name, typed):
    """Post a form from a browser of its own and return what it saw, and what followed."""
    browser = Client(REMOTE_ADDR="192.0.2.1")
    first = browser.post(reverse(name), typed)
    # What was typed stands in the form again, whoever it belongs to.
    seen = [outside_of(first)]
    if first.status_code == 302:
        seen.append(outside_of(browser.get(first.url)))
    return repr(seen).replace(next(value for value in typed.values() if "@" in value), "TYPED")


@pytest.mark.parametrize("email", KNOWN)
def test_a_failed_sign_in_looks_the_same_and_costs_the_same(email):
    answers, counts = [], []
    for address in (email, unknown_like(email)):
        before = CountingHasher.count
        answers.append(answered("account_login", {"login": address, "password": "wrong"}))
        counts.append(CountingHasher.count - before)

    assert answers[0] == answers[1]
    assert "No account opens with this address and password." in answers[0]
    assert counts == [1, 1]


@pytest.mark.parametrize("email", KNOWN)
def test_a_reset_looks_the_same_and_costs_the_same(email):
    answers, counts = [], []
    for address in (email, unknown_like(email)):
        before = CountingHasher.count
        answers.append(answered("account_reset_password", {"email": address}))
        counts.append(CountingHasher.count - before)

    assert answers[0] == answers[1]
    assert "Look into your mail" in answers[0]
    assert counts[0] == counts[1]


@pytest.mark.parametrize("email", KNOWN)
def test_inviting_an_address_does_not_tell_whether_it_has_an_account(email):
    head = MandateFactory(agency=AgencyFactory(code="ESA")).person
    answers = []
    for address in (email, unknown_like(email)):
        before = transaction.savepoint()
        browser = Client()
        browser.force_login(head)
        typed = {
            "email": address,
            "invited_as": "staff",
            "agency": head.mandates.get().agency_id,
            "reason": "They join us.",
        }
        first = browser.post(reverse("invitation_new"), typed)
        page = outside_of(browser.get(first.url))
        answers.append((outside_of(first), repr(page).replace(address, "TYPED")))
        # The second list must not hold the first one's row.
        transaction.savepoint_rollback(before)

    known, unknown = (re.sub(r"/invitations/\d+/", "", repr(answer)) for answer in answers)
    assert known == unknown
    assert "TYPED" in known


@pytest.mark.parametrize("method", ["get", "post"])
def test_a_link_that_opens_nothing_tells_nothing_of_the_address(client, method):
    """Whether somebody has an account is told to whoever holds their letter alone."""
    secretariat = UserFactory(is_secretariat=True)
    answers = []
    for address in (*KNOWN, "nobody@example.org"):
        client.force_login(secretariat)
        typed = {"email": address, "invited_as": "secretariat", "reason": "They join us."}
        client.post(reverse("invitation_new"), typed)
        invitation = Invitation.objects.get(email=address)
        # What can be seen of an invitation opens nothing: neither its key nor its digest.
        for token in (str(invitation.pk), invitation.token_digest):
            call = getattr(Client(REMOTE_ADDR=f"192.0.2.{invitation.pk % 200}"), method)
            answers.append(outside_of(call(reverse("invitation_accept", args=[token]))))

    assert answers == answers[:1] * len(answers)
    assert answers[0][0] == 404
