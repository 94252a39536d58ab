"""Meetings: services, pages and forms (rules 39-41)."""

from datetime import UTC, date, datetime, time, timedelta

import pytest
import time_machine
from django.core.exceptions import PermissionDenied, ValidationError
from django.urls import reverse

from isecg.events.log import about
from isecg.stale import StaleError, revision
from tests.factories import (
    AgencyFactory,
    AgendaItemFactory,
    AttendanceFactory,
    ChairTermFactory,
    MandateFactory,
    MeetingFactory,
    MembershipFactory,
    UserFactory,
    WorkingGroupFactory,
)
from workgroups import local_times, roster
from workgroups.models import AgencyName, Attendance, GroupMember, Meeting, MembershipCount
from workgroups.models.meetings import MeetingStatus, Phase
from workgroups.services.attendance import record_attendance
from workgroups.services.errors import RefusedError
from workgroups.services.meetings import add_meeting, cancel_meeting, edit_meeting, move_meeting
from workgroups.views.meetings import in_order

pytestmark = pytest.mark.django_db

NOW = datetime(2026, 3, 2, 12, tzinfo=UTC)
LATER = datetime(2026, 4, 1, 13, tzinfo=UTC)


@pytest.fixture(autouse=True)
def now():
    with time_machine.travel(NOW, tick=False) as traveller:
        yield traveller


@pytest.fixture
def desk():
    return UserFactory(is_secretariat=True, time_zone="Europe/Paris")


@pytest.fixture
def at_desk(client, desk):
    client.force_login(desk)
    return client


def add(desk, **fields):
    return add_meeting(
        fields.pop("title", "Monthly call"),
        **{
            "kind": "teleconference",
            "starts_at": LATER,
            "time_zone": "Europe/Paris",
            "reason": "Agreed in February",
            "by": desk,
        }
        | fields,
    )


def move(meeting, desk, **fields):
    move_meeting(
        meeting,
        **{
            "starts_at": LATER + timedelta(days=2),
            "time_zone": "Europe/Paris",
            "revision": revision(meeting),
            "reason": "Clash",
            "by": desk,
        }
        | fields,
    )


def edit(meeting, desk, **fields):
    edit_meeting(
        meeting, **{"revision": revision(meeting), "reason": "Corrected", "by": desk} | fields
    )


# --- Adding ------------------------------------------------------------------------


def test_add_meeting_keeps_the_instant_its_zone_and_its_local_day(desk):
    # 23:30 UTC is the next day in Tokyo.
    at = datetime(2026, 4, 1, 23, 30, tzinfo=UTC)

    meeting = add(desk, starts_at=at, time_zone="Asia/Tokyo")

    meeting.refresh_from_db()
    assert (meeting.starts_at, meeting.time_zone, meeting.start) == (at, "Asia/Tokyo", "2026-04-02")
    assert (meeting.key, meeting.sequence, meeting.time_set_at) == ("tc-2026-04-02", 0, NOW)
    assert list(meeting.history.values_list("history_user", "history_change_reason")) == [
        (desk.pk, "Agreed in February")
    ]
    (event,) = about(meeting)
    assert (event.event, event.by) == ("meeting.added", str(desk))
    assert event.payload["after"]["starts_at"] == "2026-04-01T23:30:00+00:00"


def test_add_meeting_numbers_its_address_where_the_day_is_taken(desk):
    assert [add(desk, title=title).key for title in ("One", "Two", "Three")] == [
        "tc-2026-04-01",
        "tc-2026-04-01-2",
        "tc-2026-04-01-3",
    ]


def test_add_meeting_twice_is_refused(desk):
    add(desk)

    with pytest.raises(RefusedError, match="at this time already"):
        add(desk)

    assert Meeting.objects.count() == 1


