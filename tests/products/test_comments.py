"""Comments: drafted, submitted, disposed of, answered, withdrawn (rules 37 and 38)."""

from datetime import timedelta

import pytest
from django.core.exceptions import PermissionDenied

from isecg import clock
from isecg.events import log
from isecg.mail.models import Letter
from products.models import Comment, ProductEditor
from products.remarks import Answer, CommentFields, CommentKind, Disposition
from products.services import comments
from products.services.errors import ProductError
from products.workflow import PUBLIC, UNRELEASED
from tests.factories import (
    AgencyFactory,
    CommentFactory,
    GroupRoleFactory,
    LiaisonContactFactory,
    MandateFactory,
    ProductFactory,
    UserFactory,
    VersionFactory,
)
from workgroups.models import Succession
from workgroups.permissions import Standing
from workgroups.roles import Capacity, GroupDuty

pytestmark = pytest.mark.django_db

TEXT = "# Power\n\nThe rover has two wheels.\n\nDust is ignored."


def said(text="It has six wheels.", **fields):
    return CommentFields(**{"kind": CommentKind.TECHNICAL, "text": text, **fields})


@pytest.fixture
def esa():
    return AgencyFactory(code="ESA")


@pytest.fixture
def head(esa):
    return MandateFactory(agency=esa).person


@pytest.fixture
def desk():
    return UserFactory(name="Sam", is_secretariat=True)


@pytest.fixture
def version():
    return VersionFactory(text=TEXT)


@pytest.fixture
def editor(version):
    person = UserFactory(name="Edi")
    ProductEditor(product=version.product, person=person).save_as(None, "factory")
    return person


@pytest.fixture
def given(version, esa, head):
    return comments.submit_comment(version, agency=esa, fields=said(anchor=2), by=head)


def dispose(rows, disposition=Disposition.ACCEPTED, response="", *, by, **fields):
    return comments.dispose(
        rows[0].product,
        comments=rows,
        disposition=disposition,
        response=response,
        by=by,
        **fields,
    )


def letters(kind):
    rows = Letter.objects.filter(kind=kind).order_by("recipient_id", "pk")
    return [(row.recipient.name, row.subject) for row in rows]


