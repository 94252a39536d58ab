"""What anybody sees of posted drafts, the form of a comment, and the members' pages (rule 36)."""

import re
from datetime import timedelta

import pytest
import time_machine
from django.core import signing
from django.core.cache import cache
from django.core.files.base import ContentFile
from django.core.files.storage import default_storage
from django.test import Client
from django.urls import reverse

from isecg import clock
from isecg.mail.models import Letter
from products.forms.public_comments import LATEST, SOONEST
from products.models import CommentWindow, PublicComment, Relation
from products.remarks import Moderation
from products.services import comment_windows, public_comments
from tests.factories import (
    CommentWindowFactory,
    GroupRoleFactory,
    MandateFactory,
    ParticipationFactory,
    ProductFactory,
    PublicCommentFactory,
    UserFactory,
)
from tests.products.test_public_comments import dealt_with, open_window, released
from tests.products.world import make_world, write_version

pytestmark = pytest.mark.django_db

NOW = "2026-03-02 12:00Z"
FORM = "/public-drafts/DRAFT/1/comment/"
LIST = "/products/DRAFT/public-comments/"
TYPED = {
    "name": "Pat Public",
    "affiliation": "Dust Institute",
    "address": "pat@public.example",
    "place": "2.3",
    "text": "Please <b>think</b> of https://dust.example/ & more.",
    "website": "",
}


@pytest.fixture(autouse=True)
def at_noon():
    cache.clear()
    with time_machine.travel(NOW, tick=False) as travel:
        yield travel
    cache.clear()


@pytest.fixture
def world(at_noon):
    world = make_world(2, codes=["ESA", "JAXA"], code="DRAFT", title="On dust")
    write_version(world.product, text="# Second\n\nOf moon dust.")
    for file in world.product.versions.get(number=1).files.all():
        default_storage.delete(file.path)
        default_storage.save(file.path, ContentFile(b"One paragraph."))
    return world


@pytest.fixture
def window(world):
    found = open_window(world, version=world.product.versions.get(number=1))
    Letter.objects.all().delete()
    return found


def main_of(answer):
    html = answer.content.decode()
    return html[html.index("<main") : html.index("</main>")]


def words_of(answer):
    words = " ".join(re.sub(r"<[^>]+>", " ", main_of(answer)).split())
    return re.sub(r" (?=[.,;)])", "", words)


def stamp_of(client, url=FORM):
    return re.search(r'name="stamp" value="([^"]+)"', client.get(url).content.decode())[1]


def send(client, at_noon, *, url=FORM, wait=SOONEST, **fields):
    stamp = stamp_of(client, url)
    at_noon.shift(wait)
    return client.post(url, {"stamp": stamp, **TYPED, **fields})


def entered(person):
    client = Client()
    client.force_login(person)
    return client


# --- The posted draft ----------------------------------------------------------------


def test_a_posted_draft_says_what_it_is_and_how_to_comment(client, window):
    page = client.get("/public-drafts/DRAFT/1/")
    words = words_of(page)

    assert page.status_code == 200
    assert "Draft for public comment · DRAFT" in words
    assert "This is a draft. It is not agreed by any agency" in words
    assert "This product is non-binding." in words
    assert "Comments are taken until 11 Apr 2026 21:00 JST (12:00 UTC)" in words
    assert "Mind the dust." in words
    assert "1 One paragraph." in words
    assert f'href="{FORM}"' in main_of(page)
    assert 'href="/public-drafts/DRAFT/1/files/v1.md"' in main_of(page)
    assert window.version.sha256 in words


def test_its_files_are_handed_out_to_be_kept(client, window):
    answer = client.get("/public-drafts/DRAFT/1/files/v1.md")

    assert (answer.status_code, b"".join(answer)) == (200, b"One paragraph.")
    assert answer["Content-Disposition"] == 'attachment; filename="v1.md"'
    assert "sandbox" in answer["Content-Security-Policy"]
    assert client.get("/public-drafts/DRAFT/1/files/other.md").status_code == 404


