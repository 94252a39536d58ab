"""Tables of comments as files: written and read back, and what is refused."""

import csv
import io
import re
import zipfile

import openpyxl
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from products.exchange import workbooks
from products.exchange.cells import (
    tidy,
)
from products.exchange.columns import LONGEST, Column, column_of
from products.exchange.neutral import neutral, original
from products.exchange.reading import Fault, Row, UnfitTableError, read
from products.exchange.writing import write_csv, write_xlsx

# What the formats stumble over, beside whatever else there is.
TEXTS = st.one_of(
    st.text(
        st.one_of(
            st.sampled_from(list("=+-@\t\r\n\"',;|_x005F00D \x01\x0b")),
            st.characters(exclude_categories=["Cs"]),
        ),
        max_size=40,
    ),
    st.sampled_from(["_x0041_", "ax005F_b", "_x005F_x000D_", "1", "1.0", "TRUE", "2026-01-01"]),
)
ROWS = st.lists(st.fixed_dictionaries(dict.fromkeys(Column, TEXTS)), max_size=2)


def written(rows):
    return [{column: tidy(text) for column, text in row.items()} for row in rows]


def saying_something(rows):
    return [row for row in written(rows) if any(row.values())]


def read_cells(data, name):
    table = read(data, name=name, most=50)
    assert table.unknown == ()
    return [{column: row.cells.get(column, "") for column in Column} for row in table.rows]


@settings(suppress_health_check=[HealthCheck.too_slow], deadline=None)
@given(ROWS)
def test_csv_reads_back_what_was_written(rows):
    data = write_csv(written(rows))

    assert read_cells(data, "a.csv") == saying_something(rows)


@settings(suppress_health_check=[HealthCheck.too_slow], deadline=None)
@given(ROWS)
def test_xlsx_reads_back_what_was_written(rows):
    data = write_xlsx(written(rows), about="Comments on P-1")

    assert read_cells(data, "a.xlsx") == saying_something(rows)


@given(TEXTS)
def test_neutral_is_undone_exactly(text):
    assert original(neutral(text)) == text
    assert original(neutral(neutral(text))) == neutral(text)


def cells_under(data, separator):
    """Return the cells as a program sees them that expects this separator."""
    rows = csv.reader(io.StringIO(data.decode("utf-8-sig"), newline=""), delimiter=separator)
    return [cell for row in rows for cell in row]


RUNS = ["=1+1", "+1", "-1", "@SUM(A1)", "\t=1+1", "\r=1+1", "=HYPERLINK('http://x')", "\uff1d1"]


@pytest.mark.parametrize("text", RUNS)
def test_what_excel_would_run_is_neutral_in_a_csv(text):
    [written] = cells_under(write_csv([{Column.TEXT: text}]), ",")[20:21]

    assert written[0] == "'"
    assert original(written) == text


@given(TEXTS, st.sampled_from(RUNS), st.sampled_from([";", "\n", ',"', ';"', "\t", ";'", ';""']))
def test_no_separator_lets_a_formula_begin(before, formula, seam):
    """Whichever separator a program expects, and however it takes quotation marks."""
    data = write_csv([{Column.TEXT: before + seam + formula, Column.PROPOSAL: "y"}])

    text = data.decode("utf-8-sig")
    for separator in ",;\t":
        bare = re.split(f"[{separator}\r\n]", text)
        for cell in (*cells_under(data, separator), *bare):
            assert not re.match('"*[=+@\uff1d-]', cell)


@pytest.mark.parametrize("text", RUNS)
def test_what_excel_would_run_is_text_in_a_workbook(text):
    data = write_xlsx([{Column.TEXT: text}], about="x")

    sheet = openpyxl.load_workbook(io.BytesIO(data))["Comments"]
    assert (sheet["I2"].data_type, sheet["I2"].value.replace("_x000D_", "\r")) == ("s", text)
    with zipfile.ZipFile(io.BytesIO(data)) as archive:
        assert "<f>" not in archive.read("xl/worksheets/sheet1.xml").decode()
        assert not [name for name in archive.namelist() if "externalLink" in name]


