"""The text of PDF and DOCX files, and the process in which it is read."""

import ast
import ctypes
import html
import json
import os
import re
import subprocess
import sys
import threading
from dataclasses import asdict

import pytest
from django.conf import settings as site
from django.core.files.uploadedfile import SimpleUploadedFile, TemporaryUploadedFile
from hypothesis import given
from hypothesis import settings as effort
from hypothesis import strategies as st

from products import defaults, files, residue
from products.extraction import process, slots
from products.extraction.limits import NOTES, SENTENCES, Note, Refusal
from products.extraction.markup import escaped, table
from products.rendering import LONGEST, paragraphs
from tests.products import papers

W = 'xmlns:w="http://schemas.openxmlformats.org/wordprocessingml/2006/main"'
INSIDE = [
    f"products.extraction.{name}"
    for name in ("archives", "child", "confinement", "docx", "limits", "markup", "numbering", "pdf")
]
INSIDE += ["products.exchange.workbooks", "products.exchange.columns"]


def check(data, name):
    return files.check(SimpleUploadedFile(name, data), name=name)


class TestPDF:
    def test_reads_lines_and_parts_paragraphs_at_gaps_and_pages(self):
        data = papers.pdf(
            ["First line", "and second.", "", "Another paragraph,", "its second line."],
            ["Überblick – “next page”"],
        )

        checked = check(data, "paper.pdf")

        assert checked.text == (
            "First line\nand second.\n\nAnother paragraph,\nits second line.\n\n"
            "Überblick – “next page”"
        )
        assert (checked.text_format, checked.notice) == ("plain", "")
        shown = [paragraph.words for paragraph in paragraphs(checked.text, checked.text_format)]
        assert shown == [
            "First line and second.",
            "Another paragraph, its second line.",
            "Überblick – “next page”",
        ]

    def test_takes_pictures_of_pages_and_says_what_they_lack(self):
        checked = check(papers.pdf([], []), "scan.pdf")

        assert (checked.text, checked.notice) == (
            "",
            "“scan.pdf” has no text that can be read, as where pages are pictures. It is kept and "
            "can be downloaded, and cannot be compared or commented on by paragraph.",
        )

    def test_takes_a_longer_text_without_showing_a_part_of_it(self):
        page = ["x" * 100] * 50
        data = papers.pdf(*[page] * 101)

        assert len(check(papers.pdf(*[page] * 90), "long.pdf").text) > 450_000
        checked = check(data, "long.pdf")

        assert (checked.text, checked.notice) == (
            "",
            "“long.pdf” has more than 500,000 characters. It is kept and can be downloaded, and "
            "cannot be shown, compared or commented on by paragraph.",
        )


def fill(document):
    document.add_heading("Roadmap", 0)
    document.add_heading("Scope", 1)
    document.add_paragraph("Landers *and* [rovers/ hoppers] < 5 t\nnew line & so on")
    document.add_paragraph("first", "List Bullet")
    document.add_paragraph("one", "List Number")
    document.add_paragraph("two", "List Number")
    document.add_heading("Costs", 2)
    grid = document.add_table(2, 2)
    for place, words in {(0, 0): "Item", (0, 1): "a|b", (1, 0): "x", (1, 1): "y"}.items():
        grid.cell(*place).text = words
    document.add_paragraph("1. typed by hand")
    document.add_paragraph("")


