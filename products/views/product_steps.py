"""The stepper of a product's life, as its page draws it."""

from products.workflow import PATH, State


def steps(state: State, *, was_released: bool) -> list[dict[str, str]]:
    """Return the stepper of a product's life, with where it stands on it."""
    way = [*PATH]
    if state == State.SUPERSEDED:
        way.append(state)
    if state == State.WITHDRAWN:
        # How far a draft had come before it was withdrawn is told by its history.
        done = PATH if was_released else PATH[:1]
        return [
            *({"label": step.label, "status": "done", "note": ""} for step in done),
            {"label": state.label, "status": "off", "note": ""},
        ]
    here = way.index(state)
    return [
        {
            "label": step.label,
            "status": "done" if index < here else "current" if index == here else "ahead",
            "note": "",
        }
        for index, step in enumerate(way)
    ]