@pytest.mark.parametrize(
    ("fields", "words"),
    [
        ({"starts_at": NOW}, "in the past"),
        ({"starts_at": None, "start": "2026-03-01"}, "in the past"),
        ({"starts_at": None, "start": "2026-02"}, "in the past"),
        ({"starts_at": NOW + timedelta(minutes=1), "held": True}, "still to come"),
        ({"starts_at": None, "start": "2026-04", "held": True}, "still to come"),
    ],
)
def test_add_meeting_on_the_wrong_side_of_now_is_refused(desk, fields, words):
    with pytest.raises(RefusedError, match=words):
        add(desk, **fields)

    assert not Meeting.objects.exists()


@pytest.mark.parametrize(
    "fields",
    [
        {"starts_at": None, "start": "2026-03-02"},
        {"starts_at": None, "start": "2026-03"},
        {"starts_at": None, "start": ""},
        {"starts_at": NOW - timedelta(days=1), "held": True},
        {"starts_at": None, "start": "2013", "held": True},
    ],
)
def test_add_meeting_takes_days_known_only_in_part(desk, fields):
    assert add(desk, **fields) == Meeting.objects.get()


def test_add_meeting_keeps_days_that_are_not_adjacent(desk):
    days = [date(2026, 4, 3), date(2026, 4, 1)]

    meeting = add(desk, days=days)

    assert [row.day for row in meeting.days.all()] == sorted(days)
    assert (meeting.start, meeting.end) == ("2026-04-01", "2026-04-03")
    with pytest.raises(RefusedError, match="The first of several days"):
        add(desk, title="Other", days=[date(2026, 4, 2), date(2026, 4, 3)])


def test_number_once_per_kind_is_refused_in_words(desk):
    add(desk, kind="plenary", number=5, title="5th meeting")

    with pytest.raises(ValidationError, match="a meeting of this kind with this number"):
        add(desk, kind="plenary", number=5, title="Another 5th meeting")


@pytest.mark.parametrize("act", ["add", "edit", "move", "cancel", "attendance"])
def test_only_the_secretariat_keeps_the_meetings(desk, act):
    meeting = add(desk, title="There")
    head = MandateFactory().person
    ChairTermFactory(agency=head.mandates.get().agency)
    acts = {
        "add": lambda: add(head),
        "edit": lambda: edit(meeting, head, title="Else"),
        "move": lambda: move(meeting, head),
        "cancel": lambda: cancel_meeting(meeting, reason="Off", by=head),
        "attendance": lambda: attend(meeting, head, {}),
    }

    with pytest.raises(PermissionDenied, match="Only the secretariat may keep the meetings"):
        acts[act]()

    assert meeting.history.count() == 1


# --- Editing, moving, cancelling -----------------------------------------------------


@pytest.mark.parametrize(
    ("fields", "sequence"),
    [
        ({"title": "Other", "note": "n"}, 0),
        ({"place": "Paris"}, 1),
        ({"mode": "hybrid", "duration_minutes": 90}, 1),
        ({"days": [date(2026, 4, 1), date(2026, 4, 3)]}, 1),
    ],
)
def test_edit_raises_the_sequence_with_time_and_place_alone(desk, fields, sequence):
    meeting = add(desk)

    edit(meeting, desk, **fields)

    meeting.refresh_from_db()
    assert meeting.sequence == sequence
    assert meeting.time_set_at == NOW


def test_edit_that_changes_nothing_writes_nothing(desk):
    meeting = add(desk)

    edit(meeting, desk, title=meeting.title)

    assert meeting.history.count() == 1
    assert about(meeting).count() == 1


def test_edit_cannot_part_the_day_from_its_instant(desk):
    meeting = add(desk)

    with pytest.raises(RefusedError, match="move the meeting"):
        edit(meeting, desk, start="2026-04-02")


def test_stale_edit_is_refused(desk):
    meeting = add(desk)
    seen = revision(meeting)
    edit(meeting, desk, title="Second")

    with pytest.raises(StaleError):
        edit(meeting, desk, title="Third", revision=seen)

    meeting.refresh_from_db()
    assert meeting.title == "Second"


