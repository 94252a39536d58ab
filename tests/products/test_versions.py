"""Versions: written, uploaded, shown, handed out and compared."""

import hashlib

import pytest
from django.core.files.storage import default_storage
from django.core.files.uploadedfile import SimpleUploadedFile
from django.urls import reverse

from isecg.events import log
from products import files, rendering
from products.models import Call, Version, VersionFile
from products.models.versions import ChangeClass
from products.services import versions
from products.services.errors import ProductError
from products.workflow import State
from tests.factories import (
    AgencyFactory,
    GroupRoleFactory,
    MandateFactory,
    ProductFactory,
    UserFactory,
)
from tests.products import papers
from tests.products.world import make_call, write_version

pytestmark = pytest.mark.django_db


def _submit(product, text, *, by, expected, change=ChangeClass.SUBSTANTIVE, **given):
    return versions.submit_version(
        product,
        main=files.from_text(text, name="main.md"),
        change_class=change,
        note="Changed.",
        by=by,
        expected_latest=expected,
        **given,
    )


@pytest.fixture
def desk():
    return UserFactory(is_secretariat=True)


class TestSubmitting:
    def test_keeps_text_files_hashes_and_the_event(self, desk):
        product = ProductFactory()
        sound = papers.pdf(["One."])
        rendition = files.check(SimpleUploadedFile("hi.pdf", sound), name="hi.pdf")

        made = _submit(product, "One.", by=desk, expected=None, renditions=[rendition])

        digest = hashlib.sha256(b"One.").hexdigest()
        assert (made.number, made.text, made.sha256, made.author) == (1, "One.", digest, desk)
        assert [(row.role, row.name, row.size, row.sha256) for row in made.files.all()] == [
            ("main", "main.md", 4, digest),
            ("rendition", "hi.pdf", len(sound), hashlib.sha256(sound).hexdigest()),
        ]
        event = log.about(product).first()
        assert (event.event, event.payload["version"], event.payload["after"]) == (
            "version.submitted",
            "v1",
            {"change_class": "substantive", "sha256": digest},
        )

    def test_keeps_no_file_of_what_it_refuses_in_the_middle(self, desk, settings, tmp_path):
        settings.MEDIA_ROOT = tmp_path
        same = files.from_text("Two.", name="main.md")

        with pytest.raises(ProductError, match=r"Two files are named “main\.md”: rename one."):
            _submit(ProductFactory(), "One.", by=desk, expected=None, renditions=[same])

        assert (Version.objects.count(), VersionFile.objects.count()) == (0, 0)
        assert [path.name for path in tmp_path.rglob("*") if path.is_file()] == [".lock"]

    def test_refuses_a_version_written_against_an_older_one(self, desk):
        product = ProductFactory()
        _submit(product, "One.", by=desk, expected=None)

        with pytest.raises(ProductError, match="Version 1 came in while you were writing"):
            _submit(product, "Two.", by=desk, expected=None)
        with pytest.raises(ProductError, match="same text as version 1, byte for byte"):
            _submit(product, "One.", by=desk, expected=1)

        assert Version.objects.count() == 1

    def test_refuses_two_files_of_one_name(self, desk):
        twin = files.from_text("Other.", name="main.md")

        with pytest.raises(ProductError, match=r"Two files are named “main\.md”"):
            _submit(ProductFactory(), "One.", by=desk, expected=None, renditions=[twin])

    @pytest.mark.parametrize("state", [State.SHARED, State.IN_CONSENSUS, State.AGREED])
    def test_a_substantive_one_reopens_the_text(self, state, desk):
        world = make_call()
        if state != State.IN_CONSENSUS:
            world.product.state = state
            world.product.save_as(None, "for the test")

        _submit(world.product, "Another text.", by=desk, expected=1)

        world.product.refresh_from_db()
        assert world.product.state == State.DRAFTING
        if state == State.IN_CONSENSUS:
            assert Call.objects.get().state == "overtaken"

    def test_an_editorial_one_does_not_touch_an_agreed_text(self, desk):
        product = ProductFactory(state=State.AGREED)
        write_version(product)

        with pytest.raises(ProductError, match="another text is a substantive version"):
            _submit(product, "Other.", by=desk, expected=1, change=ChangeClass.EDITORIAL)

        assert product.versions.count() == 1

    def test_an_editorial_one_leaves_a_shared_product_shared(self, desk):
        product = ProductFactory(state=State.SHARED)
        write_version(product)

        _submit(product, "Other.", by=desk, expected=1, change=ChangeClass.EDITORIAL)

        product.refresh_from_db()
        assert product.state == State.SHARED


