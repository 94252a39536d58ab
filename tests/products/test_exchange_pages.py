"""The pages by which tables of comments are carried out and taken in (rule 37)."""

import csv
import io
import zipfile
from datetime import date, timedelta

import openpyxl
import pytest
from django.apps import apps
from django.core.cache import cache
from django.core.files.uploadedfile import SimpleUploadedFile
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from isecg import clock
from isecg.events.models import Event
from isecg.mail.models import Letter
from products import confined_tables
from products.exchange.columns import LONGEST, Column
from products.exchange.reading import UnfitTableError
from products.exchange.writing import write_csv, write_xlsx
from products.extraction.process import Extract
from products.forms import comments as comment_forms
from products.models import Comment, ProductEditor
from products.remarks import Disposition
from products.views import exchange
from products.workflow import PUBLIC
from tests.factories import (
    AgencyFactory,
    CommentFactory,
    MandateFactory,
    ProductFactory,
    UserFactory,
    VersionFactory,
)
from workgroups.models import AgencyName
from workgroups.roles import Capacity

pytestmark = pytest.mark.django_db

TEXT = "# Power\n\nThe rover has two wheels.\n\nDust is ignored."
FORMATS = ["csv", "xlsx"]


@pytest.fixture
def agencies():
    return [AgencyFactory(code=code) for code in ("ASI", "CNES", "DLR", "ESA", "JAXA")]


@pytest.fixture
def product(agencies):
    product = ProductFactory(code="GER-27")
    VersionFactory(product=product, text=TEXT)
    VersionFactory(product=product, text=TEXT)
    return product


@pytest.fixture
def desk():
    return UserFactory(name="Sam", is_secretariat=True)


@pytest.fixture
def staff(agencies):
    """Somebody of CNES who neither speaks for it nor disposes of comments."""
    return MandateFactory(
        agency=agencies[1], person__name="Colette", capacity=Capacity.STAFF
    ).person


@pytest.fixture
def commented(product, agencies, desk):
    """Comments with everything that a table has to carry."""
    first, second = product.versions.order_by("number")
    pending = {
        "disposition": Disposition.PENDING,
        "action_owner": agencies[0],
        "action_due": date(2020, 3, 3),
    }
    disposed = {"disposed_at": clock.now(), "disposed_by": desk}
    one = CommentFactory(version=first, agency=agencies[0], text="=1+1\r\n@x", anchor=2)
    CommentFactory(
        version=second,
        agency=agencies[1],
        clause="3.1",
        place="Table 2",
        line="12",
        text='Say "less";=SUM(A1)\n- and this',
        proposal="-2",
        author=None,
        author_name="=Anne",
        entered_by=desk,
        disposition=Disposition.REJECTED,
        response="+No.",
        **disposed,
    )
    CommentFactory(
        version=second,
        agency=agencies[2],
        text="Once more, \uff1d and \x0b\u00a0tabs\t",
        disposition=Disposition.DUPLICATE,
        duplicate_of=one,
        **disposed,
    )
    CommentFactory(version=second, agency=agencies[3], text="_x0041_ x005F_", **pending, **disposed)
    CommentFactory(
        version=second,
        agency=agencies[4],
        agency_code="NASDA",
        disposition=Disposition.WITHDRAWN,
        **disposed,
    )
    CommentFactory(version=second, agency=agencies[4], number=None, submitted_at=None)
    return product


def export(client, product, suffix, query=""):
    answer = client.get(reverse("comments_export", args=[product.code, suffix]) + query)
    assert answer.status_code == 200
    return answer.content


def upload(client, product, data, name, **fields):
    sent = {"file": SimpleUploadedFile(name, data), "version": "", "agency": "", "how": "submit"}
    return client.post(reverse("comments_import", args=[product.code]), sent | fields)


def take(client, product, looked, **others):
    form = looked.context["form"]
    data = {name: form.initial[name] for name in ("kept", "expected")}
    return client.post(reverse("comments_take", args=[product.code]), data | others)


def table(*rows, suffix="csv"):
    return write_csv(rows) if suffix == "csv" else write_xlsx(rows, about="x")


def row(agency="CNES", text="Well said.", **others):
    cells = {
        Column.AGENCY: agency,
        Column.PERSON: "Colette",
        Column.VERSION: "2",
        Column.KIND: "Technical",
        Column.TEXT: text,
    }
    return cells | {Column[name.upper()]: value for name, value in others.items()}


