"""What changed from one text to another."""

from hypothesis import given
from hypothesis import strategies as st

from products.compare import Block, Piece, compare, paragraphs


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
