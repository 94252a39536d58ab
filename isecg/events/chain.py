"""The hash chain over events: pure functions over plain values (rule 49)."""

import hashlib
import json
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

GENESIS = "0" * 64


@dataclass(frozen=True, kw_only=True)
class Link:
    """The part of one event that its hash covers; ``at`` is in UTC."""

    seq: int
    at: datetime
    actor: str
    event: str
    payload: dict[str, Any]
    prev: str


def canonical(payload: dict[str, Any]) -> str:
    """Return the one JSON text of ``payload``, so that equal payloads hash alike."""
    return json.dumps(payload, sort_keys=True, separators=(",", ":"), ensure_ascii=False)


def digest(link: Link) -> str:
    """Return the SHA-256 of one link, as 64 hexadecimal digits."""
    at = link.at.astimezone(UTC).isoformat(timespec="microseconds")
    parts = [str(link.seq), at, link.actor, link.event, canonical(link.payload), link.prev]
    return hashlib.sha256("\n".join(json.dumps(part) for part in parts).encode()).hexdigest()


def first_broken(
    links: Iterable[tuple[Link, str]], *, head_seq: int, head_hash: str
) -> tuple[int, str | None]:
    """Check a chain of (link, stored hash) in order of ``seq`` against its head.

    Returns how many links were read, and a sentence that names the first broken one,
    or ``None`` where all is whole. A cut tail shows only against the head.
    """
    seq, prev = 0, GENESIS
    for link, stored in links:
        if link.seq != seq + 1:
            return seq, f"Event {seq + 1} is missing: the next one found is {link.seq}."
        seq = link.seq
        if link.prev != prev:
            return seq, f"Event {seq} does not follow the event before it."
        if digest(link) != stored:
            return seq, f"Event {seq} was changed after it was written."
        prev = stored
    if (seq, prev) != (head_seq, head_hash):
        return seq, f"Event {seq + 1} is missing: the head of the log is {head_seq}."
    return seq, None