def everything():
    return {model._meta.label: model._base_manager.count() for model in apps.get_models()}


def faults(answer):
    return [(f.row, str(f.column), f.sentence, f.value) for f in answer.context["faults"]]


# Out.


@pytest.mark.parametrize("suffix", FORMATS)
def test_export_import_export_is_the_same_bytes(client, commented, desk, suffix):
    client.force_login(desk)
    before = export(client, commented, suffix)

    looked = upload(client, commented, before, f"a.{suffix}")

    assert (faults(looked), looked.context["change_count"]) == ([], 0)
    assert looked.context["still_count"] == 5
    assert "There is nothing to take." in looked.content.decode()
    assert take(client, commented, looked).status_code == 422
    assert export(client, commented, suffix) == before


@pytest.mark.parametrize("suffix", FORMATS)
def test_export_taken_into_another_product_exports_the_same(client, product, desk, suffix):
    """Not only is nothing changed: every column is really read and written."""
    for number, kind in enumerate(("general", "technical", "editorial"), start=1):
        CommentFactory(
            version=product.versions.last(),
            agency__code=f"AG-{number}",
            author=None,
            author_name=f"-Person {number}",
            entered_by=desk,
            source="elsewhere",
            kind=kind,
            text=f"=Text {number};=1\n@ß",
            proposal="+More",
            clause="1.1",
            place="Paragraph 2",
            line="=7",
            disposition=Disposition.NOTED,
            response="@Thanks",
            disposed_at=clock.now(),
        )
    other = ProductFactory(code="OTHER")
    VersionFactory(product=other, text=TEXT)
    client.force_login(desk)
    before = export(client, product, "csv")
    rows = list(csv.DictReader(io.StringIO(before.decode("utf-8-sig"), newline="")))
    bare = [{Column(name): text for name, text in cells.items()} for cells in rows]
    bare = [cells | {Column.NUMBER: ""} for cells in bare]
    if suffix == "csv":
        text = io.StringIO(newline="")
        writer = csv.writer(text)
        writer.writerows([list(Column), *(list(cells.values()) for cells in bare)])
        data = text.getvalue().encode()
    else:
        book = openpyxl.load_workbook(io.BytesIO(export(client, product, "xlsx")))
        for cell in book["Comments"]["A"][1:]:
            cell.value = None
        file = io.BytesIO()
        for line in book["Comments"].iter_rows(min_row=2):
            for cell in line:
                cell.data_type = "s" if cell.value else "n"
        book.save(file)
        data = file.getvalue()

    looked = upload(client, other, data, f"a.{suffix}")
    assert faults(looked) == []
    take(client, other, looked)

    assert export(client, other, "csv") == before
    assert [c.anchor for c in other.comments.all()] == [2, 2, 2]


def test_export_is_a_file_to_keep(client, commented, staff):
    client.force_login(staff)

    answer = client.get(reverse("comments_export", args=[commented.code, "xlsx"]))

    assert answer["Content-Disposition"] == (
        'attachment; filename="GER-27-comments-non-binding.xlsx"'
    )
    assert answer["Content-Type"] == exchange.XLSX_TYPE
    assert answer["X-Content-Type-Options"] == "nosniff"
    assert answer["Content-Security-Policy"] == (
        "default-src 'none'; frame-ancestors 'none'; sandbox"
    )


def test_export_says_in_a_workbook_that_it_is_non_binding(client, commented, staff):
    client.force_login(staff)

    book = openpyxl.load_workbook(io.BytesIO(export(client, commented, "xlsx")))

    assert book["About"]["A2"].value == "Non-binding: so are all products of ISECG."


@pytest.mark.parametrize("suffix", FORMATS)
def test_export_has_no_draft_of_anybody(client, product, agencies, staff, suffix):
    version = product.versions.first()
    for agency in agencies:
        CommentFactory(
            version=version, agency=agency, number=None, submitted_at=None, text="SECRETLY"
        )
    CommentFactory(version=version, agency=agencies[0], text="OPENLY")
    client.force_login(staff)

    texts = export(client, product, "csv").decode()
    assert ("OPENLY" in texts, "SECRETLY" in texts) == (True, False)
    book = openpyxl.load_workbook(io.BytesIO(export(client, product, "xlsx")))
    assert [cell.value for cell in book["Comments"]["I"]] == ["Comment", "OPENLY"]


