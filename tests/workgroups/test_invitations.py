"""Invitations: the only way to an account."""

import re
from datetime import timedelta

import pytest
import time_machine
from django.core.exceptions import PermissionDenied, ValidationError
from django.db import IntegrityError, transaction
from django.test import Client
from django.urls import reverse

from isecg import clock
from isecg.events.models import Event
from isecg.mail.models import Letter, State
from tests.factories import AgencyFactory, MandateFactory, UserFactory
from workgroups.models import Invitation, User
from workgroups.permissions import Standing
from workgroups.roles import InvitedAs
from workgroups.services import invitations as services
from workgroups.services.errors import RefusedError

pytestmark = pytest.mark.django_db

PASSWORD = "a long enough password"


@pytest.fixture
def secretariat():
    return UserFactory(name="Sofia", is_secretariat=True)


@pytest.fixture
def head():
    return MandateFactory(agency=AgencyFactory(code="ESA"), person=UserFactory(name="Hugo")).person


def invite(by, email="anna@example.org", role=InvitedAs.STAFF, **said):
    return services.invite(email, invited_as=role, reason="She joins us.", by=by, **said)


def path_to(email="anna@example.org"):
    """Return the path of the link in the last letter to an address."""
    letter = Letter.objects.filter(address=email, kind="invitation.sent").latest("pk")
    (path,) = re.findall(r"http://testserver(/invitation/\S+)", letter.text)
    return path


def token_to(email="anna@example.org"):
    return path_to(email).split("/")[2]


def accept(client, **typed):
    form = {"name": "Anna", "time_zone": "Europe/Paris", "password": PASSWORD} | typed
    return client.post(path_to(), form)


# --- Who may invite whom ------------------------------------------------------------------


def test_the_secretariat_invites_in_every_role():
    desk = Standing.of(UserFactory(is_secretariat=True))

    assert services.invitable(desk) == list(InvitedAs)


def test_a_head_invites_the_alternates_and_staff_of_the_own_agency_alone(head):
    standing, own = Standing.of(head), head.mandates.get().agency

    assert services.invitable(standing, own) == [InvitedAs.ALTERNATE, InvitedAs.STAFF]
    assert services.invitable(standing, AgencyFactory()) == []


@pytest.mark.parametrize("role", InvitedAs)
@pytest.mark.parametrize("whose", ["own", "other", "none"])
def test_invite_refuses_what_is_not_a_heads_to_ask(head, role, whose):
    agency = {"own": head.mandates.get().agency, "other": AgencyFactory(), "none": None}[whose]

    if whose == "own" and role in {InvitedAs.ALTERNATE, InvitedAs.STAFF}:
        assert invite(head, role=role, agency=agency).agency == agency
    else:
        with pytest.raises(PermissionDenied, match="a head of delegation the alternates"):
            invite(head, role=role, agency=agency)
        assert not Letter.objects.exists()


@pytest.mark.parametrize("capacity", ["alternate", "staff"])
def test_nobody_else_invites(capacity):
    mandate = MandateFactory(capacity=capacity)

    with pytest.raises(PermissionDenied):
        invite(mandate.person, agency=mandate.agency)
    client = Client()
    client.force_login(mandate.person)
    assert client.get(reverse("invitation_new")).status_code == 403


def test_a_head_sees_the_invitations_of_the_own_agency_alone(client, head, secretariat):
    own = invite(head, agency=head.mandates.get().agency)
    other = invite(secretariat, "other@example.org", agency=AgencyFactory())
    client.force_login(head)

    page = client.get(reverse("invitations"))

    assert list(page.context["page"]) == [own]
    assert client.get(reverse("invitation_revoke", args=[other.pk])).status_code == 404


# --- The letter ---------------------------------------------------------------------------------


def test_invite_writes_one_letter_and_keeps_no_token(secretariat):
    invitation = invite(secretariat, agency=AgencyFactory(code="ESA", time_zone="Europe/Paris"))

    letter = Letter.objects.get()
    assert (letter.address, letter.recipient, letter.is_secret) == ("anna@example.org", None, True)
    assert "as staff of ESA" in letter.text
    assert re.search(r"runs out on \d+ \w+ \d{4} \d\d:\d\d CES?T", letter.text)
    assert token_to() not in str(Invitation.objects.values().get())
    assert token_to() not in str(Event.objects.values_list())
    assert invitation.expires_at - invitation.sent_at == timedelta(days=7)


