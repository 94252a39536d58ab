"""Tables of comments as files: the same rows give the same bytes (rule 37)."""

import csv
import io
from collections.abc import Iterable, Mapping
from datetime import datetime

import xlsxwriter

from products.exchange.cells import DISPOSITION_FORMS
from products.exchange.columns import SHEET, Column
from products.exchange.neutral import neutral
from products.remarks import CommentKind, Disposition

Cells = Mapping[Column, str]

CSV_TYPE = "text/csv; charset=utf-8"
XLSX_TYPE = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"

_WIDTHS = {
    Column.NUMBER: 8,
    Column.AGENCY: 10,
    Column.PERSON: 20,
    Column.VERSION: 8,
    Column.CLAUSE: 12,
    Column.PLACE: 16,
    Column.LINE: 8,
    Column.KIND: 11,
    Column.TEXT: 60,
    Column.PROPOSAL: 60,
    Column.DISPOSITION: 24,
    Column.RESPONSE: 60,
}
# With the true instant no two exports of the same comments would be alike.
_WRITTEN = datetime(2007, 5, 31)  # noqa: DTZ001 (the format has no zone)
_ROWS_TO_FILL = 1000


def write_csv(rows: Iterable[Cells]) -> bytes:
    """Return the rows as CSV, in the dialect that Excel writes: UTF-8 with its mark, CRLF."""
    text = io.StringIO(newline="")
    writer = csv.writer(text, quoting=csv.QUOTE_ALL, lineterminator="\r\n")
    writer.writerow([column.value for column in Column])
    writer.writerows([neutral(row.get(column, "")) for column in Column] for row in rows)
    # Without the mark Excel takes UTF-8 for the encoding of its own country.
    return text.getvalue().encode("utf-8-sig")


def write_xlsx(rows: Iterable[Cells], *, about: str) -> bytes:
    """Return the rows as a workbook; ``about`` says on a second sheet what they are.

    Every cell is text: none is taken for a formula, a link or a number.
    """
    file = io.BytesIO()
    options = {
        "in_memory": True,
        "strings_to_formulas": False,
        "strings_to_urls": False,
        "strings_to_numbers": False,
    }
    with xlsxwriter.Workbook(file, options) as book:
        book.set_properties({"created": _WRITTEN, "comments": "Non-binding."})
        head = book.add_format({"bold": True, "text_wrap": True, "valign": "top", "bottom": 1})
        body = book.add_format({"text_wrap": True, "valign": "top", "num_format": "@"})
        sheet = book.add_worksheet(SHEET)
        for place, column in enumerate(Column):
            sheet.set_column(place, place, _WIDTHS[column], body)
            sheet.write_string(0, place, column.value, head)
        count = 0
        for count, row in enumerate(rows, start=1):
            for place, column in enumerate(Column):
                if text := row.get(column, ""):
                    sheet.write_string(count, place, text, body)
        _finish(sheet, count)
        _tell(book.add_worksheet("About"), about, body)
    return file.getvalue()


def _finish(sheet: xlsxwriter.worksheet.Worksheet, count: int) -> None:
    last, columns = count + _ROWS_TO_FILL, list(Column)
    sheet.freeze_panes(1, 1)
    sheet.autofilter(0, 0, count, len(columns) - 1)
    sheet.ignore_errors({"number_stored_as_text": f"A1:L{last + 1}"})
    sheet.set_landscape()
    sheet.repeat_rows(0)
    sheet.fit_to_pages(1, 0)
    sheet.set_footer("&LNon-binding&RPage &P of &N")
    offered = {
        Column.KIND: [str(kind.label) for kind in CommentKind],
        # The two others need more than their word, so nothing is refused here.
        Column.DISPOSITION: [
            str(word.label)
            for word in (
                Disposition.ACCEPTED,
                Disposition.MODIFIED,
                Disposition.REJECTED,
                Disposition.NOTED,
            )
        ],
    }
    for column, words in offered.items():
        place = columns.index(column)
        sheet.data_validation(
            1,
            place,
            last,
            place,
            {"validate": "list", "source": words, "show_error": column != Column.DISPOSITION},
        )


def _tell(
    sheet: xlsxwriter.worksheet.Worksheet, about: str, body: xlsxwriter.format.Format
) -> None:
    sheet.set_column(0, 0, 100, body)
    lines = (
        about,
        "Non-binding: so are all products of ISECG.",
        "A row without a number is a new comment. Rows with a number are comments that were "
        "submitted: an import changes nothing in them but the disposition and the response.",
        "The type is general, technical or editorial (or ge, te, ed).",
        f"A disposition is {DISPOSITION_FORMS}.",
    )
    for place, line in enumerate(lines):
        sheet.write_string(place, 0, line, body)
