"""Audited rows: the only way to save one, and the history it leaves."""

from collections.abc import Collection, Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING

from django.db import models, transaction
from simple_history.models import HistoricalRecords

from isecg import clock

if TYPE_CHECKING:
    from django.contrib.auth.models import AbstractBaseUser


def row_history(*, excluded_fields: Collection[str] = ()) -> HistoricalRecords:
    """Return the history field of one audited model, less ``excluded_fields``.

    The reason column is NOT NULL: the database refuses a plain ``save()``.
    A model calls this for itself, because an inherited field would be shared.
    """
    return HistoricalRecords(
        history_change_reason_field=models.TextField(verbose_name="reason"),
        history_user_id_field=None,
        excluded_fields=list(excluded_fields),
    )


class Tracked(models.Model):
    """A row whose every state is kept, with who changed it and why (rule 50)."""

    history: HistoricalRecords

    class Meta:
        abstract = True

    def save_as(self, by: "AbstractBaseUser | None", reason: str) -> None:
        """Save, and keep ``by`` and ``reason`` in the history.

        ``by`` is ``None`` for the program itself (loading reference data).

        :raises ValueError: if ``reason`` is blank.
        """
        with self._signed(by, reason):
            self.save()

    def delete_as(self, by: "AbstractBaseUser | None", reason: str) -> None:
        """Remove a row that is no record (an agenda item); its history stays, with the reason.

        :raises ValueError: if ``reason`` is blank.
        """
        with self._signed(by, reason):
            self.delete()

    @contextmanager
    def _signed(self, by: "AbstractBaseUser | None", reason: str) -> Iterator[None]:
        if not reason.strip():
            raise ValueError("A change of an audited row needs a reason.")
        self._history_user, self._change_reason = by, reason
        self._history_date = clock.now()
        try:
            # The row and its history row stand or fall together (rule 50).
            with transaction.atomic():
                yield
        finally:
            # Left in place they would sign the next change as well.
            del self._history_user, self._change_reason, self._history_date
