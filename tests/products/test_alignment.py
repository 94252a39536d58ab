"""Which parts of two sequences belong together."""

from collections import Counter
from itertools import pairwise

from hypothesis import given
from hypothesis import strategies as st

from products import alignment

ITEMS = st.lists(st.sampled_from("abcdefgh"), max_size=30)


class Counted(str):
    """A text that counts how often any of its kind is looked at."""

    looks = 0

    def __eq__(self, other):
        Counted.looks += 1
        return str.__eq__(self, other)

    def __hash__(self):
        Counted.looks += 1
        return str.__hash__(self)


def looks_at(old, new):
    Counted.looks = 0
    alignment.common([Counted(item) for item in old], [Counted(item) for item in new])
    return Counted.looks


def test_common_finds_what_stayed_in_its_order():
    assert alignment.common("abcde", "axcye") == [(0, 0), (2, 2), (4, 4)]
    assert alignment.common("abc", "xabc") == [(0, 1), (1, 2), (2, 3)]
    assert alignment.common("ab", "ba") in ([(0, 1)], [(1, 0)])
    assert alignment.common("", "a") == []


def test_common_takes_the_longer_of_two_that_changed_places():
    assert alignment.common("abcde", "deabc") == [(0, 2), (1, 3), (2, 4)]


def test_common_goes_on_where_nothing_is_unique():
    assert alignment.common("xaabby", "wababz") == [(1, 1), (3, 2), (4, 4)]


@given(ITEMS, ITEMS)
def test_common_pairs_equals_and_rises(old, new):
    found = alignment.common(old, new)

    assert all(old[i] == new[k] for i, k in found)
    assert all(i < j and k < m for (i, k), (j, m) in pairwise(found))


@given(ITEMS)
def test_common_of_a_text_with_itself_is_all_of_it(items):
    assert alignment.common(items, items) == [(at, at) for at in range(len(items))]


@given(ITEMS, st.integers(0, 30), ITEMS)
def test_common_finds_all_around_one_insertion(items, at, inserted):
    new = [*items[:at], *("*" for _ in inserted), *items[at:]]

    assert len(alignment.common(items, new)) == len(items)


def test_common_costs_no_more_than_a_multiple_of_the_lengths():
    bad = [
        ("ab" * 1000, "ba" * 1000),
        ("a" * 2000, "b" * 2000),
        ("a" * 1000 + "b", "b" + "a" * 1000),
        ("aab" * 700, "abb" * 700),
        ("abcdefghij" * 200, "jihgfedcba" * 200),
        ([str(n) for n in range(2000)], [str(n) for n in reversed(range(2000))]),
    ]

    # Compared pair by pair these would be looked at 4,000,000 times.
    assert [looks_at(old, new) // (len(old) + len(new)) <= 40 for old, new in bad] == [True] * 6


def test_equals_pairs_the_first_with_the_first():
    assert alignment.equals("xaya", "aaz", [0, 1, 3], [0, 1, 2]) == [(1, 0), (3, 1)]
    assert alignment.equals("aa", "a", [0, 1], [0]) == [(0, 0)]


def test_likeness_is_the_share_of_words():
    bag = alignment.bag

    assert alignment.likeness(bag("One two."), bag("one, TWO")) == 1.0
    assert alignment.likeness(bag("one two three"), bag("one")) == 0.5
    assert alignment.likeness(bag("one one"), bag("one")) == 2 / 3
    assert alignment.likeness(bag("---"), bag("---")) == 0.0


def bags(*texts):
    return {place: alignment.bag(text) for place, text in enumerate(texts)}


def test_alike_goes_by_words_and_not_by_place():
    old = bags("the crew stays ten days", "fuel is made there")
    new = bags("all of this is new here", "the crew stays thirty days", "fuel is made on site")

    assert alignment.alike(old, new, least=0.5, in_order=True) == [(0, 1), (1, 2)]


def test_alike_crosses_only_where_it_may():
    old = bags("one two three four", "five six seven eight nine")
    new = bags("five six seven eight ten", "one two three zero")

    assert alignment.alike(old, new, least=0.5, in_order=True) == [(1, 0)]
    assert alignment.alike(old, new, least=0.5, in_order=False) == [(0, 1), (1, 0)]


class Weighed(Counter):
    """A bag that counts how often any of its kind is weighed."""

    count = 0

    def total(self):
        Weighed.count += 1
        return super().total()


def test_alike_weighs_a_few_of_many():
    old = {n: Weighed(alignment.bag(f"the crew of the base {n}")) for n in range(400)}
    new = {n: Weighed(alignment.bag(f"a crew of a base {n}")) for n in range(400)}

    found = alignment.alike(old, new, least=0.5, in_order=True)

    # Two sides each; all with all would be 320,000.
    assert (found, Weighed.count <= 400 * 7 * 2) == ([(n, n) for n in range(400)], True)