def test_move_shifts_every_day_and_raises_the_sequence(desk, now):
    meeting = add(desk, days=[date(2026, 4, 1), date(2026, 4, 3)])
    now.shift(timedelta(hours=1))

    move(meeting, desk)

    meeting.refresh_from_db()
    assert meeting.starts_at == LATER + timedelta(days=2)
    assert (meeting.start, meeting.end) == ("2026-04-03", "2026-04-05")
    assert [row.day for row in meeting.days.all()] == [date(2026, 4, 3), date(2026, 4, 5)]
    assert (meeting.sequence, meeting.time_set_at) == (1, NOW + timedelta(hours=1))
    assert about(meeting).first().event == "meeting.moved"


def test_move_sent_twice_is_refused(desk):
    meeting = add(desk)
    seen = revision(meeting)
    move(meeting, desk, revision=seen)

    with pytest.raises(RefusedError, match="has this time already"):
        move(meeting, desk, revision=seen)

    meeting.refresh_from_db()
    assert meeting.sequence == 1


def test_move_into_another_zone_alone_sets_no_new_time(desk, now):
    meeting = add(desk)
    now.shift(timedelta(hours=1))

    move(meeting, desk, starts_at=LATER, time_zone="Asia/Tokyo")

    meeting.refresh_from_db()
    assert (meeting.time_zone, meeting.time_set_at) == ("Asia/Tokyo", NOW)


def test_move_does_not_cross_the_present(desk, now):
    meeting = add(desk)
    with pytest.raises(RefusedError, match="in the past"):
        move(meeting, desk, starts_at=NOW - timedelta(days=1))
    now.move_to(LATER + timedelta(days=1))

    with pytest.raises(RefusedError, match="can be corrected, but not moved ahead"):
        move(meeting, desk)

    move(meeting, desk, starts_at=LATER - timedelta(hours=1))
    meeting.refresh_from_db()
    assert meeting.starts_at == LATER - timedelta(hours=1)


def test_cancel_is_final(desk):
    meeting = add(desk)

    cancel_meeting(meeting, reason="Off", by=desk)

    meeting.refresh_from_db()
    assert (meeting.status, meeting.sequence) == (MeetingStatus.CANCELLED, 1)
    for act in (
        lambda: cancel_meeting(meeting, reason="Off", by=desk),
        lambda: move(meeting, desk),
    ):
        with pytest.raises(RefusedError, match="is cancelled"):
            act()


def test_cancel_after_the_start_is_refused(desk, now):
    meeting = add(desk)
    now.move_to(LATER)

    with pytest.raises(RefusedError, match="has begun"):
        cancel_meeting(meeting, reason="Off", by=desk)


@pytest.mark.parametrize(
    ("fields", "phase"),
    [
        ({"starts_at": NOW + timedelta(seconds=1)}, Phase.SCHEDULED),
        ({"starts_at": NOW}, Phase.UNDER_WAY),
        ({"starts_at": NOW - timedelta(minutes=59, seconds=59)}, Phase.UNDER_WAY),
        ({"starts_at": NOW - timedelta(minutes=60)}, Phase.HELD),
        ({"starts_at": NOW - timedelta(days=1), "end": "2026-03-02"}, Phase.UNDER_WAY),
        ({"starts_at": NOW - timedelta(days=2), "end": "2026-03-01"}, Phase.HELD),
        ({"starts_at": None, "start": "2026-03-02"}, Phase.UNDER_WAY),
        ({"starts_at": None, "start": "2026-03-01"}, Phase.HELD),
        ({"starts_at": None, "start": "2026-03"}, Phase.SCHEDULED),
        ({"starts_at": None, "start": "2026-02"}, Phase.HELD),
        ({"starts_at": None, "start": ""}, Phase.UNKNOWN),
        ({"status": "cancelled"}, Phase.CANCELLED),
    ],
)
def test_phase_is_read_from_the_clock(fields, phase):
    assert MeetingFactory(**fields).phase(NOW) == phase


