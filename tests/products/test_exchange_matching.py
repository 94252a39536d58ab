"""What an import would do: rows held against the comments that there are, without a database."""

from datetime import date

import pytest

from products.exchange.cells import (
    CellError,
    Disposal,
    disposal_of,
    kind_of,
    number_of,
    paragraph_of,
    tidy,
    version_of,
)
from products.exchange.columns import Column
from products.exchange.matching import plan
from products.exchange.plans import Known, NewComment, NewDisposal, Outcome, Stored
from products.exchange.reading import Fault, Row
from products.remarks import CommentKind, Disposition

CNES, JAXA, UKSA = 1, 2, 3
FIRST = {
    Column.NUMBER: "C-1",
    Column.AGENCY: "CNES",
    Column.PERSON: "Anne",
    Column.VERSION: "2",
    Column.CLAUSE: "3.1",
    Column.PLACE: "Paragraph 4",
    Column.LINE: "12",
    Column.KIND: "Technical",
    Column.TEXT: "Too heavy.",
    Column.PROPOSAL: "Lighter.",
    Column.DISPOSITION: "",
    Column.RESPONSE: "",
}
SECOND = FIRST | {Column.NUMBER: "C-2", Column.TEXT: "Too light."}
THIRD = FIRST | {
    Column.NUMBER: "C-3",
    Column.TEXT: "Too long.",
    Column.DISPOSITION: "Action pending: CNES by 2026-03-03",
    Column.RESPONSE: "We shall see.",
}
FOURTH = FIRST | {
    Column.NUMBER: "C-4",
    Column.TEXT: "Too heavy, again.",
    Column.DISPOSITION: "Duplicate of C-1",
}
GONE = FIRST | {
    Column.NUMBER: "C-5",
    Column.TEXT: "Never mind.",
    Column.DISPOSITION: "Withdrawn by its author",
    Column.RESPONSE: "A mistake.",
}
DRAFT = FIRST | {Column.NUMBER: "", Column.TEXT: "Only for us."}
STORED = (
    Stored(pk=11, number=1, agency=CNES, cells=FIRST),
    Stored(pk=12, number=2, agency=CNES, cells=SECOND),
    Stored(pk=13, number=3, agency=CNES, cells=THIRD),
    Stored(pk=14, number=4, agency=CNES, cells=FOURTH, duplicate_of=11),
    Stored(pk=15, number=5, agency=CNES, cells=GONE, withdrawn=True),
    Stored(pk=16, number=None, agency=CNES, cells=DRAFT),
)
AGENCIES = {
    "cnes": frozenset({CNES}),
    "centre national": frozenset({CNES}),
    "jaxa": frozenset({JAXA}),
    "uksa": frozenset({UKSA}),
    "bnsc": frozenset({UKSA}),
    "both": frozenset({CNES, JAXA}),
}
NEW = {
    Column.AGENCY: "JAXA",
    Column.PERSON: "Kenji",
    Column.VERSION: "2",
    Column.KIND: "ge",
    Column.TEXT: "Well said.",
}


def known(**others):
    return Known(
        **{
            "comments": STORED,
            "agencies": AGENCIES,
            "codes": {CNES: "CNES", JAXA: "JAXA", UKSA: "UKSA"},
            "members": frozenset({CNES, JAXA}),
            "paragraphs": {1: 3, 2: 20},
            "speaks_for": None,
            "may_dispose": True,
            "today": date(2026, 2, 1),
        }
        | others
    )


def planned(*rows, **others):
    """Plan rows that begin in row 2, as below a heading."""
    numbered = [Row(number=number, cells=cells) for number, cells in enumerate(rows, start=2)]
    return plan(numbered, known(**others))


def faults(*rows, **others):
    return [(f.row, f.column, f.sentence, f.value) for f in planned(*rows, **others).faults]


def only(*rows, **others):
    found = planned(*rows, **others)
    assert found.faults == ()
    return found.rows[-1]


def test_import_of_an_export_changes_nothing():
    found = planned(*(row.cells for row in STORED), may_dispose=False, speaks_for=frozenset())

    # Whoever may comment for nobody may not send the draft of somebody.
    assert [row.outcome for row in found.rows[:5]] == [Outcome.UNCHANGED] * 5
    found = planned(*(row.cells for row in STORED), may_dispose=False)
    assert [row.outcome for row in found.rows] == [Outcome.UNCHANGED] * 6
    assert (found.faults, found.changes) == ((), [])


@pytest.mark.parametrize(
    "cells",
    [
        {Column.NUMBER: "c-1"},
        {Column.AGENCY: "centre national"},
        {Column.VERSION: "v2"},
        {Column.KIND: "te"},
    ],
)
def test_other_words_for_the_same_change_nothing(cells):
    assert only(FIRST | cells).outcome == Outcome.UNCHANGED


