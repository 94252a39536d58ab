"""Drafts of versions: saved, seen by their author alone, used up and thrown away."""

from datetime import UTC, datetime, timedelta
from html import unescape

import pytest
import time_machine
from django.core.exceptions import PermissionDenied
from django.core.files.uploadedfile import SimpleUploadedFile

from isecg import clock
from isecg.events import log
from products import files, rendering
from products.models import Draft, ProductEditor, Version
from products.models.versions import ChangeClass
from products.services import drafts, versions
from products.services.drafts import DraftConflictError
from products.services.errors import ProductError
from products.workflow import WRITABLE, State
from tests.factories import GroupRoleFactory, MandateFactory, ProductFactory, UserFactory
from tests.products.world import write_version

pytestmark = pytest.mark.django_db

NOON = datetime(2026, 3, 2, 12, 3, 5, tzinfo=UTC)
JSON = {"HTTP_ACCEPT": "application/json"}
PAGE, DRAFT = "/products/GER-2026/versions/new/", "/products/GER-2026/draft/"
PREVIEW, THROW_AWAY = f"{DRAFT}preview/", f"{DRAFT}throw-away/"


@pytest.fixture
def desk():
    return UserFactory(name="Dora Desk", is_secretariat=True)


@pytest.fixture
def product(client, desk):
    client.force_login(desk)
    return ProductFactory(code="GER-2026", state=State.DRAFTING)


def save(product, text="Begun.", *, by, based_on=None, revision=0, **more):
    return drafts.save_draft(
        product, text=text, based_on=based_on, revision=revision, by=by, **more
    )


def submit(product, text, *, by, expected=None, draft=None):
    return versions.submit_version(
        product,
        main=files.from_text(text, name="main.md"),
        change_class=ChangeClass.SUBSTANTIVE,
        note="Said.",
        by=by,
        expected_latest=expected,
        draft_revision=draft,
    )


def kept():
    """Return what is kept of every draft."""
    fields = ["text", "note", "change_class", "based_on__number", "revision", "saved_at"]
    return list(Draft.objects.order_by("pk").values_list(*fields))


class TestSaving:
    def test_keeps_one_draft_and_raises_its_revision(self, product, desk):
        write_version(product)
        with time_machine.travel(NOON, tick=False):
            save(product, "One.", by=desk)
        with time_machine.travel(NOON + timedelta(minutes=1), tick=False):
            save(
                product,
                "Two.",
                note="Why.",
                change_class="editorial",
                based_on=1,
                revision=1,
                by=desk,
            )

        later = NOON + timedelta(minutes=1)
        assert kept() == [("Two.", "Why.", "editorial", 1, 2, later)]

    def test_of_two_authors_neither_touches_the_other(self, product, desk):
        other = GroupRoleFactory(group=product.group).person
        save(product, "Mine.", by=desk)
        save(product, "Theirs.", by=other)

        assert [(row.author, row.text) for row in Draft.objects.order_by("pk")] == [
            (desk, "Mine."),
            (other, "Theirs."),
        ]

    @pytest.mark.parametrize("revision", [0, 1, 3])
    def test_an_older_window_does_not_overwrite_unseen(self, product, desk, revision):
        save(product, by=desk)
        save(product, "Newer.", revision=1, by=desk)

        with pytest.raises(DraftConflictError, match="saved in another window") as refused:
            save(product, "Older.", revision=revision, by=desk)

        assert (refused.value.found.text, refused.value.found.revision) == ("Newer.", 2)
        assert Draft.objects.get().text == "Newer."

    def test_a_draft_that_ended_elsewhere_does_not_come_back_unasked(self, product, desk):
        save(product, by=desk)
        drafts.throw_away(product, revision=1, by=desk)

        with pytest.raises(DraftConflictError, match="submitted or thrown away") as refused:
            save(product, "More.", revision=1, by=desk)

        assert refused.value.found is None
        assert not Draft.objects.exists()

    @pytest.mark.parametrize("state", State)
    def test_goes_where_a_version_would_be_taken(self, product, desk, state):
        product.state = state
        product.save_as(None, "for the test")

        if state in WRITABLE:
            save(product, by=desk)
        else:
            with pytest.raises(ProductError, match="its text does not change any more"):
                save(product, by=desk)

        assert Draft.objects.exists() == (state in WRITABLE)

    def test_is_for_those_who_write(self, product):
        reader = MandateFactory().person

        with pytest.raises(PermissionDenied):
            save(product, by=reader)

        assert not Draft.objects.exists()

    def test_refuses_a_version_that_is_not_there(self, product, desk):
        write_version(ProductFactory())

        with pytest.raises(ProductError, match="GER-2026 has no version 1"):
            save(product, based_on=1, by=desk)

    def test_is_nobodys_business_but_the_authors(self, product, desk):
        before = log.about(product).count()

        save(product, by=desk)
        drafts.throw_away(product, revision=1, by=desk)

        assert log.about(product).count() == before


