"""The text of a DOCX as Markdown: headings, lists, tables, notes, and what review left in it.

Read from the XML itself, because libraries for such files pass over comments and tracked
changes, which are what a release must not have (rule 34). They become the marks that
:mod:`products.residue` finds: ``{++inserted++}``, ``{--deleted--}``, ``{>>comment<<}``.
"""

import posixpath
from collections.abc import Iterator, Mapping
from typing import Any, BinaryIO
from zipfile import ZipFile

from lxml import etree

from products.extraction.archives import open_archive
from products.extraction.limits import Limits, Refusal, RefusedError
from products.extraction.markup import escaped, table
from products.extraction.numbering import Numbering

W = "{http://schemas.openxmlformats.org/wordprocessingml/2006/main}"
_M_TEXT = "{http://schemas.openxmlformats.org/officeDocument/2006/math}t"
_ALTERNATIVES = "{http://schemas.openxmlformats.org/markup-compatibility/2006}AlternateContent"
_RELATED = "{http://schemas.openxmlformats.org/package/2006/relationships}Relationship"
# The strict kind of these files has names of its own for the same things.
_STRICT = (b"http://purl.oclc.org/ooxml/wordprocessingml/main", W[1:-1].encode())
_DEEPEST_HEADING = 6
_MARKS = {
    f"{W}ins": ("{++", "++}"),
    f"{W}moveTo": ("{++", "++}"),
    f"{W}del": ("{--", "--}"),
    f"{W}moveFrom": ("{--", "--}"),
}
_SIGNS = {
    f"{W}tab": " ",
    f"{W}ptab": " ",
    f"{W}br": "\n",
    f"{W}cr": "\n",
    f"{W}noBreakHyphen": "\u2011",
}
_REFERENCES = {
    f"{W}commentReference": "Comment",
    f"{W}footnoteReference": "Footnote",
    f"{W}endnoteReference": "Endnote",
}
_TEXTS = {f"{W}t", f"{W}delText", _M_TEXT}
# Settings, codes of fields, and what the page has in another place.
_PASSED_OVER = {f"{W}pPr", f"{W}rPr", f"{W}instrText", f"{W}delInstrText"}


def read_docx(stream: BinaryIO, size: int, limits: Limits) -> str | None:
    """Return the text of a DOCX as Markdown; ``None`` if it is longer than the limit.

    Each item of a list stands at the first level, with the number that it has. Headers,
    footers and the table of contents, which repeat what stands elsewhere, are left out.

    :raises RefusedError: if it is broken, or may not be unpacked.
    """
    document = _Document(open_archive(stream, size, limits))
    blocks: list[str] = []
    length = 0
    for block in document.blocks():
        length += len(block) + 2
        if length > limits.characters + 2:
            return None
        blocks.append(block)
    return "\n\n".join(blocks)


