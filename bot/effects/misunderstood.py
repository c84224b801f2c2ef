"""The open question got an answer that does not fit.

`Misunderstood(origin, tries=2)` counts the second wrong answer to a question.
"""

from __future__ import annotations

from bot.effects.moment import Moment
from bot.engine.events import Misunderstood


def apply(event: Misunderstood, moment: Moment) -> None:
    """Append to the event log."""
    moment.note("misunderstood", event.origin, tries=event.tries)