def test_export_has_what_the_filters_find(client, commented, staff):
    client.force_login(staff)

    data = export(client, commented, "csv", "?agency=CNES&sort=-number")

    rows = list(csv.reader(io.StringIO(data.decode("utf-8-sig"), newline="")))
    assert [cells[0] for cells in rows] == ["No.", "C-2"]
    wrong = reverse("comments_export", args=[commented.code, "csv"]) + "?agency=NOBODY"
    assert client.get(wrong).status_code == 404


def test_export_is_for_who_reads_drafts(client, commented):
    client.force_login(UserFactory())

    for name in ("comments_export", "comments_template"):
        assert client.get(reverse(name, args=[commented.code, "csv"])).status_code == 404


@pytest.mark.parametrize("suffix", FORMATS)
def test_export_asks_as_often_for_many(client, product, agencies, staff, suffix):
    client.force_login(staff)
    address = reverse("comments_export", args=[product.code, suffix])

    def queries():
        with CaptureQueriesContext(
            connection,
        ) as asked:
            client.get(address)
        return len(asked)

    CommentFactory(version=product.versions.first(), agency=agencies[0])
    once = queries()
    for _ in range(20):
        CommentFactory(version=product.versions.first(), agency=agencies[0])

    assert queries() == once


@pytest.mark.parametrize("suffix", FORMATS)
def test_template_is_an_export_of_nothing(client, product, staff, suffix):
    client.force_login(staff)

    answer = client.get(reverse("comments_template", args=[product.code, suffix]))

    assert answer["Content-Disposition"] == (
        f'attachment; filename="GER-27-comments-template-non-binding.{suffix}"'
    )
    assert answer.content == export(client, product, suffix)


def test_table_links_to_the_exports_with_its_filters(client, commented, staff):
    client.force_login(staff)

    page = client.get(reverse("comments", args=[commented.code]) + "?agency=CNES").content.decode()

    for suffix in FORMATS:
        address = reverse("comments_export", args=[commented.code, suffix])
        assert f'href="{address}?agency=CNES"' in page
    assert f'href="{reverse("comments_import", args=[commented.code])}"' in page


# In.


@pytest.mark.parametrize("suffix", FORMATS)
def test_three_bad_rows_are_named_by_row_and_column(client, product, staff, suffix):
    client.force_login(staff)
    data = table(
        row(),
        row(agency="JAXA"),
        row(text="Fine."),
        row(kind="odd"),
        row(version="9", text="Where?"),
        suffix=suffix,
    )

    looked = upload(client, product, data, f"cnes.{suffix}")

    assert faults(looked) == [
        (
            3,
            "Agency",
            "You do not comment for JAXA: its own people do, or the secretariat with a source.",
            "JAXA",
        ),
        (5, "Type", "The type is general, technical or editorial (ge, te, ed).", "odd"),
        (6, "Version", "This product has no version 9.", "9"),
    ]
    page = looked.content.decode()
    assert '<tr><th scope="row">5</th><td>Type</td>' in page
    assert "The 3 bad rows are left out" in page


@pytest.mark.parametrize("suffix", FORMATS)
def test_dry_run_writes_nothing(client, product, staff, suffix):
    client.force_login(staff)
    before = everything()

    looked = upload(client, product, table(row(), row(kind="x"), suffix=suffix), f"a.{suffix}")

    assert (looked.status_code, looked.context["change_count"]) == (200, 1)
    assert everything() == before


def test_good_rows_are_taken_on_request(client, product, staff, agencies):
    client.force_login(staff)
    data = table(row(place="Paragraph 2"), row(kind="odd"), row(text="Fine.", person="Guy"))

    done = take(client, product, upload(client, product, data, "cnes.csv"))

    assert done.status_code == 302
    assert done.url == reverse("comments", args=[product.code])
    first, second = product.comments.order_by("number")
    assert (first.number, first.agency, first.author, first.source) == (1, agencies[1], staff, "")
    assert (first.anchor, first.quote) == (2, "The rover has two wheels.")
    # Nobody of that name has an account.
    assert (second.text, second.author, second.author_name) == ("Fine.", None, "Guy")
    assert {second.entered_by, first.entered_by} == {staff}
    assert [row.history.count() for row in (first, second)] == [1, 1]
    [event] = Event.objects.filter(event="comment.submitted")
    assert event.payload["after"] == {"comments": ["C-1", "C-2"]}


