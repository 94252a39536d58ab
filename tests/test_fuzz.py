"""Whatever is sent to whichever address: an answer, never our own failure.

The fields of each form are read from its page and filled as a person would, then some of
them with what no person writes. ``FUZZ_EXAMPLES=70 pytest tests/test_fuzz.py
--hypothesis-seed=1`` looks farther than the default run, which is the same each time.
"""

import os
import traceback
from contextlib import contextmanager
from dataclasses import dataclass
from urllib.parse import quote, quote_from_bytes

import pytest
import time_machine
from django.apps import apps
from django.conf import settings
from django.db import transaction
from django.test import Client, override_settings
from django.urls import reverse
from hypothesis import HealthCheck, given
from hypothesis import settings as hypothesis_settings
from hypothesis import strategies as st

from tests.factories import UserFactory
from tests.fuzzed_site import ADDRESSES, NOW, PEOPLE, Site, make_rows, read_forms

THOROUGH = "FUZZ_EXAMPLES" in os.environ
EXAMPLES = int(os.environ.get("FUZZ_EXAMPLES", "8"))
# With a number of their own the examples follow --hypothesis-seed.
FUZZ = hypothesis_settings(
    max_examples=EXAMPLES,
    derandomize=not THOROUGH,
    database=None,
    deadline=None,
    suppress_health_check=list(HealthCheck),
)

HUGE = str(10**30)
NUMBERS = [HUGE, "-" + HUGE, str(2**63), str(2**31), "32768", "-1", "0", "9" * 5000, "1e9", "nan"]
NUMBERS += ["NaN", "inf", "²", "\uff11\uff12", "٣", "1_000", "+1", " 1 ", "0x10", "last", "1.5"]
DAYS = ["0001-01-01", "9999-12-31", "99999-01-01", "0000-00-00", "9999-12", "0001", "0000", "9999"]
DAYS += ["\uff12\uff10\uff10\uff17", "\uff12007-1\uff11-06", "2026-02-30", "2026-W10-1", "20260302"]
DAYS += ["1/1/1", "-0001", "0001-01-01, 9999-12-31", "2026-03-29 2026-13-01", "20210101,20210102"]
TIMES = ["00:00", "23:59:59.999999", "24:00", "25:61", "02:30", "12:00:00+14:00", "\uff12\uff13:00"]
ZONES = ["Nowhere/City", "../../etc/passwd", "europe/paris", "Pacific/Kiritimati", "UTC\x00"]
TEXTS = [
    "",
    " ",
    "\x00",
    "a\x00b",
    "\ud800",
    "a\udfffb",
    "x" * 100_000,
    "é" * 300,
    "\r\n",
    "\x1b[0m",
]
TEXTS += ["<script>alert(1)</script>", "\u202eabc\u200f", "{{ 7 }}{% now %}", "'; DROP TABLE x; --"]
TEXTS += [
    "%s %(x)s %",
    "\\",
    "*" * 3000,
    "[" * 3000,
    "> " * 2000,
    "\x7f\x85\u2028",
    "\ufeff",
    "new",
]
TEXTS += [
    "//evil.example",
    "http://[",
    "https://evil.example/",
    "\n\nSubject: x",
    "a@b\r\nBcc: c@d",
]
TEXTS += ["GER-2024", "Ⅷ", "İ", "ß" * 60, "\U0001f680" * 90, "-", "_", "None", "null", "true", "on"]
BYTES = [b"\xff\xfe", b"\xc3\x28", b"\xed\xa0\x80", b"\xf0\x28\x8c\x28", b"\x80"]
HOSTILE = [
    *(text.encode("utf-8", "surrogatepass") for text in NUMBERS + DAYS + TIMES + ZONES + TEXTS),
    *BYTES,
]
FILE_NAMES = ["a.md", "a.pdf", "", "a\x00.md", "../../a.md", "x" * 300 + ".md", ".md", "\u202e.md"]
FILE_BODIES = [b"", b"\x00", b"# A", b"\xff\xfe\x00", b"%PDF-1.7\n", b"PK\x03\x04", b"a\x00b"]
HOSTILE_PATHS = ["%00", "%FF", "a%00b", "..", "%2e%2e%2f", "x" * 3000, "-", "new", "%ED%A0%80"]
HOSTILE_PATHS += [HUGE, str(2**63), str(2**31), "0", "-1", "nan", "%C2%B2", "9" * 5000, "%20", "é"]
# What any page might read, and what sign-in does.
COMMON = ["page", "q", "next", "on", "group", "agency", "state", "from", "to", "revision", "year"]


@dataclass
class Sent:
    """One field of a request: a file, where it has a file's name."""

    name: str
    value: bytes
    file_name: str | None = None


def _rehearsal():
    """Return a transaction that may hold services, and is to be undone."""
    block = transaction.atomic()
    # As Django's own tests say it: the durable transactions inside are meant.
    block._from_testcase = True
    return block


@pytest.fixture
def site(db):
    with override_settings(MAILBOX_PAGE=True), time_machine.travel(NOW, tick=False):
        world, given_rows = make_rows()
        site = Site(given=given_rows)
        people = [UserFactory(), world.heads[0], world.secretariat]
        for who, person in zip(PEOPLE[1:], people, strict=True):
            client = Client()
            client.force_login(person)
            site.cookies[who] = client.cookies[settings.SESSION_COOKIE_NAME].value
        yield site


