"""The text of a PDF, line by line, with a blank line where the page has a gap."""

import re
import resource
import sys
from itertools import pairwise
from statistics import median
from typing import Any, BinaryIO

import pypdfium2
from pypdfium2 import PdfiumError
from pypdfium2.raw import FPDF_ERR_PASSWORD

from products.extraction.limits import MB, Limits, Refusal, RefusedError

# What a page may need of memory whatever its size: fonts, for the most part.
_ROOM_MB = 64
# A gap of so many usual distances between two lines parts two paragraphs.
_GAP = 1.35
# PDFium's signs for a hyphen at the end of a line, where a word goes on in the next.
_SPLIT_WORD = re.compile("[\ufffe\u0002]\n?")


def read_pdf(stream: BinaryIO, size: int, limits: Limits) -> str | None:
    """Return the text of a PDF; ``None`` if it is longer than the limit.

    A page ends a paragraph. What stands on every page stays where it stands.

    :raises RefusedError: if it is encrypted or broken, has too many pages, or unpacks to
        too much for its size.
    """
    before = _peak_mb()
    try:
        document = pypdfium2.PdfDocument(stream)
    except PdfiumError as error:
        locked = error.err_code == FPDF_ERR_PASSWORD
        raise RefusedError(Refusal.ENCRYPTED if locked else Refusal.BROKEN) from error
    if len(document) > limits.pages:
        raise RefusedError(Refusal.PAGES)
    texts: list[str] = []
    length = 0
    for number in range(len(document)):
        text = _page_text(document, number, most=limits.characters - length)
        if _peak_mb() - before > max(_ROOM_MB, limits.ratio * size // MB):
            raise RefusedError(Refusal.RATIO)
        if text is None:
            return None
        texts.append(text)
        length += len(text) + 2
    return "\n\n".join(text for text in texts if text)


def _page_text(document: Any, number: int, *, most: int) -> str | None:
    try:
        page = document[number]
        letters = page.get_textpage()
    except PdfiumError as error:
        raise RefusedError(Refusal.BROKEN) from error
    try:
        text = _with_gaps(letters)
        return None if len(text) > most else text
    finally:
        letters.close()
        page.close()


def _with_gaps(letters: Any) -> str:
    lines: list[tuple[str, float | None]] = []
    index = 0
    for line in letters.get_text_range().split("\r\n"):
        stripped = line.strip()
        if stripped:
            lines.append((stripped, _height(letters, index + line.index(stripped))))
        index += len(line) + 2
    gaps = [_gap(above, below) for above, below in pairwise(lines)]
    usual = median([gap for gap in gaps if gap] or [0])
    parts = [lines[0][0]] if lines else []
    for (line, _), gap in zip(lines[1:], gaps, strict=True):
        parts += ["\n\n" if usual and gap > usual * _GAP else "\n", line]
    return _SPLIT_WORD.sub("", "".join(parts))


def _height(letters: Any, index: int) -> float | None:
    """Return how high on the page a letter stands, if PDFium knows."""
    try:
        bottom: float = letters.get_charbox(index, loose=True)[1]
    except (PdfiumError, IndexError, ValueError):
        return None
    return bottom


def _gap(above: tuple[str, float | None], below: tuple[str, float | None]) -> float:
    """Return the distance between two lines, none if the second stands in another column."""
    if above[1] is None or below[1] is None:
        return 0
    return max(above[1] - below[1], 0)


def _peak_mb() -> int:
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    # Kilobytes, but for macOS.
    return peak // MB if sys.platform == "darwin" else peak // 1024
