"""The pages of an editorial version of a text under call (rule 29)."""

from datetime import UTC, datetime, timedelta

import pytest
import time_machine
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from products.consensus import Outcome, Stand
from products.models import CarryOver
from products.models.calls import CallState
from products.services import calls, decisions
from tests.factories import AgencyFactory, MandateFactory, UserFactory
from tests.products.world import give_chair, make_call, make_carried, submit
from workgroups.roles import Capacity

pytestmark = pytest.mark.django_db

NOON = datetime(2026, 3, 2, 12, tzinfo=UTC)  # a Monday
CONTEST_UNTIL = datetime(2026, 3, 9, 12, tzinfo=UTC)


@pytest.fixture(autouse=True)
def traveller():
    with time_machine.travel(NOON, tick=False) as moved:
        yield moved


def declare(world):
    return decisions.declare(
        world.product, outcome=Outcome.CONSENSUS, statement="Yes.", by=world.secretariat
    )


def get(client, world, user):
    client.force_login(user)
    response = client.get(world.call.get_absolute_url())
    return response, " ".join(response.content.decode().split())


def contesting(world, at=0, **changed):
    given = {"agency": world.agencies[at].pk, "reason": "Clause 4 changes."} | changed
    return {f"contest-{name}": value for name, value in given.items()}


def url_of(world):
    return reverse("call_contest", args=[world.call.pk])


def test_call_tells_what_was_carried_and_offers_the_contest(client):
    world = make_carried(Stand.CONCUR)
    staff = MandateFactory(agency=world.agencies[0], capacity=Capacity.STAFF).person

    offered = {}
    for name, user in {"head": world.heads[1], "staff": staff, "desk": world.secretariat}.items():
        response, text = get(client, world, user)
        assert "Version 2 took over from version 1" in text
        assert text.count("Given on v1, carried to v2.") == 2  # in the table and the record
        assert "Until 9 Mar 2026 12:00 UTC any elector may say that version 2" in text
        form = response.context["acts"].get("contest")
        offered[name] = form and (list(form.fields), list(form.fields["agency"].choices))

    ids = [agency.pk for agency in world.agencies]
    assert offered == {
        "head": (["agency", "reason"], [(ids[1], "CNES")]),
        "staff": None,
        "desk": (
            ["agency", "reason", "source"],
            [("", "---------"), *zip(ids, ["ASI", "CNES", "ESA"], strict=True)],
        ),
    }


def test_call_contest_ends_the_call_and_the_pages_say_by_whom(client):
    world = make_carried(Stand.CONCUR)
    client.force_login(world.heads[1])

    response = client.post(url_of(world), contesting(world, 1))

    world.refresh()
    assert (response.status_code, response["Location"]) == (302, world.call.get_absolute_url())
    assert world.call.state == CallState.OVERTAKEN
    _, text = get(client, world, world.heads[0])
    assert "CNES said on" in text
    assert "Clause 4 changes." in text
    said = "contested by CNES: counts as substantive"
    for page in (
        world.product.get_absolute_url(),
        world.call.version.get_absolute_url(),
        reverse("compare", args=[world.product.code]) + "?from=1&to=2",
    ):
        assert said in client.get(page).content.decode()


def test_call_contest_on_behalf_shows_its_source(client):
    world = make_carried()
    client.force_login(world.secretariat)

    refused = client.post(url_of(world), contesting(world, 2))
    done = client.post(url_of(world), contesting(world, 2, source="letter of 2 Mar 2026"))

    assert list(refused.context["acts"]["contest"].errors) == ["source"]
    assert (refused.status_code, done.status_code) == (422, 302)
    _, text = get(client, world, world.heads[0])
    assert "Recorded by Sam Secretariat for ESA, source: letter of 2 Mar 2026" in text


@pytest.mark.parametrize(
    ("changed", "field"), [({"reason": " "}, "reason"), ({"agency": "0"}, "agency")]
)
def test_call_contest_refuses_beside_the_field(client, changed, field):
    world = make_carried()
    client.force_login(world.heads[0])

    response = client.post(url_of(world), contesting(world, **changed))

    assert response.status_code == 422
    assert list(response.context["acts"]["contest"].errors) == [field]
    assert not CarryOver.objects.get().contest


def test_call_contest_one_second_late_keeps_what_was_typed(client, traveller):
    world = make_carried()
    traveller.move_to(CONTEST_UNTIL + timedelta(seconds=1))
    client.force_login(world.heads[0])

    response = client.post(url_of(world), contesting(world))

    assert response.status_code == 422
    text = response.content.decode()
    assert "Until 9 Mar 2026 12:00 UTC an elector could say that version 2" in text
    assert "Nobody contested until 9 Mar 2026 12:00 UTC" in text
    assert "contest" not in response.context["acts"]


def test_call_contest_is_for_the_voices_of_electors(client):
    world = make_carried()
    give_chair(world.agencies[1])
    staff = MandateFactory(agency=world.agencies[0], capacity=Capacity.STAFF).person
    outsider = MandateFactory(agency=AgencyFactory(code="KARI")).person

    statuses = []
    for user in (staff, outsider, UserFactory()):
        client.force_login(user)
        statuses.append(client.post(url_of(world), contesting(world)).status_code)
    client.force_login(world.heads[1])
    other = client.post(url_of(world), contesting(world, 0))

    assert statuses == [403, 403, 404]
    # Of another agency: the choice has only one's own.
    assert other.status_code == 422
    assert client.get(url_of(world)).status_code == 405
    assert not CarryOver.objects.get().contest


