"""The pages of products: the list, a product with its acts, its history; and their budgets."""

from datetime import timedelta

import pytest
import time_machine

from isecg import clock
from isecg.stale import revision
from products.consensus import Outcome, Stand
from products.models import Milestone, PositionEntry, Product, Relation, Release
from products.models.products import ElectorateRule
from products.services import calls, decisions, products, releases
from products.workflow import State
from tests.factories import (
    AgencyFactory,
    ChairTermFactory,
    GroupRoleFactory,
    MandateFactory,
    ParticipationFactory,
    ProductFactory,
    UserFactory,
    VersionFactory,
    WorkingGroupFactory,
)
from tests.products.world import circulate, make_call, make_world, write_version
from workgroups.models import AgencyName

pytestmark = pytest.mark.django_db


@pytest.fixture
def desk(client):
    person = UserFactory(is_secretariat=True, name="Sam Secretariat", time_zone="Europe/Paris")
    client.force_login(person)
    return person


def _page(client, product):
    answer = client.get(product.get_absolute_url())
    assert answer.status_code == 200
    return answer


def _offered(answer):
    links = [link["label"] for link in answer.context["links"]]
    return links + [row["act"].label for row in answer.context["acts"]]


class TestList:
    def test_parts_what_is_on_its_way_from_what_is_released(self, client, desk):
        old = ProductFactory(code="GER-2011", state=State.SUPERSEDED)
        new = ProductFactory(code="GER-2013", state=State.RELEASED)
        ProductFactory(code="AR-2026")
        for product, day in ((old, "2011-09-22"), (new, "2013-08")):
            Release(product=product, day=day).save_as(None, "test")
        Relation(product=new, kind="supersedes", target=old).save_as(None, "test")

        answer = client.get("/products/")

        assert [str(row) for row in answer.context["moving"]] == ["AR-2026"]
        assert [(str(row), row.successor) for row in answer.context["done"]] == [
            ("GER-2013", None),
            ("GER-2011", "GER-2013"),
        ]
        page = answer.content.decode()
        assert '<time datetime="2013-08">August 2013</time>' in page
        assert "non-binding" in page

    @pytest.mark.parametrize(
        ("query", "found"),
        [
            ("q=moon", ["ONE"]),
            ("q=two", ["TWO"]),
            ("state=shared", ["ONE"]),
            ("kind=roadmap", ["TWO"]),
            ("series=ger", ["TWO"]),
            ("group=TWG", ["ONE"]),
            ("agency=UKSA", ["ONE"]),
            ("agency=bnsc", ["ONE"]),
            ("agency=ESA", []),
            ("state=shared&kind=roadmap", []),
        ],
    )
    def test_is_filtered(self, client, desk, query, found):
        group = WorkingGroupFactory(code="TWG")
        one = ProductFactory(code="ONE", title="On the Moon", state="shared", group=group)
        ProductFactory(code="TWO", kind="roadmap", series="GER")
        agency = AgencyFactory(code="UKSA")
        AgencyName(agency=agency, code="BNSC", name="Former").save_as(None, "test")
        ParticipationFactory(product=one, agency=agency)
        AgencyFactory(code="ESA")

        answer = client.get(f"/products/?{query}")

        assert [str(row) for row in answer.context["moving"]] == found

    def test_says_beside_the_field_that_a_code_is_unknown(self, client, desk):
        ProductFactory()

        answer = client.get("/products/?agency=XYZ")

        assert answer.context["form"].errors == {"agency": ["No agency has or had the code “XYZ”."]}
        assert answer.context["moving"] == []

    def test_asks_the_same_of_the_database_at_10_and_at_100(
        self, client, desk, django_assert_max_num_queries
    ):
        for count in (10, 90):
            for _ in range(count):
                product = ProductFactory()
                ParticipationFactory(product=product, agency=AgencyFactory(member=False))
            with django_assert_max_num_queries(5):
                answer = client.get("/products/")
        assert answer.context["page"].paginator.num_pages == 2
        assert len(answer.content) < 100_000

    def test_outsiders_find_released_products_alone(self, client):
        ProductFactory(code="DRAFT")
        Release(product=ProductFactory(code="OUT", state="released"), day="2013").save_as(None, "t")
        client.force_login(UserFactory())

        answer = client.get("/products/")

        assert (answer.context["moving"], [str(row) for row in answer.context["done"]]) == (
            [],
            ["OUT"],
        )


