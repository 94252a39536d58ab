"""The pages of comments: beside the text, the table, one comment, an agency's drafts."""

from datetime import timedelta

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from isecg import clock
from products.models import Comment, ProductEditor
from products.remarks import Answer, CommentFields, CommentKind, Disposition
from products.services import comments
from products.workflow import State
from tests.factories import (
    AgencyFactory,
    CommentFactory,
    LiaisonContactFactory,
    MandateFactory,
    ProductFactory,
    UserFactory,
    VersionFactory,
)
from tests.products.world import circulate

pytestmark = pytest.mark.django_db

TEXT = "# Power\n\nThe rover has two wheels.\n\nDust is ignored."


def said(text="It has six wheels.", **fields):
    return CommentFields(**{"kind": CommentKind.TECHNICAL, "text": text, **fields})


@pytest.fixture
def esa():
    return AgencyFactory(code="ESA")


@pytest.fixture
def head(esa):
    return MandateFactory(agency=esa, person__name="Hedy").person


@pytest.fixture
def version():
    return VersionFactory(product=ProductFactory(code="DUST"), text=TEXT)


@pytest.fixture
def editor(version):
    person = MandateFactory(person__name="Edi").person
    ProductEditor(product=version.product, person=person).save_as(None, "factory")
    return person


@pytest.fixture
def given(version, esa, head):
    return comments.submit_comment(version, agency=esa, fields=said(anchor=2), by=head)


def typed(**fields):
    return {"agency": "esa", "kind": "technical", "text": "It has six wheels.", **fields}


def page(client, person, url, **query):
    client.force_login(person)
    return client.get(url, query)


def post(client, person, url, data=()):
    client.force_login(person)
    return client.post(url, dict(data))


def text(answer):
    return " ".join(answer.content.decode().split())


