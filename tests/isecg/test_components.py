"""The template parts, the base template, the refusals and the colours."""

import re
from datetime import UTC, datetime, timedelta
from pathlib import Path
from types import SimpleNamespace

import pytest
import time_machine
from django import forms
from django.contrib.auth import get_user_model
from django.contrib.auth.models import AnonymousUser
from django.core.exceptions import PermissionDenied
from django.core.paginator import Paginator
from django.http import Http404
from django.template.loader import render_to_string
from django.test import RequestFactory
from django.urls import path
from django.utils.html import strip_tags

from isecg import context, errors
from isecg.rules import Finding
from isecg.specimen import BADGES, specimen

NOON = datetime(2026, 3, 12, 12, 0, tzinfo=UTC)
CSS = (Path(__file__).parents[2] / "static/css/isecg.css").read_text()


def words(html):
    """Return the visible text, one space between words."""
    return " ".join(strip_tags(html).split())


def get(path="/", user=None):
    request = RequestFactory().get(path)
    request.user = user or AnonymousUser()
    return request


class CallForm(forms.Form):
    title = forms.CharField(help_text="As printed.")
    note = forms.CharField(required=False)
    mode = forms.ChoiceField(choices=[("e", "Explicit")], widget=forms.RadioSelect)
    read = forms.BooleanField(label="I have read it")

    def clean(self):
        raise forms.ValidationError("The deadline is in the past.")


# --- parts --------------------------------------------------------------------------


def test_agency_mark_holds_the_full_name_and_leads_to_its_page():
    shown = render_to_string(
        "components/agency.html", {"code": "BNSC", "name": "British <Centre>", "href": "/a/"}
    )

    assert shown.split("#}")[-1].strip() == (
        '<a class="agency" href="/a/" title="British &lt;Centre&gt;">'
        '<span class="agency-code">BNSC</span> '
        '<span class="visually-hidden">British &lt;Centre&gt;</span></a>'
    )


def test_agency_mark_without_an_address_is_no_link():
    shown = render_to_string("components/agency.html", {"code": "ESA", "name": "E", "href": ""})

    assert "<a" not in shown
    assert "</a>" not in shown


def test_stepper_says_each_status_in_words_and_marks_one_step():
    steps = [
        {"label": "Drafting", "status": "done", "note": ""},
        {"label": "Shared", "status": "current", "note": "since 6 Mar"},
        {"label": "Released", "status": "ahead", "note": ""},
    ]

    shown = render_to_string("components/stepper.html", {"steps": steps})

    assert words(shown) == "Drafting (done) Shared now since 6 Mar Released (ahead)"
    assert re.findall(r'<li class="([^"]*)" aria-current="step">', shown) == ["step step-current"]


def test_stepper_marks_an_off_ramp_as_the_present_step():
    steps = [{"label": "Withdrawn", "status": "off", "note": ""}]

    shown = render_to_string("components/stepper.html", {"steps": steps})

    assert words(shown) == "Withdrawn ended here"
    assert 'aria-current="step"' in shown


def test_findings_tell_met_open_and_passed_over_apart():
    def finding(sentence, **said):
        plain = {"satisfied": False, "who": (), "since": None, "overridable": False}
        return Finding(**{"rule": "r", "basis": "rule 17", "sentence": sentence, **plain, **said})

    findings = [
        finding("A version exists.", satisfied=True),
        finding("JAXA has no position.", since=NOON - timedelta(days=6, hours=2)),
        finding("TBD in 4.2.", overridable=True, override="Quoted."),
    ]

    with time_machine.travel(NOON, tick=False):
        shown = render_to_string("components/findings.html", {"findings": findings})

    assert words(shown) == (
        "Met A version exists. rule 17 "
        "Open JAXA has no position. rule 17 · for 6 days "
        "Passed over TBD in 4.2. Reason given: Quoted. rule 17"
    )
    assert re.findall(r"finding-(met|open|passed)", shown) == ["met", "open", "passed"]


def test_matrix_has_a_header_for_each_row_and_column_and_words_for_an_empty_cell():
    rows = [{"header": "ESA", "cells": [None, {"label": "Object", "kind": "object"}]}]

    shown = render_to_string(
        "components/matrix.html", {"caption": "Positions", "columns": ["v1", "v2"], "rows": rows}
    )

    assert re.findall(r'<th scope="(\w+)">', shown) == ["col", "col", "row"]
    assert words(shown) == "Positions v1 v2 ESA –nothing Object"
    assert '<span class="badge badge-object">Object</span>' in shown


