"""Reminders of meetings: who, when, in which words, and when not (rules 43 and 44)."""

from datetime import UTC, datetime, timedelta

import icalendar
import pytest
import time_machine
from django.core import mail

from isecg.mail import clockwork
from isecg.mail.models import Letter
from isecg.stale import revision
from tests.factories import (
    AgencyFactory,
    AgendaItemFactory,
    MandateFactory,
    MeetingFactory,
    UserFactory,
    WorkingGroupFactory,
)
from workgroups import agenda, invitees, reminders
from workgroups.models import GroupMember, Meeting
from workgroups.roles import Capacity
from workgroups.services.meetings import add_meeting, cancel_meeting, edit_meeting, move_meeting

pytestmark = pytest.mark.django_db

START = datetime(2026, 9, 14, 13, tzinfo=UTC)
SET_UP = START - timedelta(days=30)
WEEK, DAY, HOUR = timedelta(days=7), timedelta(days=1), timedelta(hours=1)


@pytest.fixture
def clock():
    with time_machine.travel(SET_UP, tick=False) as traveller:
        yield traveller


@pytest.fixture
def desk(clock):
    return UserFactory(
        name="Desk", email="desk@example.org", is_secretariat=True, time_zone="Europe/Paris"
    )


@pytest.fixture
def delegate(clock):
    agency = AgencyFactory(code="JAXA")
    person = UserFactory(name="Emi", email="emi@example.org", time_zone="Asia/Tokyo")
    MandateFactory(agency=agency, person=person)
    return person


def set_up(desk, **fields):
    return add_meeting(
        fields.pop("title", "Monthly teleconference"),
        kind="teleconference",
        starts_at=fields.pop("starts_at", START),
        time_zone="America/New_York",
        duration_minutes=60,
        reason="Agreed",
        by=desk,
        **fields,
    )


def tick_at(clock, moment):
    """Tick at ``moment`` and return who got what meanwhile."""
    mail.outbox.clear()
    clock.move_to(moment)
    clockwork.tick()
    return sorted((message.to[0], message.subject) for message in mail.outbox)


def addresses(letters):
    return [address for address, _ in letters]


BOTH = ["desk@example.org", "emi@example.org"]


# --- When ------------------------------------------------------------------------


def test_reminders_go_once_per_person_and_offset(clock, desk, delegate):
    set_up(desk)

    assert tick_at(clock, START - WEEK - timedelta(seconds=1)) == []
    for offset in (WEEK, DAY, HOUR):
        assert addresses(tick_at(clock, START - offset)) == BOTH
        assert tick_at(clock, START - offset) == []
        assert tick_at(clock, START - offset + timedelta(minutes=30)) == []
    assert tick_at(clock, START) == []
    assert Letter.objects.count() == 6


def test_reminders_whose_moment_passed_before_the_meeting_was_set_up_are_not_owed(
    clock, desk, delegate
):
    clock.move_to(START - timedelta(days=3))
    set_up(desk)

    assert tick_at(clock, START - timedelta(days=3)) == []
    assert addresses(tick_at(clock, START - DAY)) == BOTH


def test_reminders_move_with_the_meeting(clock, desk, delegate):
    meeting = set_up(desk)
    tick_at(clock, START - WEEK)
    clock.move_to(START - timedelta(days=6))
    later = START + timedelta(days=10)

    mail.outbox.clear()
    move_meeting(
        meeting,
        starts_at=later,
        time_zone="America/New_York",
        revision=revision(meeting),
        reason="Clash",
        by=desk,
    )

    # Who had been told of the former time is told of the move.
    assert tick_at(clock, START - timedelta(days=6)) == [
        ("desk@example.org", "Changed: Monthly teleconference, 24 Sep 2026 15:00 CEST"),
        ("emi@example.org", "Changed: Monthly teleconference, 24 Sep 2026 22:00 JST"),
    ]
    told = next(message for message in mail.outbox if message.to == ["emi@example.org"])
    assert "It was to begin on 14 Sep 2026 22:00 JST.\nReason: Clash" in told.body
    assert tick_at(clock, START - DAY) == []
    assert tick_at(clock, START - HOUR) == []
    for offset in (WEEK, DAY, HOUR):
        assert addresses(tick_at(clock, later - offset)) == BOTH
    assert tick_at(clock, later) == []


