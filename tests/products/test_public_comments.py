"""Asking the public for comments, and what becomes of them (rules 14 and 36)."""

import json
from datetime import timedelta

import pytest
import time_machine
from django.contrib.auth.models import AnonymousUser
from django.core.exceptions import PermissionDenied
from django.db import IntegrityError, transaction

from isecg import clock
from isecg.events.models import Event
from isecg.mail import delivery
from isecg.mail.models import Letter, State
from products.consensus import Outcome, Stand
from products.models import CommentWindow, Product, PublicComment, Release, Version, VersionFile
from products.remarks import Moderation, PublicDisposition
from products.services import comment_windows, decisions, public_comments, releases
from products.services.errors import ProductError
from products.workflow import State as ProductState
from products.your_turn import your_turn
from tests.factories import (
    AgencyFactory,
    CommentWindowFactory,
    GroupRoleFactory,
    MandateFactory,
    ProductFactory,
    PublicCommentFactory,
    UserFactory,
)
from tests.products.world import make_call, make_world, write_version
from workgroups.permissions import Standing
from workgroups.roles import Capacity

pytestmark = pytest.mark.django_db

NOW = "2026-03-02 12:00Z"
WORDS = {
    "name": "Pat Public",
    "affiliation": "Dust Institute",
    "address": "pat@public.example",
    "place": "2.3",
    "text": "Please think of the dust.",
}


@pytest.fixture(autouse=True)
def at_noon():
    with time_machine.travel(NOW, tick=False) as travel:
        yield travel


@pytest.fixture
def world(at_noon):
    return make_world(2, codes=["ESA", "JAXA"], code="DRAFT", title="On dust")


def open_window(world, *, version=..., days=40, by=None, note="Mind the dust.", product=None):
    product = product or world.product
    return comment_windows.open_window(
        product,
        version=product.versions.first() if version is ... else version,
        closes_at=clock.now() + timedelta(days=days),
        time_zone="Asia/Tokyo",
        note=note,
        by=by or world.secretariat,
    )


def released(code):
    """Return a product that was released in this tracker."""
    world = make_call(1, code=code)
    world.say(0, Stand.CONCUR)
    decisions.declare(
        world.product, outcome=Outcome.CONSENSUS, statement="So it is.", by=world.secretariat
    )
    releases.release(world.product, reason="Agreed.", by=world.secretariat)
    return Product.objects.select_related("release__version").get(code=code)


def seen_by_the_public(rows):
    return list(rows.objects.visible_to(Standing.of(AnonymousUser())))


def happened(event):
    return [
        (row.user, row.payload)
        for row in Event.objects.filter(event=f"product.{event}").order_by("seq")
    ]


# --- Windows ---------------------------------------------------------------------


def test_a_window_posts_exactly_one_version_with_its_files(world):
    first = world.product.versions.get()
    second = write_version(world.product)
    assert seen_by_the_public(Version) == []

    window = open_window(world, version=first)

    assert (window.product, window.version, window.opens_at) == (world.product, first, clock.now())
    assert (window.time_zone, window.note, window.ended_at) == (
        "Asia/Tokyo",
        "Mind the dust.",
        None,
    )
    assert seen_by_the_public(Version) == [first]
    assert seen_by_the_public(VersionFile) == list(first.files.all()) != []
    assert seen_by_the_public(CommentWindow) == [window]
    assert seen_by_the_public(Product) == []
    assert second not in seen_by_the_public(Version)


def test_a_window_is_public_from_its_first_to_its_last_instant(world, at_noon):
    window = open_window(world)
    seen = {}
    for name, moment in {
        "before": window.opens_at - timedelta(microseconds=1),
        "first": window.opens_at,
        "last": window.closes_at,
        "after": window.closes_at + timedelta(microseconds=1),
    }.items():
        at_noon.move_to(moment)
        seen[name] = len(seen_by_the_public(Version)), len(seen_by_the_public(CommentWindow))

    assert seen == {"before": (0, 0), "first": (1, 1), "last": (1, 1), "after": (0, 0)}


def test_a_version_with_two_windows_is_one_row(world, at_noon):
    window = open_window(world)
    comment_windows.close_window(window, reason="Too early.", by=world.secretariat)
    open_window(world)
    CommentWindowFactory(version=window.version)

    assert seen_by_the_public(Version) == [window.version]


