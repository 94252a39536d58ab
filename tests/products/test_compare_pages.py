"""The page that compares two versions, and the way to what changed since a position."""

import re
from datetime import timedelta

import pytest
from django.urls import reverse

from isecg import clock
from products.compare import compare
from products.consensus import Stand
from products.models.versions import TextFormat
from products.services import calls
from tests.factories import AgencyFactory, MandateFactory, ProductFactory, UserFactory
from tests.products.world import circulate, make_call, write_version

pytestmark = pytest.mark.django_db

OLD = """# Title

The crew lives on the Moon for ten days.

- one item of the list that stays
- another item of the list that goes away

The last paragraph moves up to the top.
"""
NEW = """The last paragraph moves up to the top.

# Title

The crew lives on the Moon for thirty days.

- one item of the list that stays

Wholly new.
"""


@pytest.fixture
def desk():
    return UserFactory(is_secretariat=True)


@pytest.fixture
def product(client, desk):
    client.force_login(desk)
    row = ProductFactory(code="GER-2026")
    write_version(row, text=OLD, note="First.")
    write_version(row, text=NEW, note="Second.", change_class="editorial")
    return row


def page_of(client, query="", code="GER-2026"):
    answer = client.get(f"/products/{code}/compare/{query}")
    assert answer.status_code == 200
    return answer


def text_of(html):
    return " ".join(re.sub(r"<[^>]+>", " ", html).split())


def main_of(answer):
    return answer.content.decode().split("<main")[1].split("</main>")[0]


def test_compares_inline_by_words_with_numbers_of_both_sides(
    client, product, django_assert_num_queries
):
    with django_assert_num_queries(5):
        answer = page_of(client, "?from=1&to=2")

    page = main_of(answer)
    assert "From version 1 to version 2" in page
    assert '<del><span class="visually-hidden">removed: </span>ten<span' in page
    assert '<ins><span class="visually-hidden">added: </span>thirty<span' in page
    assert answer.context["comparison"].changes == 4
    assert re.findall(r'id="change-(\d+)"', page) == ["1", "2", "3", "4"]
    words = text_of(page)
    assert (
        "Moved Paragraph ¶&nbsp; 5 of version 1 is now → paragraph ¶&nbsp; 1 of version 2" in words
    )
    assert "Changed Paragraph ¶&nbsp; 2 of version 1 is now → paragraph ¶&nbsp; 3 of" in words
    assert f'href="{reverse("version", args=["GER-2026", 1])}#p-2"' in page
    assert f'href="{reverse("version", args=["GER-2026", 2])}#p-3"' in page


def test_numbers_are_those_of_the_versions_pages(client, product):
    rows = page_of(client, "?from=1&to=2").context["comparison"].rows
    there = {
        number: client.get(reverse("version", args=["GER-2026", number])).context["paragraphs"]
        for number in (1, 2)
    }

    for row in rows:
        if row.kind == "same":
            assert there[1][row.old - 1].words == row.pieces[0].text
            assert there[2][row.new - 1].words == row.pieces[0].text
        elif row.kind == "removed":
            assert there[1][row.old - 1].words == row.pieces[0].text
        elif row.kind == "added":
            assert there[2][row.new - 1].words == row.pieces[0].text


def test_counts_lead_to_the_first_of_their_kind(client, product):
    figures = page_of(client, "?from=1&to=2").context["figures"]

    assert [(row["label"], row["count"], row["href"]) for row in figures] == [
        ("changed", 1, "#change-2"),
        ("moved", 1, "#change-1"),
        ("added", 1, "#change-4"),
        ("removed", 1, "#change-3"),
    ]


def test_each_change_leads_to_the_next_without_script(client, product):
    page = main_of(page_of(client, "?from=1&to=2"))

    assert re.findall(r'class="change-next" href="([^"]*)"', page) == [
        "#change-2",
        "#change-3",
        "#change-4",
    ]


