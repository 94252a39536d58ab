"""What the modes of a call mean, in one plain sentence each: pure, like the rule (rule 23)."""

from products.consensus import Mode


def meaning(mode: Mode | str, *, hours: int = 0) -> str:
    """Return what a mode means; ``hours`` is how long a silence procedure lasts at least."""
    return {
        Mode.EXPLICIT: (
            "Enough agencies must answer, enough of them must concur, and none may object. No "
            "response is not agreement."
        ),
        Mode.UNANIMOUS: (
            "Every agency of the electorate must concur. No response is not agreement."
        ),
        Mode.SILENCE: (
            "Who says nothing until the deadline consents tacitly, if the notice reached the "
            "seat. An objection, a condition, a proposed amendment or a request for more time "
            f"ends it at once. It lasts at least {hours} hours."
        ),
    }[Mode(mode)]


def uses_quorum(mode: Mode | str) -> bool:
    """Whether a share of the electorate must answer."""
    return mode != Mode.SILENCE


def uses_support(mode: Mode | str) -> bool:
    """Whether a share of the electorate must concur: in the other modes it is not a share."""
    return mode == Mode.EXPLICIT
