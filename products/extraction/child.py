"""Inside the confined process: read the file on standard input, answer by one line of JSON.

Run as ``python -m products.extraction.child KIND LIMITS``, never imported by the site.
"""

import codecs
import json
import os
import sys
from typing import Any

from products.extraction.confinement import bound, shut
from products.extraction.limits import Kind, Limits, Note, Refusal, RefusedError


def main(kind: str, numbers: str) -> None:
    limits = Limits(**json.loads(numbers))
    bound(limits)
    answer = _answer(Kind(kind), limits)
    sys.stdout.buffer.write(json.dumps(answer, ensure_ascii=False).encode())
    sys.stdout.buffer.flush()
    # Nothing is left to tidy up, and a broken document must not break the end.
    os._exit(0)


def _answer(kind: Kind, limits: Limits) -> dict[str, Any]:
    try:
        read = _reader(kind)
        with open(0, "rb", closefd=False) as stream:
            size = os.fstat(0).st_size
            shut()
            text = read(stream, size, limits)
    except RefusedError as refused:
        return {"refused": refused.why}
    except MemoryError:
        return {"refused": Refusal.LIMITS}
    except Exception:  # noqa: BLE001 whatever a hostile file brings about, it is refused
        return {"refused": Refusal.BROKEN}
    if text is None:
        return {"text": "", "note": Note.LONG}
    text = _plain(text)
    if len(text) > limits.characters:
        return {"text": "", "note": Note.LONG}
    return {"text": text, "note": None if text.strip() else Note.EMPTY}


def _reader(kind: Kind) -> Any:
    """Load what reads such a file: afterwards nothing can be loaded any more."""
    for encoding in ("cp437", "utf-8-sig", "utf-16", "utf-16-le", "utf-16-be"):
        codecs.lookup(encoding)
    if kind == Kind.PDF:
        from products.extraction.pdf import read_pdf  # noqa: PLC0415 only what is needed

        return read_pdf
    if kind == Kind.XLSX:
        from products.exchange.workbooks import read_workbook  # noqa: PLC0415

        return read_workbook
    from products.extraction.docx import read_docx  # noqa: PLC0415

    return read_docx


def _plain(text: str) -> str:
    """Leave out what no database keeps and no page shows."""
    kept = "".join(
        char
        for char in text.replace("\r\n", "\n").replace("\r", "\n")
        if char in "\n\t" or (char >= " " and not "\x7f" <= char <= "\x9f")
    )
    # Half a pair cannot be written down in UTF-8.
    return kept.encode("utf-8", "ignore").decode("utf-8")


if __name__ == "__main__":
    main(*sys.argv[1:])
