"""Two versions compared in a browser: from change to change, without script, and on paper."""

import pytest

PATH = "/products/SCI-2026/compare/?from=1&to=3"


@pytest.fixture
def page(demo_site, chromium):
    context = demo_site.context(chromium)
    page = context.new_page()
    demo_site.sign_in(page, "delegate")
    yield page
    context.close()


def focused(page):
    return page.evaluate("document.activeElement.id")


@pytest.mark.parametrize("view", ["inline", "side"])
def test_keys_and_buttons_go_from_change_to_change(page, view):
    page.goto(f"{PATH}&view={view}")
    told = page.get_by_role("status").filter(has_text="hange")
    total = page.locator("[data-change]").count()

    page.keyboard.press("p")
    assert told.inner_text() == "No change before this one"
    page.keyboard.press("n")
    page.keyboard.press("n")
    assert (focused(page), told.inner_text()) == ("change-2", f"Change 2 of {total}")
    page.keyboard.press("p")
    assert focused(page) == "change-1"
    page.get_by_role("button", name="Next change").click()
    assert focused(page) == "change-2"
    page.get_by_role("button", name="Previous change").click()
    assert focused(page) == "change-1"
    page.locator("#change-3").get_by_role("link", name="Next change").click()
    assert focused(page) == "change-4"
    for _ in range(total):
        page.keyboard.press("n")
    assert (focused(page), told.inner_text()) == (f"change-{total}", "No change after this one")


def test_letters_typed_into_a_field_or_switched_off_lead_nowhere(page):
    page.goto(PATH)

    page.get_by_label("From").focus()
    page.keyboard.press("n")
    assert focused(page) == "id_from"
    page.get_by_role("button", name="Keys n and p: on").click()
    page.keyboard.press("n")
    assert not focused(page).startswith("change-")
    page.reload()
    assert page.get_by_role("button", name="Keys n and p: off").is_visible()


def test_without_script_each_change_links_to_the_next(demo_site, chromium):
    context = demo_site.context(chromium, script=False)
    page = context.new_page()
    demo_site.sign_in(page, "delegate")
    page.goto(PATH)

    assert page.locator(".change-bar").is_hidden()
    page.get_by_role("link", name="First change").click()
    assert page.url.endswith("#change-1")
    page.locator("#change-1").get_by_role("link", name="Next change").click()
    assert page.url.endswith("#change-2")
    context.close()


def test_words_are_told_apart_without_colour_and_on_paper(page):
    page.goto(f"{PATH}&view=side")
    page.emulate_media(media="print")

    def line(tag):
        return page.locator(f".diff {tag}").first.evaluate(
            "node => getComputedStyle(node).textDecorationLine"
        )

    assert (line("del"), line("ins")) == ("line-through", "underline")
    assert page.locator(".change-bar").is_hidden()
    assert page.locator(".change-next").first.is_hidden()
    assert page.locator("#change-1").is_visible()


def test_a_table_keeps_its_headers_on_a_narrow_screen(page):
    page.goto(f"{PATH}&view=side")
    page.set_viewport_size({"width": 360, "height": 900})

    assert page.evaluate("document.documentElement.scrollWidth") == 360
    headers = page.get_by_role("columnheader").all_inner_texts()
    assert headers == ["Change", "Version 1", "Version 3"]
    cell = page.locator("#change-1 td").first
    assert cell.get_attribute("data-side") == "Version 1"