# --- Attendance ------------------------------------------------------------------


def attend(meeting, desk, presences, **fields):
    record_attendance(
        meeting,
        **{
            "presences": presences,
            "attending_count": None,
            "attendance_note": "",
            "revision": revision(meeting),
            "reason": "Minutes",
            "by": desk,
        }
        | fields,
    )


def test_attendance_changes_only_what_differs_and_keeps_its_history(desk):
    meeting = MeetingFactory(starts_at=NOW - timedelta(days=1))
    here, away, silent = AgencyFactory(), AgencyFactory(), AgencyFactory()
    attend(meeting, desk, {here: "present", away: "excused", silent: ""})

    attend(meeting, desk, {here: "present", away: "", silent: "remote"})

    assert dict(Attendance.objects.values_list("agency", "presence")) == {
        here.pk: "present",
        silent.pk: "remote",
    }
    rows = Attendance.history.order_by("history_id")
    assert [(row.agency_id, row.presence, row.history_type) for row in rows] == [
        (here.pk, "present", "+"),
        (away.pk, "excused", "+"),
        (away.pk, "excused", "-"),
        (silent.pk, "remote", "+"),
    ]
    assert set(rows.values_list("history_user", "history_change_reason")) == {(desk.pk, "Minutes")}
    assert about(meeting).first().payload["after"] == {away.code: "", silent.code: "remote"}


def test_attendance_of_presence_waits_for_the_start(desk):
    meeting, agency = MeetingFactory(starts_at=LATER), AgencyFactory()
    for presence in ("present", "remote"):
        with pytest.raises(RefusedError, match="only excuses"):
            attend(meeting, desk, {agency: presence})

    attend(meeting, desk, {agency: "excused"})

    assert Attendance.objects.get().presence == "excused"


def test_attendance_of_a_cancelled_meeting_is_refused(desk):
    meeting = MeetingFactory(starts_at=LATER, status="cancelled")

    with pytest.raises(RefusedError, match="was cancelled"):
        attend(meeting, desk, {AgencyFactory(): "excused"})


def fourth_meeting():
    """Fourteen founders, ten of them in Noordwijk; two later members of unknown start."""
    meeting = MeetingFactory(
        key="isecg-4", kind="plenary", starts_at=None, start="2009-12-02", end="2009-12-03"
    )
    founders = [AgencyFactory() for _ in range(14)]
    for number, agency in enumerate(founders):
        AttendanceFactory(
            meeting=meeting, agency=agency, presence="present" if number < 10 else "absent"
        )
    for _ in range(2):
        MembershipFactory(start="", attested_on="2021-12-02")
    return meeting, founders


def words_on_page(client, meeting):
    client.force_login(UserFactory())
    return client.get(meeting.get_absolute_url()).context["attendance"]


def test_fourth_meeting_shows_10_of_14_present(client):
    meeting, founders = fourth_meeting()
    AgencyName(
        agency=founders[0], code="BNSC", name="British National Space Centre", end="2010-03-31"
    ).save_as(None, "test")
    # On that day a source counted fourteen: the two others were not among them.
    MembershipCount(as_of="2015-10-05", count=14).save_as(None, "test")

    attendance = words_on_page(client, meeting)

    assert (attendance.words, attendance.remarks) == ("10 of 14 present", ())
    assert attendance.rows[-1]["header"] == "BNSC"
    assert len(attendance.rows) == 14


def test_attendance_without_a_settled_roster_has_no_denominator(client):
    meeting, _ = fourth_meeting()
    assert words_on_page(client, meeting).words == "10 present"

    MembershipCount(as_of="2015-10-05", count=15).save_as(None, "test")
    assert words_on_page(client, meeting).words == "10 present"