def test_meeting_moved_away_and_back_is_reminded_of(clock, desk, delegate):
    meeting = set_up(desk)
    for start in (START + DAY, START):
        clock.shift(HOUR)
        move_meeting(
            meeting,
            starts_at=start,
            time_zone="UTC",
            revision=revision(meeting),
            reason="Clash",
            by=desk,
        )

    assert addresses(tick_at(clock, START - WEEK)) == BOTH


def test_nobody_is_told_of_a_move_who_was_told_of_no_time(clock, desk, delegate):
    meeting = set_up(desk)

    move_meeting(
        meeting,
        starts_at=START + DAY,
        time_zone="UTC",
        revision=revision(meeting),
        reason="Clash",
        by=desk,
    )

    assert tick_at(clock, SET_UP) == []


def test_nothing_but_the_cancellation_goes_after_a_cancellation(clock, desk, delegate):
    meeting = set_up(desk)
    tick_at(clock, START - WEEK)

    cancel_meeting(meeting, reason="No quorum of heads", by=desk)

    letters = tick_at(clock, START - WEEK)
    assert letters == [
        ("desk@example.org", "Cancelled: Monthly teleconference, 14 Sep 2026 15:00 CEST"),
        ("emi@example.org", "Cancelled: Monthly teleconference, 14 Sep 2026 22:00 JST"),
    ]
    assert "Reason: No quorum of heads" in mail.outbox[0].body
    parsed = icalendar.Calendar.from_ical(calendar_of(mail.outbox[0]))
    assert parsed["METHOD"] == "CANCEL"
    assert parsed.walk("VEVENT")[0]["SEQUENCE"] == 1
    for moment in (START - DAY, START - HOUR, START):
        assert tick_at(clock, moment) == []


def test_reminders_queued_before_a_cancellation_are_dropped(clock, desk, delegate, settings):
    meeting = set_up(desk)
    clock.move_to(START - WEEK)
    with_mail_down(settings)
    clockwork.tick()
    assert set(Letter.objects.values_list("state", flat=True)) == {"queued"}

    cancel_meeting(meeting, reason="Off", by=desk)

    # Nobody had been told, so nobody is told that it is off.
    assert (
        list(Letter.objects.values_list("state", "note"))
        == [("dropped", "The meeting was cancelled.")] * 2
    )


def with_mail_down(settings):
    settings.EMAIL_BACKEND = "django.core.mail.backends.smtp.EmailBackend"
    settings.EMAIL_HOST, settings.EMAIL_PORT = "127.0.0.1", 1


def test_queued_reminder_is_dropped_once_the_meeting_has_begun(clock, desk, delegate, settings):
    set_up(desk)
    backend = settings.EMAIL_BACKEND
    with_mail_down(settings)
    clock.move_to(START - HOUR)
    clockwork.tick()
    settings.EMAIL_BACKEND = backend

    assert tick_at(clock, START + HOUR) == []
    assert set(Letter.objects.values_list("state", "note")) == {
        ("dropped", "The meeting has begun.")
    }


@pytest.mark.parametrize(
    ("change", "note"),
    [
        ({"starts_at": START + DAY}, "The meeting was moved."),
        ({"status": "cancelled"}, "The meeting was cancelled."),
    ],
)
def test_letter_that_crossed_with_a_change_is_dropped(
    clock, desk, delegate, settings, change, note
):
    """The planner may queue a letter just as the meeting is moved or cancelled."""
    meeting = set_up(desk)
    backend = settings.EMAIL_BACKEND
    with_mail_down(settings)
    clock.move_to(START - WEEK)
    clockwork.tick()
    settings.EMAIL_BACKEND = backend
    Meeting.objects.filter(pk=meeting.pk).update(**change)

    assert tick_at(clock, START - WEEK) == []
    assert set(Letter.objects.values_list("state", "note")) == {("dropped", note)}


@pytest.mark.parametrize(
    ("since", "at", "owed"),
    [
        (SET_UP, START - WEEK - timedelta(seconds=1), []),
        (SET_UP, START - WEEK, [WEEK]),
        (SET_UP, START - timedelta(seconds=1), [WEEK, DAY, HOUR]),
        (START - timedelta(days=3), START - timedelta(seconds=1), [DAY, HOUR]),
        (None, START - DAY, [WEEK, DAY]),
        (SET_UP, START, []),
    ],
)
def test_offsets_due_are_those_that_struck_since_the_time_was_set(clock, since, at, owed):
    meeting = MeetingFactory.build(starts_at=START, time_set_at=since)

    assert reminders.offsets_due(meeting, at=at) == [(START - offset, offset) for offset in owed]


