"""Agendas: their order, their changes, and what is to be read (rule 39)."""

from itertools import pairwise

import pytest
from django.core.exceptions import PermissionDenied

from isecg.events.log import about
from isecg.stale import StaleError, revision
from tests.factories import AgendaItemFactory, MandateFactory, MeetingFactory, UserFactory
from workgroups import agenda
from workgroups.models import AgendaItem
from workgroups.services.agenda import add_item, edit_item, remove_item
from workgroups.services.errors import RefusedError

pytestmark = pytest.mark.django_db


@pytest.fixture
def desk():
    return UserFactory(is_secretariat=True)


@pytest.fixture
def meeting():
    return MeetingFactory(key="tc-1")


@pytest.fixture
def items(meeting):
    return {title: AgendaItemFactory(meeting=meeting, title=title) for title in "ABCDE"}


def order(meeting):
    rows = meeting.agenda.order_by("position")
    positions = [row.position for row in rows]
    assert all(after - before == 1 for before, after in pairwise(positions))
    assert positions[0] == 1
    return "".join(row.title for row in rows)


@pytest.mark.parametrize(
    ("position", "expected"),
    [(None, "ABCDEX"), (1, "XABCDE"), (3, "ABXCDE"), (6, "ABCDEX"), (400, "ABCDEX")],
)
def test_add_item_makes_room(meeting, items, desk, position, expected):
    add_item(meeting, title="X", position=position, reason="Asked for", by=desk)

    assert order(meeting) == expected
    assert about(meeting).first().event == "meeting.item_added"


@pytest.mark.parametrize(
    ("title", "position", "expected"),
    [
        ("D", 2, "ADBCE"),
        ("B", 4, "ACDBE"),
        ("A", 5, "BCDEA"),
        ("E", 1, "EABCD"),
        ("C", None, "ABCDE"),
        ("C", 99, "ABDEC"),
    ],
)
def test_edit_item_can_put_it_elsewhere(meeting, items, desk, title, position, expected):
    item = items[title]

    edit_item(
        item, title=title, position=position, revision=revision(item), reason="Order", by=desk
    )

    assert order(meeting) == expected


def test_edit_item_changes_what_is_said_of_it(meeting, items, desk):
    speaker = UserFactory()
    item = items["B"]

    edit_item(
        item,
        title="Budget",
        speaker=speaker,
        minutes=15,
        revision=revision(item),
        reason="Named",
        by=desk,
    )

    item.refresh_from_db()
    assert (item.title, item.speaker, item.minutes, item.position) == ("Budget", speaker, 15, 2)
    assert item.history.first().history_change_reason == "Named"
    assert about(meeting).first().payload["before"] == {
        "title": "B",
        "speaker": None,
        "minutes": None,
    }


def test_edit_item_that_changes_nothing_writes_nothing(meeting, items, desk):
    item = items["B"]

    edit_item(item, title="B", revision=revision(item), reason="Nothing", by=desk)

    assert item.history.count() == 1
    assert not about(meeting).exists()


def test_edit_item_refuses_a_stale_form(items, desk):
    item = items["B"]
    seen = revision(item)
    edit_item(item, title="B1", revision=seen, reason="First", by=desk)

    with pytest.raises(StaleError):
        edit_item(item, title="B2", revision=seen, reason="Second", by=desk)

    item.refresh_from_db()
    assert item.title == "B1"


def test_remove_item_closes_the_gap_and_keeps_the_history(meeting, items, desk):
    pk = items["B"].pk

    remove_item(items["B"], reason="Put off", by=desk)

    assert order(meeting) == "ACDE"
    last = AgendaItem.history.filter(id=pk).first()
    assert (last.history_type, last.history_change_reason, last.history_user) == (
        "-",
        "Put off",
        desk,
    )


def test_item_of_the_same_title_is_refused(meeting, items, desk):
    with pytest.raises(RefusedError, match="on the agenda already"):
        add_item(meeting, title="A", reason="Again", by=desk)
    with pytest.raises(RefusedError, match="on the agenda already"):
        edit_item(items["B"], title="A", revision=revision(items["B"]), reason="Again", by=desk)

    assert order(meeting) == "ABCDE"


def test_agenda_of_a_cancelled_meeting_is_closed(desk):
    item = AgendaItemFactory(meeting=MeetingFactory(status="cancelled"))

    with pytest.raises(RefusedError, match="its agenda is closed"):
        add_item(item.meeting, title="X", reason="Late", by=desk)
    with pytest.raises(RefusedError, match="its agenda is closed"):
        remove_item(item, reason="Late", by=desk)


def test_only_the_secretariat_keeps_the_agenda(meeting, items):
    head = MandateFactory().person
    item = items["A"]
    for act in (
        lambda: add_item(meeting, title="X", reason="r", by=head),
        lambda: edit_item(item, title="X", revision=revision(item), reason="r", by=head),
        lambda: remove_item(item, reason="r", by=head),
    ):
        with pytest.raises(PermissionDenied, match="Only the secretariat"):
            act()
    assert order(meeting) == "ABCDE"


# --- Links -------------------------------------------------------------------------


@pytest.fixture
def link(items, monkeypatch):
    monkeypatch.setattr(agenda, "_providers", [])
    asked = []

    def provide(of):
        asked.append([item.title for item in of])
        return {items["B"].pk: [{"label": "GER", "href": "/products/ger/", "detail": "version 3"}]}

    agenda.register_links(provide)
    agenda.register_links(provide)
    return asked


def test_links_asks_each_provider_once_for_all_items(meeting, items, link):
    found = agenda.links(meeting.agenda.all())

    assert link == [["A", "B", "C", "D", "E"]]
    assert found == {
        item.pk: [{"label": "GER", "href": "/products/ger/", "detail": "version 3"}]
        if title == "B"
        else []
        for title, item in items.items()
    }


def test_page_shows_drafts_to_read_to_member_agencies_alone(client, meeting, items, link):
    client.force_login(MandateFactory().person)
    assert 'href="/products/ger/"' in client.get("/meetings/tc-1/").content.decode()

    client.force_login(UserFactory())
    html = client.get("/meetings/tc-1/").content.decode()

    assert "2. B" in html
    assert "/products/ger/" not in html


# --- Forms -------------------------------------------------------------------------


def test_forms_add_change_and_remove_an_item(client, meeting, desk):
    client.force_login(desk)
    add = client.post("/meetings/tc-1/agenda/new/", {"title": "Opening", "reason": "First"})
    again = client.post("/meetings/tc-1/agenda/new/", {"title": "Opening", "reason": "First"})
    item = AgendaItem.objects.get()
    path = f"/meetings/tc-1/agenda/{item.pk}/"
    seen = client.get(path).context["form"]["revision"].value()
    change = client.post(
        path, {"title": "Welcome", "minutes": "10", "revision": seen, "reason": "Word"}
    )
    item.refresh_from_db()

    assert (add.status_code, again.status_code, change.status_code) == (302, 422, 302)
    assert (item.title, item.minutes) == ("Welcome", 10)
    assert client.get(f"{path}remove/").status_code == 200
    assert client.post(f"{path}remove/", {"reason": "Off"}).status_code == 302
    assert not AgendaItem.objects.exists()
    assert client.get(path).status_code == 404