def test_missing_columns_say_nothing():
    assert only({Column.NUMBER: "C-3"}).outcome == Outcome.UNCHANGED


def test_emptied_answer_takes_nothing_back():
    row = THIRD | {Column.DISPOSITION: "", Column.RESPONSE: ""}

    assert only(row).outcome == Outcome.UNCHANGED


@pytest.mark.parametrize(
    ("column", "value"),
    [
        (Column.AGENCY, "JAXA"),
        (Column.PERSON, "Anna"),
        (Column.VERSION, "1"),
        (Column.CLAUSE, ""),
        (Column.PLACE, "Paragraph 5"),
        (Column.LINE, "13"),
        (Column.KIND, "nonsense"),
        (Column.TEXT, "Too heavy"),
        (Column.PROPOSAL, "Lighter"),
    ],
)
def test_submitted_comment_is_not_changed(column, value):
    assert faults(FIRST | {column: value}) == [
        (
            2,
            column,
            "C-1 reads otherwise here; a submitted comment is not changed by an import.",
            value,
        )
    ]


@pytest.mark.parametrize(
    ("number", "sentence"),
    [
        ("C-99", "There is no comment C-99 on this product."),
        ("12", "A comment's number is written like C-12; a new one has none."),
        ("C-0", "A comment's number is written like C-12; a new one has none."),
    ],
)
def test_unknown_number_is_a_fault(number, sentence):
    row = FIRST | {Column.NUMBER: number}

    assert faults(row) == [(2, Column.NUMBER, sentence, number)]


def test_new_comment_is_taken_with_its_paragraph():
    row = NEW | {
        Column.AGENCY: "bnsc",
        Column.CLAUSE: "7",
        Column.PLACE: "Paragraph 20",
        Column.LINE: "3",
        Column.PROPOSAL: "Nothing.",
    }

    assert only(row).new == NewComment(
        agency=UKSA,
        person="Kenji",
        version=2,
        clause="7",
        place="Paragraph 20",
        line="3",
        kind=CommentKind.GENERAL,
        text="Well said.",
        proposal="Nothing.",
        anchor=20,
    )


def test_paragraph_that_is_not_there_sets_no_anchor():
    assert only(NEW | {Column.PLACE: "21"}).new.anchor is None


def test_defaults_stand_in_for_what_a_row_does_not_name():
    row = {Column.KIND: "ed", Column.TEXT: "One"}

    new = only(row, agency=JAXA, version=1).new

    assert (new.agency, new.version, new.person) == (JAXA, 1, "")


@pytest.mark.parametrize(
    ("cells", "column", "sentence"),
    [
        ({Column.AGENCY: ""}, Column.AGENCY, "The row names no agency."),
        ({Column.AGENCY: "ESA"}, Column.AGENCY, "No agency is or was called “ESA”."),
        (
            {Column.AGENCY: "both"},
            Column.AGENCY,
            "“both” was the name of CNES and JAXA: write which one.",
        ),
        ({Column.VERSION: ""}, Column.VERSION, "The row names no version."),
        ({Column.VERSION: "9"}, Column.VERSION, "This product has no version 9."),
        ({Column.VERSION: "two"}, Column.VERSION, "A version is a number, like 3."),
        (
            {Column.KIND: ""},
            Column.KIND,
            "The row names no type: general, technical or editorial.",
        ),
        (
            {Column.KIND: "odd"},
            Column.KIND,
            "The type is general, technical or editorial (ge, te, ed).",
        ),
        ({Column.TEXT: ""}, Column.TEXT, "The comment is empty."),
    ],
)
def test_bad_cell_is_named(cells, column, sentence):
    [value] = cells.values()

    assert faults(NEW, NEW | cells) == [(3, column, sentence, value)]


def test_every_bad_cell_of_a_row_is_named():
    row = {Column.AGENCY: "ESA", Column.VERSION: "9", Column.KIND: "x", Column.TEXT: ""}

    assert [column for _, column, _, _ in faults(row)] == [
        Column.AGENCY,
        Column.VERSION,
        Column.KIND,
        Column.TEXT,
    ]


def test_others_are_not_spoken_for():
    assert faults(NEW, speaks_for=frozenset({CNES})) == [
        (
            2,
            Column.AGENCY,
            "You do not comment for JAXA: its own people do, or the secretariat with a source.",
            "JAXA",
        )
    ]
    assert only(NEW, speaks_for=frozenset({JAXA})).outcome == Outcome.NEW


def test_fault_of_the_reading_is_not_told_twice():
    fault = Fault(row=2, column=Column.KIND, sentence="It is computed.")

    found = plan([Row(number=2, cells=NEW | {Column.KIND: ""}, faults=(fault,))], known())

    assert found.faults == (fault,)
    assert [row.outcome for row in found.rows] == [Outcome.FAULTY]


