"""Calls at random, replayed by the rule and by the oracle, and what is true of any of them."""

import json
from datetime import UTC, datetime, timedelta, timezone

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from products import rehearsal
from tests.products import oracle

OPENED = datetime(2026, 3, 1, 9, tzinfo=UTC)
MODES = ("explicit", "unanimous", "silence")
ACTS = (*oracle.POSITIONS, "withdraw", "more_time", "propose_amendment", "leave")
AGREEABLE = ("concur", "reservation", "abstain", "withdraw")
AGENCIES = ("ASI", "CNES", "DLR", "ESA", "JAXA")
AGREEING = {"consensus", "consensus_with_reservations", "provisional"}
# Of an instant each has another way to write it.
ZONES = st.sampled_from([timedelta(), timedelta(hours=2), timedelta(hours=-9, minutes=-30)])
SHARES = st.sampled_from([0, 0.1, 0.2, 0.3333, 0.25, 0.4, 0.5, 0.6, 0.6667, 1, 1.0])


def instants(first, last):
    """Draw from few seconds after the opening, so that much falls together."""
    return st.builds(
        lambda after, zone: (
            (OPENED + timedelta(seconds=after)).astimezone(timezone(zone)).isoformat()
        ),
        st.integers(first, last),
        ZONES,
    )


@st.composite
def calls(draw, modes=MODES):
    electorate = draw(st.lists(st.sampled_from(AGENCIES), max_size=6))
    # Who speaks less often leaves more of the others' positions to count.
    acts = draw(st.sampled_from([ACTS, oracle.POSITIONS, AGREEABLE, ["concur", "leave"]]))
    entries = st.fixed_dictionaries(
        {
            "agency": st.sampled_from(electorate or AGENCIES),
            "at": instants(0, 8),
            "act": st.sampled_from(acts),
            "text": st.just("Because."),
        }
    )
    versions = st.fixed_dictionaries(
        {"at": instants(0, 8), "change": st.sampled_from(["editorial", "substantive"])}
    )
    notices = st.dictionaries(
        st.sampled_from(electorate or AGENCIES),
        st.sampled_from(["delivered", "delivered", "delivered", "failed", "vacant"]),
    )
    return {
        "mode": draw(st.sampled_from(modes)),
        "opened_at": OPENED.isoformat(),
        "deadline": draw(instants(1, 6)),
        # Mostly when the deadline is over.
        "at": draw(st.one_of(instants(7, 10), instants(7, 10), instants(-1, 10))),
        "settings": {"quorum": draw(SHARES), "minimum_support": draw(SHARES)},
        "electorate": electorate,
        "entries": draw(st.lists(entries, max_size=12)) if electorate else [],
        "notices": draw(st.none() | notices) if electorate else None,
        "version_events": draw(st.just([]) | st.lists(versions, max_size=2)),
    }


def replay(call, **changed):
    return rehearsal.answer(rehearsal.read(json.dumps({**call, **changed})))


def after(seconds):
    return (OPENED + timedelta(seconds=seconds)).isoformat()


@pytest.mark.parametrize("mode", MODES)
@settings(max_examples=2 * settings.default.max_examples)
@given(data=st.data())
def test_replay_agrees_with_the_oracle(mode, data):
    call = data.draw(calls(modes=[mode]))

    found = replay(call)

    assert found.pop("sentence")
    assert found == oracle.answer(call)


@given(call=calls())
def test_replay_counts_everybody_who_did_not_leave_once(call):
    found = replay(call)

    counted = sorted(agency for group in found["counts"].values() for agency in group)
    left = {one["agency"] for one in call["entries"] if one["act"] == "leave"}
    assert len(counted) == len(set(counted)) == found["of"]
    assert set(call["electorate"]) - left <= set(counted) <= set(call["electorate"])
    assert set(found["lapsed"]) <= left - set(counted)


@given(call=calls())
def test_an_objection_disappears_only_by_its_own_agencys_act(call):
    standing = set()

    for second in range(11):
        objecting = set(replay(call, at=after(second))["counts"]["object"])
        acting = {
            one["agency"]
            for one in call["entries"]
            if datetime.fromisoformat(one["at"]) == OPENED + timedelta(seconds=second)
        }
        assert standing - objecting <= acting
        standing = objecting


@given(call=calls())
def test_what_came_late_changes_nothing(call):
    at = after(20)
    course = rehearsal.read(json.dumps({**call, "at": at})).course
    found = replay(call, at=at)
    ended = rehearsal.consensus.tally(course, at=datetime.fromisoformat(at)).ended_at

    in_time = [one for one in call["entries"] if datetime.fromisoformat(one["at"]) <= ended]

    late = {one["agency"] for one in call["entries"] if one not in in_time}
    assert set(found.pop("late")) == late
    without = replay(call, at=at, entries=in_time)
    assert without.pop("late") == []
    assert found == without


@given(call=calls())
def test_an_outcome_once_reached_does_not_change(call):
    reached = replay(call, at=after(9))

    later = replay(call, at=after(1000))

    assert {**later, "late": []} == {**reached, "late": []}


@given(call=calls())
def test_no_agreement_rests_on_an_objection_or_on_no_response(call):
    found = replay(call, at=after(20))

    counts = found["counts"]
    if found["outcome"] in AGREEING:
        assert counts["object"] == []
        assert counts["concur"] + counts["reservation"] + counts["condition"] + counts["tacit"] or (
            call["settings"]["minimum_support"] == 0
        )
    if found["outcome"] in AGREEING and call["mode"] == "silence":
        assert counts["no_response"] == counts["condition"] == []
    if found["outcome"] in AGREEING and call["mode"] == "unanimous":
        assert counts["no_response"] == counts["abstain"] == []


@given(call=calls())
def test_the_order_of_an_electorate_and_of_other_instants_does_not_matter(call):
    def moment(entry):
        return datetime.fromisoformat(entry["at"])

    # Sorted, what falls together stays in the order given.
    turned = replay(
        call,
        electorate=call["electorate"][::-1],
        entries=sorted(call["entries"], key=moment),
        version_events=call["version_events"][::-1],
    )

    assert turned == replay(call)
