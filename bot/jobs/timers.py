"""Job: ring the timers of conversations that are due: silence, waits, expiry."""

from __future__ import annotations

MOST = 200  # a run; the next one is a second away


def run() -> int:
    """Ring what is due; gives how many conversations were woken."""
    from bot.turns.timers import ring_due
    from bot.wiring import app

    return ring_due(app(), MOST)
