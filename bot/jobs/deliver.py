"""Job: deliver what is due in a lane, while we hold it at this epoch."""

from __future__ import annotations

import structlog

from bot.jobs.queue import wake
from bot.jobs.ways import way_of
from bot.sending.deliver import drain

log = structlog.get_logger()


def run(lane: str, epoch: int) -> None:
    """Drain for a few seconds, then queue up again behind the others when more is due."""
    from bot.wiring import app as wired

    app = wired()
    done = drain(way_of(app), lane, epoch, owner=app.ids())
    if done.sent or done.refused or done.put_back or done.lost:
        log.info(
            "drained",
            lane=lane,
            epoch=epoch,
            sent=done.sent,
            refused=done.refused,
            put_back=done.put_back,
            lost=done.lost,
        )
    if done.more:
        wake(app, lane)
