"""What is sent to liaison organisations, and what they say (rule 9)."""

import pytest
from django.core.exceptions import PermissionDenied
from django.core.files.base import ContentFile
from django.core.files.storage import default_storage
from django.db import IntegrityError, transaction
from django.urls import reverse

from isecg.events.models import Event
from isecg.mail.models import Letter
from products.models import LiaisonSending, LiaisonStatement
from products.services import liaison
from products.services.errors import ProductError
from tests.factories import (
    LiaisonContactFactory,
    LiaisonOrganisationFactory,
    MandateFactory,
    UserFactory,
)
from tests.products.world import make_call, write_version

pytestmark = pytest.mark.django_db


@pytest.fixture
def world():
    return make_call(2, code="DRAFT")


@pytest.fixture
def ilewg():
    return LiaisonOrganisationFactory(code="ILEWG")


@pytest.fixture
def contact(ilewg):
    return LiaisonContactFactory(organisation=ilewg).person


def send(world, organisation, *, version=None, by=None):
    return liaison.send_version(
        version or world.product.versions.get(number=1),
        organisation=organisation,
        permission="the plenary of March",
        by=by or world.secretariat,
    )


def main_of(answer):
    html = answer.content.decode()
    return html[html.index("<main") : html.index("</main>")]


def test_a_version_is_sent_and_the_contacts_are_told(world, ilewg, contact):
    LiaisonContactFactory()
    Letter.objects.all().delete()

    sending = send(world, ilewg)

    assert (sending.organisation, sending.permission, sending.sent_by) == (
        ilewg,
        "the plenary of March",
        world.secretariat,
    )
    event = Event.objects.latest("seq")
    assert (event.event, event.payload["version"], event.payload["reason"]) == (
        "product.sent_to_liaison",
        "v1",
        "Permitted by the plenary of March",
    )
    letter = Letter.objects.get()
    assert (letter.recipient, letter.subject) == (contact, "[DRAFT] Version 1 was sent to ILEWG")
    assert "/products/DRAFT/versions/1/" in letter.text
    assert "the plenary of March" in letter.text


def test_a_version_is_sent_once_and_only_where_somebody_could_read_it(world, ilewg, contact):
    send(world, ilewg)

    with pytest.raises(ProductError, match="Version 1 was sent to ILEWG already"):
        send(world, ilewg)
    with pytest.raises(ProductError, match="COSPAR has no contact who could read it"):
        send(world, LiaisonOrganisationFactory(code="COSPAR"))
    assert LiaisonSending.objects.count() == 1


def test_the_secretariat_alone_sends(world, ilewg, contact):
    with pytest.raises(PermissionDenied, match="Only the secretariat may send a version to"):
        send(world, ilewg, by=world.heads[0])

    assert not LiaisonSending.objects.exists()


def test_the_form_on_the_page_sends_and_shows_a_refusal_beside_its_field(
    client, world, ilewg, contact
):
    client.force_login(world.secretariat)
    page = reverse("version", args=["DRAFT", 1])
    address = reverse("version_send", args=["DRAFT", 1])
    assert address in main_of(client.get(page))

    lacking = client.post(address, {"organisation": ilewg.pk, "permission": ""})
    done = client.post(address, {"organisation": ilewg.pk, "permission": "the plenary"})
    again = client.post(address, {"organisation": ilewg.pk, "permission": "whoever"})

    assert (lacking.status_code, done.status_code, again.status_code) == (422, 302, 422)
    assert lacking.context["send_form"].errors == {"permission": ["This field is required."]}
    assert again.context["send_form"].errors == {
        "__all__": ["Version 1 was sent to ILEWG already."]
    }
    assert again.context["send_form"]["permission"].value() == "whoever"
    assert "permitted by the plenary" in main_of(again)


