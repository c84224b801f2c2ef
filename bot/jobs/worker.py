"""The worker: `python -m bot.jobs.worker`. Start as many as you like.

Jobs run in this very process, one after the other (RQ's SimpleWorker; forking for each job is five
times slower and would wire the application anew every time). With Redis away it waits and tries
again; the outbox keeps what is due.
"""

from __future__ import annotations

import logging
import os
import signal
import sys
import time
from types import FrameType
from typing import Any

import redis
import structlog
from redis import Redis
from rq import Queue, SimpleWorker
from rq.serializers import JSONSerializer

from bot.jobs.queue import QUEUE
from bot.jobs.reconcile import note_start

log = structlog.get_logger()
_PAUSE = 0.5  # seconds between two tries to reach Redis


class Worker(SimpleWorker):
    """RQ's worker without a fork, which comes back quickly after Redis was away."""

    max_connection_wait_time = 1
    log_job_description = False
    asked_to_stop = False

    def handle_warm_shutdown_request(self) -> None:
        """RQ forgets a signal that came while it was idle; it only leaves its loop."""
        self.asked_to_stop = True


def main() -> int:
    """Work until SIGTERM or Ctrl-C; the job at hand is finished first. Gives the exit code."""
    from bot.wiring import app as wired

    logging.getLogger("rq").setLevel(logging.WARNING)
    app = wired()
    _until_there(lambda: note_start(app))
    stopping = _Stopping()
    while not stopping.asked:
        try:
            connection = Redis.from_url(app.settings.redis_url, socket_connect_timeout=2)
            connection.ping()
            _work(connection, stopping)
        except (redis.RedisError, OSError) as error:
            log.warning("queue_away", error=type(error).__name__)
        if not stopping.asked:
            time.sleep(_PAUSE)
    return 0


def _work(connection: Any, stopping: _Stopping) -> None:
    queue = Queue(QUEUE, connection=connection, serializer=JSONSerializer)
    worker = Worker([queue], connection=connection, serializer=JSONSerializer)
    # RQ sets its own handlers for the time of its work; ours are told through it.
    worker.work(logging_level="WARNING")
    stopping.asked = stopping.asked or worker.asked_to_stop
    stopping.listen()


class _Stopping:
    """Whether somebody asked this process to stop."""

    def __init__(self) -> None:
        self.asked = False
        self.listen()

    def listen(self) -> None:
        for one in (signal.SIGTERM, signal.SIGINT):
            signal.signal(one, self._ask)

    def _ask(self, _number: int, _frame: FrameType | None) -> None:
        self.asked = True


def _until_there(work: Any) -> None:
    """Do it as soon as the database is there."""
    while True:
        try:
            work()
            return
        except Exception as error:
            log.warning("database_away", error=type(error).__name__, pid=os.getpid())
            time.sleep(_PAUSE)


if __name__ == "__main__":
    sys.exit(main())
