"""Open comments in later versions: none is lost, each has its place (rule 38)."""

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from isecg import clock
from isecg.events import log
from products import files, rendering
from products.models import Comment, CommentPlace, ProductEditor
from products.models.versions import ChangeClass
from products.remarks import CommentFields, CommentKind, Disposition, Fate
from products.services import comments, versions
from products.services.errors import ProductError
from tests.factories import AgencyFactory, MandateFactory, ProductFactory, UserFactory

pytestmark = pytest.mark.django_db

FIRST = "# Power\n\nThe rover has two wheels.\n\nDust is ignored by all of us."


def said(text="So.", **fields):
    return CommentFields(**{"kind": CommentKind.TECHNICAL, "text": text, **fields})


class Desk:
    """A product, its editor, and an agency that comments."""

    def __init__(self):
        self.product = ProductFactory()
        self.editor = UserFactory(name="Edi")
        ProductEditor(product=self.product, person=self.editor).save_as(None, "factory")
        mandate = MandateFactory(agency=AgencyFactory())
        self.agency, self.head = mandate.agency, mandate.person

    def write(self, text):
        latest = self.product.versions.first()
        return versions.submit_version(
            self.product,
            main=files.from_text(text, name="main.md"),
            change_class=ChangeClass.SUBSTANTIVE,
            note="Changed.",
            by=self.editor,
            expected_latest=latest.number if latest else None,
        )

    def comment(self, version, text="So.", **fields):
        return comments.submit_comment(
            version, agency=self.agency, fields=said(text, **fields), by=self.head
        )

    def dispose(self, row, disposition=Disposition.NOTED, **fields):
        comments.dispose(
            self.product,
            comments=[row],
            disposition=disposition,
            response="",
            by=self.editor,
            **fields,
        )


@pytest.fixture
def desk():
    return Desk()


def places(row):
    return [
        (place.version.number, place.fate, place.anchor)
        for place in row.places.select_related("version").order_by("version__number")
    ]


class TestCarrying:
    @pytest.mark.parametrize(
        ("text", "fate", "anchor"),
        [
            (FIRST, Fate.SAME, 2),
            ("# Power\n\nThe rover has six wheels.\n\nDust is ignored by all of us.", "changed", 2),
            ("# Power\n\nDust is ignored by all of us.", Fate.DELETED, None),
            (
                "# Power\n\nDust is ignored by all of us.\n\nSun shines on the other side.\n\n"
                "The rover has two wheels.",
                Fate.MOVED,
                4,
            ),
        ],
    )
    def test_a_comment_goes_with_its_paragraph(self, desk, text, fate, anchor):
        first = desk.write(FIRST)
        row = desk.comment(first, anchor=2)

        desk.write(text + "\n\nA new end.")

        assert places(row) == [(2, fate, anchor)]

    def test_the_whole_text_stays_whole(self, desk):
        row = desk.comment(desk.write(FIRST))
        desk.write("Other.")

        assert places(row) == [(2, Fate.WHOLE, None)]

    def test_goes_from_version_to_version(self, desk):
        row = desk.comment(desk.write(FIRST), anchor=2)
        desk.write("New words at the start.\n\n" + FIRST)
        desk.write("New words at the start.\n\nMore of them here.\n\n" + FIRST)
        desk.write("Something else altogether.")
        desk.write("Something else altogether.\n\n" + FIRST)

        found = [(number, anchor) for number, _, anchor in places(row)]
        assert found == [(2, 3), (3, 4), (4, None), (5, None)]
        assert [fate for _, fate, _ in places(row)][2:] == [Fate.DELETED, Fate.DELETED]

    def test_a_version_kept_as_a_file_alone_loses_no_place(self, desk):
        row = desk.comment(desk.write(FIRST), anchor=2)
        desk.write("\n")
        desk.write("A title.\n\n" + FIRST)

        found = [(number, anchor) for number, _, anchor in places(row)]
        assert found == [(2, None), (3, 3)]
        assert places(row)[0][1] == Fate.WHOLE

    def test_what_is_disposed_of_stays_where_it_is(self, desk):
        row = desk.comment(desk.write(FIRST), anchor=2)
        desk.dispose(row)
        desk.write("Other.")

        assert places(row) == []

    def test_opened_again_it_gets_its_places(self, desk):
        row = desk.comment(desk.write(FIRST), anchor=2)
        desk.dispose(row)
        desk.write("A title.\n\n" + FIRST)
        desk.dispose(
            row,
            Disposition.PENDING,
            action_owner=desk.agency,
            action_due=clock.now().date(),
        )

        assert [(number, anchor) for number, _, anchor in places(row)] == [(2, 3)]

    def test_given_in_late_it_is_carried_at_once(self, desk):
        first = desk.write(FIRST)
        draft = comments.draft_comment(
            first, agency=desk.agency, fields=said("Draft.", anchor=2), by=desk.head
        )
        desk.write("A title.\n\n" + FIRST)
        late = desk.comment(first, anchor=3)

        assert places(draft) == []
        comments.submit_drafts(desk.product, agency=desk.agency, comments=[draft], by=desk.head)
        assert [(number, anchor) for number, _, anchor in places(draft)] == [(2, 3)]
        assert [(number, anchor) for number, _, anchor in places(late)] == [(2, 4)]

    def test_the_duplicates_of_a_withdrawn_one_are_carried(self, desk):
        first = desk.write(FIRST)
        head, other = desk.comment(first, "a", anchor=2), desk.comment(first, "b", anchor=2)
        desk.dispose(other, Disposition.DUPLICATE, duplicate_of=head)
        desk.write("A title.\n\n" + FIRST)
        assert places(other) == []

        comments.withdraw(head, reason="Mistake.", by=desk.head)

        assert [(number, anchor) for number, _, anchor in places(other)] == [(2, 3)]

    def test_is_recorded(self, desk):
        desk.comment(desk.write(FIRST), anchor=2)
        desk.write("Other.")

        events = {event.event: event for event in log.about(desk.product)}
        assert events["comment.carried"].payload["after"] == {"comments": ["C-1"]}
        assert events["comment.carried"].payload["version"] == "v2"