def test_nothing_else_of_the_product_is_public(client, world, window):
    hidden = [
        "/public-drafts/DRAFT/2/",
        "/public-drafts/DRAFT/2/comment/",
        "/public-drafts/DRAFT/2/files/v2.md",
        "/publications/DRAFT/",
        "/publications/DRAFT/comment/",
    ]
    behind = ["/products/DRAFT/", "/products/DRAFT/versions/1/", LIST, f"{LIST}1/"]

    assert {client.get(url).status_code for url in hidden} == {404}
    assert {client.get(url).url.split("?")[0] for url in behind} == {"/sign-in/"}
    outsider = entered(UserFactory())
    assert outsider.get("/products/DRAFT/versions/1/").status_code == 200
    assert {
        outsider.get(url).status_code
        for url in ["/products/DRAFT/", "/products/DRAFT/versions/2/", LIST, f"{LIST}1/"]
    } == {404}


@pytest.mark.parametrize("over", ["before", "past", "ended", "never"])
def test_before_and_after_there_is_nothing(client, world, at_noon, over):
    urls = ["/public-drafts/DRAFT/1/", "/public-drafts/DRAFT/1/files/v1.md", FORM]
    if over != "never":
        window = open_window(world, version=world.product.versions.get(number=1))
        assert {status_of(client, url) for url in urls} == {200}
        if over == "ended":
            comment_windows.close_window(window, reason="r", by=world.secretariat)
        else:
            moved = {"before": window.opens_at - timedelta(seconds=1), "past": window.closes_at}
            at_noon.move_to(moved[over] + timedelta(microseconds=1))

    assert {status_of(client, url) for url in urls} == {404}
    assert client.post(FORM, TYPED).status_code == 404
    assert "DRAFT" not in main_of(client.get("/public-drafts/"))


def test_open_windows_are_listed_in_the_order_of_their_ends(client, world, window):
    soon = CommentWindowFactory(
        version=write_version(ProductFactory(code="SOON", title="Soon")),
        closes_at=clock.now() + timedelta(days=1),
    )
    out = released("OUT")
    open_window(world, product=out, version=out.release.version)
    CommentWindowFactory(closes_at=clock.now() - timedelta(hours=1))

    page = client.get("/public-drafts/")

    links = re.findall(r'href="(/public-drafts/\w+/\d+/|/publications/\w+/)"', main_of(page))
    assert links == [
        f"/public-drafts/{soon.product.code}/{soon.version.number}/",
        "/public-drafts/DRAFT/1/",
        "/publications/OUT/",
    ]


@pytest.mark.parametrize("count", [1, 10])
def test_the_list_asks_the_same_at_any_length(client, django_assert_num_queries, count):
    for _ in range(count):
        CommentWindowFactory()

    with django_assert_num_queries(1):
        assert client.get("/public-drafts/").content.count(b"draft version 1") == count


def test_a_posted_draft_costs_two_queries(client, window, django_assert_num_queries):
    with django_assert_num_queries(2):
        assert client.get("/public-drafts/DRAFT/1/").status_code == 200


def test_a_released_product_takes_comments_at_its_public_page(client, world, at_noon):
    product = released("OUT")
    assert b"Write a comment" not in client.get("/publications/OUT/").content
    assert client.get("/publications/OUT/comment/").status_code == 404
    open_window(world, product=product, version=product.release.version)

    page = client.get("/publications/OUT/")
    assert 'href="/publications/OUT/comment/"' in main_of(page)
    assert "until 11 Apr 2026 21:00 JST (12:00 UTC). This edition stays as it is" in words_of(page)
    assert client.get("/public-drafts/OUT/1/").url == "/publications/OUT/"
    assert send(client, at_noon, url="/publications/OUT/comment/").status_code == 302
    assert PublicComment.objects.get().product == product


