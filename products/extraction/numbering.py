"""Which heading or item of a list a paragraph of a DOCX is, and its number."""

import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

W = "{http://schemas.openxmlformats.org/wordprocessingml/2006/main}"
_ITEM = re.compile(r"\d{1,9}[.)]")
_BODY_TEXT = 9
_ROMAN = [
    *((1000, "m"), (900, "cm"), (500, "d"), (400, "cd"), (100, "c"), (90, "xc"), (50, "l")),
    *((40, "xl"), (10, "x"), (9, "ix"), (5, "v"), (4, "iv"), (1, "i")),
]
_HIGHEST = 10_000


@dataclass(frozen=True, kw_only=True)
class Place:
    """What a paragraph is; ``label`` is its number or bullet, as it stands on the page."""

    heading: int = 0
    label: str = ""
    is_item: bool = False
    is_contents: bool = False


@dataclass(kw_only=True)
class _Level:
    form: str
    text: str
    start: int


@dataclass(kw_only=True)
class _Style:
    name: str = ""
    parent: str = ""
    outline: int | None = None
    number: str | None = None
    level: int | None = None


@dataclass(kw_only=True)
class _List:
    levels: dict[int, _Level] = field(default_factory=dict)
    counters: dict[int, int] = field(default_factory=dict)


class Numbering:
    """The lists and styles of a document, counted on from paragraph to paragraph."""

    def __init__(self, numbering: Any, styles: Any) -> None:
        self._lists = {} if numbering is None else dict(_lists(numbering))
        self._styles = {} if styles is None else dict(_styles(styles))

    def place(self, paragraph: Any) -> Place:
        """Return what a paragraph is; asked once for each, in their order."""
        settings = paragraph.find(f"{W}pPr")
        own = _Style() if settings is None else _settings(settings)
        style_id = "" if settings is None else _value(settings, f"{W}pStyle") or ""
        chain = [own, *self._chain(style_id)]
        if any(style.name.lower().startswith(("toc ", "table of figures")) for style in chain):
            return Place(is_contents=True)
        heading = _first(style.outline for style in chain)
        heading = 0 if heading is None or heading >= _BODY_TEXT else heading + 1
        number = _first(style.number for style in chain)
        level = _first(style.level for style in chain) or 0
        label, bullet = self._label(number, level) if number else ("", False)
        is_item = not heading and (bullet or bool(_ITEM.fullmatch(label)))
        return Place(heading=heading, label="" if heading and bullet else label, is_item=is_item)

    def _chain(self, style_id: str) -> Iterator[_Style]:
        """Yield a style and those that it is based on; a circle of them ends."""
        seen: set[str] = set()
        while style_id in self._styles and style_id not in seen:
            seen.add(style_id)
            yield self._styles[style_id]
            style_id = self._styles[style_id].parent

    def _label(self, number: str, level: int) -> tuple[str, bool]:
        """Count on in a list, and return the label there, and whether it is a bullet."""
        found = self._lists.get(number)
        if found is None or level not in found.levels:
            return "", False
        here = found.levels[level]
        if here.form == "bullet":
            return "-", True
        found.counters[level] = found.counters.get(level, here.start - 1) + 1
        for deeper in [other for other in found.counters if other > level]:
            del found.counters[deeper]

        def counted(match: re.Match[str]) -> str:
            asked = int(match[1]) - 1
            if asked not in found.levels:
                return ""
            other = found.levels[asked]
            return _numeral(found.counters.get(asked, other.start), other.form)

        return re.sub(r"%([1-9])", counted, here.text).strip(), False


def _first(values: Iterator[Any]) -> Any:
    return next((value for value in values if value is not None), None)


def _value(element: Any, path: str) -> str | None:
    found = element.find(path)
    return None if found is None else found.get(f"{W}val")


def _number(element: Any, path: str) -> int | None:
    value = _value(element, path) or ""
    return int(value) if re.fullmatch(r"\d{1,5}", value, re.ASCII) else None


def _settings(element: Any) -> _Style:
    return _Style(
        outline=_number(element, f"{W}outlineLvl"),
        number=_value(element, f"{W}numPr/{W}numId"),
        level=_number(element, f"{W}numPr/{W}ilvl"),
    )


def _styles(root: Any) -> Iterator[tuple[str, _Style]]:
    for element in root.iterchildren(f"{W}style"):
        settings = element.find(f"{W}pPr")
        style = _Style() if settings is None else _settings(settings)
        style.name = _value(element, f"{W}name") or ""
        if style.name.lower() == "title":
            style.outline = 0
        style.parent = _value(element, f"{W}basedOn") or ""
        yield element.get(f"{W}styleId") or "", style


def _lists(root: Any) -> Iterator[tuple[str, _List]]:
    kinds = {
        kind.get(f"{W}abstractNumId"): {
            int(level.get(f"{W}ilvl")): _Level(
                form=_value(level, f"{W}numFmt") or "decimal",
                text=_value(level, f"{W}lvlText") or "",
                start=_number(level, f"{W}start") or 1,
            )
            for level in kind.iterchildren(f"{W}lvl")
            if re.fullmatch(r"[0-8]", level.get(f"{W}ilvl") or "")
        }
        for kind in root.iterchildren(f"{W}abstractNum")
    }
    # Lists of one kind count on where the last one ended, unless they start anew.
    counted: dict[str | None, dict[int, int]] = {}
    for element in root.iterchildren(f"{W}num"):
        kind = _value(element, f"{W}abstractNumId")
        anew = element.find(f"{W}lvlOverride/{W}startOverride") is not None
        counters: dict[int, int] = {} if anew else counted.setdefault(kind, {})
        yield (
            element.get(f"{W}numId") or "",
            _List(levels=kinds.get(kind, {}), counters=counters),
        )


def _numeral(number: int, form: str) -> str:
    if not 0 < number < _HIGHEST:
        return str(number)
    if form in {"lowerLetter", "upperLetter"}:
        letters = chr(ord("a") + (number - 1) % 26) * ((number - 1) // 26 + 1)
        return letters if form == "lowerLetter" else letters.upper()
    if form in {"lowerRoman", "upperRoman"}:
        roman = ""
        for value, sign in _ROMAN:
            roman += sign * (number // value)
            number %= value
        return roman if form == "lowerRoman" else roman.upper()
    return "" if form == "none" else str(number)