def test_two_days_of_outage_change_only_the_hour_of_arrival(clock, desk, delegate):
    """No tick for two days: each due reminder once, none for what is over or off."""
    up = START - timedelta(days=2)
    # Down from ``up`` until two days later, which is START.
    set_up(desk, title="Begun meanwhile", starts_at=START - timedelta(hours=3))
    set_up(desk, title="In a week", starts_at=up + WEEK + DAY)
    set_up(desk, title="In half an hour", starts_at=START + timedelta(minutes=30))
    off = set_up(desk, title="Cancelled meanwhile", starts_at=START + timedelta(hours=20))
    tick_at(clock, up)
    clock.move_to(up + DAY)
    cancel_meeting(off, reason="Off", by=desk)

    letters = tick_at(clock, START)

    assert sorted(letters) == sorted(
        [
            # Its reminder of seven days had gone before the outage.
            ("desk@example.org", "Cancelled: Cancelled meanwhile, 15 Sep 2026 11:00 CEST"),
            ("emi@example.org", "Cancelled: Cancelled meanwhile, 15 Sep 2026 18:00 JST"),
            ("desk@example.org", "Reminder: In a week, 20 Sep 2026 15:00 CEST"),
            ("emi@example.org", "Reminder: In a week, 20 Sep 2026 22:00 JST"),
            # One day ahead and one hour ahead: both were due, both go once.
            *[("desk@example.org", "Reminder: In half an hour, 14 Sep 2026 15:30 CEST")] * 2,
            *[("emi@example.org", "Reminder: In half an hour, 14 Sep 2026 22:30 JST")] * 2,
        ]
    )
    assert tick_at(clock, START) == []


def test_change_of_place_is_told_to_who_was_told_and_to_nobody_else(clock, desk, delegate):
    meeting = set_up(desk, place="Room 1")
    tick_at(clock, START - WEEK)
    MandateFactory(agency=AgencyFactory(), person=UserFactory(email="new@example.org"))

    edit_meeting(meeting, place="Room 2", revision=revision(meeting), reason="Bigger room", by=desk)

    letters = tick_at(clock, START - WEEK)
    assert ("new@example.org", "Reminder: Monthly teleconference, 14 Sep 2026 13:00 UTC") in letters
    changed = [entry for entry in letters if entry[1].startswith("Changed")]
    assert addresses(changed) == BOTH
    told = next(message for message in mail.outbox if message.to == ["emi@example.org"])
    assert "Before, it read: Room 1, 60 minutes." in told.body
    assert icalendar.Calendar.from_ical(calendar_of(told)).walk("VEVENT")[0]["SEQUENCE"] == 1


# --- Who -------------------------------------------------------------------------


def test_person_with_two_mandates_gets_one_letter(clock, desk, delegate):
    MandateFactory(agency=AgencyFactory(code="ESA"), person=delegate, capacity="staff")
    set_up(desk)

    assert addresses(tick_at(clock, START - WEEK)) == BOTH
    message = next(message for message in mail.outbox if message.to == ["emi@example.org"])
    assert "because ESA and JAXA are invited and you hold their mandates." in message.body


def test_secretariat_member_with_a_mandate_gets_one_letter(clock, desk):
    MandateFactory(agency=AgencyFactory(), person=desk)
    meeting = set_up(desk)

    people = invitees.invited([meeting], at=START - WEEK)[meeting.pk]
    assert [invited.person for invited in people] == [desk]
    assert addresses(tick_at(clock, START - WEEK)) == ["desk@example.org"]


def test_group_meeting_invites_the_people_of_its_agencies_alone(clock, desk, delegate):
    group = WorkingGroupFactory(code="ERWG")
    seated = AgencyFactory(code="CSA")
    GroupMember(group=group, agency=seated).save_as(None, "test")
    former = AgencyFactory(code="ASI")
    GroupMember(group=group, agency=former, start="2010", end="2020").save_as(None, "test")
    MandateFactory(agency=seated, person=UserFactory(email="zoe@example.org"))
    MandateFactory(agency=former, person=UserFactory(email="gone@example.org"))
    set_up(desk, group=group)

    assert addresses(tick_at(clock, START - WEEK)) == ["desk@example.org", "zoe@example.org"]


