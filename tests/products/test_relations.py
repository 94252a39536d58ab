"""How products relate: the pure checks, the acts, and the pages (rule 12)."""

import pytest
from django.core.exceptions import PermissionDenied
from django.db import IntegrityError, transaction
from hypothesis import given
from hypothesis import strategies as some

from isecg.events import log
from products.models import Relation, Release
from products.relations import (
    Edge,
    Link,
    RelationKind,
    caution,
    hold,
    refusal,
    superseded_by_release,
)
from products.services import relations
from products.services.errors import ProductError
from products.workflow import State
from tests.factories import GroupRoleFactory, MandateFactory, ProductFactory, UserFactory

K, S = RelationKind, State


def edge(text):
    """Read ``"TWO supersedes ONE"``."""
    product, kind, target = text.split()
    return Edge(product=product, kind=RelationKind(kind), target=target)


def edges(*texts):
    return [edge(text) for text in texts]


# --- What is refused ---------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("new", "known", "sentence"),
    [
        ("A supersedes A", [], "A product does not relate to itself."),
        ("B updates A", ["B updates A"], "This relation is recorded already."),
        ("B updates A", ["B builds_on A"], ""),
        # Case 20: two successors claimed for one edition.
        ("C supersedes A", ["B supersedes A"], "A has a successor already: B."),
        ("C supersedes A", ["C supersedes B"], ""),
        ("C updates A", ["B supersedes A"], ""),
        # Circles, across kinds too.
        ("A supersedes B", ["B supersedes A"], "B supersedes A: no circles."),
        ("A builds_on B", ["B supersedes A"], "B supersedes A: no circles."),
        (
            "A updates C",
            ["C supersedes B", "B summary_of A", "C supplements X", "X updates Y"],
            "C supersedes B, B is a summary of A: no circles.",
        ),
        # A supplement does not supersede its base, but may supersede a supplement.
        (
            "SUP supersedes BASE",
            ["SUP supplements BASE"],
            "SUP supplements BASE: a supplement does not supersede its base.",
        ),
        (
            "SUP supplements BASE",
            ["SUP supersedes BASE"],
            "SUP supplements BASE: a supplement does not supersede its base.",
        ),
        (
            "NEXT supersedes BASE",
            ["NEXT supplements SUP", "SUP supplements BASE"],
            "NEXT supplements BASE: a supplement does not supersede its base.",
        ),
        ("NEXT supersedes SUP", ["NEXT supplements BASE", "SUP supplements BASE"], ""),
    ],
)
def test_a_relation_is_refused_in_a_sentence(new, known, sentence):
    assert refusal(edge(new), edges(*known)) == sentence


_CODES = some.sampled_from("ABCDEF")
_EDGES = some.builds(Edge, product=_CODES, kind=some.sampled_from(list(K)), target=_CODES)


def _reaches_itself(start, accepted):
    seen, waiting = set(), [edge.target for edge in accepted if edge.product == start]
    while waiting:
        here = waiting.pop()
        if here not in seen:
            seen.add(here)
            waiting += [edge.target for edge in accepted if edge.product == here]
    return start in seen


@given(some.lists(_EDGES, max_size=40))
def test_no_order_of_accepted_relations_makes_a_circle_or_a_second_successor(proposed):
    accepted = []
    for new in proposed:
        if not refusal(new, accepted):
            accepted.append(new)

    assert not [code for code in "ABCDEF" if _reaches_itself(code, accepted)]
    superseded = [edge.target for edge in accepted if edge.kind == K.SUPERSEDES]
    assert len(superseded) == len(set(superseded))
    assert len(accepted) == len(set(accepted))
    bases = {(edge.product, edge.target) for edge in accepted if edge.kind == K.SUPPLEMENTS}
    assert not bases & {
        (edge.product, edge.target) for edge in accepted if edge.kind == K.SUPERSEDES
    }


@given(some.lists(_EDGES, max_size=25), _EDGES)
def test_a_circle_is_refused_however_it_would_be_closed(proposed, new):
    accepted = []
    for one in proposed:
        if not refusal(one, accepted):
            accepted.append(one)

    if _reaches_itself(new.product, [*accepted, new]):
        assert refusal(new, accepted)


# --- What is to be known -----------------------------------------------------------------------