# --- The form ----------------------------------------------------------------------------


def test_a_comment_is_taken_and_thanked_for_without_a_word_about_whom(client, window, at_noon):
    answer = send(client, at_noon)

    assert (answer.status_code, answer.url) == (302, "/public-comments/thanks/")
    assert "Your comment was received." in words_of(client.get(answer.url))
    comment = PublicComment.objects.get()
    assert {name: getattr(comment, name) for name in TYPED if name != "website"} == {
        name: value for name, value in TYPED.items() if name != "website"
    }
    assert (comment.window, comment.number, comment.moderation) == (window, 1, Moderation.HELD)
    assert [(row.address, row.kind) for row in Letter.objects.all()] == [
        ("pat@public.example", "public_comment.received")
    ]


def test_the_form_needs_its_csrf_token(window):
    strict = Client(enforce_csrf_checks=True)

    assert strict.post(FORM, TYPED).status_code == 403
    assert not PublicComment.objects.exists()


@pytest.mark.parametrize(
    ("field", "value", "words"),
    [
        ("name", "", "This field is required."),
        ("name", "x" * 151, "at most 150 characters"),
        ("affiliation", "x" * 201, "at most 200 characters"),
        ("address", "", "This field is required."),
        ("address", "pat at example", "Enter a valid email address."),
        ("address", f"{'x' * 250}@a.example", "at most 254 characters"),
        ("place", "x" * 101, "at most 100 characters"),
        ("text", "", "This field is required."),
        ("text", "a\x00b", "Null characters are not allowed."),
        ("name", "a\x00b", "Null characters are not allowed."),
        ("text", "x" * 10_001, "At most 10,000 characters are taken; these are 10,001."),
        ("text", "x" * 1_000_000, "At most 10,000 characters are taken; these are 1,000,000."),
    ],
)
def test_what_is_wrong_is_said_and_what_was_typed_is_kept(
    client, window, at_noon, field, value, words
):
    answer = send(client, at_noon, **{field: value})

    assert answer.status_code == 422
    assert words in answer.content.decode()
    for name, kept in (TYPED | {field: value}).items():
        assert answer.context["form"][name].value() == kept
    assert not PublicComment.objects.exists()
    assert not Letter.objects.exists()


def test_the_longest_comment_is_taken(client, window, at_noon, settings):
    settings.ISECG_PUBLIC_COMMENT_LENGTH = 50

    assert "At most 50 characters" in words_of(client.get(FORM))
    assert send(client, at_noon, text="x" * 51).status_code == 422
    assert send(client, at_noon, text="x" * 50).status_code == 302


def test_the_trap_is_hidden_from_people_and_from_readers(client, window):
    html = main_of(client.get(FORM))
    trap = re.search(r'<div class="not-for-people">(.*?)</div>', html, re.DOTALL)[1]

    assert "Leave this empty" in trap
    assert 'tabindex="-1"' in trap
    assert 'autocomplete="off"' in trap
    assert "style=" not in html


def test_who_fills_in_the_trap_is_held_up_and_a_person_goes_on(client, window, at_noon):
    answer = send(client, at_noon, website="https://spam.example")

    assert answer.status_code == 422
    assert "this may come from a program" in words_of(answer)
    assert not PublicComment.objects.exists()
    shown = answer.context["form"]
    again = {name: shown[name].value() for name in [*TYPED, "stamp"]}
    assert {name: again[name] for name in TYPED} == TYPED
    assert client.post(FORM, again).status_code == 302


