"""The text of a version as a page shows it: safe HTML in numbered paragraphs (rule 13)."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

import nh3
from django.utils.safestring import SafeString
from markdown_it import MarkdownIt
from markdown_it.token import Token

# A longer text would hold a worker for seconds: it is downloaded instead.
LONGEST = 500_000

_markdown = MarkdownIt("commonmark", {"html": False}).enable("table")


@dataclass(frozen=True)
class Paragraph:
    """One block of a text; its number is its address on the page."""

    number: int
    html: SafeString


@lru_cache(maxsize=32)
def paragraphs(text: str) -> tuple[Paragraph, ...]:
    """Return the blocks of a Markdown text as HTML that holds no script, frame or style.

    :raises ValueError: if the text is longer than :data:`LONGEST`.
    """
    if len(text) > LONGEST:
        raise ValueError("The text is too long to be shown.")
    env: dict[str, Any] = {}
    return tuple(
        Paragraph(number, _html(block, env))
        for number, block in enumerate(_blocks(_markdown.parse(text, env)), start=1)
    )


def _blocks(tokens: Sequence[Token]) -> Iterator[list[Token]]:
    block: list[Token] = []
    for token in tokens:
        if token.tag in {"h1", "h2", "h3", "h4", "h5", "h6"}:
            # The page and its section have the two headings above.
            token.tag = f"h{min(int(token.tag[1]) + 2, 6)}"
        block.append(token)
        if token.level == 0 and token.nesting <= 0:
            yield block
            block = []


def _html(block: list[Token], env: dict[str, Any]) -> SafeString:
    html = nh3.clean(_markdown.renderer.render(block, _markdown.options, env))
    # What scrolls sideways must be reachable by keyboard.
    for tag in ("table", "pre"):
        html = html.replace(f"<{tag}>", f'<{tag} tabindex="0">')
    return SafeString(html)
