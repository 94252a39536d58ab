"""Setting a document as PDF, in a process of its own: see docs/adr/0021."""
