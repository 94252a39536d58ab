"""Inside the process that sets one document: its data on standard input, its PDF as the answer.

Run as ``python -m products.typesetting.child TEMPLATE``, never imported by the site. The
template is ours; what people wrote is data to it, and is never read as its language.
"""

import json
import os
import resource
import sys
from pathlib import Path
from typing import Any

import typst

MB = 1024 * 1024
MEMORY_MB = 2048
CPU_SECONDS = 20
_TEMPLATES = Path(__file__).parent


def main(template: str) -> None:
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    resource.setrlimit(resource.RLIMIT_AS, (MEMORY_MB * MB, MEMORY_MB * MB))
    resource.setrlimit(resource.RLIMIT_CPU, (CPU_SECONDS, CPU_SECONDS + 1))
    resource.setrlimit(resource.RLIMIT_FSIZE, (0, 0))
    given = json.load(sys.stdin.buffer)
    try:
        pdf = _set(template, given, accessible=True)
    except typst.TypstError as error:
        # The one thing of people's own that the standard refuses: a sign that no font has.
        if "could not be displayed" not in str(error):
            raise
        pdf = _set(template, {**given, "incomplete": True}, accessible=False)
    sys.stdout.buffer.write(pdf)
    sys.stdout.buffer.flush()
    os._exit(0)


def _set(template: str, given: dict[str, Any], *, accessible: bool) -> bytes:
    return typst.compile(
        _TEMPLATES / template,
        root=_TEMPLATES,
        # The same fonts on every machine: those that come with the compiler.
        font_paths=typst.Fonts(include_system_fonts=False),
        sys_inputs={"document": json.dumps(given)},
        format="pdf",
        pdf_standards=["ua-1"] if accessible else [],
        # The same bytes at every time.
        timestamp=given["made_at"],
    )


if __name__ == "__main__":
    main(*sys.argv[1:])
