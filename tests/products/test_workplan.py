import pytest
from django.core.exceptions import PermissionDenied
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from isecg.events.models import Event
from isecg.stale import StaleError, revision
from products.models import WorkplanItem
from products.services import workplan
from products.services.errors import ProductError
from products.workflow import State
from tests.factories import (
    AgencyFactory,
    MandateFactory,
    ProductFactory,
    UserFactory,
    WorkingGroupFactory,
)

pytestmark = pytest.mark.django_db


@pytest.fixture
def secretariat():
    return UserFactory(name="Sam Secretariat", is_secretariat=True)


def add(by, *, agencies=(), **fields):
    given = {"kind": "activity", "title": "Community workshop", "forecast": "2027-03"}
    return workplan.add_item(agencies=agencies, reason="Agreed in May.", by=by, **(given | fields))


def form(**changed):
    given = {
        "kind": "activity",
        "title": "Community workshop",
        "status": "planned",
        "forecast": "2027-03",
        "reason": "Agreed in May.",
    }
    return given | changed


def test_add_item_keeps_agencies_reason_and_event(secretariat):
    product = ProductFactory()
    agencies = [AgencyFactory(code="CNES"), AgencyFactory(code="ASI")]

    item = add(secretariat, agencies=agencies, kind="product", product=product, title="Roadmap")

    assert [row.agency.code for row in item.participations.filter(active=True)] == ["ASI", "CNES"]
    assert [row.history_change_reason for row in item.history.all()] == ["Agreed in May."]
    event = Event.objects.get(event="workplan.item_added")
    assert event.payload["after"]["agencies"] == ["ASI", "CNES"]
    assert event.payload["also"] == [f"product:{product.pk}"]


def test_add_item_refuses_what_stands_there_already(secretariat):
    first = add(secretariat)

    with pytest.raises(ProductError, match="“Community workshop” stands on the Workplan already"):
        add(secretariat)

    first.status = "dropped"
    first.save_as(secretariat, "Given up.")
    add(secretariat)
    assert WorkplanItem.objects.count() == 2


def test_items_are_the_secretariats(secretariat):
    item = add(secretariat)
    head = MandateFactory().person

    with pytest.raises(PermissionDenied, match="Only the secretariat may keep the workplan"):
        add(head, title="Another")
    with pytest.raises(PermissionDenied):
        workplan.edit_item(
            item, agencies=[], revision=revision(item), reason="Mine.", by=head, title="Another"
        )


def test_edit_item_records_what_changed_and_keeps_who_left(secretariat):
    agencies = [AgencyFactory(code="CNES"), AgencyFactory(code="ASI")]
    item = add(secretariat, agencies=agencies[:1])

    workplan.edit_item(
        item,
        agencies=agencies[1:],
        revision=revision(item),
        reason="Moved.",
        by=secretariat,
        forecast="2027-06",
        title=item.title,
    )

    rows = {row.agency.code: row.active for row in item.participations.all()}
    assert rows == {"ASI": True, "CNES": False}
    payload = Event.objects.get(event="workplan.item_changed").payload
    assert (payload["before"], payload["after"]) == (
        {"forecast": "2027-03"},
        {"forecast": "2027-06", "agencies": ["ASI"]},
    )


def test_edit_item_refuses_a_stale_form(secretariat):
    item = add(secretariat)
    seen = revision(item)
    change = {"agencies": [], "revision": seen, "reason": "Moved.", "by": secretariat}
    workplan.edit_item(item, **change, forecast="2027-06")

    with pytest.raises(StaleError):
        workplan.edit_item(item, **change, forecast="2027-09")

    item.refresh_from_db()
    assert item.forecast == "2027-06"


def test_workplan_is_read_by_everybody_who_is_signed_in(client, secretariat):
    draft = ProductFactory(code="GER-5", state=State.DRAFTING)
    add(secretariat, kind="product", product=draft, title="Fifth roadmap")

    def read(user):
        client.force_login(user)
        return client.get(reverse("workplan")).content.decode()

    stranger, member = read(UserFactory()), read(MandateFactory().person)
    assert "Fifth roadmap" in stranger
    assert 'href="/products/GER-5/"' not in stranger
    assert "badge-drafting" not in stranger
    assert 'href="/products/GER-5/"' in member
    assert "badge-drafting" in member
    assert "Add an item" not in member
    assert "Add an item" in read(secretariat)


