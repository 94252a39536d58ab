import io
import json
import os
import subprocess
import sys
from decimal import Decimal

import pytest
from django.conf import settings
from django.core.management import CommandError, call_command

from products import rehearsal
from products.rehearsal import RehearsalError

CALL = {
    "mode": "explicit",
    "opened_at": "2026-03-01T09:00:00Z",
    "deadline": "2026-03-15T17:00:00Z",
    "at": "2026-03-16T00:00:00Z",
    "settings": {"quorum": 0.5, "minimum_support": 0.5},
    "electorate": ["ESA", "NASA"],
    "entries": [{"agency": "ESA", "at": "2026-03-02T10:00:00Z", "act": "concur"}],
}
OUTCOME = {
    "outcome": "consensus",
    "counts": {
        "concur": ["ESA"],
        "reservation": [],
        "condition": [],
        "abstain": [],
        "object": [],
        "tacit": [],
        "no_response": ["NASA"],
    },
    "responded": 1,
    "of": 2,
    "response_percent": 50.0,
    "late": [],
    "lapsed": [],
    "sentence": "Consensus: based on responses from 1 of 2 (50.0 %).",
}
MISSING = object()


def entry(agency="ESA", at="2026-03-02T10:00:00Z", act="concur", **fields):
    return {"agency": agency, "at": at, "act": act, **fields}


def event(at="2026-03-02T10:00:00Z", change="editorial", **fields):
    return {"at": at, "change": change, **fields}


def written(**changed):
    """Return the call as JSON, with other fields, or without them."""
    fields = {**CALL, **changed}
    return json.dumps({name: value for name, value in fields.items() if value is not MISSING})


def replay(**changed):
    return rehearsal.answer(rehearsal.read(written(**changed)))


def refusal(text):
    with pytest.raises(RehearsalError) as refused:
        rehearsal.read(text)
    return str(refused.value)


# --- What it answers ---------------------------------------------------------------------------


def test_answer_is_the_outcome_whole():
    assert replay() == OUTCOME
    assert list(replay()) == list(OUTCOME)
    assert list(replay()["counts"]) == list(OUTCOME["counts"])


def test_answer_tells_tacit_consent_apart():
    found = replay(mode="silence", notices={"ESA": "delivered", "NASA": "delivered"})

    assert (found["outcome"], found["counts"]["tacit"], found["responded"], found["of"]) == (
        "consensus",
        ["NASA"],
        1,
        2,
    )


@pytest.mark.parametrize(
    ("notices", "outcome", "tacit"),
    [
        (MISSING, "consensus", ["ESA", "NASA"]),
        (None, "consensus", ["ESA", "NASA"]),
        ({}, "silence_not_valid", []),
        ({"ESA": "delivered"}, "silence_not_valid", ["ESA"]),
        ({"ESA": "delivered", "NASA": "failed"}, "silence_not_valid", ["ESA"]),
        ({"ESA": "delivered", "NASA": "vacant"}, "silence_not_valid", ["ESA"]),
        ({"ESA": "delivered", "NASA": "delivered"}, "consensus", ["ESA", "NASA"]),
    ],
)
def test_answer_counts_a_silence_only_where_the_notice_was_delivered(notices, outcome, tacit):
    found = replay(mode="silence", entries=[], notices=notices)

    assert (found["outcome"], found["counts"]["tacit"]) == (outcome, tacit)


def test_answer_lists_are_sorted_and_name_each_agency_once():
    agencies = ["b", "Z", "a", "É", "a"]
    said = [entry(agency, text="x", act=act) for agency in agencies for act in ("object", "concur")]
    late = [entry(agency, at="2026-03-15T17:00:01Z") for agency in agencies]

    found = replay(electorate=agencies, entries=[*said, *late])

    assert found["counts"]["concur"] == found["late"] == ["Z", "a", "b", "É"]
    assert found["of"] == 4


def test_answer_of_nobody():
    found = replay(electorate=[], entries=[])

    assert (found["outcome"], found["of"], found["response_percent"]) == ("no_quorum", 0, 0.0)


def test_answer_rounds_half_a_tenth_up():
    agencies = [f"A{number:02}" for number in range(16)]

    found = replay(electorate=agencies, entries=[entry("A00")])

    assert found["response_percent"] == 6.3