def test_attendance_as_a_bare_count_says_so(client):
    meeting = MeetingFactory(starts_at=None, start="2019-03-18", attending_count=15)
    AgencyFactory()

    attendance = words_on_page(client, meeting)

    assert attendance.words == "15 present"
    assert attendance.remarks == ("The source gives a count, without names.",)
    assert attendance.rows == ()


def test_attendance_shows_guests_remote_ones_silence_and_conflicts(client):
    meeting = MeetingFactory(starts_at=None, start="2019-03-18", attending_count=9)
    for code, presence in (("BBB", "present"), ("AAA", "remote")):
        AttendanceFactory(meeting=meeting, agency=AgencyFactory(code=code), presence=presence)
    guest = AgencyFactory(code="GGG", member=False)
    AttendanceFactory(meeting=meeting, agency=guest)
    AgencyFactory(code="SSS")

    attendance = words_on_page(client, meeting)

    assert attendance.words == "2 of 3 present"
    assert attendance.remarks == (
        "Also there: GGG.",
        "1 of them took part remotely.",
        "The source counts 9 and names 3.",
    )
    assert [(row["header"], row["cells"][0]["label"]) for row in attendance.rows] == [
        ("AAA", "Remote"),
        ("BBB", "Present"),
        ("GGG", "Present"),
        ("SSS", "Not recorded"),
    ]


@pytest.mark.parametrize(
    ("start", "day", "certain"),
    [
        ("2019", date(2018, 12, 31), True),
        ("2019", date(2019, 1, 1), False),
        ("2019", date(2019, 12, 30), False),
        ("2019", date(2019, 12, 31), True),
        ("2015-10-05", date(2015, 10, 5), True),
    ],
)
def test_roster_is_settled_outside_what_a_partial_date_leaves_open(start, day, certain):
    MembershipFactory(start=start)

    assert roster.is_certain(day) is certain


def test_group_meeting_counts_the_agencies_of_the_group(client):
    group = WorkingGroupFactory()
    for start, end in (("2010", ""), ("2010", ""), ("2010", "2012")):
        GroupMember(group=group, agency=AgencyFactory(), start=start, end=end).save_as(None, "t")
    AgencyFactory()
    meeting = MeetingFactory(group=group, starts_at=NOW - timedelta(days=1))
    AttendanceFactory(meeting=meeting, agency=group.members.first().agency)

    assert words_on_page(client, meeting).words == "1 of 2 present"


# --- Local times -----------------------------------------------------------------


def test_strip_shows_the_local_times_of_14_september_2016():
    at = datetime(2016, 9, 14, 13, tzinfo=UTC)
    zones = {
        "CNES": "Europe/Paris",
        "DLR": "Europe/Berlin",
        "ISRO": "Asia/Kolkata",
        "JAXA": "Asia/Tokyo",
        "ASA": "Australia/Adelaide",
        "NASA": "America/New_York",
        "JPL": "America/Los_Angeles",
    }
    agencies = [AgencyFactory(code=code, time_zone=zone) for code, zone in zones.items()]

    strip = local_times.strip(agencies, at=at, minutes=120)

    assert [
        (f"{row.local:%H:%M} {row.zone_name}", [a.code for a in row.agencies], row.warning)
        for row in strip
    ] == [
        ("06:00 PDT", ["JPL"], "before 07:00"),
        ("09:00 EDT", ["NASA"], ""),
        ("15:00 CEST", ["CNES", "DLR"], ""),
        ("18:30 IST", ["ISRO"], ""),
        ("22:00 JST", ["JAXA"], "after 21:00"),
        ("22:30 ACST", ["ASA"], "after 21:00"),
    ]


@pytest.mark.parametrize(
    ("start", "minutes", "words"),
    [
        (time(6, 59), 60, "before 07:00"),
        (time(7), 60, ""),
        (time(20), 60, ""),
        (time(20), 61, "runs past 21:00"),
        (time(20, 59), None, ""),
        (time(21), None, "after 21:00"),
        (time(0), 60, "before 07:00"),
    ],
)
def test_warning_flags_what_lies_outside_07_to_21(start, minutes, words):
    local = datetime.combine(date(2026, 3, 2), start, tzinfo=UTC)

    assert local_times.warning(local, minutes=minutes) == words


