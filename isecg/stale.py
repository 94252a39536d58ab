"""Forms that were opened before somebody else changed the row."""

from datetime import datetime
from typing import Any, cast

from django import forms

from isecg import instants
from isecg.history import Tracked


class StaleError(Exception):
    """The row changed after its form was opened; nothing was written.

    ``by`` and ``at`` say who changed it last, and when.
    """

    def __init__(self, *, by: str, at: datetime) -> None:
        self.by, self.at = by, at
        super().__init__(self.words("UTC"))

    def words(self, zone: str) -> str:
        """Return the sentence for a reader in ``zone``."""
        return (
            f"{self.by} changed this on {instants.words(self.at, zone)} while you were writing. "
            "What you typed is kept below: compare it with what is there now, and send it again."
        )


def revision(row: Tracked) -> int:
    """Return the number of the present state of ``row``: that of its latest history row."""
    return row.history.order_by("-history_id").values_list("history_id", flat=True).first() or 0


def require_current(row: Tracked, seen: int) -> None:
    """Refuse a change that was written against another state of ``row``.

    A service calls it once ``row`` is locked, so that no change slips in between.

    :raises StaleError: if ``row`` changed since ``seen`` was its :func:`revision`.
    """
    last = row.history.select_related("history_user").order_by("-history_id").first()
    if last is not None and last.history_id != seen:
        by = str(last.history_user) if last.history_user else "The program"
        raise StaleError(by=by, at=last.history_date)


class StaleGuard(forms.Form):
    """A form that carries the revision of the row it was opened on.

    Give it ``row=``; pass ``cleaned_data["revision"]`` to the service, which calls
    :func:`require_current`; on :class:`StaleError` call :meth:`add_stale`.
    """

    revision = forms.IntegerField(widget=forms.HiddenInput)

    def __init__(self, *args: Any, row: Tracked, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.row = row
        if not self.is_bound:
            self.fields["revision"].initial = revision(row)

    def add_stale(self, error: StaleError, zone: str = "UTC") -> None:
        """Say who changed the row, and let what was typed be sent again knowingly."""
        self.add_error(None, error.words(zone))
        # The request's own mapping cannot be written; its copy can.
        data = cast(dict[str, Any], self.data).copy()
        data[self.add_prefix("revision")] = str(revision(self.row))
        self.data = data
