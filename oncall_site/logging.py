"""Logs: one structured line an event, for programs as JSON and for people at a terminal as words."""

import logging
import re
import sys
from typing import Any

import structlog

# They tell of every task and every second; what they warn of is worth reading.
TALKATIVE = ["amqp", "apprise", "asyncio", "celery", "kombu", "urllib3", "_granian"]

# Addresses that let whoever knows them act: a line about a refused request would quote one in full.
SECRET_PATHS = re.compile(r"(/(?:page|first-administrator|reset)/)[^/\s'\"]{16,}")


def is_no_probe(record: logging.LogRecord) -> bool:
    """A health page that answers 503 has said it; a line a second in the log says nothing more."""
    request = getattr(record, "request", None)
    return request is None or not request.path.startswith(("/healthz", "/readyz"))


def logging_config(level: str, style: str) -> dict[str, Any]:
    """Return Django's LOGGING and prepare structlog, so that both write the same single line.

    `style` is `json`, `words`, or empty: words for a terminal and JSON for everything else.
    """
    quiet = level if level == "DEBUG" else logging.getLevelName(max(logging.WARNING, logging.getLevelName(level)))
    return {
        "version": 1,
        "disable_existing_loggers": False,
        "formatters": {"line": _line(style)},
        "filters": {"no_probe": {"()": "django.utils.log.CallbackFilter", "callback": is_no_probe}},
        "handlers": {"stderr": {"class": "logging.StreamHandler", "formatter": "line", "filters": ["no_probe"]}},
        "root": {"handlers": ["stderr"], "level": level},
        "loggers": {
            "django.server": {"handlers": [], "propagate": True},
            **{name: {"level": quiet} for name in TALKATIVE},
        },
    }


def _line(style: str) -> dict[str, Any]:
    """How a record becomes a line, whether structlog or the standard library wrote it."""
    shared: list[Any] = [
        structlog.contextvars.merge_contextvars,
        structlog.stdlib.add_logger_name,
        structlog.processors.add_log_level,
        structlog.processors.TimeStamper(fmt="iso", utc=True),
    ]
    structlog.configure(
        processors=[*shared, structlog.stdlib.ProcessorFormatter.wrap_for_formatter],
        logger_factory=structlog.stdlib.LoggerFactory(),
        wrapper_class=structlog.stdlib.BoundLogger,
        cache_logger_on_first_use=True,
    )
    return {
        "()": structlog.stdlib.ProcessorFormatter,
        "foreign_pre_chain": [*shared, structlog.stdlib.ExtraAdder()],
        "processors": [structlog.stdlib.ProcessorFormatter.remove_processors_meta, *_render(style), without_secrets],
    }


def without_secrets(_logger: object, _method: str, line: str) -> str:
    """The finished line, with what is secret in an address blotted out."""
    return SECRET_PATHS.sub(r"\1…", line)


def _render(style: str) -> list[Any]:
    """The last steps of a line: words keep a traceback readable, JSON keeps it in one line."""
    terminal = sys.stderr.isatty()
    if style == "words" or (terminal and not style):
        plain = structlog.dev.plain_traceback  # a richer one would print local variables, secrets among them
        return [structlog.dev.ConsoleRenderer(colors=terminal, pad_event_to=0, exception_formatter=plain)]
    return [structlog.processors.format_exc_info, structlog.processors.JSONRenderer()]