class Failures:
    """What failed, each by its first words: one run shows them all."""

    def __init__(self):
        self.found = []

    @contextmanager
    def of(self, name):
        try:
            yield
        except Exception as error:  # noqa: BLE001 - whatever it is, the others come next
            cause = error.__cause__ or error
            at = traceback.extract_tb(cause.__traceback__)
            ours = [one for one in at if ".venv" not in one.filename] or at
            place = f"{ours[-1].filename}:{ours[-1].lineno}"
            self.found.append(
                f"{name}: {type(cause).__name__} {cause!s:.200} at {place}: {error!s:.600}"
            )


@contextmanager
def _all_failures():
    failures = Failures()
    yield failures
    assert not failures.found, "\n\n".join(failures.found)


def _append_only():
    """Return every row that may be written once."""
    models = [model for model in apps.get_models() if getattr(model, "append_only", False)]
    return {(model, str(row)) for model in models for row in model.objects.values_list()}


def _fields(draw, plain):
    """Fill a form as a person would, and some of it as none would."""
    names = [*plain, *draw(st.lists(st.sampled_from(COMMON), max_size=2))]
    victims = set(draw(st.lists(st.sampled_from(names), min_size=1, max_size=3))) if names else ()
    sent = [Sent(name, plain.get(name, "").encode()) for name in names]
    for one in [one for one in sent if one.name in victims]:
        how = draw(st.integers(0, 9))
        one.value = draw(st.sampled_from(HOSTILE))
        if how == 0:
            sent.remove(one)
        elif how == 1:
            sent.append(Sent(one.name, draw(st.sampled_from(HOSTILE))))
        elif how == 2:
            one.file_name = draw(st.sampled_from(FILE_NAMES))
            one.value = draw(st.sampled_from(FILE_BODIES))
    return sent


def _urlencoded(sent):
    return "&".join(f"{quote(one.name)}={quote_from_bytes(one.value)}" for one in sent)


def _multipart(sent):
    parts = []
    for one in sent:
        file = f'; filename="{one.file_name}"' if one.file_name is not None else ""
        head = f'--edge\r\nContent-Disposition: form-data; name="{one.name}"{file}\r\n\r\n'
        parts += [head.encode(), one.value, b"\r\n"]
    return b"".join([*parts, b"--edge--\r\n"])


def _try(site, who, method, url, **sent):
    """Send a request, undo what it did, and look at both."""
    with _rehearsal():
        before = _append_only()
        answer = site.ask(who, method, url, **sent)
        if method == "POST" and answer.status_code == 302 and not answer.exc_info:
            # What was taken must not break the page that shows it.
            answer = site.ask(who, "GET", answer["Location"].split("?")[0])
        failed = answer.exc_info
        lost = set() if failed else before - _append_only()
        transaction.set_rollback(True)
    about = f"{who} {method} {url[:200]} {str(sent)[:2000]}"
    if failed:
        raise AssertionError(f"a failure of ours: {about}") from failed[1]
    assert answer.status_code < 500, about
    assert not lost, about


def _fuzz(site, name):
    """Try one address as anybody, by GET and by POST."""

    @FUZZ
    @given(data=st.data())
    def tries(data):
        # Most of the tries go to those who get somewhere, and to the rows that show a form.
        who = data.draw(st.sampled_from(PEOPLE[:1:-1] * 3 + PEOPLE))
        urls = site.urls_of(name)
        shown = [url for url in urls if ("post", url) in site.forms]
        url = data.draw(st.sampled_from(shown or urls))

        query = _fields(data.draw, site.forms.get(("get", url), {}))
        _try(site, who, "GET", url, query=_urlencoded(query))

        sent = _fields(data.draw, site.forms.get(("post", url), {"reason": "Because."}))
        if data.draw(st.booleans()) or any(one.file_name is not None for one in sent):
            kind, body = "multipart/form-data; boundary=edge", _multipart(sent)
        else:
            kind, body = "application/x-www-form-urlencoded", _urlencoded(sent).encode()
        _try(site, who, "POST", url, body=body, kind=kind)

    tries()


@pytest.mark.parametrize("part", range(2))
def test_no_address_fails_whatever_is_sent(site, part):
    read_forms(site)
    with _all_failures() as failures:
        for name in ADDRESSES[part::2]:
            with failures.of(name):
                _fuzz(site, name)


def _strange_urls(site, name):
    """Return the addresses of this name, with each of its values replaced in turn."""
    rows = site.given.get(name, [[]])[:1]
    for args in rows:
        url = reverse(name, args=args)
        pieces = url.split("/")
        for at, piece in enumerate(pieces):
            if piece in map(str, args):
                for strange in HOSTILE_PATHS:
                    yield "/".join([*pieces[:at], strange, *pieces[at + 1 :]])


def test_no_strange_value_in_an_address_fails(site):
    with _all_failures() as failures:
        for name in ADDRESSES:
            for url in _strange_urls(site, name):
                with failures.of(name):
                    _try(site, "secretariat", "GET", url)


def test_every_field_of_every_filter_takes_anything(site):
    read_forms(site)
    with _all_failures() as failures:
        for at, (url, name, sent) in enumerate(_filters(site)):
            # The default run gives each field every sixth value, from another one on.
            for value in HOSTILE if THOROUGH else HOSTILE[at % 6 :: 6]:
                with failures.of(f"{url} {name}"):
                    query = _urlencoded([*sent, Sent(name, value)])
                    _try(site, "secretariat", "GET", url, query=query)


def _filters(site):
    for (method, url), fields in sorted(site.forms.items()):
        for name in [*fields, "page"] if method == "get" else []:
            yield url, name, [Sent(key, fields[key].encode()) for key in fields if key != name]
