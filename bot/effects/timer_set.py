"""The session wants to be woken: after silence, after a wait, or when it has grown too old.

`TimerSet(origin, kind="silence", due_ms=1767225600000, visit=3)` replaces the silence timer.
"""

from __future__ import annotations

from bot.effects.moment import Moment
from bot.engine.events import TimerSet


def apply(event: TimerSet, moment: Moment) -> None:
    """Keep one timer of a kind; the visit tells later whether it is stale."""
    moment.timers[event.kind] = [event.due_ms, event.visit]
