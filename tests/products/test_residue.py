"""What drafting leaves behind in a text."""

import pytest

from products.residue import Hit, scan

BRACKETS = "unresolved square brackets"
SETTLE = "a marker of something to be settled"
MARK = "a comment or tracked-change mark"


@pytest.mark.parametrize(
    ("text", "hit"),
    [
        ("It is [studied/ analyzed] now.", Hit(1, "[studied/ analyzed]", BRACKETS)),
        ("One\n\nThe date is TBD.", Hit(3, "TBD", SETTLE)),
        ("The mass is T.B.C. here", Hit(1, "T.B.C", SETTLE)),
        ("To do [as agreed]: later", Hit(1, "[as agreed]", BRACKETS)),
        ("Level TBS", Hit(1, "TBS", SETTLE)),
        ("Kept {++added++} text", Hit(1, "{++added++}", MARK)),
        ("Kept {>>why<<} text", Hit(1, "{>>why<<}", MARK)),
        ("Kept {--removed", Hit(1, "{--", MARK)),
        ("One\nComment [JB1]: why?", Hit(2, "Comment [JB1]:", MARK)),
        ("Deleted: a word", Hit(1, "Deleted:", MARK)),
    ],
)
def test_finds_residue_and_its_line(text, hit):
    assert hit in scan(text)


@pytest.mark.parametrize(
    "text",
    [
        "See [the report](https://example.org).",
        "See [the report][1].\n\n[1]: https://example.org",
        "The TBDX instrument and the STBC code.",
        "We comment: nothing.",
        "An array a[] of values.",
    ],
)
def test_leaves_links_and_words_alone(text):
    assert scan(text) == []


def test_says_where_in_its_line_a_hit_begins():
    text = "One\n\n  Comment [JB1]: why [this] or [that]?"

    assert [(hit.line, hit.start, hit.text) for hit in scan(text)] == [
        (3, 2, "Comment [JB1]:"),
        (3, 10, "[JB1]"),
        (3, 21, "[this]"),
        (3, 31, "[that]"),
    ]


def test_a_text_of_empty_lines_is_read_at_once():
    assert scan("\n" * 200_000) == []


def test_lists_hits_in_the_order_of_their_lines():
    assert [hit.line for hit in scan("TBD\n\n[this or that]\n\nTBC")] == [1, 3, 5]