def test_side_by_side_is_a_table_with_the_versions_for_headers(client, product):
    page = main_of(page_of(client, "?from=1&to=2&view=side"))

    assert re.findall(r'role="columnheader">([^<]*)<', page) == ["Change", "Version 1", "Version 2"]
    rows = [text_of(row) for row in re.findall(r'<tr role="row".*?</tr>', page, re.S)[1:]]
    assert len(rows) == 7
    assert rows[0].endswith("Was paragraph 5. The last paragraph moves up to the top.")
    assert rows[1] == "Unchanged # Title # Title"
    assert rows[2].endswith(
        "The crew lives on the Moon for removed: ten (end of removed) days. "
        "The crew lives on the Moon for added: thirty (end of added) days."
    )
    assert rows[6].endswith("Not there. added: Wholly new. (end of added)")
    assert rows[5].endswith("The last paragraph moves up to the top. Is now paragraph 1.")


def test_the_view_is_kept_by_the_address_alone(client, product):
    side = page_of(client, "?from=1&to=2&view=side")
    inline = page_of(client, "?from=1&to=2")
    unknown = page_of(client, "?from=1&to=2&view=upside")

    assert '<input type="hidden" name="view" value="side"' in main_of(side)
    assert [view["href"] for view in inline.context["views"]] == [
        "?from=1&to=2&view=inline",
        "?from=1&to=2&view=side",
    ]
    assert [view["current"] for view in side.context["views"]] == [False, True]
    assert "view" in unknown.context["form"].errors


def test_tells_what_happened_between(client, product):
    write_version(product, text=NEW, note="Third.")

    all_three = page_of(client, "?from=1&to=3").context["between"]
    page = text_of(main_of(page_of(client, "?from=1&to=2")))
    back = page_of(client, "?from=3&to=2")

    assert [(row.number, row.note) for row in all_three] == [(2, "Second."), (3, "Third.")]
    assert "Version 2 Editorial Second." in page
    assert "Read backwards" in main_of(back)
    assert [row.number for row in back.context["between"]] == [3]


def test_the_last_two_are_chosen_where_none_are(client, product):
    write_version(product, text="Other.")

    found = page_of(client).context

    assert (found["old"].number, found["new"].number) == (2, 3)


def test_one_version_and_none_can_be_asked_for(client, desk):
    client.force_login(desk)
    row = ProductFactory(code="NEW")

    assert "No version yet" in main_of(page_of(client, code="NEW"))
    write_version(row, text="Text.")
    assert "The texts are the same" in main_of(page_of(client, code="NEW"))


def test_says_what_cannot_be_compared(client, desk):
    product = ProductFactory(code="GER-2026")
    write_version(product, text="")
    write_version(product, text="Text.")
    client.force_login(desk)

    page = page_of(client, "?from=1&to=2").content.decode()
    unknown = page_of(client, "?from=1&to=9")
    strange = page_of(client, "?from=%00&to=99999999999999999999&view=%00&part=%00")

    assert "Version 1 has no text here, only files: nothing can be compared." in page
    assert "to" in unknown.context["form"].errors
    assert {"from", "to", "view"} <= set(strange.context["form"].errors)


def test_says_that_what_differs_is_not_shown(client, product):
    write_version(product, text="See [it][a].\n\n[a]: https://one.example")
    write_version(product, text="See [it][a].\n\n[a]: https://two.example")
    write_version(product, text="See\n[it][a].\n\n[a]:\nhttps://two.example")

    assert "addresses of links" in main_of(page_of(client, "?from=3&to=4"))
    assert "how their lines are broken" in main_of(page_of(client, "?from=4&to=5"))


def test_plain_text_is_parted_at_blank_lines_alone(client, product):
    write_version(product, text="- a\n- b\n\nc", text_format=TextFormat.PLAIN)
    write_version(product, text="- a\n- b\n\nd", text_format=TextFormat.PLAIN)

    found = page_of(client, "?from=3&to=4").context["comparison"]

    assert (found.same, found.added, found.removed) == (1, 1, 1)