def test_pager_keeps_the_filters_of_the_address():
    request = get("/products/?state=shared&page=2")

    shown = render_to_string(
        "components/pager.html", {"page": Paginator(range(60), 20).page(2)}, request=request
    )

    assert re.findall(r'href="([^"]*)"', shown) == [
        "?state=shared&amp;page=1",
        "?state=shared&amp;page=3",
    ]
    assert words(shown) == "Previous Page 2 of 3 Next"


def test_pager_of_a_single_page_shows_nothing():
    page = Paginator(range(3), 20).page(1)

    assert words(render_to_string("components/pager.html", {"page": page})) == ""


def test_source_without_a_source_says_so():
    item = SimpleNamespace(source="", other_sources=["a <b>"], confidence="low", note="")

    shown = render_to_string("components/source.html", {"item": item})

    assert words(shown) == "Source · low confidence No source is recorded. a &lt;b&gt;"


# --- forms --------------------------------------------------------------------------


def test_field_ties_help_and_error_to_its_control():
    shown = str(CallForm({})["title"].as_field_group())

    control = re.search(r"<input[^>]*>", shown)[0]
    assert 'aria-invalid="true"' in control
    assert 'aria-describedby="id_title_helptext id_title_error"' in control
    assert re.findall(r'id="(id_title\w*)"', shown) == [
        "id_title_helptext",
        "id_title_error",
        "id_title",
    ]
    assert words(shown) == "Title required As printed. This field is required."


def test_field_says_that_it_is_optional():
    assert words(CallForm()["note"].as_field_group()) == "Note optional"


def test_radio_group_is_a_fieldset_described_by_its_error():
    shown = CallForm({})["mode"].as_field_group()

    assert 'aria-describedby="id_mode_error"' in re.search(r"<fieldset[^>]*>", shown)[0]
    assert words(re.search(r"<legend>.*?</legend>", shown)[0]) == "Mode required"


def test_checkbox_stands_before_its_label():
    shown = CallForm()["read"].as_field_group()

    assert shown.index('type="checkbox"') < shown.index('<label for="id_read">')


def test_form_begins_with_an_alert_that_leads_to_each_wrong_field():
    shown = str(CallForm({}))

    alert = shown[: shown.index("id_title_helptext")]
    assert 'role="alert"' in alert
    assert "The deadline is in the past." in alert
    assert re.findall(r'href="#(\w+)"', alert) == ["id_title", "id_mode", "id_read"]
    for target in ("id_title", "id_mode", "id_read"):
        assert shown.count(f'id="{target}"') == 1


def test_form_that_was_not_sent_has_no_alert():
    assert "alert" not in str(CallForm())


# --- base and refusals ----------------------------------------------------------------


def test_site_gives_the_readers_zone_and_no_navigation_before_sign_in(settings):
    person = get_user_model()(name="A", time_zone="Asia/Tokyo")

    assert context.site(get(user=person))["zone"] == "Asia/Tokyo"
    assert context.site(get())["zone"] == "UTC"
    assert context.site(get())["nav"] == []


def test_navigation_marks_the_section_of_the_page(urls):
    person = get_user_model()(name="A")

    nav = context.site(get("/products/ger-2013/", user=person))["nav"]

    assert [(item.label, item.current) for item in nav] == [("Home", False), ("Products", True)]


def test_navigation_gives_people_to_the_secretariat_and_the_mailbox_to_the_demo(urls, settings):
    desk = get_user_model()(name="A", is_secretariat=True)
    settings.MAILBOX_PAGE = True

    assert [item.label for item in context.site(get(user=desk))["nav"]] == [
        "Home",
        "Products",
        "People",
        "Mailbox",
    ]


@pytest.fixture
def urls(settings):
    """Give the navigation a few addresses of its own, so that no other room decides the test."""
    settings.ROOT_URLCONF = "tests.isecg.test_components"
    settings.MAILBOX_PAGE = False


def _no_page(request):
    raise Http404


urlpatterns = [
    path("", _no_page, name="home"),
    path("products/", _no_page, name="products"),
    path("people/", _no_page, name="people"),
    path("mailbox/", _no_page, name="mailbox"),
]


def test_forbidden_gives_the_refusals_own_sentence():
    response = errors.forbidden(get(), PermissionDenied("Only the chair declares; that is CNES."))

    assert response.status_code == 403
    assert "Only the chair declares; that is CNES." in response.content.decode()


def test_forbidden_without_a_sentence_still_says_something():
    response = errors.forbidden(get(), PermissionDenied())

    assert "Your seat or role does not include this act." in response.content.decode()


