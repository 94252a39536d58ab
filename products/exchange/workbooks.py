"""The rows of an XLSX file that nobody vouches for, within limits on its size and its work.

It runs in the confined process of :mod:`products.extraction`, without Django.
"""

import io
import json
import re
import warnings
import zipfile
from collections.abc import Iterator
from datetime import date, datetime
from typing import Any, BinaryIO
from xml.etree.ElementTree import ParseError, iterparse

from openpyxl.cell.text import Text
from openpyxl.reader.excel import ExcelReader
from openpyxl.xml.constants import SHARED_STRINGS, SHEET_MAIN_NS

from products.exchange.columns import BESIDE, SHEET, WIDEST
from products.extraction.limits import Limits

# A table of comments is far below all of these; a bomb is far above one of them.
MEMBERS = 200
UNPACKED = 40 * 1024 * 1024
ONE_MEMBER = 25 * 1024 * 1024
RATIO = 250
_SMALL = 1024 * 1024
_CHUNK = 64 * 1024

# How the format writes control characters, and a text that looks like one so written.
_ESCAPED = re.compile(r"_x005[Ff](_x[0-9A-Fa-f]{4}_)|_x([0-9A-Fa-f]{4})_")
# What else openpyxl and the unpacking raise on a file that is no workbook.
_BROKEN = (
    ParseError,
    zipfile.BadZipFile,
    zipfile.LargeZipFile,
    NotImplementedError,
    RuntimeError,
    ArithmeticError,
    AttributeError,
    LookupError,
    OSError,
    SyntaxError,
    TypeError,
    ValueError,
)


class UnfitWorkbookError(Exception):
    """A workbook that is not read; the message is meant for who sent it."""


def check(data: bytes) -> None:
    """Refuse a file that would unpack to too much, or that brings a DOCTYPE.

    :raises UnfitWorkbookError: saying what is wrong; no more than the limits is unpacked.
    """
    try:
        with zipfile.ZipFile(io.BytesIO(data)) as archive:
            _check_members(archive)
    except UnfitWorkbookError:
        raise
    except Exception as error:
        if isinstance(error, (*_BROKEN, EOFError)) or "zlib" in type(error).__module__:
            raise UnfitWorkbookError("The file is no XLSX workbook, or it is damaged.") from error
        raise


def _check_members(archive: zipfile.ZipFile) -> None:
    members = archive.infolist()
    if len(members) > MEMBERS:
        raise UnfitWorkbookError(f"The workbook has more than {MEMBERS} parts inside.")
    if len({member.filename for member in members}) != len(members):
        raise UnfitWorkbookError("The workbook has two parts of the same name.")
    if "[Content_Types].xml" not in archive.namelist():
        raise UnfitWorkbookError("The file is no XLSX workbook.")
    unpacked = 0
    for member in members:
        if member.flag_bits & 1:
            raise UnfitWorkbookError("The workbook is locked with a password.")
        unpacked += _check_member(archive, member, left=UNPACKED - unpacked)


def _check_member(archive: zipfile.ZipFile, member: zipfile.ZipInfo, *, left: int) -> int:
    """Unpack a part piece by piece, and return its size; what it says of itself counts not."""
    limit = min(left, ONE_MEMBER, max(_SMALL, member.compress_size * RATIO))
    size, before = 0, b""
    with archive.open(member) as part:
        while chunk := part.read(_CHUNK):
            size += len(chunk)
            if size > limit:
                raise UnfitWorkbookError(
                    "The workbook unpacks to far more than a table of comments has."
                )
            if not before:
                _check_encoding(chunk)
            # Over the seam of two pieces as well.
            if b"<!DOCTYPE" in (joined := before + chunk).upper():
                raise UnfitWorkbookError("The workbook brings a DOCTYPE; no workbook needs one.")
            before = joined[-len("<!DOCTYPE") :]
    return size