def test_answer_names_who_left_with_a_position_and_whose_entry_came_late():
    entries = [
        entry("ESA", act="object", text="Clause 4."),
        entry("ESA", act="leave"),
        entry("ESA", at="2026-03-15T17:00:01Z", act="concur"),
    ]

    found = replay(entries=entries)

    assert (found["lapsed"], found["late"], found["of"], found["outcome"]) == (
        ["ESA"],
        ["ESA"],
        1,
        "no_quorum",
    )


@pytest.mark.parametrize(
    ("at", "outcome"),
    [
        ("2026-02-01T00:00:00Z", "open"),
        ("2026-03-15T17:00:00Z", "open"),
        ("2026-03-15T18:00:00+01:00", "open"),
        ("2026-03-15T17:00:00.000001Z", "consensus"),
        ("9999-12-31T23:59:59.999999-23:59", "consensus"),
    ],
)
def test_answer_is_that_of_the_instant_asked_about(at, outcome):
    assert replay(at=at)["outcome"] == outcome


def test_answer_holds_at_the_ends_of_the_calendar():
    found = replay(
        opened_at="0001-01-01T00:00:00+23:59",
        deadline="0001-01-01T00:00:00-23:59",
        at="9999-12-31T23:59:59-23:59",
        entries=[entry(at="0001-01-01T00:00:00+00:00"), entry("NASA", at="9999-12-31T00:00:00Z")],
    )

    assert (found["counts"]["concur"], found["late"]) == (["ESA"], ["NASA"])


def test_an_entry_at_the_opening_counts():
    assert replay(entries=[entry(at="2026-03-01T10:00:00+01:00")])["outcome"] == "consensus"


def test_a_reservation_may_lack_its_text_and_nobody_else_needs_one():
    for act in ("reservation", "concur", "abstain", "withdraw", "more_time", "propose_amendment"):
        for text in ({}, {"text": ""}, {"text": None}, {"text": "Why not."}):
            assert replay(entries=[entry(act=act, **text)])["of"] == 2


def test_version_events_may_be_left_out_or_empty():
    assert [replay(version_events=given) for given in (MISSING, None, [])] == [OUTCOME] * 3


# --- Shares ------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("share", "concurring", "of", "outcome"),
    [
        ("0.1", 1, 10, "consensus"),
        ("0.1", 1, 11, "no_quorum"),
        ("0.3", 3, 10, "consensus"),
        ("0.7", 7, 10, "consensus"),
        ("0.58", 29, 50, "consensus"),
        ("0.58", 28, 50, "no_quorum"),
        # No float could tell these from a half.
        ("0.50000000000000000000000000000001", 1, 2, "no_quorum"),
        ("0.49999999999999999999999999999999", 1, 2, "consensus"),
        ("5e-1", 1, 2, "consensus"),
        ("1e-400", 1, 5, "consensus"),
        ("1e-400", 0, 5, "no_quorum"),
        ("1e-999999999", 0, 5, "no_quorum"),
        ("0", 0, 5, "consensus"),
        ("-0.0", 0, 5, "consensus"),
        ("0e999999999", 0, 5, "consensus"),
        ("1", 2, 2, "consensus"),
        ("1.0", 1, 2, "no_quorum"),
    ],
)
def test_shares_are_exact_and_met_when_equal(share, concurring, of, outcome):
    agencies = [f"A{number:02}" for number in range(of)]
    text = written(
        settings={"quorum": "SHARE", "minimum_support": "SHARE"},
        electorate=agencies,
        entries=[entry(agency) for agency in agencies[:concurring]],
    ).replace('"SHARE"', share)

    assert rehearsal.answer(rehearsal.read(text))["outcome"] == outcome


@pytest.mark.parametrize(
    "share",
    [
        "-0.1",
        "-1",
        "1.0000000000000000000000000000000001",
        "2",
        "50",
        "1e400",
        "1e999999999",
        "-1e-9",
        "9" * 10_000,
    ],
)
def test_a_share_outside_0_to_1_is_refused(share):
    text = written(settings={"quorum": 0.5, "minimum_support": "SHARE"})

    assert refusal(text.replace('"SHARE"', share)) == (
        "settings.minimum_support: is not a share from 0 to 1"
    )


