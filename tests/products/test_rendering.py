"""The text of a version in numbered paragraphs."""

import pytest

from products.rendering import LONGEST, paragraphs


def parts(text, text_format="markdown"):
    return [(row.number, row.words, row.line) for row in paragraphs(text, text_format)]


def test_numbers_blocks_and_the_items_of_lists():
    text = (
        "# Title\n\nOne\ntwo.\n\n- first\n- second\n  of two\n\n| a | b |\n|---|---|\n| 1 | 2 |\n"
    )

    assert parts(text) == [
        (1, "# Title", 1),
        (2, "One two.", 3),
        (3, "- first", 6),
        (4, "- second of two", 7),
        (5, "| a | b | |---|---| | 1 | 2 |", 10),
    ]


def test_an_item_of_a_numbered_list_keeps_its_number():
    found = paragraphs("3. third\n4. fourth\n")

    assert [row.html for row in found] == [
        '<ol start="3">\n<li>third</li>\n</ol>\n',
        '<ol start="4">\n<li>fourth</li>\n</ol>\n',
    ]


def test_plain_text_is_shown_as_it_is_and_parted_at_blank_lines():
    text = "\nA <b>\nstays # so\n \n\n- no list\n"

    assert parts(text, "plain") == [(1, "A <b> stays # so", 2), (2, "- no list", 6)]
    assert paragraphs(text, "plain")[0].html == "<p>A &lt;b&gt;\nstays # so</p>"


def test_a_link_defined_elsewhere_and_raw_html_are_shown_safely():
    found = paragraphs("[a][x] <script>alert(1)</script>\n\n[x]: https://example.org/\n")

    assert len(found) == 1
    assert 'href="https://example.org/"' in found[0].html
    assert "<script" not in found[0].html


def test_refuses_a_text_that_is_too_long():
    with pytest.raises(ValueError, match="too long"):
        paragraphs("x" * (LONGEST + 1))
