"""Calendar files, read again by a calendar's own parser (rule 41)."""

from datetime import UTC, date, datetime

import icalendar
import pytest

from tests.factories import AgendaItemFactory, MeetingFactory, UserFactory
from workgroups import calendar
from workgroups.models import MeetingDay
from workgroups.models.meetings import MeetingStatus

pytestmark = pytest.mark.django_db
AT = datetime(2016, 9, 14, 13, tzinfo=UTC)


def read(meeting, **kwargs):
    kwargs.setdefault("method", calendar.REQUEST)
    parsed = icalendar.Calendar.from_ical(calendar.write(meeting, **kwargs))
    (event,) = parsed.walk("VEVENT")
    return parsed, event


def test_write_gives_the_instant_in_utc_whatever_the_zone():
    meeting = MeetingFactory(
        starts_at=AT, time_zone="America/New_York", duration_minutes=120, sequence=3
    )

    parsed, event = read(meeting)

    assert parsed["METHOD"] == "REQUEST"
    assert event["UID"] == meeting.uid
    assert event["SEQUENCE"] == 3
    assert event["STATUS"] == "CONFIRMED"
    assert (event["DTSTART"].dt, event["DTEND"].dt) == (AT, datetime(2016, 9, 14, 15, tzinfo=UTC))
    assert event["DTSTART"].to_ical() == b"20160914T130000Z"
    assert parsed.walk("VTIMEZONE") == []


def test_write_cancels_under_the_same_uid():
    meeting = MeetingFactory(starts_at=AT, status=MeetingStatus.CANCELLED, sequence=4)

    parsed, event = read(meeting, method=calendar.CANCEL)

    assert (parsed["METHOD"], event["STATUS"]) == ("CANCEL", "CANCELLED")
    assert (event["UID"], event["SEQUENCE"]) == (meeting.uid, 4)


def test_write_names_place_agenda_page_and_recipient():
    meeting = MeetingFactory(place="Montréal; room 2, left", mode="hybrid", title="Call, and more")
    AgendaItemFactory(meeting=meeting, title="Opening")
    person = UserFactory(email="amina@example.org")

    _, event = read(meeting, agenda=meeting.agenda.all(), recipient=person)

    page = f"http://testserver/meetings/{meeting.key}/"
    assert event["SUMMARY"] == "Call, and more"
    assert event["LOCATION"] == "Montréal; room 2, left, Hybrid"
    assert event["DESCRIPTION"] == f"1. Opening\n{page}"
    assert event["URL"] == page
    assert event["ORGANIZER"] == "mailto:tracker@isecg.invalid"
    assert event["ATTENDEE"] == "mailto:amina@example.org"
    assert event["ATTENDEE"].params["RSVP"] == "FALSE"


def test_write_repeats_the_wall_clock_time_on_days_that_are_not_adjacent():
    # The clocks of Paris go back on 31 October 2021: 14:00 is 12:00Z before, 13:00Z after.
    meeting = MeetingFactory(
        starts_at=datetime(2021, 10, 30, 12, tzinfo=UTC), time_zone="Europe/Paris", end="2021-11-02"
    )
    for day in (date(2021, 10, 30), date(2021, 11, 2)):
        MeetingDay.objects.create(meeting=meeting, day=day)

    _, event = read(meeting)

    assert event["DTSTART"].dt == datetime(2021, 10, 30, 12, tzinfo=UTC)
    assert [one.dt for one in event["RDATE"].dts] == [datetime(2021, 11, 2, 13, tzinfo=UTC)]


def test_write_gives_whole_days_where_no_time_is_known():
    meeting = MeetingFactory(starts_at=None, start="2009-12-02", end="2009-12-03")

    _, event = read(meeting)

    assert (event["DTSTART"].dt, event["DTEND"].dt) == (date(2009, 12, 2), date(2009, 12, 4))
    assert "RDATE" not in event


def test_write_skips_the_days_between_days_that_are_not_adjacent():
    meeting = MeetingFactory(starts_at=None, start="2021-11-30", end="2021-12-02")
    for day in (date(2021, 11, 30), date(2021, 12, 2)):
        MeetingDay.objects.create(meeting=meeting, day=day)

    _, event = read(meeting)

    assert (event["DTSTART"].dt, event["DTEND"].dt) == (date(2021, 11, 30), date(2021, 12, 1))
    assert [one.dt for one in event["RDATE"].dts] == [date(2021, 12, 2)]


@pytest.mark.parametrize("start", ["", "2024", "2024-12"])
def test_write_refuses_a_meeting_without_a_day(start):
    meeting = MeetingFactory(starts_at=None, start=start)

    assert not calendar.can_write(meeting)
    assert calendar.attach(meeting, method=calendar.REQUEST, recipient=UserFactory()) == ()
    with pytest.raises(ValueError, match="No day of"):
        calendar.write(meeting, method=calendar.REQUEST)


def test_page_gives_the_file(client):
    meeting = MeetingFactory(key="tc-1", starts_at=AT)
    client.force_login(UserFactory())

    response = client.get("/meetings/tc-1/calendar.ics")

    parsed = icalendar.Calendar.from_ical(response.content)
    assert response["Content-Type"] == "text/calendar; charset=utf-8"
    assert response["Content-Disposition"] == 'attachment; filename="tc-1.ics"'
    assert parsed["METHOD"] == "PUBLISH"
    assert parsed.walk("VEVENT")[0]["UID"] == meeting.uid
    assert "ATTENDEE" not in parsed.walk("VEVENT")[0]


def test_page_without_a_day_has_no_file(client):
    MeetingFactory(key="sam-2013", starts_at=None, start="")
    client.force_login(UserFactory())

    assert client.get("/meetings/sam-2013/calendar.ics").status_code == 404
    assert b"calendar.ics" not in client.get("/meetings/sam-2013/").content
