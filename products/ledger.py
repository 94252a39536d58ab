"""The states of objections and conditions on a product's ledger (rules 30 and 31), pure."""

from django.db.models import TextChoices


class LedgerKind(TextChoices):
    """What stands on the ledger."""

    OBJECTION = "object", "Objection"
    CONDITION = "condition", "Condition"


class LedgerState(TextChoices):
    """Where an objection or a condition stands; what its clock adds is computed when read."""

    REGISTERED = "registered", "Registered"
    PROPOSED = "proposed", "Disposition proposed"
    ACCEPTED = "accepted", "Accepted"
    MODIFIED = "modified", "Accepted with modification"
    REJECTED = "rejected", "Disposition rejected"
    WITHDRAWN = "withdrawn", "Withdrawn"
    LAPSED = "lapsed", "Lapsed"


ANSWERED = (LedgerState.ACCEPTED, LedgerState.MODIFIED, LedgerState.REJECTED)
ENDED = (LedgerState.WITHDRAWN, LedgerState.LAPSED)
