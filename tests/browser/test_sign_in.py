"""Coming in with a real browser: invitations, passkeys, codes, and the agency's provider."""

import re
import time

import pytest
from allauth.mfa.totp.internal.auth import format_hotp_value, hotp_value
from playwright.sync_api import expect

from products.demo.people import BY_KEY, PASSWORD
from tests.browser.conftest import APP_SECRET
from tests.browser.test_pages import faults
from tests.openid.names import PASSWORD as PASSWORD_AT_THE_AGENCY

OWN_PASSWORD = "what only I would think of"
# The sign-ins of a person become older than a binding act allows.
LONG_AGO = """
from importlib import import_module
from allauth.usersessions.models import UserSession
from django.conf import settings
store = import_module(settings.SESSION_ENGINE).SessionStore
for row in UserSession.objects.filter(user__email=arguments[0]):
    session = store(row.session_key)
    for record in session["account_authentication_methods"]:
        record["at"] -= 2 * 3600
    session.save()
"""


def code_of(secret=APP_SECRET):
    """Return the code that an app shows now, and will still show in a few seconds."""
    if time.time() % 30 > 25:
        time.sleep(30.1 - time.time() % 30)
    return format_hotp_value(hotp_value(secret, int(time.time()) // 30))


def give_code(page, code):
    page.get_by_label("Code").fill(code)
    page.get_by_role("button", name="Sign in", exact=True).click()


def sign_in_with_app(site, page, key, secret=APP_SECRET):
    site.give_password(page, BY_KEY[key].email)
    expect(page.get_by_role("heading", name="Your second factor")).to_be_visible()
    give_code(page, code_of(secret))
    page.get_by_text(BY_KEY[key].shown).first.wait_for()


def sign_out(page):
    page.get_by_role("button", name="Sign out").click()
    page.wait_for_url("**/sign-in/")


def give_authenticator(context, page):
    """Give the browser a passkey's home that says yes to everything."""
    devtools = context.new_cdp_session(page)
    devtools.send("WebAuthn.enable")
    options = {
        "protocol": "ctap2",
        "transport": "internal",
        "hasResidentKey": True,
        "hasUserVerification": True,
        "isUserVerified": True,
        "automaticPresenceSimulation": True,
    }
    devtools.send("WebAuthn.addVirtualAuthenticator", {"options": options})


def complaints_of(page, site):
    """Collect what the browser has against the pages of ``site``."""
    found = []

    def note(said):
        if said.type in {"error", "warning"} and said.location["url"].startswith(site.url):
            found.append(said.text)

    page.on("console", note)
    page.on("pageerror", lambda error: found.append(str(error)))
    return found


def look_at(page):
    """Find nothing on the page that axe objects to, in both themes and widths."""
    assert faults(page, page.url) == []
    page.set_viewport_size({"width": 1280, "height": 900})


def link_of_letter(page, subject, pattern):
    """Return the link in the latest letter of that subject, as the mailbox page shows it."""
    page.goto("/mailbox/")
    page.get_by_role("link", name=subject).first.click()
    text = page.locator("pre").first.inner_text()
    return re.search(pattern, text)[0]


def test_an_invited_head_comes_in_with_a_passkey_and_signs_the_call(guarded_site, chromium):
    office = guarded_site.context(chromium)
    desk = office.new_page()
    sign_in_with_app(guarded_site, desk, "secretariat")
    desk.goto("/invitations/new/")
    desk.get_by_label("Address").fill("elena@demo.example.org")
    desk.get_by_label("Name").fill("Elena Marchenko")
    desk.get_by_label("In the role of").select_option(label="Head of delegation")
    desk.get_by_label("Agency").select_option(value=agency_value(desk, "SSAU"))
    desk.get_by_label("Reason").fill("Named by the agency’s letter.")
    desk.get_by_role("button", name="Send the invitation").click()
    expect(desk.locator("main")).to_contain_text("elena@demo.example.org")
    look_at(desk)
    link = link_of_letter(desk, "Invitation to the ISECG tracker", r"http://localhost:\d+\S+")
    office.close()

    context = guarded_site.context(chromium)
    page = context.new_page()
    complaints = complaints_of(page, guarded_site)
    give_authenticator(context, page)
    page.goto(link)
    look_at(page)
    page.get_by_label("Password").fill(OWN_PASSWORD)
    page.get_by_role("button", name="Open the account").click()

    # Whoever speaks for an agency gets no further without a second factor.
    expect(page.get_by_role("heading", name="Your second factor")).to_be_visible()
    page.goto("/products/")
    expect(page.get_by_role("heading", name="Your second factor")).to_be_visible()
    look_at(page)
    page.get_by_role("link", name="Add a passkey").click()
    page.get_by_label("Sign in with it alone").check()
    page.get_by_role("button", name="Add the passkey").click()
    expect(page.get_by_role("heading", name="Recovery codes")).to_be_visible()
    assert page.locator("li.code").count() == 10
    look_at(page)
    page.goto("/profile/second-factor/passkeys/")
    expect(page.get_by_role("row", name=re.compile("^Passkey"))).to_contain_text("alone")
    look_at(page)
    page.goto("/")
    page.get_by_text("Elena Marchenko").first.wait_for()
    sign_out(page)

    page.get_by_role("button", name="Sign in with a passkey").click()
    page.get_by_text("Elena Marchenko").first.wait_for()
    take_position(page, "SSAU", r"Concur\.")

    row = page.get_by_role("row", name=re.compile("^SSAU"))
    expect(row).to_contain_text("Concur")
    assert complaints == []
    context.close()


def agency_value(page, code):
    options = page.get_by_label("Agency").locator("option")
    return options.filter(has_text=re.compile(rf"\b{code}\b")).first.get_attribute("value")


def to_the_call(page):
    page.goto("/products/SCI-2026/")
    page.get_by_role("link", name="Open the call’s page").click()
    page.get_by_text("Take a position").first.click()


def take_position(page, agency, stand, text=""):
    to_the_call(page)
    page.get_by_role("radio", name=re.compile(f"^{stand}")).check()
    if text:
        page.get_by_role("textbox", name="Statement").fill(text)
    page.get_by_role("button", name=f"Record the position of {agency}").click()


@pytest.mark.parametrize(
    ("key", "script", "width"), [("seo", True, 1280), ("pemberton", False, 360)]
)
def test_an_app_is_set_up_and_asked_for(guarded_site, chromium, key, script, width):
    context = guarded_site.context(chromium, script=script, width=width)
    page = context.new_page()
    person = BY_KEY[key]
    guarded_site.give_password(page, person.email)
    expect(page.get_by_role("heading", name="Your second factor")).to_be_visible()
    page.get_by_role("link", name="Set up an app").click()
    secret = page.locator(".hash").inner_text().replace(" ", "")
    page.get_by_label("Code that the app shows").fill(code_of(secret))
    page.get_by_role("button", name="Keep the app").click()
    expect(page.get_by_role("heading", name="Recovery codes")).to_be_visible()
    spare = page.locator("li.code").first.inner_text()
    page.get_by_role("link", name="Go on to the first page").click()
    page.get_by_text(person.shown).first.wait_for()
    sign_out(page)

    guarded_site.give_password(page, person.email)
    right = code_of(secret)
    give_code(page, f"{(int(right) + 1) % 1_000_000:06}")
    expect(page.locator("main")).to_contain_text("Incorrect code.")
    page.goto("/")
    # The password alone opened nothing; the site waits for the right code.
    expect(page.get_by_role("heading", name="Your second factor")).to_be_visible()
    give_code(page, code_of(secret))
    page.get_by_text(person.shown).first.wait_for()
    sign_out(page)
    # Each code of the app opens once; a recovery code is another way.
    guarded_site.give_password(page, person.email)
    give_code(page, spare)
    page.get_by_text(person.shown).first.wait_for()
    context.close()


def test_a_forgotten_password_and_an_invitation_need_no_javascript(guarded_site, chromium):
    context = guarded_site.context(chromium, script=False, width=360)
    page = context.new_page()
    address = BY_KEY["zielinska"].email
    page.goto("/sign-in/")
    page.get_by_role("link", name="Forgot your password?").click()
    page.get_by_label("Address").fill(address)
    page.get_by_role("button", name="Send the letter").click()
    expect(page.get_by_role("heading", name="Look into your mail")).to_be_visible()
    office = guarded_site.context(chromium)
    desk = office.new_page()
    guarded_site.sign_in(desk, "marchand")
    link = link_of_letter(desk, re.compile("password", re.I), r"http://localhost:\d+\S+")
    office.close()

    page.goto(link)
    page.get_by_label("New password").fill(OWN_PASSWORD)
    page.get_by_role("button").last.click()
    guarded_site.give_password(page, address, PASSWORD)
    expect(page.locator("main")).to_contain_text("No account opens with this address and password.")
    guarded_site.give_password(page, address, OWN_PASSWORD)
    page.get_by_text(BY_KEY["zielinska"].shown).first.wait_for()
    context.close()


def test_a_suspension_ends_the_session_of_the_other_browser(guarded_site, chromium):
    office, context = guarded_site.context(chromium), guarded_site.context(chromium)
    desk, page = office.new_page(), context.new_page()
    guarded_site.sign_in(page, "brandt")
    sign_in_with_app(guarded_site, desk, "desk")

    desk.goto("/people/")
    desk.get_by_role("link", name=BY_KEY["brandt"].name).click()
    desk.get_by_label(re.compile("sign in|active", re.I)).uncheck()
    desk.get_by_label("Reason").fill("Left the agency.")
    desk.get_by_role("button", name="Save the changes").click()
    expect(desk.locator("main")).to_contain_text("suspended", ignore_case=True)

    page.goto("/products/")
    expect(page).to_have_url(re.compile("/sign-in/"))
    guarded_site.give_password(page, BY_KEY["brandt"].email)
    expect(page.get_by_role("heading", name="This account is suspended")).to_be_visible()
    office.close()
    context.close()


def test_a_position_is_kept_through_the_confirmation(guarded_site, chromium):
    context = guarded_site.context(chromium)
    page = context.new_page()
    sign_in_with_app(guarded_site, page, "alternate")
    guarded_site.shell(LONG_AGO, BY_KEY["alternate"].email)

    take_position(page, "CSA", "Object", "Section 2: a date is promised. Leave it out.")
    expect(page.get_by_role("heading", name="Confirm that it is you")).to_be_visible()
    look_at(page)
    page.get_by_label("Password").fill("wrong")
    page.get_by_role("button", name="Confirm").click()
    expect(page.locator("main")).to_contain_text("This is not your present password.")
    page.get_by_label("Password").fill(PASSWORD)
    page.get_by_role("button", name="Confirm").click()

    row = page.get_by_role("row", name=re.compile("^CSA"))
    expect(row).to_contain_text("Object")
    expect(row).to_contain_text("Section 2: a date is promised. Leave it out.")
    context.close()


@pytest.mark.parametrize("start", ["/sign-in/", "/sign-in/with/esa/"])
@pytest.mark.parametrize("script", [True, False])
def test_an_agencys_provider_lets_in(guarded_site, chromium, openid_provider, start, script):
    person = BY_KEY["staff"]
    openid_provider.know(
        davide={"email": person.email, "email_verified": True, "name": "Davide"},
        nobody={"email": "nobody@demo.example.org", "email_verified": True},
    )
    context = guarded_site.context(chromium, script=script, width=1280 if script else 360)
    page = context.new_page()
    complaints = complaints_of(page, guarded_site)

    for username, heading in (("nobody", "You could not be signed in"), ("davide", None)):
        context.clear_cookies()
        page.goto(start)
        page.get_by_role("button", name="ESA" if start == "/sign-in/" else "Go on").click()
        page.get_by_label("Username").fill(username)
        page.get_by_label("Password").fill(PASSWORD_AT_THE_AGENCY)
        page.get_by_role("button", name="Sign in at the agency").click()
        if heading:
            expect(page.get_by_role("heading", name=heading)).to_be_visible()

    page.get_by_text(person.shown).first.wait_for()
    assert [said for said in complaints if "403" not in said] == []
    context.close()
