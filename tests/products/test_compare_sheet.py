"""How a comparison is laid on pages."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from products.compare import compare
from products.compare_sheet import PART, lay_out

WORDS = " ".join(f"word{n}" for n in range(100))


def big(count=400, *, every=2):
    """Return two texts of 400 paragraphs of 100 words, every second of which was changed."""
    old = tuple(f"{n} {WORDS}" for n in range(count))
    new = tuple(f"{text} more" if n % every == 0 else text for n, text in enumerate(old))
    return compare(old, new)


@pytest.mark.parametrize("view", ["inline", "side"])
def test_a_light_comparison_is_one_part_with_everything_in_it(view):
    old = tuple(f"Paragraph {n}." for n in range(8))

    sheet = lay_out(compare(old, (*old[:3], "New.", *old[3:5], *old[6:])), view=view)

    (part,) = sheet.parts
    assert [(item.row.kind, len(item.rows), item.folded, item.left_out) for item in part.items] == [
        ("same", 3, True, False),
        ("added", 1, False, False),
        ("same", 2, False, False),
        ("removed", 1, False, False),
        ("same", 2, False, False),
    ]
    assert (part.changes, part.last_change, sheet.first) == ([1, 2], 2, {"added": 1, "removed": 2})


def test_long_runs_are_left_out_of_a_heavy_comparison():
    sheet = lay_out(big(every=40), view="inline")

    runs = [item for part in sheet.parts for item in part.items if item.row.kind == "same"]
    assert [(len(run.rows), run.left_out) for run in runs] == [(39, True)] * 10


@pytest.mark.parametrize("view", ["inline", "side"])
def test_a_heavy_comparison_is_parted_and_nothing_of_it_lost(view):
    comparison = big()

    sheet = lay_out(comparison, view=view)

    assert len(sheet.parts) > 2
    assert [part.number for part in sheet.parts] == list(range(1, len(sheet.parts) + 1))
    shown = [row for part in sheet.parts for item in part.items for row in item.rows]
    assert tuple(shown) == comparison.rows
    assert sheet.part_of(200) == len(sheet.parts)
    assert max(len("".join(map(text_of, part.items))) for part in sheet.parts) <= PART


def text_of(item):
    return "".join(piece.text for row in item.rows for piece in row.pieces)


def test_one_paragraph_larger_than_a_part_has_one_of_its_own():
    sheet = lay_out(compare(("First.", "Last."), ("First.", "x" * PART, "Last.")), view="inline")

    assert [[item.row.kind for item in part.items] for part in sheet.parts] == [
        ["same"],
        ["added"],
        ["same"],
    ]


@given(st.one_of(st.none(), st.text(max_size=5)))
def test_what_is_typed_for_a_part_leads_to_one(typed):
    sheet = lay_out(big(100), view="inline")

    assert sheet.part("2").number == 2
    assert sheet.part(typed).number in {part.number for part in sheet.parts}


def test_texts_without_paragraphs_are_one_empty_part():
    assert [part.items for part in lay_out(compare((), ()), view="side").parts] == [()]