def test_a_withdrawn_product_is_not_public_any_more(world):
    open_window(world)
    Product.objects.filter(pk=world.product.pk).update(state=ProductState.WITHDRAWN)

    assert seen_by_the_public(Version) == seen_by_the_public(CommentWindow) == []


def test_the_rule_costs_no_query_more(world, django_assert_num_queries):
    open_window(world)

    with django_assert_num_queries(1):
        assert len(seen_by_the_public(Version)) == 1


def test_opening_is_recorded_and_tells_the_people_of_all_members_once(world):
    alternate = MandateFactory(agency=world.agencies[0], capacity=Capacity.STAFF)
    MandateFactory(agency=AgencyFactory(member=False))
    MandateFactory(agency=world.agencies[1], person=alternate.person)

    open_window(world)

    letters = Letter.objects.filter(kind="public_comment.opened")
    assert sorted(row.recipient.pk for row in letters) == sorted(
        [*(head.pk for head in world.heads), alternate.person.pk]
    )
    letter = letters.get(recipient=world.heads[0])
    assert (letter.subject, letter.text.rstrip()) == (
        "[DRAFT] The public is asked for comments",
        "Sam Secretariat has asked the public for comments on version 1 of DRAFT, “On dust”.\n\n"
        "That version and its files are public until 11 Apr 2026 12:00 UTC, marked as a draft "
        "that is neither agreed nor binding. No other version is.\n\n"
        "What the public is told:\nMind the dust.\n\n"
        "What the secretariat lets pass is handed over to all member agencies.\n\n"
        "The page of its public comments: http://testserver/products/DRAFT/public-comments/\n\n"
        "A non-binding product of ISECG.",
    )
    ((by, payload),) = happened("public_comment_opened")
    assert (by, payload["version"], payload["reason"]) == (
        world.secretariat,
        "v1",
        "Mind the dust.",
    )
    assert payload["after"] == {
        "closes_at": "2026-04-11T12:00:00+00:00",
        "minimum_days": 30,
        "sha256": world.product.versions.get().sha256,
    }


@pytest.mark.parametrize(("days", "taken"), [(29.999, False), (30, True)])
def test_a_window_lasts_the_least_number_of_days(world, days, taken):
    if taken:
        assert open_window(world, days=days)
        return
    with pytest.raises(ProductError, match=r"at least 30 days: until 1 Apr 2026 12:00 UTC"):
        open_window(world, days=days)
    assert not CommentWindow.objects.exists()


def test_the_least_number_of_days_is_a_setting(world, settings):
    settings.ISECG_PUBLIC_COMMENT_DAYS = 45

    with pytest.raises(ProductError, match="at least 45 days"):
        open_window(world)


def test_no_two_windows_on_a_product_are_open(world):
    open_window(world)

    with pytest.raises(ProductError, match="until 11 Apr 2026 21:00 JST already"):
        open_window(world, version=write_version(world.product))
    assert CommentWindow.objects.count() == 1


def test_another_window_opens_after_the_first_one(world, at_noon):
    window = open_window(world)
    at_noon.move_to(window.closes_at + timedelta(seconds=1))

    assert open_window(world).version == window.version


@pytest.mark.parametrize("state", [ProductState.SUPERSEDED, ProductState.WITHDRAWN])
def test_what_has_ended_is_not_posted(world, state):
    Product.objects.filter(pk=world.product.pk).update(state=state)

    with pytest.raises(ProductError, match="in force, or on its way"):
        open_window(world)


def test_a_version_of_another_product_is_not_posted(world):
    with pytest.raises(ProductError, match="is no version of DRAFT"):
        open_window(world, version=write_version(ProductFactory()))


def test_a_product_without_a_version_has_nothing_to_post(world):
    product = ProductFactory(state=ProductState.PROPOSED)

    with pytest.raises(ProductError, match="has no version"):
        open_window(world, product=product, version=None)


def test_a_released_product_is_commented_as_it_was_released(world):
    product = released("OUT")
    later = write_version(product)

    with pytest.raises(ProductError, match="what was released"):
        open_window(world, product=product, version=later)
    with pytest.raises(ProductError, match="what was released"):
        open_window(world, product=product, version=None)
    window = open_window(world, product=product, version=product.release.version)

    assert window.version == product.release.version
    assert later not in seen_by_the_public(Version)
    letter = Letter.objects.filter(kind="public_comment.opened").first()
    assert "They do not change the released edition." in letter.text


