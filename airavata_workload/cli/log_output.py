"""Where the engine's log goes: to standard error, as text or as JSON lines."""

from __future__ import annotations

import logging
import sys
from typing import Any

import structlog


def log_to_standard_error(level: str, style: str) -> None:
    """Log events of ``level`` (debug, info, warning, error) and above, in the style ``text`` or ``json``."""
    structlog.configure(
        processors=[
            structlog.processors.add_log_level,
            structlog.processors.TimeStamper(fmt="iso", utc=True),
            structlog.processors.StackInfoRenderer(),
            *_renderers(style),
        ],
        wrapper_class=structlog.make_filtering_bound_logger(logging.getLevelNamesMapping()[level.upper()]),
        logger_factory=_StandardErrorLogger,
        cache_logger_on_first_use=False,
    )


def _renderers(style: str) -> list[Any]:
    if style == "json":
        return [structlog.processors.format_exc_info, structlog.processors.JSONRenderer(ensure_ascii=True)]
    # rich tracebacks show the values of local variables, among which there may be secrets
    colours = sys.stderr.isatty()
    return [structlog.dev.ConsoleRenderer(colors=colours, exception_formatter=structlog.dev.plain_traceback)]


class _StandardErrorLogger:
    """Writes to whatever standard error is now: a live display puts itself in its place for a while."""

    def __init__(self, *_names: Any) -> None:
        return

    def msg(self, message: str) -> None:
        """Write one line."""
        sys.stderr.write(message + "\n")
        sys.stderr.flush()

    debug = info = warning = error = critical = exception = log = fatal = warn = failure = msg