@pytest.mark.parametrize(
    ("text", "states", "successor", "sentence"),
    [
        # Case 13: a supplement to a superseded base.
        (
            "SUP supplements OLD",
            (S.PROPOSED, S.SUPERSEDED),
            "NEW",
            "SUP supplements OLD, which is superseded by NEW.",
        ),
        (
            "SUP supplements OLD",
            (S.RELEASED, S.SUPERSEDED),
            "",
            "SUP supplements OLD, which is superseded.",
        ),
        ("SUP supplements OLD", (S.RELEASED, S.RELEASED), "NEW", ""),
        ("SUP supplements OLD", (S.SUPERSEDED, S.SUPERSEDED), "NEW", ""),
        # Case 14: a summary released, its full paper withdrawn.
        (
            "SUM summary_of FULL",
            (S.RELEASED, S.WITHDRAWN),
            "",
            "SUM is a summary of FULL, which was withdrawn.",
        ),
        # A summary may be released before its full paper.
        ("SUM summary_of FULL", (S.RELEASED, S.DRAFTING), "", ""),
        # A new paper on old ground is worth a word; a released one stands as it was.
        (
            "P builds_on OLD",
            (S.DRAFTING, S.SUPERSEDED),
            "NEW",
            "P builds on OLD, which is superseded by NEW.",
        ),
        ("P builds_on OLD", (S.RELEASED, S.SUPERSEDED), "NEW", ""),
        ("P builds_on OLD", (S.RELEASED, S.WITHDRAWN), "", "P builds on OLD, which was withdrawn."),
        ("P updates OLD", (S.WITHDRAWN, S.WITHDRAWN), "", ""),
        ("P supersedes OLD", (S.DRAFTING, S.RELEASED), "P", ""),
        ("P supersedes OLD", (S.RELEASED, S.SUPERSEDED), "P", ""),
        (
            "P supersedes OLD",
            (S.DRAFTING, S.DRAFTING),
            "P",
            "P supersedes OLD, which is not released.",
        ),
        (
            "P supersedes OLD",
            (S.DRAFTING, S.WITHDRAWN),
            "P",
            "P supersedes OLD, which was withdrawn.",
        ),
        (
            "P supersedes OLD",
            (S.WITHDRAWN, S.SUPERSEDED),
            "P",
            "OLD is superseded by P, which was withdrawn.",
        ),
    ],
)
def test_what_is_to_be_known_of_a_relation(text, states, successor, sentence):
    link = Link(
        edge=edge(text), product_state=states[0], target_state=states[1], successor=successor
    )

    assert caution(link) == sentence


def _links(*rows):
    return [
        Link(edge=edge(text), product_state=S.AGREED, target_state=state) for text, state in rows
    ]


def test_a_release_supersedes_the_released_editions_that_it_names():
    links = _links(
        ("NEW supersedes OLD", S.RELEASED),
        ("NEW supersedes OLDER", S.SUPERSEDED),
        ("NEW supersedes DRAFT", S.DRAFTING),
        ("NEW builds_on BASE", S.RELEASED),
        ("NEXT supersedes NEW", S.RELEASED),
    )

    assert superseded_by_release("NEW", links) == ["OLD"]


def test_only_what_a_superseded_edition_stands_by_is_held():
    held, free, other = _links(
        ("NEW supersedes OLD", S.SUPERSEDED),
        ("NEW supersedes OLD", S.RELEASED),
        ("NEW builds_on OLD", S.SUPERSEDED),
    )

    assert hold(held) == "OLD is superseded, and nothing leaves that state: its record names NEW."
    assert (hold(free), hold(other)) == ("", "")


# --- The acts ----------------------------------------------------------------------------------


def relate(product, target, kind=K.SUPERSEDES, *, by=None):
    return relations.relate(
        product,
        kind=kind,
        target=target,
        reason="Known.",
        by=by or UserFactory(is_secretariat=True),
    )


@pytest.mark.django_db
def test_itself_twice_circles_and_a_second_successor_are_refused():
    first, second, third = (ProductFactory(code=code) for code in ("ONE", "TWO", "THREE"))
    relate(second, first)
    relate(third, second)

    with pytest.raises(ProductError, match="does not relate to itself"):
        relate(first, first)
    with pytest.raises(ProductError, match="recorded already"):
        relate(second, first)
    with pytest.raises(ProductError, match=r"^THREE supersedes TWO, TWO supersedes ONE: no circ"):
        relate(first, third)
    with pytest.raises(ProductError, match=r"^ONE has a successor already: TWO\.$"):
        relate(third, first)
    with pytest.raises(ProductError, match="TWO supersedes ONE: no circles"):
        relate(first, second, K.BUILDS_ON)

    assert Relation.objects.count() == 2


