"""What a person has in hand of meetings, groups and the chair when they leave a seat."""

from collections.abc import Callable, Iterator
from functools import partial

from django.db.models import Q, QuerySet
from django.urls import reverse

from isecg.events import log
from workgroups import handover
from workgroups.handover import Fate, Leaving, Matter, Passing
from workgroups.models import AgendaItem, ChairTerm, GroupRole, Meeting
from workgroups.models.meetings import MeetingStatus


def register() -> None:
    """Have the handover sheet list these."""
    handover.register(places, passer=take_places)
    handover.register(duties)


def _items(leaving: Leaving) -> QuerySet[AgendaItem]:
    """The agenda items of meetings from then on at which the person was to speak."""
    if not leaving.leaves():
        return AgendaItem.objects.none()
    items = AgendaItem.objects.filter(
        speaker=leaving.mandate.person_id,
        meeting__status=MeetingStatus.SCHEDULED,
        meeting__starts_at__gte=leaving.ends_at,
    )
    return items.select_related("meeting").order_by("meeting__starts_at", "position")


def places(leaving: Leaving) -> Iterator[Matter]:
    """Yield the speaker's places at meetings to come."""
    for item in _items(leaving):
        yield Matter(
            kind="Speaker",
            label=f"{item.title}, at {item.meeting.title}",
            fate=Fate.PASSES,
            href=item.meeting.get_absolute_url(),
        )


def take_places(leaving: Leaving, passing: Passing) -> Callable[[], None]:
    """Lock the meetings, which stand for their agendas; the act names the successor there."""
    meetings = Meeting.objects.filter(pk__in=_items(leaving).values("meeting")).order_by("pk")
    list(meetings.select_for_update(no_key=True))
    return partial(_pass_places, leaving, passing)


def _pass_places(leaving: Leaving, passing: Passing) -> None:
    for item in _items(leaving):
        former, item.speaker = item.speaker, passing.to
        item.save_as(passing.by, passing.reason)
        log.record(
            "meeting.item_edited",
            by=passing.by,
            subject=item.meeting,
            reason=passing.reason,
            before={"speaker": former},
            after={"speaker": passing.to, "item": item.pk},
        )


def duties(leaving: Leaving) -> Iterator[Matter]:
    """Yield the duties in groups and the chair, which others give."""
    if not leaving.leaves():
        return
    lasting = Q(ends_at=None) | Q(ends_at__gt=leaving.ends_at)
    person = leaving.mandate.person_id
    for role in GroupRole.objects.filter(lasting, person=person).select_related("group"):
        yield Matter(
            kind=role.get_duty_display(),
            label=f"{role.group.code}, {role.group.name}",
            fate=Fate.OTHERS,
            href=role.group.get_absolute_url(),
            whose="The secretariat ends the duty, and enters who the group names.",
        )
    terms = ChairTerm.objects.filter(lasting, person=person, starts_at__isnull=False)
    for term in terms.select_related("agency"):
        yield Matter(
            kind="Chair",
            label=str(term),
            fate=Fate.OTHERS,
            href=reverse("chair"),
            whose="The secretariat hands over the chair.",
        )
