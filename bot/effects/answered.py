"""The open question was answered.

`Answered(origin, category="veg", tries=0)` counts an answer that fitted at once.
"""

from __future__ import annotations

from bot.effects.moment import Moment
from bot.engine.events import Answered


def apply(event: Answered, moment: Moment) -> None:
    """Append to the event log."""
    moment.note("answered", event.origin, category=event.category, tries=event.tries)
