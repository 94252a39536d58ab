"""Files of versions: what is taken, and where it is kept."""

import hashlib

import pytest
from django.core.files.storage import default_storage
from django.core.files.uploadedfile import SimpleUploadedFile

from products import files

DOCX = "application/vnd.openxmlformats-officedocument.wordprocessingml.document"


def _checked(data, name):
    return files.check(SimpleUploadedFile(name, data), name=name)


@pytest.mark.parametrize(
    ("name", "data", "media_type", "text"),
    [
        ("Draft 1.md", b"\xef\xbb\xbfOne\r\ntwo", "text/markdown", "One\ntwo"),
        ("plain.TXT", "Überblick".encode(), "text/plain", "Überblick"),
        ("paper.pdf", b"%PDF-1.7 and so on", "application/pdf", ""),
        ("paper.docx", b"PK\x03\x04 and so on", DOCX, ""),
    ],
)
def test_takes_what_is_what_its_name_says(name, data, media_type, text):
    checked = _checked(data, name)

    assert (checked.media_type, checked.text, checked.size) == (media_type, text, len(data))
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


def test_keeps_the_same_bytes_once_under_their_hash():
    first = files.keep(_checked(b"kept once", "a.md"))
    second = files.keep(_checked(b"kept once", "b.md"))

    digest = hashlib.sha256(b"kept once").hexdigest()
    assert first == second == f"versions/{digest[:2]}/{digest}"
    with default_storage.open(first) as kept:
        assert kept.read() == b"kept once"


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