@pytest.mark.parametrize(
    "share",
    [
        *["true", "false", "null", '"0.5"', "[]", "{}", "NaN", "Infinity", "-Infinity"],
        *["1e99999999999999999999", "1e-99999999999999999999"],
    ],
)
def test_a_share_that_is_no_number_is_refused(share):
    text = written(settings={"quorum": "SHARE", "minimum_support": 0.5})

    assert refusal(text.replace('"SHARE"', share)) == "settings.quorum: is no number"


def test_a_share_keeps_all_its_decimals():
    share = Decimal("0.33333333333333333333333333333333333")
    text = written(settings={"quorum": "SHARE", "minimum_support": 1})

    found = rehearsal.read(text.replace('"SHARE"', str(share)))

    assert found.course.quorum == share


# --- What it refuses ---------------------------------------------------------------------------

NO_INSTANT = "is no instant, as in 2026-03-01T09:00:00Z"
NO_OFFSET = "names no instant without its offset from UTC"
ACTS = (
    "concur, reservation, condition, abstain, object, withdraw, more_time, propose_amendment, leave"
)


@pytest.mark.parametrize(
    ("changed", "said"),
    [
        # Unknown words.
        ({"mode": "majority"}, "mode: is none of explicit, unanimous, silence"),
        ({"mode": "Explicit"}, "mode: is none of explicit, unanimous, silence"),
        ({"mode": None}, "mode: is none of explicit, unanimous, silence"),
        ({"mode": ["explicit"]}, "mode: is none of explicit, unanimous, silence"),
        ({"entries": [entry(act="agree")]}, f"entries[0].act: is none of {ACTS}"),
        ({"entries": [entry(), entry(act="")]}, f"entries[1].act: is none of {ACTS}"),
        ({"entries": [entry(act={})]}, f"entries[0].act: is none of {ACTS}"),
        (
            {"notices": {"ESA": "sent"}},
            "notices.ESA: is none of delivered, failed, vacant",
        ),
        ({"notices": {"ESA": True}}, "notices.ESA: is none of delivered, failed, vacant"),
        (
            {"version_events": [event(), event(change="major")]},
            "version_events[1].change: is none of editorial, substantive",
        ),
        # Agencies outside the electorate.
        ({"entries": [entry(), entry("CSA")]}, "entries[1].agency: “CSA” is not in the electorate"),
        ({"entries": [entry("esa")]}, "entries[0].agency: “esa” is not in the electorate"),
        ({"notices": {"CSA": "failed"}}, "notices.CSA: is not in the electorate"),
        # Instants that cannot be.
        (
            {"entries": [entry(at="2026-03-01T08:59:59.999999Z")]},
            "entries[0].at: is before the opening",
        ),
        (
            {"entries": [entry(at="2026-03-01T09:59:59+01:00")]},
            "entries[0].at: is before the opening",
        ),
        (
            {"version_events": [event(at="2026-03-01T08:00:00Z")]},
            "version_events[0].at: is before the opening",
        ),
        ({"deadline": "2026-03-01T09:00:00Z"}, "deadline: is not after the opening"),
        ({"deadline": "2026-03-01T10:00:00+01:00"}, "deadline: is not after the opening"),
        ({"deadline": "2025-03-15T17:00:00Z"}, "deadline: is not after the opening"),
        ({"opened_at": "2026-03-01T09:00:00"}, f"opened_at: {NO_OFFSET}"),
        ({"deadline": "2026-03-15T17:00:00"}, f"deadline: {NO_OFFSET}"),
        ({"at": "2026-03-16"}, f"at: {NO_OFFSET}"),
        ({"entries": [entry(at="2026-03-02T10:00:00")]}, f"entries[0].at: {NO_OFFSET}"),
        (
            {"version_events": [event(at="2026-03-02 10:00")]},
            f"version_events[0].at: {NO_OFFSET}",
        ),
        ({"at": "tomorrow"}, f"at: {NO_INSTANT}"),
        ({"at": "2026-02-30T09:00:00Z"}, f"at: {NO_INSTANT}"),
        ({"at": "2026-03-16T00:00:00+24:00"}, f"at: {NO_INSTANT}"),
        ({"at": "10000-01-01T00:00:00Z"}, f"at: {NO_INSTANT}"),
        ({"at": 1_772_356_800}, f"at: {NO_INSTANT}"),
        ({"at": True}, f"at: {NO_INSTANT}"),
        ({"at": None}, f"at: {NO_INSTANT}"),
        ({"at": "2026-03-16T00:00:00.0000001Z"}, "at: is finer than a microsecond"),
        # Compulsory texts.
        (
            {"entries": [entry(act="object")]},
            "entries[0].text: is missing: “object” needs it (rule 21)",
        ),
        (
            {"entries": [entry(), entry(act="condition", text=" \n\t\u00a0")]},
            "entries[1].text: is missing: “condition” needs it (rule 21)",
        ),
        (
            {"entries": [entry(act="object", text=None)]},
            "entries[0].text: is missing: “object” needs it (rule 21)",
        ),
        # What is of another kind, missing, or of no meaning.
        *[
            ({"entries": [entry(text=text)]}, "entries[0].text: is no text")
            for text in (0, False, [], {})
        ],
        *[({name: MISSING}, f"{name}: is missing") for name in CALL],
        ({"settings": {"quorum": 0.5}}, "settings.minimum_support: is missing"),
        ({"settings": {"minimum_support": 0.5}}, "settings.quorum: is missing"),
        ({"settings": [0.5, 0.5]}, "settings: is no object"),
        ({"settings": None}, "settings: is no object"),
        ({"settings": {**CALL["settings"], "majority": 1}}, "settings.majority: is not known"),
        ({"electorate": "ESA"}, "electorate: is no list"),
        ({"electorate": {"ESA": 1}}, "electorate: is no list"),
        ({"electorate": None}, "electorate: is no list"),
        ({"electorate": ["ESA", 3]}, "electorate[1]: is no text"),
        ({"electorate": ["ESA", " "]}, "electorate[1]: is no text"),
        ({"electorate": ["ESA", ["NASA"]]}, "electorate[1]: is no text"),
        ({"entries": {}}, "entries: is no list"),
        ({"entries": None}, "entries: is no list"),
        ({"entries": ["concur"]}, "entries[0]: is no object"),
        ({"entries": [[]]}, "entries[0]: is no object"),
        ({"entries": [entry(None)]}, "entries[0].agency: is no text"),
        ({"entries": [entry(["ESA"])]}, "entries[0].agency: is no text"),
        ({"entries": [{"agency": "ESA", "act": "concur"}]}, "entries[0].at: is missing"),
        ({"entries": [entry(reason="x")]}, "entries[0].reason: is not known"),
        *[
            ({"notices": notices}, "notices: is no object")
            for notices in ([], False, 0, "", "delivered")
        ],
        *[
            ({"version_events": events}, "version_events: is no list")
            for events in ({}, False, 0, "")
        ],
        ({"version_events": [event(by="x")]}, "version_events[0].by: is not known"),
        ({"quorum": 0.5}, "quorum: is not known"),
    ],
)
def test_read_refuses_by_the_path_of_the_wrong_field(changed, said):
    assert refusal(written(**changed)) == said


