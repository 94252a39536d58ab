"""Hostile files: each is refused by a sentence, within its limit, and leaves nothing behind.

How long a child computes is asked of the system, and memory by a limit below what the
file would need: nothing here depends on how fast this machine is.
"""

import io
import resource
import struct
import tempfile
import zipfile

import pytest
from django.core.files.storage import default_storage
from django.core.files.uploadedfile import SimpleUploadedFile

from isecg.events.models import Event
from products import files
from products.models import Version, VersionFile
from tests.factories import ProductFactory, UserFactory
from tests.products import papers

BROKEN = "cannot be read: it is damaged, or is not what its name says."
DOCTYPE = (
    "declares a document type or entities, which word processors do not write: "
    "save it anew and send that."
)
NAMES = "has parts whose names lead out of it or stand there twice."
RATIO = "unpacks to more than 100 times its size."
PAGE = b"<</Type/Page/Parent 2 0 R/MediaBox[0 0 9 9]/Contents 4 0 R>>"


def _within(**limits):
    """Say in the words of the refusal what the limits are."""
    wanted = {"cpu": 10, "wall": 20, "memory": 512} | limits
    return (
        f"could not be read within the limits: {wanted['cpu']} seconds of computing, "
        f"{wanted['wall']} seconds in all and {wanted['memory']} MB of memory."
    )


def _pages(count, content=b"", kids=None):
    """Return a PDF that shows one page again and again."""
    return papers.raw_pdf(
        [
            b"<</Type/Catalog/Pages 2 0 R>>",
            b"<</Type/Pages/Count %d/Kids[%b]>>" % (count, b"3 0 R " * (kids or count)),
            PAGE,
            papers.stream(content),
        ]
    )


def _nested_forms(depth, width):
    """Return a PDF in which each form is drawn ``width`` times by the one above."""
    objects = [
        b"<</Type/Catalog/Pages 2 0 R>>",
        b"<</Type/Pages/Kids[3 0 R]/Count 1>>",
        b"<</Type/Page/Parent 2 0 R/MediaBox[0 0 9 9]/Contents 4 0 R"
        b"/Resources<</XObject<</X 5 0 R>>>>>>",
        papers.stream(b"/X Do"),
    ]
    for number in range(6, 6 + depth):
        entries = b"/Type/XObject/Subtype/Form/BBox[0 0 9 9]"
        entries += b"/Resources<</XObject<</X %d 0 R>>>>" % number
        objects.append(papers.stream(b"/X Do " * width, entries))
    objects.append(papers.stream(b"0 0 m 9 9 l S", b"/Type/XObject/Subtype/Form/BBox[0 0 9 9]"))
    return papers.raw_pdf(objects)


def _locked_pdf():
    keys = b"/O<%b>/U<%b>" % (b"11" * 32, b"22" * 32)
    trailer = b"/ID[<00><00>]/Encrypt<</Filter/Standard/V 1/R 2/P -4%b>>" % keys
    return papers.pdf(["Secret"], trailer=trailer)


def _with(parts, **kept):
    return papers.bare_docx(papers.PARAGRAPH.format("x"), more=parts, **kept)


def _locked_docx():
    data = bytearray(_with({}))
    # The first bit of the flags, in each entry of the directory.
    at = -1
    while (at := data.find(b"PK\x01\x02", at + 1)) >= 0:
        data[at + 8] |= 1
    return bytes(data)


def _lying_docx():
    """Return a DOCX with a part that says of itself to be small."""
    data = bytearray(_with({"word/big.bin": b"\0" * 3_000_000}))
    for size in _places(data, struct.pack("<I", 3_000_000)):
        data[size : size + 4] = struct.pack("<I", 100)
    return bytes(data)


def _overlapping_docx():
    """Return a DOCX whose directory names the same bytes a hundred times over."""
    stored = zipfile.ZIP_STORED
    data = papers.archive({"a000": b"\0" * 20_000}, compression=stored)
    start, end = data.index(b"PK\x01\x02"), data.index(b"PK\x05\x06")
    entry = data[start:end]
    entries = b"".join(entry.replace(b"a000", b"a%03d" % number) for number in range(100))
    tail = bytearray(data[end:])
    struct.pack_into("<HHI", tail, 8, 100, 100, len(entries))
    return data[:start] + entries + bytes(tail)


def _places(data, wanted):
    at = -1
    while (at := data.find(wanted, at + 1)) >= 0:
        yield at


def _twice():
    data = io.BytesIO(_with({}))
    with zipfile.ZipFile(data, "a") as file, pytest.warns(UserWarning, match="Duplicate"):
        file.writestr("word/document.xml", "<a/>")
    return data.getvalue()


LAUGHS = '<!DOCTYPE a [<!ENTITY a "ha"><!ENTITY b "&a;&a;&a;&a;">]>'
OUTSIDE = '<!DOCTYPE a SYSTEM "file:///etc/passwd">'