# --- Pages -----------------------------------------------------------------------


def test_list_puts_what_is_to_come_first_then_years_then_unknown_days():
    for key, fields in {
        "unknown": {"starts_at": None, "start": ""},
        "year": {"starts_at": None, "start": "2013"},
        "old": {"starts_at": None, "start": "2013-06-02"},
        "far": {"starts_at": LATER + timedelta(days=300)},
        "month": {"starts_at": None, "start": "2026-03"},
        "near": {"starts_at": LATER},
        "off": {"starts_at": LATER + timedelta(days=1), "status": "cancelled"},
        "past": {"starts_at": NOW - timedelta(days=9)},
    }.items():
        MeetingFactory(key=key, **fields)

    entries = in_order(Meeting.objects.prefetch_related("days"), at=NOW)

    assert [(heading, row["meeting"].key) for heading, row in entries] == [
        ("To come", "month"),
        ("To come", "near"),
        ("To come", "off"),
        ("To come", "far"),
        ("2026", "past"),
        ("2013", "old"),
        ("2013", "year"),
        ("Day not known", "unknown"),
    ]


def test_list_filters_by_kind_and_by_title_or_place(client):
    client.force_login(UserFactory())
    MeetingFactory(key="sam", kind="sam", title="Managers")
    MeetingFactory(key="tc", title="Call", place="Cologne")

    def keys(query):
        parts = client.get(f"/meetings/?{query}").context["parts"]
        return [row["meeting"].key for part in parts for row in part["rows"]]

    assert keys("kind=sam") == ["sam"]
    assert keys("q=cologne") == ["tc"]
    assert keys("q=MANAGERS") == ["sam"]
    assert keys("q=cologne&kind=sam") == []


def test_list_costs_the_same_for_10_and_100(client, django_assert_max_num_queries):
    client.force_login(UserFactory())
    counts = []
    for more in (10, 90):
        for _ in range(more):
            MeetingFactory(host=AgencyFactory(), starts_at=NOW - timedelta(days=9))
        with django_assert_max_num_queries(8) as captured:
            response = client.get("/meetings/")
        counts.append(len(captured))

    assert counts[0] == counts[1]
    assert len(response.content) < 100_000


def test_page_costs_the_same_for_10_and_100(at_desk, django_assert_max_num_queries):
    meeting = MeetingFactory(starts_at=NOW - timedelta(days=1))
    counts = []
    for more in (10, 90):
        for _ in range(more):
            AttendanceFactory(meeting=meeting)
            AgendaItemFactory(meeting=meeting, speaker=UserFactory())
        with django_assert_max_num_queries(30) as captured:
            assert at_desk.get(meeting.get_absolute_url()).status_code == 200
        counts.append(len(captured))

    assert counts[0] == counts[1]


def test_page_shows_the_start_on_three_clocks(client):
    meeting = MeetingFactory(starts_at=LATER, time_zone="Asia/Tokyo", duration_minutes=90)
    AgencyFactory(code="NASA", time_zone="America/Los_Angeles")
    client.force_login(UserFactory(time_zone="Asia/Kolkata"))

    html = client.get(meeting.get_absolute_url()).content.decode()

    for shown in (
        "1 Apr 2026 18:30",
        "1 Apr 2026 22:00",
        "1 Apr 2026 13:00",
        "Wed 1 Apr 06:00",
        "before 07:00",
    ):
        assert shown in html
    assert "Reminders go 7 days, 1 day and 1 hour before" in html


def test_page_says_what_is_not_known(client):
    meeting = MeetingFactory(key="sam-2013", starts_at=None, start="", mode="", place="")
    client.force_login(UserFactory())

    html = client.get(meeting.get_absolute_url()).content.decode()

    assert "Day not known" in html
    assert "No time of day is known." in html
    assert html.count("not known") >= 5


