"""The side of the site: start the child, bound it, and believe only a PDF.

Nothing here may run inside a transaction: a document can take as long as its limits say.
"""

import json
import re
import subprocess
import sys
from typing import Any

import structlog
from django.conf import settings

from products.extraction import slots

log = structlog.get_logger(__name__)

WALL_SECONDS = 20
# Control characters, and the two by which letters are read in another order than written.
_UNSEEN = re.compile("[\x00-\x08\x0b-\x1f\x7f-\x9f\u202d\u202e]")
# Nothing of ours: no key, no address of a database.
_ENVIRONMENT = {"LANG": "C.UTF-8", "PATH": "/usr/bin:/bin"}


class TypesettingError(Exception):
    """The document could not be set within the limits; the message says so to the reader."""


def typeset(template: str, given: dict[str, Any]) -> bytes:
    """Return ``given`` as a PDF, set by one of our templates.

    ``given["made_at"]`` is when the document was made, in seconds of Unix time: the same
    data makes the same bytes.

    :raises TypesettingError: if it goes beyond a limit, or too many others are being set.
    """
    try:
        with slots.taken():
            answer = _ask(template, json.dumps(_printable(given)).encode())
    except slots.BusyError as error:
        raise TypesettingError(
            "The PDF was not made, because others are being made: try again in a minute."
        ) from error
    if not answer.startswith(b"%PDF-"):
        log.warning("typesetting.refused", template=template)
        raise TypesettingError(
            "The PDF could not be made within its limits. The page and the JSON have all of it."
        )
    return answer


def _ask(template: str, data: bytes) -> bytes:
    try:
        done = subprocess.run(  # noqa: S603 our own module, and the name of our template
            [sys.executable, "-E", "-s", "-B", "-m", "products.typesetting.child", template],
            input=data,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            cwd=settings.BASE_DIR,
            env=_ENVIRONMENT,
            timeout=WALL_SECONDS,
            check=False,
        )
    except subprocess.TimeoutExpired:
        return b""
    return done.stdout if done.returncode == 0 else b""


def _printable(value: Any) -> Any:
    """Put a sign that is seen in the place of each that is not, or that turns a line around."""
    if isinstance(value, str):
        text = value.replace("\r\n", "\n").replace("\r", "\n")
        return _UNSEEN.sub("\ufffd", text.encode("utf-8", "replace").decode())
    if isinstance(value, dict):
        return {key: _printable(item) for key, item in value.items()}
    if isinstance(value, list):
        return [_printable(item) for item in value]
    return value