def test_same_file_adds_nothing_the_second_time(client, product, staff):
    client.force_login(staff)
    data = table(row(person=""), row(person="", text="Fine."))
    take(client, product, upload(client, product, data, "cnes.csv"))

    looked = upload(client, product, data, "cnes.csv")

    assert (looked.context["change_count"], looked.context["still_count"]) == (0, 2)
    assert product.comments.count() == 2


def test_two_equal_rows_are_taken_once(client, product, staff):
    client.force_login(staff)

    take(client, product, upload(client, product, table(row(), row()), "cnes.csv"))

    assert product.comments.count() == 1


def test_namesake_in_the_agency_is_nobody(client, product, staff, agencies, desk):
    client.force_login(desk)
    guy = MandateFactory(agency=agencies[1], person__name="Guy").person
    data = table(row(person="Guy"), row(text="Two", person="Colette"))
    MandateFactory(agency=agencies[1], person__name="Colette")
    # Another agency's person of that name is not meant.
    MandateFactory(agency=agencies[0], person__name="Guy")

    take(client, product, upload(client, product, data, "cnes.csv"))

    assert [row.author for row in product.comments.order_by("number")] == [guy, None]


def test_secretariat_takes_the_tables_of_five_agencies(client, product, desk, agencies):
    client.force_login(desk)
    for agency in agencies:
        data = table(
            *(row(agency=agency.code, text=f"{agency.code} {n}", person="") for n in range(4)),
            suffix="xlsx",
        )
        assert take(client, product, upload(client, product, data, f"{agency}.xlsx")).url

    found = product.comments.order_by("number")
    assert [row.number for row in found] == list(range(1, 21))
    assert [(row.agency_code, row.author_name, row.source) for row in found[::4]] == [
        (code, code, f"{code}.xlsx") for code in ("ASI", "CNES", "DLR", "ESA", "JAXA")
    ]
    events = Event.objects.filter(event="comment.submitted").order_by("seq")
    assert [event.payload["on_behalf_of"] for event in events] == [a.code for a in agencies]
    assert {event.payload["reason"] for event in events} == {
        f"Source: {agency.code}.xlsx" for agency in agencies
    }


def test_agency_is_found_by_a_former_name(client, product, desk, agencies):
    AgencyName(agency=agencies[4], code="NASDA", name="Uchu").save_as(None, "test")
    client.force_login(desk)

    data = table(row(agency="nasda"), row(agency="Uchu", text="Two"))
    take(client, product, upload(client, product, data, "a.csv"))

    assert [row.agency for row in product.comments.all()] == [agencies[4]] * 2


def test_iso_table_takes_agency_and_version_from_the_form(client, product, staff, agencies):
    client.force_login(staff)
    data = b"Clause/ Subclause;Type of comment;Comments\r\n3.1;ed;Typo.\r\n"

    looked = upload(client, product, data, "iso.csv", version="2", agency=agencies[1].key)
    take(client, product, looked)

    found = product.comments.get()
    assert (found.agency, found.version.number, found.author) == (agencies[1], 2, staff)


def test_drafts_are_kept_by_the_agency_alone(client, product, staff):
    client.force_login(staff)

    looked = upload(client, product, table(row()), "a.csv", how="draft")
    take(client, product, looked)

    found = product.comments.get()
    assert (found.number, found.is_draft, found.author) == (None, True, staff)
    assert not Event.objects.filter(event="comment.submitted").exists()
    assert not Letter.objects.filter(kind="comment.submitted").exists()
    # It is not taken again, and who sends it anew is told so.
    again = upload(client, product, table(row()), "a.csv")
    assert (again.context["change_count"], again.context["still_count"]) == (0, 1)


def test_draft_of_another_agency_is_not_betrayed(client, product, desk, agencies):
    draft = {"number": None, "submitted_at": None, "kind": "technical", "text": "Well said."}
    CommentFactory(version=product.versions.get(number=2), agency=agencies[1], **draft)
    client.force_login(desk)

    looked = upload(client, product, table(row()), "a.csv")

    assert looked.context["change_count"] == 1


