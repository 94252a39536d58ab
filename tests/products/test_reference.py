import json
from copy import deepcopy
from datetime import UTC, date, datetime
from io import StringIO
from pathlib import Path

import pytest
from django.apps import apps
from django.core.management import CommandError, call_command

from isecg.events.log import verify
from isecg.events.models import Event
from isecg.provenance import Confidence
from products.models import Participation, Product, Relation, Release, ReleaseParticipant
from products.reference.reading import BrokenFileError, check, read
from workgroups import models as workgroups
from workgroups.models import Agency, ChairTerm, Meeting, Membership, MembershipCount

FILE = Path(__file__).parents[2] / "data" / "isecg.json"
DATA = json.loads(FILE.read_text())
PLACES = {
    (name, row[key]): index
    for name, key in [("agencies", "code"), ("meetings", "id"), ("products", "code")]
    for index, row in enumerate(DATA[name])
}


@pytest.fixture
def loaded(db):
    load(FILE)


def load(path):
    said = StringIO()
    call_command("load_reference", str(path), stdout=said)
    return said.getvalue()


def counts():
    return {model._meta.label: model.objects.count() for model in apps.get_models()}


def printed_codes(code):
    release = Release.objects.get(product__code=code)
    return list(release.participants.values_list("code", flat=True))


def test_load_brings_every_record(loaded):
    found = {
        model.__name__: count
        for model in apps.get_app_config("workgroups").get_models()
        if not model.__name__.startswith("Historical") and (count := model.objects.count())
    }

    assert found == {
        "Agency": 27,
        "AgencyName": 7,
        "Membership": 27,
        "MembershipCount": 7,
        "Meeting": 26,
        "MeetingDay": 2,
        "Attendance": 95,
        "ChairTerm": 12,
        "WorkingGroup": 14,
        "LiaisonOrganisation": 5,
    }
    assert Product.objects.count() == 24
    assert Relation.objects.count() == 8
    assert Release.objects.count() == 23


def test_load_keeps_source_and_confidence_of_each_record(loaded):
    meeting = Meeting.objects.get(key="isecg-3")
    given = DATA["meetings"][PLACES["meetings", "isecg-3"]]

    assert meeting.source == given["source"]
    assert meeting.other_sources == given["other_sources"]
    assert (meeting.confidence, meeting.note) == (Confidence.HIGH, given["note"])
    for name in ("Agency", "Meeting", "ChairTerm", "WorkingGroup", "LiaisonOrganisation"):
        rows = getattr(workgroups, name).objects
        assert not rows.filter(source="").exists()
        assert not rows.filter(confidence=Confidence.OWN).exists()


def test_load_leaves_unknown_what_the_file_does_not_know(loaded):
    norway = Agency.objects.get(key="nosa")
    meeting = Meeting.objects.get(key="isecg-1")
    first, last = ChairTerm.objects.get(position=1), ChairTerm.objects.get(position=12)
    reference = Product.objects.get(code="RALE-2010")

    assert [member.start for member in norway.memberships.all()] == [""]
    assert (meeting.host, meeting.chair, meeting.attending_count) == (None, None, None)
    assert meeting.attendance.count() == 0
    assert (first.agency, first.start, last.agency, last.start) == (None, "2007-11", None, "")
    assert reference.release.participants.count() == 0
    assert reference.participations.count() == 0
    assert set(Participation.objects.values_list("degree", "joined_at", "left_at")) == {
        ("", None, None)
    }


def test_load_gives_no_power_to_a_term_of_the_past(loaded):
    assert list(ChairTerm.objects.in_office_at(datetime(2015, 1, 1, tzinfo=UTC))) == []


