"""Cells of a CSV that a spreadsheet program would run, made harmless and back (OWASP's rules).

A program takes a cell for a formula when it begins with one of a few signs. Such a cell gets
an apostrophe, and loses exactly that one again when it is read. So does what stands after a
separator or a line break *inside* of a text: a program that expects other separators than ours
parts the text there, and would begin a cell with it.
"""

import re

_BEGINS = r"(?:\A|(?<=[,;\t\r\n]))"
# The four of a full width as well, which an input method for Japanese writes.
_RUNS = r"(?=[\"']*[=+\-@\t\r\uff1d\uff0b\uff0d\uff20])"
_EXPOSED = re.compile(_BEGINS + _RUNS)
_COVERED = re.compile(_BEGINS + "'" + _RUNS)


def neutral(text: str) -> str:
    """Return ``text`` with an apostrophe wherever a formula could begin."""
    return _EXPOSED.sub("'", text)


def original(text: str) -> str:
    """Return the text of which :func:`neutral` made ``text``."""
    return _COVERED.sub("", text)