class TestSubmitting:
    def test_keeps_the_columns_number_and_event(self, version, esa, head):
        fields = said(
            anchor=2, clause="1", place="Figure 2", line="7", proposal="Six.", text="Count again."
        )

        made = comments.submit_comment(version, agency=esa, fields=fields, by=head)

        made.refresh_from_db()
        assert (made.number, made.label, made.agency_code) == (1, "C-1", "ESA")
        assert (made.author, made.author_name, made.entered_by) == (head, head.name, head)
        assert (made.clause, made.place, made.line) == ("1", "Figure 2", "7")
        assert (made.text, made.proposal, made.kind) == ("Count again.", "Six.", "technical")
        assert (made.anchor, made.quote) == (2, "The rover has two wheels.")
        assert made.is_open
        event = log.about(version.product).first()
        assert (event.event, event.payload["on_behalf_of"], event.payload["version"]) == (
            "comment.submitted",
            "ESA",
            f"v{version.number}",
        )
        assert event.payload["after"] == {"comments": ["C-1"]}
        assert made.history.get().history_change_reason == "Submitted"

    def test_numbers_go_by_product(self, version, esa, head):
        other = VersionFactory(text=TEXT)

        numbers = [
            comments.submit_comment(on, agency=esa, fields=said(text), by=head).number
            for on, text in [(version, "a"), (version, "b"), (other, "c"), (version, "d")]
        ]

        assert numbers == [1, 2, 1, 3]

    @pytest.mark.parametrize("capacity", list(Capacity))
    def test_everybody_of_a_member_agency_comments_for_it(self, version, esa, capacity):
        person = MandateFactory(agency=esa, capacity=capacity).person

        assert comments.submit_comment(version, agency=esa, fields=said(), by=person).author

    def test_a_mandate_limited_to_the_product_is_enough_there(self, version, esa):
        mandate = MandateFactory(agency=esa, limited_to=version.product.code)
        other = VersionFactory()

        comments.submit_comment(version, agency=esa, fields=said(), by=mandate.person)
        with pytest.raises(PermissionDenied):
            comments.submit_comment(other, agency=esa, fields=said(), by=mandate.person)

    def test_nobody_else_does(self, version, esa, desk):
        stranger = MandateFactory().person
        contact = LiaisonContactFactory().person
        chair = GroupRoleFactory(group=version.product.group, duty=GroupDuty.CO_CHAIR).person

        for person in (stranger, contact, chair, desk, UserFactory(is_superuser=True)):
            with pytest.raises(PermissionDenied):
                comments.submit_comment(version, agency=esa, fields=said(), by=person)
        for person in (stranger, chair):
            with pytest.raises(PermissionDenied, match="Only the secretariat"):
                comments.submit_comment(
                    version, agency=esa, fields=said(), by=person, source="A call"
                )
        assert not Comment.objects.exists()

    def test_the_secretariat_enters_one_with_its_source(self, version, esa, desk):
        made = comments.submit_comment(
            version, agency=esa, fields=said(author_name="A. Nother"), by=desk, source="Mail"
        )

        assert (made.author, made.author_name, made.entered_by, made.source) == (
            None,
            "A. Nother",
            desk,
            "Mail",
        )
        event = log.about(version.product).first()
        assert (event.payload["reason"], event.payload["on_behalf_of"]) == ("Source: Mail", "ESA")

    def test_a_colleague_without_account_is_named(self, version, esa, head):
        made = comments.submit_comment(
            version, agency=esa, fields=said(author_name="A. Nother"), by=head
        )

        assert (made.author, made.author_name, made.entered_by) == (None, "A. Nother", head)

    @pytest.mark.parametrize("state", PUBLIC)
    def test_none_on_a_settled_text(self, state, esa, head):
        version = VersionFactory(product=ProductFactory(state=state))

        with pytest.raises(ProductError, match="its comments do not change any more"):
            comments.submit_comment(version, agency=esa, fields=said(), by=head)

    @pytest.mark.parametrize("state", UNRELEASED)
    def test_on_every_version_while_it_is_on_its_way(self, state, esa, head):
        product = ProductFactory(state=state)
        older, newer = VersionFactory(product=product), VersionFactory(product=product)

        for version in (older, newer):
            comments.submit_comment(version, agency=esa, fields=said(), by=head)

        rows = product.comments.order_by("number").values_list("number", "version__number")
        assert list(rows) == [(1, 1), (2, 2)]

    @pytest.mark.parametrize("anchor", [0, 4, 10**9])
    def test_refuses_a_paragraph_that_is_not_there(self, version, esa, head, anchor):
        with pytest.raises(ProductError, match=f"has no paragraph {anchor}"):
            comments.submit_comment(version, agency=esa, fields=said(anchor=anchor), by=head)

    def test_refuses_what_was_sent_twice(self, given, version, esa, head):
        with pytest.raises(ProductError, match=r"in the same words\. It is C-1"):
            comments.submit_comment(version, agency=esa, fields=said(anchor=2), by=head)

        comments.submit_comment(version, agency=esa, fields=said(anchor=3), by=head)
        assert Comment.objects.count() == 2

    def test_tells_the_editors_and_not_oneself(self, version, esa, head, editor):
        ProductEditor(product=version.product, person=head).save_as(None, "factory")

        comments.submit_comment(version, agency=esa, fields=said(), by=head)

        assert letters("comment.submitted") == [("Edi", f"[{version.product}] ESA: C-1")]

    def test_tells_the_groups_where_no_editor_is_named(self, version, esa, head):
        GroupRoleFactory(group=version.product.group, person__name="Chris")
        GroupRoleFactory(person__name="Elsewhere")

        comments.submit_comment(version, agency=esa, fields=said(), by=head)

        assert [name for name, _ in letters("comment.submitted")] == ["Chris"]


