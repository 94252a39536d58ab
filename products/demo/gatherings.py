"""The teleconferences of the story, and the Workplan's activities."""

from isecg import stale
from products.demo.roster import record_attendance
from products.demo.story import INVENTED, ZONE, Story
from products.demo.tales import active_agencies
from products.models import Product, WorkplanItem
from products.models.workplan import ItemKind, ItemStatus
from products.services import workplan
from workgroups.models import Meeting
from workgroups.models.meetings import MeetingKind, Mode
from workgroups.services import agenda, meetings

_LAST = "ISECG teleconference on the Workplan (invented)"
_NEXT = "ISECG teleconference on the science white paper (invented)"
_NEXT_WEEK = "ISECG teleconference on the annual report (invented)"

# Title, group, lead, agencies, status, and the day in whose month it is to be done.
_ACTIVITIES = (
    (
        "Scoping of a fifth edition of the Global Exploration Roadmap",
        ("ERWG", "NASA", "ASI CNES CSA ESA JAXA NASA"),
        (ItemStatus.ACTIVE, 180),
    ),
    (
        "Community workshop on power for the lunar night",
        ("TWG", "DLR", "DLR JAXA KARI NASA"),
        (ItemStatus.PLANNED, 75),
    ),
    (
        "Catalogue of test sites and analogue facilities",
        ("IAWG", "CSA", "ASA CSA DLR ESA"),
        (ItemStatus.ON_HOLD, 120),
    ),
    (
        "Survey of the members' interests in polar volatiles",
        ("SWG", "ISRO", "ISRO JAXA KARI NASA UKSA"),
        (ItemStatus.ACTIVE, 25),
    ),
)


def plan_activities(story: Story) -> None:
    """Put the activities on the Workplan, and change two of them later."""
    for title, who, when in _ACTIVITIES:
        story.on(-130, _activity, title, who, when)
    story.on(-30, _finish_survey)
    story.on(-28, _shift_power)


def hold_teleconferences(story: Story) -> None:
    """Hold one in the past, set up one whose reminders go out now, and one next week."""
    story.on(-50, _set_up, _LAST, -35)
    for title, code, number in (
        ("Adoption of the agenda", "", 0),
        ("Guidelines for Non-Agency Participation", "GNAP-2026", 2),
        ("Workplan: items that are late", "", 0),
    ):
        story.on(-49, _agenda_item, _LAST, title, code, number)
    story.on(-34, _record_last)
    story.on(-12, _set_up, _NEXT, 4)
    for title, code, number in (
        ("Adoption of the agenda", "", 0),
        ("Science white paper: the objection, and ways out of it", "SCI-2026", 3),
        ("Lunar surface power: first comments", "POWER-2026", 2),
        ("Mars supplement: state of the draft", "GER-SUP-2026", 3),
        ("Any other business", "", 0),
    ):
        # The drafts that are to be read were finished only then.
        story.on(-1, _agenda_item, _NEXT, title, code, number)
    # Five working days on is the same day of the next week, whatever day it is today.
    story.on(-8, _set_up, _NEXT_WEEK, 5)
    story.on(-1, _agenda_item, _NEXT_WEEK, "Annual report: who writes what", "AR-2026", 0)


def _set_up(story: Story, title: str, day: int) -> None:
    meetings.add_meeting(
        title,
        kind=MeetingKind.TELECONFERENCE,
        starts_at=story.instant(day, 14),
        time_zone=ZONE,
        duration_minutes=90,
        mode=Mode.VIRTUAL,
        chair=story.agencies["CNES"],
        note=INVENTED,
        reason="Agreed at the meeting before",
        by=story.secretariat,
    )


def _agenda_item(story: Story, meeting: str, title: str, code: str, number: int) -> None:
    item = agenda.add_item(
        Meeting.objects.get(title=meeting),
        title=title,
        minutes=20 if code else 10,
        reason="Agenda drawn up",
        by=story.secretariat,
    )
    if code:
        product = Product.objects.get(code=code)
        version = product.versions.get(number=number) if number else None
        workplan.link_agenda_item(item, product=product, version=version, by=story.secretariat)


def _record_last(story: Story) -> None:
    meeting = Meeting.objects.get(title=_LAST)
    remote = "ASA ASI CNES CSA DLR ESA ISRO JAXA LSA NASA UKSA"
    record_attendance(story, meeting, present="", remote=remote)


def _activity(
    story: Story, title: str, who: tuple[str, str, str], when: tuple[ItemStatus, int]
) -> None:
    group, lead, agencies = who
    status, day = when
    month = f"{story.day(day):%Y-%m}"
    workplan.add_item(
        agencies=[story.agencies[code] for code in agencies.split()],
        reason="Put on the Workplan",
        by=story.secretariat,
        kind=ItemKind.ACTIVITY,
        title=title,
        group=story.groups[group],
        lead_agency=story.agencies[lead],
        status=status,
        baseline=month,
        forecast=month,
        notes=INVENTED,
    )


def _edit(story: Story, item: WorkplanItem, *, reason: str, **fields: str) -> None:
    workplan.edit_item(
        item,
        agencies=active_agencies(item),
        revision=stale.revision(item),
        reason=reason,
        by=story.secretariat,
        **fields,
    )


def _finish_survey(story: Story) -> None:
    item = WorkplanItem.objects.get(title=_ACTIVITIES[3][0])
    _edit(
        story,
        item,
        reason="All answers are in",
        status=ItemStatus.DONE,
        actual=story.day(-30).isoformat(),
    )


def _shift_power(story: Story) -> None:
    item = WorkplanItem.objects.get(product__code="POWER-2026")
    _edit(
        story,
        item,
        reason="The figures for the lunar night took longer than planned",
        forecast=f"{story.day(80):%Y-%m}",
    )