def test_text_is_shown_and_never_run(client, product):
    write_version(product, text="<script>alert(1)</script> one two three")
    write_version(product, text="<script>alert(2)</script> one two three")

    for view in ("inline", "side"):
        page = main_of(page_of(client, f"?from=3&to=4&view={view}"))
        assert "<script>" not in page
        assert "&lt;script&gt;alert(" in page


@pytest.fixture
def large(client, desk):
    """Return a product whose 400 paragraphs of 100 words were changed by half."""
    client.force_login(desk)
    row = ProductFactory(code="BIG")
    words = " ".join(f"“word{n}”" for n in range(98))
    old = [f"Paragraph {n} {words}" for n in range(400)]
    new = [
        f"{text.replace('word7', 'other').replace('word50', 'more & more')}" if n % 2 else text
        for n, text in enumerate(old)
    ]
    write_version(row, text="\n\n".join(old))
    write_version(row, text="\n\n".join(new))
    return row


@pytest.mark.parametrize("view", ["inline", "side"])
def test_pages_of_four_hundred_paragraphs_stay_small(
    client, large, view, django_assert_num_queries
):
    compare.cache_clear()
    seen, sizes, query = [], [], f"?from=1&to=2&view={view}"
    while query:
        with django_assert_num_queries(5):
            answer = page_of(client, query, "BIG")
        sizes.append(len(answer.content))
        seen += re.findall(r'id="change-(\d+)"', answer.content.decode())
        query = answer.context["next_part"]

    assert max(sizes) < 100_000
    assert seen == [str(n) for n in range(1, 201)]
    # It is compared once, whichever of its parts is read.
    assert compare.cache_info().misses == 1


def test_a_part_leads_to_its_neighbours(client, large):
    answer = page_of(client, "?from=1&to=2&part=2", "BIG")

    page, found = main_of(answer), answer.context
    first, last = found["part"].changes[0], found["part"].changes[-1]
    assert first > 1
    assert last < 200
    assert f"Part 2 of {found['parts']}: changes {first} to {last} of 200" in text_of(page)
    before, after = f"part=1#change-{first - 1}", f"part=3#change-{last + 1}"
    assert f'data-before="?from=1&amp;to=2&amp;view=inline&amp;{before}"' in page
    assert f'data-after="?from=1&amp;to=2&amp;view=inline&amp;{after}"' in page
    assert page_of(client, "?from=1&to=2&part=99", "BIG").context["part"].number == 1


def test_runs_are_folded_and_told(client, product):
    lines = [f"Paragraph number {n}." for n in range(1, 13)]
    write_version(product, text="\n\n".join(lines))
    write_version(product, text="\n\n".join([*lines, "New."]))

    page = main_of(page_of(client, "?from=3&to=4"))

    assert '<summary class="muted">12 unchanged paragraphs, ¶&nbsp;1 to 12 of version 4' in page


def test_only_members_compare(client):
    write_version(ProductFactory(code="X"))
    client.force_login(UserFactory())

    assert client.get("/products/X/compare/").status_code == 404
    assert client.get("/products/X/compare/since-position/").status_code == 404