@pytest.mark.parametrize(
    ("wait", "words"),
    [
        (timedelta(0), "That was very quick."),
        (SOONEST - timedelta(seconds=1), "That was very quick."),
        (SOONEST, ""),
        (LATEST - timedelta(seconds=1), ""),
        (LATEST, "This page was open for very long."),
    ],
)
def test_too_quick_and_too_slow_are_held_up_once(client, window, at_noon, wait, words):
    answer = send(client, at_noon, wait=wait)

    if not words:
        assert answer.status_code == 302
        return
    assert answer.status_code == 422
    assert words in words_of(answer)
    assert not PublicComment.objects.exists()
    shown = answer.context["form"]
    at_noon.shift(SOONEST)
    again = {name: shown[name].value() for name in [*TYPED, "stamp"]}
    assert client.post(FORM, again).status_code == 302


@pytest.mark.parametrize(
    "stamp",
    # Named: a signature holds the second of its making, and each process would name it anew.
    ["", "forged", "a\x00b", pytest.param(signing.dumps([1, 2], salt="other"), id="other")],
)
def test_a_stamp_that_is_not_ours_is_held_up(client, window, stamp):
    answer = client.post(FORM, TYPED | {"stamp": stamp})

    assert answer.status_code == 422
    assert "This page was open for very long." in words_of(answer)


def test_a_stamp_of_another_window_does_not_do(client, window, at_noon):
    other = CommentWindowFactory()
    url = reverse("public_draft_comment", args=[other.product.code, other.version.number])
    stamp = stamp_of(client, url)
    at_noon.shift(10)

    assert client.post(FORM, TYPED | {"stamp": stamp}).status_code == 422


def test_one_mail_address_is_limited_and_what_was_typed_is_kept(client, window, at_noon):
    for number in range(5):
        assert send(client, at_noon, text=f"No. {number}").status_code == 302

    answer = send(client, at_noon, address="PAT@public.example")

    assert answer.status_code == 429
    assert "Too many comments came from your network or with this address." in words_of(answer)
    assert answer.context["form"]["text"].value() == TYPED["text"]
    assert PublicComment.objects.count() == Letter.objects.count() == 5
    assert send(client, at_noon, address="alex@public.example").status_code == 302


def test_one_network_address_is_limited(client, window, at_noon, settings):
    settings.ACCOUNT_RATE_LIMITS = settings.ACCOUNT_RATE_LIMITS | {
        "public_comment": "2/h/ip,5/d/key"
    }
    answers = [
        send(client, at_noon, address=f"pat{number}@public.example").status_code
        for number in range(3)
    ]

    assert answers == [302, 302, 429]


def test_what_would_not_be_taken_is_not_counted(client, window, at_noon):
    for _ in range(30):
        assert send(client, at_noon, text="").status_code == 422

    assert send(client, at_noon).status_code == 302


def test_a_window_that_ends_meanwhile_is_said_in_the_form(client, world, window, at_noon):
    stamp = stamp_of(client)
    at_noon.shift(10)
    real = public_comments.moves.lock

    def lock_late(product):
        real(product)
        CommentWindow.objects.update(ended_at=clock.now())

    public_comments.moves.lock = lock_late
    try:
        answer = client.post(FORM, TYPED | {"stamp": stamp})
    finally:
        public_comments.moves.lock = real

    assert answer.status_code == 422
    assert "The time for comments is over" in words_of(answer)
    assert answer.context["form"]["text"].value() == TYPED["text"]


def test_the_privacy_note_stands_by_itself(client):
    assert "as long as the record of the product" in words_of(
        client.get("/public-comments/privacy/")
    )


# --- The members' pages ---------------------------------------------------------------------


@pytest.fixture
def comments(window):
    return [
        PublicCommentFactory(window=window, name=name, text=TYPED["text"])
        for name in ("Ann One", "Ben Two", "Cem Three")
    ]


@pytest.fixture
def desk(world):
    return entered(world.secretariat)


def rows_of(answer):
    return re.findall(r"P-(\d+)</a>", main_of(answer))