@pytest.mark.parametrize("stored", [FIRST, DRAFT, GONE])
def test_what_the_agency_said_already_is_not_taken_again(stored):
    row = stored | {Column.NUMBER: "", Column.PERSON: "Another", Column.DISPOSITION: ""}
    row[Column.RESPONSE] = ""

    assert only(row).outcome == Outcome.UNCHANGED
    assert only(row | {Column.AGENCY: "JAXA"}).outcome == Outcome.NEW


def test_two_equal_rows_are_taken_once():
    found = planned(NEW, NEW | {Column.PERSON: "Yuki"}, FIRST, FIRST)

    assert [(row.outcome, row.same_as) for row in found.rows] == [
        (Outcome.NEW, None),
        (Outcome.TWIN, 2),
        (Outcome.UNCHANGED, None),
        (Outcome.TWIN, 4),
    ]


def test_two_rows_that_answer_otherwise_are_a_fault():
    accepted, noted = (FIRST | {Column.DISPOSITION: word} for word in ("Accepted", "Noted"))

    assert faults(accepted, noted) == [
        (
            3,
            Column.DISPOSITION,
            "Row 2 is about the same comment and says otherwise: keep one of them.",
            "Noted",
        )
    ]


@pytest.mark.parametrize(
    ("text", "response", "disposal"),
    [
        ("Accepted", "", {"disposition": Disposition.ACCEPTED}),
        ("accepted with modification", "", {"disposition": Disposition.MODIFIED}),
        ("Rejected", "No.", {"disposition": Disposition.REJECTED, "response": "No."}),
        ("Duplicate of C-1", "", {"disposition": Disposition.DUPLICATE, "duplicate_of": 11}),
        # C-4 repeats C-1 itself.
        ("Duplicate of C-4", "", {"disposition": Disposition.DUPLICATE, "duplicate_of": 11}),
        (
            "Action pending: jaxa by 2026-02-01",
            "",
            {"disposition": Disposition.PENDING, "owner": JAXA, "due": date(2026, 2, 1)},
        ),
    ],
)
def test_new_disposition_is_taken(text, response, disposal):
    found = only(SECOND | {Column.DISPOSITION: text, Column.RESPONSE: response})

    assert (found.outcome, found.comment.pk) == (Outcome.DISPOSED, 12)
    assert found.disposal == NewDisposal(**({"response": ""} | disposal))


def test_other_response_is_a_new_disposition():
    assert only(THIRD | {Column.RESPONSE: "Seen."}).disposal.response == "Seen."


@pytest.mark.parametrize(
    "text", ["action pending:  Centre National by 2026-03-03", THIRD[Column.DISPOSITION]]
)
def test_kept_disposition_is_not_checked_anew(text):
    row = THIRD | {Column.DISPOSITION: text}

    found = only(row, members=frozenset(), today=date(2027, 1, 1))

    assert found.outcome == Outcome.UNCHANGED


def test_new_comment_may_bring_its_disposition():
    found = only(NEW | {Column.DISPOSITION: "Noted", Column.RESPONSE: "Thanks."})

    assert (found.outcome, found.disposal.disposition) == (Outcome.NEW, Disposition.NOTED)


@pytest.mark.parametrize(
    ("cells", "column", "sentence"),
    [
        (
            SECOND | {Column.DISPOSITION: "Rejected"},
            Column.RESPONSE,
            "A rejection needs its reason.",
        ),
        (
            SECOND | {Column.RESPONSE: "Well"},
            Column.DISPOSITION,
            "The row has a response and no disposition.",
        ),
        (
            SECOND | {Column.DISPOSITION: "Withdrawn"},
            Column.DISPOSITION,
            "Its own agency alone withdraws a comment.",
        ),
        (
            GONE | {Column.DISPOSITION: "Accepted"},
            Column.DISPOSITION,
            "C-5 was withdrawn by its agency.",
        ),
        (
            SECOND | {Column.DISPOSITION: "Duplicate of C-9"},
            Column.DISPOSITION,
            "There is no comment C-9 on this product.",
        ),
        (
            SECOND | {Column.DISPOSITION: "Duplicate of C-2"},
            Column.DISPOSITION,
            "A comment is no duplicate of itself.",
        ),
        (
            FIRST | {Column.DISPOSITION: "Duplicate of C-4"},
            Column.DISPOSITION,
            "A comment is no duplicate of itself.",
        ),
        (
            SECOND | {Column.DISPOSITION: "Duplicate of C-5"},
            Column.DISPOSITION,
            "C-5 was withdrawn: what repeats it is answered by itself.",
        ),
        (
            SECOND | {Column.DISPOSITION: "Action pending: UKSA by 2026-03-03"},
            Column.DISPOSITION,
            "UKSA is no member agency: it cannot own an action.",
        ),
        (
            SECOND | {Column.DISPOSITION: "Action pending: ESA by 2026-03-03"},
            Column.DISPOSITION,
            "No agency is or was called “ESA”.",
        ),
        (
            SECOND | {Column.DISPOSITION: "Action pending: CNES by 2026-01-31"},
            Column.DISPOSITION,
            "The due date lies in the past: choose a later one.",
        ),
        (
            SECOND | {Column.DISPOSITION: "Action pending: CNES by 2026-02-30"},
            Column.DISPOSITION,
            "2026-02-30 is no day of the calendar.",
        ),
        (
            SECOND | {Column.DISPOSITION: "Action pending"},
            Column.DISPOSITION,
            "A disposition is “Accepted”, “Accepted with modification”, “Rejected”, “Noted”, "
            "“Duplicate of C-3” or “Action pending: CNES by 2026-03-03”.",
        ),
        (
            DRAFT | {Column.DISPOSITION: "Accepted"},
            Column.DISPOSITION,
            "A draft of an agency is not answered.",
        ),
    ],
)
def test_bad_disposition_is_named(cells, column, sentence):
    assert faults(cells) == [(2, column, sentence, cells[column])]


