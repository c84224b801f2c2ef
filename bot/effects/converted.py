"""A conversion was reached.

`Converted(origin, name="order_placed", value=2850, is_goal=True)` reaches the flow's goal.
"""

from __future__ import annotations

from bot.effects.moment import Moment
from bot.engine.events import Converted


def apply(event: Converted, moment: Moment) -> None:
    """Append to the event log."""
    moment.note("converted", event.origin, name=event.name, value=event.value, goal=event.is_goal)
