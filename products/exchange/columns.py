"""The columns of the comment table, and the names under which others head them (rule 37)."""

import re
from collections.abc import Iterable, Sequence
from enum import StrEnum

# Blank rows between and below, headings and the like, beside the rows that say something.
BESIDE = 1000
# How wide a table may be.
WIDEST = 60
# Which sheet of a workbook has the table.
SHEET = "Comments"


class Column(StrEnum):
    """A column; its value is its heading. The number is ours, the others are the rule's."""

    NUMBER = "No."
    AGENCY = "Agency"
    PERSON = "Person"
    VERSION = "Version"
    CLAUSE = "Clause"
    PLACE = "Paragraph/figure/table"
    LINE = "Line"
    KIND = "Type"
    TEXT = "Comment"
    PROPOSAL = "Proposed change"
    DISPOSITION = "Disposition"
    RESPONSE = "Response"


# What makes a comment the one that it is; the two last columns are what is answered to it.
SAID = (
    Column.AGENCY,
    Column.PERSON,
    Column.VERSION,
    Column.CLAUSE,
    Column.PLACE,
    Column.LINE,
    Column.KIND,
    Column.TEXT,
    Column.PROPOSAL,
)

# As long as the tables of the database and the forms take them.
LONGEST = {
    Column.NUMBER: 40,
    Column.AGENCY: 200,
    Column.PERSON: 150,
    Column.VERSION: 40,
    Column.CLAUSE: 100,
    Column.PLACE: 100,
    Column.LINE: 40,
    Column.KIND: 40,
    Column.TEXT: 20_000,
    Column.PROPOSAL: 20_000,
    Column.DISPOSITION: 200,
    Column.RESPONSE: 20_000,
}

# The ISO/IEC template and what people make of it; compared without signs, spaces and case.
_ALSO = {
    Column.NUMBER: ("Number", "Nr", "ID", "Comment number"),
    Column.AGENCY: ("MB/NC", "MB", "NC", "Member body", "Organisation", "Organization"),
    Column.PERSON: ("Author", "Name", "Commenter"),
    Column.VERSION: ("Version number", "Draft"),
    Column.CLAUSE: ("Clause/ Subclause", "Clause No./ Subclause No.", "Subclause", "Section"),
    Column.PLACE: (
        "Paragraph/ Figure/ Table/ Note",
        "Paragraph, figure or table",
        "Paragraph",
    ),
    Column.LINE: ("Line number", "Lines"),
    Column.KIND: ("Type of comment", "Comment type", "Kind"),
    Column.TEXT: ("Comments", "Comment (justification for change)"),
    Column.PROPOSAL: ("Proposed changes", "Proposal"),
    Column.DISPOSITION: ("Dispositions", "Resolution"),
    Column.RESPONSE: (
        "Observations of the secretariat",
        "Secretariat observations",
        "Observations",
        "Responses",
    ),
}


def _bare(heading: str) -> str:
    return re.sub(r"[^a-z0-9]+", "", heading.casefold())


_BY_HEADING = {
    _bare(heading): column for column in Column for heading in (column.value, *_ALSO[column])
}


def column_of(heading: str) -> Column | None:
    """Return the column that a heading names, in our words or in those of ISO."""
    return _BY_HEADING.get(_bare(heading))


def find_header(rows: Iterable[Sequence[str]]) -> tuple[int, list[Column | None]] | None:
    """Return where among the first rows the headings stand, and the column of each.

    Others put the name of the document above their table, so that it need not be the first.
    """
    best: tuple[int, list[Column | None]] | None = None
    most = 1
    for index, row in enumerate(rows):
        columns = [column_of(heading) for heading in row]
        if (known := len(set(columns) - {None})) > most:
            best, most = (index, columns), known
    return best
