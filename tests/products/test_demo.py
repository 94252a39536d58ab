from collections import Counter
from datetime import UTC, date, datetime, timedelta
from io import StringIO
from pathlib import Path

import pytest
from django.contrib.auth import authenticate
from django.core.management import CommandError, call_command

from isecg import clock
from isecg.events.log import verify
from isecg.events.models import Event
from isecg.mail.models import Letter
from products import permissions
from products.consensus import Outcome
from products.demo.people import PASSWORD, PEOPLE, SIGN_INS
from products.demo.story import INVENTED, Story
from products.dossier import Dossier
from products.guards import guard
from products.models import Product, WorkplanItem
from products.workflow import PUBLIC, Action, actions
from workgroups import reminders
from workgroups.models import Agency, ChairTerm, Mandate, Meeting, User
from workgroups.permissions import Standing

FILE = Path(__file__).parents[2] / "data" / "isecg.json"


@pytest.fixture
def demo(db, settings):
    settings.DEMO = True


@pytest.fixture
def told(demo):
    call_command("load_reference", str(FILE), stdout=StringIO())
    call_command("load_demo", stdout=StringIO())


def invented():
    return {product.code: product for product in Product.objects.filter(note=INVENTED)}


def user(key):
    return User.objects.get(email=f"{key}@demo.example.org")


def may(key, product):
    granted = permissions.granted(Standing.of(user(key)), product)
    return actions(product.state, granted)


def test_story_has_a_product_in_each_state_up_to_agreed(told):
    products, now = invented(), clock.now()

    assert {code: product.state for code, product in products.items()} == {
        "NAV-2026": "proposed",
        "AR-2026": "proposed",
        "GER-SUP-2026": "drafting",
        "POWER-2026": "shared",
        "SCI-2026": "in_consensus",
        "ISRU-2026": "in_consensus",
        "QUIET-2026": "in_consensus",
        "GNAP-2026": "agreed",
    }
    assert all(product.purpose.endswith(INVENTED) for product in products.values())
    assert all(product.note != INVENTED for product in Product.objects.filter(state__in=PUBLIC))

    science = Dossier(products["SCI-2026"], now).reading
    assert {code: str(stand) for code, stand in science.tally.stands.items()} == {
        "ASI": "concur",
        "DLR": "reservation",
        "ESA": "concur",
        "ISRO": "concur",
        "KARI": "abstain",
        "NASA": "concur",
        "UKSA": "object",
    }
    assert science.tally.no_response == ["CNES", "CSA", "JAXA", "SSAU"]
    assert science.outcome == Outcome.DISSENT
    assert now + timedelta(days=3) < science.call.deadline < now + timedelta(days=7)

    resources = Dossier(products["ISRU-2026"], now).reading
    assert now > resources.call.deadline
    assert resources.outcome == Outcome.CONSENSUS

    quiet = Dossier(products["QUIET-2026"], now).reading
    assert (quiet.call.mode, quiet.call.version.number) == ("silence", 2)
    # Whom the others' letters reach is the mail server's matter; a vacant seat has none.
    assert {row.code for row in quiet.electors if row.notice == "vacant"} == {"SSAU"}
    assert quiet.takes_positions

    power = Dossier(products["POWER-2026"], now)
    assert power.circulation.closes_at > now
    assert [f.rule for f in guard(Action.OPEN_CALL, power.facts) if f.blocks] == [
        "share_period_run"
    ]

    guidelines = Dossier(products["GNAP-2026"], now)
    assert guidelines.decision.outcome == Outcome.WITH_RESERVATIONS
    assert [f.rule for f in guard(Action.RELEASE, guidelines.facts) if f.blocks] == []

    report, navigation = (Dossier(products[code], now) for code in ("AR-2026", "NAV-2026"))
    assert [f.rule for f in guard(Action.START_DRAFTING, report.facts) if f.blocks] == []
    assert [f.rule for f in guard(Action.START_DRAFTING, navigation.facts) if f.blocks] == [
        "group_set",
        "on_workplan",
    ]