def test_page_ties_a_handover_to_its_meeting(client):
    meeting = MeetingFactory(starts_at=LATER)
    ChairTermFactory(agency=AgencyFactory(code="KARI"), handover=meeting, starts_at=LATER)
    client.force_login(UserFactory())

    assert "Handover of the chair" in client.get(meeting.get_absolute_url()).content.decode()


def test_pages_ask_who_is_there(client):
    meeting = MeetingFactory()

    for path in ("/meetings/", meeting.get_absolute_url()):
        assert client.get(path).status_code == 302
    client.force_login(UserFactory())
    assert client.get("/meetings/no-such/").status_code == 404
    assert client.post(meeting.get_absolute_url()).status_code == 405


FORMS = ("meeting_edit", "meeting_move", "meeting_cancel", "meeting_attendance", "item_new")


@pytest.mark.parametrize("name", FORMS)
def test_forms_are_the_secretariats(client, desk, name):
    meeting = MeetingFactory()
    path = reverse(name, args=[meeting.key])
    client.force_login(MandateFactory().person)
    assert client.get(path).status_code == 403
    assert path not in client.get(meeting.get_absolute_url()).content.decode()

    client.force_login(desk)

    assert client.get(path).status_code == 200
    assert path in client.get(meeting.get_absolute_url()).content.decode()


# --- Forms -----------------------------------------------------------------------


def typed(**fields):
    return {
        "kind": "teleconference",
        "title": "Spring call",
        "start": "2026-04-01",
        "time": "15:00",
        "time_zone": "Europe/Paris",
        "confidence": "own",
        "reason": "Agreed",
    } | fields


def test_new_form_makes_the_meeting_once(at_desk):
    response = at_desk.post("/meetings/new/", typed())

    meeting = Meeting.objects.get()
    assert (response.status_code, response["Location"]) == (302, "/meetings/tc-2026-04-01/")
    assert meeting.starts_at == datetime(2026, 4, 1, 13, tzinfo=UTC)

    again = at_desk.post("/meetings/new/", typed())
    assert again.status_code == 422
    assert Meeting.objects.count() == 1


@pytest.mark.parametrize(
    ("fields", "field", "words"),
    [
        ({"start": "2026-03-29", "time": "02:30"}, "time", "does not exist in Europe/Paris"),
        ({"start": "2026-10-25", "time": "02:30"}, "time", "comes twice in Europe/Paris"),
        ({"start": "2026-03-01"}, "time", "in the past"),
        ({"start": "2026-03-01", "time": ""}, "start", "in the past"),
        ({"start": "2026-04"}, "start", "A time needs its day"),
        ({"start": ""}, "start", "A time needs its day"),
        ({"start": "2026-13-01"}, "start", "not a day of the calendar"),
        ({"held": "on"}, "time", "still to come"),
        ({"time_zone": "Mars/Olympus"}, "time_zone", "Select a valid choice"),
        ({"days": "2026-04-01, tomorrow"}, "days", "Write each day in full"),
        ({"days": "2026-04-01"}, "days", "One day alone"),
        ({"reason": ""}, "reason", "required"),
    ],
)
def test_new_form_says_what_is_wrong_beside_the_field_and_keeps_the_rest(
    at_desk, fields, field, words
):
    response = at_desk.post("/meetings/new/", typed(**fields))

    form = response.context["form"]
    assert response.status_code == 422
    assert list(form.errors) == [field]
    assert words in form.errors[field][0]
    assert 'value="Spring call"' in response.content.decode()
    assert form["start"].value() == fields.get("start", "2026-04-01")
    assert not Meeting.objects.exists()