class TestEnding:
    def test_a_version_uses_up_its_draft_and_no_others(self, product, desk):
        other = GroupRoleFactory(group=product.group).person
        save(product, by=desk)
        save(product, "Theirs.", by=other)
        elsewhere = ProductFactory()
        save(elsewhere, "Elsewhere.", by=desk)

        submit(product, "Begun.", by=desk, draft=1)

        assert sorted(Draft.objects.values_list("text", flat=True)) == ["Elsewhere.", "Theirs."]

    def test_a_version_of_an_older_window_is_not_written(self, product, desk):
        save(product, by=desk)
        save(product, "Newer.", revision=1, by=desk)

        with pytest.raises(DraftConflictError, match="saved in another window"):
            submit(product, "Older.", by=desk, draft=1)

        assert (Version.objects.count(), Draft.objects.get().text) == (0, "Newer.")

    def test_a_version_that_is_refused_leaves_the_draft(self, product, desk):
        write_version(product)
        save(product, by=desk)

        with pytest.raises(ProductError, match="Version 1 came in"):
            submit(product, "Begun.", by=desk, draft=1)

        assert Draft.objects.get().text == "Begun."

    @pytest.mark.parametrize("draft", [0, 4])
    def test_a_version_needs_no_draft(self, product, desk, draft):
        assert submit(product, "Begun.", by=desk, draft=draft).number == 1

    def test_a_version_of_another_making_leaves_the_draft(self, product, desk):
        save(product, by=desk)

        submit(product, "Uploaded.", by=desk, draft=None)

        assert Draft.objects.get().text == "Begun."

    def test_throwing_away_looks_first(self, product, desk):
        save(product, by=desk)
        save(product, "Newer.", revision=1, by=desk)

        with pytest.raises(DraftConflictError):
            drafts.throw_away(product, revision=1, by=desk)
        drafts.throw_away(product, revision=2, by=desk)
        with pytest.raises(ProductError, match="You have no draft of GER-2026"):
            drafts.throw_away(product, revision=2, by=desk)

        assert not Draft.objects.exists()


def send(client, address=DRAFT, **fields):
    script = JSON if fields.pop("script", False) else {}
    data = {"how": "write", "text": "The crew.", "expected_latest": "", "revision": "0"}
    return client.post(address, data | fields, **script)


