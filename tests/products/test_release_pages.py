"""The page of a release: the gate, residue in its place, what is frozen and what is public."""

import re

import pytest

from products.models import Relation, Release
from products.workflow import State
from tests.factories import (
    CommentFactory,
    MandateFactory,
    ProductFactory,
    UserFactory,
)
from tests.products.test_releases import RESERVED, _agreed, _edition, _release
from tests.products.world import make_world, write_version

pytestmark = pytest.mark.django_db

TEXT = "# Power\n\nOne.\n\n- It is [this/that] and [this/that].\n- The date is TBD.\n"


@pytest.fixture
def desk(client):
    person = UserFactory(is_secretariat=True)
    client.force_login(person)
    return person


def page_of(client, product):
    return client.get(f"{product.get_absolute_url()}release/")


def send(client, product, **fields):
    return client.post(f"{product.get_absolute_url()}release/", {"reason": "Out.", **fields})


def words(html):
    return " ".join(re.sub(r"<[^>]+>", " ", html).split())


def test_residue_stands_in_its_place_and_leads_to_its_paragraph(client, desk):
    world = _agreed(text=TEXT)

    answer = page_of(client, world.product)

    html = answer.content.decode()
    places = [(place.paragraph, place.hit.line) for place in answer.context["places"]]
    assert places == [(3, 5), (3, 5), (4, 6)]
    assert '<p class="place-line">- It is <mark>[this/that]</mark> and [this/that].</p>' in html
    assert '<p class="place-line">- It is [this/that] and <mark>[this/that]</mark>.</p>' in html
    assert '<p class="place-line">- The date is <mark>TBD</mark>.</p>' in html
    link = f'href="{world.product.get_absolute_url()}versions/2/#p-4">Paragraph 4</a>'
    assert f"{link} <span>line 6</span>" in " ".join(html.split())
    version = client.get(f"{world.product.get_absolute_url()}versions/2/").content.decode()
    assert "The date is TBD." in re.search(r'id="p-4">.*?</div>', version, re.S)[0]


def test_only_the_residue_of_the_released_version_is_shown(client, desk):
    world = make_world(2)
    write_version(world.product, text="An old [bracket].")
    world = _agreed(text="All is settled.")

    assert page_of(client, world.product).context["places"] == []


def test_a_long_line_is_cut_and_many_places_are_counted(client, desk):
    line = f"{'a' * 500} [x y] {'b' * 500}"
    world = _agreed(text="\n\n".join([line] * 103))

    answer = page_of(client, world.product)

    first = answer.context["places"][0]
    assert (len(first.before), len(first.after)) == (91, 91)
    assert (len(answer.context["places"]), answer.context["places_left"]) == (100, 3)
    assert "And 3 more." in answer.content.decode()
    assert len(answer.content) < 100_000


def test_it_shows_what_is_frozen_and_what_becomes_public(client, desk):
    world = _agreed(reserved=RESERVED, codes=["CSA", "ESA"], abstract="What it says.")

    html = page_of(client, world.product).content.decode()

    said = words(html)
    assert "ISECG-D-" in said
    assert "CSA Agency CSA ESA Agency ESA With the codes and names of the day" in said
    assert f'<blockquote class="as-sent">{RESERVED}</blockquote>' in html
    assert f"At /publications/{world.product.code}/ , without a sign-in." in said
    assert "the abstract" in said
    assert "It supersedes no other edition." in said
    assert world.product.versions.get().sha256 in said
    assert "non-binding" in said


def test_each_finding_that_may_be_passed_over_has_its_reason_beside_it(client, desk):
    world = _agreed(text="It is [this].", conditions=True)
    CommentFactory(version=world.product.versions.first(), agency=world.agencies[0])
    rules = ["no_open_condition", "comments_disposed", "no_drafting_residue"]
    reasons = {f"override_{rule}": f"Because of {rule}." for rule in rules}

    gate = page_of(client, world.product).context["gate"]
    assert [row["finding"].rule for row in gate if row["field"]] == rules
    for missing in reasons:
        sent = {name: text for name, text in reasons.items() if name != missing}
        refused = send(client, world.product, **sent)
        assert refused.status_code == 422
        assert list(refused.context["form"].errors) == [missing]
        for text in sent.values():
            assert text in refused.content.decode()
    assert not Release.objects.exists()

    assert send(client, world.product, **reasons).status_code == 302
    assert Release.objects.get().overrides == {rule: f"Because of {rule}." for rule in rules}