class TestDrafts:
    def test_a_draft_is_the_agencys_alone_and_tells_nobody(self, version, esa, head, editor):
        made = comments.draft_comment(version, agency=esa, fields=said(anchor=3), by=head)

        assert (made.is_draft, made.number, made.quote) == (True, None, "Dust is ignored.")
        assert not Letter.objects.exists()
        assert not log.about(version.product).exists()
        colleague = MandateFactory(agency=esa, capacity=Capacity.STAFF).person
        stranger = MandateFactory().person
        seen = {
            person.pk: Comment.objects.visible_to(Standing.of(person)).exists()
            for person in (head, colleague, stranger, editor)
        }
        assert list(seen.values()) == [True, True, False, False]

    def test_a_colleague_edits_and_discards_it(self, version, esa, head):
        made = comments.draft_comment(version, agency=esa, fields=said(), by=head)
        colleague = MandateFactory(agency=esa, capacity=Capacity.STAFF).person

        comments.edit_draft(made, fields=said("Other.", anchor=2), by=colleague)
        made.refresh_from_db()
        assert (made.text, made.quote, made.author) == (
            "Other.",
            "The rover has two wheels.",
            head,
        )
        comments.discard_draft(made, by=colleague)
        assert not Comment.objects.exists()

    def test_nobody_else_touches_it(self, version, esa, head, desk):
        made = comments.draft_comment(version, agency=esa, fields=said(), by=head)

        for person in (desk, MandateFactory().person):
            with pytest.raises(PermissionDenied, match="Only people of ESA"):
                comments.edit_draft(made, fields=said("x"), by=person)
            with pytest.raises(PermissionDenied, match="Only people of ESA"):
                comments.discard_draft(made, by=person)
            with pytest.raises(PermissionDenied):
                comments.submit_drafts(version.product, agency=esa, comments=[made], by=person)

    def test_drafts_become_the_agencys_comments_in_one_act(self, version, esa, head, editor):
        rows = [
            comments.draft_comment(version, agency=esa, fields=said(text), by=head)
            for text in ("a", "b", "c")
        ]

        made = comments.submit_drafts(
            version.product, agency=esa, comments=[rows[2], rows[0]], by=head
        )

        assert [(row.number, row.text) for row in made] == [(1, "a"), (2, "c")]
        assert Comment.objects.filter(submitted_at=None).get().text == "b"
        assert letters("comment.submitted") == [("Edi", f"[{version.product}] ESA: 2 comments")]
        assert log.about(version.product).get().payload["after"] == {"comments": ["C-1", "C-2"]}

    def test_what_was_submitted_is_no_draft_any_more(self, given, version, esa, head):
        with pytest.raises(ProductError, match="submitted as C-1"):
            comments.edit_draft(given, fields=said("x"), by=head)
        with pytest.raises(ProductError, match="submitted as C-1"):
            comments.discard_draft(given, by=head)
        with pytest.raises(ProductError, match="C-1 was submitted already"):
            comments.submit_drafts(version.product, agency=esa, comments=[given], by=head)
        with pytest.raises(ProductError, match="Choose the drafts"):
            comments.submit_drafts(version.product, agency=esa, comments=[], by=head)

    def test_submits_no_draft_of_another_agency(self, version, esa, head):
        other = MandateFactory()
        theirs = comments.draft_comment(
            version, agency=other.agency, fields=said(), by=other.person
        )

        with pytest.raises(ProductError, match="Only drafts of ESA"):
            comments.submit_drafts(version.product, agency=esa, comments=[theirs], by=head)

        theirs.refresh_from_db()
        assert theirs.is_draft