class TestSavingOnThePage:
    def test_a_script_is_told_when_and_what_to_send_next(self, client, product, desk):
        desk.time_zone = "Europe/Paris"
        desk.save_as(None, "for the test")

        with time_machine.travel(NOON, tick=False):
            answer = send(client, note="Half a", script=True)

        assert (answer.status_code, answer.json()) == (
            200,
            {"said": "Saved at 12:03:05 UTC (13:03:05 CET).", "revision": 1, "newer": ""},
        )
        assert kept() == [("The crew.", "Half a", "", None, 1, NOON)]

    def test_without_a_script_the_page_comes_back_with_the_draft(self, client, product):
        write_version(product, text="As it was.")

        answer = send(client, expected_latest="1", change_class="editorial")
        page = client.get(answer["Location"])

        assert (answer.status_code, answer["Location"]) == (302, PAGE)
        form = page.context["form"]
        assert {name: form[name].value() for name in form.fields if form[name].value()} == {
            "how": "write",
            "text": "The crew.",
            "change_class": "editorial",
            "expected_latest": 1,
            "revision": 1,
        }
        assert "You go on with your draft, saved " in page.content.decode()

    def test_the_lines_of_a_browser_end_as_everywhere(self, client, product):
        # In a browser each of the half million counts once, its line ends too.
        text = "a\n" * 250_000

        answer = send(client, text=text.replace("\n", "\r\n"), script=True)
        longer = send(client, text=f"{text}a", revision="1", script=True)

        assert answer.status_code == 200
        assert Draft.objects.get().text == text
        assert longer.status_code == 422
        assert "at most 500000 characters" in longer.json()["refused"]

    def test_two_windows_are_told_of_each_other(self, client, product):
        send(client, text="Of the first.", script=True)

        refused = send(client, text="Of the second.", script=True)
        over = send(client, text="Of the second.", over="1", script=True)

        assert refused.status_code == 422
        said = refused.json()
        assert said["refused"] == "Your draft was saved in another window meanwhile."
        assert f'<a class="button" href="{PAGE}">Load the other text</a>' in said["conflict"]
        assert 'name="over" value="1"' in said["conflict"]
        assert over.json()["revision"] == 2
        assert Draft.objects.get().text == "Of the second."

    def test_knowingly_overwrites_what_was_seen_and_no_later_one(self, client, product):
        for revision in range(2):
            send(client, text="Of the first.", revision=str(revision), script=True)

        refused = send(client, text="Of the second.", over="1", script=True)

        assert refused.status_code == 422
        assert Draft.objects.get().text == "Of the first."

    def test_without_a_script_a_conflict_keeps_what_was_typed(self, client, product):
        send(client, text="Of the first.")

        answer = send(client, text="Of the second.")
        page = answer.content.decode()

        assert answer.status_code == 422
        assert "Of the second.</textarea>" in page
        assert "Your draft was saved in another window meanwhile." in page
        assert 'name="over" value="1"' in page
        # Pressing the plain button again would be refused again.
        assert 'name="revision" value="0"' in page

    def test_a_draft_that_was_submitted_elsewhere_can_be_saved_anew(self, client, product):
        refused = send(client, revision="3", script=True)

        assert "submitted or thrown away in another window" in refused.json()["conflict"]
        assert 'name="over" value="0"' in refused.json()["conflict"]
        assert send(client, revision="3", over="0", script=True).json()["revision"] == 1

    def test_says_that_a_newer_version_came_in(self, client, product):
        for _ in range(2):
            write_version(product)

        said = send(client, expected_latest="1", script=True).json()
        page = client.get(PAGE).content.decode()

        for shown in (said["newer"], page):
            assert "Version 2 came in while you were writing." in shown
            assert "/products/GER-2026/compare/?from=1&to=2" in unescape(shown)

    @pytest.mark.parametrize(
        ("sent", "sentence"),
        [
            ({"text": "a\x00b"}, "Null characters are not allowed."),
            ({"note": "x" * 2001}, "at most 2000 characters"),
            ({"expected_latest": "9"}, "GER-2026 has no version 9."),
            ({"expected_latest": "9" * 30}, "less than or equal to 2147483647"),
            ({"revision": "nine"}, "Enter a whole number."),
            ({"change_class": "grave"}, "grave is not one of the available choices"),
        ],
    )
    def test_says_what_is_wrong(self, client, product, sent, sentence):
        answer = send(client, **sent, script=True)

        assert answer.status_code == 422
        assert sentence in answer.json()["refused"]
        assert send(client, **sent).status_code == 422
        assert not Draft.objects.exists()

    def test_asks_little_of_the_database(self, client, product, django_assert_max_num_queries):
        send(client, script=True)

        with django_assert_max_num_queries(14):
            send(client, revision="1", script=True)


