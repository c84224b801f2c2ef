"""A run-time limit was met: the flow would have gone on for ever or said too much.

`Tripped(origin, limit="steps")` is counted; the handoff that follows it is an event of its own.
"""

from __future__ import annotations

from bot.effects.moment import Moment
from bot.engine.events import Tripped


def apply(event: Tripped, moment: Moment) -> None:
    """Append to the event log."""
    moment.note("tripped", event.origin, limit=event.limit)
