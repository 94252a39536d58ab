"""The people of the story, their mandates, their groups, and the chair."""

from isecg import clock, stale
from products.demo.people import DELEGATES, DESK, PASSWORD, SECRETARIAT, SIGN_INS, Person
from products.demo.story import INVENTED, ZONE, Story
from workgroups.models import Mandate, Meeting, User
from workgroups.models.meetings import MeetingKind, Mode, Presence
from workgroups.roles import Capacity, GroupDuty
from workgroups.services import agenda, attendance, chair, groups, meetings, people, seats

_SIGNING_IN = {sign_in.person for sign_in in SIGN_INS}

# The agencies of each group that works today, then its people.
_GROUPS = {
    "ERWG": "ASI CNES CSA DLR ESA ISRO JAXA KARI NASA UKSA POLSA",
    "IAWG": "ASA CNES CSA DLR ESA JAXA NASA",
    "TWG": "CNES DLR ESA JAXA KARI LSA NASA UKSA ISRO",
    "SWG": "ASI CNES CSA DLR ESA ISRO JAXA KARI NASA SSAU UKSA",
    "SCWG": "ASA CNES ESA LSA NASA UKSA",
}
_DUTIES = (
    ("ERWG", "okafor", GroupDuty.CO_CHAIR),
    ("ERWG", "dewit", GroupDuty.CO_CHAIR),
    ("ERWG", "staff", GroupDuty.EDITOR),
    ("IAWG", "dewit", GroupDuty.CO_CHAIR),
    ("IAWG", "tanabe", GroupDuty.EDITOR),
    ("TWG", "brandt", GroupDuty.CO_CHAIR),
    ("TWG", "tanabe", GroupDuty.EDITOR),
    ("SWG", "rao", GroupDuty.CO_CHAIR),
    ("SWG", "marchand", GroupDuty.EDITOR),
    ("SCWG", "weber", GroupDuty.CO_CHAIR),
)
_HANDOVER_PRESENT = "ASI CNES DLR ESA LSA UKSA"
_HANDOVER_REMOTE = "ASA CSA ISRO JAXA KARI NASA"


def add_people(story: Story) -> None:
    """Open the accounts, the secretariat's first, and grant the mandates."""
    story.on(-300, _first_account)
    story.on(-299, _account, DESK, is_secretariat=True)
    for delegate in DELEGATES:
        story.on(-298, _account, delegate)
        story.on(-297, _mandate, delegate)
    story.on(-20, _end_mandate, "mackay")
    for delegate in DELEGATES:
        # JAXA has not confirmed its seat yet: that waits for the visitor.
        if delegate.capacity == Capacity.HEAD and delegate.agency != "JAXA":
            story.on(-150, _confirm_seat, delegate.agency, delegate.key)
    for agency in ("LSA", "POLSA"):
        story.on(-149, _confirm_seat, agency, "desk")
    story.on(-80, _name_alternate, "delegate", "tanabe", "POWER-2026")


def add_groups(story: Story) -> None:
    """Say which agencies and people work in which group."""
    for code, members in _GROUPS.items():
        for agency in members.split():
            story.on(-290, _group_member, code, agency)
    for code, key, duty in _DUTIES:
        story.on(-289, _duty, code, key, duty)


def hand_over_the_chair(story: Story) -> None:
    """Hold the meeting at which the chair passed to CNES; past terms stay as they are."""
    story.on(-280, _set_up_handover)
    story.on(-239, _record_handover)


def _first_account(story: Story) -> None:
    # Nobody can add the first person: it is made the way that createsuperuser makes one.
    person = User.objects.create_user(
        SECRETARIAT.email,
        PASSWORD,
        name=SECRETARIAT.shown,
        time_zone=SECRETARIAT.time_zone,
        is_secretariat=True,
        is_staff=True,
    )
    story.add_person(SECRETARIAT.key, person)