class TestToBeChecked:
    def waiting(self):
        return [row.label for row in Comment.objects.to_be_checked().order_by("number")]

    def test_from_a_new_version_until_somebody_looks(self, desk):
        first = desk.write(FIRST)
        rows = [desk.comment(first, text) for text in "abc"]
        assert self.waiting() == []
        second = desk.write("Other.")
        assert self.waiting() == ["C-1", "C-2", "C-3"]

        comments.check(rows[0], version=second, by=desk.editor)
        desk.dispose(rows[1])
        assert self.waiting() == ["C-3"]
        rows[0].refresh_from_db()
        assert (rows[0].is_open, rows[0].checked_on) == (True, second)

        desk.write("Other again.")
        assert self.waiting() == ["C-1", "C-3"]

    def test_an_action_that_is_noted_again_was_looked_at(self, desk):
        row = desk.comment(desk.write(FIRST))
        desk.write("Other.")
        action = {"action_owner": desk.agency, "action_due": clock.now().date()}
        desk.dispose(row, Disposition.PENDING, **action)
        assert self.waiting() == []
        desk.write("Other again.")
        assert self.waiting() == ["C-1"]

    def test_is_looked_at_in_the_latest_version_alone(self, desk):
        first = desk.write(FIRST)
        row = desk.comment(first)
        with pytest.raises(ProductError, match="None of these comments is to be checked"):
            comments.check(row, version=first, by=desk.editor)
        desk.write("Other.")
        with pytest.raises(ProductError, match="A newer version came in"):
            comments.check(row, version=first, by=desk.editor)


PARTS = ["# Title", "Dust is deep.", "Dust is not deep.", "Wheels turn.", "- one\n- two", "Sun."]
TEXTS = st.lists(st.sampled_from(PARTS), max_size=6).map("\n\n".join)
ACTS = st.lists(
    st.one_of(
        st.tuples(st.just("write"), TEXTS),
        st.tuples(st.just("comment"), st.integers(0, 9), st.integers(0, 9)),
        st.tuples(st.just("draft"), st.integers(0, 9), st.integers(0, 9)),
        st.tuples(st.just("submit"), st.integers(0, 9)),
        st.tuples(st.just("dispose"), st.integers(0, 9), st.sampled_from(Disposition.values)),
        st.tuples(st.just("withdraw"), st.integers(0, 9)),
    ),
    max_size=14,
)


def _pick(rows, index):
    rows = list(rows)
    return rows[index % len(rows)] if rows else None


def _do(desk, act, number):
    kind, *given_by = act
    drafts = Comment.objects.filter(product=desk.product, submitted_at=None)
    submitted = Comment.objects.filter(product=desk.product).submitted()
    if kind == "write":
        # Each version differs from the one before it.
        desk.write(f"{given_by[0]}\n\nVersion {number}.")
    elif kind in {"comment", "draft"}:
        version = _pick(desk.product.versions.order_by("number"), given_by[0])
        if version is None:
            return
        parts = rendering.paragraphs(version.text, version.text_format)
        fields = said(f"{number}", anchor=given_by[1] % (len(parts) + 1) or None)
        act = comments.submit_comment if kind == "comment" else comments.draft_comment
        act(version, agency=desk.agency, fields=fields, by=desk.head)
    elif kind == "submit" and (row := _pick(drafts, given_by[0])):
        comments.submit_drafts(desk.product, agency=desk.agency, comments=[row], by=desk.head)
    elif kind == "dispose" and (row := _pick(submitted, given_by[0])):
        desk.dispose(
            row,
            Disposition(given_by[1]),
            duplicate_of=_pick(submitted, given_by[0] + 1),
            action_owner=desk.agency,
            action_due=clock.now().date(),
        )
    elif kind == "withdraw" and (row := _pick(submitted, given_by[0])):
        comments.withdraw(row, reason="Mistake.", by=desk.head)


@given(acts=ACTS)
@settings(
    max_examples=40, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
def test_no_comment_is_ever_lost_between_versions(db, acts):
    desk = Desk()
    made = set()

    for number, act in enumerate(acts):
        try:
            _do(desk, act, number)
        except ProductError:
            continue
        made |= set(Comment.objects.filter(product=desk.product).values_list("pk", flat=True))

    rows = list(Comment.objects.filter(product=desk.product).select_related("version"))
    versions_ = list(desk.product.versions.order_by("number"))
    assert {row.pk for row in rows} == made
    for row in rows:
        later = [one.number for one in versions_ if one.number > row.version.number]
        found = [place for place, _, _ in places(row)]
        if row.is_open:
            assert found == later
        # Disposed of or not, it never stands twice in one version, nor before its own.
        assert found == sorted(set(found) & set(later))
    numbers = sorted(row.number for row in rows if row.number)
    assert numbers == list(range(1, len(numbers) + 1))
    for place in CommentPlace.objects.filter(comment__product=desk.product).select_related(
        "version"
    ):
        parts = rendering.paragraphs(place.version.text, place.version.text_format)
        assert place.anchor is None or 0 < place.anchor <= len(parts)
        assert (place.anchor is None) == (place.fate in {Fate.DELETED, Fate.WHOLE})
