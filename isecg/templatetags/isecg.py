"""Tags and filters of every page: instants, dates, tables and forms that open in place."""

from datetime import UTC, date, datetime, timedelta

from django import template
from django.utils.html import format_html
from django.utils.safestring import SafeString

from isecg import clock, instants
from isecg.partial_dates import PartialDate

register = template.Library()

NOT_KNOWN = "not known"


def _unknown(words: str) -> SafeString:
    return format_html('<span class="unknown">{}</span>', words)


def _zone_abbr(local: datetime, zone: str) -> SafeString:
    return format_html(
        '<abbr class="zone" title="{}, {}">{}</abbr>',
        zone,
        instants.offset_words(local),
        instants.zone_name(local),
    )


@register.simple_tag
def instant(
    value: datetime | None, zone: str = "UTC", *, also: str = "", unknown: str = NOT_KNOWN
) -> SafeString:
    """Show an instant in ``zone``, named, and in the zone ``also`` where it differs (rule 40)."""
    if value is None:
        return _unknown(unknown)
    # A page whose reader has no zone passes an empty one.
    zone = zone or "UTC"
    local = instants.to_zone(value, zone)
    shown = format_html("{} {}", instants.day_and_time(local), _zone_abbr(local, zone))
    if also and also != zone:
        other = instants.to_zone(value, also)
        # The day is said again only where the other zone has another one.
        same_day = other.date() == local.date()
        other_words = f"{other:%H:%M}" if same_day else instants.day_and_time(other)
        shown = format_html(
            '{} <span class="also">({} {})</span>', shown, other_words, _zone_abbr(other, also)
        )
    return format_html(
        '<time datetime="{}">{}</time>', f"{value.astimezone(UTC):%Y-%m-%dT%H:%M:%SZ}", shown
    )


@register.filter
def moment(value: datetime, zone: str = "UTC") -> str:
    """Return an instant as a letter says it: ``14 Sep 2016 15:00 CEST``."""
    return instants.words(value, zone or "UTC")


@register.simple_tag
def day(value: PartialDate | date | str | None, *, unknown: str = NOT_KNOWN) -> SafeString:
    """Show a date no more exactly than its source gives it (rules 2 and 23).

    :raises TypeError: if it is an instant, whose day depends on a zone.
    """
    if not value:
        return _unknown(unknown)
    if isinstance(value, datetime):
        raise TypeError("An instant is shown by the tag “instant”.")
    if isinstance(value, date):
        value = value.isoformat()
    partial = PartialDate.parse(value) if isinstance(value, str) else value
    return format_html('<time datetime="{}">{}</time>', partial.iso, partial.words)


@register.filter
def since_words(value: datetime | None) -> str:
    """Return how long ago ``value`` was, in its largest whole unit: ``6 days``."""
    return _span_words(clock.now() - value) if value else ""


@register.filter
def until_words(value: datetime | None) -> str:
    """Return how far ahead ``value`` is, in its largest whole unit: ``6 days``."""
    return _span_words(value - clock.now()) if value else ""


@register.simple_tag
def countdown(value: datetime, *, over: str) -> SafeString:
    """Show how far ahead ``value`` is, in its two largest units, or ``over`` once it has passed.

    A script keeps it current from the server's clock, that of the reader being anybody's.
    """
    now = clock.now()
    return format_html(
        '<span data-countdown="{}" data-countdown-from="{}" data-countdown-over="{}">{}</span>',
        *(f"{at.astimezone(UTC):%Y-%m-%dT%H:%M:%SZ}" for at in (value, now)),
        over,
        _span_words(value - now, parts=2) if value >= now else over,
    )


def _span_words(span: timedelta, *, parts: int = 1) -> str:
    found = []
    for unit, length in (
        ("day", timedelta(days=1)),
        ("hour", timedelta(hours=1)),
        ("minute", timedelta(minutes=1)),
    ):
        count, rest = divmod(span, length) if span >= length else (0, span)
        if count:
            found.append(f"{count} {unit}{'' if count == 1 else 's'}")
            span = rest
        # Once begun, it goes on with the next unit: "3 days", and not "3 days 4 minutes".
        parts -= bool(found)
        if not parts:
            break
    return " ".join(found) or "less than a minute"


@register.filter
def or_unknown(value: object, words: str = NOT_KNOWN) -> object:
    """Return ``value``, or say that it is not known; zero and no are known."""
    return _unknown(words) if value is None or value == "" else value


@register.simple_block_tag
def tableframe(content: SafeString, caption: str, *, quiet: bool = False) -> SafeString:
    """Put rows into a captioned table that scrolls sideways within its own region.

    ``quiet`` hides the caption from sight, where a heading already says it.
    """
    return format_html(
        # Only what has the focus scrolls by keyboard.
        '<div class="table-frame" role="region" aria-label="{}" tabindex="0">'
        '<table class="data"><caption{}>{}</caption>{}</table></div>',
        caption,
        SafeString(' class="visually-hidden"') if quiet else "",
        caption,
        content,
    )


@register.simple_block_tag
def act(content: SafeString, label: str, *, kind: str = "", open: bool = False) -> SafeString:  # noqa: A002 (the word in the template)
    """Show a button that opens the form within; ``open`` after a refusal."""
    return format_html(
        '<details class="act"{}><summary class="button{}">{}</summary>'
        '<div class="act-body">{}</div></details>',
        SafeString(" open") if open else "",
        f" button-{kind}" if kind else "",
        label,
        content,
    )
