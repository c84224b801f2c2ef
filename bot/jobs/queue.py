"""The queue: how a job is asked for. Arguments are ids and names of lanes, never personal data.

    wake(app, "36000/reply")                  # drain this lane now; never raises
    ask(app, "bot.jobs.sweep.run", "sweep-1") # any other job, once under this id

RQ keeps a job's id as long as its hash exists, so every id here is used once: it carries the
lane's epoch, or the second that it was asked for in.
"""

from __future__ import annotations

import re
import time
from typing import Any

import structlog
from rq import Queue
from rq.exceptions import DuplicateJobError
from rq.serializers import JSONSerializer

from bot.store import lanes
from bot.turns.app import App

QUEUE = "parley"
PICK_UP = 5_000  # ms; a lane that nobody came for is free again after this
NO_LIMIT = -1  # seconds; RQ's word for a job without a time limit
_AWAY_FOR = 2.0  # seconds; how long a queue that did not answer is left alone

log = structlog.get_logger()
_UNSAFE = re.compile(r"[^A-Za-z0-9]")


def queue(app: App) -> Queue:
    """The queue that all workers listen on. JSON, since pickle is code for whoever can write."""
    return Queue(QUEUE, connection=app.redis(), serializer=JSONSerializer)


def job_id(lane: str, epoch: int) -> str:
    """The id of the drain of a lane at an epoch; RQ takes letters, digits, _ and - only.

    >>> job_id("+33199000001/reply", 7)
    'drain-_2b33199000001_2freply-7'
    """
    safe = _UNSAFE.sub(lambda found: f"_{ord(found.group()):02x}", lane)
    return f"drain-{safe}-{epoch}"


def ask(
    app: App,
    function: str,
    job: str,
    *args: Any,
    timeout: int = 120,
    ttl: int | None = None,
    first: bool = False,
) -> bool:
    """Ask a worker for a job, once under this id; false when it was asked for already.

    `timeout` is its time limit and `ttl` how long it may wait to be begun, in seconds; `first` puts
    it before all others. Raises what Redis raises when it is away.
    """
    try:
        queue(app).enqueue_call(
            function,
            args=args,
            timeout=timeout,
            ttl=ttl,
            result_ttl=0,
            failure_ttl=0,
            job_id=job,
            unique=True,
            at_front=first,
        )
    except DuplicateJobError:
        return False
    return True


def ask_drain(app: App, lane: str, epoch: int) -> bool:
    """Ask for the drain of a lane at an epoch. What somebody waits for goes before campaigns."""
    return ask(
        app,
        "bot.jobs.deliver.run",
        job_id(lane, epoch),
        lane,
        epoch,
        timeout=NO_LIMIT,
        first=lane.endswith("/reply"),
    )


def wake(app: App, lane: str) -> None:
    """Have a lane drained, unless somebody is at it. Never raises: the sweeper finds the rest."""
    away_until = app.hooks.get("queue_away_until", 0.0)
    if time.monotonic() < away_until:
        return
    try:
        now = app.clock()
        raised = app.db.write(lambda conn: lanes.raise_epochs(conn, [lane], now, now + PICK_UP))
        for name, epoch in raised:
            ask_drain(app, name, epoch)
    except Exception as error:
        app.hooks["queue_away_until"] = time.monotonic() + _AWAY_FOR
        log.warning("wake_failed", lane=lane, error=type(error).__name__)