class TestBesideTheText:
    def url(self, version):
        return reverse("version", args=["DUST", version.number])

    def test_each_paragraph_has_its_comments_and_a_way_to_comment(
        self, client, version, given, head
    ):
        html = text(page(client, head, self.url(version)))

        part = html.partition('id="p-2"')[2].partition('id="p-3"')[0]
        assert "1 comment" in part
        assert "It has six wheels." in part
        assert f'href="/products/DUST/comments/{given.pk}/"' in part
        assert 'href="?paragraph=2#comment"' in part
        assert "1 comment" not in html.partition('id="p-3"')[2].partition("</section>")[0]

    def test_the_form_opens_beside_the_paragraph_without_a_script(self, client, version, head):
        html = text(page(client, head, self.url(version), paragraph=2))

        part = html.partition('id="p-2"')[2].partition('id="p-3"')[0]
        assert "Comment on <span data-comment-title>paragraph 2</span>" in part
        assert "The rover has two wheels.</blockquote>" in part
        assert 'name="paragraph" value="2"' in part
        assert html.count('name="text"') == 1

    @pytest.mark.parametrize("asked", ["0", "99", "-1", "x", "9" * 30, "²", ""])
    def test_another_paragraph_opens_it_for_the_whole(self, client, version, head, asked):
        html = text(page(client, head, self.url(version), paragraph=asked))

        assert "Comment on <span data-comment-title>the whole text</span>" in html
        assert html.count('name="text"') == 1

    def test_takes_a_comment_and_leads_to_it(self, client, version, head, esa):
        answer = post(
            client,
            head,
            reverse("comment_new", args=["DUST", version.number]),
            typed(paragraph="2", proposal="Six.", clause="1", place="Figure 2", line="3"),
        )

        made = Comment.objects.get()
        assert (answer.status_code, answer["Location"]) == (
            302,
            f"{self.url(version)}#c-{made.pk}",
        )
        assert (made.number, made.agency, made.anchor, made.proposal) == (1, esa, 2, "Six.")

    def test_keeps_a_draft_where_that_is_asked(self, client, version, head, editor):
        url = reverse("comment_new", args=["DUST", version.number])
        post(client, head, url, typed(paragraph="2", draft="yes"))

        assert Comment.objects.get().is_draft
        assert "<strong>Draft</strong>" in text(page(client, head, self.url(version)))
        assert "It has six wheels." not in text(page(client, editor, self.url(version)))

    @pytest.mark.parametrize(
        ("wrong", "words"),
        [
            ({"text": " "}, "This field is required."),
            ({"kind": "rude"}, "Select a valid choice."),
            ({"paragraph": "9"}, "has no paragraph 9"),
            ({"paragraph": "9" * 40}, "less than or equal to 1000000"),
            ({"text": "a\x00b"}, "Null characters are not allowed."),
            ({"clause": "x" * 101}, "at most 100 characters"),
            ({"agency": "jaxa"}, "You do not comment for this agency."),
        ],
    )
    def test_says_what_is_wrong_and_keeps_what_was_typed(self, client, version, head, wrong, words):
        AgencyFactory(code="JAXA")
        url = reverse("comment_new", args=["DUST", version.number])
        answer = post(client, head, url, typed(paragraph="2", proposal="Six wheels.") | wrong)

        assert answer.status_code == 422
        assert words in text(answer)
        assert "Six wheels.</textarea>" in text(answer)
        assert not Comment.objects.exists()

    def test_the_secretariat_needs_a_source(self, client, version, esa):
        desk = UserFactory(is_secretariat=True, name="Sam")
        url = reverse("comment_new", args=["DUST", version.number])
        answer = post(client, desk, url, typed())
        assert "Say where you have it from" in text(answer)

        post(client, desk, url, typed(source="Mail of 2 March", author_name="A. Nother"))

        made = Comment.objects.get()
        assert (made.source, made.author_name, made.entered_by) == (
            "Mail of 2 March",
            "A. Nother",
            desk,
        )
        html = text(page(client, desk, made.get_absolute_url()))
        assert "by Sam for ESA, source: Mail of 2 March" in html

    def test_the_secretariat_keeps_no_drafts_and_learns_of_none(self, client, version, esa, head):
        desk = UserFactory(is_secretariat=True)
        comments.draft_comment(version, agency=esa, fields=said(), by=head)
        url = reverse("comment_new", args=["DUST", version.number])
        answer = post(client, desk, url, typed(source="Mail", draft="yes"))
        assert (answer.status_code, "Only people of ESA keep drafts" in text(answer)) == (422, True)

        assert post(client, desk, url, typed(source="Mail")).status_code == 302
        assert Comment.objects.submitted().count() == 1

    def test_many_comments_keep_the_page_small(self, client, version, head, esa):
        for number in range(120):
            CommentFactory(version=version, agency=esa, anchor=1 + number % 3, text="word " * 200)
        answer = page(client, head, self.url(version))

        assert "40 comments" in text(answer)
        assert "30 more in the table" in text(answer)
        assert len(answer.content) < 100_000

    def test_only_people_of_members_write(self, client, version):
        url = reverse("comment_new", args=["DUST", version.number])
        assert post(client, UserFactory(), url, typed()).status_code == 404
        contact = LiaisonContactFactory().person
        assert post(client, contact, url, typed()).status_code == 404
        admin = UserFactory(is_superuser=True)
        assert post(client, admin, url, typed()).status_code in {403, 404}

    def test_a_settled_text_takes_no_comment(self, client, version, head):
        version.product.state = State.WITHDRAWN
        version.product.save_as(None, "for the test")
        assert "data-comment-on" not in text(page(client, head, self.url(version)))
        url = reverse("comment_new", args=["DUST", version.number])
        answer = post(client, head, url, typed())
        assert (answer.status_code, Comment.objects.count()) == (422, 0)
        assert "do not change any more" in text(answer)

    def test_queries_do_not_grow_with_the_comments(self, client, version, head, esa):
        client.force_login(head)

        def queries():
            with CaptureQueriesContext(connection) as caught:
                client.get(self.url(version))
            return len(caught)

        CommentFactory(version=version, agency=esa, anchor=2)
        few = queries()
        for number in range(30):
            CommentFactory(version=version, agency=esa, anchor=2 + number % 2)
        assert queries() == few


