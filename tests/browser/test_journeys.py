"""What people do in a real browser, without JavaScript."""

import re

from playwright.sync_api import expect


def test_delegate_takes_a_position_without_javascript(demo_site, chromium):
    context = demo_site.context(chromium, script=False, width=360)
    page = context.new_page()
    demo_site.sign_in(page, "delegate")

    # From "your turn" on the first page to the call.
    page.get_by_role("link", name=re.compile("SCI-2026")).first.click()
    if "/calls/" not in page.url:  # the product is named there as well
        page.get_by_role("link", name="Open the call’s page").click()
    page.get_by_text("Take a position").click()
    record = page.get_by_role("button", name="Record the position of JAXA")
    page.get_by_role("radio", name=re.compile("^Object")).check()
    page.get_by_role("textbox", name="Statement").fill("   ")
    record.click()

    # Refused beside the text; what was chosen is kept, and nothing is recorded.
    expect(page.locator("main")).to_contain_text(
        "“Object” needs its text: what, where, why, and what change would resolve it."
    )
    expect(page.get_by_role("radio", name=re.compile("^Object"))).to_be_checked()
    expect(page.get_by_role("row", name=re.compile("^JAXA"))).to_contain_text("No response")

    page.get_by_role("textbox", name="Statement").fill(
        "Section 2: a date is promised. Leave it out."
    )
    record.click()

    row = page.get_by_role("row", name=re.compile("^JAXA"))
    expect(row).to_contain_text("Object")
    expect(row).to_contain_text("Section 2: a date is promised. Leave it out.")
    context.close()


def test_mailbox_shows_the_reminder_with_its_calendar_file(demo_site, chromium):
    context = demo_site.context(chromium)
    page = context.new_page()
    demo_site.sign_in(page, "alternate")

    page.goto("/mailbox/")
    page.get_by_role("link", name=re.compile("teleconference", re.I)).first.click()

    expect(page.locator("main")).to_contain_text("BEGIN:VCALENDAR")
    expect(page.locator("main")).to_contain_text("METHOD:REQUEST")
    context.close()


def test_somebody_without_an_account_comments_without_javascript(demo_site, chromium):
    context = demo_site.context(chromium, script=False, width=360)
    page = context.new_page()
    page.goto("/public-drafts/")
    page.get_by_role("link", name=re.compile("POWER-2026")).click()
    page.get_by_role("link", name="Write a comment").click()

    # What only programs fill in is neither seen nor reached by the keyboard.
    assert page.get_by_label("Leave this empty").is_hidden()
    page.get_by_role("textbox", name=re.compile("^Name")).focus()
    for _ in range(4):
        page.keyboard.press("Tab")
    expect(page.get_by_role("textbox", name=re.compile("^Comment"))).to_be_focused()
    page.keyboard.press("Tab")
    expect(page.get_by_role("button", name="Send the comment")).to_be_focused()

    page.get_by_role("textbox", name=re.compile("^Name")).fill("Sasha Specimen")
    page.get_by_role("textbox", name=re.compile("^E-mail")).fill("sasha@public.example")
    page.get_by_role("textbox", name=re.compile("^Comment")).fill("Mind the eclipses.")
    # As quick as no person is; nothing is lost by it.
    page.get_by_role("button", name="Send the comment").click()
    if "/thanks/" not in page.url:
        expect(page.get_by_role("alert")).to_contain_text("That was very quick.")
        expect(page.get_by_role("textbox", name=re.compile("^Comment"))).to_have_value(
            "Mind the eclipses."
        )
        page.wait_for_timeout(3500)
        page.get_by_role("button", name="Send the comment").click()

    expect(page.get_by_role("heading", name="Thank you")).to_be_visible()
    assert page.url.endswith("/public-comments/thanks/")
    context.close()
