"""Replay a call, past or imagined: JSON in, its outcome as JSON out."""

import json
import sys
from argparse import ArgumentParser
from collections.abc import Iterator
from contextlib import nullcontext
from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError

from products import rehearsal

WRONG_INPUT = 2


class Command(BaseCommand):
    help = "Compute what a call comes to from its JSON; see docs/rehearsing-a-call.md."
    requires_system_checks = ()

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("file", metavar="FILE", help="a file with one call, or - for stdin")
        parser.add_argument(
            "--lines", action="store_true", help="one call a line in, one outcome a line out"
        )

    def handle(self, *args: Any, file: str, lines: bool, **options: Any) -> None:
        """Print an outcome for each call, and stop at the first that is malformed.

        :raises CommandError: with exit status 2, naming the path of the wrong field.
        """
        for where, content in _calls(file, lines=lines):
            found = _outcome(content, where)
            self.stdout.write(json.dumps(found, indent=None if lines else 2))


def _calls(file: str, *, lines: bool) -> Iterator[tuple[str, bytes]]:
    """Yield each call, and what its errors are introduced with."""
    try:
        with nullcontext(sys.stdin.buffer) if file == "-" else Path(file).open("rb") as source:
            if not lines:
                yield "", source.read()
                return
            for number, line in enumerate(source, start=1):
                if line.strip():
                    yield f"line {number}: ", line
    except OSError as error:
        raise CommandError(f"{file}: {error.strerror}", returncode=WRONG_INPUT) from None


def _outcome(content: bytes, where: str) -> dict[str, Any]:
    try:
        call = rehearsal.read(content.decode("utf-8-sig"))
    except UnicodeDecodeError:
        raise CommandError(f"{where}is no UTF-8", returncode=WRONG_INPUT) from None
    except rehearsal.RehearsalError as error:
        raise CommandError(f"{where}{error}", returncode=WRONG_INPUT) from None
    return rehearsal.answer(call)
