"""Which parts of two sequences belong together, in time that grows with their length alone."""

import re
from bisect import bisect, bisect_left
from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from heapq import nlargest
from itertools import pairwise

Pair = tuple[int, int]
Bag = Counter[str]

# What lies between two places found is searched again, so often at most: each time costs no
# more than the sequences are long, however they are made.
_DEPTH = 16
# A word that stands in more texts than these leads from none to another.
_COMMON = 16
# So many texts are weighed as the one that another has become.
_CANDIDATES = 4
_WORD = re.compile(r"\w+")


def common(old: Sequence[str], new: Sequence[str]) -> list[Pair]:
    """Return where the two are equal, as pairs of positions that rise on both sides.

    What stands once on both sides leads; between two places so found the search begins anew.
    """
    found: list[Pair] = []
    waiting = [(0, len(old), 0, len(new), _DEPTH)]
    while waiting:
        i, j, k, m, depth = waiting.pop()
        while i < j and k < m and old[i] == new[k]:
            found.append((i, k))
            i, k = i + 1, k + 1
        while i < j and k < m and old[j - 1] == new[m - 1]:
            j, m = j - 1, m - 1
            found.append((j, m))
        if i == j or k == m or not depth:
            continue
        anchors = _rising(_anchors(old, new, range(i, j), range(k, m)))
        found += anchors
        if anchors:
            ends = [(i - 1, k - 1), *anchors, (j, m)]
            waiting += [
                (left[0] + 1, right[0], left[1] + 1, right[1], depth - 1)
                for left, right in pairwise(ends)
            ]
    return sorted(found)


def equals(
    old: Sequence[str], new: Sequence[str], among: Iterable[int], targets: Iterable[int]
) -> list[Pair]:
    """Pair positions that hold the same wherever they are: first with first, and so on."""
    places: dict[str, list[int]] = defaultdict(list)
    for place in targets:
        places[new[place]].append(place)
    turns = {text: iter(found) for text, found in places.items()}
    found = []
    for place in among:
        other = next(turns.get(old[place], iter(())), None)
        if other is not None:
            found.append((place, other))
    return found


def bag(text: str) -> Bag:
    """Return the words of a text without their order, signs and capitals."""
    return Counter(_WORD.findall(text.casefold()))


def likeness(one: Bag, other: Bag) -> float:
    """Return the share of their words that two texts have in common, from 0 to 1."""
    if len(other) < len(one):
        one, other = other, one
    shared = sum(min(count, other[word]) for word, count in one.items() if word in other)
    total = one.total() + other.total()
    return 2 * shared / total if total else 0.0


def alike(
    old: Mapping[int, Bag], new: Mapping[int, Bag], *, least: float, in_order: bool
) -> list[Pair]:
    """Pair the positions whose texts are most alike, by ``least`` at the least.

    With ``in_order`` the pairs rise on both sides. Every text is weighed against a few: those
    that share rare words with it, and those in the same place.
    """
    tried = (
        (likeness(old[place], new[other]), place, other)
        for place, others in _candidates(old, new)
        for other in others
    )
    order = sorted(
        (-weight, abs(place - other), place, other)
        for weight, place, other in tried
        if weight >= least
    )
    taken: list[Pair] = []
    used: set[int] = set()
    for _, _, place, other in order:
        at = bisect_left(taken, (place, 0))
        if other in used or (at < len(taken) and taken[at][0] == place):
            continue
        if in_order and not _fits(taken, at, other):
            continue
        taken.insert(at, (place, other))
        used.add(other)
    return taken


def _fits(taken: Sequence[Pair], at: int, other: int) -> bool:
    return (at == 0 or taken[at - 1][1] < other) and (at == len(taken) or other < taken[at][1])


def _candidates(old: Mapping[int, Bag], new: Mapping[int, Bag]) -> Iterator[tuple[int, set[int]]]:
    standing_in: dict[str, list[int]] = defaultdict(list)
    for other, words in new.items():
        for word in words:
            # One more than are followed tells that it is common.
            if len(standing_in[word]) <= _COMMON:
                standing_in[word].append(other)
    places = list(new)
    for turn, (place, words) in enumerate(old.items()):
        shared: Counter[int] = Counter()
        for word in words:
            others = standing_in.get(word, ())
            if len(others) <= _COMMON:
                shared.update(others)
        best = nlargest(_CANDIDATES, shared, key=lambda other: (shared[other], -other))
        beside = turn * len(places) // len(old)
        yield place, {*best, *places[max(beside - 1, 0) : beside + 2]}


def _anchors(old: Sequence[str], new: Sequence[str], left: range, right: range) -> list[Pair]:
    """Pair what stands once on both sides, or, where nothing does, the first with the first."""
    here: dict[str, list[int]] = defaultdict(list)
    there: dict[str, list[int]] = defaultdict(list)
    for place in left:
        here[old[place]].append(place)
    for place in right:
        there[new[place]].append(place)
    both = [(places, there[text]) for text, places in here.items() if text in there]
    once = [(one[0], other[0]) for one, other in both if len(one) == len(other) == 1]
    # Not strict: of what stands more often on one side, the rest has no partner.
    return once or [pair for one, other in both for pair in zip(one, other, strict=False)]


def _rising(pairs: Iterable[Pair]) -> list[Pair]:
    """Return the longest choice of pairs that rises on both sides."""
    rows = sorted(pairs)
    ends: list[int] = []
    last: list[int] = []
    before: list[int] = []
    for index, (_, other) in enumerate(rows):
        at = bisect(ends, other)
        before.append(last[at - 1] if at else -1)
        ends[at : at + 1] = [other]
        last[at : at + 1] = [index]
    chosen = []
    index = last[-1] if last else -1
    while index >= 0:
        chosen.append(rows[index])
        index = before[index]
    return chosen[::-1]