def test_the_same_rows_give_the_same_bytes():
    rows = [{Column.TEXT: "One", Column.KIND: "General"}]

    assert write_csv(rows) == write_csv(rows)
    assert write_xlsx(rows, about="x") == write_xlsx(rows, about="x")


def test_csv_is_what_excel_expects():
    data = write_csv([{Column.NUMBER: "C-1", Column.TEXT: "Größe\nzwei"}])

    assert data.startswith(b'\xef\xbb\xbf"No.","Agency","Person"')
    assert data.endswith('"Größe\nzwei","","",""\r\n'.encode())


@pytest.mark.parametrize("column", Column)
def test_every_heading_of_an_export_is_known(column):
    assert column_of(column.value) == column


@pytest.mark.parametrize(
    ("heading", "column"),
    [
        ("MB/NC", Column.AGENCY),
        ("Clause/\nSubclause", Column.CLAUSE),
        ("Paragraph/ Figure/ Table", Column.PLACE),
        ("Line number", Column.LINE),
        ("Type of comment", Column.KIND),
        ("Comments", Column.TEXT),
        ("Proposed change", Column.PROPOSAL),
        ("Observations of the secretariat", Column.RESPONSE),
        ("Weather", None),
    ],
)
def test_headings_of_iso_are_known(heading, column):
    assert column_of(heading) == column


def test_iso_table_below_its_title_is_read():
    data = (
        b"Template for comments;Date: 2026-03-02;Document: GER\r\n"
        b";;\r\n"
        b"MB/NC;Line number;Clause/ Subclause;Paragraph/ Figure/ Table;Type of comment;Comments;"
        b"Proposed change;Observations of the secretariat\r\n"
        b'CNES;12;3.1;Table 2;te;Too heavy;"Say\nless";\r\n'
    )

    table = read(data, name="iso.csv", most=10)

    assert table.rows == (
        Row(
            number=4,
            cells={
                Column.AGENCY: "CNES",
                Column.LINE: "12",
                Column.CLAUSE: "3.1",
                Column.PLACE: "Table 2",
                Column.KIND: "te",
                Column.TEXT: "Too heavy",
                Column.PROPOSAL: "Say\nless",
                Column.RESPONSE: "",
            },
        ),
    )


def test_rows_are_counted_as_a_spreadsheet_does():
    data = b'No.,Agency,Comment\r\n,"A\r\nB",one\r\n\r\n,C,two\r\n'

    assert [row.number for row in read(data, name="a.csv", most=10).rows] == [2, 4]


def test_unknown_columns_are_named_and_not_read():
    table = read(b"Agency,Comment,Weather\r\nCNES,one,fine\r\n", name="a.csv", most=10)

    assert table.unknown == ("Weather",)
    assert table.rows[0].faults == ()


def test_cell_without_heading_is_a_fault():
    table = read(b"Agency,Comment\r\nCNES,one,two\r\n", name="a.csv", most=10)

    assert table.rows[0].faults == (
        Fault(
            row=2,
            column="column 3",
            sentence="The cell stands under no heading: is a quotation mark missing before it?",
            value="two",
        ),
    )


def test_cell_that_is_too_long_is_a_fault():
    longest = LONGEST[Column.LINE]
    data = f"Line,Comment,Agency\r\n{'x' * (longest + 1)},one,CNES\r\n".encode()

    [fault] = read(data, name="a.csv", most=10).rows[0].faults

    assert (fault.row, fault.column) == (2, "Line")
    assert fault.sentence == f"The cell has {longest + 1} characters; at most {longest} are taken."


