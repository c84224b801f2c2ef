"""Nothing came in time.

`Silent(origin, nudges=1)` counts the first nudge.
"""

from __future__ import annotations

from bot.effects.moment import Moment
from bot.engine.events import Silent


def apply(event: Silent, moment: Moment) -> None:
    """Append to the event log."""
    moment.note("silent", event.origin, nudges=event.nudges)
