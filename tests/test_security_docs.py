"""The list in ``docs/security.md``: whole, and true in what it names."""

import re

import pytest
from django.conf import settings

PAGE = (settings.BASE_DIR / "docs" / "security.md").read_text()
# How many requirements of levels 1 and 2 each section of ASVS 5.0.0 has, counted in its CSV
# file. In each section they come first; those of level 3 follow.
SECTIONS = {
    "V1": (2, 9, 11, 3, 2),
    "V2": (3, 3, 4, 1),
    "V3": (0, 2, 4, 6, 5, 0, 2),
    "V4": (3, 1, 2, 4),
    "V5": (1, 3, 2, 3),
    "V6": (3, 12, 4, 4, 5, 3, 0, 4),
    "V7": (3, 4, 2, 5, 2, 2),
    "V8": (2, 3, 1, 1),
    "V9": (3, 4),
    "V10": (2, 2, 4, 11, 5, 2, 3),
    "V11": (2, 3, 3, 4, 1, 1, 0),
    "V12": (3, 2, 4),
    "V13": (1, 5, 2, 5),
    "V14": (2, 4, 3),
    "V15": (3, 3, 7, 0),
    "V16": (1, 5, 4, 3, 3),
    "V17": (1, 4, 2),
}
ROW = re.compile(r"^\| (V\d+\.\d+\.\d+) \| ([^|]+) \| ([^|]+) \| ([^|]+) \|$", re.MULTILINE)


def test_every_requirement_of_levels_1_and_2_stands_there_once():
    wanted = [
        f"{chapter}.{section}.{number}"
        for chapter, counts in SECTIONS.items()
        for section, count in enumerate(counts, 1)
        for number in range(1, count + 1)
    ]

    # 70 of level 1 and 183 of level 2.
    assert len(wanted) == 253
    assert [row[0] for row in ROW.findall(PAGE)] == wanted


def test_every_row_has_a_mark_that_is_explained():
    marks = PAGE[: PAGE.index("## V1 ")]
    explained = set(re.findall(r"^\| ([a-z/-]+) \| [^|]+ \|$", marks, re.MULTILINE))

    assert {row[2] for row in ROW.findall(PAGE)} == explained


@pytest.mark.parametrize("named", sorted(set(re.findall(r"tests/[\w/]+\.py(?:::\w+)?", PAGE))))
def test_every_test_that_is_named_exists(named):
    path, _, name = named.partition("::")
    file = settings.BASE_DIR / path

    assert re.search(rf"def {name}\(" if name else r"def test_", file.read_text())


def test_every_setting_that_is_named_exists():
    named = set(re.findall(r"`([A-Z][A-Z_]{3,})`", PAGE)) | set(re.findall(r"ISECG_\w+", PAGE))
    text = (settings.BASE_DIR / "isecg" / "settings.py").read_text()
    known = set(re.findall(r"[A-Z][A-Z_]{3,}", text))

    assert named - known == set()


def test_every_row_that_holds_names_what_holds_it():
    # A test, a setting, a file of ours or a rule of the linter; else a sentence of why.
    bare = [
        number
        for number, _what, mark, held in ROW.findall(PAGE)
        if mark == "yes" and not re.search(r"`|ruff|\(#|\.md|[a-z]{4,} .*[a-z]{3,}", held)
    ]

    assert [number for number in bare if number not in {"V1.4.1"}] == []


def test_every_link_of_the_page_leads_to_a_heading():
    def anchor(heading):
        return re.sub(r"[^a-z0-9 -]", "", heading.lower()).replace(" ", "-")

    for page, target in re.findall(r"\]\(([\w./]*)#([\w-]+)\)", PAGE):
        text = (settings.BASE_DIR / "docs" / (page or "security.md")).read_text()
        assert target in {anchor(line) for line in re.findall(r"^#+ (.+)$", text, re.MULTILINE)}
