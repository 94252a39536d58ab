"""An agency that takes over the seat of another (rules 1 to 4)."""

from collections.abc import Iterable
from datetime import date, datetime
from typing import Any

from django.db import transaction

from isecg import clock
from isecg.events import log
from isecg.mail import outbox
from isecg.partial_dates import PartialDate
from workgroups import estate as estates
from workgroups import notifications, permissions
from workgroups.estate import Estate, Passing
from workgroups.models import Agency, ChairTerm, GroupMember, Mandate, Membership, Succession, User
from workgroups.recipients import people_of
from workgroups.roles import Ability
from workgroups.services.errors import RefusedError
from workgroups.services.rows import check, lock


@transaction.atomic(durable=True)
def succeed(
    former: Agency,
    *,
    successor: Agency,
    first_day: date,
    carry_mandates: bool = True,
    source: str,
    reason: str,
    by: User,
) -> Succession:
    """Put ``successor`` in the place of ``former`` from a day on, in all that is not released.

    The membership, the groups and the led groups pass on that day; mandates, products and
    open calls pass now. With ``carry_mandates`` the people of ``former`` hold the same
    capacity of the successor; who holds a mandate there already keeps that one. Positions
    of ``former`` in open calls do not count: the successor confirms them or takes its own.

    :raises PermissionDenied: if ``by`` may not keep the roster.
    :raises RefusedError: if :func:`foresee` refuses, or another room does.
    """
    permissions.require(by, Ability.KEEP_ROSTER)
    for agency in sorted((former, successor), key=lambda agency: agency.pk):
        lock(agency)
    # Who hands over the chair waits for this, and then finds that the member has gone.
    list(ChairTerm.objects.select_for_update(no_key=True).order_by("pk"))
    at = clock.now()
    estate = foresee(former, successor=successor, first_day=first_day, at=at)
    told = tuple(people_of([former, successor], at=at))
    row = check(
        Succession(
            former=former, successor=successor, first_day=first_day, entered_at=at, source=source
        )
    )
    row.save_as(by, reason)
    # First, because it locks products, which nobody may who has written to the log.
    estates.pass_on(Passing(succession=row, told=told, reason=reason, by=by))
    _pass_membership(row, estate, by=by, reason=reason)
    _pass_mandates(row, estate, carry=carry_mandates, by=by, reason=reason)
    _pass_groups(row, estate, by=by, reason=reason)
    _record(row, estate, carry=carry_mandates, by=by, reason=reason)
    outbox.enqueue(notifications.succeeded(row, told=told, by=by, reason=reason))
    return row


def foresee(former: Agency, *, successor: Agency, first_day: date, at: datetime) -> Estate:
    """Return what would pass with the seat of ``former``.

    :raises RefusedError: if ``former`` is not a member, or has or is to have the chair; if
        either was succeeded before, or they are one; if the day is still to come or lies
        before the membership; if the successor was a member after that day and is not now.
    """
    if former == successor:
        raise RefusedError("An agency does not succeed itself: a new name is no succession.")
    _refuse_succeeded(former, successor)
    if first_day > at.date():
        raise RefusedError("A succession is entered on its first day or later, not ahead of it.")
    membership = _membership(former, first_day=first_day, at=at)
    _refuse_chair(former, at=at)
    joins = _joins(successor, first_day=first_day, at=at)
    return estates.read_estate(membership, successor, joins=joins, first_day=first_day, at=at)


def _refuse_succeeded(*agencies: Agency) -> None:
    for row in Succession.objects.filter(former__in=agencies).select_related("former", "successor"):
        day = PartialDate.parse(row.first_day.isoformat())
        raise RefusedError(f"{row.former} was succeeded by {row.successor} on {day}.")


def _membership(former: Agency, *, first_day: date, at: datetime) -> Membership:
    held = former.memberships.current_on(at.date()).select_related("agency").first()
    if held is None:
        raise RefusedError(f"{former} is not a member today: it has no seat that could pass.")
    since = held.start or held.attested_on
    if first_day.isoformat() <= since:
        raise RefusedError(
            f"{former} is a member since {PartialDate.parse(since)}: its successor comes later."
        )
    return held


