"""A version is written in a real browser: saved by itself, previewed, submitted."""

import re
from uuid import uuid4

import pytest
from playwright.sync_api import expect

from tests.browser.test_pages import faults

PAGE = "/products/WRITE-1/versions/new/"
HOSTILE = """<script>document.title = "run"</script>

<img src=x onerror="document.title = 'run'">

[press](javascript:document.title='run')

Words that are left."""

# A product of these tests alone: what they submit is in nobody's way.
BEGIN = """
from products import files
from products.models import Draft, Product
from products.models.versions import ChangeClass
from products.services import versions
from workgroups.models import User
Draft.objects.filter(product__code="WRITE-1").delete()
product = Product.objects.filter(code="WRITE-1").first()
desk = User.objects.get(email="secretariat@demo.example.org")
if product is None:
    product = Product(code="WRITE-1", title="Written in a test", kind="finding", state="drafting")
    product.save_as(None, "For the tests.")
latest = product.versions.order_by("-number").first()
"""
NEW_VERSION = f"""{BEGIN}
versions.submit_version(
    product, main=files.from_text(arguments[0], name="main.md"), by=desk, note="Meanwhile.",
    change_class=ChangeClass.EDITORIAL, expected_latest=latest.number if latest else None,
)
"""


@pytest.fixture
def desk(demo_site, chromium):
    """Open windows of the secretariat, with no draft in the way."""
    demo_site.shell(NEW_VERSION, f"As it is {uuid4()}.")
    opened = []

    def window(**how):
        context = demo_site.context(chromium, **how)
        opened.append(context)
        page = context.new_page()
        # Left with something unsaved, a page asks; here it is left.
        if how.get("script", True):
            page.on("dialog", lambda dialog: dialog.accept())
        demo_site.sign_in(page, "secretariat")
        page.goto(PAGE)
        return page

    yield window
    for context in opened:
        context.close()


def text_of(page):
    return page.get_by_label("The text, in Markdown")


def status_of(page):
    return page.locator("[data-writing-status]")


def preview_of(page):
    return page.get_by_role("region", name="Preview")


def expect_saved(page):
    expect(status_of(page)).to_have_text(re.compile(r"^Saved at \d\d:\d\d:\d\d UTC \(.+\)\.$"))


def hold_save(page):
    """Press for a save that the server has done and not answered; return how to let it."""
    held = []

    def hold(route):
        held.append((route, route.fetch()))

    page.route("**/draft/", hold, times=1)
    page.keyboard.press("Control+s")
    while not held:
        page.wait_for_timeout(20)
    [(route, answer)] = held
    return lambda: route.fulfill(response=answer)


def test_typing_shows_the_preview_and_saves_itself(desk):
    page = desk()

    text_of(page).fill("# Crew\n\nThe crew stays.")
    expect(status_of(page)).to_have_text("Not saved yet.")
    text_of(page).press("End")
    text_of(page).press_sequentially(" For ten days.")

    expect(preview_of(page).locator("#p-2 p")).to_have_text("The crew stays. For ten days.")
    mark = preview_of(page).get_by_role("link", name="Paragraph 2")
    assert mark.get_attribute("href") == "#p-2"
    expect_saved(page)
    # Saved and previewed, the page holds no fault.
    assert faults(page, PAGE) == []
    page.reload()
    expect(text_of(page)).to_have_value("# Crew\n\nThe crew stays. For ten days.")
    expect(page.locator("main")).to_contain_text("You go on with your draft, saved")
    expect(preview_of(page).locator("#p-1 h3")).to_have_text("Crew")


def test_the_keyboard_saves_and_leaving_saves(desk):
    page = desk()
    text_of(page).fill("By the keyboard.")
    page.keyboard.press("Control+s")
    expect_saved(page)

    page.get_by_label("What changed, and why").fill("On the way out.")
    page.get_by_role("link", name="Back to the product").click()
    expect(page.locator("main")).to_contain_text("You have a draft of the next version")
    page.get_by_role("link", name="draft of the next version").click()

    expect(text_of(page)).to_have_value("By the keyboard.")
    expect(page.get_by_label("What changed, and why")).to_have_value("On the way out.")


def test_two_windows_do_not_overwrite_each_other(desk):
    first = desk()
    second = first.context.new_page()
    second.on("dialog", lambda dialog: dialog.accept())
    second.goto(PAGE)
    text_of(first).fill("Of the first.")
    expect_saved(first)

    text_of(second).fill("Of the second.")
    expect(status_of(second)).to_have_text(
        "Not saved: Your draft was saved in another window meanwhile."
    )
    expect(text_of(second)).to_have_value("Of the second.")
    assert faults(second, PAGE) == []
    second.get_by_role("button", name="Overwrite it with this one").click()
    expect_saved(second)
    expect(second.get_by_text("Another window saved this draft")).to_be_hidden()

    # Now the first is the older one, and loads the other's text.
    text_of(first).fill("Of the first, again.")
    first.get_by_role("link", name="Load the other text").click()
    expect(text_of(first)).to_have_value("Of the second.")


