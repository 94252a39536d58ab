"""The public pages of released products: what they say to people and to machines."""

import hashlib
import json
from datetime import UTC, datetime, timedelta
from xml.etree import ElementTree

import pytest
import time_machine
from django.core.files.base import ContentFile
from django.core.files.storage import default_storage

from isecg import clock
from products.models import Relation, Release, VersionFile
from products.publications import Publication, released
from products.services import releases
from products.workflow import State
from tests.factories import AgencyFactory, MandateFactory, ProductFactory, UserFactory
from tests.products.test_releases import RESERVED, _agreed, _edition, _release
from tests.products.world import write_version

pytestmark = pytest.mark.django_db

BODY = "International Space Exploration Coordination Group"
NOON = datetime(2026, 3, 12, 12, tzinfo=UTC)
SITE = "https://tracker.example.org"
ATOM = "{http://www.w3.org/2005/Atom}"


@pytest.fixture(autouse=True)
def site(settings):
    settings.SITE_URL = SITE


@pytest.fixture
def out():
    """A product that was agreed on 12 March and released on the 20th, with two files."""
    with time_machine.travel(NOON, tick=False) as traveller:
        world = _agreed(
            codes=["BNSC", "ESA"],
            reserved=RESERVED,
            code="GER-2026",
            title="Global Exploration Roadmap",
            kind="roadmap",
            series="GER",
            edition="5",
            abstract="Where we go & how.",
        )
        version = world.product.versions.get()
        VersionFile.objects.create(
            version=version,
            role="rendition",
            name="ger-high.pdf",
            path="x/high",
            media_type="application/pdf",
            size=2_500_000,
            sha256="e" * 64,
        )
        traveller.move_to(NOON + timedelta(days=8))
        _release(world)
        yield world


def get(client, path):
    return client.get(f"/publications/{path}")


def html_of(client, path):
    answer = get(client, path)
    assert answer.status_code == 200
    return answer.content.decode()


def texts(html):
    return " ".join(html.split())