class _Document:
    """The parts of one document, of which each is read once."""

    def __init__(self, archive: ZipFile) -> None:
        self._archive = archive
        main = _related(archive, "").get("officeDocument")
        if main is None:
            raise RefusedError(Refusal.BROKEN)
        self._parts = _related(archive, main)
        self._root = _parsed(archive, main)
        self._comments = self._texts("comments", f"{W}comment")
        self._notes = {
            "Footnote": self._texts("footnotes", f"{W}footnote"),
            "Endnote": self._texts("endnotes", f"{W}endnote"),
        }
        self._cited: list[tuple[str, str]] = []
        self._numbering = Numbering(self._part("numbering"), self._part("styles"))

    def blocks(self) -> Iterator[str]:
        """Yield the paragraphs, items and tables in their order, then the notes."""
        body = self._root.find(f"{W}body")
        if body is None:
            raise RefusedError(Refusal.BROKEN)
        yield from self._blocks(body)
        for number, (kind, note) in enumerate(self._cited, 1):
            yield escaped(f"{kind} {number}: {self._notes[kind].get(note, '')}")

    def _blocks(self, parent: Any) -> Iterator[str]:
        for element in parent:
            if element.tag == f"{W}p":
                yield from self._paragraph(element)
            elif element.tag == f"{W}tbl":
                yield from self._table(element)
            elif not _is_contents(element):
                # A content control, or what else stands around paragraphs.
                yield from self._blocks(element)

    def _paragraph(self, element: Any) -> Iterator[str]:
        place = self._numbering.place(element)
        text = self._inline(element).strip()
        if not text or place.is_contents:
            return
        if place.heading:
            words = " ".join(f"{place.label} {text}".split())
            yield f"{'#' * min(place.heading, _DEEPEST_HEADING)} {escaped(words)}"
        elif place.is_item:
            yield f"{place.label} {escaped(text, within=len(place.label) + 1)}"
        else:
            yield escaped(f"{place.label} {text}" if place.label else text)

    def _table(self, element: Any) -> Iterator[str]:
        rows = [
            [self._cell(cell) for cell in row.iter(f"{W}tc") if _within(cell, row)]
            for row in element.iter(f"{W}tr")
            if _within(row, element)
        ]
        if any(any(row) for row in rows):
            yield table(rows)

    def _cell(self, cell: Any) -> str:
        # What stands in a text box is read with the paragraph that the box hangs on.
        return " ".join(
            text
            for part in cell.iter(f"{W}p")
            if next(part.iterancestors(f"{W}p"), None) is None
            if (text := self._inline(part).strip())
        )

    def _inline(self, element: Any) -> str:
        return "".join(self._pieces(element))

    def _pieces(self, element: Any) -> Iterator[str]:
        for child in element:
            tag = child.tag
            if tag in _TEXTS:
                yield child.text or ""
            elif tag in _SIGNS:
                yield _SIGNS[tag]
            elif tag in _MARKS:
                opening, closing = _MARKS[tag]
                text = self._inline(child)
                yield f"{opening}{text}{closing}" if text else ""
            elif tag in {f"{W}p", f"{W}sym"} or tag in _REFERENCES:
                yield self._special(child)
            elif tag == _ALTERNATIVES:
                # The same content several times, for newer and older programs.
                yield self._inline(child[0]) if len(child) else ""
            elif tag not in _PASSED_OVER:
                yield from self._pieces(child)

    def _special(self, element: Any) -> str:
        if element.tag == f"{W}p":
            # Of a text box, which stands within a paragraph.
            return f" {self._inline(element).strip()} "
        if element.tag == f"{W}sym":
            return _symbol(element.get(f"{W}char") or "")
        target = element.get(f"{W}id") or ""
        if element.tag == f"{W}commentReference":
            return "{>>" + self._comments.get(target, "") + "<<}"
        kind = _REFERENCES[element.tag]
        self._cited.append((kind, target))
        return f" ({kind.lower()} {len(self._cited)})"

    def _texts(self, part: str, tag: str) -> Mapping[str, str]:
        """Return the texts of a part that holds many, by the ids that they are cited by."""
        root = self._part(part)
        if root is None:
            return {}
        return {
            element.get(f"{W}id") or "": " ".join(
                "".join(" " if one.tag == f"{W}p" else one.text or "" for one in words).split()
            )
            for element in root.iterchildren(tag)
            if (words := list(element.iter(f"{W}p", *_TEXTS)))
        }

    def _part(self, kind: str) -> Any:
        name = self._parts.get(kind)
        return None if name is None else _parsed(self._archive, name)


def _within(element: Any, outer: Any) -> bool:
    """Say whether a row or cell belongs to this table, and not to one inside of it."""
    return next(element.iterancestors(outer.tag)) is outer


def _is_contents(element: Any) -> bool:
    gallery = element.find(f"{W}sdtPr/{W}docPartObj/{W}docPartGallery")
    return gallery is not None and gallery.get(f"{W}val") == "Table of Contents"


def _symbol(code: str) -> str:
    try:
        number = int(code, 16)
    except ValueError:
        return ""
    # Fonts of symbols have their signs in a private place, where no other font has one.
    return "•" if 0xE000 <= number <= 0xF8FF or number > 0xFFFF else chr(number)


def _related(archive: ZipFile, name: str) -> dict[str, str]:
    """Return the parts that a part names as related, by the last word of their kind.

    What lies outside of the archive is passed over: nothing is ever fetched.
    """
    folder, last = posixpath.split(name)
    path = posixpath.join(folder, "_rels", f"{last}.rels")
    if path not in archive.namelist():
        return {}
    related: dict[str, str] = {}
    for one in _parsed(archive, path).iterchildren(_RELATED):
        if one.get("TargetMode", "").lower() == "external":
            continue
        target = posixpath.normpath(posixpath.join("/", folder, one.get("Target", "")))
        related.setdefault(posixpath.basename(one.get("Type", "")), target.lstrip("/"))
    return related


def _parsed(archive: ZipFile, name: str) -> Any:
    parser = etree.XMLParser(
        resolve_entities=False,
        no_network=True,
        load_dtd=False,
        remove_comments=True,
        remove_pis=True,
    )
    try:
        return etree.fromstring(archive.read(name).replace(*_STRICT), parser)
    except (KeyError, etree.XMLSyntaxError) as error:
        raise RefusedError(Refusal.BROKEN) from error