def test_dispositions_are_taken_from_who_may(client, product, agencies):
    version = product.versions.get(number=2)
    for number in range(4):
        CommentFactory(version=version, agency=agencies[0], text=f"Comment {number}")
    editor = MandateFactory(agency=agencies[2]).person
    ProductEditor(product=product, person=editor).save_as(None, "test")
    client.force_login(editor)
    book = openpyxl.load_workbook(io.BytesIO(export(client, product, "xlsx")))
    sheet = book["Comments"]
    due = (clock.now().date() + timedelta(days=30)).isoformat()
    for number, answer in enumerate(
        ["Accepted", "Accepted", "Duplicate of C-1", f"Action pending: CNES by {due}"], start=2
    ):
        sheet[f"K{number}"] = answer
    file = io.BytesIO()
    book.save(file)

    looked = upload(client, product, file.getvalue(), "a.xlsx")
    assert (faults(looked), looked.context["change_count"]) == ([], 4)
    take(client, product, looked)

    found = list(product.comments.order_by("number"))
    assert [row.disposition for row in found] == ["accepted", "accepted", "duplicate", "pending"]
    assert found[2].duplicate_of == found[0]
    assert (found[3].action_owner, found[3].action_due.isoformat()) == (agencies[1], due)
    assert {row.disposed_by for row in found} == {editor}
    # One event for each decision, however many comments it is about.
    assert Event.objects.filter(event="comment.disposed").count() == 3
    again = upload(client, product, export(client, product, "xlsx"), "a.xlsx")
    assert again.context["change_count"] == 0


def test_dispositions_are_refused_from_who_may_not(client, product, staff, agencies):
    CommentFactory(version=product.versions.first(), agency=agencies[1])
    client.force_login(staff)
    data = b"No.,Disposition\r\nC-1,Accepted\r\n"

    looked = upload(client, product, data, "a.csv")

    assert [(row, column) for row, column, _, _ in faults(looked)] == [(2, "Disposition")]
    assert looked.context["change_count"] == 0


# Between the two steps.


def test_plan_is_shown_anew_when_it_changed_meanwhile(client, product, staff, agencies):
    client.force_login(staff)
    looked = upload(client, product, table(row(), row(text="Two")), "a.csv")
    CommentFactory(
        version=product.versions.get(number=2),
        agency=agencies[1],
        kind="technical",
        text="Well said.",
    )

    refused = take(client, product, looked)

    assert refused.status_code == 422
    assert refused.context["change_count"] == 1
    assert "The comments changed since you looked" in refused.content.decode()
    assert product.comments.count() == 1
    assert take(client, product, refused).status_code == 302
    assert product.comments.count() == 2


def test_what_was_read_is_the_persons_own(client, product, staff, desk):
    client.force_login(staff)
    looked = upload(client, product, table(row()), "a.csv")
    other = ProductFactory()
    VersionFactory(product=other)

    assert take(client, other, looked).status_code == 422
    client.force_login(desk)
    refused = take(client, product, looked)

    assert refused.status_code == 422
    assert "is gone: choose the file again" in refused.content.decode()
    assert Comment.objects.count() == 0


@pytest.mark.parametrize("kept", ["", "x" * 32, "a\x00b", "ü" * 32, "x" * 9999])
def test_unknown_name_of_what_was_read_is_refused(client, product, staff, kept):
    client.force_login(staff)

    refused = client.post(
        reverse("comments_take", args=[product.code]), {"kept": kept, "expected": ""}
    )

    assert refused.status_code == 422
    assert "is gone: choose the file again" in refused.content.decode()


def test_what_was_taken_is_kept_no_longer(client, product, staff):
    client.force_login(staff)
    looked = upload(client, product, table(row()), "a.csv")
    take(client, product, looked)

    assert take(client, product, looked).status_code == 422
    assert product.comments.count() == 1