class TestTable:
    url = "/products/DUST/comments/"

    def labels(self, answer):
        return [reading.row.label for reading in answer.context["readings"]]

    @pytest.fixture
    def rows(self, version, esa, head, editor):
        other = MandateFactory(agency__code="CNES", person__name="Olga")
        made = [
            comments.submit_comment(version, agency=agency, fields=fields, by=by)
            for agency, by, fields in [
                (esa, head, said("Alpha", anchor=3, clause="9")),
                (other.agency, other.person, said("Beta", kind=CommentKind.EDITORIAL)),
                (esa, head, said("Gamma", anchor=2, proposal="Delta")),
                (other.agency, other.person, said("Epsilon", anchor=1)),
            ]
        ]
        comments.dispose(
            version.product,
            comments=[made[2]],
            disposition=Disposition.DUPLICATE,
            response="",
            duplicate_of=made[0],
            by=editor,
        )
        comments.dispose(
            version.product,
            comments=[made[3]],
            disposition=Disposition.REJECTED,
            response="Zeta",
            by=editor,
        )
        return made

    def test_has_the_columns_and_groups_duplicates(self, client, rows, head):
        answer = page(client, head, self.url)
        html = text(answer)

        assert self.labels(answer) == ["C-1", "C-3", "C-2", "C-4"]
        assert "4 comments: 2 open." in html
        for words in ("Clause 9", "Alpha", "Delta", "Duplicate of C-1", "Zeta", "Hedy", "CNES"):
            assert words in html
        assert html.count('class="is-duplicate"') == 1
        assert "This product is non-binding." in html

    @pytest.mark.parametrize(
        ("query", "found"),
        [
            ({"agency": "CNES"}, ["C-2", "C-4"]),
            ({"kind": "editorial"}, ["C-2"]),
            ({"state": "open"}, ["C-1", "C-2"]),
            ({"state": "new"}, ["C-1", "C-2"]),
            ({"state": "disposed"}, ["C-3", "C-4"]),
            ({"state": "unconfirmed"}, ["C-3", "C-4"]),
            ({"state": "disputed"}, []),
            ({"state": "check"}, []),
            ({"state": "mine"}, ["C-1", "C-3"]),
            ({"q": "delta"}, ["C-3"]),
            ({"q": "ZETA"}, ["C-4"]),
            ({"version": "1"}, ["C-1", "C-3", "C-2", "C-4"]),
            ({"version": "1", "paragraph": "2"}, ["C-3"]),
            ({"version": "7"}, []),
            ({"paragraph": "2"}, []),
            ({"q": "\x00"}, []),
            ({"sort": "-number"}, ["C-4", "C-2", "C-1", "C-3"]),
            ({"sort": "agency"}, ["C-2", "C-4", "C-1", "C-3"]),
            ({"sort": "-agency"}, ["C-1", "C-3", "C-2", "C-4"]),
            ({"sort": "place"}, ["C-2", "C-4", "C-3", "C-1"]),
            ({"sort": "kind"}, ["C-2", "C-1", "C-3", "C-4"]),
            ({"sort": "disposition"}, ["C-1", "C-2", "C-3", "C-4"]),
            ({"sort": "evil"}, ["C-1", "C-3", "C-2", "C-4"]),
            ({"page": "x"}, ["C-1", "C-3", "C-2", "C-4"]),
        ],
    )
    def test_filters_and_sorts(self, client, rows, head, query, found):
        assert self.labels(page(client, head, self.url, **query)) == found

    def test_finds_what_was_disputed(self, client, rows, head):
        comments.answer(rows[2], answer=Answer.DISPUTED, text="No.", by=head)

        assert self.labels(page(client, head, self.url, state="disputed")) == ["C-3"]

    def test_drafts_are_not_in_it(self, client, version, esa, head):
        comments.draft_comment(version, agency=esa, fields=said(), by=head)

        assert self.labels(page(client, head, self.url)) == []

    def test_marks_what_came_after_the_window(self, client, version, esa, head):
        circulate(version, opened_at=clock.now() - timedelta(days=20))
        comments.submit_comment(version, agency=esa, fields=said(), by=head)

        assert "after the window" in text(page(client, head, self.url))

    def test_several_are_disposed_of_at_once(self, client, rows, editor):
        data = {"comments": [rows[0].pk, rows[1].pk], "disposition": "noted", "response": "Ok"}
        answer = post(client, editor, f"{self.url}dispose/?kind=technical", data)

        assert answer["Location"] == f"{self.url}?kind=technical"
        done = Comment.objects.filter(disposition="noted", response="Ok")
        assert [row.label for row in done.order_by("number")] == ["C-1", "C-2"]

    @pytest.mark.parametrize(
        ("wrong", "words"),
        [
            ({"disposition": "rejected"}, "A rejection needs its reason."),
            ({"disposition": ""}, "This field is required."),
            ({"disposition": "withdrawn"}, "Select a valid choice."),
            ({"disposition": "duplicate"}, "Name the comment that it repeats."),
            (
                {"disposition": "duplicate", "duplicate_of": "C-99"},
                "There is no comment “C-99” here.",
            ),
            ({"disposition": "duplicate", "duplicate_of": "C-1"}, "C-1 cannot repeat itself."),
            ({"disposition": "pending"}, "A pending action names its owner."),
            ({"disposition": "pending", "action_due": "x"}, "Enter a valid date."),
            ({"disposition": "open"}, "None of these comments is to be checked."),
            ({"disposition": "noted", "comments": []}, "Choose the comments"),
            ({"disposition": "noted", "comments": ["x", "9" * 40]}, "Choose the comments"),
        ],
    )
    def test_or_none_where_something_is_wrong(self, client, rows, editor, wrong, words):
        data = {"comments": [rows[0].pk, rows[1].pk], "disposition": "noted", **wrong}
        answer = post(client, editor, f"{self.url}dispose/", data)

        assert answer.status_code == 422
        assert words in text(answer)
        assert Comment.objects.open().count() == 2
        if "comments" not in wrong:
            assert f'value="{rows[0].pk}" form="dispose-form" aria-label="Choose C-1" checked' in (
                text(answer)
            )

    def test_only_by_those_whose_act_it_is(self, client, rows, head):
        assert "dispose-form" not in text(page(client, head, self.url))
        data = {"comments": [rows[0].pk], "disposition": "noted"}
        assert post(client, head, f"{self.url}dispose/", data).status_code == 403

    def test_is_for_those_who_read_drafts(self, client, version):
        for person in (UserFactory(), LiaisonContactFactory().person):
            assert page(client, person, self.url).status_code == 404

    def test_costs_the_same_at_10_and_100_and_stays_small(self, client, version, editor, esa):
        client.force_login(editor)

        def look():
            with CaptureQueriesContext(connection) as caught:
                answer = client.get(self.url)
            return len(caught), len(answer.content)

        for number in range(10):
            CommentFactory(version=version, agency=esa, anchor=2, text=f"{number} " * 600)
        few, _ = look()
        for number in range(90):
            CommentFactory(
                version=version, anchor=2, text=f"{number} " * 600, proposal="word " * 300
            )
        many, size = look()
        assert many == few
        assert few <= 14
        assert size < 100_000


