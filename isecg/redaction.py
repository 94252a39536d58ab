"""Taking the names of somebody who left out of texts that are kept."""

import re
from collections.abc import Iterable
from html import escape
from typing import Any

REMOVED = "[name removed]"
# A calendar file folds its long lines, in the middle of a name where it falls so.
_FOLD = re.compile(r"\r?\n[ \t]")


class Redactor:
    """Replaces names, in their case, and addresses, in any, where they stand as words."""

    def __init__(self, *, names: Iterable[str], addresses: Iterable[str]) -> None:
        plain = {name for name in names if name.strip()}
        # In HTML and in calendar files a name is written otherwise where it has such signs.
        names = plain | {escape(name) for name in plain} | {_in_calendar(name) for name in plain}
        self.words = sorted({*names, *addresses}, key=lambda word: (-len(word), word))
        folded = {address.casefold() for address in addresses}
        choices = [
            f"(?i:{re.escape(word)})" if word.casefold() in folded else re.escape(word)
            for word in self.words
        ]
        self._pattern = re.compile(rf"(?<!\w)(?:{'|'.join(choices)})(?!\w)")

    def finds(self, text: str) -> bool:
        """Whether one of the words stands in ``text``."""
        return bool(self._pattern.search(text))

    def redact(self, text: str, *, by: str = REMOVED) -> str:
        """Return ``text`` with ``by`` in place of each of the words."""
        return self._pattern.sub(lambda _: by, text)

    def redact_files(self, value: Any) -> Any:
        """Return plain data without the words, a text unfolded where it held one."""
        if isinstance(value, str):
            unfolded = _FOLD.sub("", value)
            return self.redact(unfolded) if self.finds(unfolded) else value
        if isinstance(value, list):
            return [self.redact_files(item) for item in value]
        if isinstance(value, dict):
            return {key: self.redact_files(item) for key, item in value.items()}
        return value


def _in_calendar(name: str) -> str:
    return re.sub(r"([\\;,])", r"\\\1", name)