def test_one_open_invitation_for_an_address(secretariat):
    invite(secretariat, role=InvitedAs.NONE)

    with pytest.raises(ValidationError, match="send it again"):
        invite(secretariat, "ANNA@example.org", role=InvitedAs.NONE)


def test_the_database_wants_an_agency_where_the_role_is_held_for_one(secretariat):
    invitation = invite(secretariat, role=InvitedAs.NONE)
    invitation.invited_as = InvitedAs.HEAD

    with pytest.raises(IntegrityError), transaction.atomic():
        invitation.save_as(None, "test")


def test_resend_makes_the_former_link_dead(client, secretariat):
    invitation = invite(secretariat, role=InvitedAs.NONE)
    former = path_to()

    services.resend(invitation, reason="Lost.", by=secretariat)

    assert client.get(former).status_code == 404
    assert client.get(path_to()).status_code == 200
    assert list(Letter.objects.order_by("pk").values_list("state", flat=True)) == [
        State.DROPPED,
        State.QUEUED,
    ]


def test_revoke_makes_the_link_dead(client, secretariat):
    invitation = invite(secretariat, role=InvitedAs.NONE)
    path = path_to()

    services.revoke(invitation, reason="A mistake.", by=secretariat)

    assert client.get(path).status_code == 404
    assert client.post(path, {"name": "Anna"}).status_code == 404
    assert not User.objects.filter(email="anna@example.org").exists()
    with pytest.raises(RefusedError, match="was withdrawn"):
        services.resend(invitation, reason="Again.", by=secretariat)


def test_a_link_runs_out(client, secretariat):
    invite(secretariat, role=InvitedAs.NONE)

    with time_machine.travel(clock.now() + timedelta(days=7, seconds=1)):
        assert accept(client).status_code == 404
    with time_machine.travel(clock.now() + timedelta(days=7, seconds=-60)):
        assert accept(client).status_code == 302


def test_a_link_is_dead_once_its_sender_may_not_invite_any_more(client, head):
    invite(head, agency=head.mandates.get().agency)
    mandate = head.mandates.get()
    mandate.ends_at = clock.now()
    mandate.save_as(None, "test")

    assert accept(client).status_code == 404


# --- Accepting ------------------------------------------------------------------------------------


def test_looking_at_the_link_uses_nothing_up(secretariat):
    invite(secretariat, role=InvitedAs.NONE)

    # A mail scanner opens every link, and asks for the heads of some.
    for method in ("get", "head", "get"):
        assert getattr(Client(), method)(path_to()).status_code == 200
    assert not User.objects.filter(email="anna@example.org").exists()
    assert accept(Client()).status_code == 302


def test_accept_opens_the_account_with_its_role_and_lets_the_person_in(client, head):
    agency = head.mandates.get().agency
    invitation = invite(head, role=InvitedAs.ALTERNATE, agency=agency)

    response = accept(client)

    person = User.objects.get(email="anna@example.org")
    invitation.refresh_from_db()
    mandate = person.mandates.get()
    assert response.url == reverse("home")
    assert client.get(reverse("home")).status_code == 200
    assert (mandate.agency, mandate.capacity, mandate.granted_by) == (agency, "alternate", "Hugo")
    assert (invitation.accepted_by, person.time_zone) == (person, "Europe/Paris")
    assert Standing.of(person).voices == [agency]
    assert Letter.objects.filter(recipient=head, kind="invitation.accepted").count() == 1


def test_accept_is_for_one_use(secretariat):
    invite(secretariat, role=InvitedAs.NONE)
    path = path_to()
    accept(Client())

    again = Client().post(path, {"name": "X", "time_zone": "UTC", "password": PASSWORD})

    assert again.status_code == 404
    assert User.objects.filter(email="anna@example.org").get().name == "Anna"
    with pytest.raises(RefusedError, match="not open any more"):
        services.accept(path.split("/")[2], name="X", password=PASSWORD, by=None)


def test_accept_gives_the_secretariat_its_role(client, secretariat):
    invite(secretariat, role=InvitedAs.SECRETARIAT)

    accept(client)

    assert User.objects.get(email="anna@example.org").is_secretariat


def test_accept_keeps_the_times_of_the_mandate(client, secretariat):
    later = clock.now() + timedelta(days=3)
    end = clock.now() + timedelta(days=30)
    invite(
        secretariat,
        role=InvitedAs.HEAD,
        agency=AgencyFactory(),
        mandate_starts_at=later,
        mandate_ends_at=end,
    )

    accept(client)

    mandate = User.objects.get(email="anna@example.org").mandates.get()
    assert (mandate.starts_at, mandate.ends_at) == (later, end)