class TestProduct:
    def test_says_what_is_needed_and_from_whom(self, client, desk):
        world = make_call(3, codes=["CSA", "ESA", "JAXA"], days=6)
        world.say(0, Stand.CONCUR)
        world.say(1, Stand.OBJECT, "Section 2 is wrong.")

        with time_machine.travel(clock.now() + timedelta(days=2, minutes=1), tick=False):
            client.force_login(desk)
            answer = _page(client, world.product)

        assert [(row["finding"].sentence, row["who"]) for row in answer.context["needed"]][1:] == [
            ("ESA objects: Section 2 is wrong.", "ESA"),
            ("Waiting for JAXA: no position.", "JAXA"),
        ]
        assert [
            (row["header"], row["cells"][0]["kind"], row["cells"][0]["label"])
            for row in answer.context["matrix"]
        ] == [
            ("CSA", "concur", "Concur"),
            ("ESA", "object", "Object"),
            ("JAXA", "none", "No response"),
        ]
        assert "for 2 days" in answer.content.decode()

    def test_a_released_one_prints_the_codes_of_its_day_and_leads_to_the_agency(self, client, desk):
        product = ProductFactory(code="GES-2007", state=State.RELEASED)
        release = Release(product=product, day="2007-05-31")
        release.save_as(None, "test")
        agency = AgencyFactory(code="UKSA", key="uksa", name="UK Space Agency")
        release.participants.model(
            release=release, agency=agency, code="BNSC", name="British National Space Centre"
        ).save_as(None, "test")

        page = _page(client, product).content.decode()

        assert '<a class="agency" href="/agencies/uksa/"' in page
        assert '<span class="agency-code">BNSC</span>' in page
        assert "today UKSA" in page

    def test_tells_how_many_of_the_members_took_part_where_that_is_settled(self, client, desk):
        product = ProductFactory(state=State.RELEASED)
        release = Release(product=product, day="2013-08-20")
        release.save_as(None, "test")
        for number in range(3):
            agency = AgencyFactory()
            if number:
                release.participants.model(
                    release=release, agency=agency, code=agency.code, name=agency.name
                ).save_as(None, "test")

        assert "2 of 3 member agencies" in _page(client, product).content.decode()
        Release.objects.filter(pk=release.pk).update(day="2013-08")
        page = _page(client, product).content.decode()
        assert "of 3 member agencies" not in page
        assert "2 agencies, with the codes" in page

    def test_says_that_the_list_is_unknown_and_what_a_source_counts(self, client, desk):
        product = ProductFactory(state=State.RELEASED)
        Release(product=product, day="").save_as(None, "test")
        assert 'Which agencies took part is <span class="unknown">not known</span>' in (
            _page(client, product).content.decode()
        )

        product.reported_participants = 27
        product.save_as(None, "test")
        assert "The source counts 27 participating agencies" in (
            _page(client, product).content.decode()
        )

    def test_a_superseded_one_leads_to_its_successor(self, client, desk):
        old = ProductFactory(code="OLD", state=State.SUPERSEDED)
        new = ProductFactory(code="NEW-1", state=State.RELEASED, title="The next one")
        for product in (old, new):
            Release(product=product, day="2013").save_as(None, "test")
        Relation(product=new, kind="supersedes", target=old).save_as(None, "test")

        assert (
            'This edition is superseded by <a href="/products/NEW-1/">The next one (NEW-1)</a>'
        ) in _page(client, old).content.decode()

    def test_hides_drafts_from_outsiders(self, client):
        world = _released(2)
        write_version(world.product, text="A draft.", note="Secret note")
        draft = ProductFactory(code="SECRET")
        Relation(product=draft, kind="builds_on", target=world.product).save_as(None, "test")
        client.force_login(UserFactory())

        page = _page(client, world.product).content.decode()

        assert "Version 1" in page
        assert "Version 2" not in page
        assert "Secret note" not in page
        assert "SECRET" not in page
        assert client.get(f"{world.product.get_absolute_url()}history/").status_code == 404
        assert client.get("/products/SECRET/").status_code == 404


