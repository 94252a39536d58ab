"""The hash chain, as pure functions."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta, timezone

import pytest

from isecg.events.chain import GENESIS, Link, digest, first_broken

AT = datetime(2026, 3, 1, 9, 0, tzinfo=UTC)


def chain_of(count):
    links, prev = [], GENESIS
    for seq in range(1, count + 1):
        link = Link(
            seq=seq, at=AT, actor="Ada", event="made", payload={"n": seq, "a": "é"}, prev=prev
        )
        prev = digest(link)
        links.append((link, prev))
    return links


def check(links, *, head=None):
    seq, hash_ = head or (links[-1][0].seq, links[-1][1])
    return first_broken(links, head_seq=seq, head_hash=hash_)


def test_chain_whole_is_read_to_its_head():
    assert check(chain_of(4)) == (4, None)


def test_chain_empty_is_whole_against_an_empty_head():
    assert first_broken([], head_seq=0, head_hash=GENESIS) == (0, None)


@pytest.mark.parametrize(
    "change",
    [
        {"at": AT + timedelta(microseconds=1)},
        {"actor": "Adb"},
        {"event": "made "},
        {"payload": {"n": 2, "a": "e"}},
    ],
    ids=["at", "actor", "event", "payload"],
)
def test_chain_names_the_changed_event(change):
    links = chain_of(4)
    links[1] = (replace(links[1][0], **change), links[1][1])

    assert check(links) == (2, "Event 2 was changed after it was written.")


def test_chain_names_a_changed_event_whose_hash_was_made_anew():
    links = chain_of(4)
    forged = replace(links[1][0], actor="Eve")
    links[1] = (forged, digest(forged))

    assert check(links) == (3, "Event 3 does not follow the event before it.")


def test_chain_names_a_missing_event():
    links = chain_of(4)
    del links[2]

    assert check(links) == (2, "Event 3 is missing: the next one found is 4.")


def test_chain_cut_at_its_end_shows_against_the_head():
    links = chain_of(4)

    assert check(links[:3], head=(4, links[3][1])) == (
        3,
        "Event 4 is missing: the head of the log is 4.",
    )


def test_digest_does_not_depend_on_the_order_of_keys_or_on_the_zone():
    link = Link(seq=1, at=AT, actor="Ada", event="made", payload={"a": 1, "b": 2}, prev=GENESIS)
    same = replace(link, payload={"b": 2, "a": 1}, at=AT.astimezone(timezone(timedelta(hours=9))))

    assert digest(same) == digest(link)


def test_digest_does_not_run_fields_together():
    link = Link(seq=1, at=AT, actor="a", event="bc", payload={}, prev=GENESIS)

    assert digest(replace(link, actor="ab", event="c")) != digest(link)
