"""What drafting leaves behind in a text: found before a release (rule 34)."""

import re
from dataclasses import dataclass, field

_MARKS = {
    "unresolved square brackets": re.compile(
        r"(?<!\])(?!^\[[^\[\]\n]+\]:)\[[^\[\]\n]{1,200}\](?![(\[])", re.M
    ),
    "a marker of something to be settled": re.compile(r"\bT\.?B\.?[CDS]\.?\b"),
    # As in CriticMarkup, which is also what reading a DOCX makes of them.
    "a comment or tracked-change mark": re.compile(
        r"\{(?:>>|\+\+|--|~~)(?:[^{}\n]{0,200}(?:<<|\+\+|--|~~)\})?"
        r"|^[^\S\n]*(?:Comment|Deleted|Inserted|Formatted)\s*(?:\[\w+\])?:",
        re.M,
    ),
}


@dataclass(frozen=True, order=True)
class Hit:
    """One piece of residue: in which line (from 1), the text, and what it is.

    ``start`` is where in that line it begins, from 0.
    """

    line: int
    text: str
    what: str
    start: int = field(default=0, compare=False)


def scan(text: str) -> list[Hit]:
    """Return every piece of drafting residue in ``text``, in its order.

    A Markdown link, ``[text](address)`` or ``[text][name]``, is none, nor is the
    definition of its address, ``[name]: address``.
    """
    found = [
        _hit(text, match, what)
        for what, pattern in _MARKS.items()
        for match in pattern.finditer(text)
    ]
    return sorted(found, key=lambda hit: (hit.line, hit.start))


def _hit(text: str, match: re.Match[str], what: str) -> Hit:
    begin = match.end() - len(match[0].lstrip())
    return Hit(
        line=text.count("\n", 0, begin) + 1,
        text=match[0].strip(),
        what=what,
        start=begin - (text.rfind("\n", 0, begin) + 1),
    )
