"""Letters about an agency's seat: in what words (rules 4 and 5)."""

from collections.abc import Iterable, Sequence
from datetime import datetime
from typing import Any

from django.conf import settings
from django.template.loader import render_to_string

from isecg import clock
from isecg.events.log import reference
from isecg.mail.models import Letter, State
from isecg.mail.notices import Notice
from workgroups.handover import Fate, Matter
from workgroups.models import Agency, Mandate, User

CONFIRM = "seat.confirm"
VACANT = "seat.vacant"
HANDED_OVER = "seat.handed_over"


def confirm(
    agency: Agency, *, to: User, occurrence: str, confirmed_at: datetime | None, at: datetime
) -> Notice:
    """Return the reminder that an agency's seat is to be confirmed."""
    return _notice(
        CONFIRM,
        agency,
        to=to,
        occurrence=occurrence,
        subject=f"Confirm who holds the seat of {agency}",
        why=f"You get this because you speak for {agency}, and its seat is confirmed once in "
        f"{settings.ISECG_SEAT_CONFIRM_DAYS} days.",
        at=at,
        confirmed_at=confirmed_at,
        days=settings.ISECG_SEAT_CONFIRM_DAYS,
    )


def vacant(
    agency: Agency, *, to: User, occurrence: str, since: datetime, last: Mandate, at: datetime
) -> Notice:
    """Return the report that an agency's seat became vacant."""
    return _notice(
        VACANT,
        agency,
        to=to,
        occurrence=occurrence,
        subject=f"The seat of {agency} is vacant",
        why="You get this because you work for the secretariat."
        if to.is_secretariat
        else f"You get this because you hold a mandate of {agency}.",
        at=at,
        since=since,
        last=last,
    )


def handed_over(
    mandate: Mandate, *, to: User, matters: Sequence[Matter], by: User, reason: str
) -> Notice:
    """Return the letter to one who takes over what somebody leaves: the list of it."""
    site = settings.SITE_URL.rstrip("/")
    parts = [
        (fate.value, [(matter, site + matter.href) for matter in matters if matter.fate == fate])
        for fate in Fate
    ]
    return _notice(
        HANDED_OVER,
        mandate.agency,
        to=to,
        occurrence=f"{reference(mandate)}@{mandate.ends_at:%Y-%m-%dT%H:%MZ}",
        subject=f"{mandate.person} leaves, and hands over to you",
        why=f"You get this because you hold a mandate of {mandate.agency} and take over.",
        at=clock.now(),
        mandate=mandate,
        parts=[part for part in parts if part[1]],
        by=by,
        reason=reason,
    )


def told(kind: str, agencies: Iterable[Agency]) -> set[str]:
    """Return the occurrences of which somebody was told, or is about to be."""
    letters = Letter.objects.filter(
        kind=kind, about__in=[reference(agency) for agency in agencies]
    ).exclude(state=State.DROPPED)
    return {key.split("|")[1] for key in letters.values_list("key", flat=True)}


def agency_of(letter: Letter) -> Agency | None:
    """Return the agency whose seat a letter is about."""
    return Agency.objects.filter(pk=int(letter.about.partition(":")[2])).first()


def _notice(
    kind: str,
    agency: Agency,
    *,
    to: User,
    occurrence: str,
    subject: str,
    why: str,
    at: datetime,
    **words: Any,
) -> Notice:
    site = settings.SITE_URL.rstrip("/")
    page = f"{site}{agency.get_absolute_url()}"
    text = render_to_string(
        f"emails/{kind.replace('.', '_')}.txt",
        {"agency": agency, "person": to, "page": page, "site": site, **words},
    )
    return Notice(
        kind=kind,
        occurrence=occurrence,
        recipient=to,
        about=reference(agency),
        subject=subject,
        text=text,
        why=why,
        thread=f"{reference(agency)}:seat",
        due_at=at,
    )
