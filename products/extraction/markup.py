"""Words written so that Markdown shows them as they are."""

import re
from collections.abc import Sequence

# Within a line: what would begin emphasis, code, a link, an entity or a tag.
_SIGNS = re.compile(r"[\\`*]|(?<=\])[(\[]|<(?=[A-Za-z/!?])|&(?=#?\w+;)|(?<![^\W_])_|_(?![^\W_])")
# At its beginning: a heading, a quotation, a list, a line, a fence, a definition, a table.
_BEGINNING = re.compile(
    r"#{1,6}(?=\s|$)|>|[-+](?=\s|$)|[-=_](?=[-=_\s]*$)|~(?=~~)|\[(?=[^\]]*\]:)|\||:(?=-)|-(?=[-:]*\|)"
)
_NUMBER = re.compile(r"(\d{1,9})([.)])(?=\s|$)")


def escaped(text: str, *, within: int = 0) -> str:
    """Return ``text`` in Markdown that means these words; ``within`` is how far it is indented."""
    lines = (" ".join(line.split()) for line in text.split("\n"))
    return ("\n" + " " * within).join(_line(line) for line in lines if line)


def table(rows: Sequence[Sequence[str]]) -> str:
    """Return a table whose first row is its head."""
    width = max(len(row) for row in rows)
    written = [_row([*row, *[""] * (width - len(row))]) for row in rows]
    return "\n".join([written[0], "|" + " --- |" * width, *written[1:]])


def _row(cells: Sequence[str]) -> str:
    words = (_SIGNS.sub(r"\\\g<0>", " ".join(cell.split())).replace("|", "\\|") for cell in cells)
    return "| " + " | ".join(words) + " |"


def _line(line: str) -> str:
    line = _SIGNS.sub(r"\\\g<0>", line)
    if _BEGINNING.match(line):
        return f"\\{line}"
    return _NUMBER.sub(r"\1\\\2", line, count=1) if _NUMBER.match(line) else line