def test_all_rows_are_taken_or_none(client, product, desk, agencies):
    """Each row by itself is right; together they would make two comments repeat each other."""
    version = product.versions.get(number=2)
    for text in ("One", "Two"):
        CommentFactory(version=version, agency=agencies[0], text=text)
    client.force_login(desk)
    data = b"No.,Disposition\r\nC-1,Duplicate of C-2\r\nC-2,Duplicate of C-1\r\n"
    looked = upload(client, product, data, "a.csv")

    refused = take(client, product, looked)

    assert refused.status_code == 422
    assert "cannot repeat itself" in refused.content.decode()
    assert {row.disposition for row in product.comments.all()} == {""}


# Who, and when.


def test_import_is_for_who_comments_or_disposes(client, product):
    client.force_login(UserFactory())
    assert client.get(reverse("comments_import", args=[product.code])).status_code == 404


@pytest.mark.parametrize("state", sorted(PUBLIC))
def test_settled_product_takes_nothing(client, staff, state):
    product = ProductFactory(state=state)
    VersionFactory(product=product)
    client.force_login(staff)

    refused = upload(client, product, table(row(version="1")), "a.csv")

    assert refused.status_code == 422
    assert "its comments do not change any more" in refused.content.decode()


def test_product_that_settles_meanwhile_takes_nothing(client, product, staff):
    client.force_login(staff)
    looked = upload(client, product, table(row()), "a.csv")
    product.state = "withdrawn"
    product.save_as(None, "test")

    refused = take(client, product, looked)

    assert refused.status_code == 422
    assert "its comments do not change any more" in refused.content.decode()


@pytest.mark.parametrize(
    ("data", "name", "sentence"),
    [
        (b"", "a.csv", "The file is empty."),
        (b"%PDF-", "a.pdf", "The file is not taken"),
        (b"PK\x03\x04 and no more", "a.xlsx", "The file is no XLSX workbook, or it is damaged."),
    ],
)
def test_unfit_file_is_refused_beside_its_field(client, product, staff, data, name, sentence):
    client.force_login(staff)

    refused = upload(client, product, data, name)

    assert refused.status_code == 422
    assert sentence in refused.context["form"].errors["file"][0]


def test_large_file_is_refused(client, product, staff, settings):
    settings.ISECG_IMPORT_LIMIT_MB = 1
    client.force_login(staff)

    refused = upload(client, product, b"x" * (3 * 1024 * 1024), "a.csv")

    assert refused.context["form"].errors["file"] == ["The file has 3 MB; at most 1 MB are taken."]


def test_many_rows_are_refused(client, product, staff, settings):
    settings.ISECG_IMPORT_ROWS = 3
    client.force_login(staff)

    refused = upload(client, product, table(*(row(text=str(n)) for n in range(4))), "a.csv")

    assert refused.context["form"].errors["file"] == [
        "The table has more than 3 rows: send it in parts."
    ]


def test_long_plan_stays_a_small_page(client, product, desk, agencies):
    client.force_login(desk)
    rows = [row(text=f"{n} " + "words " * 200, proposal="more " * 200) for n in range(400)]
    rows += [row(text=f"bad {n}", kind="x" * 40, version="9") for n in range(400)]

    looked = upload(client, product, table(*rows), "a.csv")

    assert len(looked.content) < 100_000
    assert (looked.context["change_count"], looked.context["fault_count"]) == (400, 800)
    assert "The first 100 are shown." in looked.content.decode()


def test_typed_text_is_never_markup(client, product, staff):
    client.force_login(staff)
    data = table(row(text="<script>alert(1)</script>", kind="<b>"), row(person="<i>"))

    page = upload(client, product, data, "a.csv").content.decode()

    assert "<script>alert" not in page
    assert "&lt;b&gt;" in page
    assert "&lt;i&gt;" in page


def test_dry_run_asks_as_often_for_many_rows(client, product, staff):
    client.force_login(staff)

    def queries(count):
        data = table(*(row(text=str(n), place="2") for n in range(count)))
        with CaptureQueriesContext(connection) as asked:
            upload(client, product, data, "a.csv")
        return len(asked)

    queries(1)
    assert queries(1) == queries(50)


def test_each_row_that_is_taken_costs_the_same(client, product, staff):
    """Its row and the row's history; all the rest is once for the file."""
    client.force_login(staff)

    def queries(count, offset):
        data = table(*(row(text=str(offset + n)) for n in range(count)))
        looked = upload(client, product, data, "a.csv")
        with CaptureQueriesContext(connection) as asked:
            take(client, product, looked)
        return len(asked)

    queries(1, 0)
    few, many = queries(5, 100), queries(25, 200)
    # Two writes, and the two ends of the savepoint around them.
    assert many - few == 20 * 4


