"""What became of the paragraphs of a text in another."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from products.compare import CHANGES, Piece, Place, Row, compare, places
from products.remarks import Fate

A, B, C, D = (
    "The first crew lives on the Moon for ten days.",
    "Fuel is made of ice at the south pole.",
    "Habitats are shared by all agencies that take part.",
    "Each rover carries two people and their tools.",
)
CHANGED = A.replace("ten", "thirty")


def kinds(old, new):
    return [(row.kind, row.old, row.new) for row in compare(tuple(old), tuple(new)).rows]


def test_tells_changed_added_and_removed_paragraphs_apart():
    found = compare(("# Title", A, B), ("# Title", "Something new stands here.", CHANGED))

    assert found.rows == (
        Row("same", 1, 1, (Piece("same", "# Title"),)),
        Row("added", None, 2, (Piece("added", "Something new stands here."),), change=1),
        Row(
            "changed",
            2,
            3,
            (
                Piece("same", "The first crew lives on the Moon for"),
                Piece("removed", "ten"),
                Piece("added", "thirty"),
                Piece("same", "days."),
            ),
            change=2,
        ),
        Row("removed", 3, None, (Piece("removed", B),), change=3),
    )
    counted = (found.same, found.changed, found.moved, found.added, found.removed)
    assert counted == (1, 1, 0, 1, 1)
    assert found.changes == 3


def test_shows_a_moved_paragraph_in_both_places_and_counts_it_once():
    found = compare((A, B, C, D), (B, C, D, A))

    assert kinds((A, B, C, D), (B, C, D, A)) == [
        ("left", 1, 4),
        ("same", 2, 1),
        ("same", 3, 2),
        ("same", 4, 3),
        ("moved", 1, 4),
    ]
    assert (found.moved, found.changes, found.rows[0].change, found.rows[4].change) == (
        1,
        1,
        None,
        1,
    )


def test_shows_what_was_moved_and_changed_by_its_words():
    row = compare((A, B, C, D), (B, C, D, CHANGED)).rows[-1]

    assert (row.kind, row.old, row.new, row.apart) == ("changed", 1, 4, True)
    assert [piece.kind for piece in row.pieces] == ["same", "removed", "added", "same"]


def test_shows_what_has_little_in_common_as_two_paragraphs():
    assert kinds(["One two three four five."], ["Six seven eight nine ten."]) == [
        ("removed", 1, None),
        ("added", None, 1),
    ]


def test_does_not_scatter_two_passages_by_a_word_that_they_share():
    start, end = "We all agree on this for the next ten years:", "and all of it is shared."
    old = f"{start} many small rovers of one agency carry tools {end}"
    new = f"{start} few heavy landers of two partners bring people {end}"

    row = compare((old,), (new,)).rows[0]

    assert [(piece.kind, piece.text) for piece in row.pieces] == [
        ("same", start),
        ("removed", "many small rovers of one agency carry tools"),
        ("added", "few heavy landers of two partners bring people"),
        ("same", end),
    ]


def test_shows_whole_what_falls_into_too_many_pieces():
    old = " ".join(f"{n}" for n in range(400))
    new = " ".join(f"{n} x{n}" for n in range(400))

    row = compare((old,), (new,)).rows[0]

    assert (row.kind, row.whole, row.pieces) == (
        "changed",
        True,
        (Piece("removed", old), Piece("added", new)),
    )


class Counted(str):
    """A paragraph that counts how often any of its kind is looked at."""

    looks = 0

    def __eq__(self, other):
        Counted.looks += 1
        return str.__eq__(self, other)

    def __hash__(self):
        Counted.looks += 1
        return str.__hash__(self)


@pytest.mark.parametrize("every", [1, 2])
def test_four_hundred_paragraphs_are_looked_at_a_few_times_each(every):
    old = [f"{n} {' '.join(f'w{n * k % 97}' for k in range(100))}" for n in range(400)]
    new = [f"{text} more" if n % every == 0 else text for n, text in enumerate(old)]
    Counted.looks = 0

    found = compare.__wrapped__(tuple(map(Counted, old)), tuple(map(Counted, new)))

    assert found.changed == 400 // every
    # Each with each would be 160,000.
    assert Counted.looks <= 800 * 40


def test_the_same_two_texts_are_compared_once():
    compare.cache_clear()

    assert compare((A,), (B,)) is compare((A,), (B,))
    assert compare.cache_info().misses == 1


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
    assert told([A, B], ["Something else stands here now.", CHANGED, "And here.", B]) == [
        (Fate.CHANGED, 2),
        (Fate.SAME, 4),
    ]


def test_places_are_found_where_a_paragraph_was_moved_and_changed():
    assert told([A, B, C, D], [B, C, D, CHANGED])[0] == (Fate.CHANGED, 4)


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


@given(_LINES, _LINES)
def test_both_texts_can_be_read_from_the_comparison(old, new):
    rows = compare(tuple(old), tuple(new)).rows

    def read(rows, *, gone):
        return [
            " ".join(piece.text for piece in row.pieces if piece.kind != gone and piece.text)
            for row in rows
        ]

    # What was moved stands at both of its places: at each it counts for one side.
    before = [row for row in rows if row.kind not in {"added", "moved"} and not row.apart]
    after = [row for row in rows if row.kind not in {"removed", "left"}]
    assert read(before, gone="added") == old
    assert read(after, gone="removed") == new


@given(_LINES, _LINES)
def test_rows_count_the_paragraphs_and_agree_with_the_places(old, new):
    found = compare(tuple(old), tuple(new))

    olds = [row.old for row in found.rows if row.kind in {"same", "removed", "left"}]
    olds += [row.old for row in found.rows if row.kind == "changed" and not row.apart]
    assert sorted(olds) == list(range(1, len(old) + 1))
    news = [row.new for row in found.rows if row.new and row.kind != "left"]
    assert news == list(range(1, len(new) + 1))
    changes = [row.change for row in found.rows if row.kind in CHANGES]
    assert changes == list(range(1, found.changes + 1))
    fates = {
        "same": Fate.SAME,
        "moved": Fate.MOVED,
        "changed": Fate.CHANGED,
        "removed": Fate.DELETED,
    }
    shown = {
        row.old: (row.new, fates[row.kind]) for row in found.rows if row.old and row.kind in fates
    }
    assert [shown[n] for n in range(1, len(old) + 1)] == [
        (place.number, place.fate) for place in places(old, new)
    ]
