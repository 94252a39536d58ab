from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from products import ledger
from products.ledger import Item, LedgerAct, LedgerKind, LedgerStanding, LedgerState

SECOND = timedelta(seconds=1)
GIVEN = datetime(2026, 2, 1, 17, tzinfo=UTC)
DUE = datetime(2026, 3, 3, 17, tzinfo=UTC)
NOW = GIVEN + timedelta(days=6)

ITEM = Item(
    label="C-2",
    kind=LedgerKind.CONDITION,
    agency="CSA",
    state=LedgerState.REGISTERED,
    registered_at=GIVEN,
)
PROPOSED = replace(ITEM, state=LedgerState.PROPOSED, disposed_at=GIVEN, answer_due_at=DUE)
ACCEPTED = replace(PROPOSED, state=LedgerState.ACCEPTED, answered_at=NOW)
REJECTED = replace(PROPOSED, state=LedgerState.REJECTED, answered_at=NOW)
IMPLEMENTED = replace(ACCEPTED, implemented_in=5)
WITHDRAWN = replace(ITEM, state=LedgerState.WITHDRAWN, ended_because="replaced by C-3")
LAPSED = replace(ITEM, state=LedgerState.LAPSED, ended_because="CSA left the product")
FORMER = replace(ITEM, is_member=False)


@pytest.mark.parametrize(
    ("seconds", "standing"),
    [(-1, LedgerStanding.PROPOSED), (0, LedgerStanding.PROPOSED), (1, LedgerStanding.DEEMED)],
)
def test_silence_accepts_once_the_clock_has_run_out(seconds, standing):
    assert ledger.standing(PROPOSED, DUE + seconds * SECOND) == standing


@pytest.mark.parametrize(
    ("item", "is_open", "is_closed"),
    [
        (ITEM, True, False),
        (PROPOSED, True, False),
        (ACCEPTED, True, False),
        (replace(ACCEPTED, state=LedgerState.MODIFIED), True, False),
        (REJECTED, True, False),
        (IMPLEMENTED, False, True),
        (replace(IMPLEMENTED, state=LedgerState.MODIFIED), False, True),
        # A version that implements what is not accepted closes nothing.
        (replace(PROPOSED, implemented_in=5), True, False),
        (replace(REJECTED, implemented_in=5), True, False),
        (WITHDRAWN, False, False),
        (LAPSED, False, False),
        (FORMER, False, False),
        # What was closed stays so when its agency leaves.
        (replace(IMPLEMENTED, is_member=False), False, True),
    ],
)
def test_open_is_what_is_neither_closed_nor_gone(item, is_open, is_closed):
    assert (ledger.is_open(item, NOW), ledger.is_closed(item, NOW)) == (is_open, is_closed)


def test_what_is_deemed_accepted_closes_with_its_version():
    late = DUE + SECOND

    assert ledger.is_open(PROPOSED, late)
    assert ledger.is_closed(replace(PROPOSED, implemented_in=5), late)


@pytest.mark.parametrize(
    ("item", "at", "words"),
    [
        (ITEM, GIVEN, "no disposition yet"),
        (ITEM, GIVEN + timedelta(days=1), "no disposition yet, 1 day"),
        (ITEM, NOW, "no disposition yet, 6 days"),
        (PROPOSED, NOW, "CSA to answer by 3 Mar 2026 17:00 UTC"),
        (replace(PROPOSED, speaker="KARI"), NOW, "KARI to answer by 3 Mar 2026 17:00 UTC"),
        (
            PROPOSED,
            DUE + SECOND,
            "deemed accepted since 3 Mar 2026 17:00 UTC, reversible until release; "
            "no version is named that implements it",
        ),
        (
            replace(PROPOSED, implemented_in=5, is_settled=True),
            DUE + SECOND,
            "deemed accepted since 3 Mar 2026 17:00 UTC; version 5 implements it",
        ),
        (IMPLEMENTED, NOW, "accepted by CSA; version 5 implements it"),
        (
            replace(ACCEPTED, state=LedgerState.MODIFIED),
            NOW,
            "accepted with modification by CSA; no version is named that implements it",
        ),
        (REJECTED, NOW, "CSA rejected the disposition, and there is no other yet"),
        (WITHDRAWN, NOW, "withdrawn: replaced by C-3"),
        (LAPSED, NOW, "lapsed: CSA left the product"),
        (FORMER, NOW, "lapsed: CSA is no member of ISECG any more"),
    ],
)
def test_sentence_says_where_it_stands(item, at, words):
    assert ledger.sentence(item, at) == f"CSA's condition C-2: {words}."