class TestPage:
    def test_says_what_rule_35_asks_for(self, client, out):
        html = texts(html_of(client, "GER-2026/"))

        for words in (
            "Roadmap · GER series · 5th edition",
            "This product is non-binding.",
            "Where we go &amp; how.",
            '<time datetime="2026-03-20">20 March 2026</time>',
            '<span class="agency-code">BNSC</span> Agency BNSC',
            '<span class="agency-code">ESA</span> Agency ESA',
            'href="/publications/GER-2026/files/v1.md">v1.md',
            "Main file · text/markdown · 14 bytes",
            hashlib.sha256(b"One paragraph.").hexdigest(),
            'href="/publications/GER-2026/files/ger-high.pdf">ger-high.pdf',
            "Rendition · application/pdf · 2.4 MB",
            "e" * 64,
            "Annex: reservations",
            "Agency BNSC, on <time",
            "How to comment",
            "How to cite",
        ):
            assert words in html, words
        assert texts(RESERVED) in html

    def test_prints_what_was_passed_over_and_why(self, client):
        world = _agreed(text="It is [this].", code="OUT")
        _release(world, overrides={"no_drafting_residue": "A <quotation>."})

        html = texts(html_of(client, "OUT/"))

        assert (
            "<dt>The text has marks of drafting, or could not be looked through</dt>"
            "<dd>A &lt;quotation&gt;.</dd>"
        ) in html

    def test_names_nobody(self, client, out):
        names = {person.name for person in [*out.heads, out.secretariat]}
        names.add(out.product.versions.get().author.name)

        for path in ("", "GER-2026/", "feed.atom", "GER-2026/metadata.json"):
            said = get(client, path).content.decode()
            assert not [name for name in names if name in said]

    def test_shows_the_same_to_everybody_but_the_way_back(self, client, out):
        ours = '<p><a href="/products/GER-2026/">Its page in the tracker</a></p>'
        outside = html_of(client, "GER-2026/")
        client.force_login(out.secretariat)
        inside = html_of(client, "GER-2026/")

        def main(html):
            return texts(html.partition("<main")[2].partition("</main>")[0])

        assert ours not in outside
        assert main(inside).replace(f"{ours} ", "") == main(outside)
        assert 'href="/publications/GER-2026/"' in (
            client.get("/products/GER-2026/").content.decode()
        )

    def test_prints_the_codes_of_the_day_of_release(self, client, out):
        agency = out.agencies[0]
        agency.code, agency.name = "UKSA", "UK Space Agency"
        agency.save_as(None, "renamed")

        html = html_of(client, "GER-2026/")

        assert "BNSC" in html
        assert "UKSA" not in html

    def test_a_superseded_edition_leads_to_its_successor(self, client, out):
        old = _edition(code="GER-2024", title="The old one", state=State.SUPERSEDED)
        Relation(product=out.product, kind="supersedes", target=old).save_as(None, "test")

        html = texts(html_of(client, "GER-2024/"))

        assert (
            'This edition is superseded by <a href="/publications/GER-2026/">'
            "Global Exploration Roadmap (GER-2026)</a>. It stays here for reference." in html
        )

    def test_a_withdrawn_one_stays_with_a_banner_and_its_files(self, client, out):
        keep(out.product.versions.get())
        with clock.at(datetime(2026, 4, 1, 9, tzinfo=UTC)):
            releases.withdraw(out.product, reason="A grave flaw.", by=out.secretariat)

        html = texts(html_of(client, "GER-2026/"))

        assert "This product is withdrawn, since <time" in html
        assert "01 Apr 2026 09:00" in html or "1 Apr 2026 09:00" in html
        assert "A grave flaw." not in html
        assert b"".join(get(client, "GER-2026/files/v1.md")) == b"One paragraph."

    def test_a_past_product_says_that_its_text_is_not_kept(self, client):
        old = _edition(
            code="OLD", day="2013-08", source="The report of 2013", other_sources=["A letter"]
        )
        old.note = "A remark among us."
        old.save_as(None, "test")

        html = texts(html_of(client, "OLD/"))

        assert "its text is not kept here" in html
        assert '<time datetime="2013-08">August 2013</time>' in html
        assert "Source: The report of 2013" in html
        assert "Also: A letter" in html
        assert "A remark among us." not in html

    def test_leads_to_released_products_alone(self, client, out):
        draft = ProductFactory(code="SECRET", title="A draft among us")
        known = _edition(code="KNOWN", title="Known to all", series="")
        Relation(product=draft, kind="supersedes", target=out.product).save_as(None, "test")
        Relation(product=out.product, kind="builds_on", target=known).save_as(None, "test")

        html = texts(html_of(client, "GER-2026/"))

        assert 'Builds on <a href="/publications/KNOWN/">Known to all (KNOWN)</a>' in html
        assert "SECRET" not in html
        assert "Built on by" in html_of(client, "KNOWN/")

    @pytest.mark.parametrize("state", State)
    def test_what_was_never_released_does_not_exist(self, client, state):
        product = ProductFactory(code="DRAFT", state=state)
        write_version(product)
        client.force_login(UserFactory(is_secretariat=True))
        paths = ["", "files/v1.md", "metadata.json", "citation.json", "citation.ris"]

        assert [get(client, f"DRAFT/{path}").status_code for path in paths] == [404] * 5

    def test_gives_indexes_their_tags(self, client, out):
        html = html_of(client, "GER-2026/")

        for name, content in (
            ("citation_title", "Global Exploration Roadmap, 5th edition"),
            ("citation_author", BODY),
            ("citation_publication_date", "2026/03/20"),
            ("citation_technical_report_number", "GER-2026"),
            ("citation_pdf_url", f"{SITE}/publications/GER-2026/files/ger-high.pdf"),
            ("DC.date", "2026-03-20"),
            ("DC.identifier", f"{SITE}/publications/GER-2026/"),
        ):
            assert f'<meta name="{name}" content="{content}">' in html
        assert f'<link rel="canonical" href="{SITE}/publications/GER-2026/">' in html
        assert (
            '<link rel="alternate" type="application/atom+xml" '
            'title="Released products of ISECG" href="/publications/feed.atom">' in html
        )

    def test_asks_the_same_number_of_questions_whatever_it_shows(
        self, client, out, django_assert_num_queries
    ):
        for number in range(30):
            other = _edition(series="", code=f"B-{number}")
            Relation(product=other, kind="builds_on", target=out.product).save_as(None, "test")
            row = out.product.release
            agency = AgencyFactory()
            row.participants.model(
                release=row, agency=agency, code=agency.code, name=agency.name
            ).save_as(None, "test")
        with django_assert_num_queries(5):
            answer = get(client, "GER-2026/")
        assert len(answer.content) < 100_000