class TestDisposing:
    @pytest.mark.parametrize("disposition", ["accepted", "modified", "noted"])
    def test_keeps_what_was_decided(self, given, editor, disposition):
        changed = dispose([given], Disposition(disposition), "Yes.", by=editor)

        given.refresh_from_db()
        assert changed == [given]
        assert (given.disposition, given.response, given.disposed_by) == (
            disposition,
            "Yes.",
            editor,
        )
        assert not given.is_open
        event = log.about(given.product).first()
        assert (event.event, event.payload["after"]) == (
            "comment.disposed",
            {"comments": ["C-1"], "disposition": disposition},
        )

    def test_editors_co_chairs_and_the_secretariat_do(self, given, editor, head, desk):
        chair = GroupRoleFactory(group=given.product.group, duty=GroupDuty.CO_CHAIR).person
        for number, person in enumerate((editor, chair, desk)):
            dispose([given], response=str(number), by=person)
        with pytest.raises(PermissionDenied, match="may dispose of comments"):
            dispose([given], response="x", by=head)

    def test_a_rejection_needs_its_reason(self, given, editor):
        with pytest.raises(ProductError, match="A rejection needs its reason"):
            dispose([given], Disposition.REJECTED, "  ", by=editor)

    def test_an_action_names_owner_and_due_date(self, given, editor, esa):
        due = clock.now().date() + timedelta(days=9)
        for lacking in ({}, {"action_owner": esa}, {"action_due": due}):
            with pytest.raises(ProductError, match="names its owner and its due date"):
                dispose([given], Disposition.PENDING, by=editor, **lacking)
        with pytest.raises(ProductError, match="lies in the past"):
            dispose(
                [given],
                Disposition.PENDING,
                by=editor,
                action_owner=esa,
                action_due=clock.now().date() - timedelta(days=1),
            )
        guest = AgencyFactory(member=False)
        with pytest.raises(ProductError, match="is no member agency"):
            dispose([given], Disposition.PENDING, by=editor, action_owner=guest, action_due=due)

        dispose([given], Disposition.PENDING, by=editor, action_owner=esa, action_due=due)
        given.refresh_from_db()
        assert (given.action_owner, given.action_due, given.is_open) == (esa, due, True)
        dispose([given], Disposition.ACCEPTED, by=editor, action_owner=esa, action_due=due)
        given.refresh_from_db()
        assert (given.action_owner, given.action_due) == (None, None)

    def test_a_withdrawal_is_the_agencys(self, given, editor, head):
        with pytest.raises(ProductError, match="Only its own agency withdraws"):
            dispose([given], Disposition.WITHDRAWN, by=editor)
        comments.withdraw(given, reason="Mistake.", by=head)
        with pytest.raises(ProductError, match="C-1 was withdrawn by its agency"):
            dispose([given], by=editor)

    def test_many_in_one_act_with_one_letter_each(self, version, esa, head, editor):
        other = MandateFactory(person__name="Olga")
        rows = [
            comments.submit_comment(version, agency=agency, fields=said(text), by=by)
            for agency, by, text in [
                (esa, head, "a"),
                (esa, head, "b"),
                (other.agency, other.person, "c"),
            ]
        ]
        before = log.about(version.product).count()

        dispose(rows, Disposition.NOTED, "Thank you.", by=editor)

        assert log.about(version.product).count() == before + 1
        assert sorted(letters("comment.disposed")) == sorted(
            [
                (head.name, f"[{version.product}] 2 comments: Noted"),
                ("Olga", f"[{version.product}] C-3: Noted"),
            ]
        )

    def test_only_what_is_new_is_told(self, version, esa, head, editor):
        rows = [
            comments.submit_comment(version, agency=esa, fields=said(text), by=head)
            for text in "ab"
        ]
        dispose(rows[:1], by=editor)

        assert dispose(rows, by=editor) == [rows[1]]
        with pytest.raises(ProductError, match="decided already"):
            dispose(rows, by=editor)
        with pytest.raises(ProductError, match="Choose the comments"):
            comments.dispose(
                version.product,
                comments=[],
                disposition=Disposition.NOTED,
                response="",
                by=editor,
            )

    def test_nothing_of_another_product_or_a_draft(self, given, editor, esa, head):
        elsewhere = CommentFactory()
        with pytest.raises(ProductError, match="not there any more"):
            dispose([given, elsewhere], by=editor)
        draft = comments.draft_comment(given.version, agency=esa, fields=said("x"), by=head)
        with pytest.raises(ProductError):
            dispose([draft], by=editor)

    def test_who_has_no_account_is_told_through_the_agency(self, version, esa, head, desk, editor):
        colleague = MandateFactory(agency=esa, capacity=Capacity.STAFF).person
        row = comments.submit_comment(version, agency=esa, fields=said(), by=desk, source="Mail")

        dispose([row], by=editor)

        told = {name for name, _ in letters("comment.disposed")}
        assert told == {head.name, colleague.name}

    def test_the_owner_of_an_action_is_told(self, given, editor, head):
        owner = MandateFactory(person__name="Ona")
        dispose(
            [given],
            Disposition.PENDING,
            by=editor,
            action_owner=owner.agency,
            action_due=clock.now().date(),
        )

        assert {name for name, _ in letters("comment.disposed")} == {head.name, "Ona"}

    @pytest.mark.parametrize("state", PUBLIC)
    def test_nothing_changes_on_a_settled_text(self, state, given, editor, head):
        dispose([given], by=editor)
        given.product.state = state
        given.product.save_as(None, "for the test")

        for act in (
            lambda: dispose([given], response="x", by=editor),
            lambda: comments.answer(given, answer=Answer.CONFIRMED, text="", by=head),
            lambda: comments.withdraw(given, reason="x", by=head),
            lambda: comments.check(given, version=given.version, by=editor),
        ):
            with pytest.raises(ProductError, match="do not change any more"):
                act()