@pytest.mark.django_db
@pytest.mark.parametrize("state", [S.SUPERSEDED, S.WITHDRAWN])
def test_nothing_is_added_to_what_has_ended(state):
    with pytest.raises(ProductError, match="nothing is added"):
        relate(ProductFactory(state=state), ProductFactory())


@pytest.mark.django_db
def test_the_database_refuses_a_second_successor_by_itself():
    old = ProductFactory()
    relate(ProductFactory(), old)
    other = Relation(product=ProductFactory(), kind="supersedes", target=old)

    with pytest.raises(IntegrityError), transaction.atomic():
        other.save_as(None, "behind the service")


@pytest.mark.django_db
def test_a_struck_relation_stays_in_the_history_and_frees_the_place():
    old, wrong, right = (ProductFactory(code=code) for code in ("OLD", "WRONG", "RIGHT"))
    desk = UserFactory(is_secretariat=True)
    relation = relate(wrong, old)

    relations.strike(wrong, relation=relation, reason="Of another series.", by=desk)

    relate(right, old)
    assert [str(row) for row in Relation.objects.all()] == ["RIGHT supersedes OLD"]
    gone = Relation.history.filter(history_type="-").get()
    assert (gone.product_id, gone.target_id, gone.history_change_reason) == (
        wrong.pk,
        old.pk,
        "Of another series.",
    )
    event = log.about(wrong).first()
    assert (event.event, event.payload["before"], event.payload["also"]) == (
        "product.unrelated",
        {"kind": "supersedes", "target": "OLD"},
        [f"product:{old.pk}"],
    )
    assert log.verify()[2] is None


@pytest.mark.django_db
def test_a_relation_is_struck_once_and_not_where_an_edition_stands_by_it():
    desk = UserFactory(is_secretariat=True)
    new, old = ProductFactory(code="NEW-1"), ProductFactory(code="OLD")
    relation = relate(new, old)
    held = Relation.objects.get()
    old.state = S.SUPERSEDED
    old.save_as(None, "test")

    with pytest.raises(ProductError, match="OLD is superseded, and nothing leaves that state"):
        relations.strike(new, relation=held, reason="Wrong.", by=desk)
    old.state = S.RELEASED
    old.save_as(None, "test")
    relations.strike(new, relation=held, reason="Wrong.", by=desk)
    with pytest.raises(ProductError, match="struck already"):
        relations.strike(new, relation=relation, reason="Wrong.", by=desk)


@pytest.mark.django_db
def test_relations_are_kept_by_those_who_may_edit_the_product():
    product, other = ProductFactory(), ProductFactory()
    editor = GroupRoleFactory(group=product.group).person
    head = MandateFactory().person
    with pytest.raises(PermissionDenied, match=r"^Only "):
        relate(product, other, K.UPDATES, by=head)
    relation = relate(product, other, K.UPDATES, by=editor)

    with pytest.raises(PermissionDenied, match=r"^Only "):
        relations.strike(product, relation=relation, reason="Wrong.", by=head)

    assert Relation.objects.count() == 1


# --- The pages ---------------------------------------------------------------------------------


@pytest.fixture
def desk(client):
    person = UserFactory(is_secretariat=True)
    client.force_login(person)
    return person


def out(code, state=S.RELEASED):
    product = ProductFactory(code=code, state=state)
    Release(product=product, day="2020").save_as(None, "test")
    return product


def _cautions(client, product):
    page = client.get(product.get_absolute_url())
    return [row["caution"] for row in page.context["relations"] if row["caution"]]


@pytest.mark.django_db
def test_what_is_to_be_known_is_shown_before_and_then_on_the_page(client, desk):
    # Case 13.
    old, new, supplement = out("OLD", S.SUPERSEDED), out("NEW-1"), ProductFactory(code="SUP")
    Relation(product=new, kind="supersedes", target=old).save_as(None, "test")
    sent = {"kind": "supplements", "target": old.pk, "reason": "Says so."}

    sheet = client.post("/products/SUP/relations/new/", sent)

    assert sheet.status_code == 200
    assert sheet.context["caution"] == "SUP supplements OLD, which is superseded by NEW-1."
    assert "SUP supplements OLD, which is superseded by NEW-1." in sheet.content.decode()
    assert Relation.objects.count() == 1
    done = client.post("/products/SUP/relations/new/", sent | {"confirm": "yes"})
    assert (done.status_code, done["Location"]) == (302, supplement.get_absolute_url())
    assert (
        _cautions(client, supplement)
        == _cautions(client, old)
        == ["SUP supplements OLD, which is superseded by NEW-1."]
    )