def test_a_newer_version_is_told_and_looked_at(desk, demo_site):
    page = desk()
    mine, theirs = f"Mine {uuid4()}", f"Theirs {uuid4()}"
    demo_site.shell(NEW_VERSION, theirs)

    text_of(page).fill(mine)
    expect(page.locator("main")).to_contain_text("came in while you were writing.")
    with page.context.expect_page() as opened:
        page.get_by_role("link", name="See what it changed").click()
    expect(opened.value.locator("main")).to_contain_text(theirs)
    page.get_by_role("radio", name="Editorial").check()
    page.get_by_label("What changed, and why").fill("Said otherwise.")
    page.get_by_role("button", name="Submit the version").click()
    expect(page.get_by_role("alert").first).to_contain_text("Look at it, then submit yours again.")
    expect(text_of(page)).to_have_value(mine)
    page.get_by_role("button", name="Submit the version").click()

    expect(page.locator("main")).to_contain_text(re.compile(r"Version \d+ is kept\."))
    page.goto(PAGE)
    expect(text_of(page)).to_have_value(mine)
    expect(page.get_by_text("You go on with your draft")).to_have_count(0)


def test_a_save_on_its_way_does_not_stand_against_its_version(desk):
    page = desk()
    text_of(page).fill(f"In a hurry {uuid4()}")
    page.get_by_role("radio", name="Editorial").check()
    page.get_by_label("What changed, and why").fill("Said otherwise.")

    answer = hold_save(page)
    page.get_by_role("button", name="Submit the version").click()
    answer()

    expect(page.locator("main")).to_contain_text(re.compile(r"Version \d+ is kept\."))
    expect(page.get_by_text("draft of the next version")).to_have_count(0)


def test_a_thrown_away_draft_does_not_come_back(desk):
    page = desk()
    text_of(page).fill("Soon gone.")
    expect_saved(page)
    text_of(page).fill("Soon gone, and typed on.")

    page.get_by_text("Throw the draft away").click()
    answer = hold_save(page)
    text_of(page).fill("Soon gone, and typed on still.")
    page.get_by_role("button", name="Throw it away").click()
    answer()

    expect(page.locator("main")).to_contain_text("The draft is thrown away.")
    expect(page.get_by_text("draft of the next version")).to_have_count(0)


def test_no_script_of_a_text_runs_in_the_preview(desk):
    page = desk()
    errors = []
    page.on("pageerror", lambda error: errors.append(str(error)))

    text_of(page).fill(HOSTILE)
    expect(preview_of(page)).to_contain_text("Words that are left.")

    shown = preview_of(page)
    assert shown.locator("script, img, [onerror], [href^=javascript]").count() == 0
    expect(shown).to_contain_text('<script>document.title = "run"</script>')
    assert page.title() != "run"
    assert errors == []


def test_a_new_sign_in_elsewhere_lets_the_page_go_on(desk, demo_site):
    page = desk()
    text_of(page).fill("Before the end.")
    expect_saved(page)
    other = page.context.new_page()
    other.goto("/")
    other.get_by_role("button", name="Sign out").click()
    other.get_by_label("Address").wait_for()

    text_of(page).fill("After the end.")
    expect(status_of(page)).to_contain_text("Not saved: Your sign-in has ended.")
    demo_site.sign_in(other, "secretariat")
    page.get_by_role("button", name="Save the draft").click()

    expect_saved(page)
    page.reload()
    expect(text_of(page)).to_have_value("After the end.")


def test_the_same_without_javascript(desk):
    page = desk(script=False, width=360)
    mine = f"The crew stays {uuid4()}"
    text_of(page).fill(f"# Crew\n\n{mine}")

    page.get_by_role("button", name="Preview").click()
    expect(preview_of(page).locator("#p-2 p")).to_have_text(mine)
    page.get_by_role("button", name="Save the draft").click()
    expect(page.get_by_role("status").first).to_contain_text("Saved at ")
    expect(text_of(page)).to_have_value(f"# Crew\n\n{mine}")

    page.get_by_role("button", name="Submit the version").click()
    page.get_by_role("radio", name="Editorial").check()
    page.get_by_label("What changed, and why").fill("Said otherwise.")
    page.get_by_role("button", name="Submit the version").click()
    expect(page.locator("main")).to_contain_text(re.compile(r"Version \d+ is kept\."))
    expect(page.get_by_text("draft of the next version")).to_have_count(0)

    page.goto(PAGE)
    text_of(page).fill("Soon gone.")
    page.get_by_role("button", name="Save the draft").click()
    page.get_by_text("Throw the draft away").click()
    page.get_by_role("button", name="Throw it away").click()
    expect(page.locator("main")).to_contain_text("The draft is thrown away.")


def test_an_upload_needs_no_text_in_sight(desk):
    page = desk()

    page.get_by_role("radio", name="Upload a file").check()

    expect(text_of(page)).to_be_hidden()
    expect(page.get_by_label("Main file")).to_be_visible()
    assert faults(page, PAGE) == []


def test_what_is_said_of_an_upload_makes_no_draft(desk):
    page = desk()
    page.get_by_role("radio", name="Upload a file").check()
    page.get_by_label("What changed, and why").fill("Another file.")

    page.keyboard.press("Control+s")
    page.get_by_role("link", name="Back to the product").click()

    expect(page.get_by_role("heading", name="Versions")).to_be_visible()
    expect(page.get_by_text("draft of the next version")).to_have_count(0)