def test_load_leads_bnsc_and_uksa_to_one_agency(loaded):
    agency = Agency.objects.get(key="uksa")

    assert printed_codes("GES-2007") == [
        "ASI",
        "BNSC",
        "CNES",
        "CNSA",
        "CSA",
        "CSIRO",
        "DLR",
        "ESA",
        "ISRO",
        "JAXA",
        "KARI",
        "NASA",
        "ROSCOSMOS",
        "SSAU",
    ]
    assert "UKSA" in printed_codes("GER-2013")
    assert "BNSC" not in printed_codes("GER-2013")
    printed = ReleaseParticipant.objects.filter(agency=agency).order_by("release__day")
    assert list(printed.values_list("code", "name")) == [
        ("BNSC", "British National Space Centre"),
        ("UKSA", "UK Space Agency"),
        ("UKSA", "UK Space Agency"),
    ]
    assert list(Agency.objects.matching("BNSC")) == [agency]
    assert list(Agency.objects.matching("NSAU")) == [Agency.objects.get(key="ssau")]


def test_load_counts_the_fourth_meeting(loaded):
    attendance = Meeting.objects.get(kind="plenary", number=4).attendance

    assert attendance.filter(presence="present").count() == 10
    absent = attendance.filter(presence="absent")
    assert list(absent.values_list("agency__code", flat=True)) == [
        "CNSA",
        "CSIRO",
        "ROSCOSMOS",
        "SSAU",
    ]


def test_load_relates_the_editions_of_the_roadmap(loaded):
    earlier, later = Product.objects.get(code="GER-2011"), Product.objects.get(code="GER-2013")

    assert (earlier.state, later.state) == ("superseded", "superseded")
    assert [(r.product, r.kind) for r in earlier.related_from.all()] == [(later, "supersedes")]
    assert later.release.day == "2013-08-20"
    assert later.release.participants.count() == 12
    assert Agency.objects.members_on(date(2013, 8, 20)).count() == 14
    assert Product.objects.get(code="TOR-2007").state == "released"
    assert Product.objects.get(code="WORKPLAN").state == "drafting"


@pytest.mark.parametrize(("day", "member"), [(4, False), (5, True)])
def test_load_makes_uaesa_a_member_on_its_day(loaded, day, member):
    members = Agency.objects.members_on(date(2015, 10, day))

    assert members.filter(key="uaesa").exists() is member


@pytest.mark.parametrize(
    ("as_of", "day"),
    [
        ("2007-11", date(2007, 11, 30)),
        ("2015-10-05", date(2015, 10, 5)),
        ("2019-12", date(2019, 12, 31)),
        ("2021-12-02", date(2021, 12, 2)),
    ],
)
def test_load_gives_as_many_members_as_the_sources_count(loaded, as_of, day):
    counted = MembershipCount.objects.get(as_of=as_of).count

    assert Agency.objects.members_on(day).count() == counted


def test_load_attests_a_membership_whose_start_nobody_gives(loaded):
    attested = Membership.objects.filter(start="")

    assert set(attested.values_list("agency__code", "attested_on")) == {
        ("NOSA", "2021-12-02"),
        ("VNSC", "2021-12-02"),
    }


def test_load_ties_a_handover_to_the_one_meeting_of_its_day(loaded):
    handovers = ChairTerm.objects.exclude(handover=None)

    assert list(handovers.values_list("agency__code", "handover__key")) == [
        ("ESA", "tc-2009-05-20"),
        ("ESA", "sam-2014-09"),
    ]


def test_load_keeps_instants_and_days_that_are_not_adjacent(loaded):
    workshop = Meeting.objects.get(key="vw-2016-09-14")
    managers = Meeting.objects.get(key="sam-2021-11")

    assert workshop.starts_at == datetime(2016, 9, 14, 13, tzinfo=UTC)
    assert (workshop.time_zone, workshop.duration_minutes) == ("UTC", 120)
    assert workshop.as_announced.startswith("0600 PDT")
    assert [day.day for day in managers.days.all()] == [date(2021, 11, 30), date(2021, 12, 2)]