class TestComment:
    def test_shows_everything_and_its_history(self, client, given, head, editor):
        comments.dispose(
            given.product,
            comments=[given],
            disposition=Disposition.MODIFIED,
            response="Four.",
            by=editor,
        )
        comments.answer(given, answer=Answer.DISPUTED, text="Six!", by=head)

        html = text(page(client, editor, given.get_absolute_url()))

        for words in (
            "Comment C-1 of ESA",
            "The rover has two wheels.",
            "It has six wheels.",
            "Accepted with modification",
            "Four.",
            "Six!",
            "Not agreed",
            "Version 1:",
        ):
            assert words in html

    def test_what_was_drafted_before_is_not_in_the_history(
        self, client, version, esa, head, editor
    ):
        draft = comments.draft_comment(version, agency=esa, fields=said("A secret."), by=head)
        comments.edit_draft(draft, fields=said("Polite."), by=head)
        comments.submit_drafts(version.product, agency=esa, comments=[draft], by=head)

        html = text(page(client, editor, draft.get_absolute_url()))

        assert "Polite." in html
        assert "A secret." not in html

    def test_the_acts_are_offered_to_those_whose_they_are(self, client, given, head, editor, esa):
        colleague = MandateFactory(agency=esa).person
        comments.dispose(
            given.product,
            comments=[given],
            disposition=Disposition.NOTED,
            response="",
            by=editor,
        )
        offered = {
            person.name: [
                act["label"]
                for act in page(client, person, given.get_absolute_url()).context["acts"]
            ]
            for person in (head, colleague, editor)
        }
        assert offered == {
            "Hedy": ["Answer the disposition", "Withdraw the comment"],
            colleague.name: ["Withdraw the comment"],
            "Edi": ["Dispose of it"],
        }

    def test_the_acts(self, client, given, head, editor):
        url = given.get_absolute_url()
        data = {"disposition": "noted", "response": "Thanks."}
        assert post(client, editor, f"{url}dispose/", data).status_code == 302
        assert post(client, head, f"{url}answer/", {"answer": "confirmed"}).status_code == 302
        given.refresh_from_db()
        assert (given.disposition, given.answer) == ("noted", "confirmed")
        assert post(client, head, f"{url}withdraw/", {"reason": "Mistake."}).status_code == 302
        given.refresh_from_db()
        assert given.disposition == "withdrawn"

    def test_their_refusals_keep_what_was_typed(self, client, given, head, editor):
        url = given.get_absolute_url()
        answer = post(client, editor, f"{url}dispose/", {"disposition": "rejected"})
        assert (answer.status_code, "A rejection needs its reason." in text(answer)) == (422, True)
        answer = post(client, head, f"{url}withdraw/", {"reason": ""})
        assert (answer.status_code, "The comment was not withdrawn." in text(answer)) == (422, True)
        answer = post(client, head, f"{url}answer/", {"answer": "disputed", "text": ""})
        assert (answer.status_code, "Say what you do not agree with." in text(answer)) == (
            422,
            True,
        )
        answer = post(client, head, f"{url}answer/", {"answer": "confirmed", "text": "Fine"})
        assert (answer.status_code, "no disposition of C-1" in text(answer)) == (422, True)

    def test_are_refused_to_others(self, client, given, head, editor):
        url = given.get_absolute_url()
        stranger = MandateFactory().person
        for act in ("dispose", "check", "answer", "withdraw"):
            assert post(client, stranger, f"{url}{act}/", {}).status_code == 403
            assert post(client, UserFactory(), f"{url}{act}/", {}).status_code == 404
        assert page(client, UserFactory(), url).status_code == 404

    def test_is_found_under_its_own_product_alone(self, client, given, head):
        ProductFactory(code="OTHER")
        url = reverse("comment", args=["OTHER", given.pk])
        assert page(client, head, url).status_code == 404

    def test_a_carried_one_is_looked_at(self, client, given, head, editor):
        VersionFactory(product=given.product, text=TEXT)
        url = given.get_absolute_url()
        assert "To be checked" in text(page(client, editor, url))

        post(client, editor, f"{url}check/")

        html = text(page(client, editor, url))
        assert "To be checked" not in html
        # Sent a second time it says so.
        answer = client.post(f"{url}check/", follow=True)
        assert "None of these comments is to be checked." in text(answer)

    def test_costs_little(self, client, given, editor):
        client.force_login(editor)
        with CaptureQueriesContext(connection) as caught:
            client.get(given.get_absolute_url())
        assert len(caught) <= 20