class TestDuplicates:
    @pytest.fixture
    def rows(self, version, esa, head):
        return [
            comments.submit_comment(version, agency=esa, fields=said(text), by=head)
            for text in "abc"
        ]

    def repeat(self, rows, head, *, by):
        dispose(rows, Disposition.DUPLICATE, by=by, duplicate_of=head)

    def heads(self):
        rows = Comment.objects.order_by("number")
        return [row.duplicate_of and row.duplicate_of.label for row in rows]

    def test_names_another_comment(self, rows, editor):
        with pytest.raises(ProductError, match="Name the comment that it repeats"):
            self.repeat(rows[:1], None, by=editor)
        with pytest.raises(ProductError, match="C-1 cannot repeat itself"):
            self.repeat(rows[:1], rows[0], by=editor)
        with pytest.raises(ProductError, match="There is no such comment"):
            self.repeat(rows[:1], CommentFactory(), by=editor)
        assert not Comment.objects.filter(duplicate_of__isnull=False).exists()

    def test_a_duplicate_of_a_duplicate_repeats_its_head(self, rows, editor):
        self.repeat([rows[1]], rows[0], by=editor)
        self.repeat([rows[2]], rows[1], by=editor)

        assert self.heads() == [None, "C-1", "C-1"]

    def test_the_duplicates_of_a_duplicate_follow(self, rows, editor):
        self.repeat([rows[1]], rows[0], by=editor)
        self.repeat([rows[0]], rows[2], by=editor)

        assert self.heads() == ["C-3", "C-3", None]

    def test_two_do_not_repeat_each_other(self, rows, editor):
        self.repeat([rows[1]], rows[0], by=editor)
        with pytest.raises(ProductError, match="C-1 cannot repeat itself"):
            self.repeat([rows[0]], rows[1], by=editor)

    def test_are_open_again_when_their_head_is_withdrawn(self, rows, editor, head):
        self.repeat([rows[1]], rows[0], by=editor)
        comments.withdraw(rows[0], reason="Mistake.", by=head)

        rows[1].refresh_from_db()
        assert (rows[1].is_open, rows[1].disposition) == (True, "")
        with pytest.raises(ProductError, match="C-1 was withdrawn"):
            self.repeat([rows[2]], rows[0], by=editor)