def test_load_records_one_event_and_a_reason(loaded):
    event = Event.objects.get()
    agency = Agency.objects.get(key="esa")

    assert (event.event, event.user) == ("reference.loaded", None)
    assert event.subject == f"agency:{agency.pk}"
    assert event.payload["after"]["added"]["Meeting"] == 26
    assert event.payload["after"]["changed"] == {}
    assert verify()[2] is None
    reasons = agency.history.values_list("history_change_reason", "history_user")
    assert list(reasons) == [("Reference data: ISECG reference data for seeding the tracker", None)]


def test_load_twice_changes_nothing(loaded):
    before = counts()

    said = load(FILE)

    assert counts() == before
    assert said.endswith("All of it is here already: nothing was changed.\n")


def test_load_of_a_corrected_file_writes_the_difference_alone(loaded, tmp_path):
    data = deepcopy(DATA)
    data["agencies"][PLACES["agencies", "NOSA"]] |= {"hq_city": "Bergen", "founding_member": True}
    before = counts()

    said = load(written(tmp_path, data))

    assert said.endswith("Rows added: 0. Rows changed: 1.\n")
    assert Agency.objects.get(key="nosa").hq_city == "Bergen"
    changed = {name: count - before[name] for name, count in counts().items()}
    assert {name: more for name, more in changed.items() if more} == {
        "workgroups.HistoricalAgency": 1,
        "events.Event": 1,
    }


def test_load_again_undoes_no_act_of_the_tracker(loaded):
    release = Release.objects.get(product__code="GER-2013")
    product = Product.objects.get(code="GER-2024")
    product.state = "superseded"
    product.save_as(None, "A fifth edition.")
    agency = Agency.objects.get(key="kari")
    agency.code, agency.hq_city = "KASA", "Sacheon"
    agency.save_as(None, "Renamed.")
    meeting = Meeting.objects.get(key="sam-2014-09")
    meeting.place = "Toronto"
    meeting.save_as(None, "Found.")

    load(FILE)

    for row in (product, agency, meeting):
        row.refresh_from_db()
    assert product.state == "superseded"
    assert agency.code == "KASA"
    # The file knows the head office, and says nothing of the place.
    assert agency.hq_city == "Daejeon"
    assert meeting.place == "Toronto"
    assert release.participants.get(agency=agency).code == "KARI"


def written(tmp_path, data):
    path = tmp_path / "reference.json"
    path.write_text(json.dumps(data))
    return path


def broken(name, code, change):
    """Return the whole file with ``change`` made to one record of it."""
    data = deepcopy(DATA)
    row = data[name][PLACES[name, code]]
    change(row)
    return data


def say(name, code, rest):
    return f"{name}[{PLACES[name, code]}] {code}: {rest}"


def put(**values):
    return lambda row: row.update(values)