class TestRendering:
    def test_numbers_the_blocks_and_lowers_the_headings(self):
        found = rendering.paragraphs("# Title\n\nOne *two*.\n\n- a\n- b\n\nSee [x].\n\n[x]: /y")

        assert [(part.number, part.html.strip()) for part in found] == [
            (1, "<h3>Title</h3>"),
            (2, "<p>One <em>two</em>.</p>"),
            (3, "<ul>\n<li>a</li>\n</ul>"),
            (4, "<ul>\n<li>b</li>\n</ul>"),
            (5, '<p>See <a href="/y" rel="noopener noreferrer">x</a>.</p>'),
        ]

    @pytest.mark.parametrize(
        "text",
        [
            "<script>alert(1)</script>",
            "[x](javascript:alert(1))",
            '<p onclick="alert(1)">x</p>',
            "![x](javascript:alert(1))",
            "<style>*{}</style>",
        ],
    )
    def test_lets_nothing_run(self, text):
        html = "".join(part.html for part in rendering.paragraphs(text))

        assert "<script" not in html
        assert "<style" not in html
        assert "<p onclick" not in html
        assert 'href="javascript' not in html
        assert 'src="javascript' not in html

    def test_refuses_what_is_too_long(self):
        with pytest.raises(ValueError, match="too long"):
            rendering.paragraphs("a" * 500_001)


class TestPages:
    def test_the_version_shows_its_text_with_anchors(self, client, desk):
        version = write_version(ProductFactory(code="GER-2026"), text="# A\n\nThe crew.")
        client.force_login(desk)

        page = client.get("/products/GER-2026/versions/1/").content.decode()

        assert '<div class="numbered-part" id="p-2">' in page
        assert "<p>The crew.</p>" in page
        assert version.sha256 in page
        assert "non-binding" in page

    def test_a_draft_is_not_there_for_outsiders(self, client):
        released = write_version(ProductFactory(state=State.DRAFTING, code="X"), text="Secret.")
        stranger = MandateFactory(agency=AgencyFactory(member=False)).person
        client.force_login(stranger)

        for address in (released.get_absolute_url(), "/products/X/versions/1/files/v1.md"):
            assert client.get(address).status_code == 404

    def test_a_file_is_handed_out_to_be_kept_and_not_to_be_run(self, client, desk):
        product = ProductFactory(code="GER-2026")
        _submit(product, "The crew.", by=desk, expected=None)
        client.force_login(desk)

        answer = client.get("/products/GER-2026/versions/1/files/main.md")

        assert b"".join(answer.streaming_content) == b"The crew."
        wanted = (
            "Content-Type",
            "Content-Disposition",
            "X-Content-Type-Options",
            "Content-Security-Policy",
            "Cache-Control",
            "Content-Length",
        )
        assert {name: answer[name] for name in wanted} == {
            "Content-Type": "text/markdown",
            "Content-Disposition": 'attachment; filename="main.md"',
            "X-Content-Type-Options": "nosniff",
            "Content-Security-Policy": "default-src 'none'; frame-ancestors 'none'; sandbox",
            "Cache-Control": "no-store, private",
            "Content-Length": "9",
        }
        assert client.get("/products/GER-2026/versions/1/files/other.md").status_code == 404

    def test_a_file_that_the_store_has_lost_is_not_found(self, client, desk):
        _submit(ProductFactory(code="GER-2026"), "Soon lost.", by=desk, expected=None)
        client.force_login(desk)
        default_storage.delete(VersionFile.objects.get().path)

        answer = client.get("/products/GER-2026/versions/1/files/main.md")

        assert answer.status_code == 404


