"""The append-only, hash-chained log of what was done (rule 49)."""
