"""What a service says when an act on a product is impossible now."""

from isecg.rules import Finding
from workgroups.services.errors import RefusedError


class ProductError(RefusedError):
    """An act that is impossible now; its message is meant for the person who tried.

    ``findings`` are the guards that stand in the way, where guards do.
    """

    def __init__(self, message: str, *, findings: tuple[Finding, ...] = ()) -> None:
        super().__init__(message)
        self.findings = findings