@pytest.mark.django_db
def test_where_nothing_is_to_be_known_it_is_recorded_at_once(client, desk):
    product, target = ProductFactory(code="P-NEW"), out("OLD")

    done = client.post(
        "/products/P-NEW/relations/new/",
        {"kind": "supersedes", "target": target.pk, "reason": "The next edition."},
    )

    assert done.status_code == 302
    assert product.relations.get().target == target


@pytest.mark.django_db
def test_a_second_successor_is_refused_in_the_form_with_the_first_named(client, desk):
    old = out("OLD", S.SUPERSEDED)
    Relation(product=out("NEW-1"), kind="supersedes", target=old).save_as(None, "test")
    ProductFactory(code="NEW-2")

    answer = client.post(
        "/products/NEW-2/relations/new/",
        {"kind": "supersedes", "target": old.pk, "reason": "The next edition."},
    )

    assert answer.status_code == 422
    assert answer.context["form"].non_field_errors() == ["OLD has a successor already: NEW-1."]
    assert 'value="The next edition."' in answer.content.decode()


@pytest.mark.django_db
def test_a_summary_whose_full_paper_was_withdrawn_says_so_on_both_pages(client):
    # Case 14, and what is public is said to everybody.
    full, summary = out("FULL", S.WITHDRAWN), out("SUM")
    Relation(product=summary, kind="summary_of", target=full).save_as(None, "test")
    client.force_login(UserFactory())

    assert (
        _cautions(client, full)
        == _cautions(client, summary)
        == ["SUM is a summary of FULL, which was withdrawn."]
    )


@pytest.mark.django_db
def test_a_successor_that_is_hidden_is_not_named(client):
    base, supplement = out("BASE", S.SUPERSEDED), out("SUP")
    Relation(product=supplement, kind="supplements", target=base).save_as(None, "test")
    draft = ProductFactory(code="SECRET")
    Relation(product=draft, kind="supersedes", target=base).save_as(None, "test")
    client.force_login(UserFactory())

    assert _cautions(client, supplement) == ["SUP supplements BASE, which is superseded."]
    assert "SECRET" not in client.get(base.get_absolute_url()).content.decode()


@pytest.mark.django_db
def test_a_relation_is_struck_from_the_page_of_the_product_that_has_it(client, desk):
    product, target = ProductFactory(code="P-NEW"), out("OLD")
    relation = relate(product, target, K.UPDATES, by=desk)
    address = f"/products/P-NEW/relations/{relation.pk}/end/"

    assert address in client.get(product.get_absolute_url()).content.decode()
    assert "/end/" not in client.get(target.get_absolute_url()).content.decode()
    assert client.post(f"/products/OLD/relations/{relation.pk}/end/").status_code == 404
    assert client.post(address, {"reason": ""}).status_code == 422
    assert client.post(address, {"reason": "Wrong."})["Location"] == product.get_absolute_url()
    assert client.post(address, {"reason": "Wrong."}).status_code == 404
    assert not product.relations.exists()
    history = client.get(f"{product.get_absolute_url()}history/").content.decode()
    assert "<strong>A relation was struck</strong>" in history


@pytest.mark.django_db
def test_who_may_not_edit_strikes_nothing_and_sees_no_link(client):
    product, target = ProductFactory(), out("OLD")
    relation = relate(product, target, K.UPDATES)
    client.force_login(MandateFactory().person)

    page = client.get(product.get_absolute_url()).content.decode()
    answer = client.post(
        f"{product.get_absolute_url()}relations/{relation.pk}/end/", {"reason": "Mine."}
    )

    assert "/end/" not in page
    assert answer.status_code == 403
    assert Relation.objects.count() == 1


@pytest.mark.django_db
def test_relations_cost_one_question_however_many_there_are(
    client, desk, django_assert_max_num_queries
):
    product = ProductFactory()
    for count in (1, 30):
        for _ in range(count):
            old = ProductFactory(state=S.SUPERSEDED)
            Relation(product=product, kind="updates", target=old).save_as(None, "test")
            Relation(product=ProductFactory(), kind="supersedes", target=old).save_as(None, "test")
        with django_assert_max_num_queries(12):
            page = client.get(product.get_absolute_url())
    assert len([row for row in page.context["relations"] if row["caution"]]) == 31