def test_workplan_filters_by_group_and_status(client, secretariat):
    group = WorkingGroupFactory(code="IAWG")
    add(secretariat, title="One", group=group)
    add(secretariat, title="Two", group=group, status="done")
    add(secretariat, title="Three")
    client.force_login(secretariat)

    def titles(**query):
        response = client.get(reverse("workplan", query=query))
        return sorted(item.title for item in response.context["items"])

    assert titles() == ["One", "Three", "Two"]
    assert titles(group="IAWG") == ["One", "Two"]
    assert titles(status="done") == ["Two"]
    assert titles(group="IAWG", status="planned") == ["One"]
    assert titles(status="nonsense") == ["One", "Three", "Two"]


def test_workplan_costs_the_same_at_any_length(client, secretariat):
    agencies = [AgencyFactory() for _ in range(3)]

    def fill(count):
        for _ in range(count):
            title = f"Item {WorkplanItem.objects.count()}"
            product = ProductFactory()
            add(
                secretariat,
                agencies=agencies,
                kind="product",
                product=product,
                title=title,
                group=product.group,
                lead_agency=agencies[0],
            )

    def cost():
        with CaptureQueriesContext(connection) as context:
            client.get(reverse("workplan"))
        return len(context)

    client.force_login(MandateFactory().person)
    fill(1)
    before = cost()
    fill(29)

    assert cost() == before


def test_workplan_item_shows_its_history(client, secretariat):
    item = add(secretariat)
    workplan.edit_item(
        item,
        agencies=[AgencyFactory(code="CNES")],
        revision=revision(item),
        reason="CNES takes the lead.",
        by=secretariat,
        status="active",
    )
    client.force_login(MandateFactory().person)

    text = client.get(reverse("workplan_item", args=[item.pk])).content.decode()

    assert "CNES takes the lead." in text
    assert "Agreed in May." in text
    assert "<del>Planned</del>" in text
    assert "<ins>Under way</ins>" in text
    assert f'href="/workplan/{item.pk}/edit/"' not in text


def test_workplan_item_new_adds_once(client, secretariat):
    client.force_login(secretariat)

    first = client.post(reverse("workplan_item_new"), form())
    second = client.post(reverse("workplan_item_new"), form())

    item = WorkplanItem.objects.get()
    assert (first.status_code, item.forecast) == (302, "2027-03")
    assert second.status_code == 422
    assert "stands on the Workplan already" in second.content.decode()


@pytest.mark.parametrize(
    ("changed", "field"),
    [
        ({"kind": "product"}, "product"),
        ({"title": ""}, "title"),
        ({"forecast": "next spring"}, "forecast"),
        ({"baseline": "2027-13"}, "baseline"),
        ({"reason": ""}, "reason"),
        ({"agencies": ["999999"]}, "agencies"),
    ],
)
def test_workplan_item_new_refuses_beside_the_field(client, secretariat, changed, field):
    client.force_login(secretariat)

    response = client.post(reverse("workplan_item_new"), form(**changed))

    assert response.status_code == 422
    assert list(response.context["form"].errors) == [field]
    assert not WorkplanItem.objects.exists()


def test_an_activity_names_no_product(client, secretariat):
    client.force_login(secretariat)

    response = client.post(reverse("workplan_item_new"), form(product=ProductFactory().pk))

    assert list(response.context["form"].errors) == ["product"]


def test_workplan_item_edit_refuses_a_stale_form_and_keeps_what_was_typed(client, secretariat):
    agency = AgencyFactory(code="CNES")
    item = add(secretariat, agencies=[agency])
    client.force_login(secretariat)
    url = reverse("workplan_item_edit", args=[item.pk])
    opened = client.get(url).context["form"]
    assert opened.fields["agencies"].initial == [agency.pk]
    seen = {"revision": opened["revision"].value()}

    first = client.post(url, form(forecast="2027-06", **seen))
    second = client.post(url, form(forecast="2027-09", **seen))

    item.refresh_from_db()
    assert (first.status_code, second.status_code) == (302, 422)
    assert item.forecast == "2027-06"
    assert second.context["form"]["forecast"].value() == "2027-09"
    assert "Sam Secretariat changed this" in second.content.decode()


@pytest.mark.parametrize("name", ["workplan_item_new", "workplan_item_edit"])
def test_the_forms_are_the_secretariats(client, secretariat, name):
    item = add(secretariat)
    client.force_login(MandateFactory().person)
    url = reverse(name, args=[item.pk] if name.endswith("edit") else [])

    assert client.get(url).status_code == 403
    assert client.post(url, form(title="Another")).status_code == 403
    assert WorkplanItem.objects.count() == 1