class TestDOCX:
    def test_reads_headings_lists_and_tables_as_markdown(self):
        checked = check(papers.word(fill), "paper.docx")

        assert checked.text == (
            "# Roadmap\n\n# Scope\n\n"
            "Landers \\*and\\* [rovers/ hoppers] < 5 t\nnew line & so on\n\n"
            "- first\n\n1. one\n\n2. two\n\n## Costs\n\n"
            "| Item | a\\|b |\n| --- | --- |\n| x | y |\n\n1\\. typed by hand"
        )
        assert (checked.text_format, checked.notice) == ("markdown", "")

    def test_shows_what_review_left_and_the_gate_finds_it(self):
        body = (
            "<w:p><w:r><w:t>Kept </w:t></w:r>"
            "<w:ins><w:r><w:t>added</w:t></w:r></w:ins>"
            "<w:del><w:r><w:delText>removed</w:delText></w:r></w:del>"
            "<w:moveTo><w:r><w:t>here</w:t></w:r></w:moveTo>"
            "<w:moveFrom><w:r><w:t>there</w:t></w:r></w:moveFrom>"
            '<w:r><w:commentReference w:id="7"/></w:r></w:p>'
        )
        comments = (
            f'<w:comments {W}><w:comment w:id="7"><w:p><w:r><w:t>Why</w:t></w:r></w:p>'
            "<w:p><w:r><w:t>so?</w:t></w:r></w:p></w:comment></w:comments>"
        )

        checked = check(papers.bare_docx(body, comments=comments), "paper.docx")

        marks = ["{++added++}", "{--removed--}", "{++here++}", "{--there--}", "{>>Why so?<<}"]
        assert checked.text == "Kept " + "".join(marks)
        what = "a comment or tracked-change mark"
        assert residue.scan(checked.text) == [residue.Hit(1, mark, what) for mark in marks]

    def test_reads_notes_boxes_and_controls_once(self):
        mc = "http://schemas.openxmlformats.org/markup-compatibility/2006"
        box = f"<w:txbxContent>{papers.PARAGRAPH.format('boxed')}</w:txbxContent>"
        body = (
            '<w:p><w:r><w:t>Noted</w:t><w:footnoteReference w:id="2"/><w:t>.</w:t></w:r></w:p>'
            f'<w:p><w:r><mc:AlternateContent xmlns:mc="{mc}"><mc:Choice>{box}</mc:Choice>'
            f"<mc:Fallback>{box}</mc:Fallback></mc:AlternateContent></w:r></w:p>"
            "<w:sdt><w:sdtPr><w:docPartObj><w:docPartGallery w:val='Table of Contents'/>"
            f"</w:docPartObj></w:sdtPr><w:sdtContent>{papers.PARAGRAPH.format('Contents')}"
            "</w:sdtContent></w:sdt>"
            f"<w:sdt><w:sdtContent>{papers.PARAGRAPH.format('controlled')}</w:sdtContent></w:sdt>"
        )
        notes = (
            f'<w:footnotes {W}><w:footnote w:id="2"><w:p><w:r><w:t>See 1.</w:t></w:r></w:p>'
            "</w:footnote></w:footnotes>"
        )

        checked = check(papers.bare_docx(body, footnotes=notes), "paper.docx")

        assert checked.text == "Noted (footnote 1).\n\nboxed\n\ncontrolled\n\nFootnote 1: See 1."

    def test_counts_headings_and_letters_as_the_page_does(self):
        def level(number, form, text):
            return (
                f'<w:lvl w:ilvl="{number}"><w:start w:val="1"/><w:numFmt w:val="{form}"/>'
                f'<w:lvlText w:val="{text}"/></w:lvl>'
            )

        def paragraph(text, at, heading=""):
            return (
                f'<w:p><w:pPr>{heading}<w:numPr><w:ilvl w:val="{at}"/><w:numId w:val="5"/>'
                f"</w:numPr></w:pPr><w:r><w:t>{text}</w:t></w:r></w:p>"
            )

        numbering = (
            f'<w:numbering {W}><w:abstractNum w:abstractNumId="1">'
            f"{level(0, 'decimal', '%1')}{level(1, 'decimal', '%1.%2')}"
            f"{level(2, 'lowerLetter', '%3)')}{level(3, 'upperRoman', '%4.')}</w:abstractNum>"
            '<w:num w:numId="5"><w:abstractNumId w:val="1"/></w:num></w:numbering>'
        )
        heading = '<w:outlineLvl w:val="0"/>'
        rows = [("One", 0, heading), ("Two", 0, heading), ("sub", 1, heading), ("x", 2), ("y", 2)]
        rows += [("deep", 3), ("Three", 0, heading), ("again", 1)]
        body = "".join(paragraph(*row) for row in rows)

        checked = check(papers.bare_docx(body, numbering=numbering), "paper.docx")

        assert checked.text.split("\n\n") == [
            "# 1 One", "# 2 Two", "# 2.1 sub", "a) x", "b) y", "I. deep", "# 3 Three", "3.1 again",
        ]  # fmt: skip

    def test_reads_utf_16_and_fetches_nothing(self):
        outside = (
            '<Relationships xmlns="http://schemas.openxmlformats.org/package/2006/relationships">'
            '<Relationship Id="r1" Type="http://x/styles" TargetMode="External" '
            'Target="http://127.0.0.1:9/styles.xml"/></Relationships>'
        )
        text = papers.MAIN.format(papers.PARAGRAPH.format("Zwölf"))
        main = f'<?xml version="1.0" encoding="UTF-16"?>{text}'.encode("utf-16")
        data = papers.bare_docx("", more={"word/document.xml": main})
        more = {"word/document.xml": main, "word/_rels/document.xml.rels": outside}

        assert check(data, "paper.docx").text == "Zwölf"
        assert check(papers.bare_docx("", more=more), "paper.docx").text == "Zwölf"

    def test_a_docx_without_words_is_kept_alone(self):
        checked = check(papers.bare_docx("<w:p/>"), "empty.docx")

        assert (checked.text, bool(checked.notice)) == ("", True)


