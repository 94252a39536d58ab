"""Which rows a person may see: one question to every queryset, answered by declared rules."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Protocol, Self, TypeVar

from django.db import models
from django.db.models import QuerySet

from isecg import clock

Row = TypeVar("Row", bound=models.Model, covariant=True)


class Reader(Protocol):
    """Who reads, as far as this room has to know; upstairs it is a ``Standing``."""

    @property
    def user(self) -> Any: ...

    @property
    def at(self) -> datetime: ...

    @property
    def is_secretariat(self) -> bool: ...


@dataclass(frozen=True, kw_only=True)
class SignedIn:
    """A reader as this room knows one, where no ``Standing`` is at hand."""

    user: Any
    at: datetime

    @classmethod
    def of(cls, user: Any) -> "SignedIn":
        """Return the reader that ``user`` is now."""
        return cls(user=user, at=clock.now())

    @property
    def is_secretariat(self) -> bool:
        return bool(self.user.is_active and self.user.is_secretariat)


# A rule takes the rows that are asked for and who asks, and returns those that they may see.
# ``Any``: a rule of a room above knows more of its rows and its reader than this one.
Rule = Callable[[Any, Any], Any]


class VisibleQuerySet(QuerySet[Row]):
    """Rows whose model names in ``visible_by`` the rule of who may see them.

    A model that names none raises when it is asked: nothing is visible by omission.
    """

    def visible_to(self, reader: Reader) -> Self:
        """Rows that ``reader`` may see; the others do not exist for them."""
        rule: Rule = self.model.visible_by  # type: ignore[attr-defined]
        rows: Self = rule(self, reader)
        return rows


def everyone(rows: Any, reader: Reader) -> Any:
    """Every signed-in person sees every row."""
    return rows if reader.user.is_active else rows.none()


def secretariat(rows: Any, reader: Reader) -> Any:
    """The secretariat alone sees them."""
    return rows if reader.is_secretariat else rows.none()


def own(path: str) -> Rule:
    """Return the rule of rows that only the person at ``path`` sees."""

    def seen(rows: Any, reader: Reader) -> Any:
        return rows.filter(**{path: reader.user.pk}) if reader.user.is_active else rows.none()

    return seen


def through(path: str, asked: str = "visible_to") -> Rule:
    """Return the rule of a row that is visible exactly where the row at ``path`` is.

    ``asked`` names the question that the rows there answer, where it is a narrower one.
    """

    def seen(rows: Any, reader: Reader) -> Any:
        upper = getattr(_model_at(rows.model, path)._default_manager, asked)(reader)
        if upper.query.is_empty():
            return rows.none()
        # Who sees every row above is asked nothing of the database.
        return rows if is_all(upper) else rows.filter(**{f"{path}__in": upper})

    return seen


def is_all(rows: QuerySet[Any]) -> bool:
    """Whether nothing narrows ``rows``: the reader sees every one."""
    return not rows.query.where


def all_of(*rules: Rule) -> Rule:
    """Return the rule of a row that is visible where each of ``rules`` shows it."""

    def seen(rows: Any, reader: Reader) -> Any:
        for rule in rules:
            rows = rule(rows, reader)
        return rows

    return seen


def _model_at(model: type[models.Model], path: str) -> type[models.Model]:
    for name in path.split("__"):
        related = model._meta.get_field(name).related_model
        assert isinstance(related, type)  # a rule names relations alone
        model = related
    return model
