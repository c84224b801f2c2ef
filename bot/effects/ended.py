"""The conversation with the bot ended, with a named outcome.

`Ended(origin, conversation="01J..", outcome="no_answer")` closes conversation 01J..
"""

from __future__ import annotations

from bot.effects.moment import Moment
from bot.engine.events import Ended


def apply(event: Ended, moment: Moment) -> None:
    """Close the conversation; one that began in this very turn is closed in its own row."""
    moment.timers.clear()
    moment.conversation = event.conversation
    for row in moment.changes.conversations:
        if row["id"] == event.conversation:
            row.update(state="ended", ended_at=moment.now, outcome=event.outcome)
            break
    else:
        moment.changes.conversation_updates.append(
            {
                "id": event.conversation,
                "state": "ended",
                "ended_at": moment.now,
                "outcome": event.outcome,
            }
        )
    moment.note("ended", event.origin, outcome=event.outcome)
