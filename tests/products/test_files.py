"""Files of versions: what is taken, and where it is kept."""

import fcntl
import hashlib
import threading
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
from django.core.files.base import ContentFile
from django.core.files.storage import default_storage
from django.core.files.uploadedfile import SimpleUploadedFile

from products import files
from products.files import store
from products.models import VersionFile
from tests.factories import VersionFactory
from tests.products import papers

DOCX = "application/vnd.openxmlformats-officedocument.wordprocessingml.document"


def _checked(data, name):
    return files.check(SimpleUploadedFile(name, data), name=name)


@pytest.mark.parametrize(
    ("name", "data", "media_type", "text", "text_format"),
    [
        ("Draft 1.md", b"\xef\xbb\xbfOne\r\ntwo", "text/markdown", "One\ntwo", "markdown"),
        ("plain.TXT", "Überblick".encode(), "text/plain", "Überblick", "plain"),
        ("paper.pdf", papers.pdf(["One"]), "application/pdf", "One", "plain"),
        (
            "paper.docx",
            papers.bare_docx(papers.PARAGRAPH.format("One*")),
            DOCX,
            "One\\*",
            "markdown",
        ),
    ],
)
def test_takes_what_is_what_its_name_says(name, data, media_type, text, text_format):
    checked = _checked(data, name)

    assert (checked.media_type, checked.text, checked.size) == (media_type, text, len(data))
    assert (checked.text_format, checked.notice) == (text_format, "")
    assert checked.sha256 == hashlib.sha256(data).hexdigest()


@pytest.mark.parametrize(
    ("name", "data", "sentence"),
    [
        ("paper.pdf", b"<html>", "“paper.pdf” is no PDF file, whatever its name says."),
        ("paper.docx", b"%PDF-1.7", "“paper.docx” is no DOCX file, whatever its name says."),
        ("text.md", b"", "The file is empty."),
        ("text.md", b"\xff\xfe\x00", "“text.md” is not text in UTF-8."),
        ("text.md", b"a\x00b", "“text.md” is not text: it has null characters."),
        (
            "page.html",
            b"<html>",
            "“page.html” is not taken: send PDF, DOCX, Markdown (.md) or plain text (.txt).",
        ),
        (
            "none",
            b"x",
            "“none” is not taken: send PDF, DOCX, Markdown (.md) or plain text (.txt).",
        ),
    ],
)
def test_refuses_what_it_is_not(name, data, sentence):
    with pytest.raises(files.UnfitFileError) as refused:
        _checked(data, name)

    assert str(refused.value) == sentence


def test_refuses_a_file_over_the_limit_and_takes_one_at_it(settings):
    settings.ISECG_UPLOAD_LIMIT_MB = 1
    limit = 1024 * 1024

    assert _checked(b"a" * limit, "a.md").size == limit
    with pytest.raises(files.UnfitFileError, match="at most 1 MB are taken"):
        _checked(b"a" * (limit + 1), "a.md")


@pytest.mark.parametrize(
    ("name", "safe"),
    [
        ("../../etc/passwd.md", "passwd.md"),
        ("C:\\papers\\Dräft (2).PDF", "Dr-ft-2.pdf"),
        ("...md", "file.md"),
        ("x" * 300 + ".md", "x" * 100 + ".md"),
    ],
)
def test_safe_name_keeps_plain_characters(name, safe):
    assert files.safe_name(name) == safe


def test_written_text_becomes_a_markdown_file():
    checked = files.from_text("One\r\ntwo", name="GER-2026-v3.md")

    assert (checked.name, checked.media_type, checked.text) == (
        "GER-2026-v3.md",
        "text/markdown",
        "One\ntwo",
    )
    assert checked.sha256 == hashlib.sha256(b"One\ntwo").hexdigest()


def test_takes_a_text_that_is_too_long_to_be_shown_as_a_file_alone():
    longest, longer = b"a" * 500_000, b"a" * 500_001

    taken = [_checked(data, "a.txt") for data in (longest, longer)]

    assert [(len(one.text), one.size) for one in taken] == [(500_000, 500_000), (0, 500_001)]
    assert (taken[0].notice, taken[1].notice) == (
        "",
        "“a.txt” has more than 500,000 characters. It is kept and can be downloaded, and cannot "
        "be shown, compared or commented on by paragraph.",
    )


def _keep(data):
    checked = _checked(data, "a.md")
    return store.keep(checked.content, sha256=checked.sha256)