def test_the_secretariat_filters_by_where_they_stand(desk, world, comments):
    dealt_with(world, comments[0], until="handed over")
    dealt_with(world, comments[1], until="passed")
    public_comments.moderate(
        world.product, comments[2:], passed=False, reason="Spam.", by=world.secretariat
    )
    held = PublicCommentFactory(window=comments[0].window)

    found = {where: rows_of(desk.get(LIST, {"where": where})) for where in FILTERS}

    assert found == {
        "": ["1", "2", "3", str(held.number)],
        "held": [str(held.number)],
        "passed": ["2"],
        "refused": ["3"],
        "open": ["1"],
        "done": [],
        "next": [],
        "nonsense": [],
    }


FILTERS = ["", "held", "passed", "refused", "open", "done", "next", "nonsense"]


def test_members_see_names_and_no_addresses_of_what_was_handed_over(world, comments):
    head = entered(world.heads[1])
    assert rows_of(head.get(LIST)) == []
    assert head.get(f"{LIST}1/").status_code == 404
    dealt_with(world, comments[0], until="handed over")

    page, one = head.get(LIST), head.get(f"{LIST}1/")

    assert rows_of(page) == ["1"]
    for answer in (page, one):
        assert "Ann One" in main_of(answer)
        assert "pat@public.example" not in answer.content.decode()
        assert "Choose P-1" not in main_of(answer)
    assert head.get(f"{LIST}2/").status_code == 404
    assert "pat@public.example" in main_of(entered(world.secretariat).get(f"{LIST}1/"))


def test_what_somebody_typed_is_never_a_link_or_a_mark(desk, comments):
    for url in (LIST, f"{LIST}1/"):
        html = main_of(desk.get(url))
        assert "Please &lt;b&gt;think&lt;/b&gt; of https://dust.example/ &amp; more." in html
        assert 'href="https://dust.example' not in html


def status_of(client, url):
    """Ask, and read to its end what is a file, so that it is closed."""
    answer = client.get(url)
    if answer.streaming:
        b"".join(answer)
    return answer.status_code


def act(client, act, *numbers, **fields):
    return client.post(f"{LIST}act/", {"act": act, "numbers": numbers, **fields})


def test_several_are_passed_refused_and_handed_over_at_once(desk, world, comments):
    assert act(desk, "pass", 1, 2).url == LIST
    assert act(desk, "refuse", 3, reason="Off the point.").url == LIST
    answer = desk.post(f"{LIST}act/", {"act": "hand-over", "numbers": [1, 2]}, follow=True)

    assert "Handed over to all member agencies, who are told: 2." in words_of(answer)
    assert list(
        PublicComment.objects.order_by("number").values_list("moderation", "moderation_reason")
    ) == [("passed", ""), ("passed", ""), ("refused", "Off the point.")]
    assert Letter.objects.filter(kind="public_comment.handed_over").count() == len(world.heads)


@pytest.mark.parametrize(
    ("what", "numbers", "fields", "words"),
    [
        ("pass", [], {}, "Choose one comment or more."),
        ("refuse", [1], {}, "A refusal needs its reason."),
        ("refuse", [1], {"reason": "Ann One is rude."}, "do not name in it who commented"),
        ("hand-over", [1, 2], {}, "Only what has passed the moderation goes on: P-1, P-2."),
        ("pass", [99], {}, "Select a valid choice. 99 is not one of the available choices."),
        ("pass", ["x"], {}, "Select a valid choice."),
        ("burn", [1], {}, "Select a valid choice."),
    ],
)
def test_a_refused_act_keeps_the_choice_and_the_reason(
    desk, comments, what, numbers, fields, words
):
    answer = act(desk, what, *numbers, **fields)

    assert answer.status_code == 422
    assert words in answer.content.decode()
    html = main_of(answer)
    chosen = re.findall(r'value="(\d+)" aria-label="Choose P-\d+" checked', html)
    assert chosen == [str(number) for number in numbers if number in (1, 2, 3)]
    assert fields.get("reason", "") in html
    assert set(PublicComment.objects.values_list("moderation", flat=True)) == {"held"}