@pytest.mark.parametrize(
    ("old", "new", "said"),
    [
        ('"mode": "explicit"', '"mode": "silence", "mode": "explicit"', "mode: is given twice"),
        ('"quorum": 0.5', '"quorum": 0.5, "quorum": 0.5', "settings.quorum: is given twice"),
        ('"act": "concur"', '"act": "object", "act": "concur"', "entries[0].act: is given twice"),
        (
            '"entries"',
            '"notices": {"ESA": "failed", "ESA": "delivered"}, "entries"',
            "notices.ESA: is given twice",
        ),
    ],
)
def test_read_refuses_a_name_that_is_given_twice(old, new, said):
    assert refusal(written().replace(old, new)) == said


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("", "is no JSON (Expecting value"),
        ("{", "is no JSON (Expecting property name"),
        ("{} {}", "is no JSON (Extra data"),
        ("\ufeff{}", "is no JSON (Unexpected UTF-8 BOM"),
        ("[" * 100_000, "is no JSON (maximum recursion depth exceeded"),
        ('{"a":' * 100_000, "is no JSON (maximum recursion depth exceeded"),
        ("[]", "is no object"),
        ("null", "is no object"),
        ("7", "is no object"),
        ('"explicit"', "is no object"),
    ],
)
def test_read_refuses_what_is_no_call(text, said):
    assert refusal(text).startswith(f"the call: {said}")


# --- The command -------------------------------------------------------------------------------