@pytest.mark.parametrize(
    ("typed", "field"),
    [
        ({"password": "short"}, "password"),
        ({"password": "password1234"}, "password"),
        ({"password": ""}, "password"),
        ({"name": " "}, "name"),
        ({"time_zone": "Mars/Olympus"}, "time_zone"),
    ],
)
def test_accept_refuses_beside_the_field_and_stays_open(client, secretariat, typed, field):
    invite(secretariat, role=InvitedAs.NONE)

    response = accept(client, **typed)

    assert (response.status_code, list(response.context["form"].errors)) == (422, [field])
    assert not User.objects.filter(email="anna@example.org").exists()
    assert accept(client).status_code == 302


def test_accept_by_an_account_takes_the_role_on(client, secretariat):
    person = UserFactory(email="anna@example.org", name="Anna")
    invite(secretariat, role=InvitedAs.STAFF, agency=AgencyFactory(code="ESA"))

    stranger = Client().post(path_to(), {"name": "X", "time_zone": "UTC", "password": PASSWORD})
    assert "has an account already" in stranger.content.decode()
    client.force_login(UserFactory())
    assert "has an account already" in client.post(path_to(), {}).content.decode()
    assert not person.mandates.exists()

    client.force_login(person)
    client.post(path_to(), {})

    assert person.mandates.get().agency.code == "ESA"
    assert User.objects.filter(email__iexact="anna@example.org").count() == 1


def test_accept_says_when_the_mandate_was_given_meanwhile(client, secretariat):
    mandate = MandateFactory(person=UserFactory(email="anna@example.org"))
    invite(secretariat, role=InvitedAs.STAFF, agency=mandate.agency)
    client.force_login(mandate.person)

    response = client.post(path_to(), {})

    assert response.status_code == 422
    assert "end that mandate first" in response.content.decode()
    assert Invitation.objects.get().accepted_at is None


def test_guessing_links_is_counted(client):
    answers = [client.post(f"/invitation/{number}/").status_code for number in range(21)]

    assert answers == [404] * 20 + [429]


# --- The pages -----------------------------------------------------------------------------------


def test_invitation_page_sends_and_says_so(client, head):
    client.force_login(head)

    sent = client.post(
        reverse("invitation_new"),
        {
            "email": "Anna@Example.org",
            "invited_as": "staff",
            "agency": head.mandates.get().agency.pk,
            "reason": "She joins us.",
        },
        follow=True,
    )

    assert "The invitation is on its way." in sent.content.decode()
    assert Invitation.objects.get().email == "anna@example.org"


def test_invitation_page_offers_a_head_the_own_agency_alone(client, head):
    AgencyFactory(code="JAXA")
    client.force_login(head)

    form = client.get(reverse("invitation_new")).context["form"]
    refused = client.post(
        reverse("invitation_new"),
        {"email": "a@example.org", "invited_as": "head", "agency": "999", "reason": "r"},
    )

    assert [agency.code for agency in form.fields["agency"].queryset] == ["ESA"]
    assert sorted(refused.context["form"].errors) == ["agency", "invited_as"]
    assert 'value="a@example.org"' in refused.content.decode()


def test_invitation_page_asks_for_the_agency_of_a_role(client, secretariat):
    client.force_login(secretariat)

    refused = client.post(
        reverse("invitation_new"),
        {"email": "a@example.org", "invited_as": "head", "reason": "r"},
    )

    assert refused.context["form"].errors == {"agency": ["Say for which agency this role is held."]}


def test_the_acts_on_an_invitation_work_from_their_pages(client, secretariat):
    invitation = invite(secretariat, role=InvitedAs.NONE)
    client.force_login(secretariat)

    for name in ("invitation_resend", "invitation_revoke"):
        done = client.post(reverse(name, args=[invitation.pk]), {"reason": "r"})
        assert done.url == reverse("invitations")
    refused = client.post(reverse("invitation_revoke", args=[invitation.pk]), {"reason": "r"})

    assert refused.status_code == 422
    assert "This invitation was withdrawn." in refused.content.decode()
    assert [row.event for row in Event.objects.order_by("seq")] == [
        "invitation.sent",
        "invitation.resent",
        "invitation.withdrawn",
    ]
