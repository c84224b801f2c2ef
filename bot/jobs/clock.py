"""The clock: `python -m bot.jobs.clock`. Asks workers each second for what time alone brings about.

Exactly one ticks: it holds the lane named `clock`, and a second one waits until that lease runs
out. A tick that is lost costs nothing, since every job it asks for is idempotent and asked for
again; what waits in the queue longer than a few seconds is dropped there.
"""

from __future__ import annotations

import signal
import sys
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from types import FrameType

import structlog

from bot.jobs.queue import ask
from bot.jobs.reconcile import note_start
from bot.store import lanes, outbox
from bot.store.outbox import Connection
from bot.turns.app import App

log = structlog.get_logger()
LANE = "clock"
LEASE = 3_000  # ms
_STALE = 10  # seconds; a tick that no worker began by then is worth nothing

#: What is asked for, how often (seconds), and how long it may take (seconds).
EVERY: tuple[tuple[str, str, int, int], ...] = (
    ("sweep", "bot.jobs.sweep.run", 1, 60),
    ("timers", "bot.jobs.timers.run", 1, 120),
    ("settle", "bot.jobs.settle.run", 5, 300),
    ("reconcile", "bot.jobs.reconcile.run", 600, 600),
)
_URGENT_RECONCILE = 3  # seconds between two tries while nothing may be released


@dataclass(slots=True)
class Clock:
    """One clock. `tick` is called about once a second; it never raises."""

    app: App
    owner: str
    epoch: int | None = None
    done: dict[str, int] = field(default_factory=dict)

    def tick(self) -> list[str]:
        """Ask for everything whose time has come; gives the names of what was asked for."""
        try:
            if not self._is_mine():
                return []
        except Exception as error:
            log.warning("database_away", error=type(error).__name__)
            return []
        second = self.app.system_ms() // 1000
        asked = []
        for name, function, usually, limit in EVERY:
            every = self._every(name, usually)
            slot = second // every
            if self.done.get(name) == slot:
                continue
            try:
                ask(self.app, function, f"{name}-{every}-{slot}", timeout=limit, ttl=_STALE)
            except Exception as error:
                log.warning("queue_away", error=type(error).__name__)
                break
            self.done[name] = slot
            asked.append(name)
        return asked

    def stop(self) -> None:
        """Let the next clock begin at once."""
        if self.epoch is not None:
            epoch, now = self.epoch, self.app.system_ms()
            self.app.db.write(lambda conn: lanes.let_go(conn, LANE, epoch, self.owner, now))

    def _every(self, name: str, every: int) -> int:
        """Reconciling is urgent as long as nothing may be released before it."""
        if name == "reconcile" and not self.app.db.read(outbox.may_release):
            return _URGENT_RECONCILE
        return every

    def _is_mine(self) -> bool:
        """Hold the clock's lane; the first time also note the start."""
        now = self.app.system_ms()

        def hold(conn: Connection) -> int | None:
            epoch = self.epoch
            if epoch is None:
                raised = lanes.raise_epochs(conn, [LANE], now, now + LEASE)
                if not raised:
                    return None
                epoch = raised[0][1]
            lanes.hold(conn, LANE, epoch, self.owner, now + LEASE)
            return epoch

        began = self.epoch is None
        try:
            self.epoch = self.app.db.write(hold)
        except lanes.LaneLost:
            self.epoch = None
        if began and self.epoch is not None:
            note_start(self.app)
        return self.epoch is not None


def main(sleep: Callable[[float], None] = time.sleep) -> int:
    """Tick until SIGTERM or Ctrl-C. Gives the exit code."""
    from bot.wiring import app as wired

    app = wired()
    clock = Clock(app, owner=app.ids())
    stopping = False

    def stop(_number: int, _frame: FrameType | None) -> None:
        nonlocal stopping
        stopping = True

    for one in (signal.SIGTERM, signal.SIGINT):
        signal.signal(one, stop)
    while not stopping:
        clock.tick()
        # Just past the next full second, so that no second is left out.
        sleep(1.001 - app.system_ms() % 1000 / 1000)
    clock.stop()
    return 0


if __name__ == "__main__":
    sys.exit(main())