# What a page cannot show as it came: blanks between words, and what is no text at all.
WORDS = st.text(
    st.characters(codec="utf-8", exclude_categories=("Cc", "Cs", "Zl", "Zp", "Zs"))
    | st.sampled_from(" *_`[]()<>!&#-+=|~:\\.0123456789\n"),
    max_size=40,
)


def shown(markdown):
    """Return the words that a page shows."""
    parts = [re.sub(r"<[^>]*>", " ", str(part.html)) for part in paragraphs(markdown, "markdown")]
    return " ".join(html.unescape(" ".join(parts)).split())


@given(WORDS)
def test_words_are_shown_as_they_stand_in_the_document(text):
    words = " ".join(text.split())

    written = escaped(text)

    assert shown(written) == words
    assert len(paragraphs(written, "markdown")) == bool(words)


@given(st.lists(st.lists(WORDS, min_size=1, max_size=3), min_size=1, max_size=3))
def test_cells_are_shown_as_they_stand_in_the_document(rows):
    written = table([[f"x{cell}" for cell in row] for row in rows])

    assert shown(written) == " ".join(" ".join(f"x{cell}".split()) for row in rows for cell in row)
    assert len(paragraphs(written, "markdown")) == 1


@pytest.mark.parametrize(("name", "magic"), [("a.pdf", b"%PDF-1.7\n"), ("a.docx", b"PK\x03\x04")])
def test_whatever_follows_the_magic_is_read_or_refused(name, magic):
    sound = {"a.pdf": papers.pdf(["Words"]), "a.docx": papers.bare_docx("<w:p/>")}[name]

    @effort(max_examples=12, deadline=None)
    @given(st.binary(max_size=300), st.integers(0, len(sound)))
    def try_it(data, place):
        for bad in (magic + data, sound[:place] + data + sound[place + len(data) :]):
            try:
                checked = check(magic + bad[len(magic) :], name)
            except files.UnfitFileError as refused:
                assert str(refused).startswith(f"“{name}” ")  # noqa: PT017
            else:
                assert checked.size >= len(magic)

    try_it()


@pytest.mark.parametrize("module", INSIDE)
def test_inside_there_is_neither_django_nor_what_is_ours(module):
    path = site.BASE_DIR / f"{module.replace('.', '/')}.py"
    names = {
        name
        for node in ast.walk(ast.parse(path.read_text()))
        if isinstance(node, ast.Import | ast.ImportFrom)
        for name in (
            [node.module] if isinstance(node, ast.ImportFrom) else [a.name for a in node.names]
        )
    }

    ours = {name for name in names if name.split(".")[0] in {"isecg", "workgroups", "products"}}
    assert ours <= set(INSIDE)
    assert not {name for name in names if name.split(".")[0] in {"django", "environ"}}