def test_no_outcome_is_declared_while_the_version_can_be_contested(client, traveller):
    world = make_carried(Stand.CONCUR, Stand.CONCUR, Stand.CONCUR)
    declaring = reverse("declare", args=[world.call.pk])
    sent = {"outcome": "consensus", "statement": "Agreed."}

    response, text = get(client, world, world.secretariat)
    early = client.post(declaring, sent)
    traveller.move_to(CONTEST_UNTIL + timedelta(seconds=1))
    later, _ = get(client, world, world.secretariat)
    done = client.post(declaring, sent)

    assert "declare" not in response.context["acts"]
    assert "No outcome is declared before" in text
    assert early.status_code == 422
    assert early.context["form"].non_field_errors() == [
        "Until 9 Mar 2026 12:00 UTC any elector may say that version 2 is not editorial."
    ]
    assert later.context["acts"]["declare"] == declaring
    assert done.status_code == 302
    record = client.get(done["Location"]).content.decode()
    assert "ASI: given on version 1, carried to version 2." in record


def test_a_position_form_of_the_version_before_is_refused_and_kept(client):
    world = make_call(codes=["ASI"])
    client.force_login(world.heads[0])
    page = client.get(world.call.get_absolute_url()).content.decode()
    assert '<input type="hidden" name="version" value="1">' in page
    submit(world)
    sent = {"asi-stand": "object", "asi-text": "Clause 4.", "version": "1"}
    url = reverse("call_position", args=[world.call.pk, "asi"])

    refused = client.post(url, sent)
    done = client.post(url, sent | {"version": "2"})

    assert (refused.status_code, done.status_code) == (422, 302)
    text = refused.content.decode()
    assert "Version 2 took over from version 1 while you were reading" in text
    assert "Clause 4." in text
    assert '<input type="hidden" name="version" value="2">' in text


@pytest.mark.parametrize("number", ["x", "", "99999999999999999999"])
def test_a_position_without_a_version_that_is_one_is_taken_as_it_is(client, number):
    world = make_call(codes=["ASI"])
    client.force_login(world.heads[0])

    response = client.post(
        reverse("call_position", args=[world.call.pk, "asi"]),
        {"asi-stand": "concur", "version": number},
    )

    assert response.status_code == 302


@pytest.mark.parametrize(
    ("situation", "substantive", "editorial"),
    [
        (
            "open",
            "It ends the call on version 1: its positions count for nothing",
            "Any elector may say until 9 Mar 2026 12:00 UTC that the version is not editorial",
        ),
        ("objection", "It ends the call on version 1", "and ASI does: it ends the call on"),
        ("over", "It ends the call on version 1", "its deadline passed on 12 Mar 2026"),
        ("agreed", "The agreement on version 1 lapses", "Version 1 is agreed as it stands"),
    ],
)
def test_the_form_of_a_version_says_what_each_class_does(
    client, traveller, situation, substantive, editorial
):
    world = make_call(codes=["ASI"])
    if situation == "objection":
        world.say(0, Stand.OBJECT)
    elif situation == "over":
        traveller.move_to(world.call.deadline + timedelta(seconds=1))
    elif situation == "agreed":
        world.say(0, Stand.CONCUR)
        declare(world)
    client.force_login(world.secretariat)

    response = client.get(reverse("version_new", args=[world.product.code]))

    text = " ".join(response.content.decode().split())
    assert substantive in text
    assert editorial in text
    assert response.context["effects"].warns is (situation != "open")


def test_the_form_of_a_version_says_nothing_where_nothing_rests_on_the_text(client):
    world = make_call(1)
    calls.return_to_drafting(world.product, reason="Figures.", by=world.secretariat)
    client.force_login(world.secretariat)

    response = client.get(reverse("version_new", args=[world.product.code]))

    assert response.context["effects"] is None


@pytest.mark.parametrize("count", [1, 40])
def test_pages_of_a_carried_call_keep_their_budgets(client, count):
    world = make_call(count)
    for at in range(count):
        world.say(at, Stand.CONDITION, f"Clause {at} is to say who pays.")
    submit(world)
    world.refresh()
    pages = {
        world.call.get_absolute_url(): 10,
        world.product.get_absolute_url(): 12,
        reverse("version_new", args=[world.product.code]): 14,
        reverse("compare", args=[world.product.code]): 6,
    }

    costs = {}
    for user in (world.heads[0], world.secretariat):
        client.force_login(user)
        for page, budget in pages.items():
            with CaptureQueriesContext(connection) as context:
                response = client.get(page)
            if response.status_code != 403:
                costs[page, user] = (len(context), budget, len(response.content))

    assert [cost for cost in costs.values() if cost[0] > cost[1] or cost[2] > 100_000] == []


def test_since_position_starts_from_the_version_that_it_was_given_on(client):
    world = make_carried(Stand.CONCUR)
    client.force_login(world.heads[0])

    response = client.get(reverse("since_position", args=[world.product.code]))

    assert response["Location"].endswith("?from=1&to=2")
