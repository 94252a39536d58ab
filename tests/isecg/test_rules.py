"""The rule engine: one evaluation for guard, explanation and queue."""

from datetime import UTC, datetime

from isecg.rules import Finding, Rule, blocking, evaluate

NOON = datetime(2026, 3, 6, 12, tzinfo=UTC)


def rule(**said):
    plain = {
        "id": "quorum",
        "basis": "rule 24",
        "satisfied": lambda answers: answers >= 6,
        "sentence": lambda answers: f"{answers} of 11 answered.",
        "who_acts": lambda answers: ["agency:JAXA", "role:chair"],
        "since": lambda answers: NOON,
    }
    return Rule(**plain | said)


def test_evaluate_says_what_is_met():
    assert evaluate([rule()], 6) == [
        Finding(
            rule="quorum",
            basis="rule 24",
            satisfied=True,
            sentence="6 of 11 answered.",
            who=(),
            since=None,
            overridable=False,
        )
    ]


def test_evaluate_says_who_acts_and_since_when():
    [finding] = evaluate([rule()], 5)

    assert (finding.satisfied, finding.sentence) == (False, "5 of 11 answered.")
    assert (finding.who, finding.since) == (("agency:JAXA", "role:chair"), NOON)
    assert finding.blocks


def test_evaluate_leaves_out_what_does_not_apply_and_asks_it_nothing():
    def fail(_subject):
        raise AssertionError("A rule that does not apply was asked.")

    silent = rule(applies=lambda _: False, satisfied=fail, sentence=fail, who_acts=fail)

    assert evaluate([silent], 5) == []


def test_evaluate_keeps_the_order_of_the_rules():
    found = evaluate([rule(id="b"), rule(id="a"), rule(id="c")], 5)

    assert [finding.rule for finding in found] == ["b", "a", "c"]


def test_override_passes_an_overridable_rule_with_its_reason():
    [finding] = evaluate([rule(overridable=True)], 5, overrides={"quorum": " Agreed in Berlin. "})

    assert (finding.satisfied, finding.override, finding.blocks) == (
        False,
        "Agreed in Berlin.",
        False,
    )


def test_override_without_a_reason_passes_nothing():
    [finding] = evaluate([rule(overridable=True)], 5, overrides={"quorum": "  "})

    assert finding.blocks


def test_override_of_a_hard_rule_changes_nothing():
    [finding] = evaluate([rule()], 5, overrides={"quorum": "Please."})

    assert (finding.override, finding.blocks) == ("", True)


def test_blocking_keeps_only_what_holds_the_act_up():
    findings = evaluate(
        [
            rule(id="met", satisfied=lambda _: True),
            rule(id="passed", overridable=True),
            rule(id="open"),
        ],
        5,
        overrides={"passed": "Noted."},
    )

    assert [finding.rule for finding in blocking(findings)] == ["open"]