class TestActs:
    @pytest.mark.parametrize(
        ("state", "desk_may", "chair_may", "editor_may", "head_may"),
        [
            (
                State.DRAFTING,
                [
                    "Circulate to all members",
                    "Write or upload a version",
                    "Withdraw the product",
                ],
                ["Join for my agency", "Withdraw the product"],
                ["Circulate to all members", "Write or upload a version"],
                ["Join for my agency"],
            ),
            # Its version was not circulated yet.
            (
                State.SHARED,
                [
                    "Circulate to all members",
                    "Write or upload a version",
                    "Take back to drafting",
                    "Withdraw the product",
                ],
                ["Join for my agency", "Withdraw the product"],
                ["Circulate to all members", "Write or upload a version", "Take back to drafting"],
                ["Join for my agency"],
            ),
            (State.WITHDRAWN, [], [], [], []),
        ],
    )
    def test_each_is_offered_what_is_theirs(
        self, client, state, desk_may, chair_may, editor_may, head_may
    ):
        product = ProductFactory(state=state)
        write_version(product)
        head = MandateFactory().person
        chair = MandateFactory().person
        ChairTermFactory(agency=chair.mandates.get().agency, person=chair)
        editor = MandateFactory(capacity="staff").person
        GroupRoleFactory(group=product.group, person=editor)
        people = [UserFactory(is_secretariat=True), chair, editor, head]

        offered = []
        for person in people:
            client.force_login(person)
            offered.append(_offered(_page(client, product)))

        assert offered == [desk_may, chair_may, editor_may, head_may]

    def test_a_call_is_offered_once_the_share_period_has_run(self, client, desk):
        world = make_world()

        assert _offered(_page(client, world.product))[0] == "Open a call"
        with time_machine.travel(clock.now() - timedelta(days=7)):
            client.force_login(desk)
            assert "Open a call" not in _offered(_page(client, world.product))

    def test_a_position_is_asked_of_who_speaks_for_an_elector_until_the_deadline(self, client):
        world = make_call(2, days=10)
        outside = MandateFactory().person
        offered = {}
        for name, person in (("elector", world.heads[0]), ("outside", outside)):
            client.force_login(person)
            offered[name] = "Take a position" in _offered(_page(client, world.product))
        with time_machine.travel(world.call.deadline + timedelta(seconds=1)):
            client.force_login(world.heads[0])
            offered["late"] = "Take a position" in _offered(_page(client, world.product))

        assert offered == {"elector": True, "outside": False, "late": False}

    def test_a_service_is_called_once_and_what_was_typed_is_its_reason(self, client, desk):
        product = ProductFactory(code="AR-2026", state=State.SHARED)

        first = client.post("/products/AR-2026/acts/take-back/", {"reason": "A flaw."})
        again = client.post("/products/AR-2026/acts/take-back/", {"reason": "A flaw."})

        assert (first.status_code, first["Location"]) == (302, "/products/AR-2026/")
        assert again.status_code == 422
        assert (
            "AR-2026 is “Drafting” now: “Take back to drafting” is not possible from there."
        ) in again.content.decode()
        assert 'value="A flaw."' in again.content.decode()
        product.refresh_from_db()
        assert product.state == State.DRAFTING
        assert product.history.count() == 2

    @pytest.mark.parametrize("act", ["withdraw", "start-drafting", "return"])
    def test_who_may_not_is_forbidden(self, client, act):
        product = ProductFactory(state=State.AGREED)
        write_version(product)
        client.force_login(MandateFactory(capacity="staff").person)

        answer = client.post(f"{product.get_absolute_url()}acts/{act}/", {"reason": "Now."})

        assert answer.status_code == 403
        assert "Only " in answer.content.decode()
        product.refresh_from_db()
        assert product.state == State.AGREED

    def test_acts_are_posted_and_known(self, client, desk):
        product = ProductFactory()

        assert client.get(f"{product.get_absolute_url()}acts/withdraw/").status_code == 405
        assert client.post(f"{product.get_absolute_url()}acts/burn/").status_code == 404

    def test_the_release_asks_a_reason_for_what_is_passed_over(self, client, desk):
        world = make_world(2)
        world = _agree(world, text="It is [this/that].")
        address = f"{world.product.get_absolute_url()}release/"

        page = _page(client, world.product).content.decode()
        assert "Drafting residue in the text: “[this/that]” in line 1." in page
        bare = client.post(address, {"reason": "Agreed."})
        assert bare.status_code == 422
        done = client.post(
            address, {"reason": "Agreed.", "override_no_drafting_residue": "A quotation."}
        )

        assert done.status_code == 302
        assert Release.objects.get().overrides == {"no_drafting_residue": "A quotation."}
        assert "A quotation." in _page(client, world.product).content.decode()

    def test_a_head_joins_and_leaves_for_the_own_agency(self, client):
        product, other = ProductFactory(), AgencyFactory()
        mandate = MandateFactory()
        client.force_login(mandate.person)
        address = product.get_absolute_url()

        foreign = client.post(
            f"{address}acts/join/", {"agency": other.key, "degree": "lead", "reason": "Ours."}
        )
        joined = client.post(
            f"{address}acts/join/",
            {"agency": mandate.agency.key, "degree": "lead", "reason": "Ours."},
        )
        assert (foreign.status_code, joined.status_code) == (422, 302)
        assert _offered(_page(client, product)) == ["Leave for my agency"]
        left = client.post(
            f"{address}acts/leave/", {"agency": mandate.agency.key, "reason": "Done."}
        )
        assert left.status_code == 302
        assert product.participations.get().left_at is not None