def keep(version, content=b"One paragraph."):
    file = version.files.get(role="main")
    default_storage.delete(file.path)
    default_storage.save(file.path, ContentFile(content))


class TestFiles:
    def test_are_handed_out_to_be_kept_and_never_run(self, client, out):
        keep(out.product.versions.get())

        answer = get(client, "GER-2026/files/v1.md")

        assert b"".join(answer) == b"One paragraph."
        assert answer["Content-Disposition"] == 'attachment; filename="v1.md"'
        assert answer["X-Content-Type-Options"] == "nosniff"
        assert "sandbox" in answer["Content-Security-Policy"]
        assert answer["Cache-Control"] == "public, max-age=3600"
        digest = hashlib.sha256(b"One paragraph.").hexdigest()
        assert answer["ETag"] == f'"{digest}"'
        again = client.get(
            "/publications/GER-2026/files/v1.md", headers={"if-none-match": f'"{digest}"'}
        )
        assert (again.status_code, again.content) == (304, b"")

    def test_of_other_versions_do_not_exist(self, client, out):
        later = write_version(out.product, text="Among us.")
        keep(later, b"Among us.")
        other = _agreed(code="OTHER")
        _release(other)

        assert get(client, f"GER-2026/files/{later.files.get().name}").status_code == 404
        assert get(client, "GER-2026/files/nothing.md").status_code == 404
        assert get(client, "OTHER/files/ger-high.pdf").status_code == 404

    def test_missing_bytes_are_no_failure(self, client, out):
        assert get(client, "GER-2026/files/ger-high.pdf").status_code == 404