def _refuse_chair(former: Agency, *, at: datetime) -> None:
    if ChairTerm.objects.in_office_at(at).filter(agency=former).exists():
        raise RefusedError(f"{former} has the chair: hand over the chair first.")
    if ChairTerm.objects.filter(agency=former, starts_at__gt=at).exists():
        raise RefusedError(
            f"{former} is to take over the chair: enter a handover to another agency first."
        )


def _joins(successor: Agency, *, first_day: date, at: datetime) -> bool:
    """Whether the successor becomes a member by it."""
    memberships = list(successor.memberships.all())
    if successor.memberships.current_on(at.date()).exists():
        return False
    for held in memberships:
        if not held.end:
            raise RefusedError(
                f"A membership of {successor} is recorded that has not begun: correct it first."
            )
        if held.end > first_day.isoformat():
            raise RefusedError(
                f"{successor} was a member until {PartialDate.parse(held.end)}: "
                "it takes over the seat on that day or later."
            )
    return True


def _pass_membership(row: Succession, estate: Estate, *, by: User, reason: str) -> None:
    estate.membership.end = row.first_day.isoformat()
    check(estate.membership).save_as(by, f"{row}: {reason}")
    if estate.joins:
        held = Membership(agency=row.successor, start=row.first_day.isoformat())
        check(held).save_as(by, f"{row}: {reason}")


def _pass_mandates(row: Succession, estate: Estate, *, carry: bool, by: User, reason: str) -> None:
    """End the mandates in force; with ``carry`` grant those of the successor.

    One that has not begun becomes the successor's. Without ``carry`` it stays, and gives
    no voice: the agency is a member no more.
    """
    words = f"{row}: {reason}"
    granted = {"agency": row.successor, "granted_by": str(row), "reference": row.source}
    for mandate in (*estate.carried, *estate.kept):
        heir = _copy(mandate, starts_at=row.entered_at, **granted)
        mandate.ends_at = row.entered_at
        check(mandate).save_as(by, words)
        if carry and mandate in estate.carried:
            check(heir).save_as(by, words)
    for mandate in estate.to_come if carry else ():
        for name, value in granted.items():
            setattr(mandate, name, value)
        check(mandate).save_as(by, words)


def _copy(mandate: Mandate, **changed: Any) -> Mandate:
    """Return a new mandate that says what ``mandate`` says, but for ``changed``."""
    fields = [field for field in Mandate._meta.concrete_fields if not field.primary_key]
    return Mandate(**{field.name: getattr(mandate, field.name) for field in fields} | changed)


def _pass_groups(row: Succession, estate: Estate, *, by: User, reason: str) -> None:
    words = f"{row}: {reason}"
    for member in estate.members:
        # Where the former agency came in later than that day, so does its successor.
        day, until = max(row.first_day.isoformat(), member.start), member.end
        member.end = day
        check(member).save_as(by, words)
        if member.group_id not in estate.shared:
            heir = GroupMember(group=member.group, agency=row.successor, start=day, end=until)
            check(heir).save_as(by, words)
    for group in estate.led:
        group.lead_agency = row.successor
        check(group).save_as(by, words)


def _record(row: Succession, estate: Estate, *, carry: bool, by: User, reason: str) -> None:
    passed: dict[str, Any] = {
        "first_day": row.first_day,
        "source": row.source,
        "mandates": _people(estate.carried if carry else ()),
        "groups": sorted(member.group.code for member in estate.members),
        "led_groups": sorted(group.code for group in estate.led),
    }
    ended = _people((*estate.carried, *estate.kept))
    persons = {mandate.person for mandate in (*estate.carried, *estate.kept)}
    also = sorted(persons, key=lambda person: person.pk)
    log.record(
        "agency.succeeded",
        by=by,
        subject=row.former,
        reason=reason,
        on_behalf_of=row.former.code,
        after={"successor": row.successor.code, "mandates_ended": ended, **passed},
        also=[row.successor, *also],
    )
    log.record(
        "agency.took_over",
        by=by,
        subject=row.successor,
        reason=reason,
        on_behalf_of=row.successor.code,
        after={"former": row.former.code, "became_member": estate.joins, **passed},
        also=[row.former, *(also if carry else [])],
    )


def _people(mandates: Iterable[Mandate]) -> list[dict[str, Any]]:
    return [{"person": row.person, "capacity": row.capacity} for row in mandates]