class TestSincePosition:
    @pytest.fixture
    def world(self, client):
        world = make_call(2)
        client.force_login(world.heads[0])
        return world

    def ask(self, client, product, query=""):
        return client.get(reverse("since_position", args=[product.code]) + query, follow=True)

    def led_to(self, answer):
        ((address, status),) = answer.redirect_chain
        return address.partition("?")[2], status

    def test_leads_from_the_version_of_the_last_position_to_the_latest(self, client, world):
        write_version(world.product)
        world.say(0, Stand.CONCUR)

        answer = self.ask(client, world.product)

        assert self.led_to(answer) == ("from=1&to=2", 302)
        words = f"{world.agencies[0].code} last took a position on version 1: this is what changed"
        assert words in main_of(answer) + answer.content.decode()

    def test_goes_by_the_last_call_of_the_product(self, client, world):
        world.say(0, Stand.CONCUR)
        calls.return_to_drafting(
            world.product, call=world.call, reason="Again.", by=world.secretariat
        )
        second = write_version(world.product)
        circulate(second, opened_at=clock.now() - timedelta(days=20))
        world.product.refresh_from_db()
        world.product.state = "shared"
        world.product.save_as(None, "factory")
        world.call = calls.open_call(
            world.product,
            question="And now?",
            deadline=clock.now() + timedelta(days=10),
            time_zone="UTC",
            by=world.secretariat,
        )
        third = write_version(world.product)
        assert third.number == 3

        assert self.led_to(self.ask(client, world.product))[0] == "from=1&to=3"
        world.say(0, Stand.ABSTAIN)
        assert self.led_to(self.ask(client, world.product))[0] == "from=2&to=3"

    def test_a_position_that_was_withdrawn_was_taken(self, client, world):
        write_version(world.product)
        world.say(0, Stand.CONCUR)
        calls.record_position(
            world.call, agency=world.agencies[0], stand=None, text="", by=world.heads[0]
        )

        answer = self.ask(client, world.product)

        assert "last took a position on version 1" in answer.content.decode()

    def test_says_when_nothing_changed_since(self, client, world):
        world.say(0, Stand.CONCUR)

        answer = self.ask(client, world.product)

        assert self.led_to(answer)[0] == "from=1&to=1"
        assert "on the latest version, 1: nothing has changed since." in answer.content.decode()

    def test_falls_back_to_the_last_circulation_that_reached_the_agency(self, client, world):
        write_version(world.product)
        world.say(1, Stand.CONCUR)

        answer = self.ask(client, world.product)

        assert self.led_to(answer)[0] == "from=1&to=2"
        assert (
            f"{world.agencies[0].code} has taken no position on this product. What was last "
            "circulated to it is version 1: this is what changed since."
        ) in answer.content.decode()

    def test_shows_the_last_two_where_nothing_reached_it(self, client, world):
        write_version(world.product)
        write_version(world.product)
        newcomer = MandateFactory(agency=AgencyFactory())
        client.force_login(newcomer.person)

        answer = self.ask(client, world.product)

        assert self.led_to(answer)[0] == ""
        assert (answer.context["old"].number, answer.context["new"].number) == (2, 3)
        assert "and none was circulated to it: these are the last two" in answer.content.decode()

    def test_of_a_product_without_versions_there_is_nothing(self, client, world):
        answer = self.ask(client, ProductFactory(code="EMPTY"))

        assert "There is no version yet." in answer.content.decode()

    def test_whoever_belongs_to_several_chooses(self, client, world):
        write_version(world.product)
        world.say(0, Stand.CONCUR)
        other = AgencyFactory()
        MandateFactory(agency=other, person=world.heads[0])
        keys = [world.agencies[0].key, other.key]

        found = [self.ask(client, world.product, f"?agency={key}") for key in keys]
        strange = [
            self.ask(client, world.product, f"?agency={key}").status_code
            for key in (world.agencies[1].key, "%00", "")
        ]

        assert "last took a position on version 1" in found[0].content.decode()
        assert f"{other.code} has taken no position" in found[1].content.decode()
        assert strange == [404, 404, 404]

    def test_is_for_people_of_an_agency(self, client, world):
        client.force_login(world.secretariat)

        assert self.ask(client, world.product).status_code == 403

    def test_is_linked_from_the_pages_of_product_version_and_call(self, client, world):
        write_version(world.product)
        write_version(world.product)
        agency = world.agencies[0]
        href = reverse("since_position", args=[world.product.code]) + f"?agency={agency.key}"
        pages = [
            world.product.get_absolute_url(),
            reverse("version", args=[world.product.code, 1]),
            world.call.get_absolute_url(),
        ]

        link = f'href="{href}">What changed since {agency.code} last took a position</a>'
        assert [link in client.get(page).content.decode() for page in pages] == [True] * 3
        client.force_login(world.secretariat)
        assert ["since-position" in client.get(page).content.decode() for page in pages] == [
            False
        ] * 3