class TestMachines:
    def test_json_ld_is_exactly_this(self, client, out):
        old = _edition(code="GER-2024", title="Old", state=State.SUPERSEDED)
        Relation(product=out.product, kind="supersedes", target=old).save_as(None, "test")

        answer = get(client, "GER-2026/metadata.json")

        assert answer["Content-Type"] == "application/ld+json"
        assert answer["Cache-Control"] == "public, max-age=300"
        assert json.loads(answer.content) == {
            "@context": ["https://schema.org", {"dcterms": "http://purl.org/dc/terms/"}],
            "@type": "Report",
            "@id": f"{SITE}/publications/GER-2026/",
            "url": f"{SITE}/publications/GER-2026/",
            "identifier": "GER-2026",
            "reportNumber": "GER-2026",
            "name": "Global Exploration Roadmap",
            "additionalType": "Roadmap",
            "bookEdition": "5th edition",
            "abstract": "Where we go & how.",
            "disambiguatingDescription": "Products of ISECG are non-binding.",
            "datePublished": "2026-03-20",
            "creativeWorkStatus": "Released",
            "publisher": {"@type": "Organization", "name": BODY, "alternateName": "ISECG"},
            "contributor": [
                {"@type": "Organization", "name": "Agency BNSC", "alternateName": "BNSC"},
                {"@type": "Organization", "name": "Agency ESA", "alternateName": "ESA"},
            ],
            "isPartOf": {"@type": "CreativeWorkSeries", "name": "GER"},
            "encoding": [
                {
                    "@type": "MediaObject",
                    "name": "v1.md",
                    "contentUrl": f"{SITE}/publications/GER-2026/files/v1.md",
                    "encodingFormat": "text/markdown",
                    "contentSize": "14 B",
                    "sha256": hashlib.sha256(b"One paragraph.").hexdigest(),
                },
                {
                    "@type": "MediaObject",
                    "name": "ger-high.pdf",
                    "contentUrl": f"{SITE}/publications/GER-2026/files/ger-high.pdf",
                    "encodingFormat": "application/pdf",
                    "contentSize": "2500000 B",
                    "sha256": "e" * 64,
                },
            ],
            "citation": (
                f"{BODY} (ISECG) (2026). Global Exploration Roadmap, 5th edition (GER-2026). "
                f"Roadmap, non-binding. {SITE}/publications/GER-2026/"
            ),
            "dcterms:replaces": [{"@id": f"{SITE}/publications/GER-2024/"}],
        }
        replaced = json.loads(get(client, "GER-2024/metadata.json").content)
        assert replaced["dcterms:isReplacedBy"] == [{"@id": f"{SITE}/publications/GER-2026/"}]
        assert replaced["creativeWorkStatus"] == "Superseded"

    def test_csl_json_is_exactly_this(self, client, out):
        answer = get(client, "GER-2026/citation.json")

        assert answer["Content-Type"] == "application/vnd.citationstyles.csl+json"
        assert json.loads(answer.content) == [
            {
                "id": "GER-2026",
                "type": "report",
                "title": "Global Exploration Roadmap",
                "author": [{"literal": BODY}],
                "publisher": BODY,
                "number": "GER-2026",
                "edition": "5",
                "genre": "Roadmap",
                "collection-title": "GER",
                "issued": {"date-parts": [[2026, 3, 20]]},
                "abstract": "Where we go & how.",
                "status": "released",
                "note": "Products of ISECG are non-binding.",
                "URL": f"{SITE}/publications/GER-2026/",
            }
        ]

    @pytest.mark.parametrize(
        ("day", "parts", "date"),
        [("2013", [[2013]], "2013///"), ("2013-08", [[2013, 8]], "2013/08//")],
    )
    def test_a_date_says_no_more_than_is_known(self, client, day, parts, date):
        _edition(code="OLD", day=day)

        (csl,) = json.loads(get(client, "OLD/citation.json").content)

        assert csl["issued"] == {"date-parts": parts}
        assert json.loads(get(client, "OLD/metadata.json").content)["datePublished"] == day
        assert f"DA  - {date}\r\n" in get(client, "OLD/citation.ris").content.decode()

    def test_what_is_not_known_is_left_out(self, client):
        _edition(code="OLD", day="", series="", title="Old")

        (csl,) = json.loads(get(client, "OLD/citation.json").content)
        data = json.loads(get(client, "OLD/metadata.json").content)

        assert set(csl) == {
            *("id", "type", "title", "author", "publisher", "number", "genre", "status"),
            *("note", "URL"),
        }
        assert not {"datePublished", "contributor", "encoding", "isPartOf"} & set(data)
        assert data["citation"].startswith(f"{BODY} (ISECG) (n.d.). Old (OLD).")

    def test_ris_is_exactly_this_and_a_tag_has_one_line(self, client, out):
        out.product.abstract = "One.\r\nER  - \r\nTY  - BOOK"
        out.product.save_as(None, "test")

        answer = get(client, "GER-2026/citation.ris")

        assert answer["Content-Disposition"] == 'attachment; filename="GER-2026.ris"'
        assert answer.content.decode().split("\r\n") == [
            "TY  - RPRT",
            "ID  - GER-2026",
            "TI  - Global Exploration Roadmap",
            f"AU  - {BODY}",
            f"PB  - {BODY}",
            "SN  - GER-2026",
            "ET  - 5",
            "M3  - Roadmap",
            "T2  - GER",
            "PY  - 2026",
            "DA  - 2026/03/20/",
            "AB  - One. ER - TY - BOOK",
            "N1  - Products of ISECG are non-binding.",
            f"UR  - {SITE}/publications/GER-2026/",
            "ER  - ",
            "",
        ]

    def test_robots_are_asked_to_read_the_public_pages_alone(self, client):
        answer = client.get("/robots.txt")

        assert answer.content.decode() == "User-agent: *\nAllow: /publications/\nDisallow: /\n"

    @pytest.mark.parametrize(
        ("title", "edition", "full"),
        [
            ("Roadmap", "4", "Roadmap, 4th edition"),
            ("Roadmap", "", "Roadmap"),
            ("Annual Report 2019", "2019", "Annual Report 2019"),
            ("Interim Guidelines", "interim", "Interim Guidelines"),
            ("Update 2022", "2", "Update 2022, 2nd edition"),
        ],
    )
    def test_a_title_names_its_edition_once(self, title, edition, full):
        product = ProductFactory.build(title=title, edition=edition, group=None)

        assert Publication(product).full_title == full


def entries(client):
    # Another parser than the program's writer, and what it reads is our own.
    root = ElementTree.fromstring(get(client, "feed.atom").content)  # noqa: S314
    return root, root.findall(f"{ATOM}entry")


def text(node, name):
    found = node.find(f"{ATOM}{name}")
    return None if found is None else found.text