@pytest.fixture
def command(tmp_path):
    """Run the command on the content of a file; return what it printed."""

    def run(content, *options):
        file = tmp_path / "call.json"
        file.write_bytes(content if isinstance(content, bytes) else content.encode())
        out = io.StringIO()
        try:
            call_command("rehearse_call", str(file), *options, stdout=out)
        except CommandError as error:
            return out.getvalue(), error
        return out.getvalue(), None

    return run


def lines_of(*calls, end="\n"):
    return end.join(calls) + end


def test_command_prints_the_outcome_as_json(command):
    printed, error = command(written())

    assert (json.loads(printed), error) == (OUTCOME, None)


def test_command_takes_a_byte_order_mark_and_windows_lines(command):
    text = json.dumps(CALL, indent=2).replace("\n", "\r\n")

    printed, error = command(text.encode("utf-8-sig"))

    assert (json.loads(printed), error) == (OUTCOME, None)


def test_command_prints_any_name_in_plain_letters(command):
    agency = "\ud800é\u2028😀"

    printed, _ = command(written(electorate=[agency], entries=[entry(agency)]))

    assert printed.isascii()
    assert json.loads(printed)["counts"]["concur"] == [agency]


@pytest.mark.parametrize(
    ("content", "said"),
    [
        (written(mode="majority"), "mode: is none of explicit, unanimous, silence"),
        (b"\xff", "is no UTF-8"),
        (b'{"mode": "\xed\xa0\x80"}', "is no UTF-8"),
    ],
)
def test_command_refuses_with_exit_status_2(command, content, said):
    printed, error = command(content)

    assert (printed, str(error), error.returncode) == ("", said, 2)


@pytest.mark.parametrize(("name", "said"), [("none.json", "No such file"), ("", "Is a directory")])
def test_command_refuses_a_file_that_it_cannot_read(tmp_path, name, said):
    path = str(tmp_path / name)

    with pytest.raises(CommandError) as refused:
        call_command("rehearse_call", path)

    assert str(refused.value).startswith(f"{path}: {said}")
    assert refused.value.returncode == 2


def test_command_takes_a_call_a_line(command):
    open_call = written(at="2026-03-03T00:00:00Z")
    content = lines_of(written(), "", "  ", open_call, end="\r\n")

    printed, error = command(content, "--lines")

    found = [json.loads(line) for line in printed.splitlines()]
    assert ([one["outcome"] for one in found], error) == (["consensus", "open"], None)
    assert found[0] == OUTCOME


def test_command_takes_a_last_line_that_does_not_end_and_no_line_at_all(command):
    assert command(f"{written()}\n{written()}", "--lines")[0].count("\n") == 2
    assert command(b"", "--lines") == ("", None)


@pytest.mark.parametrize(
    ("third", "said"),
    [
        (written(mode="x"), "line 4: mode: is none of explicit, unanimous, silence"),
        ("{", "line 4: the call: is no JSON (Expecting property name"),
        (b"\xff", "line 4: is no UTF-8"),
    ],
)
def test_command_stops_at_the_first_malformed_line(command, third, said):
    third = third if isinstance(third, bytes) else third.encode()
    good = written().encode()

    printed, error = command(b"\n".join([good, good, b"", third, good, b"{"]), "--lines")

    assert [json.loads(line) for line in printed.splitlines()] == [OUTCOME, OUTCOME]
    assert str(error).startswith(said)
    assert error.returncode == 2


def rehearse(*arguments, given=b""):
    """Run the command as a process of its own, with what the tests' settings need."""
    return subprocess.run(
        [sys.executable, "manage.py", "rehearse_call", *arguments],
        input=given,
        capture_output=True,
        check=False,
        cwd=settings.BASE_DIR,
        # Nothing is asked of a database: there is none.
        env={**os.environ, "DATABASE_URL": "postgres://nobody@127.0.0.1:9/none"},
    )


def test_command_as_a_process_answers_what_comes_in():
    answered = rehearse("-", given=written().encode())

    assert (answered.returncode, json.loads(answered.stdout), answered.stderr) == (0, OUTCOME, b"")


def test_command_as_a_process_refuses_with_2_after_the_lines_before():
    content = lines_of(written(), written(deadline=CALL["opened_at"]), written())

    refused = rehearse("--lines", "-", given=content.encode())

    assert refused.returncode == 2
    assert json.loads(refused.stdout) == OUTCOME
    assert refused.stderr.decode() == ("CommandError: line 2: deadline: is not after the opening\n")