def test_what_was_released_before_the_tracker_is_commented_without_a_version(world):
    product = ProductFactory(code="OLD", state=ProductState.RELEASED)
    Release(product=product, day="2013").save_as(None, "test")

    window = open_window(world, product=product, version=None, note="")

    assert window.version is None
    assert str(window) == "Public comment on OLD"


@pytest.mark.parametrize("who", ["head", "editor", "nobody"])
def test_the_secretariat_alone_opens_and_closes(world, who):
    person = {"head": world.heads[0], "nobody": UserFactory()}.get(who)
    if who == "editor":
        person = GroupRoleFactory(group=world.product.group).person
    with pytest.raises(PermissionDenied, match="Only the secretariat"):
        open_window(world, by=person)
    window = open_window(world)

    with pytest.raises(PermissionDenied, match="Only the secretariat"):
        comment_windows.close_window(window, reason="r", by=person)
    assert window.is_open_at(clock.now())


def test_closing_early_hides_the_draft_and_is_recorded(world, at_noon):
    window = open_window(world)
    at_noon.shift(timedelta(days=3))

    comment_windows.close_window(window, reason="A grave mistake.", by=world.secretariat)

    assert seen_by_the_public(Version) == []
    assert window.history.first().history_change_reason == "Closed early: A grave mistake."
    ((by, payload),) = happened("public_comment_closed")
    assert (by, payload["reason"], payload["after"]) == (
        world.secretariat,
        "A grave mistake.",
        {"ended_at": "2026-03-05T12:00:00+00:00"},
    )
    with pytest.raises(ProductError, match="over already"):
        comment_windows.close_window(window, reason="Again.", by=world.secretariat)


# --- What comes in ----------------------------------------------------------------


def test_a_comment_is_held_numbered_and_acknowledged(world):
    PublicCommentFactory(number=41)
    window = open_window(world)
    PublicCommentFactory(window=window, number=6)

    comment = public_comments.receive(window, **WORDS)

    assert {name: getattr(comment, name) for name in WORDS} == WORDS
    assert (comment.number, comment.moderation, comment.received_at) == (
        7,
        Moderation.HELD,
        clock.now(),
    )
    assert (comment.handed_over_at, comment.disposition) == (None, "")


def test_the_acknowledgement_holds_none_of_the_senders_words(world):
    window = open_window(world)
    Letter.objects.all().delete()

    public_comments.receive(
        window,
        name="BUY NOW at http://evil.example",
        affiliation="Cheap pills",
        address="victim@example.com",
        place="Click http://evil.example",
        text="Buy cheap pills.",
    )

    letter = Letter.objects.get()
    assert (letter.recipient, letter.address, letter.state) == (
        None,
        "victim@example.com",
        State.QUEUED,
    )
    assert letter.subject == "[DRAFT] Your comment was received"
    assert letter.text.rstrip() == (
        "Thank you. A comment on DRAFT, “On dust”, was received from this address on "
        "2 Mar 2026 12:00 UTC. It is kept as P-1.\n\n"
        "The ISECG secretariat looks at it first. Then it is passed to all member agencies of "
        "ISECG, and answered or queued for the next edition. You are told at this address what "
        "was decided. A released edition is not changed by comments.\n\n"
        "What is kept about you, and for how long: http://testserver/public-comments/privacy/\n\n"
        "You did not comment? Then somebody else typed this address. You need do nothing; to "
        "have it removed, write to the secretariat and name P-1 on DRAFT.\n\n"
        "A non-binding product of ISECG."
    )
    assert letter.why == (
        "You get this because this address was given with a comment at http://testserver."
    )
    whole = f"{letter.subject} {letter.text} {letter.html} {letter.why}"
    assert "evil" not in whole
    assert "pills" not in whole


def test_the_chain_of_events_holds_nothing_of_who_commented(world):
    window = open_window(world)
    comment = public_comments.receive(window, **WORDS)
    dealt_with(world, comment)
    public_comments.erase_commenter(comment, reason="On request.", by=world.secretariat)

    log = json.dumps(list(Event.objects.values("event", "actor", "subject", "payload")))
    assert [word for word in WORDS.values() if word != "2.3" and word in log] == []
    assert [entry["after"] for _, entry in happened("public_comment_received")] == [
        {"numbers": [1]}
    ]