def _account(story: Story, who: Person, *, is_secretariat: bool = False) -> None:
    person = people.add_person(
        who.email,
        name=who.shown,
        password=PASSWORD if who in _SIGNING_IN else "",
        time_zone=who.time_zone,
        is_secretariat=is_secretariat,
        reason=f"Account for the demonstration: {who.agency or 'the secretariat'}",
        by=story.secretariat,
    )
    story.add_person(who.key, person)


def _mandate(story: Story, who: Person) -> None:
    assert who.capacity is not None
    people.grant_mandate(
        story.agencies[who.agency],
        person=story.person(who.key),
        capacity=who.capacity,
        starts_at=story.instant(-297, 0),
        granted_by=f"The Director of International Relations of {who.agency} (invented)",
        reference=f"Letter {who.agency}/IR/{who.key.upper()} (invented)",
        reason="Letter of appointment received",
        by=story.secretariat,
    )


def _name_alternate(story: Story, head: str, key: str, product: str) -> None:
    mandate = story.person(head).mandates.get()
    people.grant_mandate(
        mandate.agency,
        person=story.person(key),
        capacity=Capacity.ALTERNATE,
        limited_to=product,
        starts_at=story.instant(-80, 0),
        reason="Follows this product from the first draft on",
        by=story.person(head),
    )


def _confirm_seat(story: Story, agency: str, key: str) -> None:
    held = Mandate.objects.valid_at(clock.now()).filter(agency=story.agencies[agency])
    seats.confirm_seat(
        story.agencies[agency],
        holders=[mandate.pk for mandate in held],
        by=story.person(key),
    )


def _end_mandate(story: Story, key: str) -> None:
    mandate = story.person(key).mandates.get()
    people.end_mandate(
        mandate, reason="Left for another post; no successor is named yet", by=story.secretariat
    )


def _group_member(story: Story, code: str, agency: str) -> None:
    groups.add_group_member(
        story.groups[code],
        agency=story.agencies[agency],
        start=story.day(-290).isoformat(),
        reason="Roster of the group",
        by=story.secretariat,
    )


def _duty(story: Story, code: str, key: str, duty: GroupDuty) -> None:
    groups.add_group_role(
        story.groups[code],
        person=story.person(key),
        duty=duty,
        starts_at=story.instant(-289, 0),
        reason="Named by the group",
        by=story.secretariat,
    )


def _set_up_handover(story: Story) -> None:
    meetings.add_meeting(
        "Senior agency managers meeting, hand-over of the chair (invented)",
        kind=MeetingKind.SAM,
        starts_at=story.instant(-240, 10),
        time_zone=ZONE,
        duration_minutes=360,
        place="Paris",
        country_code="FR",
        mode=Mode.HYBRID,
        host=story.agencies["CNES"],
        note=INVENTED,
        reason="Agreed by the senior managers",
        by=story.secretariat,
    )
    meeting = Meeting.objects.latest("pk")
    for title in ("Reports of the working groups", "Workplan", "Hand-over of the chair"):
        agenda.add_item(
            meeting, title=title, minutes=90, reason="Agenda drawn up", by=story.secretariat
        )


def _record_handover(story: Story) -> None:
    meeting = Meeting.objects.get(kind=MeetingKind.SAM, note=INVENTED)
    record_attendance(story, meeting, present=_HANDOVER_PRESENT, remote=_HANDOVER_REMOTE)
    chair.hand_over(
        story.agencies["CNES"],
        person=story.person("chair"),
        at=story.instant(-240, 15),
        zone=ZONE,
        meeting=meeting,
        planned_end=str(story.day(-240).year + 2),
        reason="The host of the meeting takes the chair (invented)",
        by=story.secretariat,
    )


def record_attendance(story: Story, meeting: Meeting, *, present: str, remote: str) -> None:
    """Record who came to an invented meeting, by codes with blanks between them."""
    presences = dict.fromkeys(present.split(), Presence.PRESENT)
    presences |= dict.fromkeys(remote.split(), Presence.REMOTE)
    attendance.record_attendance(
        meeting,
        presences={story.agencies[code]: presence for code, presence in presences.items()},
        attending_count=len(presences),
        attendance_note="",
        revision=stale.revision(meeting),
        reason="From the list of participants",
        by=story.secretariat,
    )