KINDS = "national, intergovernmental"
BROKEN = {
    "no such day": (
        "products", "GER-2013", put(released="2013-13"),
        "field `released`: “2013-13” is not a day of the calendar.",
    ),
    "no date": (
        "meetings", "isecg-2", put(start="10 July 2008"),
        "field `start`: “10 July 2008” is not a date: write 2007, 2007-11 or 2007-11-06.",
    ),
    "a number for a date": (
        "agencies", "POLSA", put(joined=2019),
        "field `joined`: 2019 is not a date in quotes.",
    ),
    "precision": (
        "products", "GER-2018", put(released_precision="day"),
        "field `released_precision`: It says day; `released` is month.",
    ),
    "precision of nothing": (
        "agencies", "NOSA", put(joined_precision="year"),
        "field `joined_precision`: It says year; `joined` is null.",
    ),
    "missing field": (
        "meetings", "isecg-4", lambda row: row.pop("absent_agencies"),
        "field `absent_agencies`: It is missing; write null for what is not known.",
    ),
    "unknown field": (
        "agencies", "ESA", put(joind="2007"),
        "field `joind`: There is no such field.",
    ),
    "unknown kind": (
        "agencies", "CSA", put(kind="private"),
        f"field `kind`: “private” is none of: {KINDS}.",
    ),
    "unknown status": (
        "products", "GER-2024", put(status="agreed"),
        "field `status`: “agreed” is none of: released, superseded, adopted, living.",
    ),
    "unknown confidence": (
        "products", "TEL-2018", put(confidence="own"),
        "field `confidence`: “own” is none of: high, medium, low.",
    ),
    "unknown agency": (
        "products", "GER-2011", lambda row: row["participating_agencies"].append("BNSC"),
        "field `participating_agencies`: “BNSC” is not among the agencies.",
    ),
    "unknown host": (
        "meetings", "sam-2023-12", put(host_agency="KASA"),
        "field `host_agency`: “KASA” is not among the agencies.",
    ),
    "unknown group": (
        "products", "ISRU-2021", put(responsible_wg="GATS"),
        "field `responsible_wg`: “GATS” is not among the working groups.",
    ),
    "unknown relation target": (
        "products", "GER-SUP-2022",
        lambda row: row["relations"][1].update(target="GER-2017"),
        "field `relations[1].target`: “GER-2017” is not among the products.",
    ),
    "unknown relation": (
        "products", "GER-2024", lambda row: row["relations"][0].update(type="replaces"),
        "field `relations[0].type`: “replaces” is none of: supersedes, supplements, summary_of, "
        "builds_on, updates.",
    ),
    "second successor": (
        "products", "GER-2024", lambda row: row["relations"][0].update(target="GER-2013"),
        "field `relations[0].target`: “GER-2013” is superseded by GER-2018 already.",
    ),
    "relation to itself": (
        "products", "BEN-2025", lambda row: row["relations"][0].update(target="BEN-2025"),
        "field `relations[0].target`: “BEN-2025” leads back to BEN-2025.",
    ),
    "circle of relations": (
        "products", "SWP-2017",
        put(relations=[{"type": "builds_on", "target": "SWP-SUM-2016"}]),
        "field `relations[0].target`: “SWP-SUM-2016” leads back to SWP-2017.",
    ),
    "agency twice": (
        "meetings", "isecg-4", lambda row: row["attending_agencies"].append("ASI"),
        "field `attending_agencies[10]`: “ASI” stands here twice.",
    ),
    "present and absent": (
        "meetings", "isecg-4", lambda row: row["absent_agencies"].append("ESA"),
        "field `absent_agencies`: ESA attended as well.",
    ),
    "duplicate code": (
        "products", "GER-2018", put(code="ger-2013"),
        None,
    ),
    "end before start": (
        "meetings", "isecg-2", put(end="2008-07-09"),
        "field `end`: “2008-07-09” does not lie after `start`, “2008-07-10”.",
    ),
    "number twice": (
        "meetings", "isecg-3", put(number=2),
        "field `number`: meetings[4] of this kind has the same one.",
    ),
    "negative count": (
        "meetings", "isecg-3", put(attending_count=-1),
        "field `attending_count`: -1 is not a count: write a whole number from 0 to 32767.",
    ),
    "true for a count": (
        "meetings", "isecg-3", put(attending_count=True),
        "field `attending_count`: True is not a count: write a whole number from 0 to 32767.",
    ),
    "no such zone": (
        "agencies", "CSA", put(timezone="America/Saint_Hubert"),
        "field `timezone`: “America/Saint_Hubert” is not a time zone: write it as in "
        "Europe/Paris.",
    ),
    "local time": (
        "meetings", "vw-2016-07-06",
        lambda row: row["times"].update(start_utc="2016-07-06T09:00:00-04:00"),
        "field `times.start_utc`: “2016-07-06T09:00:00-04:00” is not in UTC: end it with Z.",
    ),
    "empty source": (
        "products", "AR-2007", put(source=" "),
        "field `source`: It is empty; write null for what is not known.",
    ),
    "too long a title": (
        "products", "AR-2007", put(title="x" * 251),
        "field `title`: It has 251 characters; 250 is the most.",
    ),
    "alias without a name": (
        "agencies", "UKSA", put(aliases=["BNSC", "UKSC"]),
        "field `aliases`: “UKSC” is in no entry of `name_history`.",
    ),
    "wrong date of a name": (
        "agencies", "UKSA", lambda row: row["name_history"][0].update(to="2010-02-30"),
        "field `name_history[0].to`: “2010-02-30” is not a day of the calendar.",
    ),
}  # fmt: skip