def test_edit_form_keeps_what_a_stale_one_typed(at_desk, desk):
    meeting = add(desk)
    path = f"/meetings/{meeting.key}/edit/"
    seen = at_desk.get(path).context["form"]["revision"].value()
    data = {"kind": meeting.kind, "confidence": "own", "reason": "Corrected"}
    first = at_desk.post(path, data | {"title": "First", "revision": seen})
    second = at_desk.post(path, data | {"title": "Second", "revision": seen})

    assert (first.status_code, second.status_code) == (302, 422)
    assert "changed this on" in second.context["form"].errors["__all__"][0]
    assert 'value="Second"' in second.content.decode()
    meeting.refresh_from_db()
    assert meeting.title == "First"


def test_edit_form_leaves_days_and_instant_as_they_are(at_desk, desk):
    meeting = add(desk, days=[date(2026, 4, 1), date(2026, 4, 3)], place="Paris")
    path = f"/meetings/{meeting.key}/edit/"
    form = at_desk.get(path).context["form"]
    assert "start" not in form.fields
    data = {name: form[name].value() for name in form.fields}
    data["days"] = form["days"].value()
    data = {name: value for name, value in data.items() if value is not None}

    response = at_desk.post(path, data | {"title": "Renamed", "reason": "Typo"})

    assert response.status_code == 302
    former, meeting = meeting, Meeting.objects.get()
    assert (meeting.title, meeting.sequence) == ("Renamed", 0)
    assert meeting.starts_at == former.starts_at
    assert [row.day for row in meeting.days.all()] == [date(2026, 4, 1), date(2026, 4, 3)]


def test_move_form_starts_with_the_local_time_and_refuses_the_past(at_desk, desk):
    meeting = add(desk)
    path = f"/meetings/{meeting.key}/move/"
    form = at_desk.get(path).context["form"]
    assert (form["day"].value(), form["time"].value()) == (date(2026, 4, 1), time(15))
    data = {"time_zone": "Europe/Paris", "revision": form["revision"].value(), "reason": "Clash"}

    past = at_desk.post(path, data | {"day": "2026-03-01", "time": "10:00"})
    skipped = at_desk.post(path, data | {"day": "2026-03-29", "time": "02:30"})
    moved = at_desk.post(path, data | {"day": "2026-03-30", "time": "10:00"})

    assert "in the past" in past.context["form"].errors["time"][0]
    assert "does not exist" in skipped.context["form"].errors["time"][0]
    assert 'value="02:30"' in skipped.content.decode()
    assert (past.status_code, skipped.status_code, moved.status_code) == (422, 422, 302)
    meeting.refresh_from_db()
    assert meeting.starts_at == datetime(2026, 3, 30, 8, tzinfo=UTC)


def test_cancel_form_asks_for_a_reason(at_desk, desk):
    meeting = add(desk)
    path = f"/meetings/{meeting.key}/cancel/"

    assert at_desk.post(path, {"reason": " "}).status_code == 422
    meeting.refresh_from_db()
    assert meeting.status == MeetingStatus.SCHEDULED
    assert at_desk.post(path, {"reason": "Off"}).status_code == 302
    meeting.refresh_from_db()
    assert meeting.status == MeetingStatus.CANCELLED


def test_attendance_form_records_all_agencies_at_once(at_desk):
    meeting = MeetingFactory(starts_at=NOW - timedelta(days=1))
    here, away = AgencyFactory(code="AAA"), AgencyFactory(code="BBB")
    path = f"/meetings/{meeting.key}/attendance/"
    form = at_desk.get(path).context["form"]
    assert [form.fields[name].label for name in form.agencies] == ["AAA", "BBB"]

    response = at_desk.post(
        path,
        {
            f"agency_{here.pk}": "present",
            f"agency_{away.pk}": "absent",
            "attending_count": "2",
            "attendance_note": "The report says two.",
            "revision": form["revision"].value(),
            "reason": "Minutes",
        },
    )

    assert response.status_code == 302
    page = at_desk.get(response["Location"])
    assert page.context["attendance"].words == "1 of 2 present"
    assert "The source counts 2 and names 1." in page.content.decode()
    assert "The report says two." in page.content.decode()