def test_nobody_is_invited_without_account_membership_or_mandate_for_everything(clock, desk):
    agency = AgencyFactory()
    MandateFactory(agency=agency, person=UserFactory(is_active=False), capacity=Capacity.STAFF)
    MandateFactory(agency=agency, ends_at=START - timedelta(days=8), capacity=Capacity.STAFF)
    MandateFactory(agency=agency, starts_at=START - timedelta(days=6))
    MandateFactory(agency=AgencyFactory(member=False))
    MandateFactory(agency=agency, limited_to="GER-2026")
    UserFactory()
    set_up(desk)

    assert addresses(tick_at(clock, START - WEEK)) == ["desk@example.org"]


# --- In which words ----------------------------------------------------------------


def calendar_of(message):
    (part,) = [
        part for part in message.message().walk() if part.get_content_type() == "text/calendar"
    ]
    return part.get_payload(decode=True)


def test_letter_says_when_on_the_readers_clock_what_about_and_why(
    clock, desk, delegate, monkeypatch
):
    meeting = set_up(desk, title="Call & response", place="<Online>")
    speaker = UserFactory(name="Ada")
    first = AgendaItemFactory(meeting=meeting, title="Roadmap <v3>", speaker=speaker, minutes=20)
    AgendaItemFactory(meeting=meeting, title="Any other business")
    monkeypatch.setattr(agenda, "_providers", [])
    agenda.register_links(
        lambda items: {first.pk: [{"label": "GER", "href": "/products/ger/", "detail": "v 3"}]}
    )
    tick_at(clock, START - WEEK)

    message = next(message for message in mail.outbox if message.to == ["emi@example.org"])

    assert message.subject == "Reminder: Call & response, 14 Sep 2026 22:00 JST"
    assert message.body == (
        f"""Call & response

Begins: Monday 14 Sep 2026 22:00 JST, your time (Asia/Tokyo)
        14 Sep 2026 13:00 UTC
        14 Sep 2026 09:00 EDT, the meeting's zone (America/New_York)
Length: 60 minutes
Place:  <Online>

Agenda

1. Roadmap <v3>, Ada, 20 minutes
   To read: GER, v 3
   http://testserver/products/ger/
2. Any other business

The meeting's page:
http://testserver/meetings/{meeting.key}/

The attached calendar file shows the time in your own calendar's zone.

--\x20
You get this because JAXA is invited and you hold its mandate.
"""
    )
    parsed = icalendar.Calendar.from_ical(calendar_of(message))
    event = parsed.walk("VEVENT")[0]
    assert parsed["METHOD"] == "REQUEST"
    assert (event["UID"], event["DTSTART"].dt) == (meeting.uid, START)
    assert event["ATTENDEE"] == "mailto:emi@example.org"


def test_line_break_in_a_title_does_not_stop_the_letters(clock, desk, delegate):
    MeetingFactory(title="Two\r\nlines", starts_at=START, time_set_at=SET_UP)

    assert tick_at(clock, START - WEEK)[0] == (
        "desk@example.org",
        "Reminder: Two lines, 14 Sep 2026 15:00 CEST",
    )


# --- At which price ----------------------------------------------------------------


def queries_of_plan(django_assert_max_num_queries, at):
    with django_assert_max_num_queries(100) as captured:
        notices = list(reminders.plan(at))
    return len(captured), len(notices)


def test_plan_costs_the_same_for_many_people_and_meetings(
    clock, desk, delegate, django_assert_max_num_queries
):
    AgendaItemFactory(meeting=set_up(desk), speaker=delegate)
    at = START - WEEK
    few = queries_of_plan(django_assert_max_num_queries, at)

    for number in range(10):
        MandateFactory()
        meeting = set_up(desk, title=f"Call {number}", group=WorkingGroupFactory())
        AgendaItemFactory(meeting=meeting, speaker=delegate)
    many = queries_of_plan(django_assert_max_num_queries, at)

    assert few[1] == 2
    # One meeting of all twelve people, ten of groups without agencies: the secretariat.
    assert many[1] == 12 + 10
    # A group's meeting asks once for the agencies of all groups.
    assert many[0] <= few[0] + 1
    assert many[0] <= 10


def test_plan_is_cheap_when_every_letter_is_queued(
    clock, desk, delegate, django_assert_num_queries
):
    set_up(desk)
    tick_at(clock, START - WEEK)

    with django_assert_num_queries(4):
        assert list(reminders.plan(START - WEEK)) == []


def test_plan_asks_once_when_nothing_is_near(clock, desk, django_assert_num_queries):
    set_up(desk)

    with django_assert_num_queries(1):
        assert list(reminders.plan(SET_UP)) == []