@pytest.mark.parametrize("over", ["ended", "past", "withdrawn"])
def test_nothing_is_taken_when_the_time_is_over(world, at_noon, over):
    window = open_window(world)
    stale = CommentWindow.objects.select_related("product").get()
    if over == "ended":
        comment_windows.close_window(window, reason="r", by=world.secretariat)
    elif over == "past":
        at_noon.move_to(window.closes_at + timedelta(microseconds=1))
    else:
        Product.objects.filter(pk=world.product.pk).update(state=ProductState.WITHDRAWN)

    with pytest.raises(ProductError, match="The time for comments is over"):
        public_comments.receive(stale, **WORDS)
    assert not PublicComment.objects.exists()
    assert not Letter.objects.filter(kind="public_comment.received").exists()


def test_a_comment_and_its_letter_stand_or_fall_together(world, monkeypatch):
    window = open_window(world)
    monkeypatch.setattr(Letter.objects, "bulk_create", fails)

    with pytest.raises(RuntimeError):
        public_comments.receive(window, **WORDS)
    assert not PublicComment.objects.exists()


def fails(*args, **kwargs):
    raise RuntimeError


# --- Moderation -------------------------------------------------------------------


def dealt_with(world, *comments, until="disposed", disposition=PublicDisposition.NOTED):
    """Take comments on their way, as far as is said."""
    by, product = world.secretariat, comments[0].product
    public_comments.moderate(product, comments, passed=True, reason="", by=by)
    if until != "passed":
        public_comments.hand_over(product, comments, by=by)
    if until == "disposed":
        for comment in comments:
            public_comments.dispose(comment, disposition=disposition, response="", by=by)
    for comment in comments:
        comment.refresh_from_db()


@pytest.fixture
def comments(world):
    window = open_window(world)
    Letter.objects.all().delete()
    return PublicCommentFactory.create_batch(3, window=window, name="Pat Public")


@pytest.mark.parametrize("passed", [True, False])
def test_moderation_is_kept_on_every_one_and_recorded_once(world, comments, passed):
    count = public_comments.moderate(
        world.product, comments[:2], passed=passed, reason="Off the point.", by=world.secretariat
    )

    word = Moderation.PASSED if passed else Moderation.REFUSED
    assert count == 2
    assert list(
        PublicComment.objects.order_by("number").values_list(
            "moderation", "moderation_reason", "moderated_at", "moderated_by"
        )
    ) == [
        (word, "Off the point.", clock.now(), world.secretariat.pk),
        (word, "Off the point.", clock.now(), world.secretariat.pk),
        (Moderation.HELD, "", None, None),
    ]
    ((by, payload),) = happened("public_comments_moderated")
    assert (by, payload["after"]) == (
        world.secretariat,
        {"moderation": word.value, "numbers": [1, 2]},
    )
    # Who commented learns of an answer, not of each step to it.
    assert not Letter.objects.exists()


def test_a_refusal_needs_a_reason(world, comments):
    with pytest.raises(ProductError, match="needs its reason"):
        public_comments.moderate(
            world.product, comments, passed=False, reason="", by=world.secretariat
        )
    with pytest.raises(IntegrityError), transaction.atomic():
        PublicComment.objects.update(moderation="refused", moderated_at=clock.now())


def test_moderation_may_change_until_the_handing_over(world, comments):
    one, by = comments[:1], world.secretariat
    public_comments.moderate(world.product, one, passed=False, reason="Spam.", by=by)
    public_comments.moderate(world.product, one, passed=True, reason="", by=by)
    public_comments.hand_over(world.product, one, by=by)

    with pytest.raises(ProductError, match="already: P-1"):
        public_comments.moderate(world.product, comments, passed=False, reason="Spam.", by=by)
    assert set(PublicComment.objects.values_list("number", "moderation")) == {
        (1, Moderation.PASSED),
        (2, Moderation.HELD),
        (3, Moderation.HELD),
    }


@pytest.mark.parametrize("reason", ["Pat Public is rude.", "Asked PAT@public.EXAMPLE first."])
def test_a_reason_does_not_name_who_commented(world, comments, reason):
    with pytest.raises(ProductError, match="do not name in it who commented"):
        public_comments.moderate(
            world.product, comments, passed=False, reason=reason, by=world.secretariat
        )
    assert not happened("public_comments_moderated")