class TestAnswering:
    def test_the_author_confirms_or_disputes(self, given, editor, head):
        with pytest.raises(ProductError, match="no disposition of C-1"):
            comments.answer(given, answer=Answer.CONFIRMED, text="", by=head)
        dispose([given], Disposition.REJECTED, "No.", by=editor)
        with pytest.raises(ProductError, match="Say what you do not agree with"):
            comments.answer(given, answer=Answer.DISPUTED, text=" ", by=head)

        comments.answer(given, answer=Answer.DISPUTED, text="But it is.", by=head)
        given.refresh_from_db()
        assert (given.answer, given.answer_text, given.answered_by) == (
            "disputed",
            "But it is.",
            head,
        )
        subject = f"[{given.product}] C-1: the disposition is not agreed with"
        assert letters("comment.disputed") == [("Edi", subject)]
        with pytest.raises(ProductError, match="the answer to C-1 already"):
            comments.answer(given, answer=Answer.DISPUTED, text="But it is.", by=head)
        comments.answer(given, answer=Answer.CONFIRMED, text="", by=head)

    def test_another_disposition_clears_it(self, given, editor, head):
        dispose([given], by=editor)
        comments.answer(given, answer=Answer.CONFIRMED, text="Fine.", by=head)
        dispose([given], Disposition.NOTED, by=editor)

        given.refresh_from_db()
        assert (given.answer, given.answer_text, given.answered_at, given.answered_by) == (
            "",
            "",
            None,
            None,
        )

    def test_nobody_but_the_author_while_there_is_one(self, given, editor, esa, head):
        dispose([given], by=editor)
        colleague = MandateFactory(agency=esa).person
        with pytest.raises(PermissionDenied, match=f"Only {head.name}"):
            comments.answer(given, answer=Answer.CONFIRMED, text="", by=colleague)
        with pytest.raises(PermissionDenied, match="Only people of ESA"):
            comments.answer(given, answer=Answer.CONFIRMED, text="", by=MandateFactory().person)

        mandate = head.mandates.get()
        mandate.ends_at = clock.now()
        mandate.save_as(None, "left")
        with pytest.raises(PermissionDenied, match="Only people of ESA"):
            comments.answer(given, answer=Answer.CONFIRMED, text="", by=head)
        assert comments.answer(given, answer=Answer.CONFIRMED, text="", by=colleague)

    def test_the_successor_answers_and_withdraws(self, given, editor, esa, head):
        dispose([given], by=editor)
        heir = MandateFactory()
        mandate = head.mandates.get()
        mandate.ends_at = clock.now()
        mandate.save_as(None, "left")
        Succession(
            former=esa,
            successor=heir.agency,
            first_day=clock.now().date(),
            entered_at=clock.now(),
            source="Letter",
        ).save_as(None, "factory")

        answered = comments.answer(given, answer=Answer.CONFIRMED, text="", by=heir.person)
        assert (answered.answer, answered.answered_by) == (Answer.CONFIRMED, heir.person)
        withdrawn = comments.withdraw(given, reason="Ours now.", by=heir.person)
        # It is taken back by the successor, and stays the comment of who gave it.
        assert (withdrawn.disposition, withdrawn.agency) == (Disposition.WITHDRAWN, esa)


class TestWithdrawing:
    def test_by_anybody_of_the_agency(self, given, esa, editor, desk):
        colleague = MandateFactory(agency=esa, capacity=Capacity.STAFF).person
        for person in (editor, desk, MandateFactory().person):
            with pytest.raises(PermissionDenied, match="Only people of ESA"):
                comments.withdraw(given, reason="x", by=person)

        comments.withdraw(given, reason="Mistake.", by=colleague)

        given.refresh_from_db()
        assert (given.disposition, given.response, given.is_open) == (
            "withdrawn",
            "Mistake.",
            False,
        )
        with pytest.raises(ProductError, match="withdrawn already"):
            comments.withdraw(given, reason="x", by=colleague)

    def test_a_draft_is_discarded(self, version, esa, head):
        draft = comments.draft_comment(version, agency=esa, fields=said(), by=head)
        with pytest.raises(ProductError, match="discarded, not withdrawn"):
            comments.withdraw(draft, reason="x", by=head)


def test_open_ones_are_those_that_hold_a_release(version, esa, head, editor):
    rows = [
        comments.submit_comment(version, agency=esa, fields=said(text), by=head) for text in "abcd"
    ]
    comments.draft_comment(version, agency=esa, fields=said("draft"), by=head)
    dispose(rows[:1], by=editor)
    dispose(
        rows[1:2],
        Disposition.PENDING,
        by=editor,
        action_owner=esa,
        action_due=clock.now().date(),
    )
    comments.withdraw(rows[2], reason="x", by=head)

    assert [row.label for row in Comment.objects.open()] == ["C-2", "C-4"]
