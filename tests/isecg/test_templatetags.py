"""isecg.templatetags.isecg and isecg.instants."""

from datetime import UTC, date, datetime, timedelta

import pytest
import time_machine
from django.template import Context, Template

from isecg import instants
from isecg.partial_dates import PartialDate
from isecg.templatetags.isecg import day, or_unknown, since_words
from isecg.templatetags.isecg import instant as instant_tag

TELECON = datetime(2016, 9, 14, 13, 0, tzinfo=UTC)


def render(source, **context):
    return Template(source).render(Context(context))


@pytest.mark.parametrize(
    ("zone", "words"),
    [
        ("America/Los_Angeles", "14 Sep 2016 06:00 PDT"),
        ("America/New_York", "14 Sep 2016 09:00 EDT"),
        ("UTC", "14 Sep 2016 13:00 UTC"),
        ("Europe/Paris", "14 Sep 2016 15:00 CEST"),
        ("Asia/Dubai", "14 Sep 2016 17:00 UTC+04:00"),
        ("Asia/Kolkata", "14 Sep 2016 18:30 IST"),
        ("Asia/Tokyo", "14 Sep 2016 22:00 JST"),
        ("Australia/Adelaide", "14 Sep 2016 22:30 ACST"),
        ("America/Sao_Paulo", "14 Sep 2016 10:00 UTC-03:00"),
        ("Asia/Kathmandu", "14 Sep 2016 18:45 UTC+05:45"),
    ],
)
def test_words_show_rule_40s_teleconference_in_each_zone(zone, words):
    assert instants.words(TELECON, zone) == words


def test_offset_words_of_a_zone_west_of_greenwich_keeps_its_half_hour():
    assert instants.offset_words(instants.to_zone(TELECON, "America/St_Johns")) == "UTC-02:30"


def test_words_refuse_a_naive_time():
    with pytest.raises(ValueError, match="has no zone"):
        instants.words(datetime(2016, 9, 14, 13, 0))  # noqa: DTZ001 (what is refused)


def test_instant_is_in_utc_where_no_zone_is_given():
    assert render("{% instant at %}", at=TELECON) == (
        '<time datetime="2016-09-14T13:00:00Z">14 Sep 2016 13:00 '
        '<abbr class="zone" title="UTC, UTC+00:00">UTC</abbr></time>'
    )


def test_instant_says_in_what_zone_it_is_shown():
    assert render("{% instant at zone %}", at=TELECON, zone="Europe/Paris") == (
        '<time datetime="2016-09-14T13:00:00Z">14 Sep 2016 15:00 '
        '<abbr class="zone" title="Europe/Paris, UTC+02:00">CEST</abbr></time>'
    )


def test_instant_datetime_is_utc_whatever_zone_the_value_came_in():
    shown = instant_tag(instants.to_zone(TELECON, "Asia/Tokyo"), "Asia/Tokyo")

    assert shown.startswith('<time datetime="2016-09-14T13:00:00Z">14 Sep 2016 22:00 ')


def test_instant_in_a_second_zone_repeats_the_day_only_where_it_differs():
    late = datetime(2016, 9, 14, 20, 0, tzinfo=UTC)

    same = instant_tag(TELECON, "Asia/Tokyo", also="UTC")
    other = instant_tag(late, "Asia/Tokyo", also="UTC")

    assert '<span class="also">(13:00 <abbr' in same
    assert '<span class="also">(14 Sep 2016 20:00 <abbr' in other


def test_instant_does_not_show_one_zone_twice():
    assert instant_tag(TELECON, "UTC", also="UTC") == instant_tag(TELECON, "UTC")


@pytest.mark.parametrize(
    ("value", "shown"),
    [
        ("2007", '<time datetime="2007">2007</time>'),
        ("2007-11", '<time datetime="2007-11">November 2007</time>'),
        (PartialDate("2007-11-06"), '<time datetime="2007-11-06">6 November 2007</time>'),
        (date(2013, 8, 20), '<time datetime="2013-08-20">20 August 2013</time>'),
        ("", '<span class="unknown">not known</span>'),
        (None, '<span class="unknown">not known</span>'),
    ],
)
def test_day_says_no_more_than_its_source(value, shown):
    assert day(value) == shown


def test_day_of_an_open_end_takes_other_words():
    assert day("", unknown="in office") == '<span class="unknown">in office</span>'


def test_day_refuses_an_instant():
    with pytest.raises(TypeError, match="tag “instant”"):
        day(TELECON)


@pytest.mark.parametrize(
    ("ago", "words"),
    [
        (timedelta(seconds=59), "less than a minute"),
        (timedelta(minutes=1), "1 minute"),
        (timedelta(minutes=59, seconds=59), "59 minutes"),
        (timedelta(hours=23, minutes=59), "23 hours"),
        (timedelta(days=1), "1 day"),
        (timedelta(days=6, hours=23), "6 days"),
        (timedelta(days=-2), "less than a minute"),
    ],
)
def test_since_words_count_whole_units(ago, words):
    with time_machine.travel(TELECON, tick=False):
        assert since_words(TELECON - ago) == words


@pytest.mark.parametrize("value", [0, False, "x"])
def test_or_unknown_keeps_what_is_known(value):
    assert or_unknown(value) is value


def test_tableframe_puts_the_escaped_caption_into_a_focusable_region():
    shown = render("{% tableframe title %}<tbody></tbody>{% endtableframe %}", title="R&D")

    assert shown == (
        '<div class="table-frame" role="region" aria-label="R&amp;D" tabindex="0">'
        '<table class="data"><caption>R&amp;D</caption><tbody></tbody></table></div>'
    )


def test_tableframe_escapes_values_within():
    shown = render('{% tableframe "x" %}{{ name }}{% endtableframe %}', name="<b>")

    assert "&lt;b&gt;" in shown
    assert "<b>" not in shown


def test_act_stays_open_after_a_refusal():
    source = '{% act "Declare" kind="primary" open=refused %}<p></p>{% endact %}'

    assert render(source, refused=True) == (
        '<details class="act" open><summary class="button button-primary">Declare</summary>'
        '<div class="act-body"><p></p></div></details>'
    )
    assert render(source, refused=False).startswith('<details class="act"><summary')