class TestForms:
    def test_a_product_is_proposed_by_the_chair_and_the_secretariat(self, client, desk):
        data = {
            "code": "AR-2027",
            "title": "Annual Report 2027",
            "kind": "annual_report",
            "electorate_rule": "participants",
            "reason": "Due each year.",
        }

        made = client.post("/products/new/", data)
        again = client.post("/products/new/", data)

        assert made["Location"] == "/products/AR-2027/"
        assert again.status_code == 422
        assert list(again.context["form"].errors) == ["code"]
        assert 'value="Annual Report 2027"' in again.content.decode()
        assert Product.objects.get().state == State.PROPOSED
        client.force_login(MandateFactory().person)
        assert client.get("/products/new/").status_code == 403

    def test_the_address_of_this_page_is_no_code(self, client, desk):
        answer = client.post("/products/new/", {"code": "New"})

        assert answer.context["form"].errors["code"] == ["“new” is the address of this page."]

    def test_an_edit_against_an_older_state_is_refused_and_kept(self, client, desk):
        product = ProductFactory(code="AR-2027", title="Old")
        data = {
            "title": "Mine",
            "kind": "annual_report",
            "electorate_rule": "participants",
            "reason": "Clearer.",
            "revision": revision(product),
        }
        products.edit(product, revision=revision(product), title="Theirs", reason="First.", by=desk)

        stale = client.post("/products/AR-2027/edit/", data)

        assert stale.status_code == 422
        assert "Sam Secretariat changed this on" in stale.content.decode()
        assert 'value="Mine"' in stale.content.decode()
        assert Product.objects.get().title == "Theirs"
        again = client.post("/products/AR-2027/edit/", data | {"revision": revision(product)})
        assert again.status_code == 302
        assert Product.objects.get().title == "Mine"

    def test_editors_relations_and_participants_are_entered(self, client, desk):
        product, other = ProductFactory(code="AR-2027"), ProductFactory()
        person, agency = UserFactory(), AgencyFactory()
        posts = {
            "editors/new/": {"person": person.pk},
            "relations/new/": {"kind": "builds_on", "target": other.pk},
            "participants/new/": {"agency": agency.key, "degree": "following"},
        }

        for path, data in posts.items():
            sent = data | {"reason": "Decided."}
            assert client.post(f"/products/AR-2027/{path}", sent).status_code == 302
            assert client.post(f"/products/AR-2027/{path}", sent).status_code == 422
        editor = product.editors.get()
        ended = client.post(f"/products/AR-2027/editors/{editor.pk}/end/", {"reason": "Moved on."})
        left = client.post(
            "/products/AR-2027/participants/end/", {"agency": agency.key, "reason": "Letter."}
        )

        assert (ended.status_code, left.status_code) == (302, 302)
        assert product.relations.get().target == other
        assert product.participations.get().left_at is not None
        assert product.editors.get().ended_at is not None