def test_a_contact_sees_exactly_the_version_that_was_sent(client, world, ilewg, contact):
    product = world.product
    second = write_version(product)
    for version in (product.versions.get(number=1), second):
        file = version.files.get()
        default_storage.delete(file.path)
        default_storage.save(file.path, ContentFile(b"One paragraph."))
    send(world, ilewg)
    # What members sent to another organisation is not for this one.
    send(world, LiaisonContactFactory().organisation, version=second)
    client.force_login(contact)
    sent = [
        reverse("version", args=["DRAFT", 1]),
        reverse("download", args=["DRAFT", 1, "v1.md"]),
    ]
    hidden = [
        reverse("version", args=["DRAFT", 2]),
        reverse("download", args=["DRAFT", 2, "v2.md"]),
        reverse("product", args=["DRAFT"]),
        reverse("product_history", args=["DRAFT"]),
        reverse("compare", args=["DRAFT"]),
        reverse("call", args=[world.call.pk]),
    ]

    answers = [client.get(address) for address in sent]
    assert [answer.status_code for answer in answers] == [200, 200]
    assert b"".join(answers[1]) == b"One paragraph."
    assert [client.get(address).status_code for address in hidden] == [404] * 6
    page = main_of(answers[0])
    assert "Sent to ILEWG on" in page
    assert "LIA" not in page
    # The page leads to nothing that does not exist for them.
    html = answers[0].content.decode()
    assert not [address for address in hidden if f'href="{address}"' in html]
    assert "DRAFT" not in client.get(reverse("products")).content.decode()


def test_what_was_sent_stays_hidden_from_outsiders_and_former_contacts(client, world, ilewg):
    held = LiaisonContactFactory(organisation=ilewg)
    send(world, ilewg)
    held.ends_at = world.call.opened_at
    held.save_as(None, "test")

    for person in (UserFactory(), LiaisonContactFactory().person, held.person):
        client.force_login(person)
        assert client.get(reverse("version", args=["DRAFT", 1])).status_code == 404
        assert "DRAFT" not in main_of(client.get(reverse("liaison")))


def test_the_first_page_leads_a_contact_to_what_was_sent(client, world, ilewg, contact):
    send(world, ilewg)
    client.force_login(contact)

    home = main_of(client.get(reverse("home")))

    assert "Contact of ILEWG" in home
    assert reverse("liaison") in home
    assert "DRAFT" not in home
    assert reverse("version", args=["DRAFT", 1]) in main_of(client.get(reverse("liaison")))


def test_members_read_what_was_sent_and_by_whose_permission(client, world, ilewg, contact):
    send(world, ilewg)
    client.force_login(world.heads[1])

    for address in (reverse("version", args=["DRAFT", 1]), reverse("liaison")):
        page = main_of(client.get(address))
        assert "Sent to ILEWG on" in page
        assert "permitted by the plenary of March" in page
        assert "Send to a liaison organisation" not in page


# --- Statements ---------------------------------------------------------------------


def test_a_contact_sends_a_statement_and_the_secretariat_is_told(client, world, ilewg, contact):
    sending = send(world, ilewg)
    Letter.objects.all().delete()
    client.force_login(contact)

    answer = client.post(
        reverse("statement_new", args=["ILEWG"]),
        {"version": sending.version_id, "text": "We welcome this."},
    )

    assert answer.url == reverse("liaison")
    statement = LiaisonStatement.objects.get()
    assert (statement.version, statement.text, statement.given_by, statement.on_behalf) == (
        sending.version,
        "We welcome this.",
        contact,
        False,
    )
    assert Event.objects.latest("seq").event == "product.liaison_statement"
    letter = Letter.objects.get()
    assert (letter.recipient, letter.subject) == (
        world.secretariat,
        "[DRAFT] Statement of ILEWG",
    )
    assert "We welcome this." in letter.text


def test_a_statement_is_read_by_members_and_counted_nowhere(client, world, ilewg, contact):
    version = send(world, ilewg).version
    liaison.make_statement(ilewg, text="We object to this.", version=version, by=contact)
    liaison.make_statement(ilewg, text="Good wishes.", by=contact)
    client.force_login(world.heads[0])

    shown = {
        name: [text for text in ("We object to this.", "Good wishes.") if text in page]
        for name, page in {
            "product": main_of(client.get(reverse("product", args=["DRAFT"]))),
            "version": main_of(client.get(reverse("version", args=["DRAFT", 1]))),
            "liaison": main_of(client.get(reverse("liaison"))),
        }.items()
    }

    assert shown == {
        "product": [],
        "version": ["We object to this."],
        "liaison": ["We object to this.", "Good wishes."],
    }
    product = main_of(client.get(reverse("product", args=["DRAFT"])))
    assert f"{reverse('version', args=['DRAFT', 1])}#statements" in product
    call = client.get(reverse("call", args=[world.call.pk]))
    assert "We object" not in call.content.decode()
    assert not world.call.entries.exists()


