"""What was read from a file, packed for the time between looking at it and taking it."""

import json
import zlib
from dataclasses import asdict

from products.exchange.columns import Column
from products.exchange.plans import Sent
from products.exchange.reading import Fault, Row


def pack(sent: Sent) -> bytes:
    """Return ``sent`` as few bytes."""
    return zlib.compress(json.dumps(asdict(sent)).encode())


def unpack(data: bytes) -> Sent:
    """Return what was packed."""
    told = json.loads(zlib.decompress(data))
    rows = tuple(
        Row(
            number=row["number"],
            cells={Column(name): text for name, text in row["cells"].items()},
            faults=tuple(Fault(**fault) for fault in row["faults"]),
        )
        for row in told.pop("rows")
    )
    return Sent(rows=rows, unknown=tuple(told.pop("unknown")), **told)
