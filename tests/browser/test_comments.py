"""Comments in a browser: beside the text with and without a script, and several at once."""

import re

import pytest
from playwright.sync_api import expect

POWER = "/products/POWER-2026"


@pytest.mark.parametrize("script", [True, False])
def test_a_comment_is_entered_beside_its_paragraph(demo_site, chromium, script):
    context = demo_site.context(chromium, script=script)
    page = context.new_page()
    demo_site.sign_in(page, "alternate")
    page.goto(f"{POWER}/versions/2/")
    part = page.locator("#p-12")

    part.get_by_role("link", name="Comment on paragraph 12").click()

    expect(part.locator("[data-comment-title]")).to_have_text("paragraph 12")
    expect(part.locator("[data-comment-quote]")).to_contain_text("Regenerative fuel cells")
    # Without a script the form came with a page of its own.
    assert ("paragraph=12" in page.url) is not script
    part.get_by_label("Type").select_option("Technical")
    words = f"Say which cells are meant{' by whom' if script else ''}."
    part.get_by_label(re.compile("^Comment")).fill(words)
    part.get_by_role("button", name="Submit the comment").click()

    expect(page.get_by_text("The comment of CSA is submitted as C-")).to_be_visible()
    part = page.locator("#p-12")
    part.get_by_text(re.compile(r"^[12] comments?$")).click()
    expect(part.get_by_text(words)).to_be_visible()
    context.close()


def test_the_form_goes_from_paragraph_to_paragraph_and_back_to_the_whole(demo_site, chromium):
    context = demo_site.context(chromium)
    page = context.new_page()
    demo_site.sign_in(page, "alternate")
    page.goto(f"{POWER}/versions/2/")

    for number in (3, 5):
        page.get_by_role("link", name=f"Comment on paragraph {number}", exact=True).click()
        part = page.locator(f"#p-{number}")
        expect(part.get_by_role("button", name="Submit the comment")).to_be_visible()
        expect(part.get_by_label(re.compile("^Comment"))).to_be_focused()
    page.get_by_text("Comment on the whole text", exact=True).click()

    whole = page.locator("#comments")
    expect(whole.get_by_role("button", name="Submit the comment")).to_be_visible()
    expect(whole.locator("[data-comment-title]")).to_have_text("the whole text")
    assert page.locator("[name=paragraph]").input_value() == ""
    context.close()


def test_several_are_disposed_of_at_once(demo_site, chromium):
    context = demo_site.context(chromium)
    page = context.new_page()
    demo_site.sign_in(page, "staff")
    page.goto("/products/GER-SUP-2026/comments/")
    for label in ("C-1", "C-2"):
        page.get_by_label(f"Choose {label}").check()

    page.get_by_label("Disposition").select_option("Rejected")
    page.get_by_role("button", name="Dispose of the chosen ones").click()

    expect(page.get_by_text("A rejection needs its reason.")).to_be_visible()
    expect(page.get_by_label("Choose C-1")).to_be_checked()
    page.get_by_label("Response").fill("It goes to the annex.")
    page.get_by_role("button", name="Dispose of the chosen ones").click()

    expect(page.get_by_text("Disposed of: C-1, C-2.")).to_be_visible()
    expect(page.locator("tbody").get_by_text("It goes to the annex.")).to_have_count(2)
    context.close()