def _document(prologue, encoding="utf-8"):
    text = prologue + papers.MAIN.format(papers.PARAGRAPH.format("x"))
    return _with({"word/document.xml": text.encode(encoding)})


# name: the kind of file, how it is made, and what is said of it.
HOSTILE = {
    "80 MB in 800 bytes": ("pdf", lambda: papers.pdf(contents=[papers.packed(80)]), RATIO),
    "pages": ("pdf", lambda: _pages(2001), "has more than 2,000 pages."),
    "forms in forms": ("pdf", lambda: _nested_forms(9, 12), _within()),
    "locked": ("pdf", _locked_pdf, "is protected by a password: send it without one."),
    "arrays in arrays": ("pdf", lambda: papers.raw_pdf([b"[" * 300_000]), BROKEN),
    "nothing but a beginning": ("pdf", lambda: b"%PDF-1.7", BROKEN),
    "a web page": (
        "pdf",
        lambda: b"<html><script>",
        "is no PDF file, whatever its name says.",
    ),
    "a program": ("docx", lambda: b"MZ\x90\x00", "is no DOCX file, whatever its name says."),
    "a PDF": ("docx", lambda: papers.pdf(["x"]), "is no DOCX file, whatever its name says."),
    "an empty part beside a bomb": (
        "docx",
        lambda: _with({"word/media/a.png": b"\0" * 30_000_000}),
        RATIO,
    ),
    "300 MB": (
        "docx",
        lambda: _with({f"word/media/{number}": b"\0" * 30_000_000 for number in range(10)}),
        "unpacks to more than 200 MB.",
    ),
    "a part that lies": ("docx", _lying_docx, BROKEN),
    "parts over one another": ("docx", _overlapping_docx, RATIO),
    "parts": (
        "docx",
        lambda: _with({f"word/{number}": b"" for number in range(2001)}),
        "is packed of more than 2,000 parts.",
    ),
    "a locked part": ("docx", _locked_docx, "is protected by a password: send it without one."),
    "a part above": ("docx", lambda: _with({"../../evil": b"x"}), NAMES),
    "a part at the root": ("docx", lambda: _with({"/etc/evil": b"x"}), NAMES),
    "a part on a drive": ("docx", lambda: _with({"C:\\evil": b"x"}), NAMES),
    "a part twice": ("docx", _twice, NAMES),
    "entities": ("docx", lambda: _document(LAUGHS), DOCTYPE),
    "a file of the machine": ("docx", lambda: _document(OUTSIDE), DOCTYPE),
    "entities in UTF-16": ("docx", lambda: _document(LAUGHS, "utf-16"), DOCTYPE),
    "entities in UTF-16, unmarked": ("docx", lambda: _document(LAUGHS, "utf-16-be"), DOCTYPE),
    "entities in UTF-32": ("docx", lambda: _document(LAUGHS, "utf-32-le"), BROKEN),
    "entities in UTF-7": (
        "docx",
        lambda: _document('<?xml version="1.0" encoding="UTF-7"?>+ADw-!DOCTYPE a+AD4-'),
        BROKEN,
    ),
    "entities beside the text": (
        "docx",
        lambda: _with({"customXml/item1.data": f"\ufeff\n {LAUGHS}<a/>".encode()}),
        DOCTYPE,
    ),
    "elements in elements": (
        "docx",
        lambda: _with({"word/document.xml": "<a>" * 5_000 + "</a>" * 5_000}),
        BROKEN,
    ),
    "no document": ("docx", lambda: papers.archive({"a.txt": b"x"}), BROKEN),
    "no XML": ("docx", lambda: _with({"word/document.xml": b"\xff\xfe\xfd"}), BROKEN),
    "cut off": ("docx", lambda: _with({})[:-30], BROKEN),
    "60 MB": (
        "md",
        lambda: b"a" * 60 * 1024 * 1024,
        "The file has 60 MB; at most 50 MB are taken.",
    ),
}


@pytest.fixture
def places(settings, tmp_path, monkeypatch):
    """Have a store and a place for temporary files that are ours alone."""
    (tmp_path / "temporary").mkdir()
    settings.MEDIA_ROOT = tmp_path / "files"
    settings.FILE_UPLOAD_TEMP_DIR = tmp_path / "temporary"
    # Where a temporary file would go that does not ask the settings.
    (tmp_path / "elsewhere").mkdir()
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path / "elsewhere"))
    return tmp_path


def _left(places):
    return {path for path in places.rglob("*") if path.is_file()}


# A rendition is looked at as the main file is.
PLACES = [("main", name) for name in HOSTILE] + [
    ("renditions", name) for name in ("80 MB in 800 bytes", "entities", "60 MB")
]


