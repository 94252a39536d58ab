"""The text of a version as a page shows it: safe HTML in numbered paragraphs (rule 13)."""

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

import nh3
from django.utils.html import format_html
from django.utils.safestring import SafeString
from markdown_it import MarkdownIt
from markdown_it.token import Token

from products.models.versions import TextFormat

# A longer text would hold a worker for seconds: it is downloaded instead.
LONGEST = 500_000

_markdown = MarkdownIt("commonmark", {"html": False}).enable("table")


# Each of these is a paragraph by itself, so that one can comment on it and see it change.
_LISTS = {"bullet_list_open", "ordered_list_open"}
_BLANK = re.compile(r"\n[^\S\n]*\n")


@dataclass(frozen=True)
class Paragraph:
    """One block of a text, or one item of a list.

    ``number`` counts from 1 and is its address on the page; ``words`` is its source with the
    breaks of lines taken out, ``line`` the one in which it begins, from 1.
    """

    number: int
    html: SafeString
    words: str
    line: int


@lru_cache(maxsize=64)
def paragraphs(text: str, text_format: str = TextFormat.MARKDOWN) -> tuple[Paragraph, ...]:
    """Return the paragraphs of a text as HTML that holds no script, frame or style.

    Plain text is shown as it is, parted where it has blank lines.

    :raises ValueError: if the text is longer than :data:`LONGEST`.
    """
    if len(text) > LONGEST:
        raise ValueError("The text is too long to be shown.")
    parts = _plain(text) if text_format == TextFormat.PLAIN else _marked_up(text)
    return tuple(
        Paragraph(number, html, words, line)
        for number, (html, words, line) in enumerate(parts, start=1)
    )


def _plain(text: str) -> Iterator[tuple[SafeString, str, int]]:
    begin, line = 0, 1
    for end in [*_BLANK.finditer(text), None]:
        part = text[begin : end.start() if end else len(text)]
        if part.strip():
            before = len(part) - len(part.lstrip())
            yield (
                format_html("<p>{}</p>", part.strip()),
                " ".join(part.split()),
                line + part.count("\n", 0, before),
            )
        if end:
            line += text.count("\n", begin, end.end())
            begin = end.end()


def _marked_up(text: str) -> Iterator[tuple[SafeString, str, int]]:
    env: dict[str, Any] = {}
    lines = text.split("\n")
    for block, (first, last) in _blocks(_markdown.parse(text, env)):
        yield _html(block, env), " ".join(" ".join(lines[first:last]).split()), first + 1


def _blocks(tokens: Sequence[Token]) -> Iterator[tuple[list[Token], list[int]]]:
    """Part the tokens of a text into its paragraphs, each with its first and last line."""
    block: list[Token] = []
    for token in tokens:
        if token.tag in {"h1", "h2", "h3", "h4", "h5", "h6"}:
            # The page and its section have the two headings above.
            token.tag = f"h{min(int(token.tag[1]) + 2, 6)}"
        block.append(token)
        if token.level == 0 and token.nesting <= 0:
            if block[0].type in _LISTS:
                yield from _items(block)
            else:
                yield block, block[0].map or [0, 0]
            block = []


def _items(block: list[Token]) -> Iterator[tuple[list[Token], list[int]]]:
    """Make a list of its own of each item, with the number that it has."""
    opening, closing = block[0], block[-1]
    item: list[Token] = []
    for token in block[1:-1]:
        item.append(token)
        if token.level == 1 and token.nesting < 0:
            attrs = {"start": item[0].info} if opening.type == "ordered_list_open" else {}
            yield [opening.copy(attrs=attrs), *item, closing], item[0].map or [0, 0]
            item = []


def _html(block: list[Token], env: dict[str, Any]) -> SafeString:
    html = nh3.clean(_markdown.renderer.render(block, _markdown.options, env))
    # What scrolls sideways must be reachable by keyboard.
    for tag in ("table", "pre"):
        html = html.replace(f"<{tag}>", f'<{tag} tabindex="0">')
    return SafeString(html)
