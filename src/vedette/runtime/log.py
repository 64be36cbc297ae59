"""Structured logs on stderr, one line each, without secrets.

Lines are `time level event key=value`. A URL that carries a login is redacted whatever key it is under:
library errors quote the URL they were given (docs/design/ingest.md), so this is the last net, not the first.
"""

import re
import sys
from collections.abc import MutableMapping
from typing import Any

import structlog

_LOGIN_IN_URL = re.compile(r"(?<=://)[^/\s@:]*:[^/\s]*@")


def redact(text: str) -> str:
    """Replaces user and password in every URL of a text."""
    return _LOGIN_IN_URL.sub("***@", text)


def _redact_event(_logger: object, _name: str, event: MutableMapping[str, Any]) -> MutableMapping[str, Any]:
    for key, value in event.items():
        if isinstance(value, str) and "://" in value:
            event[key] = redact(value)
    return event


def configure_logging(role: str) -> None:
    """Sets up logging of this process. Called once, by `vedette.node` or the command line."""
    structlog.configure(
        processors=[
            structlog.contextvars.merge_contextvars,
            structlog.processors.add_log_level,
            structlog.processors.TimeStamper(fmt="iso", utc=True, key="at"),
            structlog.processors.format_exc_info,
            _redact_event,
            structlog.processors.LogfmtRenderer(key_order=["at", "level", "role", "event"], bool_as_flag=False),
        ],
        logger_factory=structlog.PrintLoggerFactory(file=sys.stderr),
        cache_logger_on_first_use=True,
    )
    structlog.contextvars.bind_contextvars(role=role)


def get_logger(room: str) -> structlog.typing.FilteringBoundLogger:
    """A logger that names its room in every line."""
    logger: structlog.typing.FilteringBoundLogger = structlog.get_logger(room=room)
    return logger