def test_who_calls_himself_spam_blocks_no_reason(world, comments):
    PublicComment.objects.update(name="Spam", address="")

    assert public_comments.moderate(
        world.product, comments, passed=False, reason="Spam again", by=world.secretariat
    )


def test_comments_of_another_product_or_none_are_refused(world, comments):
    other = PublicCommentFactory()
    for chosen, words in (([], "Choose one"), ([comments[0], other], "Not all of these")):
        with pytest.raises(ProductError, match=words):
            public_comments.moderate(
                world.product, chosen, passed=True, reason="", by=world.secretariat
            )


def test_the_secretariat_alone_moderates_hands_over_and_erases(world, comments):
    for person in (world.heads[0], GroupRoleFactory(group=world.product.group).person):
        with pytest.raises(PermissionDenied):
            public_comments.moderate(world.product, comments, passed=True, reason="", by=person)
        with pytest.raises(PermissionDenied):
            public_comments.hand_over(world.product, comments, by=person)
        with pytest.raises(PermissionDenied):
            public_comments.erase_commenter(comments[0], reason="r", by=person)
    assert set(PublicComment.objects.values_list("moderation", flat=True)) == {Moderation.HELD}


# --- Handing over ------------------------------------------------------------------


def test_handing_over_reaches_everybody_of_all_27_members_once(world, comments):
    agencies = [*world.agencies, *AgencyFactory.create_batch(25)]
    people = {MandateFactory(agency=agency).person.pk for agency in agencies[2:]}
    people |= {head.pk for head in world.heads}
    two_seats = MandateFactory(agency=agencies[3], capacity=Capacity.STAFF).person
    MandateFactory(agency=agencies[4], capacity=Capacity.STAFF, person=two_seats)
    limited = MandateFactory(agency=agencies[5], capacity=Capacity.STAFF, limited_to="DRAFT")
    MandateFactory(agency=agencies[5], capacity=Capacity.STAFF, limited_to="OTHER")
    MandateFactory(agency=AgencyFactory(member=False))
    UserFactory()
    dealt_with(world, *comments, until="passed")

    count = public_comments.hand_over(world.product, comments, by=world.secretariat)

    letters = Letter.objects.all()
    assert count == 3
    assert sorted(letter.recipient_id for letter in letters) == sorted(
        people | {two_seats.pk, limited.person.pk}
    )
    assert {(letter.kind, letter.subject, letter.text.rstrip()) for letter in letters} == {
        (
            "public_comment.handed_over",
            "[DRAFT] 3 public comments",
            "Sam Secretariat has handed over to all member agencies what the public said of "
            "DRAFT, “On dust”: 3 comments (P-1, P-2, P-3).\n\n"
            "Its editors answer each of them, or queue it for the next edition. A released "
            "edition is not changed by them.\n\n"
            "Read: http://testserver/products/DRAFT/public-comments/\n\n"
            "A non-binding product of ISECG.",
        )
    }
    ((_, payload),) = happened("public_comments_handed_over")
    assert payload["after"]["numbers"] == [1, 2, 3]
    assert len(payload["after"]["agencies"]) == 27


def test_members_see_what_was_handed_over_and_nothing_before(world, comments):
    dealt_with(world, comments[0], until="passed")
    head = Standing.of(world.heads[1])
    assert not PublicComment.objects.visible_to(head).exists()

    public_comments.hand_over(world.product, comments[:1], by=world.secretariat)

    assert list(PublicComment.objects.visible_to(head)) == comments[:1]
    assert seen_by_the_public(PublicComment) == []


def test_only_what_has_passed_is_handed_over_and_only_once(world, comments):
    dealt_with(world, comments[0], until="passed")
    with pytest.raises(ProductError, match="Only what has passed the moderation goes on: P-2, P-3"):
        public_comments.hand_over(world.product, comments, by=world.secretariat)
    public_comments.hand_over(world.product, comments[:1], by=world.secretariat)

    with pytest.raises(ProductError, match="already: P-1"):
        public_comments.hand_over(world.product, comments[:1], by=world.secretariat)
    assert Letter.objects.count() == len(world.heads)


