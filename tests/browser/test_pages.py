"""Pages of every kind in the demo, looked at: no fault that axe finds, nothing that overflows."""

from collections import Counter
from html.parser import HTMLParser
from urllib.parse import urlsplit

import pytest
from axe_playwright_python.sync_playwright import Axe
from django.urls import URLPattern, URLResolver, get_resolver, resolve

THEMES, WIDTHS = ("light", "dark"), (1280, 360)
# Of a kind of page, as many are looked at; of products one in each state, and real ones.
MOST, MOST_BY_NAME = 2, {"product": 14, "call": 4}
# Addresses that show no page to GET: acts, downloads, machine-readable answers.
NO_PAGE = {
    "call_contest",
    "call_intervene",
    "call_on_behalf",
    "call_position",
    "call_reaffirm",
    "call_rehearsal",
    "call_recall",
    "call_return",
    "call_serve_again",
    "call_waive_notice",
    "call_withdraw",
    "comment_answer",
    "comment_check",
    "comment_dispose",
    "comment_draft_discard",
    "comment_new",
    "comment_withdraw",
    "comments_dispose",
    "comments_export",
    "comments_take",
    "comments_template",
    "decision_json",
    "decision_pdf",
    "decision_revision_json",
    "decision_revision_pdf",
    "download",
    "draft",
    "draft_preview",
    "draft_throw_away",
    "healthz",
    "intervention_answer",
    "item_remove",
    "meeting_calendar",
    "own_data",
    "product_act",
    "public_comment_dispose",
    "public_comments_act",
    "public_comments_close",
    "public_draft_file",
    "publication_csl",
    "publication_file",
    "publication_metadata",
    "publication_ris",
    "publications_feed",
    "robots",
    "readyz",
    "account_logout",
    "version_send",
    "seat_confirm",
    "since_position",
    # Steps of a sign-in or of a confirmation: outside one they lead elsewhere.
    "account_set_password",
    "mfa_authenticate",
    "mfa_login_webauthn",
    "mfa_reauthenticate",
    "mfa_reauthenticate_webauthn",
    "openid_connect_callback",
}


class Links(HTMLParser):
    def __init__(self):
        super().__init__()
        self.hrefs = []

    def handle_starttag(self, tag, attrs):
        href = dict(attrs).get("href")
        if tag == "a" and href:
            self.hrefs.append(href)


def links_of(html, *, base):
    parser = Links()
    parser.feed(html)
    for href in parser.hrefs:
        parts = urlsplit(href)
        if not parts.scheme and not parts.netloc and not href.startswith(("#", "?")):
            yield parts.path + (f"?{parts.query}" if parts.query else "")


def name_of(path):
    return resolve(urlsplit(path).path).url_name


def crawl(context, start, *, most=MOST):
    """Follow the links of the site and return ({path: name of the page}, broken ones)."""
    found, broken, waiting, seen, count = {}, [], [start], {start}, Counter()
    while waiting:
        path = waiting.pop(0)
        if path.startswith(("/admin/", "/static/")):
            continue
        name = name_of(path)
        if name in NO_PAGE or count[name] >= max(most, MOST_BY_NAME.get(name, 0)):
            continue
        count[name] += 1
        answer = context.request.get(path)
        if answer.status != 200:
            broken.append((path, answer.status))
            continue
        found[path] = name
        for link in links_of(answer.text(), base=path):
            if link not in seen:
                seen.add(link)
                waiting.append(link)
    return found, broken


def names_of_pages(patterns=None):
    """Return the names of all addresses but the admin's; what only leads on has none."""
    names = set()
    for pattern in get_resolver().url_patterns if patterns is None else patterns:
        if isinstance(pattern, URLResolver):
            if pattern.app_name != "admin":
                names |= names_of_pages(pattern.url_patterns)
        elif isinstance(pattern, URLPattern) and pattern.name:
            names.add(pattern.name)
    return names


