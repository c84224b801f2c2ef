"""Job: find the lanes in which something is due and that nobody drains, and have them drained.

This is what makes the queue dispensable: a text that was committed while Redis was away, a drain
that was killed, a retry whose time has come, all end up here within a second or a lease.
"""

from __future__ import annotations

from bot.jobs.queue import PICK_UP, ask_drain
from bot.store import lanes
from bot.store.outbox import Connection
from bot.turns.app import App


def run() -> int:
    """Sweep once; gives how many lanes were woken."""
    from bot.wiring import app as wired

    return sweep(wired())


def sweep(app: App) -> int:
    """Take over every free lane with something due, and ask for its drain at the new epoch."""
    now = app.clock()
    ready = app.db.read(lambda conn: lanes.ready_lanes(conn, now))
    if not ready:
        return 0

    def take(conn: Connection) -> list[tuple[str, int]]:
        return lanes.raise_epochs(conn, ready, now, now + PICK_UP)

    raised = app.db.write(take)
    for lane, epoch in raised:
        ask_drain(app, lane, epoch)
    return len(raised)
