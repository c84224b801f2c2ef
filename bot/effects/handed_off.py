"""A person takes over; the bot is silent until the conversation is given back.

`HandedOff(origin, team="orders", reason="wrong_answers")` moves the conversation to its team.
"""

from __future__ import annotations

from bot.effects.moment import Moment
from bot.engine.events import HandedOff


def apply(event: HandedOff, moment: Moment) -> None:
    """Hand the conversation over; timers of the bot die with its turn to speak."""
    moment.timers.clear()
    if moment.conversation is not None:
        moment.changes.conversation_updates.append(
            {
                "id": moment.conversation,
                "state": "person",
                "handed_at": moment.now,
                "team": event.team,
                "reason": event.reason,
            }
        )
    moment.note("handed_off", event.origin, team=event.team, reason=event.reason)