@pytest.mark.parametrize(
    ("name", "data", "sentence"),
    [
        ("a.csv", b"", "The file is empty."),
        ("a.pdf", b"%PDF-1.7", "The file is not taken: send CSV (.csv) or XLSX (.xlsx)."),
        ("a.xlsx", b"No.,Agency", "The file is no XLSX workbook, whatever its name says."),
        (
            "a.csv",
            b"PK\x03\x04",
            "The file is a workbook, whatever its name says: name it .xlsx.",
        ),
        (
            "a.xls",
            b"\xd0\xcf\x11\xe0\xa1",
            "The file is an old or locked workbook: save it as XLSX, without a password.",
        ),
        (
            "a.csv",
            "Größe".encode("latin-1"),
            "The file is not text in UTF-8: in Excel, save it as “CSV UTF-8” or as XLSX.",
        ),
        ("a.csv", b"Agency,Comment\0", "The file is not text: it has null characters."),
        (
            "a.csv",
            b'Agency,Comment\r\nCNES,"open\r\n',
            "Row 2 cannot be read: a quotation mark is missing or too many, or a cell is far "
            "too long.",
        ),
        (
            "a.csv",
            b"Agency,Comment,Comments\r\n",
            "Two columns are headed “Comment”: rename or delete one.",
        ),
        (
            "a.csv",
            b"Agency,Type\r\n",
            "The table has no column “Comment”. Without it, one needs “No.” and “Disposition”.",
        ),
        (
            "a.csv",
            b"Agency,Comment\r\n" + b"CNES,one\r\n" * 4,
            "The table has more than 3 rows: send it in parts.",
        ),
        (
            "a.csv",
            b"Agency,Comment\r\n" + b"\r\n" * 2000,
            "The table goes on below row 1003: send it in parts.",
        ),
    ],
)
def test_unfit_table_is_refused_with_a_sentence(name, data, sentence):
    with pytest.raises(UnfitTableError) as refused:
        read(data, name=name, most=3)

    assert str(refused.value) == sentence


def test_file_without_headings_is_refused():
    with pytest.raises(UnfitTableError, match=r"^The file has no row of headings: it begins"):
        read(b"one,two\r\nthree,four\r\n", name="a.csv", most=3)


def test_utf_16_is_read():
    data = "Agency\tComment\r\nCNES\tGröße\r\n".encode("utf-16")

    assert read(data, name="a.txt", most=3).rows[0].cells[Column.TEXT] == "Größe"


# Workbooks by others, and hostile ones.


def workbook(cells, **others):
    book = openpyxl.Workbook()
    for row in cells:
        book.active.append(row)
    file = io.BytesIO()
    book.save(file)
    return file.getvalue()


def rewritten(data, name, change):
    """Return a workbook with one part changed."""
    file = io.BytesIO()
    with (
        zipfile.ZipFile(io.BytesIO(data)) as old,
        zipfile.ZipFile(file, "w", zipfile.ZIP_DEFLATED) as new,
    ):
        for part in old.namelist():
            content = old.read(part)
            new.writestr(part, change(content) if part == name else content)
    return file.getvalue()


SHEET_PART = "xl/worksheets/sheet1.xml"
HEADINGS = ["Agency", "Comment"]


def test_workbook_of_another_program_is_read():
    data = workbook([["Agency", "Version", "Line", "Comment"], ["CNES", 3, 12.5, "=not run"]])
    data = rewritten(data, SHEET_PART, lambda xml: xml.replace(b"<f>not run</f>", b""))

    table = read(data, name="a.xlsx", most=3)

    assert table.rows[0].cells == {
        Column.AGENCY: "CNES",
        Column.VERSION: "3",
        Column.LINE: "12.5",
        Column.TEXT: "",
    }


def test_computed_cell_is_a_fault():
    data = workbook([HEADINGS, ["CNES", "fine"], ["CNES", "=1+1"]])

    table = read(data, name="a.xlsx", most=5)

    assert [row.faults for row in table.rows] == [
        (),
        (
            Fault(
                row=3,
                column="Comment",
                sentence="The cell is computed by a formula: paste its value instead.",
            ),
        ),
    ]


def refused(data):
    with pytest.raises(UnfitTableError) as error:
        read(data, name="a.xlsx", most=5)
    return str(error.value)


@pytest.mark.parametrize("encoding", ["utf-8", "utf-16", "utf-7"])
def test_doctype_is_refused_in_every_encoding(encoding):
    entity = '<!DOCTYPE x [<!ENTITY a "aaaaaaaaaa">]>'

    def add(xml):
        text = xml.decode().split("?>", 1)[-1]
        return f'<?xml version="1.0" encoding="{encoding}"?>{entity}{text}'.encode(encoding)

    data = rewritten(workbook([HEADINGS]), SHEET_PART, add)

    assert refused(data) in (
        "The workbook brings a DOCTYPE; no workbook needs one.",
        "The workbook has a part that is not in UTF-8.",
    )


