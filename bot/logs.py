"""Logs: one line of JSON an event, on standard error, from LOG_LEVEL up.

They hold ids, codes and counts, never a number, a name or a text.
"""

from __future__ import annotations

import logging
import sys

import structlog

from bot.settings import LogLevel


def configure(level: LogLevel) -> None:
    """Set up this process's logs; called once, when it is wired."""
    structlog.configure(
        processors=[
            structlog.contextvars.merge_contextvars,
            structlog.processors.add_log_level,
            structlog.processors.TimeStamper(fmt="iso", utc=True),
            structlog.processors.format_exc_info,
            structlog.processors.JSONRenderer(ensure_ascii=False),
        ],
        wrapper_class=structlog.make_filtering_bound_logger(level.value),
        logger_factory=structlog.PrintLoggerFactory(sys.stderr),
        cache_logger_on_first_use=True,
    )
    # Libraries may only warn: Twilio's client, for one, logs numbers and texts from INFO down.
    logging.basicConfig(stream=sys.stderr, level="WARNING", format="%(name)s %(message)s")
