"""The Atom feed of what was released, superseded or withdrawn (rule 35, RFC 4287)."""

import re
from collections.abc import Iterable
from urllib.parse import urlsplit

from django.conf import settings
from django.urls import reverse
from django.utils.feedgenerator import Atom1Feed, Enclosure
from django.utils.html import escape

from products.models.versions import FileRole
from products.publications import BODY, NON_BINDING, Publication, address

# XML 1.0 has no way to write these, and a title may have them.
_NOT_IN_XML = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\ufffe\uffff]")
# The year from which ids are given out under the site's name (RFC 4151).
_SINCE = 2026


def tag(path: str) -> str:
    """Return the id of an entry, which stays the same wherever its page moves on this site."""
    return f"tag:{urlsplit(settings.SITE_URL).hostname},{_SINCE}:{path}"


def atom(publications: Iterable[Publication]) -> str:
    """Return the feed with ``publications`` as its entries, in their order."""
    feed = Atom1Feed(
        title="Released products of ISECG",
        link=address(reverse("publications")),
        description=None,
        subtitle=NON_BINDING,
        feed_url=address(reverse("publications_feed")),
        feed_guid=tag("publications"),
        author_name=BODY,
        language="en",
    )
    for publication in publications:
        feed.add_item(
            title=_plain(f"{publication.full_title} ({publication.code})"),
            link=publication.href,
            # A summary is read as HTML.
            description=escape(_plain(_summary(publication))),
            unique_id=tag(f"publications/{publication.code}"),
            pubdate=publication.published_at,
            updateddate=publication.updated_at,
            categories=[publication.product.get_kind_display(), publication.state],
            enclosures=_enclosures(publication),
        )
    return feed.writeString("utf-8")


def _plain(text: str) -> str:
    return _NOT_IN_XML.sub("", text)


def _summary(publication: Publication) -> str:
    """Return in sentences what an entry is about, and what became of it."""
    product, successor = publication.product, publication.successor
    day = publication.day
    said = [f"{product.get_kind_display()}, released {day.words}." if day else ""]
    if publication.state == "Superseded" and successor:
        said.append(f"Superseded by {successor['title']} ({successor['code']}).")
    elif publication.state == "Withdrawn":
        said.append("Withdrawn.")
    if codes := [row.code for row in publication.participants]:
        said.append(f"Participating agencies: {', '.join(codes)}.")
    return " ".join(part for part in [*said, product.abstract, NON_BINDING] if part)


def _enclosures(publication: Publication) -> list[Enclosure]:
    return [
        Enclosure(address(row["href"]), str(row["file"].size), row["file"].media_type)
        for row in publication.downloads
        if row["file"].role == FileRole.MAIN
    ]
