"""What it costs to read a PDF in a confined process: ``python bench/extraction.py``.

Prints a ratio, because seconds say more about a machine than about the code.
"""

import io
import os
import sys
from collections.abc import Callable
from pathlib import Path
from time import perf_counter

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))
os.environ.setdefault("ISECG_DEMO", "1")
os.environ.setdefault("DJANGO_SETTINGS_MODULE", "isecg.settings")

import django

django.setup()

from django.core.files.uploadedfile import SimpleUploadedFile  # noqa: E402

from products import defaults, rendering  # noqa: E402
from products.extraction.limits import Kind  # noqa: E402
from products.extraction.pdf import read_pdf  # noqa: E402
from products.extraction.process import extract  # noqa: E402
from tests.products import papers  # noqa: E402

PAGES, ROUNDS = 100, 7


def best(act: Callable[[], object]) -> float:
    """Return the shortest of some rounds: the others were disturbed."""
    took = []
    for _ in range(ROUNDS):
        start = perf_counter()
        act()
        took.append(perf_counter() - start)
    return min(took)


def main() -> None:
    page = ["Landers carry crew and cargo to the surface, and come back."] * 45
    data = papers.pdf(*[page] * PAGES)
    limits = defaults.extraction_limits(characters=rendering.LONGEST)
    here = best(lambda: read_pdf(io.BytesIO(data), len(data), limits))
    child = best(
        lambda: extract(SimpleUploadedFile("a.pdf", data), Kind.PDF, longest=rendering.LONGEST)
    )
    print(f"{PAGES} pages in a confined process / here: {child / here:.1f}")


if __name__ == "__main__":
    main()
