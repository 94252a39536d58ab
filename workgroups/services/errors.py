"""What a service says when an act is impossible now."""


class RefusedError(Exception):
    """An act that is impossible now; its message is meant for the person who tried."""