def test_a_cell_takes_what_the_form_takes():
    for column in (Column.TEXT, Column.PROPOSAL, Column.RESPONSE):
        assert LONGEST[column] == comment_forms.LONGEST
    for column, name in (
        (Column.PERSON, "author_name"),
        (Column.CLAUSE, "clause"),
        (Column.PLACE, "place"),
        (Column.LINE, "line"),
    ):
        assert LONGEST[column] == Comment._meta.get_field(name).max_length


def test_cache_keeps_nothing_of_another(client, product, staff):
    client.force_login(staff)
    looked = upload(client, product, table(row()), "a.csv")
    name = looked.context["form"].initial["kept"]

    assert cache.get(f"comment-import:{product.pk}:{staff.pk}:{name}") is not None
    assert cache.get(f"comment-import:{product.pk}:{staff.pk + 1}:{name}") is None


# What the confined process makes of hostile workbooks.


def rewritten(data, name, change):
    file = io.BytesIO()
    with (
        zipfile.ZipFile(io.BytesIO(data)) as old,
        zipfile.ZipFile(file, "w", zipfile.ZIP_DEFLATED) as new,
    ):
        for part in old.namelist():
            content = old.read(part)
            new.writestr(part, change(content) if part == name else content)
    return file.getvalue()


HOSTILE = {
    "bomb": (
        lambda _: b" " * 200 * 1024 * 1024,
        "The workbook unpacks to far more than a table of comments has.",
    ),
    "doctype": (
        lambda xml: xml.replace(b"<worksheet", b"<!DOCTYPE x><worksheet", 1),
        "The workbook brings a DOCTYPE; no workbook needs one.",
    ),
    "deep": (
        lambda _: b"<a>" * 8_000_000,
        "The workbook unpacks to far more than a table of comments has.",
    ),
    "damaged": (lambda xml: xml[:-30], "The file is no XLSX workbook, or it is damaged."),
    "ten million rows": (
        lambda xml: xml.replace(b"</sheetData>", b'<row r="10000000"/></sheetData>'),
        "The table goes on below row 6000: delete what stands there, empty rows too, or send it "
        "in parts.",
    ),
}


@pytest.mark.parametrize("name", HOSTILE)
def test_hostile_workbook_is_refused_with_a_sentence(client, product, staff, name):
    change, sentence = HOSTILE[name]
    client.force_login(staff)
    data = rewritten(table(row(), suffix="xlsx"), "xl/worksheets/sheet1.xml", change)
    before = everything()

    refused = upload(client, product, data, "a.xlsx")

    assert refused.context["form"].errors["file"] == [sentence]
    assert everything() == before


def test_workbook_that_takes_too_long_is_ended(client, product, staff, settings):
    """A million cells in one row: small when packed, and all of them are read."""
    settings.ISECG_EXTRACTION_CPU_SECONDS = 1
    settings.ISECG_IMPORT_LIMIT_MB = 20
    settings.ISECG_EXTRACTION_MEMORY_MB = 200
    client.force_login(staff)
    cells = b"".join(b'<c r="A%d"><v>%d</v></c>' % (n, n * 7919) for n in range(500_000))
    data = rewritten(
        table(row(), suffix="xlsx"),
        "xl/worksheets/sheet1.xml",
        lambda xml: xml.replace(b"</sheetData>", b"<row>" + cells + b"</row></sheetData>"),
    )

    [sentence] = upload(client, product, data, "a.xlsx").context["form"].errors["file"]

    assert sentence == (
        "The file could not be read within the limits: 1 seconds of computing, 20 seconds in "
        "all and 200 MB of memory."
    )


@pytest.mark.parametrize(
    "answer", ["", "[]", "{", '{"rows": 1}', '{"rows": [1]}', '{"rows": [[1]]}', "[" * 100_000]
)
def test_answer_of_a_process_that_was_taken_over_is_not_believed(monkeypatch, answer):
    monkeypatch.setattr(confined_tables, "extract", lambda *_, **__: Extract(text=answer))

    with pytest.raises(UnfitTableError, match="it is damaged"):
        confined_tables.confined_rows(b"PK")