# --- The answer ---------------------------------------------------------------------


def test_an_answer_is_kept_recorded_and_told(world, comments):
    editor = GroupRoleFactory(group=world.product.group).person
    dealt_with(world, comments[0], until="handed over")
    Letter.objects.all().delete()

    public_comments.dispose(
        comments[0], disposition=PublicDisposition.MODIFIED, response="In part.", by=editor
    )

    comment = PublicComment.objects.get(number=1)
    assert (comment.disposition, comment.response, comment.disposed_at, comment.disposed_by) == (
        "modified",
        "In part.",
        clock.now(),
        editor,
    )
    ((by, payload),) = happened("public_comment_disposed")
    assert (by, payload["before"], payload["after"]) == (
        editor,
        {"disposition": ""},
        {"numbers": [1], "disposition": "modified"},
    )
    letter = Letter.objects.get()
    assert (letter.address, letter.recipient, letter.subject, letter.text.rstrip()) == (
        "pat@public.example",
        None,
        "[DRAFT] Your comment was considered",
        "Your comment P-1 on DRAFT, “On dust”, received on 2 Mar 2026 12:00 UTC, was "
        "considered.\n\nDecision: Accepted with modification\n\nIn part.\n\n"
        "Thank you for it. A released edition is not changed by comments.\n\n"
        "A non-binding product of ISECG.",
    )


@pytest.mark.parametrize("disposition", PublicDisposition)
def test_every_disposition_can_be_given_and_a_rejection_needs_its_reason(
    world, comments, disposition
):
    dealt_with(world, comments[0], until="handed over")
    if disposition == PublicDisposition.REJECTED:
        with pytest.raises(ProductError, match="needs its reason"):
            public_comments.dispose(
                comments[0], disposition=disposition, response="", by=world.secretariat
            )
    public_comments.dispose(
        comments[0], disposition=disposition, response="So it is.", by=world.secretariat
    )

    assert PublicComment.objects.get(number=1).disposition == disposition


def test_nothing_is_answered_before_the_members_had_it(world, comments):
    dealt_with(world, comments[0], until="passed")

    for comment in comments:
        with pytest.raises(ProductError, match="handed over to the member agencies first"):
            public_comments.dispose(
                comment,
                disposition=PublicDisposition.NOTED,
                response="",
                by=world.secretariat,
            )


def test_who_does_not_write_answers_nothing(world, comments):
    dealt_with(world, comments[0], until="handed over")

    for person in (world.heads[0], GroupRoleFactory().person):
        with pytest.raises(PermissionDenied, match="Only the secretariat, the group's co-chairs"):
            public_comments.dispose(
                comments[0], disposition=PublicDisposition.NOTED, response="", by=person
            )


def test_another_answer_takes_the_place_and_the_letter_of_the_first(
    world, comments, at_noon, mailoutbox
):
    dealt_with(world, comments[0], until="disposed")
    with pytest.raises(ProductError, match="answered already"):
        public_comments.dispose(
            comments[0], disposition=PublicDisposition.NOTED, response="", by=world.secretariat
        )
    at_noon.shift(60)
    public_comments.dispose(
        comments[0],
        disposition=PublicDisposition.ACCEPTED,
        response="After all.",
        by=world.secretariat,
    )

    delivery.deliver_pending()

    letters = Letter.objects.filter(kind="public_comment.disposed").order_by("pk")
    assert [(letter.state, letter.note) for letter in letters] == [
        (State.DROPPED, "Another answer was given since."),
        (State.SENT, ""),
    ]


def test_a_comment_without_an_address_gets_no_letter(world, comments):
    PublicComment.objects.update(address="")
    comments[0].refresh_from_db()
    dealt_with(world, comments[0])

    assert not Letter.objects.filter(recipient=None).exists()


def test_an_answer_changes_nothing_of_a_released_edition(world):
    product = released("OUT")
    window = open_window(world, product=product, version=product.release.version)
    comment = public_comments.receive(window, **WORDS)
    before = state_of(product)

    dealt_with(world, comment, disposition=PublicDisposition.NEXT_EDITION)

    assert state_of(product) == before
    assert list(PublicComment.objects.queued()) == [comment]


