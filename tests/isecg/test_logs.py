import json
import logging
import sys

import pytest

from isecg import logs


def line_of(message, *args, exc_info=None):
    """Return what production writes for a record, as an object."""
    settings = logs.config(json=True)["formatters"]["lines"]
    formatter = settings.pop("()")(**settings)
    record = logging.LogRecord("django.request", 30, "x.py", 1, message, args, exc_info)
    (line,) = formatter.format(record).splitlines()
    return json.loads(line)


def test_line_is_one_json_object_without_addresses():
    line = line_of("Refused %s", "<amina@example.org>")

    assert (line["event"], line["level"], line["logger"]) == (
        "Refused <[address]>",
        "warning",
        "django.request",
    )


def test_traceback_loses_its_addresses_too():
    try:
        raise ValueError("no mail for amina@example.org")
    except ValueError:
        line = line_of("failed", exc_info=sys.exc_info())

    assert line["exception"].endswith("ValueError: no mail for [address]")


@pytest.mark.parametrize("name", sorted(logs.SECRETS))
def test_secret_is_struck(name):
    line = logs.without_secrets(None, "info", {"event": "x", name: "s3cret", "letter": 7})

    assert line == {"event": "x", name: "[struck]", "letter": 7}


KEY = "c8k2f0-4b1d9e7a3c5f8b2d6e0a1c4f7b9d3e5a"  # the shape of a link in a letter
SESSION = "q3v8k1z7m5n2x9b4c6h0j8g1f7d3s5a2"


@pytest.mark.parametrize(
    ("text", "struck"),
    [
        (f"Not Found: /password/reset/3-{KEY}/", "Not Found: /password/reset/[token]/"),
        ("Not Found: /people/amina@example.org/", "Not Found: /people/[address]/"),
        ("Not Found: /people/amina%40example.org/", "Not Found: /people/[address]/"),
        ("/callback?code=abc&state=x failed", "/callback?[query] failed"),
        (f"no session {SESSION}", "no session [token]"),
        ("password=hunter2 refused", "password=[struck] refused"),
        ("{'token': 'hunter2', 'page': '2'}", "{'token': [struck], 'page': '2'}"),
        ("Authorization: Basic-x", "Authorization: [struck]"),
        # What must stay readable.
        (
            "Not Found: /products/GER-2026/versions/12/",
            "Not Found: /products/GER-2026/versions/12/",
        ),
        (
            "/decisions/2026/1/ at 2026-03-01T12:00:00Z",
            "/decisions/2026/1/ at 2026-03-01T12:00:00Z",
        ),
        ("test_no_address_fails_whatever_is_sent", "test_no_address_fails_whatever_is_sent"),
        ("0002_call_position_reworded_again", "0002_call_position_reworded_again"),
    ],
)
def test_tokens_queries_and_named_secrets_are_struck_from_text(text, struck):
    assert logs.strike(text) == struck
    assert line_of(text)["event"] == struck


def test_what_is_inside_a_value_is_struck_too():
    class Row:
        def __str__(self):
            return "amina@example.org"

    line = logs.without_secrets(
        None, "info", {"event": "x", "seen": {"by": [Row()], "password": "x"}, "count": 2}
    )

    assert line == {
        "event": "x",
        "seen": {"by": ["[address]"], "password": "[struck]"},
        "count": 2,
    }


def test_hashes_of_files_and_ids_of_requests_are_kept():
    line = {"event": "x", "sha256": "a1b2c3d4" * 8, "request_id": "a1b2c3d4e5f60718"}

    assert logs.without_secrets(None, "info", dict(line)) == line