class TestFeed:
    def test_is_exactly_this(self, client, out):
        old = _edition(code="GER-2024", title="Old", day="2024-08", state=State.SUPERSEDED)
        Relation(product=out.product, kind="supersedes", target=old).save_as(None, "test")

        root, (newest, oldest) = entries(client)

        assert text(root, "title") == "Released products of ISECG"
        assert text(root, "id") == "tag:tracker.example.org,2026:publications"
        assert text(root, "updated") == "2026-03-20T12:00:00+00:00"
        assert text(root, "subtitle") == "Products of ISECG are non-binding."
        assert root.find(f"{ATOM}author/{ATOM}name").text == BODY
        links = {link.get("rel"): link.get("href") for link in root.findall(f"{ATOM}link")}
        assert links == {
            "alternate": f"{SITE}/publications/",
            "self": f"{SITE}/publications/feed.atom",
        }
        assert [
            [text(entry, name) for name in ("title", "id", "published", "updated", "summary")]
            for entry in (newest, oldest)
        ] == [
            [
                "Global Exploration Roadmap, 5th edition (GER-2026)",
                "tag:tracker.example.org,2026:publications/GER-2026",
                "2026-03-20T12:00:00+00:00",
                "2026-03-20T12:00:00+00:00",
                "Roadmap, released 20 March 2026. Participating agencies: BNSC, ESA. "
                "Where we go &amp; how. Products of ISECG are non-binding.",
            ],
            [
                "Old (GER-2024)",
                "tag:tracker.example.org,2026:publications/GER-2024",
                "2024-08-01T00:00:00+00:00",
                "2024-08-01T00:00:00+00:00",
                "Roadmap, released August 2024. Superseded by Global Exploration Roadmap "
                "(GER-2026). Products of ISECG are non-binding.",
            ],
        ]
        assert [term.get("term") for term in newest.findall(f"{ATOM}category")] == [
            "Roadmap",
            "Released",
        ]
        assert [dict(link.attrib) for link in newest.findall(f"{ATOM}link")] == [
            {"rel": "alternate", "href": f"{SITE}/publications/GER-2026/"},
            {
                "rel": "enclosure",
                "href": f"{SITE}/publications/GER-2026/files/v1.md",
                "length": "14",
                "type": "text/markdown",
            },
        ]

    def test_tells_a_withdrawal_under_the_same_id_and_first(self, client, out):
        _edition(code="LATER", day="2026-03-25")
        _, before = entries(client)
        at = datetime(2026, 4, 1, 9, tzinfo=UTC)
        with clock.at(at):
            releases.withdraw(out.product, reason="A flaw.", by=out.secretariat)

        root, after = entries(client)

        ids = [[text(entry, "id")[-8:] for entry in one] for one in (before, after)]
        assert ids == [["ns/LATER", "GER-2026"], ["GER-2026", "ns/LATER"]]
        assert text(after[0], "updated") == "2026-04-01T09:00:00+00:00"
        assert text(after[0], "published") == "2026-03-20T12:00:00+00:00"
        assert "Withdrawn." in text(after[0], "summary")
        assert text(root, "updated") == "2026-04-01T09:00:00+00:00"

    def test_an_edit_of_a_superseded_one_does_not_bring_it_back(self, client, out):
        at = datetime(2026, 4, 1, 9, tzinfo=UTC)
        with clock.at(at):
            releases.withdraw(out.product, reason="A flaw.", by=out.secretariat)
        with clock.at(at + timedelta(days=30)):
            out.product.note = "Seen again."
            out.product.save_as(None, "test")

        _, (entry,) = entries(client)

        assert text(entry, "updated") == "2026-04-01T09:00:00+00:00"

    def test_what_has_no_day_comes_last(self, client):
        _edition(code="UNDATED", day="")
        _edition(code="OLD", day="2007")

        _, (first, last) = entries(client)

        assert text(first, "id").endswith("/OLD")
        assert (text(last, "published"), text(last, "id")[-7:]) == (None, "UNDATED")
        assert text(last, "updated")

    def test_holds_whatever_a_title_holds(self, client):
        title = "A <b>bold</b> & \x1b[0m strange ]]> title\x0b"
        _edition(code="ODD", title=title, abstract="<script>alert(1)</script>")

        _, (entry,) = entries(client)

        assert text(entry, "title") == "A <b>bold</b> & [0m strange ]]> title (ODD)"
        # Its type is HTML: what was typed comes out of it as text.
        assert "&lt;script&gt;alert(1)&lt;/script&gt;" in text(entry, "summary")

    def test_without_a_release_it_is_still_a_feed(self, client):
        root, found = entries(client)

        assert (root.tag, found) == (f"{ATOM}feed", [])

    def test_may_be_kept_and_asked_about(self, client, out):
        answer = get(client, "feed.atom")
        again = client.get("/publications/feed.atom", headers={"if-none-match": answer["ETag"]})

        assert answer["Content-Type"] == "application/atom+xml; charset=utf-8"
        assert (answer["Cache-Control"], again.status_code) == ("public, max-age=300", 304)

    def test_holds_the_last_fifty_in_as_many_questions(self, client, django_assert_num_queries):
        for number in range(60):
            _edition(code=f"P-{number:02}", day=f"2020-01-{number % 28 + 1:02}")

        with django_assert_num_queries(2):
            _, found = entries(client)

        assert len(found) == 50


