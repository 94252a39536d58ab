"""PDF and DOCX files, made by code: sound ones, and the bricks of hostile ones."""

import io
import zipfile
import zlib

import docx

HELVETICA = b"<</Type/Font/Subtype/Type1/BaseFont/Helvetica/Encoding/WinAnsiEncoding>>"
MAIN = (
    '<w:document xmlns:w="http://schemas.openxmlformats.org/wordprocessingml/2006/main">'
    "<w:body>{}</w:body></w:document>"
)
PARAGRAPH = "<w:p><w:r><w:t>{}</w:t></w:r></w:p>"
_KINDS = "http://schemas.openxmlformats.org/officeDocument/2006/relationships/"
_RELATED = '<Relationship Id="r{}" Type="' + _KINDS + '{}" Target="{}"/>'


def raw_pdf(objects, trailer=b""):
    """Return a PDF of numbered objects, of which the first is its catalogue."""
    data, places = b"%PDF-1.7\n", []
    for number, content in enumerate(objects, 1):
        places.append(len(data))
        data += b"%d 0 obj\n%b\nendobj\n" % (number, content)
    table = b"".join(b"%010d 00000 n \n" % place for place in places)
    return data + (
        b"xref\n0 %d\n0000000000 65535 f \n%btrailer\n<</Size %d/Root 1 0 R%b>>\n"
        b"startxref\n%d\n%%%%EOF" % (len(objects) + 1, table, len(objects) + 1, trailer, len(data))
    )


def stream(data, entries=b""):
    return b"<</Length %d%b>>\nstream\n%b\nendstream" % (len(data), entries, data)


def pdf(*pages, trailer=b"", contents=None):
    """Return a PDF whose pages are lists of lines; an empty line leaves a gap."""
    contents = contents or [stream(_drawn(lines)) for lines in pages]
    kids = b" ".join(b"%d 0 R" % (4 + 2 * number) for number in range(len(contents)))
    objects = [
        b"<</Type/Catalog/Pages 2 0 R>>",
        b"<</Type/Pages/Kids[%b]/Count %d>>" % (kids, len(contents)),
        HELVETICA,
    ]
    for number, content in enumerate(contents):
        objects += [
            b"<</Type/Page/Parent 2 0 R/MediaBox[0 0 595 842]/Contents %d 0 R"
            b"/Resources<</Font<</F 3 0 R>>>>>>" % (5 + 2 * number),
            content,
        ]
    return raw_pdf(objects, trailer)


def _drawn(lines):
    drawn = [b"(%b) Tj" % line.encode("cp1252") if line else b"" for line in lines]
    return b"BT /F 11 Tf 72 770 Td 14 TL " + b" T* ".join(drawn) + b" ET"


def packed(mb, levels=3):
    """Return so many MB of blanks as a stream that was deflated several times."""
    deflate = zlib.compressobj(9)
    data = b"".join(deflate.compress(b" " * 1024 * 1024) for _ in range(mb)) + deflate.flush()
    for _ in range(levels - 1):
        data = zlib.compress(data, 9)
    return stream(data, b"/Filter[%b]" % (b"/FlateDecode" * levels))


def word(build):
    """Return the DOCX that python-docx writes after ``build`` has filled it."""
    document = docx.Document()
    build(document)
    data = io.BytesIO()
    document.save(data)
    return data.getvalue()


def archive(parts, *, compression=zipfile.ZIP_DEFLATED):
    """Return a ZIP of parts given by name."""
    data = io.BytesIO()
    with zipfile.ZipFile(data, "w", compression) as file:
        for name, content in parts.items():
            file.writestr(name, content)
    return data.getvalue()


def bare_docx(body, *, more=None, main=MAIN, **related):
    """Return the smallest DOCX with this body; ``related`` are parts such as ``comments``."""
    relations = "".join(_RELATED.format(kind, kind, f"{kind}.xml") for kind in related)
    head = '<Relationships xmlns="http://schemas.openxmlformats.org/package/2006/relationships">'
    kind = "officeDocument"
    return archive(
        {
            "_rels/.rels": f"{head}{_RELATED.format(0, kind, 'word/document.xml')}</Relationships>",
            "word/_rels/document.xml.rels": f"{head}{relations}</Relationships>",
            "word/document.xml": main.format(body),
            **{f"word/{name}.xml": content for name, content in related.items()},
            **(more or {}),
        }
    )