class TestDrafts:
    url = "/products/DUST/comments/drafts/"

    @pytest.fixture
    def draft(self, version, esa, head):
        return comments.draft_comment(version, agency=esa, fields=said(anchor=2), by=head)

    def test_are_listed_for_the_agency_alone(self, client, draft, head, editor):
        assert "It has six wheels." in text(page(client, head, self.url))
        assert "It has six wheels." not in text(page(client, editor, self.url))
        assert page(client, editor, f"{self.url}{draft.pk}/").status_code == 404
        assert page(client, editor, draft.get_absolute_url()).status_code == 404
        # No page of comments shows it, not even to the agency, before it is submitted.
        assert page(client, head, draft.get_absolute_url()).status_code == 404
        assert page(client, UserFactory(), self.url).status_code == 404

    def test_are_submitted_as_the_agencys(self, client, draft, head):
        answer = post(client, head, self.url, {"agency": "esa", "comments": [draft.pk]})

        assert answer["Location"] == "/products/DUST/comments/"
        draft.refresh_from_db()
        assert draft.label == "C-1"

    def test_none_chosen_and_none_of_others(self, client, draft, head, editor):
        answer = post(client, head, self.url, {"agency": "esa", "comments": ["x"]})
        assert (answer.status_code, "Choose the drafts" in text(answer)) == (422, True)
        data = {"agency": "esa", "comments": [draft.pk]}
        assert post(client, editor, self.url, data).status_code == 404
        draft.refresh_from_db()
        assert draft.is_draft

    def test_are_changed_and_discarded(self, client, draft, head):
        url = f"{self.url}{draft.pk}/"
        assert "It has six wheels.</textarea>" in text(page(client, head, url))
        assert post(client, head, url, typed(text="")).status_code == 422
        answer = post(client, head, url, typed(text="Eight.", paragraph="3"))
        assert answer["Location"] == self.url
        draft.refresh_from_db()
        assert (draft.text, draft.anchor) == ("Eight.", 3)
        post(client, head, f"{url}discard/")
        assert not Comment.objects.exists()