def _stored():
    """Return every file in the store but the lock; also half-written ones."""
    folder = Path(default_storage.path(""))
    return {path for path in folder.rglob("*") if path.is_file() and path.name != ".lock"}


@pytest.fixture
def own_store(settings, tmp_path):
    settings.MEDIA_ROOT = tmp_path / "files"


@pytest.mark.usefixtures("own_store")
class TestStore:
    def test_keeps_the_same_bytes_once_under_their_hash(self):
        with store.keeping():
            first = _keep(b"kept once")
        with store.keeping():
            second = _keep(b"kept once")

        digest = hashlib.sha256(b"kept once").hexdigest()
        assert first == second == f"versions/{digest[:2]}/{digest}"
        with default_storage.open(first) as kept:
            assert kept.read() == b"kept once"
        assert _stored() == {Path(default_storage.path(first))}

    def test_keeps_bytes_that_come_many_times_at_once_once(self):
        data = b"all at once" * 100_000
        together = threading.Barrier(8)

        def one(_number):
            together.wait(60)
            with store.keeping():
                return _keep(data)

        with ThreadPoolExecutor(8) as threads:
            paths = set(threads.map(one, range(8)))

        assert _stored() == {Path(default_storage.path(path)) for path in paths}
        assert len(paths) == 1
        assert Path(default_storage.path(paths.pop())).read_bytes() == data

    @pytest.mark.django_db
    def test_what_an_act_stored_goes_again_if_it_fails(self):
        with store.keeping():
            before = _keep(b"from before")
        with pytest.raises(ZeroDivisionError), store.keeping():
            assert _keep(b"from before") == before
            _keep(b"new")
            raise ZeroDivisionError

        assert _stored() == {Path(default_storage.path(before))}

    @pytest.mark.django_db
    def test_what_a_version_of_another_act_refers_to_stays(self):
        with pytest.raises(ZeroDivisionError), store.keeping():
            path = _keep(b"wanted")
            VersionFile.objects.create(
                version=VersionFactory(),
                role="main",
                name="a.md",
                path=path,
                media_type="text/markdown",
                size=6,
                sha256=path[-64:],
            )
            raise ZeroDivisionError

        assert _stored() == {Path(default_storage.path(path))}

    def test_tidying_waits_for_those_who_store(self):
        inside, out = threading.Event(), threading.Event()
        seen = []

        def other():
            with store.keeping():
                inside.set()
                out.wait(60)
                seen.append("stored")

        def failing():
            with store._lock(fcntl.LOCK_EX):
                seen.append("tidied")

        with ThreadPoolExecutor(2) as threads:
            threads.submit(other)
            inside.wait(60)
            threads.submit(failing)
            out.set()

        assert seen == ["stored", "tidied"]

    def test_refuses_bytes_that_are_not_those_that_were_checked(self):
        checked = _checked(b"as checked", "a.md")

        with pytest.raises(store.ChangedError), store.keeping():
            store.keep(ContentFile(b"as changed"), sha256=checked.sha256)

        assert _stored() == set()

    def test_stores_for_acts_alone(self):
        with pytest.raises(RuntimeError):
            _keep(b"outside")

        assert _stored() == set()


@pytest.mark.parametrize(
    ("name", "kept"),
    [
        ("../../etc/passwd.md", "passwd.md"),
        ("..\\..\\windows\\win.ini.md", "win.ini.md"),
        ("/absolute/a.md", "a.md"),
        ("..md", "file.md"),
        (".md", "md"),
        ("....md", "file.md"),
        ("a\r\nSet-Cookie: x=y.md", "a-Set-Cookie-x-y.md"),
        ('a"; filename="evil.exe".md', "a-filename-evil.exe.md"),
        ("a\x00b\x1b[0m.md", "a-b-0m.md"),
        ("invoice\u202efdp.md", "invoice-fdp.md"),
        ("a.m\u202ed", "a.m-d"),
        ("a.md\n", "a.md"),
        ("CON.md", "file-CON.md"),
        ("nul.tar.pdf", "file-nul.tar.pdf"),
        ("lpt1.docx", "file-lpt1.docx"),
        ("console.md", "console.md"),
        ("-rf.md", "rf.md"),
        ("Übersicht 1.MD", "bersicht-1.md"),
        ("", "file"),
    ],
)
def test_a_name_is_kept_plain(name, kept):
    assert files.safe_name(name) == kept


@pytest.mark.parametrize("name", ["x" * 5000 + ".md", "a." + "x" * 5000])
def test_a_name_is_kept_short(name):
    assert len(files.safe_name(name)) <= 121