PROBE = """
import json, os, socket, sys
from products.extraction.confinement import bound, shut
from products.extraction.limits import Limits

bound(Limits(**json.loads(sys.argv[1])))
first = {"environment": sorted(os.environ), "django": "django" in sys.modules}
tries = {
    "write": lambda: open(sys.argv[2], "wb", 0).write(b"x"),
    "memory": lambda: bytearray(600 * 1024 * 1024),
}
later = {
    "open": lambda: open("/etc/hostname"),
    "parent": lambda: open(f"/proc/{os.getppid()}/environ", "rb"),
    "socket": socket.socket,
    "pipe": os.pipe,
}
for name, act in tries.items():
    try:
        act()
        first[name] = "done"
    except (OSError, MemoryError) as error:
        first[name] = type(error).__name__
shut()
for name, act in later.items():
    try:
        act()
        first[name] = "done"
    except OSError as error:
        first[name] = error.strerror
os.close(2)
try:
    os.open("/etc/hostname", os.O_RDONLY)
    first["freed"] = "done"
except OSError as error:
    first["freed"] = error.strerror
print(json.dumps(first))
"""


def _has_landlock():
    return sys.platform == "linux" and ctypes.CDLL(None).syscall(444, None, 0, 1) > 0


def test_the_child_can_neither_open_write_nor_grow(tmp_path):
    numbers = json.dumps(asdict(defaults.extraction_limits(characters=LONGEST)))

    probe = subprocess.run(
        [sys.executable, "-E", "-s", "-B", "-c", PROBE, numbers, tmp_path / "new"],
        cwd=site.BASE_DIR,
        env={"LANG": "C.UTF-8"},
        stdout=subprocess.PIPE,
        check=True,
    )

    full = "Too many open files"
    assert json.loads(probe.stdout) == {
        "environment": ["LANG"],
        "django": False,
        "write": "OSError",
        "memory": "MemoryError",
        "open": full,
        "parent": full,
        "socket": full,
        "pipe": full,
        # By then only Landlock stands in the way.
        "freed": "Permission denied" if _has_landlock() else "done",
    }


@pytest.mark.parametrize(
    "answer",
    [
        b"",
        b"{",
        b"[]",
        b"null",
        b'{"text": 1, "note": null}',
        b'{"text": "a", "note": "other"}',
        b'{"text": "a\\u0000", "note": null}',
        b'{"text": "aaaaaa", "note": null}',
        b'{"refused": "other"}',
        b'{"text": "a"}',
        b"[" * 5000,
        b'{"text": "' + b"a" * 100,
    ],
)
def test_an_answer_that_is_none_is_a_refusal(answer):
    assert process._understood(answer, most=5100, longest=5) == {"refused": Refusal.LIMITS}


def test_every_refusal_and_note_has_its_sentence():
    assert (set(SENTENCES), set(NOTES)) == (set(Refusal), set(Note))


def test_a_file_on_disk_is_read_where_it_lies():
    upload = TemporaryUploadedFile("paper.pdf", "application/pdf", 0, None)
    with upload:
        upload.write(papers.pdf(["On disk"]))
        upload.size = upload.tell()
        upload.flush()
        before = os.listdir(os.path.dirname(upload.temporary_file_path()))  # noqa: PTH208, PTH120

        assert files.check(upload, name="paper.pdf").text == "On disk"
        assert os.listdir(os.path.dirname(upload.temporary_file_path())) == before  # noqa: PTH208, PTH120


class TestPlaces:
    def test_who_finds_none_is_asked_to_try_again(self, settings):
        settings.ISECG_EXTRACTIONS = 2
        settings.ISECG_EXTRACTION_WAIT_SECONDS = 0
        data = papers.pdf(["Words"])

        with slots.taken(), slots.taken(), pytest.raises(files.UnfitFileError) as refused:
            check(data, "paper.pdf")
        again = check(data, "paper.pdf")

        assert str(refused.value) == (
            "“paper.pdf” was not looked at, because other files are being read: "
            "try again in a minute."
        )
        assert again.text == "Words"

    def test_who_waits_gets_the_place_that_is_freed(self, settings):
        settings.ISECG_EXTRACTIONS = 1
        settings.ISECG_EXTRACTION_WAIT_SECONDS = 60
        held, free = threading.Event(), threading.Event()

        def hold():
            with slots.taken():
                held.set()
                free.wait(60)

        holder = threading.Thread(target=hold)
        holder.start()
        held.wait(60)
        threading.Timer(0.2, free.set).start()

        assert check(papers.pdf(["Words"]), "paper.pdf").text == "Words"
        holder.join()
