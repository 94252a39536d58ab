"""What every page is given; nothing here may cost a query."""

from dataclasses import dataclass
from typing import Any

from django.conf import settings
from django.http import HttpRequest
from django.urls import NoReverseMatch, reverse

from isecg import clock


@dataclass(frozen=True)
class NavItem:
    """One entry of the main navigation."""

    label: str
    href: str
    current: bool


# The name of a page's address, and its label. A room adds its pages here by name alone.
EVERYONE = (
    ("home", "Home"),
    ("products", "Products"),
    ("workplan", "Workplan"),
    ("meetings", "Meetings"),
    ("agencies", "Agencies"),
    ("groups", "Groups"),
    ("chair", "Chair"),
)
SECRETARIAT = (("people", "People"),)
MAILBOX = (("mailbox", "Mailbox"),)


def _nav(path: str, *, secretariat: bool) -> list[NavItem]:
    names = [*EVERYONE]
    if secretariat:
        names += SECRETARIAT
    if settings.MAILBOX_PAGE:
        names += MAILBOX
    items = []
    for name, label in names:
        try:
            href = reverse(name)
        except NoReverseMatch:
            # The ground floor stands without the rooms above it.
            continue
        # The first page's address is the beginning of every other one.
        current = path == href or (name != "home" and path.startswith(href))
        items.append(NavItem(label, href, current))
    return items


def site(request: HttpRequest) -> dict[str, Any]:
    """Return what the base template needs: demo, now, the reader's zone, navigation."""
    # A request refused by an early middleware has no user.
    user = getattr(request, "user", None)
    return {
        "demo": settings.DEMO,
        "now": clock.now(),
        "zone": getattr(user, "time_zone", "") or "UTC",
        "nav": _nav(request.path, secretariat=user.is_secretariat)
        if user is not None and user.is_authenticated
        else [],
    }