class TestNewVersionPage:
    def _send(self, client, **fields):
        data = {
            "how": "write",
            "text": "The crew.",
            "change_class": "substantive",
            "note": "First draft.",
            "expected_latest": "",
            **fields,
        }
        return client.post("/products/GER-2026/versions/new/", data)

    @pytest.fixture
    def product(self, client, desk):
        client.force_login(desk)
        return ProductFactory(code="GER-2026")

    def test_takes_a_text_written_here(self, client, product):
        answer = self._send(client)

        assert (answer.status_code, answer["Location"]) == (302, "/products/GER-2026/")
        made = Version.objects.get()
        assert (made.text, made.note, made.files.get().name) == (
            "The crew.",
            "First draft.",
            "GER-2026-v1.md",
        )

    def test_takes_a_file_with_renditions(self, client, product):
        answer = self._send(
            client,
            how="upload",
            main=SimpleUploadedFile("Draft.pdf", papers.pdf(["Of the PDF"], [""])),
            renditions=[
                SimpleUploadedFile("a.docx", papers.bare_docx("<w:p/>")),
                SimpleUploadedFile("b.md", b"B"),
            ],
        )

        assert answer.status_code == 302
        assert list(VersionFile.objects.values_list("name", "role")) == [
            ("Draft.pdf", "main"),
            ("a.docx", "rendition"),
            ("b.md", "rendition"),
        ]
        assert (Version.objects.get().text, Version.objects.get().text_format) == (
            "Of the PDF",
            "plain",
        )

    @pytest.mark.parametrize(
        ("sent", "field", "sentence"),
        [
            ({"text": "  "}, "text", "Write the text, or choose to upload a file."),
            ({"how": "upload"}, "main", "Choose a file."),
            (
                {"how": "upload", "main": ("a.pdf", b"<html>")},
                "main",
                "“a.pdf” is no PDF file, whatever its name says.",
            ),
            ({"how": "upload", "main": ("a.md", b"")}, "main", "The file is empty."),
            (
                {"how": "upload", "main": ("a.md", b"\xff\xfe")},
                "main",
                "“a.md” is not text in UTF-8.",
            ),
            (
                {"how": "upload", "main": ("a.md", b"a" * (1024 * 1024 + 1))},
                "main",
                "The file has 1 MB; at most 1 MB are taken.",
            ),
            (
                {"renditions": ("a.exe", b"MZ")},
                "renditions",
                "“a.exe” is not taken: send PDF, DOCX, Markdown (.md) or plain text (.txt).",
            ),
        ],
    )
    def test_says_beside_the_field_what_is_wrong_and_keeps_the_rest(
        self, client, product, settings, sent, field, sentence
    ):
        settings.ISECG_UPLOAD_LIMIT_MB = 1
        sent = {
            name: SimpleUploadedFile(*value) if isinstance(value, tuple) else value
            for name, value in sent.items()
        }

        answer = self._send(client, **sent)

        assert answer.status_code == 422
        assert answer.context["form"].errors == {field: [sentence]}
        page = answer.content.decode()
        assert "First draft.</textarea>" in page
        assert not Version.objects.exists()
        assert not VersionFile.objects.exists()

    def test_sent_twice_says_that_another_came_in_and_can_be_sent_knowingly(self, client, product):
        self._send(client)
        again = self._send(client, text="The crew, again.")

        assert again.status_code == 422
        assert again.context["form"].non_field_errors() == [
            "Version 1 came in while you were writing. Look at it, then submit yours again."
        ]
        assert "The crew, again.</textarea>" in again.content.decode()
        assert 'name="expected_latest" value="1"' in again.content.decode()
        assert Version.objects.count() == 1

    def test_says_what_a_file_without_text_lacks(self, client, product):
        scan = SimpleUploadedFile("scan.pdf", papers.pdf([]))

        self._send(client, how="upload", main=scan)

        said = "“scan.pdf” has no text that can be read, as where pages are pictures."
        assert said in client.get("/products/GER-2026/").content.decode()
        page = client.get("/products/GER-2026/versions/1/").content.decode()
        assert "It has no text here that could be compared or commented on" in page

    def test_starts_from_the_latest_text(self, client, product, desk):
        _submit(product, "As it is.", by=desk, expected=None)

        page = client.get("/products/GER-2026/versions/new/").content.decode()

        assert "As it is.</textarea>" in page
        assert 'name="expected_latest" value="1"' in page

    def test_is_for_those_who_write(self, client, product):
        editor = GroupRoleFactory(group=product.group).person
        reader = MandateFactory().person

        client.force_login(reader)
        assert self._send(client).status_code == 403
        client.force_login(editor)
        MandateFactory(person=editor)
        assert self._send(client).status_code == 302


def test_urls_name_what_they_show():
    assert reverse("version", args=["GER-2026", 3]) == "/products/GER-2026/versions/3/"
    assert reverse("download", args=["GER-2026", 3, "a.pdf"]) == (
        "/products/GER-2026/versions/3/files/a.pdf"
    )