def _check_encoding(chunk: bytes) -> None:
    """Let no XML through that hides what it says in another encoding."""
    if chunk.startswith((b"\xff\xfe", b"\xfe\xff", b"\x00\x00", b"<\x00", b"\x00<")):
        raise UnfitWorkbookError("The workbook has a part that is not in UTF-8.")
    named = re.match(rb"(?:\xef\xbb\xbf)?\s*<\?xml[^>]*encoding\s*=\s*[\"']([^\"']*)", chunk)
    if named and named[1].lower() not in (b"utf-8", b"us-ascii", b"ascii"):
        raise UnfitWorkbookError("The workbook has a part that is not in UTF-8.")


def read_workbook(stream: BinaryIO, size: int, limits: Limits) -> str:
    """Return as JSON the rows of a workbook, or why there are none."""
    # What openpyxl does not know of a workbook is nothing to us, and nobody would read it.
    warnings.simplefilter("ignore")
    try:
        found = list(rows(stream.read(size), most=limits.rows + BESIDE, columns=WIDEST))
    except UnfitWorkbookError as error:
        return json.dumps({"refused": str(error)})
    return json.dumps({"rows": [_shortened(row) for row in found]})


def _shortened(row: list[str | None]) -> list[str | None]:
    while row and row[-1] == "":
        row.pop()
    return row


def rows(data: bytes, *, most: int, columns: int) -> Iterator[list[str | None]]:
    """Yield the rows of the first sheet, or of the one that our exports name.

    A cell whose value is computed is ``None``: what it shows is not in the file. No more than
    ``most`` rows are read, and no more than ``columns`` cells of each.

    :raises UnfitWorkbookError: if it is no workbook, is too large, or its rows go on below.
    """
    check(data)
    try:
        yield from _rows(data, most=most, columns=columns)
    except UnfitWorkbookError:
        raise
    except _BROKEN as error:
        raise UnfitWorkbookError("The file is no XLSX workbook, or it is damaged.") from error


class _Reader(ExcelReader):  # type: ignore[misc]
    """openpyxl's, which would drop what looks like its own escapes out of the middle of texts."""

    def read_strings(self) -> None:
        part = self.package.find(SHARED_STRINGS)
        if part is None:
            return
        tag = f"{{{SHEET_MAIN_NS}}}si"
        with self.archive.open(part.PartName[1:]) as source:
            for _, node in iterparse(source):  # noqa: S314 (a DOCTYPE was refused)
                if node.tag == tag:
                    self.shared_strings.append(Text.from_tree(node).content)
                    node.clear()

    def read_theme(self) -> None:
        """Colours are nothing to us."""

    def read_custom(self) -> None:
        """Nor are properties."""

    def read_properties(self) -> None:
        """Nor are properties."""


def _rows(data: bytes, *, most: int, columns: int) -> Iterator[list[str | None]]:
    reader = _Reader(io.BytesIO(data), read_only=True, keep_links=False)
    reader.read()
    book = reader.wb
    try:
        sheets = [sheet for sheet in book.worksheets if sheet.sheet_state == "visible"]
        named = [sheet for sheet in sheets if sheet.title == SHEET]
        if not sheets:
            raise UnfitWorkbookError("The workbook has no sheet to read.")
        sheet = (named or sheets)[0]
        # It may claim ten million rows and have one.
        sheet.reset_dimensions()
        for index, row in enumerate(sheet.iter_rows(max_row=most + 1, max_col=columns)):
            if index >= most:
                raise UnfitWorkbookError(
                    f"The table goes on below row {most}: delete what stands there, empty rows "
                    "too, or send it in parts."
                )
            yield [_text(cell) for cell in row]
    finally:
        book.close()


def _text(cell: Any) -> str | None:
    if cell.data_type in {"f", "e"}:
        return None
    value = cell.value
    if value is None:
        return ""
    if isinstance(value, str):
        return _ESCAPED.sub(lambda found: found[1] or chr(int(found[2], 16)), value)
    if isinstance(value, datetime):
        midnight = value.time() == datetime.min.time()
        return value.date().isoformat() if midnight else value.isoformat(" ")
    if isinstance(value, date):
        return value.isoformat()
    if isinstance(value, float) and value.is_integer():
        return str(int(value))
    return str(value)