# Of each item the acts that are possible, in the order of the enum.
ALL_OPEN = ["withdraw", "convert", "consider", "escalate"]


@pytest.mark.parametrize(
    ("item", "at", "acts"),
    [
        (ITEM, NOW, ["dispose", *ALL_OPEN]),
        (PROPOSED, NOW, ["dispose", "answer", *ALL_OPEN]),
        (PROPOSED, DUE + SECOND, ["name-version", "answer", *ALL_OPEN]),
        (ACCEPTED, NOW, ["name-version", *ALL_OPEN]),
        (REJECTED, NOW, ["dispose", *ALL_OPEN]),
        (IMPLEMENTED, NOW, ["name-version"]),
        # Closed by silence, it can still be reversed.
        (replace(PROPOSED, implemented_in=5), DUE + SECOND, ["name-version", "answer"]),
        (replace(ITEM, is_held=True), NOW, ["dispose", "consider", "escalate"]),
        (WITHDRAWN, NOW, []),
        (LAPSED, NOW, []),
        (FORMER, NOW, []),
        (replace(PROPOSED, is_settled=True), NOW, []),
    ],
)
def test_lack_says_which_acts_are_possible(item, at, acts):
    assert [act.value for act in LedgerAct if not ledger.lack(act, item, at)] == acts


# --- Whatever is done, in whatever order -------------------------------------------------------

OWN = ("accept", "modify", "reject", "withdraw", "convert", "leave")
OTHERS = ("dispose", "dispose in a version", "name-version", "consider", "escalate", "wait")
_ACT_OF = {
    "dispose": LedgerAct.DISPOSE,
    "dispose in a version": LedgerAct.DISPOSE,
    "name-version": LedgerAct.NAME_VERSION,
    "consider": LedgerAct.CONSIDER,
    "escalate": LedgerAct.ESCALATE,
    "accept": LedgerAct.ANSWER,
    "modify": LedgerAct.ANSWER,
    "reject": LedgerAct.ANSWER,
    "withdraw": LedgerAct.WITHDRAW,
    "convert": LedgerAct.CONVERT,
}
_ANSWERS = {
    "accept": LedgerState.ACCEPTED,
    "modify": LedgerState.MODIFIED,
    "reject": LedgerState.REJECTED,
}


def _done(item, act, at):
    """Return the item after an act, as the services write it; impossible acts change nothing."""
    if act == "leave":
        return replace(item, is_member=False)
    if act == "wait" or ledger.lack(_ACT_OF[act], item, at):
        return item
    if act.startswith("dispose"):
        version = 5 if act.endswith("version") else None
        return replace(
            item,
            state=LedgerState.PROPOSED,
            disposed_at=at,
            answer_due_at=at + timedelta(days=30),
            answered_at=None,
            implemented_in=version,
        )
    if act == "name-version":
        return replace(item, implemented_in=6)
    if act in _ANSWERS:
        return replace(item, state=_ANSWERS[act], answered_at=at)
    if act in ("withdraw", "convert"):
        return replace(item, state=LedgerState.WITHDRAWN)
    return item


@given(st.lists(st.tuples(st.sampled_from(OWN + OTHERS), st.integers(0, 40)), max_size=12))
def test_an_item_disappears_only_by_its_own_agency_or_its_silence(steps):
    item, at = ITEM, GIVEN
    for act, days in steps:
        before, at = item, at + timedelta(days=days)
        was_open = ledger.is_open(before, at)
        item = _done(before, act, at)

        if was_open and not ledger.is_open(item, at):
            agreed = ledger.standing(before, at) in ledger.AGREED
            # Others close only what the agency accepted, or let pass in silence.
            assert act in OWN or (act == "name-version" and agreed)
        if ledger.is_closed(item, at):
            silent = item.answered_at is None and at > item.answer_due_at
            assert item.state in (LedgerState.ACCEPTED, LedgerState.MODIFIED) or silent