class TestCatalogue:
    def test_puts_a_series_together_and_the_rest_by_kind(self, client):
        _edition(code="GER-2018", day="2018-01", state=State.SUPERSEDED)
        new = _edition(code="GER-2024", day="2024-08")
        _edition(code="GER-SUP", day="2022-10", kind="roadmap_supplement")
        for code, day, edition in (("AR-A", "2013-12-20", "2013"), ("AR-B", "", "2019")):
            _edition(code=code, day=day, edition=edition, series="AR", kind="annual_report")
        _edition(code="PAPER", day="2017", series="", kind="white_paper")
        _edition(code="FRAME", day="2007-05-31", series="", kind="framework_document")
        old = Release.objects.get(product__code="GER-2018").product
        Relation(product=new, kind="supersedes", target=old).save_as(None, "test")

        answer = get(client, "")

        assert [
            (part["title"], [row.code for row in part["rows"]])
            for part in answer.context["sections"]
        ] == [
            ("AR series", ["AR-B", "AR-A"]),
            ("GER series", ["GER-2024", "GER-SUP", "GER-2018"]),
            ("Framework document", ["FRAME"]),
            ("White paper", ["PAPER"]),
        ]
        html = texts(answer.content.decode())
        assert 'Superseded</span> <span class="meta">by <a href="/publications/GER-2024/">' in html

    @pytest.mark.parametrize(
        ("query", "codes"),
        [
            ("q=road", ["GER-1"]),
            ("q=ger-1", ["GER-1"]),
            ("series=GER", ["GER-1"]),
            ("kind=white_paper", ["WP-1"]),
            ("kind=white_paper&series=GER", []),
            ("q=nothing+of+it", []),
            ("series=Unheard", []),
            ("kind=x", []),
        ],
    )
    def test_is_searched_and_filtered(self, client, query, codes):
        _edition(code="GER-1", title="The roadmap")
        _edition(code="WP-1", title="Paper", series="", kind="white_paper")
        ProductFactory(code="GER-DRAFT", title="A roadmap among us", series="GER")

        answer = client.get(f"/publications/?{query}")

        found = [row.code for part in answer.context["sections"] for row in part["rows"]]
        assert (answer.status_code, found) == (200, codes)

    def test_lists_nothing_that_was_not_released(self, client):
        for state in State:
            ProductFactory(state=state, title="Among us", series="SECRET")
        client.force_login(MandateFactory().person)

        html = html_of(client, "")

        assert "Among us" not in html
        assert "SECRET" not in html

    def test_asks_the_same_number_of_questions_for_ten_and_a_hundred(
        self, client, django_assert_num_queries
    ):
        for count in (10, 90):
            for _ in range(count):
                _edition(title="A title of usual length, as they have")
            with django_assert_num_queries(3):
                answer = get(client, "")
            assert len(answer.content) < 100_000
        assert len(answer.context["page"]) == 50


def test_only_releases_are_asked_for_whoever_asks(out):
    write_version(out.product, text="Later.")
    ProductFactory(state=State.WITHDRAWN)

    assert [row.code for row in released()] == ["GER-2026"]


def test_the_sign_in_leads_to_the_catalogue_and_back(client):
    assert 'href="/publications/"' in client.get("/sign-in/").content.decode()
    html = html_of(client, "")
    assert '<a class="button-bar" href="/sign-in/">Sign in</a>' in html
    assert 'class="brand" href="/publications/"' in html
    assert "Times are in UTC." in html