class TestHistory:
    def test_tells_events_record_and_milestones(self, client, desk):
        world = make_call(2, codes=["CSA", "ESA"])
        world.say(0, Stand.CONCUR)
        Milestone.objects.create(product=world.product, day="2013-08", text="Workshop held")
        address = f"{world.product.get_absolute_url()}history/"

        events = client.get(address).content.decode()
        record = client.get(f"{address}?view=record").content.decode()
        milestones = client.get(f"{address}?view=milestones").content.decode()

        assert [row["words"] for row in client.get(address).context["events"]] == [
            "Position taken",
            "Moved into consensus",
            "Call opened",
        ]
        assert "for CSA" in events
        assert "Open a call: Is this agreed?" in record
        assert "Workshop held" in milestones

    def test_names_people_as_they_are_called_now(self, client, django_assert_max_num_queries):
        head = MandateFactory().person
        desk = UserFactory(is_secretariat=True, name="Sofia Before")
        editor, product = UserFactory(name="Erik Before"), ProductFactory()
        products.add_editor(product, person=editor, reason="Writes.", by=desk)
        for person, name in ((desk, "Sofia Now"), (editor, "Erik Now")):
            person.name = name
            person.save_as(None, "test")
        client.force_login(head)

        with django_assert_max_num_queries(6):
            page = client.get(f"{product.get_absolute_url()}history/").content.decode()

        assert "<strong>An editor was added</strong> by Sofia Now: Writes." in page
        assert "<ins>Erik Now</ins>" in page
        assert "Before" not in page

    @pytest.mark.parametrize("view", ["events", "record", "milestones"])
    def test_asks_six_questions_at_any_length(self, client, view, django_assert_max_num_queries):
        head = MandateFactory().person
        desk = UserFactory(is_secretariat=True)
        client.force_login(head)
        product = ProductFactory()
        for length in (1, 60):
            for number in range(length):
                title = f"Title {length} {number}"
                products.edit(
                    product, revision=revision(product), title=title, reason="Again.", by=desk
                )
                Milestone.objects.create(product=product, day="2013", text=title)
            with django_assert_max_num_queries(6):
                answer = client.get(f"{product.get_absolute_url()}history/?view={view}")
        assert answer.context["page"].paginator.num_pages == 2
        assert len(answer.content) < 100_000


def _answer(world):
    """Have every agency concur, at once: it is the page that is looked at here."""
    PositionEntry.objects.bulk_create(
        PositionEntry(
            call=world.call,
            agency=agency,
            version=world.call.version,
            stand="concur",
            given_at=clock.now(),
            given_by=head,
        )
        for agency, head in zip(world.agencies, world.heads, strict=True)
    )


def _agree(world, *, text=""):
    if text:
        sent = clock.now() - timedelta(days=15)
        circulate(write_version(world.product, text=text), opened_at=sent)
    world.call = calls.open_call(
        world.product,
        question="Agreed?",
        deadline=clock.now() + timedelta(days=10),
        time_zone="UTC",
        by=world.secretariat,
    )
    _answer(world)
    decisions.declare(
        world.product, outcome=Outcome.CONSENSUS, statement="So it is.", by=world.secretariat
    )
    return world


def _released(count):
    world = _agree(make_world(count))
    releases.release(world.product, reason="Agreed.", by=world.secretariat)
    return world


def _full(state, count, electorate_rule):
    """Make a product in ``state`` with ``count`` of all that its page shows."""
    world = make_world(count, electorate_rule=electorate_rule)
    product = world.product
    if state == State.IN_CONSENSUS:
        world.call = calls.open_call(
            product,
            question="Agreed?",
            deadline=clock.now() + timedelta(days=10),
            time_zone="UTC",
            by=world.secretariat,
        )
        _answer(world)
    elif state in (State.AGREED, State.RELEASED, State.SUPERSEDED):
        _agree(world)
        if state != State.AGREED:
            releases.release(product, reason="Agreed.", by=world.secretariat)
    for number in range(count):
        other = ProductFactory(state=State.RELEASED)
        kind = "supersedes" if number == 0 else "builds_on"
        Relation(product=other, kind=kind, target=product).save_as(None, "test")
        Milestone.objects.create(product=product, day="2013", text=f"Milestone {number}")
        if state != State.AGREED:
            write_version(product, text=f"Text {number}.")
    if product.state != state:
        product.state = state
        product.save_as(None, "test")
    return world


