"""What a call came to, and why, in one sentence: pure, like the rule itself."""

from collections.abc import Iterable
from fractions import Fraction

from products import consensus
from products.consensus import Course, Mode, Outcome, Stand, Tally, needed


def sentence(course: Course, count: Tally) -> str:
    """Return what a call came to, and why: ``"Dissent: CSA objects, based on …"``."""
    found = consensus.outcome(course, count)
    tacit = _tacit(count) if found in consensus.AGREEING else ""
    return f"{found.label}: {_why(found, course, count)}{tacit}."


def based_on(count: Tally) -> str:
    """Return how many answered: ``"based on responses from 9 of 11 (81.8 %)"`` (rule 33)."""
    return (
        f"based on responses from {count.responded} of {len(count.electorate)} ({count.percent} %)"
    )


def _tacit(count: Tally) -> str:
    return f", and tacit consent of {', '.join(count.tacit)}" if count.tacit else ""


def _why(found: Outcome, course: Course, count: Tally) -> str:
    named = {
        Outcome.SILENCE_BROKEN: f"by {_names(count.broken_by)}",
        Outcome.SILENCE_NOT_VALID: f"the notice did not reach {_names(count.no_response)}",
        Outcome.DISSENT: f"{_names(count.of(Stand.OBJECT))} objecting, {based_on(count)}",
        Outcome.PROVISIONAL: (
            f"with conditions of {_names(count.of(Stand.CONDITION))}, {based_on(count)}"
        ),
        Outcome.WITH_RESERVATIONS: (
            f"those of {_names(count.of(Stand.RESERVATION))}, {based_on(count)}"
        ),
        Outcome.NO_QUORUM: _no_quorum(course, count),
        Outcome.INSUFFICIENT_SUPPORT: _too_few(course, count),
    }
    return named.get(found, based_on(count))


def _names(agencies: Iterable[str]) -> str:
    return ", ".join(agencies)


def _no_quorum(course: Course, count: Tally) -> str:
    of = len(count.electorate)
    if not of:
        return "nobody is left in the electorate"
    return f"{needed(course.quorum, of)} had to answer, {based_on(count)}"


def _too_few(course: Course, count: Tally) -> str:
    of = len(count.electorate)
    if course.mode == Mode.SILENCE:
        return f"nobody concurs, not even tacitly, {based_on(count)}"
    share = Fraction(1) if course.mode == Mode.UNANIMOUS else course.minimum_support
    return f"{count.support} concur and {needed(share, of)} had to, {based_on(count)}"
