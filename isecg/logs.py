"""Log lines: JSON in production, and never a token, a body or an address in one."""

import logging.config
import re
from collections.abc import MutableMapping
from typing import Any

import structlog

ADDRESS = re.compile(r"[^\s<>'\"@,;:()\[\]/=]+(?:@|%40)[^\s<>'\"@,;:()\[\]/]+")
# Long, and with a letter between two digits somewhere: keys of sessions and links, and no
# word, number, date, product code or path of ours.
TOKEN = re.compile(r"(?<![\w-])(?=[\w-]*\d[A-Za-z]+\d)[\w-]{20,}(?![\w-])")
QUERY = re.compile(r"\?[\w.%-]+=[^\s'\"<>]*")
SECRETS = frozenset(
    {
        "address",
        "authorization",
        "body",
        "cookie",
        "email",
        "html",
        "password",
        "secret",
        "text",
        "token",
    }
)
NAMED = re.compile(
    r"(?i)\b(authorization|cookie|csrfmiddlewaretoken|password|secret|sessionid|token)"
    r"(['\"]?\s*[=:]\s*)('[^']*'|\"[^\"]*\"|[^\s,;&)}\]]+)"
)
# Long and random as well, and meant to be found: they name what happened.
KEPT = frozenset({"request_id", "sha256"})


def strike(text: str) -> str:
    """Return ``text`` without addresses, queries, tokens and what is named a secret."""
    text = QUERY.sub("?[query]", text)
    text = NAMED.sub(r"\1\2[struck]", text)
    text = ADDRESS.sub("[address]", text)
    return TOKEN.sub("[token]", text)


def _struck(name: str, value: Any) -> Any:
    if name in SECRETS:
        return "[struck]"
    if value is None or isinstance(value, bool | int | float):
        return value
    if isinstance(value, dict):
        return {strike(str(key)): _struck(str(key), one) for key, one in value.items()}
    if isinstance(value, list | tuple | set | frozenset):
        return [_struck("", one) for one in value]
    text = str(value)
    return ADDRESS.sub("[address]", text) if name in KEPT else strike(text)


def without_secrets(
    _logger: object, _method: str, line: MutableMapping[str, Any]
) -> MutableMapping[str, Any]:
    """Strike what must not be in a log, in tracebacks too."""
    for name, value in line.items():
        line[name] = _struck(name, value)
    return line


_SHARED: list[Any] = [
    structlog.contextvars.merge_contextvars,
    structlog.stdlib.add_logger_name,
    structlog.stdlib.add_log_level,
    structlog.processors.TimeStamper(fmt="iso", utc=True),
]


def config(*, json: bool) -> dict[str, Any]:
    """Return the logging settings: one JSON object per line, or lines for a reader."""
    renderer = (
        structlog.processors.JSONRenderer()
        if json
        else structlog.dev.ConsoleRenderer(
            colors=False, exception_formatter=structlog.dev.plain_traceback
        )
    )
    return {
        "version": 1,
        "disable_existing_loggers": False,
        "formatters": {
            "lines": {
                "()": structlog.stdlib.ProcessorFormatter,
                "foreign_pre_chain": [*_SHARED, structlog.stdlib.ExtraAdder(allow=())],
                "processors": [
                    structlog.stdlib.ProcessorFormatter.remove_processors_meta,
                    # Tracebacks become text before secrets are struck from the text.
                    structlog.processors.format_exc_info,
                    without_secrets,
                    renderer,
                ],
            }
        },
        "handlers": {"out": {"class": "logging.StreamHandler", "formatter": "lines"}},
        "root": {"handlers": ["out"], "level": "INFO"},
        # Django's own handlers would print each of its lines a second time.
        "loggers": {
            "django": {"handlers": [], "level": "INFO"},
            "django.server": {"handlers": [], "level": "INFO", "propagate": True},
            # The web server's own handler would print a refused request as it came.
            "gunicorn.error": {"handlers": [], "level": "INFO", "propagate": True},
            # Two lines for every tick would bury the rest.
            "celery.worker.strategy": {"level": "WARNING"},
            "celery.app.trace": {"level": "WARNING"},
        },
    }


def configure(settings: dict[str, Any]) -> None:
    """Set up logging for Django and structlog (the ``LOGGING_CONFIG`` setting)."""
    structlog.configure(
        processors=[
            *_SHARED,
            structlog.stdlib.PositionalArgumentsFormatter(),
            structlog.stdlib.ProcessorFormatter.wrap_for_formatter,
        ],
        logger_factory=structlog.stdlib.LoggerFactory(),
        wrapper_class=structlog.stdlib.BoundLogger,
        cache_logger_on_first_use=True,
    )
    logging.config.dictConfig(settings)
