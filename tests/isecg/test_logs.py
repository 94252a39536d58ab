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