@pytest.mark.django_db
@pytest.mark.parametrize(("field", "name"), PLACES)
def test_is_refused_with_a_sentence_and_leaves_nothing(field, name, client, places):
    suffix, make, sentence = HOSTILE[name]
    product = ProductFactory(code="GER-2026")
    client.force_login(UserFactory(is_secretariat=True))
    before, events = _left(places), Event.objects.count()
    sound = {"main": SimpleUploadedFile("sound.pdf", papers.pdf(["Sound"]))}
    upload = SimpleUploadedFile(f"evil.{suffix}", make())

    answer = client.post(
        "/products/GER-2026/versions/new/",
        sound
        | {
            field: upload,
            "how": "upload",
            "change_class": "substantive",
            "note": "What was typed.",
            "expected_latest": "",
        },
    )

    said = sentence if sentence.startswith("The file") else f"“evil.{suffix}” {sentence}"
    assert answer.status_code == 422
    assert answer.context["form"].errors == {field: [said]}
    assert "What was typed." in answer.content.decode()
    # Not the answer itself: that would give back the connection that the test is in.
    answer.wsgi_request.close()
    assert (Version.objects.count(), VersionFile.objects.count()) == (0, 0)
    assert (_left(places), Event.objects.count()) == (before, events)
    assert product.versions.count() == 0
    assert not default_storage.exists("versions")


def _check(data, suffix="pdf"):
    return files.check(SimpleUploadedFile(f"a.{suffix}", data), name=f"a.{suffix}")


def _computed():
    """Return the seconds that the children of this process have computed."""
    spent = resource.getrusage(resource.RUSAGE_CHILDREN)
    return spent.ru_utime + spent.ru_stime


def _endless():
    """Return a PDF of 2,000 pages that each take long, and little memory."""
    return _pages(2000, b"q Q " * 500_000)


# The kernel looks at the clock a few times a second, and lets a child end for one more.
SLACK = 1.5


def test_computing_ends_at_its_limit(settings):
    settings.ISECG_EXTRACTION_CPU_SECONDS = 1
    data, before = _endless(), _computed()

    with pytest.raises(files.UnfitFileError) as refused:
        _check(data)

    assert str(refused.value) == f"“a.pdf” {_within(cpu=1)}"
    assert 0.9 < _computed() - before < 1 + SLACK


def test_waiting_ends_at_its_limit(settings):
    settings.ISECG_EXTRACTION_CPU_SECONDS = 300
    settings.ISECG_EXTRACTION_WALL_SECONDS = 1
    data, before = _endless(), _computed()

    with pytest.raises(files.UnfitFileError) as refused:
        _check(data)

    assert str(refused.value) == f"“a.pdf” {_within(cpu=300, wall=1)}"
    # No one computes for longer than it runs.
    assert _computed() - before < 1 + SLACK


@pytest.mark.parametrize(
    ("suffix", "make"),
    [
        ("pdf", lambda: papers.pdf(contents=[papers.packed(60)])),
        (
            "docx",
            lambda: papers.bare_docx("<w:p><w:r/></w:p>" * 300_000),
        ),
    ],
    ids=["pdf", "docx"],
)
def test_memory_ends_at_its_limit(suffix, make, settings):
    settings.ISECG_EXTRACTION_RATIO = 10**6
    data = make()

    assert _check(data, suffix).text == ""
    settings.ISECG_EXTRACTION_MEMORY_MB = 90
    assert _check(papers.pdf(["Sound"])).text == "Sound"
    with pytest.raises(files.UnfitFileError) as refused:
        _check(data, suffix)

    assert str(refused.value) == f"“a.{suffix}” {_within(memory=90)}"


@pytest.mark.parametrize(
    ("setting", "low", "suffix", "make", "sentence"),
    [
        ("PAGES", 1, "pdf", lambda: _pages(2), "has more than 1 pages."),
        ("MEMBERS", 3, "docx", lambda: _with({"a": b""}), "is packed of more than 3 parts."),
        (
            "UNPACKED_MB",
            1,
            "docx",
            lambda: _with({"a": bytes(range(256)) * 5_000}),
            "unpacks to more than 1 MB.",
        ),
        (
            "RATIO",
            10,
            "docx",
            lambda: _with({"a": bytes(range(256)) * 30_000}),
            "unpacks to more than 10 times its size.",
        ),
    ],
)
def test_each_number_is_a_setting(setting, low, suffix, make, sentence, settings):
    data = make()
    settings.ISECG_EXTRACTION_RATIO = 1000

    assert _check(data, suffix).size == len(data)
    setattr(settings, f"ISECG_EXTRACTION_{setting}", low)
    with pytest.raises(files.UnfitFileError) as refused:
        _check(data, suffix)

    assert str(refused.value) == f"“a.{suffix}” {sentence}"


def test_a_promise_of_many_pages_is_not_believed():
    assert _check(_pages(2_000_000_000, kids=1)).text == ""
