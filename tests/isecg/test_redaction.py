"""Names taken out of texts: as words, in their case, however a file writes them."""

import pytest

from isecg.redaction import Redactor

WORDS = Redactor(names={"May O'Neil", "May"}, addresses={"may@neil.example"})


@pytest.mark.parametrize(
    ("text", "redacted"),
    [
        ("By May O'Neil, today.", "By [name removed], today."),
        ("May; may; Mayor; dismay", "[name removed]; may; Mayor; dismay"),
        ("<p>May O&#x27;Neil</p>", "<p>[name removed]</p>"),
        ("to MAY@Neil.example.", "to [name removed]."),
        ("xmay@neil.example", "xmay@neil.example"),
    ],
)
def test_redact_takes_out_words_and_nothing_else(text, redacted):
    assert WORDS.redact(text) == redacted
    assert WORDS.finds(text) == (text != redacted)


def test_redact_puts_another_name_in_their_place():
    assert WORDS.redact("For May", by=r"\1 Former") == r"For \1 Former"


def test_redact_files_finds_a_name_across_a_fold_and_leaves_other_files_alone():
    folded = "A:May O'N\r\n eil\r\nB:x\r\n y\r\n"
    other = "A:Jun\r\n e\r\n"

    assert WORDS.redact_files([{"content": folded}, {"content": other, "size": 3}]) == [
        {"content": "A:[name removed]\r\nB:xy\r\n"},
        {"content": other, "size": 3},
    ]


def test_redact_files_knows_the_signs_that_calendars_escape():
    words = Redactor(names={"Roe, Jane"}, addresses=set())

    assert words.redact_files(r"CN:Roe\, Jane") == "CN:[name removed]"