def test_statements_are_not_for_outsiders_nor_for_other_organisations(client, world, ilewg):
    contact = LiaisonContactFactory(organisation=ilewg).person
    liaison.make_statement(ilewg, text="For members alone.", by=contact)

    for person in (UserFactory(), LiaisonContactFactory().person):
        client.force_login(person)
        assert "For members alone." not in client.get(reverse("liaison")).content.decode()


def test_the_secretariat_enters_a_statement_with_its_source(client, world, ilewg):
    client.force_login(world.secretariat)
    address = reverse("statement_new", args=["ILEWG"])

    lacking = client.post(address, {"text": "Welcome.", "source": ""})
    done = client.post(address, {"text": "Welcome.", "source": "Letter of 3 March"})

    assert (lacking.status_code, done.status_code) == (422, 302)
    assert lacking.context["form"].errors == {"source": ["This field is required."]}
    statement = LiaisonStatement.objects.get()
    assert (statement.on_behalf, statement.source) == (True, "Letter of 3 March")
    event = Event.objects.latest("seq")
    assert (event.event, event.payload["on_behalf_of"]) == ("liaison.statement", "ILEWG")
    page = main_of(client.get(reverse("liaison")))
    assert "on its behalf, source: Letter of 3 March" in page


@pytest.mark.parametrize("who", ["head", "outsider", "contact of another"])
def test_a_statement_is_made_by_its_contacts_and_the_secretariat_alone(
    client, world, ilewg, contact, who
):
    person = {
        "head": lambda: world.heads[0],
        "outsider": UserFactory,
        "contact of another": lambda: LiaisonContactFactory().person,
    }[who]()
    client.force_login(person)

    answer = client.post(reverse("statement_new", args=["ILEWG"]), {"text": "Welcome."})

    assert answer.status_code == 403
    with pytest.raises(PermissionDenied):
        liaison.make_statement(ilewg, text="Welcome.", by=person)
    assert not LiaisonStatement.objects.exists()


def test_a_statement_is_on_a_version_that_was_sent_to_that_organisation(
    client, world, ilewg, contact
):
    other = LiaisonContactFactory().organisation
    version = send(world, other).version
    client.force_login(contact)

    answer = client.post(
        reverse("statement_new", args=["ILEWG"]), {"version": version.pk, "text": "Welcome."}
    )

    assert answer.status_code == 422
    assert list(answer.context["form"].errors) == ["version"]
    with pytest.raises(ProductError, match="DRAFT v1 was not sent to ILEWG"):
        liaison.make_statement(ilewg, text="Welcome.", version=version, by=contact)


def test_the_secretariat_names_its_source_to_the_service_as_well(world, ilewg):
    with pytest.raises(ProductError, match="where you have the statement from"):
        liaison.make_statement(ilewg, text="Welcome.", by=world.secretariat)


@pytest.mark.parametrize("query", ["", "x", "9" * 40, "-1"])
def test_the_form_of_a_statement_names_the_version_of_the_link(
    client, world, ilewg, contact, query
):
    sending = send(world, ilewg)
    client.force_login(contact)
    link = f"{reverse('statement_new', args=['ILEWG'])}?version={sending.version_id}"

    page = main_of(client.get(reverse("version", args=["DRAFT", 1])))
    named = client.get(link)
    odd = client.get(f"{reverse('statement_new', args=['ILEWG'])}?version={query}")

    assert link in page
    assert named.context["form"]["version"].value() == sending.version_id
    assert odd.status_code == 200


@pytest.mark.parametrize("count", [1, 30])
def test_the_liaison_page_asks_the_same_for_many(
    client, world, ilewg, contact, count, django_assert_max_num_queries
):
    version = send(world, ilewg).version
    for _ in range(count):
        liaison.make_statement(ilewg, text="Welcome.", version=version, by=contact)

    for person in (world.secretariat, MandateFactory().person, contact):
        client.force_login(person)
        with django_assert_max_num_queries(10):
            client.get(reverse("liaison"))


def test_what_was_sent_and_said_stays(world, ilewg, contact):
    sending = send(world, ilewg)
    statement = liaison.make_statement(ilewg, text="Welcome.", by=contact)

    for row, name in ((sending, "permission"), (statement, "text")):
        setattr(row, name, "Otherwise.")
        with pytest.raises(IntegrityError), transaction.atomic():
            row.save()