@pytest.mark.parametrize(
    ("response", "status", "title"),
    [
        (lambda: errors.bad_request(get(), ValueError("secret")), 400, "cannot be read"),
        (lambda: errors.not_found(get(), Http404("secret")), 404, "no such page here"),
        (lambda: errors.server_error(get()), 500, "went wrong on our side"),
        (lambda: errors.stale_form(get(), "secret"), 403, "too old to be taken"),
    ],
)
def test_refusals_have_a_heading_and_tell_no_secret(response, status, title):
    answer = response()

    body = answer.content.decode()
    assert answer.status_code == status
    assert title in re.search(r"<h1>(.*?)</h1>", body)[1]
    assert "secret" not in body


def test_refusal_before_anybody_is_known_has_a_page():
    request = RequestFactory().get("/")

    assert errors.bad_request(request, ValueError()).status_code == 400


def test_specimen_is_shown_in_the_demo_alone(settings):
    settings.DEMO = settings.DEBUG = False
    with pytest.raises(Http404):
        specimen(get())

    settings.DEMO = True
    body = specimen(get()).content.decode()

    assert body.count("<h1>") == 1
    assert "the people in it are invented" in body
    ids = re.findall(r' id="([^"]+)"', body)
    assert len(ids) == len(set(ids))


# --- colours and shapes -----------------------------------------------------------------


def _luminance(colour):
    channels = [int(colour[at : at + 2], 16) / 255 for at in (1, 3, 5)]
    linear = [c / 12.92 if c <= 0.04045 else ((c + 0.055) / 1.055) ** 2.4 for c in channels]
    return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]


def contrast(one, other):
    high, low = sorted((_luminance(one), _luminance(other)), reverse=True)
    return (high + 0.05) / (low + 0.05)


def tokens(theme):
    """Return the colour roles of a theme, 0 light and 1 dark, from the stylesheet."""
    pairs = re.findall(r"--([\w-]+): light-dark\((#\w{6}), (#\w{6})\);", CSS)
    single = re.findall(r"--([\w-]+): (#\w{6});", CSS)
    return dict(single) | {name: colours[theme] for name, *colours in pairs}


GROUNDS = ("paper", "surface", "sunk")
TEXT = [(ink, ground) for ink in ("ink", "ink-soft", "link", "accent") for ground in GROUNDS]
TEXT += [(f"{tone}-ink", f"{tone}-wash") for tone in ("neutral", "info", "ok", "warn", "bad")]
TEXT += [(f"{tone}-ink", ground) for tone in ("ok", "warn", "bad") for ground in GROUNDS]
TEXT += [("on-accent", "accent"), ("on-accent", "accent-deep")]
TEXT += [("on-navy", "navy"), ("on-navy-soft", "navy")]
EDGES = [(edge, ground) for edge in ("edge", "focus") for ground in GROUNDS]
EDGES += [("brass", "navy")]


@pytest.mark.parametrize("theme", [0, 1], ids=["light", "dark"])
@pytest.mark.parametrize(("ink", "ground"), TEXT)
def test_text_can_be_read_on_its_ground(theme, ink, ground):
    colours = tokens(theme)

    assert contrast(colours[ink], colours[ground]) >= 4.5


@pytest.mark.parametrize("theme", [0, 1], ids=["light", "dark"])
@pytest.mark.parametrize(("edge", "ground"), EDGES)
def test_edges_of_controls_can_be_seen(theme, edge, ground):
    colours = tokens(theme)

    assert contrast(colours[edge], colours[ground]) >= 3


def _glyph(kind):
    for selectors, glyph in re.findall(
        r"^(\.badge-[^{]*) \{ --glyph: var\(--(glyph-[\w-]+)\)", CSS, re.M
    ):
        if f".badge-{kind}" in selectors.split(", "):
            return glyph
    return "glyph-dot"


@pytest.mark.parametrize("family", list(BADGES))
def test_no_two_kinds_of_a_family_share_a_shape(family):
    kinds = BADGES[family].split()

    shapes = [_glyph(kind) for kind in kinds]

    assert len(set(shapes)) == len(kinds)
    assert all(f"--{shape}: url(" in CSS for shape in shapes)


def test_stylesheet_stays_one_small_file_that_fetches_nothing():
    assert len(CSS.encode()) < 60_000
    assert "@import" not in CSS
    assert {address[:5] for address in re.findall(r'url\("?([^"]*)', CSS)} == {"data:"}
