"""The numbers that the rules leave to us (D): read from the settings, shown to the user."""

from datetime import timedelta
from decimal import Decimal

from django.conf import settings

from products.consensus import SHORTEST_SILENCE_HOURS
from products.extraction.limits import Limits


def quorum() -> Decimal:
    """Return the share of the electorate that must answer (rule 24)."""
    return Decimal(str(settings.ISECG_QUORUM))


def minimum_support() -> Decimal:
    """Return the share of the electorate that must concur (rule 24)."""
    return Decimal(str(settings.ISECG_MINIMUM_SUPPORT))


def share_days(kind: str) -> int:
    """Return the minimum share period of a kind of product, in days (rule 17)."""
    by_kind: dict[str, int] = settings.ISECG_SHARE_DAYS_BY_KIND
    return int(by_kind.get(kind, settings.ISECG_SHARE_DAYS))


def silence_hours(kind: str) -> int:
    """Return how long a silence procedure on a kind of product lasts at least, in hours.

    Never less than the 72 hours of rule 23.
    """
    by_kind: dict[str, int] = settings.ISECG_SILENCE_HOURS_BY_KIND
    asked = int(by_kind.get(kind, settings.ISECG_SILENCE_HOURS))
    return max(asked, SHORTEST_SILENCE_HOURS)


def hold() -> timedelta:
    """Return for how long the letters of an opening are held back."""
    return timedelta(minutes=settings.ISECG_HOLD_MINUTES)


def contest_days() -> int:
    """Return for how many working days an editorial version may be contested (rule 29).

    One at least: a version that nobody can contest would be carried by its author's word.
    """
    return max(int(settings.ISECG_CONTEST_WORKING_DAYS), 1)


def disposition_days() -> int:
    """Return how many days the originator's clock runs (rule 30)."""
    return int(settings.ISECG_DISPOSITION_DAYS)


def public_comment_days() -> int:
    """Return for how many days at least the public is asked for comments (rule 36)."""
    return int(settings.ISECG_PUBLIC_COMMENT_DAYS)


def public_comment_length() -> int:
    """Return how many characters a comment of the public may have."""
    return int(settings.ISECG_PUBLIC_COMMENT_LENGTH)


def upload_limit() -> int:
    """Return the greatest size of an uploaded file, in bytes."""
    return int(settings.ISECG_UPLOAD_LIMIT_MB) * 1024 * 1024


def import_rows() -> int:
    """Return how many rows a table of comments may have that is imported."""
    return int(settings.ISECG_IMPORT_ROWS)


def import_limit() -> int:
    """Return the greatest size of such a table, in bytes."""
    return int(settings.ISECG_IMPORT_LIMIT_MB) * 1024 * 1024


def extraction_limits(*, characters: int) -> Limits:
    """Return what reading the text of an uploaded file may cost."""
    return Limits(
        memory_mb=settings.ISECG_EXTRACTION_MEMORY_MB,
        cpu_seconds=settings.ISECG_EXTRACTION_CPU_SECONDS,
        wall_seconds=settings.ISECG_EXTRACTION_WALL_SECONDS,
        characters=characters,
        pages=settings.ISECG_EXTRACTION_PAGES,
        unpacked_mb=settings.ISECG_EXTRACTION_UNPACKED_MB,
        ratio=settings.ISECG_EXTRACTION_RATIO,
        members=settings.ISECG_EXTRACTION_MEMBERS,
        rows=import_rows(),
    )
