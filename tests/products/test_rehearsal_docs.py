"""What docs/rehearsing-a-call.md tells is so."""

import io
import json
import re

import pytest
from django.conf import settings
from django.core.management import call_command

from products import rehearsal
from products.consensus import Act, Mode, Outcome, Stand

TEXT = (settings.BASE_DIR / "docs" / "rehearsing-a-call.md").read_text()
CALL, ANSWER = re.findall(r"```json\n(.+?)```", TEXT, re.DOTALL)


def replay(**changed):
    return rehearsal.answer(rehearsal.read(json.dumps({**json.loads(CALL), **changed})))


def in_code(heading):
    """Return the words in code that begin a row of the table under a heading."""
    table = TEXT.split(heading, 1)[1].split("\n\n", 1)[0]
    firsts = [row.split("|")[1] for row in table.splitlines() if row.startswith("| `")]
    return {word for first in firsts for word in re.findall(r"`(\w+)`", first)}


def test_the_example_comes_to_its_answer(tmp_path):
    file, out = tmp_path / "call.json", io.StringIO()
    file.write_text(CALL)

    call_command("rehearse_call", str(file), stdout=out)

    assert json.loads(out.getvalue()) == json.loads(ANSWER)


def test_the_changes_to_the_example_come_to_what_is_told():
    early, silence = replay(at="2026-03-09T00:00:00Z"), replay(mode="silence")

    assert (early["outcome"], early["counts"]["object"]) == ("open", ["CSA", "NASA"])
    assert (silence["outcome"], silence["late"]) == (
        "silence_broken",
        ["CSA", "ESA", "JAXA", "NASA"],
    )


def test_the_refusal_is_the_one_that_is_told():
    entries = json.loads(CALL)["entries"]
    entries[3] = {**entries[3], "act": "object"}

    with pytest.raises(rehearsal.RehearsalError) as refused:
        replay(entries=entries)

    assert f"    CommandError: {refused.value}\n" in TEXT


def test_every_word_has_its_row():
    of_record = {Outcome.RETURNED, Outcome.RECALLED}

    assert in_code("| `act` |") == set(Act)
    assert in_code("| `outcome` |") == set(Outcome) - of_record
    assert in_code("## What goes in") == set()  # the words before the table
    assert in_code("| Field | What it is |") == {*json.loads(CALL), "notices", "version_events"}
    assert set(json.loads(ANSWER)["counts"]) == {*Stand, "tacit", "no_response"}
    assert all(f"`{mode}`" in TEXT for mode in Mode)
