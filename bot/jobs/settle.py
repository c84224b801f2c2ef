"""Job: ask the carrier about texts of which nobody knows whether they left."""

from __future__ import annotations

import structlog

from bot.jobs.ways import way_of
from bot.sending.settle import settle

log = structlog.get_logger()


def run() -> None:
    """Settle once."""
    from bot.wiring import app

    done = settle(way_of(app()))
    if done.found or done.again or done.unknown:
        log.info("settled", found=done.found, again=done.again, unknown=done.unknown)
