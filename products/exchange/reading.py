"""Files with comments, read into rows; what cannot be read is named by row and column (rule 37)."""

import csv
import io
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import PurePosixPath

from products.exchange import workbooks
from products.exchange.cells import tidy
from products.exchange.columns import BESIDE, LONGEST, WIDEST, Column, column_of, find_header
from products.exchange.neutral import original

# Above the table others have the name of their document, the date, the project.
_HEADER_WITHIN = 20
_SEPARATORS = (",", ";", "\t")
KINDS = "CSV (.csv) or XLSX (.xlsx)"


Cells = Sequence[str | None]
Unpack = Callable[[bytes], Iterable[Cells]]


class UnfitTableError(Exception):
    """A file of which nothing is read; the message is meant for who sent it."""


@dataclass(frozen=True, kw_only=True)
class Fault:
    """What is wrong in one cell: the row as a spreadsheet counts it, and what was read there."""

    row: int
    column: str
    sentence: str
    value: str = ""


@dataclass(frozen=True, kw_only=True)
class Row:
    """One row of a file: its cells by column, and what could not be read in it."""

    number: int
    cells: Mapping[Column, str]
    faults: tuple[Fault, ...] = ()


@dataclass(frozen=True, kw_only=True)
class Table:
    """A file that was read: the columns that it has, those that it names otherwise, its rows."""

    columns: tuple[Column, ...]
    unknown: tuple[str, ...] = ()
    rows: tuple[Row, ...] = field(default=())


def read(data: bytes, *, name: str, most: int, unpack: Unpack | None = None) -> Table:
    """Return the rows of a CSV or XLSX file; no more than ``most`` that say something.

    ``unpack`` returns the rows of a workbook; without it they are read here, in no process
    of their own.

    :raises UnfitTableError: if it is neither, has no headings, is too long or cannot be read.
    """
    suffix = PurePosixPath(name).suffix.lower()
    if not data:
        raise UnfitTableError("The file is empty.")
    if data.startswith(b"PK\x03\x04"):
        if suffix == ".csv":
            raise UnfitTableError("The file is a workbook, whatever its name says: name it .xlsx.")
        return table((unpack or _unpacked(most))(data), most=most)
    if data.startswith(b"\xd0\xcf\x11\xe0"):
        raise UnfitTableError(
            "The file is an old or locked workbook: save it as XLSX, without a password."
        )
    if suffix == ".xlsx":
        raise UnfitTableError("The file is no XLSX workbook, whatever its name says.")
    if suffix not in (".csv", ".txt"):
        raise UnfitTableError(f"The file is not taken: send {KINDS}.")
    return table(_csv(data, most=most + BESIDE), most=most)


def table(rows: Iterable[Cells], *, most: int) -> Table:
    """Find the headings and return what stands below them; ``None`` is a computed cell.

    :raises UnfitTableError: if there are no headings, one stands twice, or rows are too many.
    """
    everything = list(rows)
    top = [[cell or "" for cell in row] for row in everything[:_HEADER_WITHIN]]
    if not (found := find_header(top)):
        raise UnfitTableError(
            "The file has no row of headings: it begins with one, such as "
            f"{', '.join(column.value for column in Column)}."
        )
    place, columns = found
    headings = [tidy(heading) for heading in top[place]]
    _check_headings(columns)
    kept: list[Row] = []
    for number, row in enumerate(everything[place + 1 :], start=place + 2):
        if any(cell is None or tidy(cell) for cell in row):
            kept.append(_row(number, row, columns, headings))
        if len(kept) > most:
            raise UnfitTableError(f"The table has more than {most} rows: send it in parts.")
    return Table(
        columns=tuple(column for column in columns if column),
        unknown=tuple(
            heading
            for heading, column in zip(headings, columns, strict=True)
            if heading and not column
        ),
        rows=tuple(kept),
    )


def _check_headings(columns: list[Column | None]) -> None:
    known = [column for column in columns if column]
    if twice := [column for column in Column if known.count(column) > 1]:
        raise UnfitTableError(f"Two columns are headed “{twice[0]}”: rename or delete one.")
    if Column.TEXT not in known and not {Column.NUMBER, Column.DISPOSITION} <= set(known):
        raise UnfitTableError(
            f"The table has no column “{Column.TEXT}”. Without it, one needs “{Column.NUMBER}” "
            f"and “{Column.DISPOSITION}”."
        )


def _row(
    number: int,
    row: Sequence[str | None],
    columns: list[Column | None],
    headings: list[str],
) -> Row:
    cells: dict[Column, str] = {}
    faults: list[Fault] = []
    for place, cell in enumerate(row):
        column = columns[place] if place < len(columns) else None
        heading = headings[place] if place < len(headings) else ""
        if column is None:
            # What has a heading of its own is told once, for the whole column.
            if cell and tidy(cell) and not heading:
                faults.append(_beside(number, place, cell))
            continue
        if cell is None:
            faults.append(
                Fault(
                    row=number,
                    column=column,
                    sentence="The cell is computed by a formula: paste its value instead.",
                )
            )
            continue
        cells[column] = text = tidy(cell)
        if len(text) > LONGEST[column]:
            sentence = f"The cell has {len(text)} characters; at most {LONGEST[column]} are taken."
            faults.append(Fault(row=number, column=column, sentence=sentence, value=text[:100]))
    return Row(number=number, cells=cells, faults=tuple(faults))


def _beside(number: int, place: int, cell: str) -> Fault:
    return Fault(
        row=number,
        column=f"column {place + 1}",
        sentence="The cell stands under no heading: is a quotation mark missing before it?",
        value=tidy(cell)[:100],
    )


def _unpacked(most: int) -> Unpack:
    def rows(data: bytes) -> Iterator[list[str | None]]:
        try:
            yield from workbooks.rows(data, most=most + BESIDE, columns=WIDEST)
        except workbooks.UnfitWorkbookError as error:
            raise UnfitTableError(str(error)) from error

    return rows


def _csv(data: bytes, *, most: int) -> Iterator[list[str]]:
    text = _decoded(data)
    number = 0
    rows = csv.reader(io.StringIO(text, newline=""), delimiter=_separator(text), strict=True)
    try:
        for number, row in enumerate(rows, start=1):
            if number > most:
                raise UnfitTableError(f"The table goes on below row {most}: send it in parts.")
            yield [original(cell) for cell in row]
    except csv.Error as error:
        raise UnfitTableError(
            f"Row {number + 1} cannot be read: a quotation mark is missing or too many, or a "
            "cell is far too long."
        ) from error


def _decoded(data: bytes) -> str:
    encoding = "utf-16" if data.startswith((b"\xff\xfe", b"\xfe\xff")) else "utf-8-sig"
    try:
        text = data.decode(encoding)
    except UnicodeDecodeError as error:
        raise UnfitTableError(
            "The file is not text in UTF-8: in Excel, save it as “CSV UTF-8” or as XLSX."
        ) from error
    if "\x00" in text:
        raise UnfitTableError("The file is not text: it has null characters.")
    return text


def _separator(text: str) -> str:
    """Return the separator under which the first rows show the most headings that we know."""

    def known(separator: str) -> int:
        best = 0
        try:
            for place, row in enumerate(csv.reader(io.StringIO(text), delimiter=separator)):
                if place >= _HEADER_WITHIN:
                    break
                best = max(best, len({column_of(cell) for cell in row} - {None}))
        except csv.Error:
            return best
        return best

    return max(_SEPARATORS, key=known)