def test_without_consensus_on_this_version_no_reason_helps(client, desk):
    world = _agreed()
    write_version(world.product, text="Another.", change_class="editorial")

    page = page_of(client, world.product)
    assert "never passed over" in page.content.decode()
    assert page.context["gate"][0]["field"] is None
    refused = send(client, world.product, override_consensus_on_this_version="Nearly the same.")

    assert refused.status_code == 422
    assert refused.context["form"].non_field_errors() == [
        "There is no decision on exactly this version."
    ]
    assert 'value="Out."' in refused.content.decode()
    assert not Release.objects.exists()


@pytest.mark.parametrize(("ticked", "state"), [("on", "superseded"), (None, "released")])
def test_the_edition_before_is_superseded_unless_told_otherwise(client, desk, ticked, state):
    old = _edition(title="The third edition")
    world = _agreed(series="GER", kind="roadmap")

    page = page_of(client, world.product).content.decode()
    assert f"It supersedes {old.code}, The third edition" in page
    assert re.search(r'name="supersede"[^>]* checked', page)
    assert "It is the latest released edition of the GER series." in page
    sent = {"supersede": ticked} if ticked else {}
    assert send(client, world.product, **sent).status_code == 302

    old.refresh_from_db()
    assert old.state == state


def test_it_says_that_a_relation_names_the_edition_before(client, desk):
    old = _edition(series="")
    world = _agreed()
    Relation(product=world.product, kind="supersedes", target=old).save_as(None, "test")

    assert "A relation names it." in page_of(client, world.product).content.decode()


@pytest.mark.parametrize("state", [state for state in State if state != State.AGREED])
def test_in_every_other_state_it_says_where_the_product_stands(client, desk, state):
    product = ProductFactory(state=state)

    shown = page_of(client, product)
    sent = send(client, product)

    sentence = f"{product.code} is “{state.label}” now"
    assert (shown.status_code, sent.status_code) == (200, 422)
    assert sentence in shown.content.decode()
    assert "“Release” is not possible from there." in sent.content.decode()
    product.refresh_from_db()
    assert product.state == state


def test_who_sees_it_and_may_not_is_forbidden_and_others_find_nothing(client):
    world = _agreed()
    head = MandateFactory().person
    for person, status in ((head, 403), (UserFactory(), 404)):
        client.force_login(person)
        assert page_of(client, world.product).status_code == status
        assert send(client, world.product).status_code == status
    assert not Release.objects.exists()


def test_the_product_page_leads_to_it(client, desk):
    world = _agreed()
    address = f'href="{world.product.get_absolute_url()}release/"'

    assert address in client.get(world.product.get_absolute_url()).content.decode()
    client.force_login(world.heads[0])
    assert address not in client.get(world.product.get_absolute_url()).content.decode()


def test_it_asks_the_same_number_of_questions_at_any_length(
    client, desk, django_assert_max_num_queries
):
    for count in (1, 40):
        world = _agreed(reserved=RESERVED, text="\n\n".join(["It is [so]."] * count))
        for _ in range(count):
            CommentFactory(version=world.product.versions.first(), agency=world.agencies[0])
            old = _edition()
            Relation(product=world.product, kind="builds_on", target=old).save_as(None, "test")
        with django_assert_max_num_queries(16):
            assert page_of(client, world.product).status_code == 200


def test_a_draft_shows_its_residue_to_who_reads_drafts(client, desk):
    world = make_world(1)
    version = write_version(world.product, text=TEXT)

    html = client.get(version.get_absolute_url()).content.decode()
    assert "Drafting residue" in html
    assert "and <mark>[this/that]</mark>." in html
    settled = write_version(world.product, text="All is settled.")
    assert "Drafting residue" not in client.get(settled.get_absolute_url()).content.decode()


def test_a_released_version_shows_none_of_it(client, desk):
    world = _agreed(text="It is [quoted].")
    _release(world, overrides={"no_drafting_residue": "A quotation."})

    html = client.get(world.product.release.version.get_absolute_url()).content.decode()

    assert "Drafting residue" not in html


def test_the_abstract_is_typed_with_the_product_and_shown(client, desk):
    product = ProductFactory()
    page = f"{product.get_absolute_url()}edit/"
    form = client.get(page).context["form"]
    fields = {name: form[name].value() or "" for name in form.fields}

    sent = fields | {"abstract": "Where we go.", "reason": "Now it is known."}
    assert client.post(page, sent).status_code == 302

    product.refresh_from_db()
    assert product.abstract == "Where we go."
    assert "Where we go." in client.get(product.get_absolute_url()).content.decode()
