"""What is due when, on the carrier's clock: jobs with a time, and a few threads that do them.

agenda = Agenda(now_ms)
agenda.later(1500, advance, sid)
agenda.wake()        # the clock has jumped: look again
"""

from __future__ import annotations

import heapq
import threading
import traceback
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import Any

_LOOK_AGAIN_S = 1.0
_THREADS = 24


class Agenda:
    """Runs jobs when their time has come; `pending` counts those that wait or run."""

    def __init__(self, now_ms: Callable[[], int]) -> None:
        self._now_ms = now_ms
        self._changed = threading.Condition()
        self._heap: list[tuple[int, int, Callable[..., object], tuple[Any, ...]]] = []
        self._count = 0
        self._running = 0
        self._closed = False
        self._hands = ThreadPoolExecutor(_THREADS, thread_name_prefix="carrier")
        threading.Thread(target=self._watch, daemon=True, name="carrier-agenda").start()

    def later(self, delay_ms: int, job: Callable[..., object], *args: Any) -> None:
        """Do this so many ms from now, by the carrier's clock."""
        with self._changed:
            self._count += 1
            due = self._now_ms() + max(0, delay_ms)
            heapq.heappush(self._heap, (due, self._count, job, args))
            self._changed.notify()

    def wake(self) -> None:
        """Look again at what is due, because the clock has jumped."""
        with self._changed:
            self._changed.notify()

    @property
    def pending(self) -> int:
        with self._changed:
            return len(self._heap) + self._running

    def close(self) -> None:
        with self._changed:
            self._closed = True
            self._heap.clear()
            self._changed.notify()
        self._hands.shutdown(wait=False, cancel_futures=True)

    def _watch(self) -> None:
        while True:
            with self._changed:
                if self._closed:
                    return
                wait_ms = self._heap[0][0] - self._now_ms() if self._heap else None
                if wait_ms is None or wait_ms > 0:
                    longest = _LOOK_AGAIN_S if wait_ms is None else wait_ms / 1000
                    self._changed.wait(min(longest, _LOOK_AGAIN_S))
                    continue
                _, _, job, args = heapq.heappop(self._heap)
                self._running += 1
                self._hands.submit(self._do, job, args)

    def _do(self, job: Callable[..., object], args: tuple[Any, ...]) -> None:
        try:
            job(*args)
        except Exception:
            # One message's trouble is not the carrier's; it is told on standard error.
            traceback.print_exc()
        finally:
            with self._changed:
                self._running -= 1
