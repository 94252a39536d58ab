"""What changed from one text to another."""

from hypothesis import given
from hypothesis import strategies as st

from products.compare import Block, Piece, Place, compare, paragraphs, places
from products.remarks import Fate


def test_tells_changed_added_and_removed_paragraphs_apart():
    old = "# Title\n\nThe crew lives on the Moon for ten days.\n\nThis goes away entirely."
    new = "# Title\n\nThe crew lives on the Moon for thirty days."

    found = compare(old, new)

    assert found.blocks == (
        Block("same", ("# Title",)),
        Block(
            "changed",
            pieces=(
                Piece("same", "The crew lives on the Moon for"),
                Piece("removed", "ten"),
                Piece("added", "thirty"),
                Piece("same", "days."),
            ),
        ),
        Block("removed", ("This goes away entirely.",)),
    )
    assert (found.same, found.changed, found.added, found.removed) == (1, 1, 0, 1)


def test_shows_what_has_little_in_common_as_two_paragraphs():
    found = compare("One two three four five.", "Six seven eight nine ten.")

    assert [block.kind for block in found.blocks] == ["removed", "added"]


def test_counts_each_unchanged_paragraph_of_a_run():
    found = compare("One\n\nTwo\n\nThree", "One\n\nTwo\n\nThree\n\nFour")

    assert (found.same, found.added) == (3, 1)


def test_does_not_care_how_lines_are_broken():
    assert compare("One two\nthree.\n\n\nFour.", "One two three.\n\nFour.").is_empty


def test_takes_items_headings_and_rows_for_paragraphs():
    assert paragraphs("## A\ntext\n- one\n- two\n1. first\n| a | b |") == [
        "## A text",
        "- one",
        "- two",
        "1. first",
        "| a | b |",
    ]


def test_shows_overlong_paragraphs_whole():
    words = " ".join(str(number) for number in range(2000))

    found = compare(words, f"{words} more")

    assert [block.kind for block in found.blocks] == ["removed", "added"]


_TEXTS = st.lists(st.sampled_from(["One a b", "One a c", "Two", "- three", ""]), max_size=8).map(
    "\n\n".join
)


@given(_TEXTS, _TEXTS)
def test_both_texts_can_be_read_from_the_comparison(old, new):
    def read(*kinds):
        found = []
        for block in compare(old, new).blocks:
            if block.kind == "changed":
                found.append(" ".join(p.text for p in block.pieces if p.kind in kinds))
            elif block.kind in kinds:
                found.extend(block.texts)
        return found

    assert read("same", "removed") == paragraphs(old)
    assert read("same", "added") == paragraphs(new)


A, B, C, D = (
    "The first crew lives on the Moon for ten days.",
    "Fuel is made of ice at the south pole.",
    "Habitats are shared by all agencies that take part.",
    "Each rover carries two people and their tools.",
)


def told(old, new):
    return [(place.fate, place.number) for place in places(old, new)]


def test_places_are_the_same_where_only_the_numbers_changed():
    assert told([A, B, C], ["New.", A, B, "Newer.", C]) == [
        (Fate.SAME, 2),
        (Fate.SAME, 3),
        (Fate.SAME, 5),
    ]


def test_places_have_moved_where_the_order_is_another():
    assert told([A, B, C, D], [B, C, D, A]) == [
        (Fate.MOVED, 4),
        (Fate.SAME, 1),
        (Fate.SAME, 2),
        (Fate.SAME, 3),
    ]


def test_places_are_found_by_likeness_past_an_insertion():
    changed = A.replace("ten", "thirty")

    assert told([A, B], ["Something else stands here now.", changed, "And here.", B]) == [
        (Fate.CHANGED, 2),
        (Fate.SAME, 4),
    ]


def test_places_are_found_where_a_paragraph_was_moved_and_changed():
    changed = A.replace("ten", "thirty")

    assert told([A, B, C, D], [B, C, D, changed])[0] == (Fate.CHANGED, 4)


def test_places_of_what_is_gone_have_no_number():
    assert places([A, B], [B]) == [Place(None, Fate.DELETED), Place(1, Fate.SAME)]
    assert told([A], []) == [(Fate.DELETED, None)]
    assert places([], [A]) == []


_LINES = st.lists(
    st.sampled_from([A, B, C, D, A.replace("ten", "six"), A.replace("ten", "forty"), "---", ""]),
    max_size=12,
)


@given(_LINES, _LINES)
def test_places_are_consistent(old, new):
    found = places(old, new)

    numbers = [place.number for place in found if place.fate != Fate.DELETED]
    assert len(found) == len(old)
    assert len(set(numbers)) == len(numbers)
    assert set(numbers) <= set(range(1, len(new) + 1))
    for text, place in zip(old, found, strict=True):
        assert (place.number is None) == (place.fate == Fate.DELETED)
        if place.number:
            assert (text == new[place.number - 1]) == (place.fate != Fate.CHANGED)
    same = [place.number for place in found if place.fate == Fate.SAME]
    assert same == sorted(same)


@given(_LINES)
def test_places_in_the_same_text_are_the_same(lines):
    assert told(lines, lines) == [(Fate.SAME, n) for n in range(1, len(lines) + 1)]


@given(_LINES, _LINES)
def test_no_paragraph_that_still_stands_is_told_to_be_gone(old, new):
    gone = [text for text, place in zip(old, places(old, new), strict=True) if not place.number]

    assert all(new.count(text) < old.count(text) for text in gone)