def faults(page, path):
    """Return what axe and the width of the page say, in both themes and widths."""
    found = []
    for width in WIDTHS:
        page.set_viewport_size({"width": width, "height": 900})
        wide = page.evaluate("document.documentElement.scrollWidth")
        if wide > width:
            found.append(f"{path} at {width}: {wide} px wide")
        for theme in THEMES:
            page.emulate_media(color_scheme=theme)
            found += [
                f"{path} at {width} in {theme}: {fault['id']}: {fault['nodes'][0]['html'][:200]}"
                for fault in Axe().run(page).response["violations"]
            ]
    return found


@pytest.mark.parametrize("who", ["secretariat", "delegate"])
def test_every_page_is_accessible_and_fits(demo_site, chromium, who):
    context = demo_site.context(chromium)
    page = context.new_page()
    complaints = []
    page.on(
        "console",
        lambda message: complaints.append(message.text) if message.type == "error" else None,
    )
    demo_site.sign_in(page, who)
    pages, broken = crawl(context, "/")

    found = []
    for path in pages:
        page.goto(path)
        found += faults(page, path)
        size = len(page.content().encode())
        if size > 100_000:
            found.append(f"{path}: {size} bytes of HTML")

    assert (broken, found, complaints) == ([], [], [])
    context.close()


def test_every_address_is_linked_from_some_page(demo_site, chromium):
    seen = set()
    for who in ("secretariat", "delegate", "chair"):
        context = demo_site.context(chromium)
        page = context.new_page()
        demo_site.sign_in(page, who)
        pages, broken = crawl(context, "/", most=40)
        seen |= set(pages.values())
        assert broken == []
        context.close()

    assert sorted(names_of_pages() - NO_PAGE - seen) == NOT_LINKED


# Reached by an address alone or by the link in a letter, or only in a state that the demo is
# not in: nobody there has an app, a passkey, an invitation, or a provider of identities.
NOT_LINKED = [
    "account_inactive",
    "account_login",
    "account_reauthenticate",
    "account_reset_password",
    "account_reset_password_done",
    "account_reset_password_from_key",
    "account_reset_password_from_key_done",
    "address_confirm",
    "call_new",
    "call_request_decline",
    "call_request_new",
    "identity_provider_edit",
    "invitation_accept",
    "invitation_resend",
    "invitation_revoke",
    "liaison_contact_end",
    "membership_start",
    "mfa_deactivate_totp",
    "mfa_edit_webauthn",
    "mfa_generate_recovery_codes",
    "mfa_list_webauthn",
    "mfa_remove_webauthn",
    "mfa_view_recovery_codes",
    "openid_connect_login",
    "public_comment_thanks",
    "publication_comment",
    "socialaccount_login_cancelled",
    "specimen",
]


# Looked at by those who are not signed in.
ENTRANCE = [
    "/sign-in/",
    "/sign-in/suspended/",
    "/sign-in/cancelled/",
    "/password/",
    "/password/sent/",
    "/password/abc-def/",
    "/password/changed/",
    "/invitation/nothing/",
    "/address/nothing/",
    "/public-drafts/",
    "/public-drafts/POWER-2026/2/",
    "/public-drafts/POWER-2026/2/comment/",
    "/public-comments/privacy/",
    "/public-comments/thanks/",
    "/publications/",
    "/publications/?q=nothing-of-the-kind",
    "/publications/GER-2018/",
    "/publications/GER-2024/",
    "/publications/GNAP-2011/",
]
OUTSIDE = [
    *ENTRANCE,
    "/confirm/",
    "/profile/second-factor/passkeys/",
    "/specimen/",
    "/no-such-page/",
    "/products/POWER-2026/call/new/",
    "/products/POWER-2026/public-comments/",
    "/products/POWER-2026/public-comments/1/",
    "/products/POWER-2026/public-comments/1/erase/",
    "/products/GER-SUP-2026/public-comments/open/",
    "/agencies/uksa/memberships/new/",
]


@pytest.mark.parametrize("path", OUTSIDE)
def test_pages_outside_the_links_are_accessible_and_fit(demo_site, chromium, path):
    context = demo_site.context(chromium)
    page = context.new_page()
    if path not in ENTRANCE:
        demo_site.sign_in(page, "secretariat")
    page.goto(path)

    assert faults(page, path) == []
    context.close()