def test_doctype_over_the_seam_of_two_pieces_is_refused():
    at = 64 * 1024 - 5
    data = rewritten(workbook([HEADINGS]), SHEET_PART, lambda _: b" " * at + b"<!DOCTYPE x>")

    assert refused(data) == "The workbook brings a DOCTYPE; no workbook needs one."


def test_zip_bomb_is_refused_before_it_is_unpacked():
    # 200 MB of spaces, in a few hundred kilobytes.
    data = rewritten(workbook([HEADINGS]), SHEET_PART, lambda _: b" " * 200 * 1024 * 1024)

    assert len(data) < 500_000
    assert refused(data) == "The workbook unpacks to far more than a table of comments has."


def test_size_that_the_archive_claims_is_not_believed():
    data = rewritten(workbook([HEADINGS]), SHEET_PART, lambda _: b" " * 60 * 1024 * 1024)
    size = (60 * 1024 * 1024).to_bytes(4, "little")

    assert size in data
    assert refused(data.replace(size, (100).to_bytes(4, "little"))) in (
        "The workbook unpacks to far more than a table of comments has.",
        "The file is no XLSX workbook, or it is damaged.",
    )


def test_huge_table_of_strings_is_refused():
    strings = b"<si><t>x</t></si>" * 3_000_000
    data = rewritten(write_xlsx([], about="x"), "xl/sharedStrings.xml", lambda _: strings)

    assert refused(data) == "The workbook unpacks to far more than a table of comments has."


def test_many_members_are_refused():
    file = io.BytesIO(workbook([HEADINGS]))
    with zipfile.ZipFile(file, "a") as archive:
        for number in range(workbooks.MEMBERS):
            archive.writestr(f"xl/media/{number}", b"")

    assert refused(file.getvalue()) == "The workbook has more than 200 parts inside."


def test_claimed_rows_cost_nothing():
    def claim(xml):
        return re.sub(rb'<dimension ref="[^"]*"', b'<dimension ref="A1:XFD1048576"', xml)

    data = rewritten(workbook([HEADINGS, ["CNES", "one"]]), SHEET_PART, claim)

    assert [row.number for row in read(data, name="a.xlsx", most=5).rows] == [2]


@pytest.mark.parametrize("last", [b"1006", b"1048576", b"10000000"])
def test_rows_far_below_are_refused(last):
    def add(xml):
        return xml.replace(b"</sheetData>", b'<row r="%s"/></sheetData>' % last)

    data = rewritten(workbook([HEADINGS, ["CNES", "one"]]), SHEET_PART, add)

    assert refused(data) == (
        "The table goes on below row 1005: delete what stands there, empty rows too, or send it "
        "in parts."
    )


@pytest.mark.parametrize(
    "change",
    [
        lambda xml: xml[:-20],
        lambda xml: b"",
        lambda xml: b"<a/>",
        lambda xml: xml.replace(b'r="A1"', b'r="ZZZZZZ99999999"'),
        lambda xml: xml.replace(b"<v>0<", b"<v>77<"),
        lambda xml: xml.replace(b"<v>0<", b"<v>x<"),
    ],
)
def test_damaged_sheet_is_refused(change):
    data = write_xlsx([{Column.AGENCY: "CNES", Column.TEXT: "one"}], about="x")
    assert read(data, name="a.xlsx", most=5).rows

    data = rewritten(data, SHEET_PART, change)

    assert refused(data).startswith("The file ")


@settings(suppress_health_check=[HealthCheck.too_slow], deadline=None)
@given(st.binary(max_size=60), st.integers(0, 5000))
def test_damaged_workbook_never_fails_otherwise(noise, at):
    data = write_xlsx([{Column.TEXT: "x", Column.AGENCY: "A"}], about="x")
    at %= len(data)
    data = data[:at] + noise + data[at + len(noise) :]

    try:
        read(data, name="a.xlsx", most=5)
    except UnfitTableError as error:
        assert str(error)  # noqa: PT017 (either outcome is good)