def test_story_gives_everybody_who_signs_in_something_to_do(told):
    products = invented()

    people = [authenticate(email=sign_in.email, password=PASSWORD) for sign_in in SIGN_INS]
    assert [person.name for person in people] == [sign_in.name for sign_in in SIGN_INS]
    assert all(person.name.endswith(" (invented)") for person in User.objects.all())
    assert User.objects.count() == len(PEOPLE)
    others = User.objects.exclude(email__in=[sign_in.email for sign_in in SIGN_INS])
    assert not any(person.has_usable_password() for person in others)

    assert Action.RELEASE in may("secretariat", products["GNAP-2026"])
    assert Action.DECLARE in may("chair", products["ISRU-2026"])
    assert Standing.of(user("chair")).is_chair
    assert [str(agency) for agency in Standing.of(user("delegate")).voices] == ["JAXA"]
    assert [str(agency) for agency in Standing.of(user("alternate")).voices] == ["CSA"]
    assert Standing.of(user("staff")).voices == []
    assert may("staff", products["GER-SUP-2026"]) == [Action.CIRCULATE]
    begun = user("staff").drafts.values_list("product__code", "based_on__number")
    assert list(begun) == [("GER-SUP-2026", 3)]

    speaking = Agency.objects.filter(mandates__in=Mandate.objects.valid_at(clock.now()).speaking())
    members = Agency.objects.members_on(clock.now().date())
    vacant = set(members.values_list("code", flat=True)) - {str(agency) for agency in speaking}
    assert {"SSAU", "POLSA"} < vacant
    assert speaking.distinct().count() == 12


def test_story_leaves_the_real_chair_terms_alone(told):
    chair = ChairTerm.objects.in_office_at(clock.now()).get()

    assert (chair.position, str(chair.agency), chair.person) == (13, "CNES", user("chair"))
    past = ChairTerm.objects.exclude(pk=chair.pk)
    assert past.count() == 12
    assert not past.exclude(starts_at=None, ends_at=None).exists()


def test_story_reaches_into_the_next_days_and_the_past(told):
    now = clock.now()
    meeting, next_week = Meeting.objects.upcoming_at(now)
    owed = {notice.kind for notice in reminders.plan(now)}

    assert meeting.starts_at < now + timedelta(days=7)
    this_monday = now.date() - timedelta(days=now.weekday())
    assert next_week.starts_at.date() - this_monday >= timedelta(days=7)
    assert owed == {"meeting.reminder"}
    links = [item.product_link for item in meeting.agenda.all() if hasattr(item, "product_link")]
    assert [str(link.version) for link in links] == [
        "SCI-2026 v3",
        "POWER-2026 v2",
        "GER-SUP-2026 v3",
    ]
    assert Counter(WorkplanItem.objects.values_list("kind", flat=True)) == {
        "product": 7,
        "activity": 4,
    }
    letters = Letter.objects.order_by("due_at")
    assert letters.first().due_at < now - timedelta(days=100)
    assert letters.last().due_at < now


def test_story_is_told_in_order_and_once(told):
    count, _, broken = verify()
    told_at = [event.at for event in Event.objects.exclude(event="reference.loaded")]

    assert broken is None
    assert count == len(told_at) + 1
    assert told_at == sorted(told_at)
    assert told_at[-1] < clock.now()
    assert Product.objects.get(code="SCI-2026").history.earliest().history_date < told_at[-1]
    with pytest.raises(CommandError, match="There are people here already"):
        call_command("load_demo")
    assert Event.objects.count() == count


def test_story_is_told_in_a_demo_only(db, settings):
    settings.DEMO = False

    with pytest.raises(CommandError, match="This is no demo"):
        call_command("load_demo")


def test_story_needs_the_past_first(demo):
    with pytest.raises(CommandError, match="There are no agencies yet"):
        call_command("load_demo")


def test_sign_ins_are_printed_without_a_database():
    said = StringIO()

    call_command("load_demo", "--sign-ins", stdout=said)

    assert PASSWORD in said.getvalue()
    for sign_in in SIGN_INS:
        assert f"  {sign_in.email} " in said.getvalue()


@pytest.mark.parametrize(
    ("now", "number", "day"),
    [
        (datetime(2026, 3, 4, 12, tzinfo=UTC), -1, date(2026, 3, 3)),
        (datetime(2026, 3, 4, 12, tzinfo=UTC), 4, date(2026, 3, 10)),
        (datetime(2026, 3, 2, 12, tzinfo=UTC), -1, date(2026, 2, 27)),
        # On a Saturday the last working day is Friday, and the first ahead Monday.
        (datetime(2026, 3, 7, 12, tzinfo=UTC), -1, date(2026, 3, 6)),
        (datetime(2026, 3, 7, 12, tzinfo=UTC), 1, date(2026, 3, 9)),
        (datetime(2026, 3, 6, 12, tzinfo=UTC), -5, date(2026, 2, 27)),
        # In Paris it is Thursday already.
        (datetime(2026, 3, 4, 23, 30, tzinfo=UTC), -1, date(2026, 3, 4)),
    ],
)
def test_story_counts_working_days(now, number, day):
    assert Story(now).day(number) == day


def test_story_keeps_today_for_the_visitor():
    with pytest.raises(ValueError, match="today belongs to the visitor"):
        Story(clock.now()).on(0, lambda story: None)
