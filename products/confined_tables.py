"""Workbooks of tables, read in the confined process in which uploaded files are read."""

import json

from django.core.files.base import ContentFile

from products.exchange.reading import UnfitTableError
from products.extraction.limits import Kind
from products.extraction.process import ExtractionError, extract

# As JSON; far more than a table of comments has, and little for this process.
LONGEST = 10_000_000
_SENTENCE = 300


def confined_rows(data: bytes) -> list[list[str | None]]:
    """Return the rows of a workbook; a cell that is computed is ``None``.

    :raises UnfitTableError: if it is hostile or broken, goes beyond a limit, or too many
        other files are being read.
    """
    try:
        found = extract(ContentFile(data), Kind.XLSX, longest=LONGEST)
    except ExtractionError as error:
        raise UnfitTableError(f"The file {error}") from error
    if found.notice:
        raise UnfitTableError("The table has more text than is read at once: send it in parts.")
    # The process may have been taken over: what it says is looked at like what is typed.
    match _understood(found.text):
        case {"refused": str(sentence)}:
            raise UnfitTableError(sentence[:_SENTENCE])
        case {"rows": list(rows)} if all(map(_is_row, rows)):
            return rows
    raise UnfitTableError("The file is no XLSX workbook, or it is damaged.")


def _understood(text: str) -> object:
    try:
        return json.loads(text)
    except (ValueError, RecursionError):
        return None


def _is_row(row: object) -> bool:
    return isinstance(row, list) and all(cell is None or isinstance(cell, str) for cell in row)