def test_others_do_not_moderate_close_open_or_erase(world, comments):
    dealt_with(world, comments[0], until="handed over")
    head = entered(world.heads[0])

    assert act(head, "pass", 1).status_code == 403
    assert head.post(f"{LIST}close/", {"reason": "r"}).status_code == 403
    assert head.get(f"{LIST}open/").status_code == 403
    assert head.get(f"{LIST}1/erase/").status_code == 403
    assert head.post(f"{LIST}1/dispose/", {"disposition": "noted"}).status_code == 403


def test_an_editor_answers_and_is_told_what_is_missing(world, comments):
    person = GroupRoleFactory(group=world.product.group).person
    MandateFactory(person=person)
    editor = entered(person)
    dealt_with(world, comments[0], until="handed over")

    refused = editor.post(f"{LIST}1/dispose/", {"disposition": "rejected", "response": ""})
    assert refused.status_code == 422
    assert "A rejection needs its reason." in words_of(refused)
    assert editor.post(f"{LIST}1/dispose/", {"disposition": "magic"}).status_code == 422
    answer = editor.post(f"{LIST}1/dispose/", {"disposition": "next", "response": "Later."})

    assert answer.url == LIST
    page = editor.get(f"{LIST}1/")
    assert "Queued for the next edition Later." in words_of(page)
    assert "It waits for an edition that supersedes this one." in words_of(page)


def test_what_is_queued_is_offered_to_the_next_edition(world, comments):
    dealt_with(world, *comments[:2], until="handed over")
    public_comments.dispose(
        comments[0], disposition="next", response="In the third.", by=world.secretariat
    )
    public_comments.dispose(comments[1], disposition="noted", response="", by=world.secretariat)
    following = ProductFactory(code="NEXT")
    for code, kind in (("NEXT", "supersedes"), ("OTHER", "builds_on")):
        product = following if code == "NEXT" else ProductFactory(code=code)
        Relation(product=product, kind=kind, target=world.product).save_as(None, "test")
    head = entered(world.heads[0])

    page = head.get("/products/NEXT/public-comments/")

    assert "Queued for this edition" in words_of(page)
    assert rows_of(page) == ["1"]
    assert "queued from DRAFT" in words_of(page)
    assert "Queued for this edition" not in words_of(head.get("/products/OTHER/public-comments/"))
    assert "1 is queued from the edition before" in words_of(head.get("/products/NEXT/"))
    assert "1 is queued for the next edition" in words_of(head.get("/products/DRAFT/"))
    assert "It waits on the page of NEXT" in words_of(head.get(f"{LIST}1/"))


def test_the_product_page_tells_each_what_waits(desk, world, comments):
    dealt_with(world, comments[0], until="handed over")
    dealt_with(world, comments[1], until="passed")

    words = words_of(desk.get("/products/DRAFT/"))
    told = words_of(entered(world.heads[0]).get("/products/DRAFT/"))

    assert "The public may comment on version 1 until 11 Apr 2026" in words
    for text in ("1 waits for moderation", "1 is to be handed over", "1 is to be answered"):
        assert text in words
        assert (text in told) == (text == "1 is to be answered")


def test_a_product_page_costs_no_query_more(world, desk, django_assert_max_num_queries):
    ParticipationFactory(product=world.product)
    with django_assert_max_num_queries(12):
        desk.get("/products/DRAFT/")
    PublicCommentFactory.create_batch(
        5, window=open_window(world, version=world.product.versions.get(number=1))
    )

    with django_assert_max_num_queries(12):
        desk.get("/products/DRAFT/")


@pytest.mark.parametrize("count", [10, 100])
def test_the_page_of_comments_asks_the_same_at_any_length(
    desk, window, django_assert_num_queries, count
):
    PublicCommentFactory.create_batch(count, window=window, text="x" * 9000)

    with django_assert_num_queries(8):
        answer = desk.get(LIST)
    assert len(answer.content) < 100_000


