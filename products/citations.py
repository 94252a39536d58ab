"""What machines read of a released product, in documented vocabularies (rule 35).

schema.org in JSON-LD with Dublin Core terms (https://schema.org/Report,
https://www.dublincore.org/specifications/dublin-core/dcmi-terms/), CSL-JSON
(https://citeproc-js.readthedocs.io/en/latest/csl-json/markup.html), RIS, and the tags that
indexes of papers read in the head of a page.
"""

from typing import Any

from products.publications import BODY, NON_BINDING, Publication, address
from products.relations import RelationKind

JSON_LD = "application/ld+json"
CSL_JSON = "application/vnd.citationstyles.csl+json"
RIS = "application/x-research-info-systems"

# A relation as the two vocabularies say it: of the product itself, and from the other side.
_TERMS = {
    RelationKind.SUPERSEDES: ("dcterms:replaces", "dcterms:isReplacedBy"),
    RelationKind.SUPPLEMENTS: ("dcterms:relation", "dcterms:relation"),
    RelationKind.SUMMARY_OF: ("isBasedOn", "dcterms:relation"),
    RelationKind.BUILDS_ON: ("isBasedOn", "dcterms:relation"),
    RelationKind.UPDATES: ("isBasedOn", "dcterms:relation"),
}


def linked_data(publication: Publication) -> dict[str, Any]:
    """Return a publication as schema.org describes a report; unknown facts are left out."""
    product = publication.product
    found = {
        "@context": ["https://schema.org", {"dcterms": "http://purl.org/dc/terms/"}],
        "@type": "Report",
        "@id": publication.href,
        "url": publication.href,
        "identifier": publication.code,
        "reportNumber": publication.code,
        "name": product.title,
        "additionalType": product.get_kind_display(),
        "bookEdition": product.edition_words,
        "abstract": product.abstract,
        "disambiguatingDescription": NON_BINDING,
        "datePublished": publication.release.day,
        "creativeWorkStatus": product.get_state_display(),
        "publisher": {"@type": "Organization", "name": BODY, "alternateName": "ISECG"},
        "contributor": [
            {"@type": "Organization", "name": row.name, "alternateName": row.code}
            for row in publication.participants
        ],
        "isPartOf": {"@type": "CreativeWorkSeries", "name": product.series}
        if product.series
        else None,
        "encoding": [
            {
                "@type": "MediaObject",
                "name": row["file"].name,
                "contentUrl": address(row["href"]),
                "encodingFormat": row["file"].media_type,
                "contentSize": f"{row['file'].size} B",
                "sha256": row["file"].sha256,
            }
            for row in publication.downloads
        ],
        "citation": publication.citation,
    }
    for relation in publication.relations:
        term = _TERMS[relation["kind"]][0 if relation["own"] else 1]
        found.setdefault(term, []).append({"@id": address(relation["path"])})
    return {key: value for key, value in found.items() if value}


def csl_json(publication: Publication) -> list[dict[str, Any]]:
    """Return a publication as reference managers take it in."""
    product, day = publication.product, publication.release.day
    found = {
        "id": publication.code,
        "type": "report",
        "title": product.title,
        "author": [{"literal": BODY}],
        "publisher": BODY,
        "number": publication.code,
        "edition": product.edition,
        "genre": product.get_kind_display(),
        "collection-title": product.series,
        "issued": {"date-parts": [[int(part) for part in day.split("-")]]} if day else None,
        "abstract": product.abstract,
        "status": product.get_state_display().lower(),
        "note": NON_BINDING,
        "URL": publication.href,
    }
    return [{key: value for key, value in found.items() if value}]


def ris(publication: Publication) -> str:
    """Return a publication in RIS; a tag has one line, whatever was typed."""
    product, day = publication.product, publication.release.day
    parts = [*day.split("-"), "", ""][:3]
    fields = [
        ("TY", "RPRT"),
        ("ID", publication.code),
        ("TI", product.title),
        ("AU", BODY),
        ("PB", BODY),
        ("SN", publication.code),
        ("ET", product.edition),
        ("M3", product.get_kind_display()),
        ("T2", product.series),
        ("PY", parts[0]),
        ("DA", f"{'/'.join(parts)}/" if day else ""),
        ("AB", product.abstract),
        ("N1", NON_BINDING),
        ("UR", publication.href),
    ]
    lines = [f"{tag}  - {' '.join(value.split())}" for tag, value in fields if value]
    return "\r\n".join([*lines, "ER  - ", ""])


def head_tags(publication: Publication) -> list[tuple[str, str]]:
    """Return the names and contents of the tags in the head of its page."""
    product, day = publication.product, publication.release.day
    pdfs = [
        row["href"] for row in publication.downloads if row["file"].media_type == "application/pdf"
    ]
    tags = [
        ("citation_title", publication.full_title),
        ("citation_author", BODY),
        ("citation_publication_date", day.replace("-", "/")),
        ("citation_technical_report_institution", BODY),
        ("citation_technical_report_number", publication.code),
        ("citation_abstract_html_url", publication.href),
        *(("citation_pdf_url", address(href)) for href in pdfs[:1]),
        ("DC.title", publication.full_title),
        ("DC.creator", BODY),
        ("DC.publisher", BODY),
        *(("DC.contributor", row.name) for row in publication.participants),
        ("DC.date", day),
        ("DC.type", product.get_kind_display()),
        ("DC.identifier", publication.href),
        ("DC.description", product.abstract),
    ]
    return [(name, content) for name, content in tags if content]