def test_drafts_are_not_answered():
    row = NEW | {Column.DISPOSITION: "Accepted"}

    assert faults(row, as_drafts=True) == [
        (2, Column.DISPOSITION, "A draft of an agency is not answered.", "Accepted")
    ]


@pytest.mark.parametrize(
    ("cells", "column"),
    [
        ({Column.DISPOSITION: "Accepted"}, Column.DISPOSITION),
        ({Column.RESPONSE: "Well"}, Column.RESPONSE),
    ],
)
def test_disposition_is_the_editors(cells, column):
    [value] = cells.values()

    assert faults(SECOND | cells, may_dispose=False) == [
        (
            2,
            column,
            "You do not dispose of comments here: the product's editors, its group's co-chairs "
            "or the secretariat do.",
            value,
        )
    ]


def test_fingerprint_tells_when_something_else_would_be_written():
    first = planned(NEW).fingerprint

    assert planned(NEW).fingerprint == first
    assert planned(NEW, speaks_for=frozenset()).fingerprint != first
    assert planned(NEW | {Column.TEXT: "Other."}).fingerprint != first
    assert planned(NEW, NEW).fingerprint != first


def test_counts_name_every_outcome():
    found = planned(
        FIRST, NEW, NEW, NEW | {Column.KIND: "x"}, SECOND | {Column.DISPOSITION: "Noted"}
    )

    assert found.counts == {
        Outcome.UNCHANGED: 1,
        Outcome.TWIN: 1,
        Outcome.NEW: 1,
        Outcome.DISPOSED: 1,
        Outcome.FAULTY: 1,
    }


# Single cells.


@pytest.mark.parametrize(
    "disposal",
    [
        *(
            Disposal(disposition=word)
            for word in Disposition
            if word not in (Disposition.DUPLICATE, Disposition.PENDING)
        ),
        Disposal(disposition=Disposition.DUPLICATE, duplicate_of=12),
        Disposal(disposition=Disposition.PENDING, owner="CNES", due=date(2026, 3, 3)),
    ],
)
def test_disposal_reads_back_what_was_written(disposal):
    assert disposal_of(str(disposal)) == disposal


@pytest.mark.parametrize("text", ["12", "Paragraph 12", "para 12", "par. 12", "¶ 12", "¶12"])
def test_place_may_name_a_paragraph(text):
    assert paragraph_of(text) == 12


@pytest.mark.parametrize("text", ["", "Table 12", "12.1", "0", "9999999999", "١٢"])
def test_place_may_name_something_else(text):
    assert paragraph_of(text) is None


@pytest.mark.parametrize("text", ["3", "v3", "V.3", "version 3", "3.0"])
def test_version_is_read(text):
    assert version_of(text) == 3


@pytest.mark.parametrize("text", ["", "3.1", "v", "99999999999", "-3", "٣"])
def test_version_that_is_none(text):
    with pytest.raises(CellError):
        version_of(text)


@pytest.mark.parametrize("text", ["C-99999999999", "C12", "C-", "C-1.0"])
def test_number_that_is_none(text):
    with pytest.raises(CellError):
        number_of(text)


def test_kind_is_read_by_its_letters():
    assert [kind_of(text) for text in ("GE", "te", "Ed", "General")] == [
        CommentKind.GENERAL,
        CommentKind.TECHNICAL,
        CommentKind.EDITORIAL,
        CommentKind.GENERAL,
    ]


def test_tidy_keeps_what_every_format_carries():
    assert tidy(" a\r\nb\rc\td\x0b\x00\ufffee \n") == "a\nb\nc\tde"