@pytest.mark.parametrize(
    ("state", "rule"),
    [
        *((state, ElectorateRule.PARTICIPANTS) for state in State),
        (State.SHARED, ElectorateRule.ALL_MEMBERS),
    ],
)
def test_the_product_page_asks_twelve_questions_at_most(
    client, state, rule, django_assert_max_num_queries
):
    for count in (1, 50):
        world = _full(state, count, rule)
        head = world.heads[0]
        GroupRoleFactory(group=world.product.group, person=head, duty="co_chair")
        for person in (world.secretariat, head, UserFactory()):
            client.force_login(person)
            with django_assert_max_num_queries(12):
                answer = client.get(world.product.get_absolute_url())
            assert len(answer.content) < 100_000
        assert answer.status_code == (200 if state in (State.RELEASED, State.SUPERSEDED) else 404)


def test_a_page_with_fifty_of_all_stays_small(client, desk):
    product = ProductFactory(state=State.DRAFTING)
    for _ in range(50):
        ParticipationFactory(product=product)
        write_version(product, text="Text.", note="A note of usual length on what changed here.")

    answer = _page(client, product)

    assert len(answer.content) < 100_000
    assert len(answer.context["versions"]) == 10
    assert len(answer.context["older_versions"]) == 40


def test_the_rooms_below_show_what_is_known_here(client, desk):
    group = WorkingGroupFactory(code="TWG")
    agency = AgencyFactory(code="UKSA", key="uksa")
    draft = ProductFactory(code="DRAFT", group=group)
    ParticipationFactory(product=draft, agency=agency, degree="lead")
    old = ProductFactory(code="GES-2007", state=State.RELEASED)
    release = Release(product=old, day="2007-05-31")
    release.save_as(None, "test")
    release.participants.model(release=release, agency=agency, code="BNSC", name="x").save_as(
        None, "test"
    )

    sections = client.get("/agencies/uksa/").context["sections"]
    groups = client.get("/groups/TWG/").context["sections"]

    assert [
        (str(row["product"]), row["code"], row["degree_label"])
        for row in sections[0].context["rows"]
    ] == [("DRAFT", "UKSA", "Lead"), ("GES-2007", "BNSC", "Not known")]
    assert [str(row) for row in groups[0].context["products"]] == ["DRAFT"]
    closing = client.post("/groups/TWG/close/", {"end": "2026-01-01", "reason": "Done."})
    assert closing.status_code == 422


def test_the_admin_is_a_window(client):
    client.force_login(UserFactory(is_staff=True, is_superuser=True))
    version = VersionFactory()

    assert client.get(f"/admin/products/version/{version.pk}/change/").status_code == 200
    assert client.get("/admin/products/version/add/").status_code == 403


# --- What is not to be learnt of drafts ------------------------------------------------


def _out_with_hidden_relations():
    """Make a released product, and a draft of the same group that was withdrawn."""
    out = ProductFactory(code="OUT", state=State.RELEASED)
    Release(product=out, day="2013").save_as(None, "test")
    # Its state is among the public ones, but it was never released.
    gone = ProductFactory(code="GONE", title="Given up", state=State.WITHDRAWN)
    Relation(product=gone, kind="supersedes", target=out).save_as(None, "test")
    return out, gone


@pytest.mark.parametrize("state", [State.RELEASED, State.SUPERSEDED, State.WITHDRAWN])
def test_a_draft_that_was_withdrawn_is_not_named_to_outsiders(client, state):
    out, gone = _out_with_hidden_relations()
    out.state = state
    out.save_as(None, "test")

    shown = {}
    for person in (UserFactory(), MandateFactory().person):
        client.force_login(person)
        pages = [client.get(out.get_absolute_url()), client.get("/products/")]
        shown[person] = [gone.code in page.content.decode() for page in pages]

    assert list(shown.values()) == [[False, False], [True, True]]


def test_who_writes_without_a_mandate_is_offered_no_drafts_and_no_names(client):
    out, _ = _out_with_hidden_relations()
    draft, other = ProductFactory(state=State.DRAFTING), UserFactory()
    co_chair = GroupRoleFactory(group=out.group, duty="co_chair").person
    client.force_login(co_chair)

    relation = client.get(f"/products/{out.code}/relations/new/")
    editor = client.get(f"/products/{out.code}/editors/new/")
    sent = client.post(
        f"/products/{out.code}/relations/new/",
        {"kind": "builds_on", "target": draft.pk, "reason": "Because."},
    )

    assert list(relation.context["form"].fields["target"].queryset) == [out]
    assert list(editor.context["form"].fields["person"].queryset) == [co_chair]
    assert other.name not in editor.content.decode()
    assert sent.status_code == 422
    assert not out.relations.exists()