@pytest.mark.parametrize("case", BROKEN)
def test_check_names_record_and_field(case):
    name, code, change, sentence = BROKEN[case]
    if case == "duplicate code":
        first = PLACES["products", "GER-2013"]
        place = PLACES["products", "GER-2018"]
        sentence = f"products[{place}] ger-2013: field `code`: products[{first}] has the same one."
    else:
        sentence = say(name, code, sentence)

    with pytest.raises(BrokenFileError) as refusal:
        check(broken(name, code, change))

    assert str(refusal.value) == sentence


@pytest.mark.parametrize(
    ("change", "sentence"),
    [
        (lambda data: data.pop("meetings"), "The file has no `meetings`."),
        (lambda data: data.update(people=[]), "The file has a `people`, which is not known."),
        (lambda data: data.update(agencies={}), "`agencies` is not a list."),
        (lambda data: data["products"].insert(0, "GER"), "products[0]: “GER” is not an object."),
        (
            lambda data: data["chair_terms"][2].update(agency="NASDA"),
            "chair_terms[2]: field `agency`: “NASDA” is not among the agencies.",
        ),
        (
            lambda data: data["working_groups"][3].update(predecessor="IAWG"),
            "working_groups[4] IAWG: field `predecessor`: “ISWG” leads back to IAWG.",
        ),
        (
            lambda data: data["meta"]["secretariat"].update(host_agency="NASDA"),
            "meta: field `secretariat.host_agency`: There is no agency with the code “NASDA”.",
        ),
        (
            lambda data: data.update(meta={}),
            "meta: `title` and `secretariat.host_agency` are needed.",
        ),
    ],
)
def test_check_names_what_is_wrong_with_the_file(change, sentence):
    data = deepcopy(DATA)
    change(data)

    with pytest.raises(BrokenFileError) as refusal:
        check(data)

    assert str(refusal.value) == sentence


@pytest.mark.parametrize(
    ("content", "sentence"),
    [
        (b'{"agencies": [\n}', "is not JSON: line 2, column 1: Expecting value."),
        (b'{"agencies": NaN}', "is not JSON: NaN is no number."),
        (b'{"a": "\xff"}', "is not UTF-8 text (byte 7)."),
    ],
)
def test_read_refuses_what_is_not_json(tmp_path, content, sentence):
    path = tmp_path / "reference.json"
    path.write_bytes(content)

    with pytest.raises(BrokenFileError) as refusal:
        read(path)

    assert str(refusal.value) == f"{path} {sentence}"


def test_load_of_a_broken_file_writes_nothing(db, tmp_path):
    # The last record of the file is the broken one: all before it are sound.
    data = deepcopy(DATA)
    data["liaison_organisations"][-1]["founded"] = "2014-1-9"
    before = counts()

    with pytest.raises(CommandError) as refusal:
        load(written(tmp_path, data))

    assert refusal.value.returncode == 1
    assert str(refusal.value) == (
        "Nothing was loaded. liaison_organisations[4] ISEF: field `founded`: “2014-1-9” is not a "
        "date: write 2007, 2007-11 or 2007-11-06."
    )
    assert counts() == before


def test_load_says_when_there_is_no_file(db, tmp_path):
    path = tmp_path / "none.json"

    with pytest.raises(CommandError, match=f"{path} cannot be read: No such file or directory."):
        load(path)