class TestBeginning:
    @pytest.mark.parametrize(
        ("latest", "how"),
        [
            (None, "write"),
            ({"text": "# Written"}, "write"),
            ({"text": ""}, "upload"),
            ({"text": "Taken from a file", "text_format": "plain"}, "upload"),
        ],
    )
    def test_goes_on_in_the_way_of_the_latest_version(self, client, product, latest, how):
        if latest:
            write_version(product, **latest)

        form = client.get(PAGE).context["form"]

        assert form["how"].value() == how
        assert form["text"].value() == (latest or {"text": ""})["text"]


class TestPreview:
    HOSTILE = (
        "<script>alert(1)</script>\n\n[x](javascript:alert(1))\n\n<img src=x onerror=alert(1)>"
    )

    def test_is_what_the_version_will_show(self, client, product, desk):
        text = "# Crew\n\nThe crew stays.\n\n- one\n- two"

        html = send(client, PREVIEW, text=text, script=True).json()["html"]
        submit(product, text, by=desk)
        page = client.get("/products/GER-2026/versions/1/").content.decode()

        assert '<p class="meta">4 paragraphs, 6 words</p>' in html
        for part in rendering.paragraphs(text):
            for shown in (html, page):
                assert f'id="p-{part.number}"' in shown
                assert str(part.html) in shown

    def test_without_a_script_is_the_page_with_all_that_was_typed(self, client, product):
        answer = send(client, PREVIEW, text="The *crew*.", note="Half a")
        page = answer.content.decode()

        assert answer.status_code == 200
        assert "<p>The <em>crew</em>.</p>" in page
        assert "The *crew*.</textarea>" in page
        assert "Half a</textarea>" in page
        assert "Nothing was saved" not in page
        assert not Draft.objects.exists()

    @pytest.mark.parametrize("script", [True, False])
    def test_runs_nothing_of_what_is_typed(self, client, product, script):
        answer = send(client, PREVIEW, text=self.HOSTILE, script=script)
        shown = answer.json()["html"] if script else answer.content.decode()

        assert "<script>alert" not in shown
        assert 'href="javascript' not in shown
        assert "<img src=x" not in shown

    def test_refuses_what_is_too_long(self, client, product):
        answer = send(client, PREVIEW, text="a" * 500_001, script=True)

        assert answer.status_code == 422
        assert "at most 500000 characters" in answer.json()["refused"]
        assert send(client, PREVIEW, text="a" * 500_001).status_code == 422

    def test_shows_that_nothing_is_written(self, client, product):
        assert (
            "Nothing is written yet." in send(client, PREVIEW, text=" ", script=True).json()["html"]
        )


def test_nobody_but_the_author_reads_it(client, product, desk):
    editor = GroupRoleFactory(group=product.group).person
    MandateFactory(person=editor)
    save(product, "Secret so far.", by=editor)

    for who in (desk, UserFactory(is_superuser=True), MandateFactory().person):
        client.force_login(who)
        for address in (PAGE, "/products/GER-2026/", "/"):
            assert "Secret so far." not in client.get(address).content.decode()
    client.force_login(editor)
    assert "Secret so far.</textarea>" in client.get(PAGE).content.decode()


class TestWhoSeesIt:
    def test_the_page_of_the_product_reminds_its_author_alone(self, client, product, desk):
        with time_machine.travel(NOON, tick=False):
            save(product, by=desk)
        reminder = "draft of the next version"

        mine = client.get("/products/GER-2026/").content.decode()
        client.force_login(MandateFactory().person)
        other = client.get("/products/GER-2026/").content.decode()

        assert reminder in mine
        assert reminder not in other

    def test_who_writes_no_more_reads_it_once_more(self, client, product):
        editor = MandateFactory().person
        row = ProductEditor(product=product, person=editor)
        row.save_as(None, "for the test")
        client.force_login(editor)
        send(client, text="Half a thought.")
        row.ended_at = clock.now()
        row.save_as(None, "for the test")

        answer = client.get(PAGE)
        page = answer.content.decode()

        assert answer.status_code == 200
        assert "You do not write GER-2026 any more." in page
        assert "Half a thought.</textarea>" in page
        assert "data-writing" not in page.replace("data-writing-", "")
        assert send(client, revision="1").status_code == 403
        assert send(client, PREVIEW).status_code == 403
        assert client.post(PAGE, {}).status_code == 403
        assert client.post(THROW_AWAY, {"revision": "1"})["Location"] == "/products/GER-2026/"
        assert client.get(PAGE).status_code == 403

    def test_of_a_product_that_ended_the_text_is_not_lost(self, client, product, desk):
        save(product, "Too late.", by=desk)
        product.state = State.WITHDRAWN
        product.save_as(None, "for the test")

        page = client.get(PAGE).content.decode()
        refused = send(client, text="Later.", revision="1", script=True)

        assert "GER-2026 is “Withdrawn”: its text does not change any more." in page
        assert "Too late.</textarea>" in page
        assert "its text does not change any more" in refused.json()["refused"]
        assert Draft.objects.get().text == "Too late."