# --- Opening, closing, erasing -----------------------------------------------------------------


OPENING = {"version": "1", "day": "2026-04-11", "time": "18:00", "time_zone": "Asia/Tokyo"}


def test_the_sheet_says_what_becomes_public_and_then_it_does(desk, world, client):
    answer = desk.post(f"{LIST}open/", OPENING | {"note": "Mind the dust."})
    words = words_of(answer)

    assert answer.status_code == 200
    assert "The text of version 1, the title and code of the product, your note" in words
    assert "v1.md (14 bytes)" in words
    assert "/public-drafts/DRAFT/1/, without a sign-in" in words
    assert "Open until 11 Apr 2026 18:00 JST (09:00 UTC)" in words
    assert "2 people of the member agencies are told." in words
    assert "This version was not circulated" not in words
    assert not CommentWindow.objects.exists()

    done = desk.post(f"{LIST}open/", OPENING | {"note": "Mind the dust.", "confirm": "yes"})

    assert done.url == LIST
    assert client.get("/public-drafts/DRAFT/1/").status_code == 200


def test_the_sheet_warns_of_what_the_members_were_not_sent(desk, world):
    write_version(world.product, text="To be [decided].")

    words = words_of(desk.post(f"{LIST}open/", OPENING | {"version": "3"}))

    assert "This version was not circulated to the member agencies." in words
    assert "Marks of drafting are in its text: 1." in words


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({"day": "2026-03-20"}, "The public is given at least 30 days"),
        ({"day": "2026-01-01"}, "This lies in the past"),
        ({"version": "9"}, "Select a valid choice."),
        ({"version": "9" * 30}, "Select a valid choice."),
    ],
)
def test_a_window_that_cannot_be_is_said_beside_its_field(desk, world, change, words):
    answer = desk.post(f"{LIST}open/", OPENING | change | {"confirm": "yes"})

    assert answer.status_code == 422
    assert words in answer.content.decode()
    assert not CommentWindow.objects.exists()


def test_a_second_window_is_refused_before_the_sheet(desk, window):
    answer = desk.post(f"{LIST}open/", OPENING)

    assert answer.status_code == 422
    assert "already: close that first." in words_of(answer)


def test_the_form_proposes_the_latest_version_and_shows_the_setting(desk, world):
    words = words_of(desk.get(f"{LIST}open/"))

    assert "The public is given at least 30 days." in words
    assert 'value="2" selected' in main_of(desk.get(f"{LIST}open/"))


def test_a_window_is_closed_early_with_a_reason(desk, window, client):
    refused = desk.post(f"{LIST}close/", {"reason": ""})
    assert (refused.status_code, CommentWindow.objects.get().ended_at) == (422, None)

    assert desk.post(f"{LIST}close/", {"reason": "A mistake."}).url == LIST

    assert client.get("/public-drafts/DRAFT/1/").status_code == 404
    again = desk.post(f"{LIST}close/", {"reason": "Again."})
    assert "This window is over already." in words_of(again)


def test_closing_without_a_window_finds_nothing(desk, world):
    assert desk.post(f"{LIST}close/", {"reason": "r"}).status_code == 404


def test_who_commented_is_erased_by_the_secretariat(desk, comments):
    page = desk.get(f"{LIST}1/erase/")
    assert "every comment with the same address" in words_of(page)
    refused = desk.post(f"{LIST}1/erase/", {"reason": "Letter."})
    assert refused.status_code == 422
    named = desk.post(f"{LIST}1/erase/", {"reason": "Letter of Ann One.", "understood": "on"})
    assert "do not name in it who commented" in words_of(named)

    done = desk.post(f"{LIST}1/erase/", {"reason": "Letter.", "understood": "on"})

    assert done.url == f"{LIST}1/"
    assert "Name removed" in words_of(desk.get(f"{LIST}1/"))
    assert set(PublicComment.objects.values_list("address", flat=True)) == {""}