def state_of(product):
    return [
        list(rows.values())
        for rows in (
            Product.objects.filter(pk=product.pk),
            Version.objects.filter(product=product),
            VersionFile.objects.filter(version__product=product),
            product.release.__class__.objects.filter(product=product),
        )
    ]


# --- Your turn -----------------------------------------------------------------------


def sentences(person):
    return [
        (turn.product.code, turn.sentence, turn.href)
        for turn in your_turn(Standing.of(person))
        if turn.label == "Public comments"
    ]


def test_your_turn_tells_each_what_waits_for_them(world, comments):
    editor = GroupRoleFactory(group=world.product.group).person
    GroupRoleFactory(group=world.product.group, person=editor, duty="co_chair")
    stranger = GroupRoleFactory().person
    page = "/products/DRAFT/public-comments/"
    dealt_with(world, comments[0], until="handed over")
    dealt_with(world, comments[1], until="passed")

    assert sentences(world.secretariat) == [
        ("DRAFT", "1 public comment waits for moderation.", page),
        (
            "DRAFT",
            "1 public comment waits to be handed over to the member agencies.",
            page,
        ),
        ("DRAFT", "1 public comment waits for an answer.", page),
    ]
    MandateFactory(person=editor)
    assert sentences(editor) == [("DRAFT", "1 public comment waits for an answer.", page)]
    assert sentences(stranger) == sentences(world.heads[0]) == sentences(UserFactory()) == []

    dealt_with(world, comments[2], until="handed over")
    assert sentences(editor) == [("DRAFT", "2 public comments wait for an answer.", page)]


# --- Erasing -------------------------------------------------------------------------


def test_erasing_takes_a_commenter_out_everywhere(world, comments):
    window = CommentWindowFactory()
    elsewhere = public_comments.receive(window, **WORDS | {"address": "PAT@public.example"})
    other = PublicCommentFactory(window=window, name="Alex Other", address="alex@public.example")
    waiting = Letter.objects.get(recipient=None)
    dealt_with(world, comments[0])

    count = public_comments.erase_commenter(
        comments[0], reason="Asked for by letter.", by=world.secretariat
    )

    assert count == 4
    assert set(PublicComment.objects.values_list("name", "affiliation", "address", "text")) == {
        ("Name removed", "", "", "Please think of the dust."),
        ("Alex Other", "", "alex@public.example", other.text),
    }
    letters = Letter.objects.filter(recipient=None)
    assert len(letters) == 2
    assert {(row.address, row.subject, row.text, row.why, row.state) for row in letters} == {
        ("", "", "", "", State.DROPPED)
    }
    assert Letter.objects.get(pk=waiting.pk).note == "Who commented was erased."
    told = [(payload["after"], payload["reason"]) for _, payload in happened("commenter_erased")]
    assert told == [
        ({"numbers": [1, 2, 3]}, "Asked for by letter."),
        ({"numbers": [elsewhere.number]}, "Asked for by letter."),
    ]
    for table in (PublicComment.objects, PublicComment.history, Event.objects, Letter.objects):
        rows = str(list(table.values()))
        assert "Pat Public" not in rows
        assert "pat@public" not in rows.lower()


def test_erasing_asks_for_a_reason_without_a_name_and_is_done_once(world, comments):
    with pytest.raises(ProductError, match="do not name in it who commented"):
        public_comments.erase_commenter(
            comments[0], reason="Letter of Pat Public.", by=world.secretariat
        )
    public_comments.erase_commenter(comments[0], reason="Letter.", by=world.secretariat)
    comments[0].refresh_from_db()

    with pytest.raises(ProductError, match="erased already"):
        public_comments.erase_commenter(comments[0], reason="Letter.", by=world.secretariat)


def test_who_was_erased_gets_no_letter_and_the_comment_goes_on(world, comments):
    public_comments.erase_commenter(comments[0], reason="Letter.", by=world.secretariat)
    comments[0].refresh_from_db()

    dealt_with(world, comments[0])

    assert not Letter.objects.filter(recipient=None).exists()
    assert PublicComment.objects.get(number=1).disposition == "noted"


def test_a_comment_without_an_address_is_erased_alone(world, comments):
    PublicComment.objects.update(address="")
    comments[0].refresh_from_db()

    assert public_comments.erase_commenter(comments[0], reason="r", by=world.secretariat) == 1
    assert PublicComment.objects.filter(name="Pat Public").count() == 2