class TestEndingOnThePage:
    def test_submitting_uses_up_the_draft(self, client, product):
        send(client, text="The crew.")

        answer = send(
            client, PAGE, text="The crew.", revision="1", change_class="substantive", note="First."
        )

        assert answer.status_code == 302
        assert (Version.objects.get().text, Draft.objects.count()) == ("The crew.", 0)

    def test_an_upload_leaves_what_is_written(self, client, product):
        send(client, text="The crew.")

        answer = send(
            client,
            PAGE,
            how="upload",
            main=SimpleUploadedFile("a.md", b"Uploaded."),
            revision="1",
            change_class="substantive",
            note="First.",
        )

        assert answer.status_code == 302
        assert (Version.objects.get().text, Draft.objects.get().text) == ("Uploaded.", "The crew.")

    def test_submitting_from_an_older_window_asks_to_look(self, client, product):
        send(client, text="Of the first.")

        answer = send(
            client, PAGE, text="Of the second.", change_class="substantive", note="First."
        )
        page = answer.content.decode()

        assert answer.status_code == 422
        assert "Your draft was saved in another window meanwhile." in page
        assert "Of the second.</textarea>" in page
        assert not Version.objects.exists()

    def test_a_newer_version_is_looked_at_and_then_followed(self, client, product):
        for _ in range(2):
            write_version(product)
        sent = {"change_class": "substantive", "note": "Mine."}

        refused = send(client, PAGE, expected_latest="1", **sent)
        page = unescape(refused.content.decode())
        taken = send(client, PAGE, expected_latest="2", **sent)

        assert refused.status_code == 422
        assert "/products/GER-2026/compare/?from=1&to=2" in page
        assert 'name="expected_latest" value="2"' in page
        assert taken.status_code == 302
        assert Version.objects.get(number=3).note == "Mine."

    def test_throws_away_on_a_second_press(self, client, product):
        send(client)
        page = client.get(PAGE).content.decode()

        answer = client.post(THROW_AWAY, {"revision": "1"})

        assert f'<form method="post" action="{THROW_AWAY}"' in page
        assert (answer.status_code, answer["Location"]) == (302, "/products/GER-2026/")
        assert "The draft is thrown away." in client.get(answer["Location"]).content.decode()
        assert not Draft.objects.exists()

    def test_does_not_throw_away_what_was_not_seen(self, client, product):
        for revision in range(2):
            send(client, revision=str(revision))

        answer = client.post(THROW_AWAY, {"revision": "1"})

        assert answer["Location"] == PAGE
        assert "Look at it before you throw it away." in client.get(PAGE).content.decode()
        assert Draft.objects.get().revision == 2

    def test_hidden_products_have_no_drafts(self, client, product):
        client.force_login(UserFactory())

        for address in (PAGE, DRAFT, PREVIEW, THROW_AWAY):
            assert client.post(address, {"text": "x"}).status_code == 404

    @pytest.mark.parametrize("address", [DRAFT, PREVIEW, THROW_AWAY])
    def test_no_act_answers_to_get(self, client, product, address):
        assert client.get(address).status_code == 405
